/* Django's authenticate, login and logout. */
#include "auth/csrf_cookie.h"
#include "auth/login.h"
#include "auth/session_of.h"
#include "auth/user.h"
#include "auth/users.h"

fr_err fr_authenticate_(fr_ctx *ctx, fr_str name, fr_str password, const fr_user **out)
{
    *out = NULL;
    return fr_users_get() ? fr_user_authenticate_for_session(ctx, name, password, out)
                          : fr_fail(ctx, FR_EUNSUPPORTED, "There are no users here.");
}

fr_err fr_login_(fr_ctx *ctx, const fr_user *user)
{
    fr_session *session;
    if (!user)
        return fr_fail(ctx, FR_EINVAL, "There is nobody to log in.");
    FR_TRY(fr_session_of(ctx, &session));
    FR_TRY(fr_user_again(ctx, user, &user));
    FR_TRY(fr_session_login(ctx, session, user));
    FR_TRY(fr_session_tell_user(ctx, session, user));
    if (fr_session_has_answer(ctx->asker))
        FR_TRY(fr_csrf_rotate(fr_asking_of(ctx->asker)->req));
    fr_user_note_login(ctx, user);
    return FR_OK;
}

fr_err fr_login_renew(fr_ctx *ctx)
{
    fr_session *session;
    const fr_user *user;
    fr_asking *asking = fr_asking_of(ctx->asker);
    if (asking->by != &fr_session_auth || !asking->user)
        return FR_OK;
    FR_TRY(fr_user_by_key(ctx, fr_user_key_value(asking->user), &user));
    if (!user)
        return FR_OK;
    FR_TRY(fr_session_of(ctx, &session));
    FR_TRY(fr_session_renew(ctx, session, user));
    return fr_session_tell_user(ctx, session, user);
}

fr_err fr_logout_(fr_ctx *ctx)
{
    fr_session *session;
    FR_TRY(fr_session_of(ctx, &session));
    FR_TRY(fr_session_end(ctx, session));
    return fr_session_tell_user(ctx, session, NULL);
}
