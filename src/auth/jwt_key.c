/* Keys of JWTs: secrets, PEM, JWKS; signing and checking by libcrypto. */
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "auth/jwt.h"
#include "auth/signing.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"

enum { RSA_BITS_MIN = 2048, HALF = 32, WHOLE = 2 * HALF /* of an ES256 signature: r, s */ };

/* ---- algorithms ---- */

static const char *const NAMES[] = {
    [FR_JWT_HS256] = "HS256", [FR_JWT_HS384] = "HS384", [FR_JWT_HS512] = "HS512",
    [FR_JWT_RS256] = "RS256", [FR_JWT_ES256] = "ES256", [FR_JWT_EDDSA] = "EdDSA"};

fr_jwt_alg fr_jwt_alg_of(fr_str name)
{
    for (size_t i = FR_JWT_HS256; i <= FR_JWT_EDDSA; i++)
        if (fr_str_eq(name, fr_str_c(NAMES[i])))
            return (fr_jwt_alg)i;
    return FR_JWT_NONE;
}

const char *fr_jwt_alg_name(fr_jwt_alg alg)
{
    return NAMES[alg];
}

static const EVP_MD *hash_of(fr_jwt_alg alg)
{
    switch (alg) {
    case FR_JWT_HS256:
    case FR_JWT_RS256:
    case FR_JWT_ES256: return EVP_sha256();
    case FR_JWT_HS384: return EVP_sha384();
    case FR_JWT_HS512: return EVP_sha512();
    default: return NULL; /* Ed25519 hashes by itself */
    }
}

/* What a pair is good for; FR_JWT_NONE: nothing here. */
static fr_jwt_alg alg_of_pair(const EVP_PKEY *pair)
{
    char group[32] = "";
    switch (EVP_PKEY_get_base_id(pair)) {
    case EVP_PKEY_RSA: return EVP_PKEY_get_bits(pair) >= RSA_BITS_MIN ? FR_JWT_RS256 : FR_JWT_NONE;
    case EVP_PKEY_EC:
        EVP_PKEY_get_group_name(pair, group, sizeof group, NULL);
        return strcmp(group, "prime256v1") == 0 ? FR_JWT_ES256 : FR_JWT_NONE;
    case EVP_PKEY_ED25519: return FR_JWT_EDDSA;
    default: return FR_JWT_NONE;
    }
}

/* ---- the list ---- */

/* A copy that is ours. */
static bool keep(fr_str text, fr_str *out)
{
    char *copy = fr_malloc(text.n + 1);
    if (!copy)
        return false;
    memcpy(copy, text.p, text.n);
    *out = (fr_str){copy, text.n};
    return true;
}

static void forget(fr_jwt_key *key)
{
    if (key->secret.p)
        OPENSSL_cleanse((void *)(uintptr_t)key->secret.p, key->secret.n);
    free((void *)(uintptr_t)key->secret.p);
    free((void *)(uintptr_t)key->id.p);
    EVP_PKEY_free(key->pair);
}

/* key: taken, also on error; its id is copied. */
static fr_err add(fr_jwt_keys *keys, fr_jwt_key key, fr_str id)
{
    fr_err err = keys->count == FR_JWT_KEYS_MAX ? FR_EINVAL : FR_OK;
    if (err == FR_OK && id.n && !keep(id, &key.id))
        err = FR_ENOMEM;
    if (err != FR_OK) {
        forget(&key);
        return err;
    }
    keys->at[keys->count++] = key;
    return FR_OK;
}

void fr_jwt_keys_deinit(fr_jwt_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        forget(&keys->at[i]);
    keys->count = 0;
}

fr_err fr_jwt_add_secret(fr_jwt_keys *keys, fr_jwt_alg alg, fr_str id, fr_str secret)
{
    fr_jwt_key key = {.alg = alg, .is_private = true};
    if (alg < FR_JWT_HS256 || alg > FR_JWT_HS512 || !secret.n)
        return FR_EINVAL;
    return keep(secret, &key.secret) ? add(keys, key, id) : FR_ENOMEM;
}

/* pair: taken. */
static fr_err add_pair(fr_jwt_keys *keys, EVP_PKEY *pair, bool is_private, fr_str id)
{
    return add(keys, (fr_jwt_key){.alg = alg_of_pair(pair), .pair = pair, .is_private = is_private},
               id);
}

/* ---- PEM ---- */

static int no_password(char *text, int n, int writes, void *arg)
{
    (void)text, (void)n, (void)writes, (void)arg;
    return 0; /* nobody is there to be asked */
}

