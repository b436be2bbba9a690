/* Tokens: what is believed, and the tricks that are known. */
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "auth/jwt.h"
#include "auth/signing.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"

#define SECRET "reference-secret-key-only-for-the-golden-corpus"
#define NOW 1800000000

static fr_arena *arena;
static fr_jwt_keys hs, rsa, ec, ed; /* each with its private key */
static char rsa_public[2048], ec_public[512];

static void pem_of(EVP_PKEY *pair, bool is_private, char *out, size_t room)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(is_private ? PEM_write_bio_PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL)
                                : PEM_write_bio_PUBKEY(bio, pair),
                     1);
    int n = BIO_read(bio, out, (int)room - 1);
    assert_true(n > 0);
    out[n] = '\0';
    BIO_free(bio);
}

static void add_pair(fr_jwt_keys *keys, EVP_PKEY *pair, char *public_, size_t room)
{
    char text[4096], error[256];
    assert_non_null(pair);
    pem_of(pair, true, text, sizeof text);
    assert_int_equal(fr_jwt_add_text(keys, fr_str_c(text), error), FR_OK);
    if (public_)
        pem_of(pair, false, public_, room);
    EVP_PKEY_free(pair);
}

static int begin(void **state)
{
    (void)state;
    arena = fr_arena_new(0);
    hs = rsa = ec = ed = (fr_jwt_keys){0};
    assert_int_equal(fr_jwt_add_secret(&hs, FR_JWT_HS256, (fr_str){0}, FR_STR(SECRET)), FR_OK);
    add_pair(&rsa, EVP_RSA_gen(2048), rsa_public, sizeof rsa_public);
    add_pair(&ec, EVP_EC_gen("P-256"), ec_public, sizeof ec_public);
    add_pair(&ed, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fr_jwt_keys_deinit(&hs);
    fr_jwt_keys_deinit(&rsa);
    fr_jwt_keys_deinit(&ec);
    fr_jwt_keys_deinit(&ed);
    fr_arena_free(arena);
    return 0;
}

/* ---- what the tests ask ---- */

static const fr_jwt_rules RULES = {.now_s = NOW, .leeway_s = 30};

static fr_jwt_fault judge_by(const fr_jwt_keys *keys, const fr_jwt_rules *rules, fr_str token)
{
    fr_json claims;
    fr_jwt_fault fault;
    assert_int_equal(fr_jwt_read(keys, rules, arena, token, &claims, &fault), FR_OK);
    return fault;
}

static fr_jwt_fault judge(const fr_jwt_keys *keys, fr_str token)
{
    return judge_by(keys, &RULES, token);
}

static fr_str make(const fr_jwt_keys *keys, const char *claims)
{
    fr_str token;
    assert_int_equal(fr_jwt_make(keys, arena, fr_str_c(claims), &token), FR_OK);
    return token;
}

static fr_str b64(const char *text)
{
    return fr_base64url(arena, fr_str_c(text));
}

static fr_str bytes_of(fr_str text)
{
    fr_str bytes;
    assert_int_equal(fr_base64url_decode(arena, text, &bytes), FR_OK);
    return bytes;
}

/* Header and claims as they are given, signed by the first of keys. */
static fr_str forge(const fr_jwt_keys *keys, const char *header, const char *claims)
{
    uint8_t mac[FR_JWT_SIGNATURE_MAX];
    size_t n;
    fr_str text = fr_arena_printf(arena, "%.*s.%.*s", FR_FMT(b64(header)), FR_FMT(b64(claims)));
    assert_int_equal(fr_jwt_key_sign(&keys->at[0], text, mac, &n), FR_OK);
    fr_str signature = fr_base64url(arena, (fr_str){(char *)mac, n});
    return fr_arena_printf(arena, "%.*s.%.*s", FR_FMT(text), FR_FMT(signature));
}

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define CLAIMS "{\"exp\":1900000000,\"user_id\":\"2\"}"

/* ---- what is believed ---- */

static void a_token_of_simple_jwt_is_believed(void **state)
{
    (void)state;
    fr_json claims;
    fr_jwt_fault fault;
    assert_int_equal(
        fr_jwt_read(
            &hs, &RULES, arena,
            FR_STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIj"
                   "o0MDcwOTA4ODAwLCJpYXQiOjE3MDAwMDAwMDAsImp0aSI6IjAxMjM0NTY3ODlhYmNkZWYwMTIzND"
                   "U2Nzg5YWJjZGVmIiwidXNlcl9pZCI6IjIifQ.2eGe9PsPBdrJgJoDhmEPKFeGLZ0rwRVsWT2Ryun"
                   "wl0Q"),
            &claims, &fault),
        FR_OK);
    assert_int_equal(fault, FR_JWT_GOOD);
    assert_str(fr_json_get(&claims, FR_STR("user_id"))->text, "2");
    assert_str(make(&hs, "{\"token_type\":\"access\",\"exp\":4070908800,\"iat\":1700000000,\"jti\":"
                         "\"0123456789abcdef0123456789abcdef\",\"user_id\":\"2\"}"),
               "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
               "eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo0MDcwOTA4ODAwLCJ"
               "pYXQiOjE3MDAwMDAwMDAsImp0aSI6IjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmIiwidXNlcl"
               "9pZCI6IjI"
               "ifQ.2eGe9PsPBdrJgJoDhmEPKFeGLZ0rwRVsWT2Ryunwl0Q");
}

