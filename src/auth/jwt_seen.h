/* JWTs that were let in (seen.h), with what they say: a repeat is not checked once more until its time is over or the keys are others. Only
 * its user is read again, when anybody has committed. */
#ifndef FR_AUTH_JWT_SEEN_H
#define FR_AUTH_JWT_SEEN_H
#include <freshet/auth.h>
#include "base/json.h"

/* One that was let in and is good still, with its user as he is now, who is active; both are the event's. false: it has to be read. Suspends as a
 * read does. */
bool fr_jwt_seen_find(fr_ctx *ctx, fr_str token, const fr_json **claims, const fr_user **user);
/* Remember one that is good, if its claims are no more than FR_SEEN_BYTES_MAX and memory is there. Its user is so at the first repeat. */
void fr_jwt_seen_keep(fr_ctx *ctx, fr_str token, const fr_json *claims);
#endif
