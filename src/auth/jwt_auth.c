/* Simple JWT's JWTAuthentication: Authorization: Bearer <token>. */
#include "auth/asker.h"
#include "auth/authorization.h"
#include "auth/jwt_seen.h"
#include "auth/jwt_tokens.h"
#include "auth/user.h"
#include "base/str.h"
#include "base/time.h"

/* ---- refusals ---- */

#define BODY(text, code) FR_STR("{\"detail\":\"" text "\",\"code\":\"" code "\"}")

static fr_err refuse_token(fr_asker *who, const char *fault)
{
    fr_str body = fr_arena_printf(
        who->ctx->arena,
        "{\"detail\":\"Given token not valid for any token type\",\"code\":\"token_not_valid\","
        "\"messages\":[{\"token_class\":\"AccessToken\",\"token_type\":\"access\",\"message\":"
        "\"%s\"}]}",
        fault);
    return body.p ? fr_asker_refuse(who, FR_EAUTH, body) : FR_ENOMEM;
}

/* ---- the way in ---- */

/* A socket that it opens ends with it; one that it opens within the leeway behind that, with the leeway. */
static fr_time end_of(const fr_json *claims)
{
    int64_t exp, now = fr_time_now() / 1000000;
    if (!fr_jwt_seconds(claims, "exp", &exp))
        return 0;
    return (exp > now ? exp : exp + fr_jwts_get()->leeway_s) * 1000000;
}

static void tell(fr_asker *who, fr_str token, const fr_json *claims, const fr_user *user)
{
    fr_asking *asking = fr_asking_of(who);
    asking->shown = token;
    asking->claims = claims;
    asking->ends = end_of(claims);
    fr_asker_knows(who, user);
}

static fr_err find_user(fr_asker *who, fr_str token, const fr_json *claims)
{
    bool has_claim;
    const fr_user *user;
    FR_TRY(fr_jwt_user(who->ctx, claims, &user, &has_claim));
    if (!has_claim)
        return fr_asker_refuse(
            who, FR_EAUTH,
            BODY("Token contained no recognizable user identification", "token_not_valid"));
    if (!user)
        return fr_asker_refuse(who, FR_EAUTH, BODY("User not found", "user_not_found"));
    if (!fr_user_is_active(user))
        return fr_asker_refuse(who, FR_EAUTH, BODY("User is inactive", "user_inactive"));
    tell(who, token, claims, user);
    fr_jwt_seen_keep(who->ctx, token, claims);
    return FR_OK;
}

static fr_err find(fr_asker *who, const fr_authenticator *self)
{
    const char *fault;
    fr_str rest = fr_asker_header(who, FR_STR("authorization"));
    if (!rest.p)
        fr_authorization_warn_of_query(who);
    if (!rest.p || !fr_str_eq(fr_authorization_word(&rest), fr_str_c(self->keyword)))
        return FR_OK;
    fr_str token = fr_authorization_word(&rest);
    if (!token.n || fr_authorization_word(&rest).n)
        return fr_asker_refuse(who, FR_EAUTH,
                               BODY("Authorization header must contain two space-delimited values",
                                    "bad_authorization_header"));
    const fr_json *seen;
    const fr_user *user;
    if (fr_jwt_seen_find(who->ctx, token, &seen, &user)) {
        tell(who, token, seen, user);
        return FR_OK;
    }
    fr_json *claims = fr_arena_alloc(who->ctx->arena, sizeof *claims);
    if (!claims)
        return FR_ENOMEM;
    FR_TRY(fr_jwt_open(who->ctx, FR_JWT_ACCESS, token, claims, &fault));
    return fault ? refuse_token(who, fault) : find_user(who, token, claims);
}

const fr_authenticator fr_jwt_auth = {
    .name = "JWTAuthentication", .find = find, .keyword = "Bearer", .realm = "api"};

/* ---- what handlers ask ---- */

fr_str fr_claim_of_(fr_ctx *ctx, fr_str name)
{
    const fr_json *claims = ctx->asker ? fr_asking_of(ctx->asker)->claims : NULL;
    const fr_json *value = claims ? fr_json_get(claims, name) : NULL;
    return !value ? (fr_str){0} : value->type == FR_JSON_STRING ? value->text : value->raw;
}
