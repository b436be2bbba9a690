/* JSON Web Tokens: as they come, and header and claims with a good signature; JWKS and PEM. */
#include <stdlib.h>

#include "auth/jwt.h"
#include "auth/signing.h"
#include "base/arena.h"
#include "base/str.h"
#include "check.h"

static fr_jwt_keys keys;

/* Header and claims, one line each, as a token of ours. */
static fr_str token_of(fr_arena *arena, fr_str text)
{
    uint8_t mac[FR_JWT_SIGNATURE_MAX];
    size_t n;
    fr_str header, claims = fr_str_cut(text, '\n', &header);
    fr_str signed_ = fr_arena_printf(arena, "%.*s.%.*s", FR_FMT(fr_base64url(arena, header)),
                                     FR_FMT(fr_base64url(arena, claims)));
    check(fr_jwt_key_sign(&keys.at[0], signed_, mac, &n) == FR_OK);
    return fr_arena_printf(arena, "%.*s.%.*s", FR_FMT(signed_),
                           FR_FMT(fr_base64url(arena, (fr_str){(const char *)mac, n})));
}

/* What is believed says HS256 in its header, and is an object. */
static void read_token(fr_arena *arena, fr_str token)
{
    fr_json claims;
    fr_jwt_fault fault;
    check(fr_jwt_read(&keys, &(fr_jwt_rules){.now_s = 1800000000, .leeway_s = 30}, arena, token,
                      &claims, &fault) == FR_OK);
    check(fault != FR_JWT_GOOD || (claims.type == FR_JSON_OBJECT && token.n <= FR_JWT_BYTES_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fr_str text = {(const char *)data, size};
    char error[256];
    fr_jwt_keys others = {0};
    if (!keys.count)
        check(fr_jwt_add_secret(&keys, FR_JWT_HS256, (fr_str){0}, FR_STR("secret")) == FR_OK);
    fr_arena *arena = fr_arena_new(0);
    read_token(arena, text);
    if (size < 5000)
        read_token(arena, token_of(arena, text));
    fr_err err = fr_jwt_add_text(&others, text, error);
    check((err == FR_OK) == (others.count > 0) || err != FR_OK);
    fr_jwt_keys_deinit(&others);
    fr_arena_free(arena);
    return 0;
}
