/* DRF's SessionAuthentication, and what handlers do with the session of who asks. */
#include "auth/session_auth.h"

#include "auth/asker.h"
#include "auth/csrf_cookie.h"
#include "auth/presence.h"
#include "base/str.h"
#include "http/http.h"

/* ---- the session ---- */

/* An open socket has no answer; its cookie is the browser's as it is. */
static bool has_answer(const fr_asker *who)
{
    const fr_req *req = fr_asking_of(who)->req;
    return req && !(who->is_socket && fr_req_is_answered(req));
}

static fr_err set_cookie(fr_ctx *ctx, const fr_session *session)
{
    fr_cookie cookie;
    if (!has_answer(ctx->asker) || fr_session_cookie(session, &cookie) == FR_COOKIE_AS_IT_IS)
        return FR_OK;
    return fr_reply_cookie(fr_asking_of(ctx->asker)->req, &cookie);
}

fr_err fr_session_tell(fr_ctx *ctx, const fr_session *session)
{
    bool is_open_socket = fr_asking_of(ctx->asker)->present != NULL;
    return is_open_socket ? fr_present_follow(ctx->asker, false) : set_cookie(ctx, session);
}

/* Whoever is known now was so by this and not by what was shown. */
fr_err fr_session_tell_user(fr_ctx *ctx, const fr_session *session, const fr_user *user)
{
    fr_asking *asking = fr_asking_of(ctx->asker);
    asking->is_asked = true;
    asking->found = FR_OK;
    asking->user = user;
    asking->is_read = user != NULL;
    asking->by = user ? &fr_session_auth : NULL;
    if (asking->present)
        return fr_present_follow(ctx->asker, true);
    FR_TRY(set_cookie(ctx, session));
    return user && has_answer(ctx->asker) ? fr_csrf_rotate(asking->req) : FR_OK;
}

/* That of an open socket is copied, as its place goes when the session is another. */
static fr_str cookie_of(fr_ctx *ctx, const fr_asking *asking)
{
    if (asking->present)
        return fr_str_dup(ctx->arena, fr_present_session(asking->present));
    return fr_asker_cookie(ctx->asker, fr_str_c(fr_sessions_get()->cookie));
}

static fr_err load(fr_ctx *ctx, fr_asking *asking)
{
    fr_session *session = NULL;
    FR_TRY(fr_session_load(ctx, cookie_of(ctx, asking), &session));
    if (asking->req)
        fr_reply_vary(asking->req, FR_STR("Cookie"));
    FR_TRY(fr_session_slide(ctx, session));
    asking->session = session;
    return fr_session_tell(ctx, session);
}

fr_err fr_session_of(fr_ctx *ctx, fr_session **out)
{
    if (!fr_sessions_get()->cookie)
        return fr_fail(ctx, FR_EUNSUPPORTED, "There are no sessions here.");
    if (!ctx->asker)
        return fr_fail(ctx, FR_EINTERNAL, "There is no session here: nobody asks.");
    fr_asking *asking = fr_asking_of(ctx->asker);
    if (!asking->session)
        FR_TRY(load(ctx, asking));
    *out = asking->session;
    return FR_OK;
}

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
