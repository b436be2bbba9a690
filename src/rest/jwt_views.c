/* The views of djangorestframework-simplejwt 5.5; FR_JWT_PAIR and its kin are their routes. */
#include <freshet/rest.h>

#include <openssl/crypto.h>

#include "auth/jwt_tokens.h"
#include "auth/login.h"
#include "auth/user.h"
#include "auth/users.h"
#include "base/json.h"
#include "base/str.h"

#define INVALID "token_not_valid"
#define NO_ACCOUNT "No active account found with the given credentials"
#define NO_ACCOUNT_OF_TOKEN "No active account found for the given token."
#define GIVEN_UP "{\"non_field_errors\":[\"Token is blacklisted\"]}"

static const fr_field USERNAME = {.name = "username", .kind = FR_KIND_TEXT};
static const fr_field PASSWORD = {.name = "password", .kind = FR_KIND_TEXT};
static const fr_field REFRESH = {.name = "refresh", .kind = FR_KIND_TEXT};
static const fr_field ACCESS = {.name = "access", .kind = FR_KIND_TEXT, .read_only = true};
static const fr_field TOKEN = {.name = "token", .kind = FR_KIND_TEXT};

const fr_serializer fr_jwt_credentials_ = {
    .declared = FR_DECLARED({"username", .input = &USERNAME}, {"password", .input = &PASSWORD})};
const fr_serializer fr_jwt_refresh_ = {.declared = FR_DECLARED({"refresh", .input = &REFRESH})};
const fr_serializer fr_jwt_access_ = {
    .declared = FR_DECLARED({"refresh", .input = &REFRESH}, {"access", .input = &ACCESS})};
const fr_serializer fr_jwt_token_ = {.declared = FR_DECLARED({"token", .input = &TOKEN})};

/* ---- answers ---- */

static fr_err challenge(fr_req *req)
{
    return fr_reply_header(req, FR_STR("WWW-Authenticate"), FR_STR("Bearer realm=\"api\""));
}

static fr_err refuse_token(fr_req *req, const char *fault)
{
    FR_TRY(challenge(req));
    return fr_reply_object(req, 401, "{detail:%s,code:%s}", fault, INVALID);
}

static fr_err refuse_user(fr_req *req, const char *why)
{
    FR_TRY(challenge(req));
    return fr_reply_object(req, 401, "{detail:%s}", why);
}

/* ---- what the body says ---- */

static fr_err read_body(fr_req *req, fr_json *out)
{
    fr_str json;
    if (!fr_users_get())
        return fr_fail(req, FR_EUNSUPPORTED, "There are no users here.");
    FR_TRY(fr_read_data(req, &json));
    return fr_json_parse(req->ctx->arena, json, out, NULL);
}

static fr_str text_of(const fr_json *body, const char *name)
{
    const fr_json *value = fr_json_get(body, fr_str_c(name));
    return value ? value->text : (fr_str){0};
}

/* The token of the body, of this type. *fault: as fr_jwt_open has it. */
static fr_err read_token(fr_req *req, const char *name, fr_jwt_type type, fr_str *token,
                         fr_json *claims, const char **fault)
{
    fr_json body;
    FR_TRY(read_body(req, &body));
    *token = text_of(&body, name);
    return fr_jwt_open(req->ctx, type, *token, claims, fault);
}

/* Whose name and password the body has; NULL: nobody's. */
static fr_err read_user(fr_req *req, const fr_user **user)
{
    fr_json body;
    FR_TRY(read_body(req, &body));
    fr_str password = text_of(&body, "password");
    fr_err err = fr_login_told(
        req, fr_user_authenticate(req->ctx, text_of(&body, "username"), password, user));
    OPENSSL_cleanse((char *)(uintptr_t)password.p, password.n);
    if (err == FR_OK && *user && fr_jwts_get()->notes_login)
        fr_user_note_login(req->ctx, *user);
    return err;
}

/* ---- new tokens ---- */

