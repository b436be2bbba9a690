/* A name and a password in each request, as DRF's BasicAuthentication reads and refuses them. */
#include <openssl/crypto.h>

#include "auth/asker.h"
#include "auth/authorization.h"
#include "auth/login.h"
#include "base/arena.h"
#include "base/str.h"

static fr_err check_password(fr_asker *who, fr_str name, fr_str password)
{
    const fr_user *user;
    FR_TRY(fr_user_authenticate(who->ctx, name, password, &user));
    if (!user)
        return fr_fail(who, FR_EAUTH, "Invalid username/password.");
    fr_asker_knows(who, user);
    return FR_OK;
}

static fr_err check_pair(fr_asker *who, fr_str decoded)
{
    fr_str name, text = decoded;
    if (text.p && !fr_utf8_valid(text)) {
        text = fr_utf8_from_latin1(who->ctx->arena, decoded);
        if (!text.p)
            return FR_ENOMEM;
    }
    if (!text.p || fr_str_find_char(text, ':') == SIZE_MAX)
        return fr_fail(who, FR_EAUTH,
                       "Invalid basic header. Credentials not correctly base64 encoded.");
    fr_str password = fr_str_cut(text, ':', &name);
    fr_err err = check_password(who, name, password);
    OPENSSL_cleanse((char *)(uintptr_t)text.p, text.n);
    return err;
}

static fr_err find_basic(fr_asker *who, const fr_authenticator *self)
{
    fr_str shown, decoded;
    FR_TRY(fr_authorization_read(who, self->keyword, "basic", "Credentials", &shown));
    if (!shown.p)
        return FR_OK;
    FR_TRY(fr_authorization_base64(who->ctx->arena, shown, &decoded));
    fr_err err = check_pair(who, decoded);
    if (decoded.n)
        OPENSSL_cleanse((char *)(uintptr_t)decoded.p, decoded.n);
    return err;
}

const fr_authenticator fr_basic_auth = {
    .name = "BasicAuthentication", .find = find_basic, .keyword = "Basic", .realm = "api"};
