/* Stored values: order, text forms, JSON spelling, structs. Expected texts: those of DRF's fields and Django's columns. */
#include "model/value.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/str.h"
#include "model/model.h"
#include "note.h"
#include "unit.h"

static fr_value text(const char *s)
{
    return FR_VALUE_S(fr_str_c(s));
}

/* ---- order ---- */

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void values_sort_as_in_sqlite(void **state)
{
    (void)state;
    const fr_value sorted[] = {{.type = FR_VALUE_NULL},
                               FR_VALUE_R(-INFINITY),
                               FR_VALUE_I(INT64_MIN),
                               FR_VALUE_R(-1.5),
                               FR_VALUE_I(-1),
                               FR_VALUE_R(-0.5),
                               FR_VALUE_I(0),
                               FR_VALUE_R(0.5),
                               FR_VALUE_I(1),
                               FR_VALUE_R(9007199254740992.0),
                               FR_VALUE_I(9007199254740993),
                               FR_VALUE_I(INT64_MAX),
                               FR_VALUE_R(9223372036854775808.0),
                               FR_VALUE_R(INFINITY),
                               text(""),
                               text("B"),
                               text("a"),
                               text("ab"),
                               {.type = FR_VALUE_BLOB, .as.s = {"", 0}},
                               {.type = FR_VALUE_BLOB, .as.s = {"a", 1}}};
    const int count = sizeof sorted / sizeof *sorted;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++)
            assert_int_equal(sign(fr_value_cmp(sorted[i], sorted[j])), sign(i - j));
    assert_int_equal(fr_value_cmp(FR_VALUE_I(1), FR_VALUE_R(1.0)), 0);
    assert_false(fr_value_eq(FR_VALUE_I(1), FR_VALUE_R(1.0)));
    assert_true(fr_value_eq(FR_VALUE_R(0.0), FR_VALUE_R(-0.0)));
    assert_int_equal(fr_value_hash(FR_VALUE_R(0.0)), fr_value_hash(FR_VALUE_R(-0.0)));
    assert_int_equal(fr_value_hash(text("ab")), fr_value_hash(text("ab")));
    assert_int_not_equal(fr_value_hash(text("1")), fr_value_hash(FR_VALUE_I(1)));
}

/* ---- decimals ---- */

static void assert_decimal(fr_value v, int places, const char *expected)
{
    char out[FR_DECIMAL_TEXT];
    size_t n = 0;
    bool is_number = fr_decimal_quantise(v, places, FR_ROUND_HALF_EVEN, out, &n);
    assert_true(is_number == (expected != NULL));
    if (expected)
        assert_str(((fr_str){out, n}), expected);
}

static void decimals_round_half_to_even(void **state)
{
    (void)state;
    assert_decimal(text("1.5"), 2, "1.50");
    assert_decimal(text("-0"), 2, "-0.00");
    assert_decimal(text("0.125"), 2, "0.12");
    assert_decimal(text("0.135"), 2, "0.14");
    assert_decimal(text("0.1250001"), 2, "0.13");
    assert_decimal(text("9.995"), 2, "10.00");
    assert_decimal(text("0.005"), 2, "0.00");
    assert_decimal(text("0.0051"), 2, "0.01");
    assert_decimal(text("0.015"), 2, "0.02");
    assert_decimal(text("99.99"), 0, "100");
    assert_decimal(text("2.5"), 0, "2");
    assert_decimal(text("0.5"), 0, "0");
    assert_decimal(text("0.51"), 0, "1");
    assert_decimal(text("0.0009"), 2, "0.00");
    assert_decimal(text("12e3"), 2, "12000.00");
    assert_decimal(text("1.2e-1"), 3, "0.120");
    assert_decimal(text(".5"), 1, "0.5");
    assert_decimal(text("5."), 1, "5.0");
    assert_decimal(text("+007"), 0, "7");
    assert_decimal(text("1e-999999"), 2, "0.00");
    assert_decimal(text("123456789012345678901234567890.12"), 2,
                   "123456789012345678901234567890.12");
}