fr_err fr_jwt_pair_view(fr_req *req)
{
    const fr_user *user;
    fr_str refresh, access;
    FR_TRY(read_user(req, &user));
    if (!user)
        return refuse_user(req, NO_ACCOUNT);
    FR_TRY(fr_jwt_pair_new(req->ctx, user, &refresh, &access));
    return fr_reply_object(req, 200, "{refresh:%S,access:%S}", refresh, access);
}

fr_err fr_jwt_sliding_view(fr_req *req)
{
    const fr_user *user;
    fr_str token;
    FR_TRY(read_user(req, &user));
    if (!user)
        return refuse_user(req, NO_ACCOUNT);
    FR_TRY(fr_jwt_sliding_new(req->ctx, user, &token));
    return fr_reply_object(req, 200, "{token:%S}", token);
}

/* ---- other ones for those that are there ---- */

/* A token that names nobody may be refreshed, as in Simple JWT. */
static fr_err has_account(fr_req *req, const fr_json *claims, bool *out)
{
    bool has_claim;
    const fr_user *user;
    FR_TRY(fr_jwt_user(req->ctx, claims, &user, &has_claim));
    *out = !has_claim || (user && fr_user_is_active(user));
    return FR_OK;
}

static fr_err rotate(fr_req *req, fr_str old, const fr_json *claims, fr_str access)
{
    fr_str refresh;
    if (fr_jwts_get()->gives_up)
        FR_TRY(fr_jwt_give_up(req->ctx, old, claims));
    FR_TRY(fr_jwt_rotate(req->ctx, claims, &refresh));
    return fr_reply_object(req, 200, "{access:%S,refresh:%S}", access, refresh);
}

fr_err fr_jwt_refresh_view(fr_req *req)
{
    fr_json claims;
    fr_str token, access;
    const char *fault;
    bool is_somebody;
    FR_TRY(read_token(req, "refresh", FR_JWT_REFRESH, &token, &claims, &fault));
    if (fault)
        return refuse_token(req, fault);
    FR_TRY(has_account(req, &claims, &is_somebody));
    if (!is_somebody)
        return refuse_user(req, NO_ACCOUNT_OF_TOKEN);
    FR_TRY(fr_jwt_access_of(req->ctx, &claims, &access));
    if (fr_jwts_get()->rotates)
        return rotate(req, token, &claims, access);
    return fr_reply_object(req, 200, "{access:%S}", access);
}

fr_err fr_jwt_slide_view(fr_req *req)
{
    fr_json claims;
    fr_str token, next;
    const char *fault;
    FR_TRY(read_token(req, "token", FR_JWT_SLIDING, &token, &claims, &fault));
    if (!fault)
        FR_TRY(fr_jwt_slide(req->ctx, &claims, &next, &fault));
    return fault ? refuse_token(req, fault) : fr_reply_object(req, 200, "{token:%S}", next);
}

/* ---- looking at them, and giving them up ---- */

fr_err fr_jwt_verify_view(fr_req *req)
{
    fr_json claims;
    fr_str token;
    const char *fault;
    bool is_given_up = false;
    FR_TRY(read_token(req, "token", FR_JWT_ANY, &token, &claims, &fault));
    if (fault)
        return refuse_token(req, fault);
    if (fr_jwts_get()->gives_up)
        FR_TRY(fr_jwt_is_given_up(req->ctx, &claims, &is_given_up));
    return is_given_up ? fr_reply_data(req, 400, FR_STR(GIVEN_UP))
                       : fr_reply_data(req, 200, FR_STR("{}"));
}

fr_err fr_jwt_blacklist_view(fr_req *req)
{
    fr_json claims;
    fr_str token;
    const char *fault;
    FR_TRY(read_token(req, "refresh", FR_JWT_REFRESH, &token, &claims, &fault));
    if (fault)
        return refuse_token(req, fault);
    FR_TRY(fr_jwt_give_up(req->ctx, token, &claims));
    return fr_reply_data(req, 200, FR_STR("{}"));
}
