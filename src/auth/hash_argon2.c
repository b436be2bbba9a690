/*
 * argon2$argon2id$v=19$m=102400,t=2,p=8$SALT$HASH, both base64 without =; argon2i and argon2d of older ones are checked, too. The
 * lanes change the result, the threads do not: all lanes run on the caller's thread, so that the pool is what bounds the load.
 */
#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "auth/hash.h"
#include "base/str.h"

enum { PASSES = 2, MEMORY_KIB = 102400, LANES = 8, BYTES = 32 };
enum {
    PASSES_MAX = 1000,
    MEMORY_KIB_MAX = 1 << 20,
    LANES_MAX = 255,
    BYTES_MAX = 64,
    SALT_MAX = 64
};

typedef struct parts {
    argon2_type type;
    uint64_t version, memory, passes, lanes;
    uint8_t salt[SALT_MAX], hash[BYTES_MAX];
    size_t salt_bytes, hash_bytes;
} parts;

/* Base64 without = to bytes. */
static bool decode(fr_str text, uint8_t *out, size_t room, size_t *n)
{
    uint8_t padded[128], bytes[96];
    size_t full = (text.n + 3) / 4 * 4;
    if (!text.n || full > sizeof padded || text.n % 4 == 1)
        return false;
    memcpy(padded, text.p, text.n);
    memset(padded + text.n, '=', full - text.n);
    int got = EVP_DecodeBlock(bytes, padded, (int)full);
    *n = got < 0 ? 0 : (size_t)got - (full - text.n);
    if (got < 0 || *n > room)
        return false;
    memcpy(out, bytes, *n);
    return true;
}

static bool read_type(fr_str text, argon2_type *out)
{
    static const argon2_type types[] = {Argon2_id, Argon2_i, Argon2_d};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (fr_str_eq(text, fr_str_c(argon2_type2string(types[i], 0)))) {
            *out = types[i];
            return true;
        }
    return false;
}

/* "m=102400": the number, if that is the letter. */
static bool read_parameter(fr_str text, char letter, uint64_t max, uint64_t *out)
{
    return text.n > 2 && text.p[0] == letter && text.p[1] == '=' &&
           fr_hash_number(fr_str_from(text, 2), max, out);
}

static bool read_parameters(fr_str text, parts *out)
{
    fr_str m, t;
    fr_str p = fr_str_cut(fr_str_cut(text, ',', &m), ',', &t);
    return read_parameter(m, 'm', MEMORY_KIB_MAX, &out->memory) &&
           read_parameter(t, 't', PASSES_MAX, &out->passes) &&
           read_parameter(p, 'p', LANES_MAX, &out->lanes);
}

static bool read(fr_str encoded, parts *out)
{
    fr_str piece, salt;
    if (!fr_hash_cut(&encoded, &piece) || !read_type(piece, &out->type) ||
        !fr_hash_cut(&encoded, &piece))
        return false;
    out->version = ARGON2_VERSION_10; /* of before it was told */
    if (piece.n && piece.p[0] == 'v' &&
        (!read_parameter(piece, 'v', UINT32_MAX, &out->version) || !fr_hash_cut(&encoded, &piece)))
        return false;
    return read_parameters(piece, out) && fr_hash_cut(&encoded, &salt) &&
           decode(salt, out->salt, SALT_MAX, &out->salt_bytes) &&
           decode(encoded, out->hash, BYTES_MAX, &out->hash_bytes);
}

static int derive(fr_str password, parts *p, uint8_t *out, size_t bytes)
{
    argon2_context context = {.out = out,
                              .outlen = (uint32_t)bytes,
                              .pwd = (uint8_t *)(uintptr_t)password.p,
                              .pwdlen = (uint32_t)password.n,
                              .salt = p->salt,
                              .saltlen = (uint32_t)p->salt_bytes,
                              .t_cost = (uint32_t)p->passes,
                              .m_cost = (uint32_t)p->memory,
                              .lanes = (uint32_t)p->lanes,
                              .threads = 1,
                              .version = (uint32_t)p->version,
                              .flags = ARGON2_DEFAULT_FLAGS};
    return argon2_ctx(&context, p->type);
}

static bool is_outdated_by(const parts *p)
{
    return p->type != Argon2_id || p->version != ARGON2_VERSION_13 || p->memory != MEMORY_KIB ||
           p->passes != PASSES || p->lanes != LANES || p->hash_bytes != BYTES ||
           p->salt_bytes < FR_SALT_CHARS;
}

static fr_hash_verdict check(fr_str encoded, fr_str password, bool *is_outdated)
{
    uint8_t key[BYTES_MAX];
    parts p;
    if (!read(encoded, &p))
        return FR_HASH_BROKEN;
    int rc = derive(password, &p, key, p.hash_bytes);
    if (rc != ARGON2_OK)
        return rc == ARGON2_MEMORY_ALLOCATION_ERROR ? FR_HASH_NO_MEMORY : FR_HASH_BROKEN;
    bool is_right = CRYPTO_memcmp(key, p.hash, p.hash_bytes) == 0;
    OPENSSL_cleanse(key, sizeof key);
    *is_outdated = is_outdated_by(&p);
    return is_right ? FR_HASH_RIGHT : FR_HASH_WRONG;
}

/* Base64 without =. */
static void encode(const uint8_t *bytes, size_t n, char out[64])
{
    int length = EVP_EncodeBlock((uint8_t *)out, bytes, (int)n);
    while (length && out[length - 1] == '=')
        out[--length] = 0;
}

static bool make(fr_str password, char out[FR_HASH_TEXT])
{
    parts p = {.type = Argon2_id,
               .version = ARGON2_VERSION_13,
               .memory = MEMORY_KIB,
               .passes = PASSES,
               .lanes = LANES,
               .salt_bytes = FR_SALT_CHARS};
    uint8_t key[BYTES];
    char salt_text[64], key_text[64];
    if (!fr_salt_make((char *)p.salt, FR_SALT_CHARS) ||
        derive(password, &p, key, BYTES) != ARGON2_OK)
        return false;
    encode(p.salt, p.salt_bytes, salt_text);
    encode(key, BYTES, key_text);
    int n = snprintf(out, FR_HASH_TEXT, "argon2$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
                     ARGON2_VERSION_13, MEMORY_KIB, PASSES, LANES, salt_text, key_text);
    OPENSSL_cleanse(key, sizeof key);
    return n > 0 && n < FR_HASH_TEXT;
}

const fr_hash fr_hash_argon2 = {.name = "argon2", .check = check, .make = make};
