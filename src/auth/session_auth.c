/* DRF's SessionAuthentication, and what handlers do with the session of who asks. */
#include "auth/asker.h"
#include "auth/csrf_cookie.h"
#include "auth/session_of.h"

/* ---- the way in ---- */

/* What changes something must show that it comes from a page of ours, but only of who is logged in: without a session there is nothing
 * that another site could use. */
static fr_err find(fr_asker *who, const fr_authenticator *self)
{
    fr_session *session = NULL;
    const fr_user *user = NULL;
    fr_req *req = fr_asking_of(who)->req;
    (void)self;
    FR_TRY(fr_session_of(who->ctx, &session));
    FR_TRY(fr_session_user(who->ctx, session, &user));
    FR_TRY(fr_session_tell(who->ctx, session));
    if (user && req)
        FR_TRY(fr_csrf_admit(req, "CSRF Failed: "));
    if (user)
        fr_asker_knows(who, user);
    return FR_OK;
}

const fr_authenticator fr_session_auth = {.name = "SessionAuthentication", .find = find};

/* ---- what handlers do with it ---- */

fr_err fr_session_get_(fr_ctx *ctx, fr_str name, fr_str *json)
{
    fr_session *session = NULL;
    FR_TRY(fr_session_of(ctx, &session));
    *json = fr_session_value(session, name);
    return FR_OK;
}

fr_err fr_session_set_(fr_ctx *ctx, fr_str name, fr_str json)
{
    fr_session *session = NULL;
    FR_TRY(fr_session_of(ctx, &session));
    FR_TRY(fr_session_put(ctx, session, name, json));
    return fr_session_tell(ctx, session);
}

fr_err fr_session_expire_(fr_ctx *ctx, int64_t seconds)
{
    fr_session *session = NULL;
    FR_TRY(fr_session_of(ctx, &session));
    FR_TRY(fr_session_last(ctx, session, seconds));
    return fr_session_tell(ctx, session);
}

fr_err fr_session_closes_(fr_ctx *ctx, bool *closes)
{
    fr_session *session = NULL;
    FR_TRY(fr_session_of(ctx, &session));
    *closes = fr_session_ends_with_browser(session);
    return FR_OK;
}
