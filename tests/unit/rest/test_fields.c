/* Each kind of field: what is taken, what it becomes, what is said when it is not. Expected bytes: the
 * recorded answers of the reference. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "world.h"

#define INT_BAD "A valid integer is required."
#define NUM_BAD "A valid number is required."
#define STR_BIG "String value too large."
#define NULL_BAD "This field may not be null."
#define BLANK_BAD "This field may not be blank."
#define DATE_BAD "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
#define TIME_BAD "Time has wrong format. Use one of these formats instead: hh:mm[:ss[.uuuuuu]]."
#define MOMENT_BAD                                                                                 \
    "Datetime has wrong format. Use one of these formats instead: "                                \
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
#define SPAN_BAD                                                                                   \
    "Duration has wrong format. Use one of these formats instead: [DD] [HH:[MM:]]ss[.uuuuuu]."
#define SLUG_BAD                                                                                   \
    "Enter a valid \\\"slug\\\" consisting of letters, numbers, underscores or hyphens."
#define IP_BAD "Enter a valid IPv4 or IPv6 address."

/* taken: the JSON that the answer holds; refused: the messages as they stand in the list. */
static const struct {
    const char *field, *input, *taken, *refused;
} CASES[] = {
    {"title", "\"  pad \"", "\"pad\"", NULL},
    {"title", "\"\\u00a0x y\\u2003\"", "\"x y\"", NULL},
    {"title", "12", "\"12\"", NULL},
    {"title", "1.50", "\"1.5\"", NULL},
    {"title", "\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"",
     "\"éééééééééé\"", NULL},
    {"title", "true", NULL, "\"Not a valid string.\""},
    {"title", "[\"a\"]", NULL, "\"Not a valid string.\""},
    {"title", "{}", NULL, "\"Not a valid string.\""},
    {"title", "null", NULL, "\"" NULL_BAD "\""},
    {"title", "\"\"", NULL, "\"" BLANK_BAD "\""},
    {"title", "\" \\t\\u3000\"", NULL, "\"" BLANK_BAD "\""},
    {"title", "\"01234567890\"", NULL, "\"Ensure this field has no more than 10 characters.\""},
    {"title", "\"x\"", NULL, "\"Ensure this field has at least 2 characters.\""},
    {"title", "\"nul\\u0000\"", NULL, "\"Null characters are not allowed.\""},
    {"title", "\"half\\ud800\"", NULL, "\"Surrogate characters are not allowed: U+D800.\""},
    {"title", "\"0123456789\\u0000\\udfff\"", NULL,
     "\"Ensure this field has no more than 10 characters.\",\"Null characters are not "
     "allowed.\",\"Surrogate characters are not allowed: U+DFFF.\""},
    {"body", "\"\"", "\"\"", NULL},
    {"body", "\"two\\nlines \\u2028\"", "\"two\\nlines\"", NULL},
    {"body", "null", NULL, "\"" NULL_BAD "\""},
    {"done", "true", "true", NULL},
    {"done", "\"YES\"", "true", NULL},
    {"done", "\"On\"", "true", NULL},
    {"done", "1.0", "true", NULL},
    {"done", "\"f\"", "false", NULL},
    {"done", "0", "false", NULL},
    {"done", "\"yEs\"", "true", NULL},
    {"done", "2", NULL, "\"Must be a valid boolean.\""},
    {"done", "[]", NULL, "\"Must be a valid boolean.\""},
    {"done", "\"\"", NULL, "\"Must be a valid boolean.\""},
    {"done", "null", NULL, "\"" NULL_BAD "\""},
    {"maybe", "null", "null", NULL},
    {"maybe", "\"Null\"", "null", NULL},
    {"maybe", "\"\"", "null", NULL},
    {"number", "\"7.00\"", "7", NULL},
    {"number", "1000.0", "1000", NULL},
    {"number", "\" -0 \"", "0", NULL},
    {"number", "\"1_000\"", "1000", NULL},
    {"number", "\"\\u0661\\u0662\"", "12", NULL},
    {"number", "2147483647", "2147483647", NULL},
    {"number", "2147483648", "2147483648", NULL},
    {"number", "-9223372036854775808", "-9223372036854775808", NULL},
    {"number", "9223372036854775808", NULL,
     "\"Ensure this value is less than or equal to 9223372036854775807.\""},
    {"number", "-9223372036854775809", NULL,
     "\"Ensure this value is greater than or equal to -9223372036854775808.\""},
    {"number", "1000000000000000000000000000000", NULL,
     "\"Ensure this value is less than or equal to 9223372036854775807.\""},
    {"number", "1.5", NULL, "\"" INT_BAD "\""},
    {"number", "true", NULL, "\"" INT_BAD "\""},
    {"number", "\"0x10\"", NULL, "\"" INT_BAD "\""},
    {"number", "\"1__0\"", NULL, "\"" INT_BAD "\""},
    {"number", "\"\"", NULL, "\"" INT_BAD "\""},
    {"number", "[]", NULL, "\"" INT_BAD "\""},
    {"number", "1e22", NULL, "\"" INT_BAD "\""},
    {"small", "10", "10", NULL},
    {"small", "11", NULL, "\"Ensure this value is less than or equal to 10.\""},
    {"small", "0", NULL, "\"Ensure this value is greater than or equal to 1.\""},
    {"big", "9223372036854775807", "9223372036854775807", NULL},
    {"big", "-9223372036854775808", "-9223372036854775808", NULL},
    {"big", "9223372036854775808", NULL,
     "\"Ensure this value is less than or equal to 9223372036854775807.\""},
    {"real", "1", "1.0", NULL},
    {"real", "\"1e5\"", "100000.0", NULL},
    {"real", "1e22", "1e+22", NULL},
    {"real", "true", "1.0", NULL},
    {"real", "\"nan\"", NULL, "\"" NUM_BAD "\""},
    {"real", "1e400", NULL, "\"" NUM_BAD "\""},
    {"real", "\"abc\"", NULL, "\"" NUM_BAD "\""},
    {"price", "1.5", "\"1.50\"", NULL},
    {"price", "\" 00012.5 \"", "\"12.50\"", NULL},
    {"price", "\"1E-2\"", "\"0.01\"", NULL},
    {"price", "\"\"", "null", NULL},
    {"price", "\"NaN\"", NULL, "\"" NUM_BAD "\""},
    {"price", "\"1,5\"", NULL, "\"" NUM_BAD "\""},
    {"price", "true", NULL, "\"" NUM_BAD "\""},
    {"price", "\"1.005\"", NULL, "\"Ensure that there are no more than 2 decimal places.\""},
    {"price", "\"12345678\"", NULL, "\"Ensure that there are no more than 6 digits in total.\""},
    {"price", "\"12345\"", NULL,
     "\"Ensure that there are no more than 4 digits before the decimal point.\""},
    {"price", "\"5000.00\"", "\"5000.00\"", NULL},
    {"price", "\"5000.01\"", NULL, "\"Ensure this value is less than or equal to 5000.\""},
    {"day", "\"2020-1-2\"", "\"2020-01-02\"", NULL},
    {"day", "\"2020-02-30\"", NULL, "\"" DATE_BAD "\""},
    {"day", "\"2020-01-02T00:00\"", NULL, "\"" DATE_BAD "\""},
    {"day", "5", NULL, "\"" DATE_BAD "\""},
    {"clock", "\"3:04\"", "\"03:04:00\"", NULL},
    {"clock", "\"03:04:05.0001\"", "\"03:04:05.000100\"", NULL},
    {"clock", "\"10:11:12Z\"", "\"10:11:12\"", NULL},
    {"clock", "\"24:00\"", NULL, "\"" TIME_BAD "\""},
    {"clock", "\"03\"", "\"03:00:00\"", NULL},
    {"clock", "\"03:04 PM\"", NULL, "\"" TIME_BAD "\""},
    {"clock", "\"\"", NULL, "\"" TIME_BAD "\""},
    {"moment", "\"2020-01-02T03:04:05.678+02:00\"", "\"2020-01-02T01:04:05.678000Z\"", NULL},
    {"moment", "\"2020-01-02 03:04\"", "\"2020-01-02T03:04:00Z\"", NULL},
    {"moment", "\"2020-01-02\"", "\"2020-01-02T00:00:00Z\"", NULL},
    {"moment", "\"2020-W01-4T0304+02:30:15\"", "\"2020-01-02T00:33:45Z\"", NULL},
    {"moment", "\"2020-01-02T\"", NULL, "\"" MOMENT_BAD "\""},
    {"moment", "\"9999-12-31T23:59:59-02:00\"", NULL, "\"Datetime value out of range.\""},
    {"moment", "\"9999-12-31T23:59:59-99:99\"", NULL, "\"" MOMENT_BAD "\""},
    {"moment", "1577934245", NULL, "\"" MOMENT_BAD "\""},
    {"period", "\"1 02:03:04.5\"", "\"1 02:03:04.500000\"", NULL},
    {"period", "\"P1DT2H\"", "\"1 02:00:00\"", NULL},
    {"period", "\"P1W2D\"", "\"9 00:00:00\"", NULL},
    {"period", "\"1000000000 00:00:00\"", NULL,
     "\"The number of days must be between -999999999 and 999999999.\""},
    {"period", "\"106751992 00:00:00\"", NULL,
     "\"The number of days must be between -106751991 and 106751991.\""},
    {"period", "90", "\"00:01:30\"", NULL},
    {"period", "\"long\"", NULL, "\"" SPAN_BAD "\""},
    {"uid", "\"0123456789ABCDEF0123456789abcdef\"", "\"01234567-89ab-cdef-0123-456789abcdef\"",
     NULL},
    {"uid", "1", "\"00000000-0000-0000-0000-000000000001\"", NULL},
    {"uid", "340282366920938463463374607431768211455", "\"ffffffff-ffff-ffff-ffff-ffffffffffff\"",
     NULL},
    {"uid", "340282366920938463463374607431768211456", NULL, "\"Must be a valid UUID.\""},
    {"uid", "\"x\"", NULL, "\"Must be a valid UUID.\""},
    {"uid", "1.5", NULL, "\"Must be a valid UUID.\""},
    {"data", "{\"b\": [1, 2.50, \"\\u00e9\"], \"a\": null, \"b\": 3}", "{\"b\":3,\"a\":null}",
     NULL},
    {"data", "10000000000000000000000000", "10000000000000000000000000", NULL},
    {"data", "[1e400]", NULL, "\"Value must be valid JSON.\""},
    {"email", "\"A@B.CO\"", "\"A@B.CO\"", NULL},
    {"email", "\"no-at\"", NULL, "\"Enter a valid email address.\""},
    {"email", "5", NULL, "\"Enter a valid email address.\""},
    {"link", "\"https://example.com/ä?q=1#f\"", "\"https://example.com/ä?q=1#f\"", NULL},
    {"link", "\"example.com\"", NULL, "\"Enter a valid URL.\""},
    {"slug", "\"a-b_C\"", "\"a-b_C\"", NULL},
    {"slug", "\"a b\"", NULL, "\"" SLUG_BAD "\""},
    {"slug", "{\"a\": 1}", NULL, "\"" SLUG_BAD "\""},
    {"ip", "\"::FFFF:1.2.3.4\"", "\"1.2.3.4\"", NULL},
    {"ip", "\"2001:DB8:0:0:0:0:0:1\"", "\"2001:db8::1\"", NULL},
    {"ip", "\"1.2.3.4.5\"", NULL, "\"" IP_BAD "\""},
    {"ip", "\"1::2::3\"", NULL, "\"" IP_BAD "\""},
    {"ip", "\"\"", NULL, "\"" BLANK_BAD "\""},
    {"color", "\"green\"", "\"green\"", NULL},
    {"color", "\"Green\"", NULL, "\"\\\"Green\\\" is not a valid choice.\""},
    {"color", "5", NULL, "\"\\\"5\\\" is not a valid choice.\""},
    {"color", "[\"red\", null, {\"a\": 1.50}]", NULL,
     "\"\\\"['red', None, {'a': 1.5}]\\\" is not a valid choice.\""},
    {"color", "\"a\\u0000b\"", NULL, "\"\\\"a\\u0000b\\\" is not a valid choice.\""},
    {"author", "1", "1", NULL},
    {"author", "\" 1 \"", "1", NULL},
    {"author", "1.9", "1", NULL},
    {"author", "\"\"", "null", NULL},
    {"author", "9", NULL, "\"Invalid pk \\\"9\\\" - object does not exist.\""},
    {"author", "9223372036854775808", NULL,
     "\"Invalid pk \\\"9223372036854775808\\\" - object does not exist.\""},
    {"author", "\"x\"", NULL, "\"Incorrect type. Expected pk value, received str.\""},
    {"author", "true", NULL, "\"Incorrect type. Expected pk value, received bool.\""},
    {"author", "{}", NULL, "\"Incorrect type. Expected pk value, received dict.\""},
};

