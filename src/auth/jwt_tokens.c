/* See jwt_tokens.h. */
#include "auth/jwt_tokens.h"

#include <stdio.h>
#include <string.h>

#include "auth/jwt_given_up.h"
#include "auth/jwt_keys.h"
#include "auth/user.h"
#include "base/str.h"
#include "base/time.h"

enum { ACCESS_S = 300, REFRESH_S = 86400, LEEWAY_S = 30 };

static const char *const TYPES[] = {"access", "refresh", "sliding", NULL};
static fr_jwt settings;

/* ---- settings ---- */

fr_err fr_jwts_start(const fr_jwt *given, const fr_secrets *secrets, char error[512])
{
    settings = given ? *given : (fr_jwt){0};
    fr_jwt *s = &settings;
    if (!s->algorithm)
        s->algorithm = "HS256";
    if (!s->user_claim)
        s->user_claim = "user_id";
    if (!s->access_s)
        s->access_s = ACCESS_S;
    if (!s->refresh_s)
        s->refresh_s = REFRESH_S;
    if (!s->leeway_s)
        s->leeway_s = LEEWAY_S;
    fr_jwt_alg alg = fr_jwt_alg_of(fr_str_c(s->algorithm));
    if (alg < FR_JWT_HS256 || alg > FR_JWT_HS512) {
        snprintf(error, 512,
                 "jwt.algorithm \"%.40s\": HS256, HS384 or HS512; those of other keys follow from "
                 "the keys (.keys)",
                 s->algorithm);
        return FR_EINVAL;
    }
    return fr_jwt_keys_open(&(fr_jwt_key_source){.file = s->keys, .alg = alg, .secrets = secrets},
                            error);
}

void fr_jwts_stop(void)
{
    fr_jwt_keys_close();
}

const fr_jwt *fr_jwts_get(void)
{
    return &settings;
}

static int64_t now_s(void)
{
    return fr_time_now() / 1000000;
}

/* ---- judging ---- */

static fr_str text_of(const fr_json *claims, const char *name)
{
    const fr_json *value = fr_json_get(claims, fr_str_c(name));
    return !value                          ? (fr_str){0}
           : value->type == FR_JSON_STRING ? value->text
           : value->type == FR_JSON_NUMBER ? value->raw
                                           : (fr_str){0};
}

static fr_err read_token(fr_ctx *ctx, fr_str token, fr_json *claims, const char **fault)
{
    fr_jwt_fault found;
    const fr_jwt_rules rules = {.now_s = now_s(),
                                .leeway_s = settings.leeway_s,
                                .issuer = settings.issuer,
                                .audience = settings.audience};
    const fr_jwt_keys *keys = fr_jwt_keys_hold();
    fr_err err = fr_jwt_read(keys, &rules, ctx->arena, token, claims, &found);
    fr_jwt_keys_let_go(keys);
    *fault = found == FR_JWT_GOOD      ? NULL
             : found == FR_JWT_EXPIRED ? "Token is expired"
                                       : "Token is invalid";
    return err;
}

/* What a token of ours has to say of itself. */
static const char *missing(const fr_json *claims, fr_jwt_type type)
{
    if (!fr_json_get(claims, FR_STR("exp")))
        return "Token has no 'exp' claim";
    if (!text_of(claims, "jti").p)
        return "Token has no id";
    if (type == FR_JWT_ANY)
        return NULL;
    if (!fr_json_get(claims, FR_STR("token_type")))
        return "Token has no type";
    return fr_str_eq(text_of(claims, "token_type"), fr_str_c(TYPES[type])) ? NULL
                                                                           : "Token has wrong type";
}

fr_err fr_jwt_is_given_up(fr_ctx *ctx, const fr_json *claims, bool *out)
{
    fr_str jti = text_of(claims, "jti");
    *out = false;
    return jti.p ? fr_jwt_given_up_has(ctx, jti, out) : FR_OK;
}

fr_err fr_jwt_open(fr_ctx *ctx, fr_jwt_type type, fr_str token, fr_json *claims, const char **fault)
{
    bool is_given_up = false;
    FR_TRY(read_token(ctx, token, claims, fault));
    if (*fault)
        return FR_OK;
    if (type == FR_JWT_REFRESH || type == FR_JWT_SLIDING)
        FR_TRY(fr_jwt_is_given_up(ctx, claims, &is_given_up));
    *fault = is_given_up ? "Token is blacklisted" : missing(claims, type);
    return FR_OK;
}

