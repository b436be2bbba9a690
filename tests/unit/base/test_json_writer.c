/* JSON text as DRF and Python spell it. */
#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

static void check_str(fr_str s, const char *drf, const char *python)
{
    fr_buf buf = {0};
    fr_json_put_str(&buf, s);
    assert_str(fr_buf_str(&buf), drf);
    fr_buf_clear(&buf);
    fr_json_put_str_ascii(&buf, s);
    assert_str(fr_buf_str(&buf), python);
    fr_buf_deinit(&buf);
}

static void only_what_must_be_is_escaped(void **state)
{
    (void)state;
    check_str(FR_STR(""), "\"\"", "\"\"");
    check_str((fr_str){0}, "\"\"", "\"\"");
    check_str(FR_STR("</a> 'x' \x7f"), "\"</a> 'x' \x7f\"", "\"</a> 'x' \\u007f\"");
    check_str(FR_STR("\"\\\b\f\n\r\t\0\x1f"), "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\"",
              "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\"");
    check_str(FR_STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
              "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"\\u00e9\\u20ac\\ud83d\\ude00\"");
    check_str(FR_STR("a\xe2\x80\xa8z\xe2\x80\xa9\xe2\x80\xaa"), "\"a\\u2028z\\u2029\xe2\x80\xaa\"",
              "\"a\\u2028z\\u2029\\u202a\"");
    check_str(FR_STR("\xed\xa0\xbd"), "\"\\ud83d\"", "\"\\ud83d\"");
}

static void bytes_that_are_no_utf8_become_the_replacement_character(void **state)
{
    (void)state;
    check_str(FR_STR("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"", "\"a\\ufffd\\ufffd\"");
    check_str(FR_STR("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\"\\ufffd\\ufffd\"");
    check_str(FR_STR("\xe2\x82!"), "\"\xef\xbf\xbd\xef\xbf\xbd!\"", "\"\\ufffd\\ufffd!\"");
}

static void halves_of_surrogates_are_no_utf8(void **state)
{
    (void)state;
    fr_buf buf;
    fr_buf_init(&buf);
    fr_json_put_utf8(&buf, FR_STR("\xed\xa0\xbd!\xed\x9f\xbf\xe2\x80\xa8\xff\xf0\x9f\x98\x80"));
    assert_str(fr_buf_str(&buf), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!\xed\x9f\xbf\\u2028"
                                 "\xef\xbf\xbd\xf0\x9f\x98\x80\"");
    fr_buf_deinit(&buf);
}

static void a_special_byte_is_found_at_every_place(void **state)
{
    (void)state;
    char text[40], expected[48];
    for (size_t n = 1; n <= sizeof text; n++) {
        for (size_t at = 0; at < n; at++) {
            memset(text, 'a', n);
            text[at] = '"';
            expected[0] = '"';
            memset(expected + 1, 'a', n + 1);
            memcpy(expected + 1 + at, "\\\"", 2);
            expected[n + 2] = '"';
            expected[n + 3] = '\0';
            check_str((fr_str){text, n}, expected, expected);
        }
    }
}

static void floats_are_spelled_as_pythons_repr(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *text;
    } CASES[] = {{0.0, "0.0"},
                 {-0.0, "-0.0"},
                 {1.0, "1.0"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {1.1, "1.1"},
                 {100.0, "100.0"},
                 {1234567.891, "1234567.891"},
                 {0.0001, "0.0001"},
                 {0.00012345678, "0.00012345678"},
                 {0.00001, "1e-05"},
                 {1e15, "1000000000000000.0"},
                 {123456789012345680.0, "1.2345678901234568e+17"},
                 {9007199254740993.0, "9007199254740992.0"},
                 {1e16, "1e+16"},
                 {1e22, "1e+22"},
                 {1e100, "1e+100"},
                 {1.5e-10, "1.5e-10"},
                 {5e-324, "5e-324"},
                 {DBL_MIN, "2.2250738585072014e-308"},
                 {DBL_MAX, "1.7976931348623157e+308"},
                 {1.0 / 3, "0.3333333333333333"},
                 {2.0 / 3, "0.6666666666666666"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {5e-5, "5e-05"},
                 {4.35, "4.35"},
                 {999999999999999.9, "999999999999999.9"},
                 {NAN, "null"},
                 {INFINITY, "null"},
                 {-INFINITY, "null"}};
    fr_buf buf = {0};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        fr_buf_clear(&buf);
        fr_json_put_double(&buf, CASES[i].v);
        assert_str(fr_buf_str(&buf), CASES[i].text);
    }
    fr_buf_deinit(&buf);
}

static void every_float_reads_back_as_itself(void **state)
{
    (void)state;
    fr_buf buf = {0};
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        double v;
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        uint64_t chosen = i % 2 ? bits : bits >> 12; /* every other one is subnormal */
        memcpy(&v, &chosen, sizeof v);
        if (!isfinite(v))
            continue;
        fr_buf_clear(&buf);
        fr_json_put_double(&buf, v);
        fr_buf_put_char(&buf, '\0');
        if (strtod(buf.p, NULL) != v)
            fail_msg("%a gives %s", v, buf.p);
    }
    fr_buf_deinit(&buf);
}

static void booleans_are_words(void **state)
{
    (void)state;
    fr_buf buf = {0};
    fr_json_put_bool(&buf, true);
    fr_json_put_bool(&buf, false);
    assert_str(fr_buf_str(&buf), "truefalse");
    fr_buf_deinit(&buf);
}

static void each_allocation_of_the_writer_may_fail(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_buf buf = {0};
        for (int i = 0; i < 50; i++) {
            fr_json_put_str(&buf, FR_STR("\x01\x02\xff\"some text\""));
            fr_json_put_double(&buf, 1.0 / (i + 1));
        }
        assert_true(buf.has_failed || buf.n > 2000);
        fr_buf_deinit(&buf);
    }
}

FR_TESTS(json_writer, FR_TEST(only_what_must_be_is_escaped),
         FR_TEST(bytes_that_are_no_utf8_become_the_replacement_character),
         FR_TEST(halves_of_surrogates_are_no_utf8), FR_TEST(a_special_byte_is_found_at_every_place),
         FR_TEST(floats_are_spelled_as_pythons_repr), FR_TEST(every_float_reads_back_as_itself),
         FR_TEST(booleans_are_words), FR_TEST(each_allocation_of_the_writer_may_fail))
