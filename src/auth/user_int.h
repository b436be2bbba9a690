/* A user as it was read: what fr_user is the first part of. */
#ifndef FR_AUTH_USER_INT_H
#define FR_AUTH_USER_INT_H
#include <freshet/auth.h>
#include "auth/perms.h"
#include "auth/users.h"

typedef struct fr_user_read {
    fr_user user;      /* first */
    fr_perms *perms;   /* perms.c; NULL: not asked for yet */
    fr_value values[]; /* of the user model's fields */
} fr_user_read;

/* The struct of a row of the user model; its texts are those of values. Errors: FR_ENOMEM. */
fr_err fr_user_fill(fr_ctx *ctx, const fr_value *values, fr_user *out);
#endif
