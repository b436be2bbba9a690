/* See session_of.h. */
#include "auth/session_of.h"

#include "auth/presence.h"
#include "base/str.h"
#include "http/http.h"

/* ---- after a change ---- */

bool fr_session_has_answer(const fr_asker *who)
{
    const fr_req *req = fr_asking_of(who)->req;
    return req && !(who->is_socket && fr_req_is_answered(req));
}

static fr_err set_cookie(fr_ctx *ctx, const fr_session *session)
{
    fr_cookie cookie;
    if (!fr_session_has_answer(ctx->asker) ||
        fr_session_cookie(session, &cookie) == FR_COOKIE_AS_IT_IS)
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
    return asking->present ? fr_present_follow(ctx->asker, true) : set_cookie(ctx, session);
}

/* ---- finding it ---- */

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