/* One block of PEM. NULL: it is neither a private nor a public key. */
static EVP_PKEY *read_block(fr_str block, bool *is_private)
{
    BIO *bio = BIO_new_mem_buf(block.p, (int)block.n);
    *is_private = fr_str_find(block, FR_STR("PRIVATE KEY-----")) != SIZE_MAX;
    EVP_PKEY *pair = !bio          ? NULL
                     : *is_private ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)
                                   : PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return pair;
}

static fr_err add_pem(fr_jwt_keys *keys, fr_str text, char error[256])
{
    static const fr_str END = {"-----END ", 9};
    size_t before = keys->count;
    for (size_t end; (end = fr_str_find(text, END)) != SIZE_MAX;) {
        bool is_private;
        end += END.n;
        while (end < text.n && text.p[end] != '\n')
            end++;
        EVP_PKEY *pair = read_block((fr_str){text.p, end}, &is_private);
        text = fr_str_from(text, end);
        if (!pair || alg_of_pair(pair) == FR_JWT_NONE) {
            EVP_PKEY_free(pair);
            snprintf(error, 256,
                     "a key in it is neither RSA of 2,048 bits or more, nor P-256, nor "
                     "Ed25519, or has a password");
            return FR_EINVAL;
        }
        FR_TRY(add_pair(keys, pair, is_private, (fr_str){0}));
    }
    if (keys->count == before) {
        snprintf(error, 256, "there is no key in it");
        return FR_EINVAL;
    }
    return FR_OK;
}

/* ---- JWKS ---- */

typedef struct reading {
    fr_arena *arena;
    const fr_json *key;
    fr_err err; /* FR_ENOMEM: what came out is not whole */
} reading;

static fr_str member(const reading *r, const char *name)
{
    const fr_json *value = fr_json_get(r->key, fr_str_c(name));
    return value && value->type == FR_JSON_STRING ? value->text : (fr_str){0};
}

static bool member_is(const reading *r, const char *name, const char *text)
{
    return fr_str_eq(member(r, name), fr_str_c(text));
}

static fr_str bytes_of(reading *r, const char *name)
{
    fr_str bytes = {0}, text = member(r, name);
    fr_err err = text.p ? fr_base64url_decode(r->arena, text, &bytes) : FR_EINVAL;
    if (err == FR_ENOMEM)
        r->err = err;
    return err == FR_OK ? bytes : (fr_str){0};
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *pair = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = params ? EVP_PKEY_CTX_new_from_name(NULL, type, NULL) : NULL;
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pair, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pair = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pair;
}

