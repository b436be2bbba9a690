/* md5$SALT$HEX and sha1$SALT$HEX, and those without a salt: of old tables, and only where a setting takes them. None is made. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "auth/hash.h"
#include "base/str.h"

static bool digest(const EVP_MD *of, fr_str salt, fr_str password,
                   char out[2 * EVP_MAX_MD_SIZE + 1])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_made = context && EVP_DigestInit_ex(context, of, NULL) == 1 &&
                   EVP_DigestUpdate(context, salt.p, salt.n) == 1 &&
                   EVP_DigestUpdate(context, password.p, password.n) == 1 &&
                   EVP_DigestFinal_ex(context, bytes, &n) == 1;
    EVP_MD_CTX_free(context);
    for (unsigned i = 0; i < n && is_made; i++)
        snprintf(out + 2 * (size_t)i, 3, "%02x", bytes[i]);
    return is_made;
}

static fr_hash_verdict compare(const EVP_MD *of, fr_str salt, fr_str password, fr_str hex,
                               bool *is_outdated)
{
    char text[2 * EVP_MAX_MD_SIZE + 1] = "";
    if (!digest(of, salt, password, text))
        return FR_HASH_NO_MEMORY;
    fr_str is = fr_str_c(text);
    bool is_right = is.n == hex.n && CRYPTO_memcmp(is.p, hex.p, is.n) == 0;
    OPENSSL_cleanse(text, sizeof text);
    *is_outdated = true;
    return is_right ? FR_HASH_RIGHT : FR_HASH_WRONG;
}

static fr_hash_verdict salted(const EVP_MD *of, fr_str encoded, fr_str password, bool *is_outdated)
{
    fr_str salt;
    if (!fr_hash_cut(&encoded, &salt) || !salt.n)
        return FR_HASH_BROKEN;
    return compare(of, salt, password, encoded, is_outdated);
}

static fr_hash_verdict check_md5(fr_str encoded, fr_str password, bool *is_outdated)
{
    return salted(EVP_md5(), encoded, password, is_outdated);
}

static fr_hash_verdict check_sha1(fr_str encoded, fr_str password, bool *is_outdated)
{
    return salted(EVP_sha1(), encoded, password, is_outdated);
}

static fr_hash_verdict check_bare_md5(fr_str encoded, fr_str password, bool *is_outdated)
{
    return compare(EVP_md5(), (fr_str){0}, password, encoded, is_outdated);
}

static fr_hash_verdict check_bare_sha1(fr_str encoded, fr_str password, bool *is_outdated)
{
    return compare(EVP_sha1(), (fr_str){0}, password, encoded, is_outdated);
}

const fr_hash fr_hash_md5 = {.name = "md5", .is_weak = true, .check = check_md5};
const fr_hash fr_hash_sha1 = {.name = "sha1", .is_weak = true, .check = check_sha1};
const fr_hash fr_hash_unsalted_md5 = {.name = "md5", .is_weak = true, .check = check_bare_md5};
const fr_hash fr_hash_unsalted_sha1 = {.name = "sha1", .is_weak = true, .check = check_bare_sha1};