fr_err fr_jwt_user(fr_ctx *ctx, const fr_json *claims, const fr_user **out, bool *has_claim)
{
    fr_value key;
    fr_str id = text_of(claims, settings.user_claim);
    *out = NULL;
    *has_claim = fr_json_get(claims, fr_str_c(settings.user_claim)) != NULL;
    return id.p && fr_user_key_from(ctx, id, &key) ? fr_user_by_key(ctx, key, out) : FR_OK;
}

/* ---- making ---- */

/* A claim, as JSON; p NULL: it is left out. */
typedef struct claim {
    const char *name;
    fr_str json;
} claim;

static fr_str number(fr_ctx *ctx, int64_t value)
{
    return fr_arena_printf(ctx->arena, "%lld", (long long)value);
}

static fr_str new_jti(fr_ctx *ctx)
{
    char hex[32];
    return fr_arena_printf(ctx->arena, "\"%.*s\"", (int)fr_uuid_hex(fr_uuid_new(), hex), hex);
}

static fr_str quoted(fr_ctx *ctx, fr_str text)
{
    fr_buf buf;
    fr_buf_init(&buf);
    fr_json_put_str(&buf, text);
    fr_str json = buf.has_failed ? (fr_str){0} : fr_str_dup(ctx->arena, fr_buf_str(&buf));
    fr_buf_deinit(&buf);
    return json;
}

static const claim *find(const claim *claims, fr_str name)
{
    while (claims->name && !fr_str_eq(fr_str_c(claims->name), name))
        claims++;
    return claims->name ? claims : NULL;
}

static void put(fr_buf *out, fr_str name, fr_str json)
{
    fr_buf_put_char(out, out->n ? ',' : '{');
    fr_json_put_str(out, name);
    fr_buf_put_char(out, ':');
    fr_buf_put(out, json);
}

/* The claims of `first`, then those of `from` that are not among them (NULL: none), with some changed in their place. */
static fr_err put_claims(fr_ctx *ctx, const claim *first, const fr_json *from, const claim *changed,
                         fr_str *out)
{
    fr_buf buf;
    fr_buf_init(&buf);
    for (const claim *at = first; at->name; at++)
        put(&buf, fr_str_c(at->name), at->json);
    for (size_t i = 0; from && i < from->count; i++) {
        const claim *other = find(changed, from->keys[i]);
        fr_str json = other ? other->json : from->items[i].raw;
        if (json.p && !find(first, from->keys[i]))
            put(&buf, from->keys[i], json);
    }
    fr_buf_put_char(&buf, '}');
    *out = buf.has_failed ? (fr_str){0} : fr_str_dup(ctx->arena, fr_buf_str(&buf));
    fr_buf_deinit(&buf);
    return out->p ? FR_OK : FR_ENOMEM;
}

static bool are_made(const claim *claims)
{
    while (claims->name && claims->json.p)
        claims++;
    return !claims->name;
}

static fr_err sign(fr_ctx *ctx, fr_str claims, fr_str *token)
{
    const fr_jwt_keys *keys = fr_jwt_keys_hold();
    fr_err err = fr_jwt_make(keys, ctx->arena, claims, token);
    fr_jwt_keys_let_go(keys);
    if (err == FR_EINTERNAL)
        return fr_fail(ctx, err, "There is no key to sign with: jwt.keys needs a private one.");
    return err;
}

/* A token of a user; its claims are there as JSON, too. */
static fr_err make_new(fr_ctx *ctx, fr_jwt_type type, const fr_user *user, fr_json *claims,
                       fr_str *token)
{
    int64_t now = now_s();
    fr_str json, id = fr_user_key_text(ctx, user);
    if (!id.p)
        return FR_ENOMEM;
    claim all[9], *at = all;
    *at++ = (claim){"token_type", quoted(ctx, fr_str_c(TYPES[type]))};
    *at++ = (claim){"exp", number(ctx, now + (type == FR_JWT_REFRESH ? settings.refresh_s
                                                                     : settings.access_s))};
    *at++ = (claim){"iat", number(ctx, now)};
    *at++ = (claim){"jti", new_jti(ctx)};
    if (type == FR_JWT_SLIDING)
        *at++ = (claim){"refresh_exp", number(ctx, now + settings.refresh_s)};
    *at++ = (claim){settings.user_claim, quoted(ctx, id)};
    if (settings.audience)
        *at++ = (claim){"aud", quoted(ctx, fr_str_c(settings.audience))};
    if (settings.issuer)
        *at++ = (claim){"iss", quoted(ctx, fr_str_c(settings.issuer))};
    *at = (claim){0};
    if (!are_made(all))
        return FR_ENOMEM;
    FR_TRY(put_claims(ctx, all, NULL, all, &json));
    FR_TRY(fr_json_parse(ctx->arena, json, claims, NULL));
    return sign(ctx, json, token);
}

