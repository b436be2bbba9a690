/* See jwt.h. */
#include "auth/jwt.h"

#include <math.h>

#include "auth/signing.h"
#include "base/str.h"

/* ---- parts ---- */

typedef struct parts {
    fr_str header, claims, signature; /* in base64url */
    fr_str signed_;                   /* header and claims with the dot between */
} parts;

static bool split(fr_str token, parts *out)
{
    fr_str rest = fr_str_cut(token, '.', &out->header);
    size_t before = token.n - rest.n;
    out->signature = fr_str_cut(rest, '.', &out->claims);
    out->signed_ = (fr_str){token.p, before + out->claims.n};
    /* two dots and no more */
    return out->header.n < token.n && out->signed_.n < token.n &&
           fr_str_find_char(out->signature, '.') == SIZE_MAX && out->signature.n;
}

/* Base64url with a JSON object in it. */
static fr_err read_object(fr_arena *arena, fr_str text, fr_json *out, bool *is_one)
{
    fr_str json;
    *is_one = false;
    fr_err err = fr_base64url_decode(arena, text, &json);
    if (err == FR_OK)
        err = fr_json_parse(arena, json, out, NULL);
    if (err == FR_ENOMEM)
        return err;
    *is_one = err == FR_OK && out->type == FR_JSON_OBJECT;
    return FR_OK;
}

static fr_str text_of(const fr_json *object, const char *name)
{
    const fr_json *value = fr_json_get(object, fr_str_c(name));
    return value && value->type == FR_JSON_STRING ? value->text : (fr_str){0};
}

/* ---- the signature ---- */

static bool is_text_or_absent(const fr_json *object, const char *name)
{
    const fr_json *value = fr_json_get(object, fr_str_c(name));
    return !value || value->type == FR_JSON_STRING;
}

/* Members that a reader must understand (crit) are none that we do. Where a key is to be had (jku, x5u, jwk) is ours to know. */
static bool is_understood(const fr_json *header)
{
    return !fr_json_get(header, FR_STR("crit")) && !fr_json_get(header, FR_STR("b64")) &&
           is_text_or_absent(header, "kid");
}

/* A token that names its key is good with that one alone, or with one that has no name. */
static bool may_be(const fr_jwt_key *key, fr_jwt_alg alg, fr_str id)
{
    return key->alg == alg && (!id.p || !key->id.n || fr_str_eq(id, key->id));
}

static fr_err check_signature(const fr_jwt_keys *keys, const fr_json *header, fr_str signed_,
                              fr_str signature, bool *is_good)
{
    fr_jwt_alg alg = fr_jwt_alg_of(text_of(header, "alg"));
    fr_str id = text_of(header, "kid");
    *is_good = false;
    for (size_t i = 0; i < keys->count && alg != FR_JWT_NONE && !*is_good; i++)
        if (may_be(&keys->at[i], alg, id))
            FR_TRY(fr_jwt_key_check(&keys->at[i], signed_, signature, is_good));
    return FR_OK;
}

/* ---- the claims ---- */

bool fr_jwt_seconds(const fr_json *claims, const char *name, int64_t *out)
{
    const fr_json *value = fr_json_get(claims, fr_str_c(name));
    double number;
    if (!value || value->type != FR_JSON_NUMBER)
        return false;
    if (fr_str_i64(value->text, out))
        return true;
    if (!fr_str_double(value->text, &number) || !(fabs(number) < 9e15))
        return false;
    *out = (int64_t)floor(number);
    return true;
}

/* Is it there, it is a number that is not after now. */
static bool has_begun(const fr_json *claims, const char *name, const fr_jwt_rules *rules)
{
    int64_t at;
    if (!fr_json_get(claims, fr_str_c(name)))
        return true;
    return fr_jwt_seconds(claims, name, &at) && at <= rules->now_s + rules->leeway_s;
}

static bool is_for(const fr_json *audience, fr_str us)
{
    if (!audience)
        return false;
    if (audience->type == FR_JSON_STRING)
        return fr_str_eq(audience->text, us);
    for (size_t i = 0; audience->type == FR_JSON_ARRAY && i < audience->count; i++)
        if (audience->items[i].type == FR_JSON_STRING && fr_str_eq(audience->items[i].text, us))
            return true;
    return false;
}

