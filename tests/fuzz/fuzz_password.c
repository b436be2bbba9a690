/*
 * Any text as an encoded password, as a table may hold it; behind the first line stands the password. What a hasher says of it is one of its
 * verdicts, the same at each time. Only what is hashed at once is asked: numbers of two digits, and bcrypt's least rounds.
 */
#include "auth/hash.h"
#include "auth/password.h"
#include "base/str.h"
#include "check.h"

/* The settings stand in front of the last $; bcrypt's rounds at a place of their own. */
static bool is_quick(const fr_hash *hash, fr_str settings)
{
    size_t digits = 0, end = settings.n;
    if (hash == &fr_hash_bcrypt || hash == &fr_hash_bcrypt_sha256)
        return fr_str_eq(fr_str_sub(settings, 3, 4), FR_STR("$04$"));
    while (end && settings.p[end - 1] != '$')
        end--;
    for (size_t i = 0; i < end && digits < 3; i++)
        digits = settings.p[i] >= '0' && settings.p[i] <= '9' ? digits + 1 : 0;
    return digits < 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fr_str encoded, password = fr_str_cut((fr_str){(const char *)data, size}, '\n', &encoded), rest;
    (void)fr_password_is_usable(encoded);
    const fr_hash *hash = fr_hash_of(encoded, &rest);
    if (!hash || password.n > FR_PASSWORD_BYTES)
        return 0;
    check(rest.p >= encoded.p && rest.p + rest.n <= encoded.p + encoded.n);
    if (!is_quick(hash, rest))
        return 0;
    bool is_outdated = false, is_still = false;
    fr_hash_verdict verdict = (hash->check)(rest, password, &is_outdated);
    fr_hash_verdict again = (hash->check)(rest, password, &is_still);
    check(verdict != FR_HASH_NO_MEMORY);
    check(again == verdict && is_still == is_outdated);
    check(is_outdated || (verdict != FR_HASH_RIGHT && verdict != FR_HASH_WRONG));
    return 0;
}
