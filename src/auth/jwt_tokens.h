/*
 * Tokens as djangorestframework-simplejwt 5.5 has them: which types there are, what they say, how long they are good, and those that
 * are good no longer although they have not ended (the tables token_blacklist_…). Process-wide: settings and keys.
 */
#ifndef FR_AUTH_JWT_TOKENS_H
#define FR_AUTH_JWT_TOKENS_H
#include <freshet/auth.h>
#include "auth/jwt.h"
#include "auth/secret.h"

/* Before anybody is served; settings are borrowed until the end, NULL: the default. Without .keys the secrets sign.
 * Errors: FR_EINVAL with one line in error, FR_ENOMEM. */
fr_err fr_jwts_start(const fr_jwt *settings, const fr_secrets *secrets, char error[512]);
void fr_jwts_stop(void);
/* The settings with nothing left to be default. */
const fr_jwt *fr_jwts_get(void);

typedef enum fr_jwt_type { FR_JWT_ACCESS, FR_JWT_REFRESH, FR_JWT_SLIDING, FR_JWT_ANY } fr_jwt_type;

/* Judge a token of a type. *fault NULL: it is good, and claims are there; else what is wrong, in Simple JWT's words. In the arena of ctx.
 * Errors: those of a read (of refresh and sliding tokens), FR_ENOMEM. Suspends as a read does. */
fr_err fr_jwt_open(fr_ctx *ctx, fr_jwt_type type, fr_str token, fr_json *claims,
                   const char **fault);
/* Whether a token of this claim jti was given up. As above. */
fr_err fr_jwt_is_given_up(fr_ctx *ctx, const fr_json *claims, bool *out);

/* Who a token is of. *has_claim: it names somebody; *out NULL: who is not there. Errors: those of a read. */
fr_err fr_jwt_user(fr_ctx *ctx, const fr_json *claims, const fr_user **out, bool *has_claim);

/* New tokens. Errors: FR_EINTERNAL (no key can sign), those of a write. Suspend: refresh and sliding tokens are noted. */
fr_err fr_jwt_pair_new(fr_ctx *ctx, const fr_user *user, fr_str *refresh, fr_str *access);
fr_err fr_jwt_sliding_new(fr_ctx *ctx, const fr_user *user, fr_str *token);
/* The access token of a refresh token. */
fr_err fr_jwt_access_of(fr_ctx *ctx, const fr_json *refresh, fr_str *access);
/* Another refresh token with the same claims. */
fr_err fr_jwt_rotate(fr_ctx *ctx, const fr_json *refresh, fr_str *token);
/* A sliding token that is good anew; *fault as above, if it may not be. */
fr_err fr_jwt_slide(fr_ctx *ctx, const fr_json *sliding, fr_str *token, const char **fault);
/* From now on the token is good no longer. Errors: those of a write. */
fr_err fr_jwt_give_up(fr_ctx *ctx, fr_str token, const fr_json *claims);
#endif