static fr_jwt_fault judge(const fr_json *claims, const fr_jwt_rules *rules)
{
    int64_t ends;
    if (fr_json_get(claims, FR_STR("exp"))) {
        if (!fr_jwt_seconds(claims, "exp", &ends))
            return FR_JWT_INVALID;
        if (ends <= rules->now_s - rules->leeway_s)
            return FR_JWT_EXPIRED;
    }
    if (!has_begun(claims, "nbf", rules) || !has_begun(claims, "iat", rules))
        return FR_JWT_INVALID;
    if (!is_text_or_absent(claims, "sub") || !is_text_or_absent(claims, "jti"))
        return FR_JWT_INVALID;
    if (rules->issuer && !fr_str_eq(text_of(claims, "iss"), fr_str_c(rules->issuer)))
        return FR_JWT_INVALID;
    if (rules->audience && !is_for(fr_json_get(claims, FR_STR("aud")), fr_str_c(rules->audience)))
        return FR_JWT_INVALID;
    return FR_JWT_GOOD;
}

/* ---- reading and making ---- */

fr_err fr_jwt_read(const fr_jwt_keys *keys, const fr_jwt_rules *rules, fr_arena *arena,
                   fr_str token, fr_json *claims, fr_jwt_fault *fault)
{
    parts of;
    fr_json header;
    bool is_good;
    *fault = FR_JWT_INVALID;
    if (token.n > FR_JWT_BYTES_MAX || !split(token, &of))
        return FR_OK;
    FR_TRY(read_object(arena, of.header, &header, &is_good));
    if (!is_good || !is_understood(&header))
        return FR_OK;
    fr_str signature;
    fr_err err = fr_base64url_decode(arena, of.signature, &signature);
    if (err != FR_OK)
        return err == FR_EINVAL ? FR_OK : err;
    FR_TRY(check_signature(keys, &header, of.signed_, signature, &is_good));
    if (!is_good)
        return FR_OK;
    FR_TRY(read_object(arena, of.claims, claims, &is_good));
    if (is_good)
        *fault = judge(claims, rules);
    return FR_OK;
}

static const fr_jwt_key *signing_key(const fr_jwt_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->at[i].is_private)
            return &keys->at[i];
    return NULL;
}

static fr_str header_of(fr_arena *arena, const fr_jwt_key *key)
{
    fr_buf buf;
    fr_buf_init(&buf);
    fr_buf_printf(&buf, "{\"alg\":\"%s\",", fr_jwt_alg_name(key->alg));
    if (key->id.n) {
        fr_buf_lit(&buf, "\"kid\":");
        fr_json_put_str(&buf, key->id);
        fr_buf_put_char(&buf, ',');
    }
    fr_buf_lit(&buf, "\"typ\":\"JWT\"}");
    fr_str text = buf.has_failed ? (fr_str){0} : fr_base64url(arena, fr_buf_str(&buf));
    fr_buf_deinit(&buf);
    return text;
}

fr_err fr_jwt_make(const fr_jwt_keys *keys, fr_arena *arena, fr_str claims, fr_str *out)
{
    uint8_t signature[FR_JWT_SIGNATURE_MAX];
    size_t n;
    const fr_jwt_key *key = signing_key(keys);
    if (!key)
        return FR_EINTERNAL;
    fr_str header = header_of(arena, key), payload = fr_base64url(arena, claims);
    if (!header.p || !payload.p)
        return FR_ENOMEM;
    fr_str signed_ = fr_arena_printf(arena, "%.*s.%.*s", FR_FMT(header), FR_FMT(payload));
    if (!signed_.p)
        return FR_ENOMEM;
    FR_TRY(fr_jwt_key_sign(key, signed_, signature, &n));
    fr_str text = fr_base64url(arena, (fr_str){(const char *)signature, n});
    if (text.p)
        *out = fr_arena_printf(arena, "%.*s.%.*s", FR_FMT(signed_), FR_FMT(text));
    return text.p && out->p ? FR_OK : FR_ENOMEM;
}