/* To two places, by each of fr_rounding: what Python's decimal says. */
static const struct {
    const char *text, *rounded[8];
} ROUNDED[] = {
    {"1.005", {"1.00", "1.01", "1.00", "1.01", "1.00", "1.01", "1.00", "1.01"}},
    {"1.015", {"1.02", "1.02", "1.01", "1.02", "1.01", "1.02", "1.01", "1.01"}},
    {"-1.005", {"-1.00", "-1.01", "-1.00", "-1.01", "-1.00", "-1.00", "-1.01", "-1.01"}},
    {"1.0051", {"1.01", "1.01", "1.01", "1.01", "1.00", "1.01", "1.00", "1.01"}},
    {"-1.001", {"-1.00", "-1.00", "-1.00", "-1.01", "-1.00", "-1.00", "-1.01", "-1.01"}},
    {"9.995", {"10.00", "10.00", "9.99", "10.00", "9.99", "10.00", "9.99", "9.99"}},
    {"0.001", {"0.00", "0.00", "0.00", "0.01", "0.00", "0.01", "0.00", "0.01"}},
    {"0.0049", {"0.00", "0.00", "0.00", "0.01", "0.00", "0.01", "0.00", "0.01"}},
    {"-0.0001", {"-0.00", "-0.00", "-0.00", "-0.01", "-0.00", "-0.00", "-0.01", "-0.01"}},
    {"0.05", {"0.05", "0.05", "0.05", "0.05", "0.05", "0.05", "0.05", "0.05"}},
    {"1.10", {"1.10", "1.10", "1.10", "1.10", "1.10", "1.10", "1.10", "1.10"}},
    {"1.151", {"1.15", "1.15", "1.15", "1.16", "1.15", "1.16", "1.15", "1.16"}},
    {"-1.15", {"-1.15", "-1.15", "-1.15", "-1.15", "-1.15", "-1.15", "-1.15", "-1.15"}},
    {"99.999", {"100.00", "100.00", "100.00", "100.00", "99.99", "100.00", "99.99", "99.99"}},
    {"0.005", {"0.00", "0.01", "0.00", "0.01", "0.00", "0.01", "0.00", "0.01"}},
    {"-0.005", {"-0.00", "-0.01", "-0.00", "-0.01", "-0.00", "-0.00", "-0.01", "-0.01"}},
    {"1.000", {"1.00", "1.00", "1.00", "1.00", "1.00", "1.00", "1.00", "1.00"}},
    {"0.000001", {"0.00", "0.00", "0.00", "0.01", "0.00", "0.01", "0.00", "0.01"}},
};

static void decimals_round_as_they_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROUNDED / sizeof *ROUNDED; i++)
        for (int r = FR_ROUND_HALF_EVEN; r <= FR_ROUND_05UP; r++) {
            char out[FR_DECIMAL_TEXT];
            fr_str said = {out, 0};
            assert_true(fr_decimal_quantise(FR_VALUE_S(fr_str_c(ROUNDED[i].text)), 2,
                                            (fr_rounding)r, out, &said.n));
            if (!fr_str_eq(said, fr_str_c(ROUNDED[i].rounded[r])))
                fail_msg("%s by %d: %.*s, not %s", ROUNDED[i].text, r, FR_FMT(said),
                         ROUNDED[i].rounded[r]);
        }
}

static void decimals_of_any_length_compare(void **state)
{
    (void)state;
    char ones[200], more[201];
    memset(ones, '1', sizeof ones);
    memset(more, '1', sizeof more);
    fr_value a = FR_VALUE_S(((fr_str){ones, sizeof ones})),
             b = FR_VALUE_S(((fr_str){more, sizeof more}));
    assert_int_equal(fr_decimal_cmp(a, b), -1);
    assert_int_equal(fr_decimal_cmp(a, a), 0);
    assert_int_equal(fr_decimal_cmp(a, FR_VALUE_I(1)), 1);
    more[100] = '.';
    assert_int_equal(fr_decimal_cmp(a, b), 1);
}

