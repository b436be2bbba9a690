/* What every unit test file includes. A file ends with FR_TESTS(file, test_a, test_b, …), which registers them. */
#ifndef FR_TEST_UNIT_H
#define FR_TEST_UNIT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* wants those above it */

#include <freshet/base.h>

void fr_unit_register(const char *file, const struct CMUnitTest *tests, size_t count);

#define FR_TESTS(file, ...)                                                                        \
    static const struct CMUnitTest file##_tests_[] = {__VA_ARGS__};                                \
    __attribute__((constructor)) static void file##_register_(void)                                \
    {                                                                                              \
        fr_unit_register(#file, file##_tests_, sizeof file##_tests_ / sizeof *file##_tests_);      \
    }
#define FR_TEST(function) cmocka_unit_test(function)
#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        fr_str a_ = (actual), e_ = fr_str_c(expected);                                             \
        if (!fr_str_eq(a_, e_))                                                                    \
            fail_msg("got \"%.*s\", expected \"%.*s\"", FR_FMT(a_), FR_FMT(e_));                   \
    } while (0)
#endif
