#include "base/digest.h"

#include <openssl/evp.h>

bool fr_md5(fr_str bytes, uint8_t out[FR_MD5_BYTES])
{
    return EVP_Digest(bytes.p, bytes.n, out, NULL, EVP_md5(), NULL) == 1;
}

bool fr_sha256(fr_str bytes, uint8_t out[FR_SHA256_BYTES])
{
    return EVP_Digest(bytes.p, bytes.n, out, NULL, EVP_sha256(), NULL) == 1;
}

/* ---- in pieces ---- */

static void fail(fr_digest *digest)
{
    EVP_MD_CTX_free(digest->inner);
    digest->inner = NULL;
}

static void put(fr_digest *digest, const void *bytes, size_t n)
{
    if (digest->inner && EVP_DigestUpdate(digest->inner, bytes, n) != 1)
        fail(digest);
}

void fr_sha256_begin(fr_digest *digest)
{
    digest->inner = EVP_MD_CTX_new();
    if (digest->inner && EVP_DigestInit_ex(digest->inner, EVP_sha256(), NULL) != 1)
        fail(digest);
}

void fr_sha256_put(fr_digest *digest, fr_str piece)
{
    uint64_t n = piece.n;
    put(digest, &n, sizeof n);
    put(digest, piece.p, piece.n);
}

bool fr_sha256_end(fr_digest *digest, uint8_t out[FR_SHA256_BYTES])
{
    bool is_ok = digest->inner && EVP_DigestFinal_ex(digest->inner, out, NULL) == 1;
    fail(digest);
    return is_ok;
}