static void stored_numbers_count_with_fifteen_digits(void **state)
{
    (void)state;
    assert_decimal(FR_VALUE_R(1.5), 2, "1.50");
    assert_decimal(FR_VALUE_R(0.1), 20, "0.10000000000000000000");
    assert_decimal(FR_VALUE_R(1.005), 2, "1.00");
    assert_decimal(FR_VALUE_R(1.015), 2, "1.02");
    assert_decimal(FR_VALUE_I(1), 2, "1.00");
    assert_decimal(FR_VALUE_I(1234567890123456789), 0, "1234567890123460000");
    assert_decimal(FR_VALUE_R(-0.0), 2, "-0.00");
    assert_decimal(FR_VALUE_R(1e300), 2, NULL);
    assert_decimal(FR_VALUE_R(INFINITY), 2, NULL);
    assert_decimal(FR_VALUE_R(NAN), 2, NULL);
}

static void what_is_no_decimal_is_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {"",    "-",   ".",   "e5",    "1e",  "1e+",      "1 ",
                                 " 1",  "1,5", "abc", "1.2.3", "NaN", "Infinity", "1e99999999999",
                                 "0x1", "--1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_decimal(text(wrong[i]), 2, NULL);
    assert_decimal((fr_value){.type = FR_VALUE_NULL}, 2, NULL);
    assert_decimal(text("1e200"), 2, NULL);
}

/* ---- JSON ---- */

static void assert_json(int field, fr_value v, const char *expected)
{
    fr_buf out;
    fr_buf_init(&out);
    fr_value_json(&every_model.fields[field], v, &out);
    assert_str(fr_buf_str(&out), expected);
    fr_buf_deinit(&out);
}

static void stored_forms_print_as_drf_does(void **state)
{
    (void)state;
    assert_json(every_field_id, FR_VALUE_I(7), "7");
    assert_json(every_field_big, FR_VALUE_I(9007199254740993), "9007199254740993");
    /* what another kind of column made of it, as DRF's int(value) and str(value) print it */
    assert_json(every_field_big, FR_VALUE_R(1003.0), "1003");
    assert_json(every_field_big, FR_VALUE_R(-7.5), "-7.5");
    assert_json(every_field_big, FR_VALUE_R(1e300), "1e+300");
    assert_json(every_field_big, text("42"), "42");
    assert_json(every_field_big, text("042"), "\"042\"");
    assert_json(every_field_big, text("many"), "\"many\"");
    assert_json(every_field_big, (fr_value){.type = FR_VALUE_NULL}, "null");
    assert_json(every_field_char_, FR_VALUE_I(7), "\"7\"");
    assert_json(every_field_char_, FR_VALUE_R(7.5), "\"7.5\"");
    assert_json(every_field_flag, FR_VALUE_I(1), "true");
    assert_json(every_field_flag, FR_VALUE_I(0), "false");
    assert_json(every_field_char_, text("h\xc3\xa9 \"q\" \xe2\x80\xa8"),
                "\"h\xc3\xa9 \\\"q\\\" \\u2028\"");
    assert_json(every_field_real, FR_VALUE_R(1.0), "1.0");
    assert_json(every_field_real, FR_VALUE_I(1), "1.0");
    assert_json(every_field_real, FR_VALUE_R(1e22), "1e+22");
    assert_json(every_field_price, text("1.5"), "\"1.50\"");
    assert_json(every_field_price, FR_VALUE_R(1.5), "\"1.50\"");
    assert_json(every_field_price, FR_VALUE_I(1), "\"1.00\"");
    assert_json(every_field_day, text("2020-01-02"), "\"2020-01-02\"");
    assert_json(every_field_clock, text("03:04:00"), "\"03:04:00\"");
    assert_json(every_field_clock, text("03:04:05.000100"), "\"03:04:05.000100\"");
    assert_json(every_field_moment, text("2020-01-02 01:04:05.678000"),
                "\"2020-01-02T01:04:05.678000Z\"");
    assert_json(every_field_moment, text("2020-01-02 03:04:00"), "\"2020-01-02T03:04:00Z\"");
    assert_json(every_field_period, FR_VALUE_I(93784500000), "\"1 02:03:04.500000\"");
    assert_json(every_field_period, FR_VALUE_I(-86399000000), "\"-1 00:00:01\"");
    assert_json(every_field_uid, text("0123456789abcdef0123456789abcdef"),
                "\"01234567-89ab-cdef-0123-456789abcdef\"");
    assert_json(every_field_data, text("{\"a\": [1, 2.50, \"\\u00e9\", null]}"),
                "{\"a\":[1,2.5,\"\xc3\xa9\",null]}");
    assert_json(every_field_parent, (fr_value){.type = FR_VALUE_NULL}, "null");
    assert_json(every_field_parent, FR_VALUE_I(3), "3");
}

