/* scrypt$N$SALT$r$p$BASE64 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "auth/hash.h"

enum { N = 16384, R = 8, P = 5, BYTES = 64 };
enum { N_MAX = 1 << 22, R_MAX = 64, P_MAX = 64, MEMORY_MAX = 512 << 20 };

typedef struct parts {
    uint64_t n, r, p;
    fr_str salt, hash;
} parts;

static bool read(fr_str encoded, parts *out)
{
    fr_str n, r, p;
    if (!fr_hash_cut(&encoded, &n) || !fr_hash_cut(&encoded, &out->salt) ||
        !fr_hash_cut(&encoded, &r) || !fr_hash_cut(&encoded, &p))
        return false;
    out->hash = encoded;
    return fr_hash_number(n, N_MAX, &out->n) && fr_hash_number(r, R_MAX, &out->r) &&
           fr_hash_number(p, P_MAX, &out->p);
}

static int derive(fr_str password, const parts *of, uint8_t out[BYTES])
{
    return EVP_PBE_scrypt(password.n ? password.p : "", password.n,
                          (const uint8_t *)(of->salt.n ? of->salt.p : ""), of->salt.n, of->n, of->r,
                          of->p, MEMORY_MAX, out, BYTES);
}

static fr_hash_verdict check(fr_str encoded, fr_str password, bool *is_outdated)
{
    uint8_t key[BYTES];
    parts p;
    if (!read(encoded, &p) || p.n < 2 || (p.n & (p.n - 1)) ||
        128 * p.r * (p.n + p.p) > MEMORY_MAX / 2)
        return FR_HASH_BROKEN;
    if (derive(password, &p, key) != 1)
        return FR_HASH_NO_MEMORY;
    bool is_right = fr_hash_is(key, BYTES, p.hash);
    OPENSSL_cleanse(key, sizeof key);
    *is_outdated = p.n != N || p.r != R || p.p != P || fr_salt_is_short(p.salt);
    return is_right ? FR_HASH_RIGHT : FR_HASH_WRONG;
}

static bool make(fr_str password, char out[FR_HASH_TEXT])
{
    uint8_t key[BYTES], text[BYTES * 2];
    char salt[FR_SALT_CHARS];
    const parts p = {.n = N, .r = R, .p = P, .salt = {salt, sizeof salt}};
    if (!fr_salt_make(salt, sizeof salt) || derive(password, &p, key) != 1)
        return false;
    EVP_EncodeBlock(text, key, BYTES);
    int n = snprintf(out, FR_HASH_TEXT, "scrypt$%d$%.*s$%d$%d$%s", N, FR_SALT_CHARS, salt, R, P,
                     (const char *)text);
    OPENSSL_cleanse(key, sizeof key);
    return n > 0 && n < FR_HASH_TEXT;
}

const fr_hash fr_hash_scrypt = {.name = "scrypt", .check = check, .make = make};
