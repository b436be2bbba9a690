/*
 * freshet/channels.h: consumers (connect, receive, disconnect) behind URL routing, with groups. Behaviour: Channels 4;
 * where it differs, and why, is told in src/channels/README.md.
 */
#ifndef FRESHET_CHANNELS_H
#define FRESHET_CHANNELS_H

#include <freshet/http.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fr_sock fr_sock;

/** What a consumer knows of its connection. After connect only path arguments and client stay, unless the consumer
 *  says keep_headers. Borrowed until the handler returns. */
typedef struct fr_scope {
    fr_str path;  /* decoded */
    fr_str query; /* raw */
    const fr_pair *headers;
    size_t header_count;
    const fr_pair *args; /* of the route */
    size_t arg_count;
    const fr_str *subprotocols; /* offered by the client, in its order */
    size_t subprotocol_count;
    fr_str client_host; /* address as text */
    uint16_t client_port;
} fr_scope;

/** One WebSocket, as its consumer sees it; the same pointer from connect to disconnect. */
struct fr_sock {
    fr_ctx *ctx; /* of the event being handled */
    void *state; /* the consumer's own; cleared memory of .state_bytes, freed after disconnect */
    const fr_scope *scope; /* of the event being handled */
};

/**
 * A consumer: what happens on a socket. Each handler runs on a fiber, one event of a socket at a time; what arrives
 * meanwhile waits in a mailbox of 100 (then reading pauses; group messages past it close the socket with 1013).
 *
 * An error returned before accept refuses the handshake (403 for FR_EDENIED and FR_EAUTH, 503 where the error map says
 * so, else 500); after it closes with the code of the error map, and the text of fr_fail as reason.
 *
 * Texts and bytes are borrowed until the handler returns. When the client goes, what a handler waits for ends with
 * FR_ECANCELED; what the client had sent before is still handled, then disconnect runs; both within 10 s.
 */
typedef struct fr_consumer {
    /* NULL: accepts. One that returns without having accepted or closed is answered 500 at once. */
    fr_err (*connect)(fr_sock *sock);
    /* A text message; NULL: ignored. */
    fr_err (*receive)(fr_sock *sock, fr_str text);
    /* A binary message; NULL: ignored. */
    fr_err (*receive_bytes)(fr_sock *sock, fr_str bytes);
    /* A message to a group that the socket is in. NULL: the text goes to the client as it is. */
    fr_err (*group_message)(fr_sock *sock, fr_str group, fr_str text);
    /* The socket has ended; once for each that was accepted. code: 1005 none, 1006 lost. */
    void (*disconnect)(fr_sock *sock, uint16_t code);

    const char *groups;       /* "news,weather": joined before connect, left after disconnect */
    const char *subprotocols; /* "v2.chat,v1.chat": fr_accept takes the first that is offered */
    size_t state_bytes;
    bool keep_headers;
    bool any_origin;        /* no origin check: for public, cookie-less sockets */
    uint32_t message_bytes; /* 0 = --ws-message, 1 MiB; larger ones close with 1009 */
    /* Neither side compresses on these sockets, whatever the client offers: for messages that hold a secret beside
     * text that somebody else chose, for their length would tell of it. */
    bool no_compression;
    void *reserved_[3];
} fr_consumer;

/* ---- the handshake ---- */

/**
 * Accept the handshake; chooses the subprotocol as .subprotocols says. Once, in connect, and within 20 s.
 *
 * Errors:   FR_EINVAL (not in connect, or a second time), FR_ECANCELED (the client has gone), FR_EBUSY (the server
 *           drains, or too many group messages came meanwhile), FR_ENOMEM
 * Thread:   the socket's loop, as all calls that take a socket
 * Cost:     a SHA-1; no allocation, as the socket stands in memory that there is already
 */
FR_API fr_err fr_accept(fr_sock *sock);

/**
 * Accept with this subprotocol and no other.
 *
 * @param subprotocol  one that the client offers; n = 0: none
 *
 * Errors:   as fr_accept; FR_EINVAL also if it was not offered
 */
FR_API fr_err fr_accept_as(fr_sock *sock, fr_str subprotocol);

/**
 * A header for the answer to the handshake; in connect, before fr_accept.
 *
 * Errors:   FR_EINVAL (too late; name or value with control bytes; one that the handshake itself has), FR_ETOOBIG,
 *           FR_ENOMEM
 */
FR_API fr_err fr_accept_header(fr_sock *sock, fr_str name, fr_str value);

/* ---- sending and closing ---- */

/**
 * Send a text message.
 *
 * @param text  UTF-8; may be empty; borrowed until return
 *
 * Errors:   FR_EINVAL (not accepted yet, or not UTF-8), FR_ETOOBIG (the client reads too slowly: 1 MiB waits for it;
 *           nothing was sent), FR_ECANCELED (the socket is closing or closed), FR_ENOMEM
 * Cost:     one copy; leaves with everything else of this pass in one send
 */
FR_API fr_err fr_send(fr_sock *sock, fr_str text);

/** Send a binary message. As fr_send, but any bytes. */
FR_API fr_err fr_send_bytes(fr_sock *sock, fr_str bytes);

