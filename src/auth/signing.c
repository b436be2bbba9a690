/* Django's django.core.signing, of the uses that others read: payload, time in base 62, HMAC-SHA256. */
#include "auth/signing.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <zlib.h>

#include "base/digest.h"
#include "base/digits.h"
#include "base/str.h"

/* ---- keys ---- */

fr_err fr_signer_init(fr_signer *signer, const fr_secrets *secrets, fr_str salt)
{
    *signer = (fr_signer){.count = secrets->count};
    for (size_t i = 0; i < secrets->count; i++) {
        char text[FR_SIGNING_SALT_MAX + FR_SECRET_BYTES_MAX];
        fr_str secret = secrets->keys[i];
        if (salt.n > FR_SIGNING_SALT_MAX || secret.n > FR_SECRET_BYTES_MAX)
            return FR_ETOOBIG;
        memcpy(text, salt.p, salt.n);
        memcpy(text + salt.n, secret.p, secret.n);
        bool is_made = fr_sha256((fr_str){text, salt.n + secret.n}, signer->keys[i]);
        OPENSSL_cleanse(text, sizeof text);
        if (!is_made)
            return FR_ENOMEM;
    }
    return FR_OK;
}

void fr_signer_deinit(fr_signer *signer)
{
    OPENSSL_cleanse(signer, sizeof *signer);
}

bool fr_signer_mac(const fr_signer *signer, size_t key, fr_str text,
                   uint8_t out[FR_SIGNING_KEY_BYTES])
{
    return HMAC(EVP_sha256(), signer->keys[key], FR_SIGNING_KEY_BYTES,
                (const unsigned char *)text.p, text.n, out, NULL) != NULL;
}

/* ---- base64 for URLs ---- */

fr_str fr_base64url(fr_arena *arena, fr_str bytes)
{
    char *text = fr_arena_alloc(arena, (bytes.n + 2) / 3 * 4 + 1);
    if (!text)
        return (fr_str){0};
    size_t n = fr_base64(text, bytes.p, bytes.n);
    while (n && text[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '+')
            text[i] = '-';
        else if (text[i] == '/')
            text[i] = '_';
    }
    return (fr_str){text, n};
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return 26 + c - 'a';
    if (c >= '0' && c <= '9')
        return 52 + c - '0';
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

fr_err fr_base64url_decode(fr_arena *arena, fr_str text, fr_str *out)
{
    if (text.n % 4 == 1)
        return FR_EINVAL;
    char *bytes = fr_arena_alloc(arena, text.n / 4 * 3 + 3);
    if (!bytes)
        return FR_ENOMEM;
    uint32_t bits = 0;
    int held = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        int value = value_of(text.p[i]);
        if (value < 0)
            return FR_EINVAL;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[n++] = (char)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    *out = (fr_str){bytes, n};
    return bits ? FR_EINVAL : FR_OK;
}

/* ---- zlib ---- */

/* The text compressed, if that is shorter by more than a byte: then a dot says so. p is NULL when memory is out. */
static fr_err compress_text(fr_arena *arena, fr_str json, fr_str *out, bool *is_compressed)
{
    uLongf n = compressBound(json.n);
    char *bytes = fr_arena_alloc(arena, n);
    if (!bytes || compress((Bytef *)bytes, &n, (const Bytef *)json.p, json.n) != Z_OK)
        return FR_ENOMEM;
    *is_compressed = n + 1 < json.n;
    *out = *is_compressed ? (fr_str){bytes, n} : json;
    return FR_OK;
}

/* zlib's text whole: what goes on behind its end, or is longer than FR_SIGNED_BYTES_MAX, is none of ours. */
static fr_err expand(fr_arena *arena, fr_str bytes, fr_str *out)
{
    for (size_t room = bytes.n * 4 + 64;; room *= 4) {
        if (room > FR_SIGNED_BYTES_MAX)
            room = FR_SIGNED_BYTES_MAX;
        uLongf n = room;
        uLong used = bytes.n;
        char *text = fr_arena_alloc(arena, room);
        if (!text)
            return FR_ENOMEM;
        int result = uncompress2((Bytef *)text, &n, (const Bytef *)bytes.p, &used);
        if (result == Z_OK && used == bytes.n) {
            *out = (fr_str){text, n};
            return FR_OK;
        }
        if (result == Z_MEM_ERROR)
            return FR_ENOMEM;
        if (result != Z_BUF_ERROR || room == FR_SIGNED_BYTES_MAX)
            return FR_EAUTH;
    }
}

/* ---- signed texts ---- */

#define BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
enum { BASE62_DIGITS = 11 }; /* of 2^63 */

static fr_str put_base62(char out[BASE62_DIGITS], uint64_t number)
{
    size_t at = BASE62_DIGITS;
    do {
        out[--at] = BASE62[number % 62];
        number /= 62;
    } while (number);
    return (fr_str){out + at, BASE62_DIGITS - at};
}

static bool read_base62(fr_str text, int64_t *out)
{
    int64_t number = 0;
    if (!text.n || text.n > BASE62_DIGITS)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char *digit = text.p[i] ? strchr(BASE62, text.p[i]) : NULL;
        if (!digit || number > (INT64_MAX - 61) / 62)
            return false;
        number = number * 62 + (digit - BASE62);
    }
    *out = number;
    return true;
}

