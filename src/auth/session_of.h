/* The session of who asks: read once an event, when it is asked for. */
#ifndef FR_AUTH_SESSION_OF_H
#define FR_AUTH_SESSION_OF_H
#include "auth/asker.h"
#include "auth/session.h"

/* Errors: FR_EINTERNAL (nobody asks here), those of fr_session_load. Suspends. */
fr_err fr_session_of(fr_ctx *ctx, fr_session **out);
/* After a change: the answer says what becomes of the cookie, and an open socket remembers which session it has. */
fr_err fr_session_tell(fr_ctx *ctx, const fr_session *session);
/* The same when who asks has logged in or out by it. */
fr_err fr_session_tell_user(fr_ctx *ctx, const fr_session *session, const fr_user *user);
/* Whether an answer can still set a cookie: an open socket has none, and its cookie is the browser's as it is. */
bool fr_session_has_answer(const fr_asker *who);
#endif