static EVP_PKEY *read_rsa(reading *r)
{
    EVP_PKEY *pair = NULL;
    fr_str n = bytes_of(r, "n"), e = bytes_of(r, "e");
    if (!n.n || !e.n || n.n > FR_JWT_SIGNATURE_MAX || e.n > 8)
        return NULL;
    BIGNUM *modulus = BN_bin2bn((const uint8_t *)n.p, (int)n.n, NULL);
    BIGNUM *exponent = BN_bin2bn((const uint8_t *)e.p, (int)e.n, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (modulus && exponent && build &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        pair = from_params("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return pair;
}

static EVP_PKEY *read_ec(reading *r)
{
    EVP_PKEY *pair = NULL;
    uint8_t point[1 + 2 * HALF] = {POINT_CONVERSION_UNCOMPRESSED};
    fr_str x = bytes_of(r, "x"), y = bytes_of(r, "y");
    if (!member_is(r, "crv", "P-256") || x.n != HALF || y.n != HALF)
        return NULL;
    memcpy(point + 1, x.p, HALF);
    memcpy(point + 1 + HALF, y.p, HALF);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (build &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
        pair = from_params("EC", build);
    OSSL_PARAM_BLD_free(build);
    return pair;
}

static EVP_PKEY *read_okp(reading *r)
{
    fr_str x = bytes_of(r, "x");
    if (!member_is(r, "crv", "Ed25519") || x.n != 32)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const uint8_t *)x.p, x.n);
}

/* A key of another kind or use, or one that says another algorithm than it is good for, is passed over. */
static fr_err add_member(fr_jwt_keys *keys, reading *r)
{
    fr_str alg = member(r, "alg"), id = member(r, "kid");
    if (member(r, "use").p && !member_is(r, "use", "sig"))
        return FR_OK;
    if (member_is(r, "kty", "oct")) {
        fr_str secret = bytes_of(r, "k");
        fr_jwt_alg of = fr_jwt_alg_of(alg);
        bool is_ours = secret.n && of >= FR_JWT_HS256 && of <= FR_JWT_HS512;
        return is_ours ? fr_jwt_add_secret(keys, of, id, secret) : r->err;
    }
    EVP_PKEY *pair = member_is(r, "kty", "RSA")   ? read_rsa(r)
                     : member_is(r, "kty", "EC")  ? read_ec(r)
                     : member_is(r, "kty", "OKP") ? read_okp(r)
                                                  : NULL;
    ERR_clear_error();
    if (!pair || alg_of_pair(pair) == FR_JWT_NONE ||
        (alg.p && fr_jwt_alg_of(alg) != alg_of_pair(pair))) {
        EVP_PKEY_free(pair);
        return r->err;
    }
    return add_pair(keys, pair, false, id);
}

static fr_err add_jwks(fr_jwt_keys *keys, fr_arena *arena, fr_str text, char error[256])
{
    fr_json object;
    size_t before = keys->count;
    fr_err err = fr_json_parse(arena, text, &object, NULL);
    if (err == FR_ENOMEM)
        return err;
    const fr_json *list = err == FR_OK ? fr_json_get(&object, FR_STR("keys")) : NULL;
    for (size_t i = 0; list && list->type == FR_JSON_ARRAY && i < list->count; i++)
        if (list->items[i].type == FR_JSON_OBJECT)
            FR_TRY(add_member(keys, &(reading){arena, &list->items[i], FR_OK}));
    if (keys->count == before) {
        snprintf(error, 256, "there is no key in it that is good for RS256, ES256, EdDSA or HS…");
        return FR_EINVAL;
    }
    return FR_OK;
}

fr_err fr_jwt_add_text(fr_jwt_keys *keys, fr_str text, char error[256])
{
    error[0] = '\0';
    text = fr_str_trim(text);
    if (!text.n || text.p[0] != '{')
        return add_pem(keys, text, error);
    fr_arena *arena = fr_arena_new(0);
    fr_err err = arena ? add_jwks(keys, arena, text, error) : FR_ENOMEM;
    fr_arena_free(arena);
    return err;
}

/* ---- signatures ---- */

static fr_err hmac(const fr_jwt_key *key, fr_str text, uint8_t *out, size_t *n)
{
    unsigned length = 0;
    if (!HMAC(hash_of(key->alg), key->secret.p, (int)key->secret.n, (const uint8_t *)text.p, text.n,
              out, &length))
        return FR_ENOMEM;
    *n = length;
    return FR_OK;
}

/* JOSE has r and s as two numbers of 32 bytes, libcrypto as DER. n: room for 72 bytes, out. */
static bool to_der(fr_str pair, uint8_t *out, size_t *n)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn((const uint8_t *)pair.p, HALF, NULL);
    BIGNUM *s = BN_bin2bn((const uint8_t *)pair.p + HALF, HALF, NULL);
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return false;
    }
    int length = i2d_ECDSA_SIG(sig, &out);
    ECDSA_SIG_free(sig);
    *n = length > 0 ? (size_t)length : 0;
    return length > 0;
}

static bool from_der(const uint8_t *der, size_t n, uint8_t out[2 * HALF])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool is_made = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, HALF) == HALF &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + HALF, HALF) == HALF;
    ECDSA_SIG_free(sig);
    return is_made;
}

fr_err fr_jwt_key_sign(const fr_jwt_key *key, fr_str text, uint8_t *out, size_t *n)
{
    if (!key->pair)
        return hmac(key, text, out, n);
    uint8_t der[FR_JWT_SIGNATURE_MAX];
    bool is_ec = key->alg == FR_JWT_ES256;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    *n = FR_JWT_SIGNATURE_MAX;
    bool is_made = ctx && EVP_DigestSignInit(ctx, NULL, hash_of(key->alg), NULL, key->pair) == 1 &&
                   EVP_DigestSign(ctx, is_ec ? der : out, n, (const uint8_t *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (is_made && is_ec) {
        is_made = from_der(der, *n, out);
        *n = WHOLE;
    }
    ERR_clear_error();
    return is_made ? FR_OK : FR_ENOMEM;
}

fr_err fr_jwt_key_check(const fr_jwt_key *key, fr_str text, fr_str signature, bool *is_good)
{
    uint8_t bytes[FR_JWT_SIGNATURE_MAX];
    size_t n = 0;
    *is_good = false;
    if (!key->pair) {
        FR_TRY(hmac(key, text, bytes, &n));
        *is_good = signature.n == n && CRYPTO_memcmp(bytes, signature.p, n) == 0;
        return FR_OK;
    }
    if (key->alg == FR_JWT_ES256) {
        if (signature.n != WHOLE)
            return FR_OK;
        if (!to_der(signature, bytes, &n))
            return FR_ENOMEM;
        signature = (fr_str){(const char *)bytes, n};
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return FR_ENOMEM;
    *is_good = EVP_DigestVerifyInit(ctx, NULL, hash_of(key->alg), NULL, key->pair) == 1 &&
               EVP_DigestVerify(ctx, (const uint8_t *)signature.p, signature.n,
                                (const uint8_t *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return FR_OK;
}