static void assert_case(world *w, size_t i)
{
    char body[512], expected[1024];
    snprintf(body, sizeof body, "{\"%s\": %s}", CASES[i].field, CASES[i].input);
    int status = ask(w, &things, "PATCH", "/things/1/", body);
    if (CASES[i].taken)
        snprintf(expected, sizeof expected, "\"%s\":%s", CASES[i].field, CASES[i].taken);
    else
        snprintf(expected, sizeof expected, "{\"%s\":[%s]}", CASES[i].field, CASES[i].refused);
    fr_str got = fr_buf_str(&w->body);
    bool is_there = CASES[i].taken ? fr_str_find(got, fr_str_c(expected)) != SIZE_MAX
                                   : fr_str_eq(got, fr_str_c(expected));
    if (!is_there || status != (CASES[i].taken ? 200 : 400))
        fail_msg("%s: %d \"%.*s\", expected \"%s\"", body, status, FR_FMT(got), expected);
}

static void each_kind_takes_and_refuses_as_drf_does(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    assert_int_equal(ask(&w, &things, "POST", "/things/", "{\"title\": \"one\"}"), 201);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_case(&w, i);
    world_close(&w);
}

static void a_long_number_is_refused_by_its_length(void **state)
{
    (void)state;
    static const char *const FIELDS[] = {"number", "real", "price"};
    char digits[1002], body[1100], expected[100];
    memset(digits, '1', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &things, "POST", "/things/", "{\"title\": \"one\"}"), 201);
    for (size_t i = 0; i < 3; i++) {
        snprintf(body, sizeof body, "{\"%s\": \"%s\"}", FIELDS[i], digits);
        snprintf(expected, sizeof expected, "{\"%s\":[\"" STR_BIG "\"]}", FIELDS[i]);
        assert_answer(&w, ask(&w, &things, "PATCH", "/things/1/", body), 400, expected);
    }
    world_close(&w);
}

