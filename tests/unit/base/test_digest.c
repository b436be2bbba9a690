/* Digests, held against those that everybody knows. */
#include "base/digest.h"

#include <string.h>

#include "base/str.h"
#include "unit.h"

static void digests_are_those_of_the_standards(void **state)
{
    (void)state;
    static const uint8_t MD5[FR_MD5_BYTES] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                              0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
    static const uint8_t SHA[4] = {0xba, 0x78, 0x16, 0xbf};
    uint8_t md5[FR_MD5_BYTES], sha[FR_SHA256_BYTES];
    assert_true(fr_md5(FR_STR("abc"), md5));
    assert_memory_equal(md5, MD5, sizeof MD5);
    assert_true(fr_sha256(FR_STR("abc"), sha));
    assert_memory_equal(sha, SHA, sizeof SHA);
}

static void of_pieces(const char *const *pieces, size_t count, uint8_t out[FR_SHA256_BYTES])
{
    fr_digest digest;
    fr_sha256_begin(&digest);
    for (size_t i = 0; i < count; i++)
        fr_sha256_put(&digest, fr_str_c(pieces[i]));
    assert_true(fr_sha256_end(&digest, out));
}

static void pieces_are_not_taken_for_each_other(void **state)
{
    (void)state;
    uint8_t a[FR_SHA256_BYTES], b[FR_SHA256_BYTES];
    of_pieces((const char *[]){"ab", "c", ""}, 3, a);
    of_pieces((const char *[]){"ab", "c", ""}, 3, b);
    assert_memory_equal(a, b, sizeof a);
    of_pieces((const char *[]){"a", "bc", ""}, 3, b);
    assert_memory_not_equal(a, b, sizeof a);
    of_pieces((const char *[]){"ab", "", "c"}, 3, b);
    assert_memory_not_equal(a, b, sizeof a);
}

FR_TESTS(digest, FR_TEST(digests_are_those_of_the_standards),
         FR_TEST(pieces_are_not_taken_for_each_other))
