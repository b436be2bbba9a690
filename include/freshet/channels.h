/*
 * freshet/channels.h: consumers (connect, receive, disconnect) behind URL routing, with groups. Behaviour: Channels 4
 * as measured in spec wire-django §2; the close codes and texts differ only where docs/decisions.md says so.
 */
#ifndef FRESHET_CHANNELS_H
#define FRESHET_CHANNELS_H

#include <freshet/http.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fr_sock fr_sock;

/** What a consumer knows of its connection. After connect only path arguments and client stay, unless the consumer
 *  says keep_headers. */
typedef struct fr_scope {
    fr_str path;               /* decoded */
    fr_str query;              /* raw */
    const fr_pair *headers;
    size_t header_count;
    const fr_pair *args;       /* of the route */
    size_t arg_count;
    const fr_str *subprotocols;
    size_t subprotocol_count;
    fr_str client_host;
    uint16_t client_port;
} fr_scope;

/** One WebSocket, as its consumer sees it. */
struct fr_sock {
    fr_ctx *ctx;               /* of the event being handled */
    void *state;               /* the consumer's own; cleared memory of .state_bytes, freed after disconnect */
    const fr_scope *scope;
};

/**
 * A consumer: what happens on a socket. Each handler runs on a fiber, one event of a socket at a time; what arrives
 * meanwhile waits in a mailbox of 100 (then reading pauses; group messages past it close the socket with 1013).
 * An error returned before accept refuses the handshake (403 for FR_EDENIED and FR_EAUTH, 503 where the error map says
 * so, else 500); after it closes
 * with the code of the error map.
 */
typedef struct fr_consumer {
    fr_err (*connect)(fr_sock *sock);                       /* NULL: accepts. Must accept or close: else 500 at once */
    fr_err (*receive)(fr_sock *sock, fr_str text);          /* text message; NULL: ignored */
    fr_err (*receive_bytes)(fr_sock *sock, fr_str bytes);   /* binary message; NULL: ignored */
    fr_err (*group_message)(fr_sock *sock, fr_str group, fr_str text); /* NULL: the text goes to the client as it is */
    void (*disconnect)(fr_sock *sock, uint16_t code);       /* 1005: no code, 1006: lost. Groups have been left after it */
    const char *groups;        /* "news,weather": joined before connect, left after disconnect */
    const char *subprotocols;  /* "v2.chat,v1.chat": the first that the client offers is chosen by fr_accept */
    size_t state_bytes;
    bool keep_headers;
    bool any_origin;           /* no origin check: for public, cookie-less sockets */
    uint32_t message_bytes;    /* 0 = 1 MiB */
    void *reserved_[4];
} fr_consumer;

/** Accept the handshake; chooses the subprotocol as .subprotocols says. Once, in connect. */
FR_API fr_err fr_accept(fr_sock *sock);
/** Accept with this subprotocol (n = 0: none). */
FR_API fr_err fr_accept_as(fr_sock *sock, fr_str subprotocol);
/** A header for the answer to the handshake; in connect, before fr_accept. Errors: FR_EINVAL (too late, or not a header). */
FR_API fr_err fr_accept_header(fr_sock *sock, fr_str name, fr_str value);
/** Send a text message (UTF-8). Errors: FR_EINVAL (not accepted, or not UTF-8), FR_ETOOBIG (the client reads too slowly), FR_ECANCELED. */
FR_API fr_err fr_send(fr_sock *sock, fr_str text);
/** Send a binary message. */
FR_API fr_err fr_send_bytes(fr_sock *sock, fr_str bytes);
/** Close; before accept it refuses with 403. code 0 = 1000. */
FR_API fr_err fr_close(fr_sock *sock, uint16_t code, fr_str reason);

/** Join a group. @param group 1..99 bytes of [A-Za-z0-9._-]. Errors: FR_EINVAL (bad name). */
FR_API fr_err fr_group_add(fr_sock *sock, fr_str group);
/** Leave a group; not being a member is fine. */
FR_API fr_err fr_group_discard(fr_sock *sock, fr_str group);
/** Send one text message to every member of a group, on all workers. p: fr_ctx, fr_req or fr_sock. */
#define fr_group_send(p, group, text) fr_group_send_((p)->ctx, (group), (text))
FR_API fr_err fr_group_send_(fr_ctx *ctx, fr_str group, fr_str text);

/** A path argument; p is NULL if the route has none of that name. */
FR_API fr_str fr_sock_arg(const fr_sock *sock, fr_str name);
/** A query parameter, decoded, of several the last (in connect, or with keep_headers); p is NULL if absent. */
FR_API fr_str fr_sock_query(const fr_sock *sock, fr_str name);
/** A header (in connect, or with keep_headers); p is NULL if absent. */
FR_API fr_str fr_sock_header(const fr_sock *sock, fr_str name);
/** A cookie (in connect, or with keep_headers); p is NULL if absent. */
FR_API fr_str fr_sock_cookie(const fr_sock *sock, fr_str name);

/** Whether the group name is one that fr_group_add takes. */
FR_API bool fr_group_name_ok(fr_str group);

/** A member of a JSON object text as text: strings unescaped, other values as spelled. Errors: FR_EINVAL (not an
 *  object, or malformed), FR_ENOTFOUND. */
#define fr_json_member(p, json, name, out) fr_json_member_((p)->ctx, (json), (name), (out))
FR_API fr_err fr_json_member_(fr_ctx *ctx, fr_str json, fr_str name, fr_str *out);
/** `text` as a JSON string with its quotes, in the event's arena: for answers put together by hand. */
#define fr_json_quote(p, text) fr_json_quote_((p)->ctx, (text))
FR_API fr_str fr_json_quote_(fr_ctx *ctx, fr_str text);

#ifdef __cplusplus
}
#endif
#endif
