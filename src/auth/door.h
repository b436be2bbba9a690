/* A door in front of what a URL leads to: who comes is asked by its guard, or told why he may not come in. */
#ifndef FR_AUTH_DOOR_H
#define FR_AUTH_DOOR_H
#include "auth/guard.h"
#include "http/http.h"

/* A target of http behind a guard; of NULL it is `to` itself. `to` is copied. Where nothing is asked of who comes but who he is, he is asked
 * when a handler wants to know. *out is in the arena. Errors: FR_ENOMEM. */
fr_err fr_door_new(fr_arena *arena, const fr_guard *guard, const fr_http_target *to,
                   fr_http_target **out);
/* Answer an error that is about who comes: JSON, with WWW-Authenticate and Retry-After. Other errors are returned. */
fr_err fr_door_refuse(fr_req *req, const fr_asker *who, fr_err err);
#endif
