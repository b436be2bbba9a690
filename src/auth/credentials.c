/*
 * Ways in that a request shows by one header: a token, or a user whom a proxy has let in. The texts are those of Django REST
 * framework.
 */
#include "auth/asker.h"
#include "auth/authorization.h"
#include "auth/seen.h"
#include "auth/user.h"
#include "base/str.h"
#include "http/http.h"

/* ---- tokens ---- */

/* Browsers let a page give a socket's handshake nothing but subprotocols: "token", and behind it the token. p NULL: there is none. */
static fr_str among_subprotocols(fr_asker *who)
{
    fr_str rest =
        who->is_socket ? fr_asker_header(who, FR_STR("sec-websocket-protocol")) : (fr_str){0};
    fr_str one;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        if (!fr_str_eq(fr_str_trim(one), FR_STR("token")))
            continue;
        fr_str_cut(rest, ',', &one);
        one = fr_str_trim(one);
        return one.n ? one : (fr_str){0};
    }
    return (fr_str){0};
}

/* Who has an active user of it is remembered. */
static fr_err user_of(fr_ctx *ctx, fr_str token, const fr_user **out)
{
    int64_t version;
    bool may_be_seen = fr_seen_version(ctx, &version);
    fr_seen *one = may_be_seen ? fr_seen_find(ctx, FR_SEEN_TOKEN, token) : NULL;
    *out = one && one->version == version ? fr_seen_user(ctx, one) : NULL;
    if (*out)
        return FR_OK;
    FR_TRY(fr_user_by_token(ctx, token, out));
    if (!may_be_seen || !*out || !fr_user_is_active(*out))
        return FR_OK;
    one = fr_seen_new(ctx, FR_SEEN_TOKEN, token, version);
    if (one)
        one->user = fr_user_keep(*out);
    return FR_OK;
}

fr_err fr_find_token(fr_asker *who, const fr_authenticator *self)
{
    const fr_user *user;
    fr_str token;
    FR_TRY(fr_authorization_read(who, self->keyword, "token", "Token", &token));
    if (!token.p) {
        token = among_subprotocols(who);
        fr_asking_of(who)->is_of_subprotocol = token.p != NULL;
    }
    if (!token.p) {
        fr_authorization_warn_of_query(who);
        return FR_OK;
    }
    if (!fr_utf8_valid(token))
        return fr_fail(who, FR_EAUTH,
                       "Invalid token header. Token string should not contain invalid characters.");
    FR_TRY(user_of(who->ctx, token, &user));
    if (!user)
        return fr_fail(who, FR_EAUTH, "Invalid token.");
    if (!fr_user_is_active(user))
        return fr_fail(who, FR_EAUTH, "User inactive or deleted.");
    fr_asking_of(who)->shown = token;
    fr_asking_of(who)->is_row = true;
    fr_asker_knows(who, user);
    return FR_OK;
}

/* ---- who was let in by a proxy ---- */

/* What a proxy says is believed of one that --trust-proxy names; what anybody else says is nothing. */
static fr_err find_remote_user(fr_asker *who, const fr_authenticator *self)
{
    const fr_req *req = fr_asking_of(who)->req;
    const fr_user *user;
    (void)self;
    fr_str name =
        req && fr_req_is_of_proxy(req) ? fr_asker_header(who, FR_STR("remote-user")) : (fr_str){0};
    if (!name.n)
        return FR_OK;
    FR_TRY(fr_user_by_name(who->ctx, name, &user));
    if (user && fr_user_is_active(user))
        fr_asker_knows(who, user);
    return FR_OK;
}

const fr_authenticator fr_token_auth = {
    .name = "TokenAuthentication", .find = fr_find_token, .keyword = "Token"};
const fr_authenticator fr_remote_user_auth = {.name = "RemoteUserAuthentication",
                                              .find = find_remote_user};
