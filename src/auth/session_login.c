/* Django's authenticate, login and logout. */
#include "auth/asker.h"
#include "auth/csrf_cookie.h"
#include "auth/login.h"
#include "auth/session_auth.h"
#include "auth/users.h"

fr_err fr_authenticate_(fr_ctx *ctx, fr_str name, fr_str password, const fr_user **out)
{
    *out = NULL;
    return fr_users_get() ? fr_user_authenticate_for_session(ctx, name, password, out)
                          : fr_fail(ctx, FR_EUNSUPPORTED, "There are no users here.");
}

/* Whoever is known now was so by this and not by what was shown. */
static void become(fr_asking *asking, const fr_user *user)
{
    asking->is_asked = true;
    asking->found = FR_OK;
    asking->user = user;
    asking->is_read = false; /* it is the program's */
    asking->by = user ? &fr_session_auth : NULL;
}

fr_err fr_login_(fr_ctx *ctx, const fr_user *user)
{
    fr_session *session;
    FR_TRY(fr_session_of(ctx, &session));
    FR_TRY(fr_session_login(ctx, session, user));
    FR_TRY(fr_session_tell(ctx, session));
    fr_asking *asking = fr_asking_of(ctx->asker);
    if (asking->req)
        FR_TRY(fr_csrf_rotate(asking->req));
    become(asking, user);
    fr_user_note_login(ctx, user);
    return FR_OK;
}

fr_err fr_logout_(fr_ctx *ctx)
{
    fr_session *session;
    FR_TRY(fr_session_of(ctx, &session));
    FR_TRY(fr_session_end(ctx, session));
    FR_TRY(fr_session_tell(ctx, session));
    become(fr_asking_of(ctx->asker), NULL);
    return FR_OK;
}
