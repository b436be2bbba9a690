/* SipHash, against the one of libcrypto. */
#include "unit.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/siphash.h"

static void of_libcrypto(const uint8_t key[16], const uint8_t *text, size_t n, uint8_t out[16])
{
    size_t size = 16;
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                 OSSL_PARAM_construct_end()};
    assert_int_equal(EVP_MAC_init(ctx, key, 16, params), 1);
    assert_int_equal(EVP_MAC_update(ctx, text, n), 1);
    assert_int_equal(EVP_MAC_final(ctx, out, &size, 16), 1);
    assert_int_equal(size, 16);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
}

static void each_length_is_as_libcrypto_has_it(void **state)
{
    (void)state;
    uint8_t key[16], text[300], good[16];
    fr_sip own;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(17 * i + 3);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(251 * i + 7);
    memcpy(&own, key, sizeof own);
    for (size_t n = 0; n <= sizeof text; n++) {
        of_libcrypto(key, text, n, good);
        fr_sip got = fr_siphash(own, (fr_str){(const char *)text, n});
        assert_memory_equal(&got, good, sizeof got);
    }
}

FR_TESTS(siphash, FR_TEST(each_length_is_as_libcrypto_has_it))