/**
 * Close. Before accept it refuses the handshake with 403; after it what was sent goes first, then the close frame. What the
 * client still sends is not read. disconnect comes with the client's answer.
 *
 * @param code    1000 to 1014 and 3000 to 4999 but for 1004, 1005, 1006; 0 = 1000; others become 1011
 * @param reason  UTF-8, cut after 123 bytes; may be empty
 *
 * Errors:   FR_ECANCELED (before accept: the client has gone)
 */
FR_API fr_err fr_close(fr_sock *sock, uint16_t code, fr_str reason);

/* ---- groups ---- */

/**
 * Join a group; being a member already is fine.
 *
 * @param group  1..99 bytes of [A-Za-z0-9._-]
 *
 * Errors:   FR_EINVAL (bad name), FR_EBUSY (in 1,000 groups already), FR_ECANCELED (in disconnect), FR_ENOMEM
 * Cost:     O(groups of the socket); a short lock if it is the first of its worker
 */
FR_API fr_err fr_group_add(fr_sock *sock, fr_str group);

/** Leave a group; not being a member is fine. Errors: FR_EINVAL (bad name). */
FR_API fr_err fr_group_discard(fr_sock *sock, fr_str group);

/**
 * Send one text message to every member of a group, on all workers; the caller's own socket too if it is a member.
 * Messages of one caller arrive in their order.
 *
 * @param p      fr_ctx, fr_req or fr_sock
 * @param group  as in fr_group_add; need not exist
 * @param text   UTF-8, at most 1 MiB; borrowed until return
 *
 * Errors:   FR_EINVAL (bad name, not UTF-8), FR_ETOOBIG, FR_ENOMEM
 * Owner:    the frame is copied once and shared
 * Thread:   any; within a server the caller's loop
 * Cost:     one allocation, and one for each other worker that has members; O(members) at the end of the pass
 */
#define fr_group_send(p, group, text) fr_group_send_((p)->ctx, (group), (text))
FR_API fr_err fr_group_send_(fr_ctx *ctx, fr_str group, fr_str text);

/**
 * Send one text message to every member of a group, under a key. In a group with .newest_per_key it takes the place of
 * an earlier one with the same key that has not left yet; in others it is sent as by fr_group_send.
 *
 * @param key  what the text is about, say a row's id: 1..99 bytes
 *
 * Errors, owner, thread: as fr_group_send; FR_EINVAL also for a bad key
 */
#define fr_group_send_keyed(p, group, key, text)                                                   \
    fr_group_send_keyed_((p)->ctx, (group), (key), (text))
FR_API fr_err fr_group_send_keyed_(fr_ctx *ctx, fr_str group, fr_str key, fr_str text);

/**
 * How messages to some groups travel; a table in fr_app, ended by {0}. The first rule that fits a name counts, and groups
 * that none fits send at once and everything.
 *
 * flush_ms: a message waits so long for others, and all leave in one send; up to 100. For groups whose members each get
 * many messages a second: with 5 they get 200 sends at most.
 *
 * newest_per_key: for state and not for events, prices say, of which only the latest is of use. Of the messages with the
 * same key (fr_group_send_keyed) that wait for a member, only the newest is kept, in the order in which they came: within
 * the window for all members, and for one that does not read until it does. It is then not closed with 1013, and ends
 * with the newest of each key, unless more than 1,000 keys or 1 MiB wait for it. Messages without a key all stay. What a
 * handler sends to its own client does not wait behind them.
 */
typedef struct fr_group_rule {
    const char *names; /* a name, or how it begins and a star: "prices.*" */
    uint32_t flush_ms;
    bool newest_per_key;
    void *reserved_[4];
} fr_group_rule;
enum { FR_GROUP_FLUSH_MS_MAX = 100 };

/** Whether the group name is one that fr_group_add takes. */
FR_API bool fr_group_name_ok(fr_str group);

/* ---- asking the scope ---- */

/** A path argument; p is NULL if the route has none of that name. */
FR_API fr_str fr_sock_arg(const fr_sock *sock, fr_str name);
/** A query parameter, decoded, of several the last (in connect, or with keep_headers); p is NULL if absent. */
FR_API fr_str fr_sock_query(const fr_sock *sock, fr_str name);
/** A header, name in lower case (in connect, or with keep_headers); p is NULL if absent. */
FR_API fr_str fr_sock_header(const fr_sock *sock, fr_str name);
/** A cookie (in connect, or with keep_headers); p is NULL if absent. */
FR_API fr_str fr_sock_cookie(const fr_sock *sock, fr_str name);

/* ---- small JSON ---- */

/**
 * A member of a JSON object as text: strings unescaped, other values as spelled. All of the text is checked.
 *
 * @param p     fr_ctx, fr_req or fr_sock
 * @param json  UTF-8
 * @param name  of the member; of several the last counts
 * @param out   borrowed from json or the event's arena
 *
 * Errors:   FR_EINVAL (not an object, or malformed), FR_ENOTFOUND, FR_ENOMEM
 * Cost:     O(length of json)
 */
#define fr_json_member(p, json, name, out) fr_json_member_((p)->ctx, (json), (name), (out))
FR_API fr_err fr_json_member_(fr_ctx *ctx, fr_str json, fr_str name, fr_str *out);

/** `text` as a JSON string with its quotes, in the event's arena: for answers put together by hand. p is NULL when memory
 *  is out. */
#define fr_json_quote(p, text) fr_json_quote_((p)->ctx, (text))
FR_API fr_str fr_json_quote_(fr_ctx *ctx, fr_str text);

#ifdef __cplusplus
}
#endif
#endif
