/*
 * JWTs that were let in, with what they say and whose they are: a repeat is not read and checked once more. Each loop remembers some, by
 * a keyed digest and never by their text, until their time is over or the keys are others; the user, until anybody has committed.
 */
#ifndef FR_AUTH_JWT_SEEN_H
#define FR_AUTH_JWT_SEEN_H
#include <freshet/auth.h>
#include "base/json.h"

enum { FR_JWT_SEEN_MAX = 2048, FR_JWT_SEEN_BYTES_MAX = 2048 };

/* One that was let in and is good still, with its user as he is now, who is active; both are the event's. false: it has to be read. Suspends as a
 * read does. */
bool fr_jwt_seen_find(fr_ctx *ctx, fr_str token, const fr_json **claims, const fr_user **user);
/* Remember one that is good, if its claims are no more than FR_JWT_SEEN_BYTES_MAX and memory is there. Its user is so at the first repeat. */
void fr_jwt_seen_keep(fr_ctx *ctx, fr_str token, const fr_json *claims);
#endif
