#include "base/digest.h"

#include <openssl/evp.h>

static bool digest(const EVP_MD *kind, const fr_str *parts, size_t count, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_ok = ctx && EVP_DigestInit_ex(ctx, kind, NULL) == 1;
    for (size_t i = 0; i < count && is_ok; i++)
        is_ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
    is_ok = is_ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return is_ok;
}

bool fr_md5(fr_str bytes, uint8_t out[FR_MD5_BYTES])
{
    return digest(EVP_md5(), &bytes, 1, out);
}

bool fr_sha256(const fr_str *parts, size_t count, uint8_t out[FR_SHA256_BYTES])
{
    return digest(EVP_sha256(), parts, count, out);
}
