/* Who asks: logins of the tracker and of the desk, views that tell whose they are, JSON Web Tokens. */
#include "tracker.h"

#include <stdlib.h>

static fr_err session_login(fr_req *req)
{
    const fr_user *who;
    FR_TRY(fr_authenticate(req, fr_req_json(req, "username"), fr_req_json(req, "password"), &who));
    if (!who)
        return fr_reply_object(req, 400, "{detail:%s}", "Wrong credentials.");
    FR_TRY(fr_login(req, who));
    return fr_reply_object(req, 200, "{username:%S}", who->username);
}

static fr_err session_logout(fr_req *req)
{
    FR_TRY(fr_logout(req));
    return fr_reply_data(req, 204, (fr_str){0});
}

/* A login with a chosen age of the session: {"username", "password", "age": seconds or null}. */
static fr_err remember(fr_req *req)
{
    const fr_user *who;
    bool closes;
    FR_TRY(fr_authenticate(req, fr_req_json(req, "username"), fr_req_json(req, "password"), &who));
    if (!who)
        return fr_fail(req, FR_EAUTH, "Wrong credentials.");
    FR_TRY(fr_login(req, who));
    fr_str age = fr_req_json(req, "age");
    FR_TRY(fr_session_expire(req, age.p && !fr_str_eq(age, FR_STR("null")) ? atoll(age.p) : -1));
    FR_TRY(fr_session_closes(req, &closes));
    return fr_reply_object(req, 200, "{username:%S,closes:%b}", who->username, closes);
}

/* ---- who asks ---- */

/* Nobody has an empty one, as Django's AnonymousUser. */
static fr_str name_of(fr_req *req)
{
    const fr_user *who = fr_user_of(req);
    return who ? who->username : FR_STR("");
}

static fr_err tell_data(fr_req *req)
{
    return fr_reply_object(req, 200, "{username:%S,data:%J}", name_of(req), fr_req_json(req, NULL));
}

static fr_err who_am_i(fr_req *req)
{
    if (!fr_is_safe(req))
        return tell_data(req);
    return fr_reply_object(req, 200, "{username:%S,by:%S}", name_of(req), fr_authenticated_by(req));
}

static fr_err who_has_a_session(fr_req *req)
{
    if (!fr_is_safe(req))
        return tell_data(req);
    return fr_reply_object(req, 200, "{username:%S,auth:%s}", name_of(req), "None");
}

static fr_err who_has_a_jwt(fr_req *req)
{
    if (!fr_is_safe(req))
        return tell_data(req);
    return fr_reply_object(req, 200, "{username:%S,type:%S}", name_of(req),
                           fr_claim_of(req, FR_STR("token_type")));
}

/* ---- routes ---- */

#define KNOWN                                                                                      \
    .methods = "GET,POST", .api = true, .permissions = FR_PERMISSIONS(&fr_is_authenticated)

const fr_route session_routes[] = {
    {"login/", .handler = session_login, .name = "Session Login", .methods = "POST", .api = true,
     .description =
         "Starts a session cookie from a JSON body; measured clients and the corpus use it.",
     .authentication = FR_NOBODY},
    {"logout/", .handler = session_logout, .name = "Session Logout", .methods = "POST",
     .api = true},
    {"whoami/", .handler = who_am_i, .name = "Who Am I", KNOWN},
    {0},
};

const fr_route desk_users_routes[] = {
    {"session/", .handler = who_has_a_session, .name = "Session Only", KNOWN,
     .authentication = FR_AUTHENTICATORS(&fr_session_auth)},
    {"jwt/", .handler = who_has_a_jwt, .name = "Jwt Only", KNOWN,
     .authentication = FR_AUTHENTICATORS(&fr_jwt_auth)},
    {"remember/",
     .description =
         "Login with a chosen session age: {\"username\", \"password\", \"age\": seconds or null}.",
     .handler = remember, .methods = "POST", .api = true, .authentication = FR_NOBODY},
    {0},
};

const fr_route jwt_routes[] = {
    FR_JWT_PAIR("token/", .description =
                              "Takes a set of user credentials and returns an access and refresh "
                              "JSON web\ntoken pair to prove the authentication of those "
                              "credentials."),
    FR_JWT_REFRESH("refresh/", .description = "Takes a refresh type JSON web token and returns an "
                                              "access type JSON web\ntoken if the refresh token is "
                                              "valid."),
    FR_JWT_VERIFY("verify/", .description =
                                 "Takes a token and indicates if it is valid.  This view "
                                 "provides no\ninformation about a token's fitness for "
                                 "a particular use."),
    FR_JWT_BLACKLIST("blacklist/", .description =
                                       "Takes a token and blacklists it. Must be used with the\n"
                                       "`rest_framework_simplejwt.token_blacklist` app installed."),
    FR_JWT_SLIDING("sliding/", .description =
                                   "Takes a set of user credentials and returns a sliding "
                                   "JSON web token to\nprove the authentication of those "
                                   "credentials."),
    FR_JWT_SLIDE("sliding/refresh/", .description =
                                         "Takes a sliding JSON web token and returns a new, "
                                         "refreshed version if the\ntoken's refresh "
                                         "period has not expired."),
    {0},
};
