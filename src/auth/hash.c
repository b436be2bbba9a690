#include "auth/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/str.h"

static const fr_hash *const ALL[] = {
    &fr_hash_pbkdf2_sha256, &fr_hash_pbkdf2_sha1, &fr_hash_argon2, &fr_hash_scrypt,
    &fr_hash_bcrypt_sha256, &fr_hash_bcrypt,      &fr_hash_md5,    &fr_hash_sha1};

const fr_hash *fr_hash_at(size_t i)
{
    return i < sizeof ALL / sizeof *ALL ? ALL[i] : NULL;
}

const fr_hash *fr_hash_find(fr_str name)
{
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++)
        if (fr_str_eq(name, fr_str_c(ALL[i]->name)))
            return ALL[i];
    return NULL;
}

/* The oldest forms have no name, or no salt: 32 digits, md5$$…, sha1$$… */
static const fr_hash *unsalted(fr_str encoded, fr_str *rest)
{
    *rest = encoded;
    if (encoded.n == 32 && fr_str_find_char(encoded, '$') == SIZE_MAX)
        return &fr_hash_unsalted_md5;
    if (encoded.n == 37 && fr_str_starts(encoded, FR_STR("md5$$"))) {
        *rest = fr_str_from(encoded, 5);
        return &fr_hash_unsalted_md5;
    }
    if (encoded.n == 46 && fr_str_starts(encoded, FR_STR("sha1$$"))) {
        *rest = fr_str_from(encoded, 6);
        return &fr_hash_unsalted_sha1;
    }
    return NULL;
}

const fr_hash *fr_hash_of(fr_str encoded, fr_str *rest)
{
    const fr_hash *hash = unsalted(encoded, rest);
    size_t n = fr_str_find_char(encoded, '$');
    if (hash || n == SIZE_MAX)
        return hash;
    *rest = fr_str_from(encoded, n + 1);
    return fr_hash_find(fr_str_sub(encoded, 0, n));
}

/* ---- parts ---- */

bool fr_salt_make(char *out, size_t chars)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t n = 0; n < chars;) {
        uint8_t bytes[32];
        if (RAND_bytes(bytes, sizeof bytes) != 1)
            return false;
        for (size_t i = 0; i < sizeof bytes && n < chars; i++)
            if (bytes[i] < 248) /* 4 times 62: each letter is as likely */
                out[n++] = LETTERS[bytes[i] % 62];
        OPENSSL_cleanse(bytes, sizeof bytes);
    }
    return true;
}

bool fr_salt_is_short(fr_str salt)
{
    return salt.n < FR_SALT_CHARS;
}

bool fr_hash_cut(fr_str *rest, fr_str *piece)
{
    size_t n = fr_str_find_char(*rest, '$');
    if (n == SIZE_MAX)
        return false;
    *piece = fr_str_sub(*rest, 0, n);
    *rest = fr_str_from(*rest, n + 1);
    return true;
}

bool fr_hash_number(fr_str piece, uint64_t max, uint64_t *out)
{
    return fr_str_u64(piece, out) && *out >= 1 && *out <= max;
}

bool fr_hash_is(const uint8_t *bytes, size_t n, fr_str base64)
{
    uint8_t text[128];
    if (n > 64)
        return false;
    size_t length = (size_t)EVP_EncodeBlock(text, bytes, (int)n);
    bool is_it = base64.n == length && CRYPTO_memcmp(text, base64.p, length) == 0;
    OPENSSL_cleanse(text, sizeof text);
    return is_it;
}