static void the_errors_of_all_fields_come_together_in_field_order(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_answer(&w,
                  ask(&w, &things, "POST", "/things/",
                      "{\"author\": 1, \"number\": \"a\", \"done\": null, \"day\": \"x\"}"),
                  400,
                  "{\"title\":[\"This field is required.\"],\"done\":[\"" NULL_BAD
                  "\"],\"number\":[\"" INT_BAD "\"],\"day\":[\"" DATE_BAD
                  "\"],\"author\":[\"Invalid pk \\\"1\\\" - object does not exist.\"]}");
    world_close(&w);
}

static void what_is_absent_gets_its_default(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &things, "POST", "/things/", "{\"title\": \"one\"}"), 201);
    fr_str got = fr_buf_str(&w.body);
    assert_true(
        fr_str_starts(got, FR_STR("{\"id\":1,\"title\":\"one\",\"body\":\"\",\"done\":false,"
                                  "\"maybe\":null,\"small\":5,\"number\":0,\"big\":0,"
                                  "\"real\":null,\"price\":null,\"day\":null,\"clock\":null,"
                                  "\"moment\":null,\"period\":null,\"uid\":null,"
                                  "\"data\":null,\"email\":\"\",\"link\":\"\",\"slug\":\"\",\"ip\":"
                                  "null,\"color\":\"red\",\"updated_at\":\"20")));
    assert_true(fr_str_ends(got, FR_STR("Z\",\"author\":null}")));
    world_close(&w);
}

FR_TESTS(fields, FR_TEST(each_kind_takes_and_refuses_as_drf_does),
         FR_TEST(a_long_number_is_refused_by_its_length),
         FR_TEST(the_errors_of_all_fields_come_together_in_field_order),
         FR_TEST(what_is_absent_gets_its_default))
