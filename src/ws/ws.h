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
    /* A whole message; data borrowed, writable, until return. Loop stack, must not suspend. */
    void (*on_message)(fr_ws *ws, bool is_text, fr_str data);
    /* Output that was blocked has left. May be NULL. */
    void (*on_drain)(fr_ws *ws);
    /* The server drains. NULL: closed with 1001. */
    void (*on_shutdown)(fr_ws *ws);
    /* Over: the peer's close code (1005 none, 1006 lost). Last call; free the user state. */
    void (*on_close)(fr_ws *ws, uint16_t code);
} fr_ws_handler;

typedef struct fr_ws_opts { /* zero = default */
    uint64_t message_bytes; /* 1 MiB → 1009 */
    uint64_t frame_bytes;   /* 1 MiB → 1009 */
    uint32_t fragments;     /* 65,536 a message → 1009 */
    uint32_t ping_ms;       /* 20 s idle → ping */
    uint32_t pong_ms;       /* 30 s without an answer → 1006 */
    uint32_t close_ms;      /* 10 s for the closing handshake */
    uint32_t pings;         /* 1,000 of the peer in a second → 1008 */
    fr_str subprotocol;     /* chosen; sent when n > 0 */
} fr_ws_opts;

/* Is this an upgrade request; are its headers right? FR_OK, or FR_EINVAL (400), 426 with Sec-WebSocket-Version: 13 sent
 * as answer already (then fr_req_is_answered). */
fr_err fr_ws_check(fr_req *req);
/* Offered subprotocols, in order, from Sec-WebSocket-Protocol. Returns how many were written. */
size_t fr_ws_subprotocols(const fr_req *req, fr_str *out, size_t max);
/* Answer 101 and start. user is the handler's. The ws is owned by its connection. The output's bound becomes at least
 * what the largest message needs. Errors: FR_EBUSY (the server drains), FR_ECANCELED, FR_ENOMEM. */
fr_err fr_ws_accept(fr_req *req, const fr_ws_opts *opts, const fr_ws_handler *handler, void *user,
                    fr_ws **out);

void *fr_ws_user(const fr_ws *ws);
fr_conn *fr_ws_conn(const fr_ws *ws);
/* Queue one message; copied into the connection's output. Errors: FR_ETOOBIG (bound reached; nothing queued),
 * FR_ECANCELED (closing). */
fr_err fr_ws_send(fr_ws *ws, bool is_text, fr_str data);
/* Start the closing handshake; queued output goes first. Codes that may not be sent become 1011. */
void fr_ws_close(fr_ws *ws, uint16_t code, fr_str reason);
bool fr_ws_is_open(const fr_ws *ws);
/* Hold back reading while a handler is busy and its mailbox full. */
void fr_ws_pause(fr_ws *ws);
void fr_ws_resume(fr_ws *ws);

/* Within on_message: the next message, if it has arrived whole; as if on_message were called for it, only sooner. false:
 * there is none, or something else comes first. */
bool fr_ws_next(fr_ws *ws, bool *is_text, fr_str *data);

/* A message with its frame header as a shared block, for fan.h. */
fr_block *fr_ws_frame(bool is_text, fr_str data);
/* The message within such a block; borrowed from it. */
fr_str fr_ws_frame_payload(const fr_block *block);
#endif
