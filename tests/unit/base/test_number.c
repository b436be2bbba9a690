/* Numbers from text. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"

static void unsigned_numbers_are_digits_only_and_bounded(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "", "-1", "+1", " 1", "1 ", "1a", "18446744073709551616", "99999999999999999999999"};
    uint64_t v;
    assert_true(fr_str_u64(FR_STR("18446744073709551615"), &v));
    assert_true(v == UINT64_MAX);
    assert_true(fr_str_u64(FR_STR("007"), &v));
    assert_int_equal(v, 7);
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        assert_false(fr_str_u64(fr_str_c(REFUSED[i]), &v));
}

static void signed_numbers_reach_both_limits(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "", "-", "+", "--1", "9223372036854775808", "-9223372036854775809"};
    int64_t v;
    assert_true(fr_str_i64(FR_STR("9223372036854775807"), &v));
    assert_true(v == INT64_MAX);
    assert_true(fr_str_i64(FR_STR("-9223372036854775808"), &v));
    assert_true(v == INT64_MIN);
    assert_true(fr_str_i64(FR_STR("+5"), &v));
    assert_int_equal(v, 5);
    assert_true(fr_str_i64(FR_STR("-0"), &v));
    assert_int_equal(v, 0);
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        assert_false(fr_str_i64(fr_str_c(REFUSED[i]), &v));
}

static void doubles_are_read_as_the_c_library_reads_them(void **state)
{
    (void)state;
    static const char *const CASES[] = {"0",
                                        "-0",
                                        "1",
                                        "1.5",
                                        "-1.5e3",
                                        "+2",
                                        ".5",
                                        "5.",
                                        "1e22",
                                        "1e23",
                                        "123456789012345678",
                                        "0.1",
                                        "1e-5",
                                        "1E+5",
                                        "9007199254740993",
                                        "0.000000000000000000000000000001",
                                        "1e-400",
                                        "1e400",
                                        "-1e400",
                                        "5e-324",
                                        "2.2250738585072011e-308",
                                        "1e999999999999",
                                        "000000000000000000000000000000000001.5",
                                        "100000000000000000000000000000000000",
                                        "3."
                                        "1415926535897932384626433832795028841971693993751058209749"
                                        "445923078164062862089986280348253421170679821480865132"};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        double v, expected = strtod(CASES[i], NULL);
        assert_true(fr_str_double(fr_str_c(CASES[i]), &v));
        if (!(v == expected && !signbit(v) == !signbit(expected)))
            fail_msg("%s gives %a", CASES[i], v);
    }
}

static void what_is_no_decimal_number_is_no_double(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {"",    "-",    ".",  "e5", "1e",  "1e+", "nan",
                                          "inf", "0x10", "1 ", " 1", "1,5", "1_0", "1.5f"};
    double v;
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        assert_false(fr_str_double(fr_str_c(REFUSED[i]), &v));
    assert_false(fr_str_double(FR_STR("1\0"), &v));
}

static void a_number_of_many_digits_may_run_out_of_memory(void **state)
{
    (void)state;
    static char digits[1000];
    for (size_t i = 0; i < sizeof digits; i++)
        digits[i] = '1';
    double v;
    fr_str s = {digits, 300};
    (void)fr_test_fail_alloc(1);
    assert_false(fr_str_double(s, &v));
    assert_true(fr_str_double(s, &v));
    assert_true(v > 1e299 && v < 1.2e299);
}

FR_TESTS(number, FR_TEST(unsigned_numbers_are_digits_only_and_bounded),
         FR_TEST(signed_numbers_reach_both_limits),
         FR_TEST(doubles_are_read_as_the_c_library_reads_them),
         FR_TEST(what_is_no_decimal_number_is_no_double),
         FR_TEST(a_number_of_many_digits_may_run_out_of_memory))
