/* A name and a password, as Django's ModelBackend judges them, and what a login leaves in the user's row. */
#ifndef FR_AUTH_LOGIN_H
#define FR_AUTH_LOGIN_H
#include "auth/user.h"

/* *out NULL with FR_OK for an unknown name, a wrong password and an inactive user alike, after the same work; each counts as a failed
 * attempt of the context's asker. A hash of old parameters is made anew in the background, and written if the row still has the old one.
 * Errors: FR_ETHROTTLED (too many have failed: attempts.h), FR_EBUSY (too many passwords are being checked), those of a read. Suspends for the time of a hash. */
fr_err fr_user_authenticate(fr_ctx *ctx, fr_str name, fr_str password, const fr_user **out);
/* The same before a session is begun: it is bound to the hash, so a new one is written before this returns, and is what
 * fr_user_password says then. Where it cannot be written the old one stays. */
fr_err fr_user_authenticate_for_session(fr_ctx *ctx, fr_str name, fr_str password,
                                        const fr_user **out);

/* last_login is now, written in the background: nothing waits for it, and nothing fails with it. */
void fr_user_note_login(fr_ctx *ctx, const fr_user *user);

/* Whoever logs in by this request was refused with `err`, which is handed back: FR_EBUSY's answer says when to come again. */
fr_err fr_login_told(fr_req *req, fr_err err);

/* Give the user with this key a new hash in place of an old one; FR_OK without a change if it has another by now.
 * Errors: those of a write. */
fr_err fr_user_replace_password(fr_ctx *ctx, fr_value key, fr_str old, fr_str encoded);
/* Who asks by a session has another password now, and goes on by it, as with Django's update_session_auth_hash: its key is a new one.
 * Others are left alone. Errors: those of reads and writes. */
fr_err fr_login_renew(fr_ctx *ctx);
#endif
