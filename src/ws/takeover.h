/*
 * Context takeover (RFC 7692 7.1.1): what one socket keeps from message to message.
 *
 *   ours     a stream that deflates, made with the first message that is sent. It may be forgotten at any time, for the
 *            peer keeps what we refer to: it is given back when it was not used for a while.
 *   theirs   the last bytes that were received, as many as there were, at most the window that was agreed on. They must
 *            be kept for as long as the socket lives.
 *
 * Both are counted, for the whole process. A window that would not fit is not agreed on; a stream that would not fit is
 * not made, and messages are deflated as without takeover.
 */
#ifndef FR_WS_TAKEOVER_H
#define FR_WS_TAKEOVER_H
#include "ws/deflate.h"

typedef struct fr_takeover {
    fr_ws *ws;
    fr_packer *packer; /* owned; NULL: none now */
    bool is_used;      /* since the loop's timer ran last */
    uint8_t *window;   /* owned; grows with what comes */
    size_t n, cap, reserved;
} fr_takeover;

/* Reserve what the terms need, or change them. */
void fr_takeover_open_(fr_deflate *d, fr_ws *ws, const fr_deflate_opts *opts,
                       fr_deflate_terms *terms);
/* The socket ends, or the handshake fails. */
void fr_takeover_close_(fr_deflate *d, fr_ws *ws);
/* NULL: ws has none. */
fr_takeover *fr_takeover_get_(fr_deflate *d, const fr_ws *ws);

/* The stream for messages to ws; NULL: bound reached, or memory is out. */
fr_packer *fr_takeover_packer_(fr_deflate *d, fr_ws *ws);
/* Our next message refers to nothing before it: what was deflated last did not reach the peer, or something else did. */
void fr_takeover_forget_(fr_deflate *d, const fr_ws *ws);
/* bytes were received: the last window_bytes are kept. false: memory is out. */
bool fr_takeover_remember_(fr_takeover *t, size_t window_bytes, fr_str bytes);

/* Streams that were not used since the last call are given back. Returns whether any is left. */
bool fr_takeover_give_back_(fr_deflate *d);
/* Of the whole process; for tests. */
size_t fr_takeover_bytes_(void);
#endif