/* Where the last colon is; SIZE_MAX: there is none. */
static size_t last_colon(fr_str text)
{
    for (size_t i = text.n; i; i--)
        if (text.p[i - 1] == ':')
            return i - 1;
    return SIZE_MAX;
}

fr_err fr_sign(const fr_signer *signer, fr_arena *arena, fr_str json, fr_time now, fr_str *out)
{
    uint8_t mac[FR_SIGNING_KEY_BYTES];
    char digits[BASE62_DIGITS];
    fr_str bytes;
    bool is_compressed;
    FR_TRY(compress_text(arena, json, &bytes, &is_compressed));
    fr_str payload = fr_base64url(arena, bytes);
    fr_str time = put_base62(digits, now > 0 ? (uint64_t)now / 1000000 : 0);
    fr_str signed_ = payload.p ? fr_arena_printf(arena, "%s%.*s:%.*s", is_compressed ? "." : "",
                                                 FR_FMT(payload), FR_FMT(time))
                               : (fr_str){0};
    if (!signed_.p || !fr_signer_mac(signer, 0, signed_, mac))
        return FR_ENOMEM;
    fr_str signature = fr_base64url(arena, (fr_str){(char *)mac, sizeof mac});
    if (signature.p)
        *out = fr_arena_printf(arena, "%.*s:%.*s", FR_FMT(signed_), FR_FMT(signature));
    return signature.p && out->p ? FR_OK : FR_ENOMEM;
}

/* Whether one of the keys made this signature. The text is compared, not what it stands for: each has one spelling. */
static fr_err check(const fr_signer *signer, fr_arena *arena, fr_str text, fr_str signature)
{
    for (size_t i = 0; i < signer->count; i++) {
        uint8_t mac[FR_SIGNING_KEY_BYTES];
        if (!fr_signer_mac(signer, i, text, mac))
            return FR_ENOMEM;
        fr_str good = fr_base64url(arena, (fr_str){(char *)mac, sizeof mac});
        if (!good.p)
            return FR_ENOMEM;
        if (good.n == signature.n && CRYPTO_memcmp(good.p, signature.p, good.n) == 0)
            return FR_OK;
    }
    return FR_EAUTH;
}

fr_err fr_unsign(const fr_signer *signer, fr_arena *arena, fr_str text, fr_str *json,
                 int64_t *time_s)
{
    size_t at = last_colon(text);
    if (at == SIZE_MAX)
        return FR_EAUTH;
    fr_str signed_ = {text.p, at};
    FR_TRY(check(signer, arena, signed_, fr_str_from(text, at + 1)));
    at = last_colon(signed_);
    if (at == SIZE_MAX || !read_base62(fr_str_from(signed_, at + 1), time_s))
        return FR_EAUTH;
    fr_str payload = {text.p, at};
    bool is_compressed = payload.n && payload.p[0] == '.';
    fr_str bytes;
    fr_err err = fr_base64url_decode(arena, fr_str_from(payload, is_compressed), &bytes);
    if (err != FR_OK)
        return err == FR_EINVAL ? FR_EAUTH : err;
    if (is_compressed)
        return expand(arena, bytes, json);
    *json = bytes;
    return FR_OK;
}
