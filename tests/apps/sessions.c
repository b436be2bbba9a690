/* A program whose users log in by sessions, for tests/system/test_sessions.py. */
#include <freshet.h>

static fr_err login(fr_req *req)
{
    const fr_user *user;
    FR_TRY(fr_authenticate(req, fr_req_json(req, "username"), fr_req_json(req, "password"), &user));
    if (!user)
        return fr_reply_object(req, 400, "{detail:%s}", "Wrong credentials.");
    FR_TRY(fr_login(req, user));
    return fr_reply_object(req, 200, "{username:%S}", user->username);
}

static fr_err logout(fr_req *req)
{
    FR_TRY(fr_logout(req));
    return fr_reply_data(req, 204, (fr_str){0});
}

static fr_err who(fr_req *req)
{
    const fr_user *user = fr_user_of(req);
    return fr_reply_object(req, 200, "{username:%S}", user ? user->username : FR_STR(""));
}

/* GET reads what POST has put. */
static fr_err box(fr_req *req)
{
    fr_str json;
    if (!fr_is_safe(req))
        FR_TRY(fr_session_set(req, FR_STR("box"), fr_req_json(req, NULL)));
    FR_TRY(fr_session_get(req, FR_STR("box"), &json));
    return fr_reply_object(req, 200, "{box:%J}", json.p ? json : FR_STR("null"));
}

static fr_err token(fr_req *req)
{
    return fr_reply_object(req, 200, "{token:%S}", fr_csrf_token(req));
}

#define POSTS .methods = "GET,POST", .api = true

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){.name = "sessions",
                             .authentication = FR_AUTHENTICATORS(&fr_session_auth, &fr_jwt_auth),
                             .http = FR_ROUTES(
                                 {"login/", .handler = login, .methods = "POST", .api = true,
                                  .authentication = FR_NOBODY},
                                 {"logout/", .handler = logout, .methods = "POST", .api = true},
                                 {"who/", .handler = who, POSTS}, {"box/", .handler = box, POSTS},
                                 {"token/", .handler = token, POSTS},
                                 {"page/login/", .handler = fr_login_page, .methods = "GET,POST"},
                                 {"page/logout/", .handler = fr_logout_page, .methods = "POST"},
                                 FR_CHANGE_PASSWORD("password/"), FR_JWT_PAIR("jwt/pair/"),
                                 FR_JWT_REFRESH("jwt/refresh/"), FR_JWT_VERIFY("jwt/verify/"),
                                 FR_JWT_BLACKLIST("jwt/blacklist/"), FR_JWT_SLIDING("jwt/sliding/"),
                                 FR_JWT_SLIDE("jwt/slide/"))});
}
