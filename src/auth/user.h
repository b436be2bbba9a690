/*
 * Users as the database has them, Django's tables: read by name, once a request, and what they may do. The model is auth_user's,
 * or the application's own (fr_app.user); fr_users_use says which, before anything else here is called.
 */
#ifndef FR_AUTH_USER_H
#define FR_AUTH_USER_H
#include <freshet/auth.h>
#include "db/db.h"

/* All three below: one statement. *out is in the ctx's arena; NULL with FR_OK: there is no such user, which costs no less.
 * An inactive user is found, too: ask fr_user_is_active. Errors: those of a read (FR_EBUSY, FR_EBACKEND, FR_ESCHEMA, FR_ENOMEM).
 * Suspends as a read does. */

/* key: as it is stored, of a session (fr_user_key_from) or a reference. */
fr_err fr_user_by_key(fr_ctx *ctx, fr_value key, const fr_user **out);
/* name: what users log in with, `username`; compared exactly. */
fr_err fr_user_by_name(fr_ctx *ctx, fr_str name, const fr_user **out);
/* key: the text of an authtoken_token. Token and user are joined. */
fr_err fr_user_by_token(fr_ctx *ctx, fr_str key, const fr_user **out);

/* What only those know that came from above. `user` must be such a one, in the same arena. */
fr_value fr_user_key_value(const fr_user *user); /* as references to users hold it */
fr_str fr_user_key_text(const fr_user *user);    /* as sessions and JWTs write it: "7" */
fr_str fr_user_password(const fr_user *user);    /* the encoded hash. Never log it */
bool fr_user_is_active(const fr_user *user);
/* The value of one of the user model's fields, by its index. */
fr_value fr_user_value(const fr_user *user, uint16_t field);

/* The key that a session or a JWT has as text. False: no user can have it. *out may point into text. */
bool fr_user_key_from(fr_ctx *ctx, fr_str text, fr_value *out);

/* The name and the password of a login, as Django's ModelBackend judges: *out NULL with FR_OK for an unknown name, a wrong password
 * and an inactive user alike, after the same work. A hash of old parameters is made anew in the background afterwards.
 * Errors: FR_ETOOBIG is none (such a password is wrong); FR_EBUSY (too many are being checked: 503 with Retry-After), those of
 * a read. Suspends for the time of a hash. */
fr_err fr_user_authenticate(fr_ctx *ctx, fr_str name, fr_str password, const fr_user **out);

/* last_login is now. Nothing waits for it and nothing fails with it: it is written in the background. */
void fr_user_note_login(fr_ctx *ctx, const fr_user *user);

/* ---- permissions ---- */

/* What a user may do: codes as "tracker.add_ticket". */
typedef struct fr_perms fr_perms;

/* Their own and those of their groups, by two statements; of an inactive user none, of a superuser all, without a statement.
 * Read once for each user that came from above: remembered with it. Errors: those of a read. */
fr_err fr_user_permissions(fr_ctx *ctx, const fr_user *user, const fr_perms **out);
bool fr_perms_has(const fr_perms *perms, fr_str code);
/* "tracker.add_ticket" of a model and an action ("add", "change", "delete", "view"), in the arena; p NULL: memory is out. */
fr_str fr_perm_code(fr_arena *arena, const char *action, const fr_model *model);

/* ---- the tables ---- */

/* Which tables an application needs, beside those of its own models. */
typedef struct fr_users_opts {
    const fr_model *user; /* NULL: fr_user_model */
    const char *app;      /* the label of models whose table does not begin with one */
    bool tokens, sessions, blacklist;
} fr_users_opts;

/* Make the models ready; what is missing in a user model of one's own is said in error. Models are in *models, with the NULL that
 * ends them, to be given to fr_db_prepare with the application's. Once, before the server listens; arena lives as long as it.
 * Errors: FR_EINVAL, FR_ENOMEM. */
fr_err fr_users_use(const fr_users_opts *opts, fr_arena *arena, const fr_model *const **models,
                    char error[512]);
/* After fr_db_start, of an opened database: the content types and permissions of the models that are not somebody else's,
 * and the rows of django_migrations that say that the tables are there. What is there already stays as it is.
 * Errors: those of a write. */
fr_err fr_users_prepare(fr_ctx *ctx, const fr_model *const *models);
/* Of the tests, and after a server's end. */
void fr_users_end(void);
/* The user model that is used; NULL: none. */
const fr_model *fr_users_model(void);
#endif
