/* A program whose users log in by sessions, for tests/system/test_sessions.py, test_secrets.py and test_storm.py. */
#include <stdlib.h>

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

/* ---- sockets: ?as=NAME logs in by the handshake; each message is answered by who it is of, and by what the session holds ---- */

static fr_err log_in(fr_sock *sock, fr_str name)
{
    const fr_user *named;
    FR_TRY(fr_user_named(sock, name, &named));
    return fr_login(sock, named);
}

static fr_err enter(fr_sock *sock)
{
    fr_str name = fr_sock_query(sock, FR_STR("as"));
    if (name.p)
        FR_TRY(log_in(sock, name));
    return fr_accept(sock);
}

static fr_err talk(fr_sock *sock, fr_str text)
{
    fr_str value, box;
    if (fr_json_member(sock, text, FR_STR("login"), &value) == FR_OK)
        FR_TRY(log_in(sock, value));
    if (fr_json_member(sock, text, FR_STR("logout"), &value) == FR_OK)
        FR_TRY(fr_logout(sock));
    if (fr_json_member(sock, text, FR_STR("put"), &value) == FR_OK)
        FR_TRY(fr_session_set(sock, FR_STR("box"), value));
    FR_TRY(fr_session_get(sock, FR_STR("box"), &box));
    const fr_user *user = fr_user_of(sock);
    return fr_send(sock,
                   fr_json_object(sock, "{user:%S,box:%J}", user ? user->username : FR_STR(""),
                                  box.p ? box : FR_STR("null")));
}
static const fr_consumer talking = {.connect = enter, .receive = talk};

/* Whoever is known. */
static const fr_viewset users = {.model = &fr_user_model,
                                 .permissions = FR_PERMISSIONS(&fr_is_authenticated)};

static fr_err revoke(fr_req *req)
{
    FR_TRY(fr_token_revoke(req, fr_user_of(req)));
    return fr_reply_data(req, 204, (fr_str){0});
}

static fr_err greet(fr_sock *sock)
{
    FR_TRY(fr_accept(sock));
    return fr_send(sock, fr_user_of(sock)->username);
}

static const fr_consumer greeting = {.connect = greet,
                                     .permissions = FR_PERMISSIONS(&fr_is_authenticated)};

#define POSTS .methods = "GET,POST", .api = true

int main(int argc, char **argv)
{
    return fr_main(
        argc, argv,
        &(fr_app){
            .name = "sessions",
            .authentication = FR_AUTHENTICATORS(&fr_session_auth, &fr_jwt_auth, &fr_token_auth),
            .failed_logins = getenv("FAILED_LOGINS"),
            .http = FR_ROUTES({"login/", .handler = login, .methods = "POST", .api = true,
                               .authentication = FR_NOBODY},
                              {"logout/", .handler = logout, .methods = "POST", .api = true},
                              {"who/", .handler = who, POSTS}, {"box/", .handler = box, POSTS},
                              {"token/", .handler = token, POSTS},
                              {"ticket/", .handler = fr_ws_ticket, .methods = "POST", .api = true},
                              {"users/", .viewset = &users},
                              {"page/login/", .handler = fr_login_page, .methods = "GET,POST"},
                              {"page/logout/", .handler = fr_logout_page, .methods = "POST"},
                              FR_OBTAIN_TOKEN("obtain/"), FR_CHANGE_PASSWORD("password/"),
                              {"revoke/", .handler = revoke, .methods = "POST", .api = true,
                               .permissions = FR_PERMISSIONS(&fr_is_authenticated)},
                              FR_JWT_PAIR("jwt/pair/"), FR_JWT_REFRESH("jwt/refresh/"),
                              FR_JWT_VERIFY("jwt/verify/"), FR_JWT_BLACKLIST("jwt/blacklist/"),
                              FR_JWT_SLIDING("jwt/sliding/"), FR_JWT_SLIDE("jwt/slide/")),
            .websocket =
                FR_ROUTES({"ws/talk/", .consumer = &talking}, {"ws/who/", .consumer = &greeting})});
}
