/*
 * Django's sessions: a random key in a cookie, what it stands for in a row of django_session, signed. With the engine
 * FR_SESSIONS_COOKIE there is no row: the cookie is the signed text itself.
 *
 * A session belongs to one event (a request, a message of a socket). What changes it is stored when the call returns; the cookie
 * that its answer needs is told by fr_session_cookie when the head is made.
 */
#ifndef FR_AUTH_SESSION_H
#define FR_AUTH_SESSION_H
#include <freshet/auth.h>
#include "auth/signing.h"
#include "http/http.h"

enum { FR_SESSION_KEY_CHARS = 32 };

typedef struct fr_session fr_session;

/* ---- one session ---- */

/* The session that a cookie names; an empty one for a cookie that names none, is old or tampered with, or p NULL. In the arena
 * of ctx. One statement, or none. Errors: those of a read, FR_ENOMEM. Suspends as a read does. */
fr_err fr_session_load(fr_ctx *ctx, fr_str cookie, fr_session **out);

/* Who is logged in by it; *out NULL: nobody, or one who is not active. A session whose user has another password by now is
 * flushed; one whose hash was made with an older secret gets a new key. One statement more, and a write in those cases.
 * Errors: those of a read and of a write. */
fr_err fr_session_user(fr_ctx *ctx, fr_session *session, const fr_user **out);

/* The JSON of a value; p NULL: there is none. O(values). */
fr_str fr_session_value(const fr_session *session, fr_str name);
/* Set a value, or with json.p NULL remove it, and store that. The row of a session that has been ended meanwhile is not made
 * anew. Errors: FR_EINVAL (no JSON; the session was ended), FR_ETOOBIG, those of a write. */
fr_err fr_session_put(fr_ctx *ctx, fr_session *session, fr_str name, fr_str json);
/* How long it lasts: Django's set_expiry. seconds 0: until the browser ends; below 0: as the settings say. */
fr_err fr_session_last(fr_ctx *ctx, fr_session *session, int64_t seconds);
bool fr_session_ends_with_browser(const fr_session *session);
/* Begin its age anew, where the settings say that it slides. */
fr_err fr_session_slide(fr_ctx *ctx, fr_session *session);

/* Log a user in: another user's session, or one of another password, is flushed before; an anonymous one keeps its values and
 * gets a new key (session fixation). Stored. */
fr_err fr_session_login(fr_ctx *ctx, fr_session *session, const fr_user *user);
/* The session of a user whose password is another one now goes on under a new key: Django's update_session_auth_hash. Stored. */
fr_err fr_session_renew(fr_ctx *ctx, fr_session *session, const fr_user *user);
/* Delete all of it, and its row. */
fr_err fr_session_end(fr_ctx *ctx, fr_session *session);

/* The key; n = 0: it has none yet. Of signed cookies the text. */
fr_str fr_session_key_of(const fr_session *session);

/* When it ends, unless it is prolonged; 0: it is empty. */
fr_time fr_session_ends(const fr_session *session);

/* What becomes of the cookie in the answer. FR_COOKIE_DELETED: one came and the session is empty. */
typedef enum fr_cookie_fate { FR_COOKIE_AS_IT_IS, FR_COOKIE_SET, FR_COOKIE_DELETED } fr_cookie_fate;
fr_cookie_fate fr_session_cookie(const fr_session *session, fr_cookie *out);

/* ---- all sessions ---- */

/* Process-wide, before anybody is served; settings are borrowed until the end, NULL: the default.
 * Errors: FR_EINVAL with one line in error, FR_ENOMEM. */
fr_err fr_sessions_start(const fr_sessions *settings, const fr_secrets *secrets, char error[512]);
void fr_sessions_stop(void);
/* The settings with nothing left to be default; their cookie is NULL before fr_sessions_start. */
const fr_sessions *fr_sessions_get(void);

/* Delete the rows that have expired, 1,000 at a time; *count: how many. Suspends. */
fr_err fr_sessions_clear(fr_ctx *ctx, uint64_t *count);
#endif
