/*
 * bcrypt_sha256$$2b$12$…, of the hex text of the password's SHA-256, and bcrypt$$2b$12$…, of the password as it is: of that only
 * 72 bytes count, and none behind a NUL, so a password with a NUL is wrong.
 */
#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "auth/hash.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "base/str.h"

enum { ROUNDS = 12, ROUNDS_MAX = 20, HASHED = 60, PASSWORD = 72, RANDOM = 16 };

/* "$2b$12$", 22 characters of salt, 31 of hash. */
static bool is_hash(fr_str hash)
{
    uint64_t rounds;
    return hash.n == HASHED && hash.p[0] == '$' && hash.p[1] == '2' && strchr("abxy", hash.p[2]) &&
           hash.p[3] == '$' && hash.p[6] == '$' &&
           fr_hash_number(fr_str_sub(hash, 4, 2), ROUNDS_MAX, &rounds);
}

/* setting: a salt, or a hash with its salt. out: HASHED characters and a 0. */
static fr_hash_verdict derive(const char *password, const char *setting, char out[HASHED + 1])
{
    struct crypt_data *data = fr_zalloc(sizeof *data);
    if (!data)
        return FR_HASH_NO_MEMORY;
    const char *hashed = crypt_r(password, setting, data);
    bool is_made = hashed && strlen(hashed) == HASHED && hashed[0] == '$';
    if (is_made)
        memcpy(out, hashed, HASHED + 1);
    OPENSSL_cleanse(data, sizeof *data);
    fr_free(data);
    return is_made ? FR_HASH_RIGHT : FR_HASH_BROKEN;
}

static fr_hash_verdict check(fr_str encoded, const char *password, bool *is_outdated)
{
    char setting[HASHED + 1] = "", out[HASHED + 1];
    if (!is_hash(encoded))
        return FR_HASH_BROKEN;
    memcpy(setting, encoded.p, HASHED);
    fr_hash_verdict verdict = derive(password, setting, out);
    if (verdict != FR_HASH_RIGHT)
        return verdict;
    *is_outdated = strncmp(setting + 4, "12", 2) != 0;
    return CRYPTO_memcmp(out, setting, HASHED) == 0 ? FR_HASH_RIGHT : FR_HASH_WRONG;
}

static bool make(const char *name, const char *password, char out[FR_HASH_TEXT])
{
    char random[RANDOM], setting[CRYPT_GENSALT_OUTPUT_SIZE], hashed[HASHED + 1];
    if (RAND_bytes((uint8_t *)random, RANDOM) != 1 ||
        !crypt_gensalt_rn("$2b$", ROUNDS, random, RANDOM, setting, sizeof setting) ||
        derive(password, setting, hashed) != FR_HASH_RIGHT)
        return false;
    snprintf(out, FR_HASH_TEXT, "%s$%s", name, hashed);
    return true;
}

/* ---- of the password itself ---- */

static bool copy(fr_str password, char out[PASSWORD + 1])
{
    size_t n = password.n < PASSWORD ? password.n : PASSWORD;
    if (n)
        memcpy(out, password.p, n);
    out[n] = 0;
    return fr_str_find_char(password, 0) == SIZE_MAX;
}

static fr_hash_verdict check_plain(fr_str encoded, fr_str password, bool *is_outdated)
{
    char text[PASSWORD + 1];
    bool is_whole = copy(password, text);
    fr_hash_verdict verdict = check(encoded, text, is_outdated);
    OPENSSL_cleanse(text, sizeof text);
    return is_whole || verdict != FR_HASH_RIGHT ? verdict : FR_HASH_WRONG;
}

static bool make_plain(fr_str password, char out[FR_HASH_TEXT])
{
    char text[PASSWORD + 1];
    bool is_made = copy(password, text) && make("bcrypt", text, out);
    OPENSSL_cleanse(text, sizeof text);
    return is_made;
}

/* ---- of its digest ---- */

static bool digest(fr_str password, char out[2 * FR_SHA256_BYTES + 1])
{
    uint8_t bytes[FR_SHA256_BYTES];
    if (!fr_sha256(password, bytes))
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return true;
}

static fr_hash_verdict check_digest(fr_str encoded, fr_str password, bool *is_outdated)
{
    char text[2 * FR_SHA256_BYTES + 1];
    if (!digest(password, text))
        return FR_HASH_NO_MEMORY;
    fr_hash_verdict verdict = check(encoded, text, is_outdated);
    OPENSSL_cleanse(text, sizeof text);
    return verdict;
}

static bool make_digest(fr_str password, char out[FR_HASH_TEXT])
{
    char text[2 * FR_SHA256_BYTES + 1];
    bool is_made = digest(password, text) && make("bcrypt_sha256", text, out);
    OPENSSL_cleanse(text, sizeof text);
    return is_made;
}

const fr_hash fr_hash_bcrypt = {.name = "bcrypt", .check = check_plain, .make = make_plain};
const fr_hash fr_hash_bcrypt_sha256 = {
    .name = "bcrypt_sha256", .check = check_digest, .make = make_digest};