static void foreign_forms_print_as_what_they_are(void **state)
{
    (void)state;
    assert_json(every_field_moment, text("2020-01-02T03:04:05+02:00"), "\"2020-01-02T01:04:05Z\"");
    assert_json(every_field_moment, text("2020-01-02 03:04"), "\"2020-01-02T03:04:00Z\"");
    assert_json(every_field_moment, text("2020-01-02 01:04:05.678"),
                "\"2020-01-02T01:04:05.678000Z\"");
    assert_json(every_field_moment, text("2020-01-02 01:04:05.000000"), "\"2020-01-02T01:04:05Z\"");
    assert_json(every_field_moment, text("2020-01-02 01x04:05"), "\"2020-01-02 01x04:05\"");
    assert_json(every_field_moment, text("never"), "\"never\"");
    assert_json(every_field_moment, FR_VALUE_I(5), "5");
    assert_json(every_field_day, text("2020-1-2"), "\"2020-01-02\"");
    assert_json(every_field_clock, text("3:04"), "\"03:04:00\"");
    assert_json(every_field_clock, text(""), "\"\"");
    assert_json(every_field_uid, text("01234567-89AB-cdef-0123-456789abcdef"),
                "\"01234567-89ab-cdef-0123-456789abcdef\"");
    assert_json(every_field_uid, text("not a uuid"), "\"not a uuid\"");
    assert_json(every_field_price, text("a lot"), "\"a lot\"");
    assert_json(every_field_flag, text("true"), "\"true\"");
    assert_json(every_field_data, text("{broken"), "\"{broken\"");
    assert_json(every_field_text,
                (fr_value){.type = FR_VALUE_BLOB, .as.s = FR_STR("\x00\xff\x10@")}, "\"AP8QQA==\"");
    assert_json(every_field_text, (fr_value){.type = FR_VALUE_BLOB, .as.s = FR_STR("abc")},
                "\"YWJj\"");
    assert_json(every_field_text, text("a\xff\xc3\xa9\xe2\x82"),
                "\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* ---- text and structs ---- */

static void text_becomes_its_stored_form(void **state)
{
    (void)state;
    static const struct {
        int field;
        const char *in, *out;
    } CASES[] = {
        {every_field_moment, "2020-01-02T03:04:05.678+02:00", "2020-01-02 01:04:05.678000"},
        {every_field_day, "2020-1-2", "2020-01-02"},
        {every_field_clock, "3:04", "03:04:00"},
        {every_field_uid, "01234567-89AB-CDEF-0123-456789ABCDEF",
         "0123456789abcdef0123456789abcdef"},
        {every_field_price, "1.5", "1.50"},
        {every_field_data, "{\"a\":[1,\"\xc3\xa9\"]}", "{\"a\": [1, \"\\u00e9\"]}"},
        {every_field_char_, "x", "x"},
    };
    fr_arena *arena = fr_arena_new(0);
    fr_value v;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(fr_value_from_text(&every_model.fields[CASES[i].field],
                                            fr_str_c(CASES[i].in), arena, &v),
                         FR_OK);
        assert_int_equal(v.type, FR_VALUE_TEXT);
        assert_str(v.as.s, CASES[i].out);
    }
    assert_int_equal(fr_value_from_text(&every_model.fields[every_field_period],
                                        FR_STR("1 02:03:04.5"), arena, &v),
                     FR_OK);
    assert_int_equal(v.as.i, 93784500000);
    assert_int_equal(
        fr_value_from_text(&every_model.fields[every_field_parent], FR_STR("12"), arena, &v),
        FR_OK);
    assert_int_equal(v.as.i, 12);
    assert_int_equal(
        fr_value_from_text(&every_model.fields[every_field_flag], FR_STR("True"), arena, &v),
        FR_OK);
    assert_int_equal(v.as.i, 1);
    assert_int_equal(
        fr_value_from_text(&every_model.fields[every_field_flag], FR_STR("yes"), arena, &v),
        FR_EINVAL);
    assert_int_equal(
        fr_value_from_text(&every_model.fields[every_field_integer], FR_STR("1.5"), arena, &v),
        FR_EINVAL);
    assert_int_equal(fr_value_from_text(&every_model.fields[every_field_moment],
                                        FR_STR("2020-02-30T00:00"), arena, &v),
                     FR_EINVAL);
    fr_arena_free(arena);
}

static void a_struct_survives_the_stored_form(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_value values[every_field_count];
    every row = {.id = 5,
                 .flag = true,
                 .char_ = FR_STR("c"),
                 .text = FR_STR("t"),
                 .integer = -3,
                 .big = INT64_MIN,
                 .real = 0.5,
                 .price = FR_STR("1.5"),
                 .day = -1,
                 .clock = 11045000100,
                 .moment = 1577927045678000,
                 .period = -1,
                 .uid = {{0xab, 0xcd}},
                 .data = FR_STR("[1,2]"),
                 .email = FR_STR("a@b.co"),
                 .ip = FR_STR("::1")};
    every back = {0};
    FR_SET_NULL(&row, parent);
    assert_int_equal(fr_row_values(&every_model, &row, arena, values), FR_OK);
    assert_str(values[every_field_moment].as.s, "2020-01-02 01:04:05.678000");
    assert_str(values[every_field_uid].as.s, "abcd0000000000000000000000000000");
    assert_str(values[every_field_day].as.s, "1969-12-31");
    assert_int_equal(values[every_field_parent].type, FR_VALUE_NULL);
    assert_int_equal(fr_row_store_all(&every_model, values, arena, &back), FR_OK);
    assert_int_equal(back.row.null, 1u << every_field_parent);
    assert_int_equal(back.row.set, (1u << every_field_count) - 1);
    assert_int_equal(back.big, INT64_MIN);
    assert_int_equal(back.moment, row.moment);
    assert_int_equal(back.day, -1);
    assert_int_equal(back.clock, row.clock);
    assert_int_equal(back.period, -1);
    assert_memory_equal(&back.uid, &row.uid, sizeof row.uid);
    assert_str(back.price, "1.50");
    assert_str(back.data, "[1, 2]");
    assert_str(back.char_, "c");
    assert_true(back.flag && back.real == 0.5);
    fr_arena_free(arena);
}

FR_TESTS(value, FR_TEST(values_sort_as_in_sqlite), FR_TEST(decimals_round_half_to_even),
         FR_TEST(decimals_round_as_they_are_told), FR_TEST(decimals_of_any_length_compare),
         FR_TEST(stored_numbers_count_with_fifteen_digits), FR_TEST(what_is_no_decimal_is_refused),
         FR_TEST(stored_forms_print_as_drf_does), FR_TEST(foreign_forms_print_as_what_they_are),
         FR_TEST(text_becomes_its_stored_form), FR_TEST(a_struct_survives_the_stored_form))
