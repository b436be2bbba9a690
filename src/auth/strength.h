/*
 * Whether a new password is good enough: Django's four validators, with its words. They are asked of passwords that users choose
 * (change of password, the command), not of fr_set_password.
 */
#ifndef FR_AUTH_STRENGTH_H
#define FR_AUTH_STRENGTH_H
#include <freshet/auth.h>

enum {
    FR_PASSWORD_LENGTH = 8, /* characters, at least */
    FR_STRENGTH_FAULTS = 4  /* at most one of each validator */
};

typedef struct fr_strength {
    const char *faults[FR_STRENGTH_FAULTS]; /* "This password is too short. …": constants */
    size_t count;                           /* 0: it is good */
} fr_strength;

/* user: whose fields it must not be like; NULL: nobody's. Errors: FR_ENOMEM. */
fr_err fr_password_judge(fr_ctx *ctx, const fr_user *user, fr_str password, fr_strength *out);
#endif
