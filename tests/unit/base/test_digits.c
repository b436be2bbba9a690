/* Base64: the examples of RFC 4648 section 10, and bytes of all kinds. */
#include "unit.h"

#include "base/digits.h"
#include "base/str.h"

static void base64_is_as_the_rfc_has_it(void **state)
{
    (void)state;
    const struct {
        fr_str bytes;
        const char *text;
    } cases[] = {
        {FR_STR(""), ""},
        {FR_STR("f"), "Zg=="},
        {FR_STR("fo"), "Zm8="},
        {FR_STR("foo"), "Zm9v"},
        {FR_STR("foob"), "Zm9vYg=="},
        {FR_STR("fooba"), "Zm9vYmE="},
        {FR_STR("foobar"), "Zm9vYmFy"},
        {FR_STR("\0\xff\xfb\xf0"), "AP/78A=="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[16];
        assert_str(((fr_str){out, fr_base64(out, cases[i].bytes.p, cases[i].bytes.n)}),
                   cases[i].text);
    }
}

FR_TESTS(digits, FR_TEST(base64_is_as_the_rfc_has_it))
