/*
 * Users as the database has them, in Django's tables: read by the names of columns, once a request. The model is auth_user's, or the
 * application's own (fr_app.user); fr_users_use (users.h) says which, before anything else here is called.
 */
#ifndef FR_AUTH_USER_H
#define FR_AUTH_USER_H
#include "auth/perms.h"
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

/* One whom a program has, as the table has him. Errors: FR_ENOTFOUND too. account.c */
fr_err fr_user_again(fr_ctx *ctx, const fr_user *user, const fr_user **out);

/* What only those know that came from above. `user` must be such a one, in the same arena. */
fr_value fr_user_key_value(const fr_user *user); /* as references to users hold it */
/* As sessions and JWTs write it: "7"; p NULL: memory is out. */
fr_str fr_user_key_text(fr_ctx *ctx, const fr_user *user);
fr_str fr_user_password(const fr_user *user); /* the encoded hash */
bool fr_user_is_active(const fr_user *user);
/* The value of one of the user model's fields, by its index. */
fr_value fr_user_value(const fr_user *user, uint16_t field);

/* Names and passwords are judged by login.h. */

/* The key that a session or a JWT has as text. False: no user can have it. *out may point into text. */
bool fr_user_key_from(fr_ctx *ctx, fr_str text, fr_value *out);
#endif
