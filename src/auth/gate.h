/*
 * The gate before the routes: what pages of other sites may do here, told by what browsers say of them.
 *
 * A page may read what CORS lets it (cors.h). What changes something it may send only from an origin that is trusted: a
 * browser sends a form, or a fetch without CORS, to whatever host a page names, with the visitor's cookies and from within
 * the visitor's network, and only hides the answer. Sec-Fetch-Site says which pages are foreign
 * (Fetch Metadata); where a browser does not send it, Origin is held against Host. Programs send neither, and bring only what
 * their sender put in.
 */
#ifndef FR_AUTH_GATE_H
#define FR_AUTH_GATE_H
#include "auth/cors.h"

typedef struct fr_origin_gate {
    fr_origins trusted; /* owned; their pages may write and open sockets */
    fr_cors_rules cors; /* owned */
    fr_http_target preflight, refusal;
} fr_origin_gate;

typedef struct fr_origin_gate_opts {
    const char *origins; /* of pages that may write and open sockets; NULL: none */
    fr_cors cors;        /* of pages that may read too */
} fr_origin_gate_opts;

/* opts: its strings are borrowed as long as the gate, what is made of them is in the arena. The gate must not be moved. error:
 * one line that names the option. Errors: FR_EINVAL, FR_ENOMEM. */
fr_err fr_origin_gate_init(fr_origin_gate *gate, const fr_origin_gate_opts *opts, fr_arena *arena,
                           char error[512]);
void fr_origin_gate_deinit(fr_origin_gate *gate);
/* For fr_http.gate. */
fr_http_gate fr_origin_gate_of_http(const fr_origin_gate *gate);
#endif
