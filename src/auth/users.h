/*
 * Which tables hold the users of this process, and the statements that read them, made ready once. They are Django's: what it
 * has not made is made here as it would.
 */
#ifndef FR_AUTH_USERS_H
#define FR_AUTH_USERS_H
#include "auth/tables.h"
#include "db/db.h"

typedef struct fr_users_opts {
    const fr_model *user; /* NULL: fr_user_model */
    const char *app;      /* the label of models whose table does not begin with one */
    bool blacklist;       /* of JWTs, too */
} fr_users_opts;

/* Make the models ready. *models: they, with the NULL that ends them, to be opened together with the application's own. What a user
 * model of one's own lacks is said in error. Once in a process, before it listens; the arena lives as long as that.
 * Errors: FR_EINVAL, FR_ENOMEM. */
fr_err fr_users_use(const fr_users_opts *opts, fr_arena *arena, const fr_model *const **models,
                    char error[512]);
/* Nobody's users any more. Tests, and the end of a server. */
void fr_users_end(void);

/* ---- what the files of auth ask ---- */

enum { FR_USERS_NO_FIELD = UINT16_MAX };

typedef struct fr_users {
    const fr_model *user;
    uint16_t
        of[32];     /* of each field of fr_user the one of `user`; FR_USERS_NO_FIELD: it has none */
    uint16_t key;   /* of `user` */
    uint16_t login; /* what users log in with: username, else email */
    fr_user_tables tables;
    const char *app;
    fr_query by_token;   /* tokens, with their user's fields behind them */
    fr_query own_codes;  /* a user's permissions, with app and code behind */
    fr_query all_groups; /* a user's groups, with their names behind */
    fr_query group_codes;
} fr_users;

/* NULL: this process has no users. */
const fr_users *fr_users_get(void);
#endif
