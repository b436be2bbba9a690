/* Tokens that are good no longer although they have not ended: Simple JWT's tables token_blacklist_…. Without them nothing is noted. */
#ifndef FR_AUTH_JWT_GIVEN_UP_H
#define FR_AUTH_JWT_GIVEN_UP_H
#include <freshet/auth.h>

typedef struct fr_jwt_noted {
    fr_str token, jti;
    const fr_user *user; /* NULL: not known */
    fr_time expires;
} fr_jwt_noted;

/* Errors: those of a read. */
fr_err fr_jwt_given_up_has(fr_ctx *ctx, fr_str jti, bool *out);
/* A token that may be given up some time. Errors: those of a write. */
fr_err fr_jwt_given_up_note(fr_ctx *ctx, const fr_jwt_noted *noted);
/* Give up a token, noted or not; again is fine. */
fr_err fr_jwt_given_up_add(fr_ctx *ctx, const fr_jwt_noted *noted);
#endif
