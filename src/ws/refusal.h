/*
 * Sockets that end with words. Browsers hide the answer of a refused handshake from the page, so a request that cannot be
 * granted is accepted, told why, and closed with a code that has the status:
 *
 *     {"type":"error","status":404,"detail":"Not found."}      4404
 *
 * A socket that runs ends the same way. What is refused for its origin is not: that page is not to learn anything.
 */
#ifndef FR_WS_REFUSAL_H
#define FR_WS_REFUSAL_H
#include "ws/ws.h"

typedef struct fr_refusal {
    int status;    /* of HTTP; 400 to 599 */
    fr_str detail; /* in words, for the client */
    fr_str of;     /* the path, or what runs: for the log alone */
} fr_refusal;

/* 4000 and the status for what is the client's; 1013 (try again) for 503, 1011 for other faults of ours. */
uint16_t fr_refusal_code(int status);
/* One error frame; the socket goes on. Without memory or room there is none. */
void fr_ws_send_error(fr_ws *ws, int status, fr_str detail);
/* Error frame and close; logged once a minute and cause. */
void fr_ws_end(fr_ws *ws, const fr_refusal *why);
/* Accept a handshake (fr_ws_check) to end it so. Errors: those of fr_ws_accept; then nothing is answered. */
fr_err fr_ws_refuse(fr_req *req, const fr_refusal *why);
#endif
