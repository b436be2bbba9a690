/* pbkdf2_sha256$1500000$SALT$BASE64, the default, and pbkdf2_sha1. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "auth/hash.h"

enum { ITERATIONS = 1500 * 1000, ITERATIONS_MAX = 100 * 1000 * 1000, SHA256 = 32, SHA1 = 20 };

typedef struct parts {
    uint64_t iterations;
    fr_str salt, hash;
} parts;

static bool read(fr_str encoded, parts *out)
{
    fr_str number;
    if (!fr_hash_cut(&encoded, &number) || !fr_hash_cut(&encoded, &out->salt))
        return false;
    out->hash = encoded;
    return fr_hash_number(number, ITERATIONS_MAX, &out->iterations);
}

static bool derive(fr_str password, fr_str salt, uint64_t iterations, size_t bytes, uint8_t *out)
{
    return PKCS5_PBKDF2_HMAC(password.n ? password.p : "", (int)password.n,
                             (const uint8_t *)(salt.n ? salt.p : ""), (int)salt.n, (int)iterations,
                             bytes == SHA256 ? EVP_sha256() : EVP_sha1(), (int)bytes, out) == 1;
}

static fr_hash_verdict check(fr_str encoded, fr_str password, size_t bytes, bool *is_outdated)
{
    uint8_t key[SHA256];
    parts p;
    if (!read(encoded, &p))
        return FR_HASH_BROKEN;
    if (!derive(password, p.salt, p.iterations, bytes, key))
        return FR_HASH_NO_MEMORY;
    bool is_right = fr_hash_is(key, bytes, p.hash);
    OPENSSL_cleanse(key, sizeof key);
    *is_outdated = p.iterations != ITERATIONS || fr_salt_is_short(p.salt);
    return is_right ? FR_HASH_RIGHT : FR_HASH_WRONG;
}

static bool make(const char *name, size_t bytes, fr_str password, char out[FR_HASH_TEXT])
{
    uint8_t key[SHA256], text[64];
    char salt[FR_SALT_CHARS];
    if (!fr_salt_make(salt, sizeof salt) ||
        !derive(password, (fr_str){salt, sizeof salt}, ITERATIONS, bytes, key))
        return false;
    EVP_EncodeBlock(text, key, (int)bytes);
    snprintf(out, FR_HASH_TEXT, "%s$%d$%.*s$%s", name, ITERATIONS, FR_SALT_CHARS, salt,
             (const char *)text);
    OPENSSL_cleanse(key, sizeof key);
    return true;
}

static void harden(fr_str encoded, fr_str password, size_t bytes)
{
    uint8_t key[SHA256];
    parts p;
    if (read(encoded, &p) && p.iterations < ITERATIONS)
        (void)derive(password, p.salt, ITERATIONS - p.iterations, bytes, key);
}

static fr_hash_verdict check_sha256(fr_str encoded, fr_str password, bool *is_outdated)
{
    return check(encoded, password, SHA256, is_outdated);
}

static fr_hash_verdict check_sha1(fr_str encoded, fr_str password, bool *is_outdated)
{
    return check(encoded, password, SHA1, is_outdated);
}

static bool make_sha256(fr_str password, char out[FR_HASH_TEXT])
{
    return make("pbkdf2_sha256", SHA256, password, out);
}

static bool make_sha1(fr_str password, char out[FR_HASH_TEXT])
{
    return make("pbkdf2_sha1", SHA1, password, out);
}

static void harden_sha256(fr_str encoded, fr_str password)
{
    harden(encoded, password, SHA256);
}

static void harden_sha1(fr_str encoded, fr_str password)
{
    harden(encoded, password, SHA1);
}

const fr_hash fr_hash_pbkdf2_sha256 = {
    .name = "pbkdf2_sha256", .check = check_sha256, .make = make_sha256, .harden = harden_sha256};
const fr_hash fr_hash_pbkdf2_sha1 = {
    .name = "pbkdf2_sha1", .check = check_sha1, .make = make_sha1, .harden = harden_sha1};