static void each_algorithm_signs_and_checks(void **state)
{
    (void)state;
    fr_jwt_keys longer = {0};
    assert_int_equal(fr_jwt_add_secret(&longer, FR_JWT_HS384, FR_STR("k1"), FR_STR(SECRET)), FR_OK);
    assert_int_equal(judge(&longer, make(&longer, CLAIMS)), FR_JWT_GOOD);
    longer.at[0].alg = FR_JWT_HS512;
    assert_int_equal(judge(&longer, make(&longer, CLAIMS)), FR_JWT_GOOD);
    fr_jwt_keys_deinit(&longer);
    const fr_jwt_keys *all[] = {&hs, &rsa, &ec, &ed};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            assert_int_equal(judge(all[i], make(all[j], CLAIMS)),
                             i == j ? FR_JWT_GOOD : FR_JWT_INVALID);
}

/* RFC 7515 A.3, RFC 8037 A.4, RFC 7515 A.2's key as it stands there. */
static void keys_of_a_jwks_are_read(void **state)
{
    (void)state;
    char error[256];
    fr_jwt_keys keys = {0};
    assert_int_equal(
        fr_jwt_add_text(
            &keys,
            FR_STR("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\",\"x\":"
                   "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                   "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
                   "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"o\",\"use\":\"sig\",\"x\":"
                   "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
                   "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-"
                   "EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"},"
                   "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\",\"y\":\"AA\"},{\"kty\":\"oct\","
                   "\"k\":\"AyM1\"},"
                   "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"},{\"kty\":\"RSA\",\"use\":"
                   "\"enc\"},{\"kty\":\"new\"},7]}"),
            error),
        FR_OK);
    assert_int_equal(keys.count, 3);
    fr_json claims;
    fr_jwt_fault fault;
    /* A.3 */
    bool is_good;
    fr_str text = FR_STR(
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
        "LmNvbS9pc19yb290Ijp0cnVlfQ");
    fr_str signature = bytes_of(FR_STR("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
                                       "F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"));
    assert_int_equal(fr_jwt_key_check(&keys.at[0], text, signature, &is_good), FR_OK);
    assert_true(is_good);
    /* RFC 8037 A.4: no JWT, so only its signature */
    text = FR_STR("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
    signature = bytes_of(FR_STR("hgyY0il_MGCjP0JzlnLWG1PPOt7-"
                                "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"));
    assert_int_equal(fr_jwt_key_check(&keys.at[1], text, signature, &is_good), FR_OK);
    assert_true(is_good);
    /* RFC 7515 A.1; it ended in 2011 */
    assert_int_equal(fr_jwt_read(&keys, &(fr_jwt_rules){.now_s = 1300819000}, arena,
                                 FR_STR("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                                        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA"
                                        "6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-"
                                        "mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                                 &claims, &fault),
                     FR_OK);
    assert_int_equal(fault, FR_JWT_GOOD);
    fr_jwt_keys_deinit(&keys);
    const char *bad[] = {"",
                         "hush",
                         "{}",
                         "{\"keys\":[]}",
                         "{\"keys\":7}",
                         "{",
                         "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(fr_jwt_add_text(&keys, fr_str_c(bad[i]), error), FR_EINVAL);
        assert_null(strstr(error, "hush"));
        assert_int_equal(keys.count, 0);
    }
}

static void weak_keys_are_refused(void **state)
{
    (void)state;
    char text[4096], error[256];
    EVP_PKEY *weak[] = {EVP_RSA_gen(1024), EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1")};
    for (size_t i = 0; i < 3; i++) {
        fr_jwt_keys keys = {0};
        pem_of(weak[i], true, text, sizeof text);
        assert_int_equal(fr_jwt_add_text(&keys, fr_str_c(text), error), FR_EINVAL);
        EVP_PKEY_free(weak[i]);
    }
}

/* ---- claims ---- */

static void times_are_kept_with_half_a_minute_of_leeway(void **state)
{
    (void)state;
    static const struct {
        const char *claims;
        fr_jwt_fault fault;
    } ROWS[] = {
        {"{\"exp\":1800000001}", FR_JWT_GOOD},
        {"{\"exp\":1799999971}", FR_JWT_GOOD},
        {"{\"exp\":1799999970}", FR_JWT_EXPIRED},
        {"{\"exp\":1799999971.5}", FR_JWT_GOOD},
        {"{\"exp\":-1}", FR_JWT_EXPIRED},
        {"{\"exp\":\"1900000000\"}", FR_JWT_INVALID},
        {"{\"exp\":true}", FR_JWT_INVALID},
        {"{\"exp\":null}", FR_JWT_INVALID},
        {"{\"exp\":1e400}", FR_JWT_INVALID},
        {"{\"exp\":[1900000000]}", FR_JWT_INVALID},
        {"{\"exp\":1900000000,\"exp\":1}", FR_JWT_EXPIRED},
        {"{\"nbf\":1800000030}", FR_JWT_GOOD},
        {"{\"nbf\":1800000031}", FR_JWT_INVALID},
        {"{\"nbf\":\"x\"}", FR_JWT_INVALID},
        {"{\"iat\":1800000031}", FR_JWT_INVALID},
        {"{\"iat\":1700000000}", FR_JWT_GOOD},
        {"{\"aud\":\"x\",\"iss\":7}", FR_JWT_GOOD},
        {"[]", FR_JWT_INVALID},
        {"7", FR_JWT_INVALID},
        {"{", FR_JWT_INVALID},
        {"", FR_JWT_INVALID},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (judge(&hs, make(&hs, ROWS[i].claims)) != ROWS[i].fault)
            fail_msg("%s", ROWS[i].claims);
}

static void issuer_and_audience_count_where_they_are_set(void **state)
{
    (void)state;
    const fr_jwt_rules rules = {.now_s = NOW, .issuer = "us", .audience = "api"};
    static const char *const GOOD[] = {"{\"iss\":\"us\",\"aud\":\"api\"}",
                                       "{\"iss\":\"us\",\"aud\":[\"x\",\"api\"]}"};
    static const char *const BAD[] = {"{}",
                                      "{\"iss\":\"us\"}",
                                      "{\"aud\":\"api\"}",
                                      "{\"iss\":\"them\",\"aud\":\"api\"}",
                                      "{\"iss\":\"us\",\"aud\":\"ap\"}",
                                      "{\"iss\":[\"us\"],\"aud\":\"api\"}",
                                      "{\"iss\":\"us\",\"aud\":{\"api\":1}}",
                                      "{\"iss\":\"us\",\"aud\":[[\"api\"]]}"};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_int_equal(judge_by(&hs, &rules, make(&hs, GOOD[i])), FR_JWT_GOOD);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(judge_by(&hs, &rules, make(&hs, BAD[i])), FR_JWT_INVALID);
}

/* ---- tricks ---- */

#define REFUSED(keys, token)                                                                       \
    do {                                                                                           \
        fr_str t_ = (token);                                                                       \
        if (judge((keys), t_) != FR_JWT_INVALID)                                                   \
            fail_msg("believed: %.*s", FR_FMT(t_));                                                \
    } while (0)

/* CVE-2015-9235 and its kin. */
static void none_is_no_algorithm(void **state)
{
    (void)state;
    const char *names[] = {"none", "None", "NONE", "nOnE", "", "null"};
    const fr_jwt_keys *all[] = {&hs, &rsa, &ec, &ed};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *header = fr_arena_printf(arena, "{\"alg\":\"%s\"}", names[i]).p;
        for (size_t k = 0; k < 4; k++) {
            REFUSED(all[k],
                    fr_arena_printf(arena, "%.*s.%.*s.", FR_FMT(b64(header)), FR_FMT(b64(CLAIMS))));
            REFUSED(all[k], fr_arena_printf(arena, "%.*s.%.*s.AA", FR_FMT(b64(header)),
                                            FR_FMT(b64(CLAIMS))));
        }
        REFUSED(&hs, forge(&hs, header, CLAIMS));
    }
    const char *headers[] = {"{}",
                             "{\"alg\":null}",
                             "{\"alg\":[\"HS256\"]}",
                             "{\"alg\":256}",
                             "[]",
                             "7",
                             "{\"typ\":\"JWT\"}",
                             "{\"alg\":\"HS256\",\"alg\":\"none\"}",
                             "{\"alg\":\"hs256\"}",
                             "{\"alg\":\"HS256 \"}",
                             "{\"alg\":\"HS256\\u0000\"}",
                             "{\"Alg\":\"HS256\"}",
                             "{\"alg\":\"HS1\"}"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        REFUSED(&hs, forge(&hs, headers[i], CLAIMS));
    assert_int_equal(judge(&hs, forge(&hs, HEADER, CLAIMS)), FR_JWT_GOOD);
}

/* CVE-2016-10555: the public key, which everybody has, as the secret of an HMAC. */
static void a_public_key_is_no_secret(void **state)
{
    (void)state;
    const char *texts[] = {rsa_public, ec_public};
    const fr_jwt_keys *all[] = {&rsa, &ec};
    for (size_t i = 0; i < 2; i++) {
        fr_jwt_keys forger = {0};
        assert_int_equal(fr_jwt_add_secret(&forger, FR_JWT_HS256, (fr_str){0}, fr_str_c(texts[i])),
                         FR_OK);
        REFUSED(all[i], make(&forger, CLAIMS));
        fr_jwt_keys_deinit(&forger);
        char error[256];
        fr_jwt_keys shown = {0};
        assert_int_equal(fr_jwt_add_text(&shown, fr_str_c(texts[i]), error), FR_OK);
        assert_false(shown.at[0].is_private);
        assert_int_equal(judge(&shown, make(all[i], CLAIMS)), FR_JWT_GOOD);
        fr_str token;
        assert_int_equal(fr_jwt_make(&shown, arena, FR_STR(CLAIMS), &token), FR_EINTERNAL);
        fr_jwt_keys_deinit(&shown);
    }
}

/* CVE-2018-0114: the token brings its key, or says where it is, or what must be understood. */
static void a_token_does_not_say_which_key_is_good(void **state)
{
    (void)state;
    fr_jwt_keys evil = {0};
    assert_int_equal(fr_jwt_add_secret(&evil, FR_JWT_HS256, (fr_str){0}, FR_STR("evil")), FR_OK);
    REFUSED(&hs,
            forge(&evil, "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"ZXZpbA\"}}", CLAIMS));
    REFUSED(&hs, forge(&evil, "{\"alg\":\"HS256\",\"jku\":\"https://evil.example/\"}", CLAIMS));
    REFUSED(&hs, forge(&evil, "{\"alg\":\"HS256\",\"kid\":\"../../../../dev/null\"}", CLAIMS));
    REFUSED(&hs, forge(&evil, "{\"alg\":\"HS256\",\"kid\":\"x' UNION SELECT 'evil'--\"}", CLAIMS));
    fr_jwt_keys_deinit(&evil);
    REFUSED(&hs, forge(&hs, "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", CLAIMS));
    REFUSED(&hs, forge(&hs, "{\"alg\":\"HS256\",\"crit\":[],\"b64\":false}", CLAIMS));
    REFUSED(&hs, forge(&hs, "{\"alg\":\"HS256\",\"b64\":false}", CLAIMS));
    REFUSED(&hs, forge(&hs, "{\"alg\":\"HS256\",\"kid\":1}", CLAIMS));
    REFUSED(&hs, make(&hs, "{\"sub\":1}"));
    REFUSED(&hs, make(&hs, "{\"jti\":null}"));
    assert_int_equal(judge(&hs, make(&hs, "{\"sub\":\"1\",\"jti\":\"a\"}")), FR_JWT_GOOD);
}

static void a_named_key_alone_checks_what_names_it(void **state)
{
    (void)state;
    fr_jwt_keys two = {0};
    assert_int_equal(fr_jwt_add_secret(&two, FR_JWT_HS256, FR_STR("a"), FR_STR("one")), FR_OK);
    assert_int_equal(fr_jwt_add_secret(&two, FR_JWT_HS256, FR_STR("b"), FR_STR("two")), FR_OK);
    assert_int_equal(judge(&two, make(&two, CLAIMS)), FR_JWT_GOOD);
    assert_int_equal(judge(&two, forge(&two, "{\"alg\":\"HS256\",\"kid\":\"a\"}", CLAIMS)),
                     FR_JWT_GOOD);
    REFUSED(&two, forge(&two, "{\"alg\":\"HS256\",\"kid\":\"b\"}", CLAIMS));
    REFUSED(&two, forge(&two, "{\"alg\":\"HS256\",\"kid\":\"c\"}", CLAIMS));
    assert_int_equal(judge(&two, forge(&two, "{\"alg\":\"HS256\"}", CLAIMS)), FR_JWT_GOOD);
    fr_jwt_keys_deinit(&two);
}

/* CVE-2022-21449: r and s are 0; and signatures of another length, or as DER. */
static void signatures_that_are_none(void **state)
{
    (void)state;
    fr_str good = make(&ec, CLAIMS), text = fr_str_sub(good, 0, good.n - 87);
    char zeros[72] = {0};
    for (size_t n = 1; n <= sizeof zeros; n++)
        REFUSED(&ec, fr_arena_printf(arena, "%.*s.%.*s", FR_FMT(text),
                                     FR_FMT(fr_base64url(arena, (fr_str){zeros, n}))));
    fr_str short_ = make(&hs, CLAIMS);
    for (size_t n = 1; n < 44; n++)
        REFUSED(&hs, fr_str_sub(short_, 0, short_.n - n));
    REFUSED(&hs, fr_arena_printf(arena, "%.*sx", FR_FMT(short_)));
    REFUSED(&ed, fr_arena_printf(arena, "%.*sAA", FR_FMT(make(&ed, CLAIMS))));
    REFUSED(&rsa, fr_arena_printf(arena, "%.*sAA", FR_FMT(make(&rsa, CLAIMS))));
}

static void each_changed_byte_is_no_token(void **state)
{
    (void)state;
    const fr_jwt_keys *all[] = {&hs, &ec, &ed};
    for (size_t k = 0; k < 3; k++) {
        fr_str good = make(all[k], CLAIMS);
        for (size_t i = 0; i < good.n; i++) {
            fr_str bad = fr_str_dup(arena, good);
            ((char *)(uintptr_t)bad.p)[i] ^= 1;
            REFUSED(all[k], bad);
        }
    }
}

/* A text has one spelling: what decodes to the same is not the same. */
static void other_spellings_are_refused(void **state)
{
    (void)state;
    fr_str good = make(&hs, CLAIMS), head, claims, rest = fr_str_cut(good, '.', &head),
           signature = fr_str_cut(rest, '.', &claims);
    const char *spelled[] = {"%.*s=.%.*s.%.*s",  "%.*s.%.*s.%.*s=", " %.*s.%.*s.%.*s",
                             "%.*s.%.*s.%.*s\n", "%.*s.%.*s.%.*s.", "%.*s..%.*s.%.*s",
                             ".%.*s.%.*s.%.*s",  "%.*s.%.*s%.*s",   "%.*s.%.*s.%.*s.AA",
                             "%.*s.\t%.*s.%.*s"};
    for (size_t i = 0; i < sizeof spelled / sizeof *spelled; i++) {
        char text[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, spelled[i], FR_FMT(head), FR_FMT(claims), FR_FMT(signature));
#pragma GCC diagnostic pop
        REFUSED(&hs, fr_str_c(text));
    }
    const char *junk[] = {"", ".", "..", "...", "junk", "a.b.c", "a.b.c.d.e", "\xff.\xff.\xff"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
        REFUSED(&hs, fr_str_c(junk[i]));
    /* an encrypted token (RFC 7516), a JSON serialization */
    REFUSED(&hs, forge(&hs, "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", CLAIMS));
    REFUSED(&hs, FR_STR("{\"payload\":\"e30\",\"signatures\":[]}"));
}

static void a_long_token_is_not_read(void **state)
{
    (void)state;
    char claims[FR_JWT_BYTES_MAX];
    size_t n = 6000;
    memset(claims, ' ', n);
    memcpy(claims, CLAIMS, strlen(CLAIMS));
    claims[n] = '\0';
    fr_str fits = make(&hs, claims);
    assert_true(fits.n <= FR_JWT_BYTES_MAX);
    assert_int_equal(judge(&hs, fits), FR_JWT_GOOD);
    memset(claims + strlen(CLAIMS), ' ', 6100);
    claims[6100] = '\0';
    fr_str over = make(&hs, claims);
    assert_true(over.n > FR_JWT_BYTES_MAX);
    REFUSED(&hs, over);
}

static void each_allocation_fails_once(void **state)
{
    (void)state;
    fr_str token = make(&hs, CLAIMS);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_json claims;
        fr_jwt_fault fault = FR_JWT_INVALID;
        fr_jwt_keys keys = {0};
        fr_str made;
        fr_arena *own = fr_arena_new(64);
        fr_err err =
            own ? fr_jwt_add_secret(&keys, FR_JWT_HS256, FR_STR("id"), FR_STR(SECRET)) : FR_ENOMEM;
        if (err == FR_OK)
            err = fr_jwt_read(&keys, &RULES, own, token, &claims, &fault);
        if (err == FR_OK)
            err = fr_jwt_make(&keys, own, FR_STR(CLAIMS), &made);
        assert_true(err == FR_ENOMEM || (err == FR_OK && fault == FR_JWT_GOOD));
        fr_jwt_keys_deinit(&keys);
        fr_arena_free(own);
    }
}

#define WITH_KEYS(test) cmocka_unit_test_setup_teardown(test, begin, end)
FR_TESTS(jwt, WITH_KEYS(a_token_of_simple_jwt_is_believed),
         WITH_KEYS(each_algorithm_signs_and_checks), WITH_KEYS(keys_of_a_jwks_are_read),
         WITH_KEYS(weak_keys_are_refused), WITH_KEYS(times_are_kept_with_half_a_minute_of_leeway),
         WITH_KEYS(issuer_and_audience_count_where_they_are_set), WITH_KEYS(none_is_no_algorithm),
         WITH_KEYS(a_public_key_is_no_secret), WITH_KEYS(a_token_does_not_say_which_key_is_good),
         WITH_KEYS(a_named_key_alone_checks_what_names_it), WITH_KEYS(signatures_that_are_none),
         WITH_KEYS(each_changed_byte_is_no_token), WITH_KEYS(other_spellings_are_refused),
         WITH_KEYS(a_long_token_is_not_read), WITH_KEYS(each_allocation_fails_once))