/* A token that can be given up is noted, with whose it is and when it ends. */
static fr_err note(fr_ctx *ctx, fr_str token, const fr_json *claims, const fr_user *user)
{
    int64_t ends = 0;
    fr_jwt_seconds(claims, "exp", &ends);
    return fr_jwt_given_up_note(ctx, &(fr_jwt_noted){.token = token,
                                                     .jti = text_of(claims, "jti"),
                                                     .user = user,
                                                     .expires = ends * 1000000});
}

fr_err fr_jwt_access_of(fr_ctx *ctx, const fr_json *refresh, fr_str *access)
{
    fr_str json;
    int64_t now = now_s();
    const claim first[] = {{"token_type", FR_STR("\"access\"")},
                           {"exp", number(ctx, now + settings.access_s)},
                           {"iat", number(ctx, now)},
                           {"jti", new_jti(ctx)},
                           {0}};
    if (!are_made(first))
        return FR_ENOMEM;
    FR_TRY(put_claims(ctx, first, refresh, first, &json));
    return sign(ctx, json, access);
}

fr_err fr_jwt_pair_new(fr_ctx *ctx, const fr_user *user, fr_str *refresh, fr_str *access)
{
    fr_json claims;
    FR_TRY(make_new(ctx, FR_JWT_REFRESH, user, &claims, refresh));
    FR_TRY(fr_jwt_access_of(ctx, &claims, access));
    return note(ctx, *refresh, &claims, user);
}

fr_err fr_jwt_sliding_new(fr_ctx *ctx, const fr_user *user, fr_str *token)
{
    fr_json claims;
    FR_TRY(make_new(ctx, FR_JWT_SLIDING, user, &claims, token));
    return note(ctx, *token, &claims, user);
}

/* The claims of a token with other times and, if jti.p is there, another name. */
static fr_err renew(fr_ctx *ctx, const fr_json *claims, int64_t lasts_s, fr_str jti, fr_str *json)
{
    const claim none[] = {{0}};
    int64_t now = now_s();
    const claim changed[] = {{"exp", number(ctx, now + lasts_s)},
                             {"iat", number(ctx, now)},
                             {jti.p ? "jti" : NULL, jti},
                             {0}};
    return are_made(changed) ? put_claims(ctx, none, claims, changed, json) : FR_ENOMEM;
}

fr_err fr_jwt_rotate(fr_ctx *ctx, const fr_json *refresh, fr_str *token)
{
    fr_str json, jti = new_jti(ctx);
    fr_json claims;
    bool has_claim;
    const fr_user *user;
    if (!jti.p)
        return FR_ENOMEM;
    FR_TRY(renew(ctx, refresh, settings.refresh_s, jti, &json));
    FR_TRY(fr_json_parse(ctx->arena, json, &claims, NULL));
    FR_TRY(sign(ctx, json, token));
    FR_TRY(fr_jwt_user(ctx, &claims, &user, &has_claim));
    return note(ctx, *token, &claims, user);
}

fr_err fr_jwt_slide(fr_ctx *ctx, const fr_json *sliding, fr_str *token, const char **fault)
{
    int64_t until;
    fr_str json;
    *fault = NULL;
    if (!fr_jwt_seconds(sliding, "refresh_exp", &until))
        *fault = "Token has no 'refresh_exp' claim";
    else if (until <= now_s() - settings.leeway_s)
        *fault = "Token 'refresh_exp' claim has expired";
    if (*fault)
        return FR_OK;
    FR_TRY(renew(ctx, sliding, settings.access_s, (fr_str){0}, &json));
    return sign(ctx, json, token);
}

fr_err fr_jwt_give_up(fr_ctx *ctx, fr_str token, const fr_json *claims)
{
    int64_t ends = 0;
    bool has_claim;
    const fr_user *user;
    fr_jwt_seconds(claims, "exp", &ends);
    FR_TRY(fr_jwt_user(ctx, claims, &user, &has_claim));
    return fr_jwt_given_up_add(ctx, &(fr_jwt_noted){.token = token,
                                                    .jti = text_of(claims, "jti"),
                                                    .user = user,
                                                    .expires = ends * 1000000});
}
