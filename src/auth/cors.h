/*
 * CORS: which pages of other origins may read what is answered, as django-cors-headers has it (Fetch 3.2). A preflight is
 * answered before anything is routed; every other answer, errors too, says for whom it is.
 */
#ifndef FR_AUTH_CORS_H
#define FR_AUTH_CORS_H
#include "auth/origin.h"
#include "http/http.h"

/* fr_cors made ready: what an answer says, as text. Lives as long as the server; requests only read it. */
typedef struct fr_cors_rules {
    fr_origins origins; /* owned */
    bool has_credentials;
    fr_str methods, headers, exposed, max_age; /* values of headers */
} fr_cors_rules;

/* opts: borrowed as long as `out`. Errors: FR_EINVAL, FR_ENOMEM; each with one line in error. */
fr_err fr_cors_init(fr_cors_rules *out, const fr_cors *opts, fr_arena *arena, char error[512]);
void fr_cors_deinit(fr_cors_rules *rules);

/* Whether any page is let in at all. */
bool fr_cors_is_on(const fr_cors_rules *rules);
/* Whether a browser asks by this request what another one may be: Fetch's CORS-preflight request. */
bool fr_cors_is_preflight(const fr_req *req);
/* Answer a preflight. */
fr_err fr_cors_preflight(fr_req *req, const fr_cors_rules *rules);
/* What any other answer says, unless its handler has said it. */
void fr_cors_put(fr_req *req, const fr_cors_rules *rules);
#endif
