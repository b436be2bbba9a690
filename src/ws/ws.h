/*
 * A WebSocket on a connection (RFC 6455): frames in and out, fragmentation, UTF-8, control frames, close rules, pings.
 * A state machine that never suspends. What a message means is the handler's.
 */
#ifndef FR_WS_WS_H
#define FR_WS_WS_H
#include "http/http.h"

typedef struct fr_ws fr_ws;

typedef struct fr_ws_handler {
    /* Where the n bytes of a message that has arrived whole should be put. NULL, or returning NULL: they stay in the
     * receive buffer. May be called without on_message after it: the message was not valid. */
    char *(*on_room)(fr_ws *ws, size_t n);
    /* A whole message; data borrowed, writable, until return or fr_ws_next. Loop stack, must not suspend. */
    void (*on_message)(fr_ws *ws, bool is_text, fr_str data);
    /* Output that was blocked has left. May be NULL. */
    void (*on_drain)(fr_ws *ws);
    /* The server drains. NULL: closed with 1001. */
    void (*on_shutdown)(fr_ws *ws);
    /* Over: the peer's close code (1005 none, 1006 lost). Nothing is sent or received any more. */
    void (*on_close)(fr_ws *ws, uint16_t code);
    /* The last call, some time after on_close: the memory of ws is its owner's again. */
    void (*on_end)(fr_ws *ws);
} fr_ws_handler;

/* permessage-deflate (RFC 7692), as far as clients offer it. */
typedef struct fr_deflate_opts { /* zero = default */
    bool is_on;                  /* false: every offer is declined */
    bool has_our_takeover;   /* ours may refer to earlier ones: a stream for each active socket */
    bool has_their_takeover; /* theirs may: a window for each socket, also an idle one */
    uint8_t window_bits;     /* 9 to 15; 12: at most so far back, 2 to the power of it */
    uint8_t level;           /* 1 to 9; 1 */
    uint32_t from_bytes;     /* shorter messages go as they are; 512 */
    uint64_t kept_bytes; /* what all sockets of the process keep from message to message; 32 MiB */
} fr_deflate_opts;

/* What was agreed with one client. */
typedef struct fr_deflate_terms {
    uint8_t our_bits, their_bits; /* 8 to 15; 0: no compression */
    bool has_our_takeover, has_their_takeover;
    bool tells_our_bits, tells_their_bits; /* in the answer */
} fr_deflate_terms;

typedef struct fr_ws_opts { /* zero = default */
    uint64_t message_bytes; /* 1 MiB → 1009 */
    uint64_t frame_bytes;   /* as a message → 1009 */
    uint32_t fragments;     /* of a message: as many as fit of 64 bytes, at least 65,537 → 1009 */
    uint32_t ping_ms;       /* 20 s idle → ping */
    uint32_t pong_ms;       /* 30 s without an answer → 1006 */
    uint32_t close_ms;      /* 10 s for the closing handshake */
    uint32_t pings;         /* 1,000 of the peer in a second → 1008; past 65,535: no bound */
    uint16_t messages;      /* no bound; of the peer in a second → 1008 */
    fr_deflate_opts deflate;
    fr_deflate_terms terms; /* private: what the handshake agreed on */
    fr_str subprotocol;     /* chosen; sent when n > 0 */
} fr_ws_opts;

/* The socket stands in the memory of its owner, which finds itself by its address. All of it is private to ws. */
struct fr_ws {
    fr_conn *conn;
    const fr_ws_opts *opts; /* complete; shared by the loop's sockets of a kind (fr_ws_kind) */
    struct fr_ws_in *in;    /* owned; a message that has not arrived whole. NULL between messages */
    uint32_t heard_ms;      /* low bits of the loop's clock when something last came */
    union {
        uint32_t second;       /* in which pings and messages are counted */
        uint32_t choked_bytes; /* while nothing is read: what waited when it was looked at last */
    };
    uint16_t pings;    /* in that second */
    uint16_t messages; /* in that second, if they are bounded */
    uint8_t state : 2;
    bool is_pinged : 1; /* by us, and nothing has come since */
    bool is_paused : 1; /* by the handler */
    bool is_choked : 1; /* by its own output: the peer does not read */
    bool is_told : 1;   /* on_close was called */
    uint16_t code;      /* what it was called with */
};
_Static_assert(sizeof(fr_ws) == 40, "what each idle socket costs");

/* A worker starts: what its sockets and fans share. Errors: FR_ENOMEM. */
fr_err fr_ws_start(fr_loop *loop);
/* Is this an upgrade request; are its headers right? FR_OK, or FR_EINVAL (400), 426 with Sec-WebSocket-Version: 13 sent
 * as answer already (then fr_req_is_answered). */
fr_err fr_ws_check(fr_req *req);
/* Offered subprotocols, in order, from Sec-WebSocket-Protocol. Returns how many were written. */
size_t fr_ws_subprotocols(const fr_req *req, fr_str *out, size_t max);
/* Answer 101 and start. ws: its memory, which must stay where it is until on_end. The output's bound becomes at least what
 * the largest message needs. Errors: FR_EBUSY (the server drains), FR_ECANCELED, FR_ENOMEM; nothing is called then. */
fr_err fr_ws_accept(fr_req *req, const fr_ws_opts *opts, const fr_ws_handler *handler, fr_ws *ws);

fr_conn *fr_ws_conn(const fr_ws *ws); /* until on_end */
/* Queue one message; copied into the connection's output, compressed if that was agreed and is worth it. Errors:
 * FR_ETOOBIG (bound reached; nothing queued), FR_ECANCELED (closing), FR_ENOMEM. */
fr_err fr_ws_send(fr_ws *ws, bool is_text, fr_str data);
/* Start the closing handshake. Queued output goes first; if there is no room behind it for the close frame, what has not
 * begun to leave is dropped. Codes that may not be sent become 1011. */
void fr_ws_close(fr_ws *ws, uint16_t code, fr_str reason);
/* fr_conn_drop_pending of a socket that goes on: what was dropped is referred to no more. */
void fr_ws_drop_pending(fr_ws *ws);
bool fr_ws_is_open(const fr_ws *ws);
/* Hold back reading while a handler is busy and its mailbox full. */
void fr_ws_pause(fr_ws *ws);
void fr_ws_resume(fr_ws *ws);

/* Within on_message: the next message, if it has arrived whole; as if on_message were called for it, only sooner. false:
 * there is none, or something else comes first. */
bool fr_ws_next(fr_ws *ws, bool *is_text, fr_str *data);

/* A message with its frame header as a shared block, for fan.h. */
fr_block *fr_ws_frame(bool is_text, fr_str data);
/* The same with a key for topics that send the newest of each; n = 0: none. */
fr_block *fr_ws_frame_keyed(bool is_text, fr_str data, fr_str key);
fr_str fr_ws_frame_key(const fr_block *block); /* borrowed from block */
/* Send such a block: deflated once for all sockets that get it so. Errors, is_counted: fr_conn_write_block. */
fr_err fr_ws_send_frame(fr_ws *ws, fr_block *frame, bool is_counted);
/* The message within such a block; borrowed from block. */
fr_str fr_ws_frame_payload(const fr_block *block);
#endif
