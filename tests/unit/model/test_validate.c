/* Values that nobody has converted, held against their fields. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/validate.h"

typedef struct heard {
    fr_faults faults; /* first */
    char text[512];
    size_t n;
} heard;

static void hear(fr_faults *faults, const char *code, fr_str message)
{
    (void)code;
    heard *h = (heard *)(void *)faults;
    h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%s%.*s", h->n ? " " : "",
                             FR_FMT(message));
}

/* The faults of a value, or "". */
static const char *faults_of(fr_field field, fr_value value)
{
    static const fr_model ours = {.name = "ours"};
    static heard h;
    h = (heard){.faults.add = hear};
    field.name = "f";
    fr_value_validate(&ours, &field, value, &h.faults);
    return h.text;
}
#define TEXT(s) FR_VALUE_S(FR_STR(s))
#define FIELD(k, ...) ((fr_field){.kind = FR_KIND_##k, __VA_ARGS__})

static void texts(void **state)
{
    (void)state;
    fr_field name = FIELD(CHAR, .max_length = 5, .min_length = 2);
    assert_string_equal(faults_of(name, TEXT("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4")), "");
    assert_string_equal(faults_of(name, TEXT("123456")),
                        "Ensure this field has no more than 5 characters.");
    assert_string_equal(faults_of(name, TEXT("1")), "Ensure this field has at least 2 characters.");
    assert_string_equal(faults_of(name, TEXT("")), "This field may not be blank.");
    assert_string_equal(faults_of(name, TEXT(" \xc2\xa0")), "This field may not be blank.");
    assert_string_equal(faults_of(name, TEXT("a\0b")), "Null characters are not allowed.");
    assert_string_equal(faults_of(name, TEXT("\xed\xa0\x80")), "Not a valid string.");
    assert_string_equal(faults_of(name, (fr_value){.type = FR_VALUE_NULL}),
                        "This field may not be null.");
    name.null = name.blank = true;
    assert_string_equal(faults_of(name, (fr_value){.type = FR_VALUE_NULL}), "");
    assert_string_equal(faults_of(name, TEXT("")), "");
}

static void formats(void **state)
{
    (void)state;
    assert_string_equal(faults_of(FIELD(EMAIL, .blank = false), TEXT("a@example.org")), "");
    assert_string_equal(faults_of(FIELD(EMAIL, .blank = false), TEXT("a")),
                        "Enter a valid email address.");
    assert_string_equal(faults_of(FIELD(URL, .blank = false), TEXT("a")), "Enter a valid URL.");
    assert_string_equal(faults_of(FIELD(IP, .blank = false), TEXT("1.2.3")),
                        "Enter a valid IPv4 or IPv6 address.");
    assert_string_equal(
        faults_of(FIELD(SLUG, .max_length = 3), TEXT("a b c")),
        "Ensure this field has no more than 3 characters. Enter a valid \"slug\" consisting of "
        "letters, numbers, underscores or hyphens.");
}

static void numbers(void **state)
{
    (void)state;
    assert_string_equal(faults_of(FIELD(INTEGER, .min_value = 1, .max_value = 10), FR_VALUE_I(11)),
                        "Ensure this value is less than or equal to 10.");
    assert_string_equal(faults_of(FIELD(INTEGER, .has_min = true), FR_VALUE_I(-1)),
                        "Ensure this value is greater than or equal to 0.");
    assert_string_equal(faults_of(FIELD(INTEGER, .null = false), FR_VALUE_I(INT64_C(1) << 31)), "");
    assert_string_equal(faults_of(FIELD(POSITIVE, .null = false), FR_VALUE_I(-1)),
                        "Ensure this value is greater than or equal to 0.");
    assert_string_equal(faults_of(FIELD(BIGINT, .null = false), FR_VALUE_I(INT64_MAX)), "");
    assert_string_equal(faults_of(FIELD(FLOAT, .null = false), FR_VALUE_R((double)INFINITY)),
                        "A valid number is required.");
    fr_field price = FIELD(DECIMAL, .max_digits = 5, .decimal_places = 2, .max_value = 500);
    assert_string_equal(faults_of(price, TEXT("499.99")), "");
    assert_string_equal(faults_of(price, TEXT("0.00")), "");
    assert_string_equal(faults_of(price, TEXT("500.01")),
                        "Ensure this value is less than or equal to 500.");
    assert_string_equal(
        faults_of(price, TEXT("1234.50")),
        "Ensure that there are no more than 5 digits in total. Ensure this value is less than or "
        "equal to 500.");
}

static void choices(void **state)
{
    (void)state;
    fr_field size =
        FIELD(CHAR, .max_length = 1, .choices = FR_CHOICES({"s", "Small"}, {"l", "Large"}));
    fr_field level = FIELD(INTEGER, .choices = FR_CHOICES({"1", "Low"}, {"-2", "Below"}));
    assert_string_equal(faults_of(size, TEXT("l")), "");
    assert_string_equal(faults_of(size, TEXT("m")), "\"m\" is not a valid choice.");
    assert_string_equal(faults_of(size, TEXT("")), "\"\" is not a valid choice.");
    assert_string_equal(faults_of(level, FR_VALUE_I(-2)), "");
    assert_string_equal(faults_of(level, FR_VALUE_I(2)), "\"2\" is not a valid choice.");
    size.blank = true;
    assert_string_equal(faults_of(size, TEXT("")), "");
}

static void choices_in_groups_are_those_of_all_groups_and_a_heading_is_none(void **state)
{
    (void)state;
    fr_field size = FIELD(CHAR, .max_length = 1,
                          .choices = FR_CHOICES(FR_GROUP("Clothes"), {"s", "Small"},
                                                FR_GROUP("Houses"), {"h", "Huge"}));
    assert_string_equal(faults_of(size, TEXT("s")), "");
    assert_string_equal(faults_of(size, TEXT("h")), "");
    assert_string_equal(faults_of(size, TEXT("\x1d")), "\"\x1d\" is not a valid choice.");
    assert_true(fr_choice_is_heading(&size.choices[0]));
    assert_string_equal(fr_choice_find(size.choices, FR_STR("h"))->label, "Huge");
}

static void limits_as_text_hold_for_all_kinds_that_have_an_order(void **state)
{
    (void)state;
#define ABOVE "Ensure this value is less than or equal to "
#define BELOW "Ensure this value is greater than or equal to "
    fr_field cost = FIELD(DECIMAL, .max_digits = 40, .decimal_places = 2, .minimum = "-99.99",
                          .maximum = "12345678901234567890.5");
    assert_string_equal(faults_of(cost, TEXT("-99.99")), "");
    assert_string_equal(faults_of(cost, TEXT("-100.00")), BELOW "-99.99.");
    assert_string_equal(faults_of(cost, TEXT("12345678901234567890.50")), "");
    assert_string_equal(faults_of(cost, TEXT("12345678901234567890.51")),
                        ABOVE "12345678901234567890.5.");
    assert_string_equal(faults_of(cost, TEXT("0.00")), "");
    fr_field score = FIELD(FLOAT, .minimum = "-1.0", .maximum = "1.0");
    assert_string_equal(faults_of(score, FR_VALUE_R(1.0)), "");
    assert_string_equal(faults_of(score, FR_VALUE_R(1.01)), ABOVE "1.0.");
    assert_string_equal(faults_of(score, FR_VALUE_R(-2)), BELOW "-1.0.");
    fr_field count = FIELD(INTEGER, .minimum = "-5", .maximum = "5");
    assert_string_equal(faults_of(count, FR_VALUE_I(6)), ABOVE "5.");
    fr_field day = FIELD(DATE, .minimum = "2020-01-01", .maximum = "2020-12-31");
    assert_string_equal(faults_of(day, TEXT("2020-12-31")), "");
    assert_string_equal(faults_of(day, TEXT("2019-12-31")), BELOW "2020-01-01.");
    assert_string_equal(faults_of(day, TEXT("2021-01-01")), ABOVE "2020-12-31.");
    fr_field clock = FIELD(TIME, .minimum = "08:00");
    assert_string_equal(faults_of(clock, TEXT("07:59:59.999999")), BELOW "08:00.");
    fr_field moment = FIELD(DATETIME, .maximum = "2020-01-01T00:00:00Z");
    assert_string_equal(faults_of(moment, TEXT("2020-01-01 00:00:00.000001")),
                        ABOVE "2020-01-01T00:00:00Z.");
    fr_field span = FIELD(DURATION, .minimum = "00:01:00");
    assert_string_equal(faults_of(span, FR_VALUE_I(59999999)), BELOW "0:01:00.");
    assert_string_equal(faults_of(span, FR_VALUE_I(60000000)), "");
    span.maximum = "1 00:00:00"; /* told as Python's str(timedelta) */
    assert_string_equal(faults_of(span, FR_VALUE_I(INT64_C(86400000001))), ABOVE "1 day, 0:00:00.");
    span.maximum = "-1 23:00:00";
    assert_string_equal(faults_of(span, FR_VALUE_I(INT64_C(86400000001))),
                        ABOVE "-1 day, 23:00:00.");
}

static void addresses_keep_to_their_protocol(void **state)
{
    (void)state;
    fr_field four = FIELD(IP, .protocol = "IPv4"), six = FIELD(IP, .protocol = "IPv6");
    assert_string_equal(faults_of(four, TEXT("1.2.3.4")), "");
    assert_string_equal(faults_of(four, TEXT("::1")), "Enter a valid IPv4 address.");
    assert_string_equal(faults_of(six, TEXT("::1")), "");
    assert_string_equal(faults_of(six, TEXT("1.2.3.4")), "Enter a valid IPv6 address.");
}

/* What the pattern says of a text. */
static const char *pattern_says(fr_field field, fr_value value)
{
    static heard h;
    h = (heard){.faults.add = hear};
    assert_int_equal(fr_value_check_pattern(&field, value, &h.faults), FR_OK);
    return h.text;
}

static void a_pattern_holds_for_the_whole_text_and_what_takes_too_long_is_no_match(void **state)
{
    (void)state;
    char many[64];
    memset(many, 'a', sizeof many);
    fr_field code = FIELD(CHAR, .max_length = 8, .pattern = "[A-Z]{2}-\\d{3}",
                          .pattern_message = "Enter a code such as AB-123.");
    assert_string_equal(pattern_says(code, TEXT("AB-123")), "");
    assert_string_equal(pattern_says(code, TEXT("xAB-123")), "Enter a code such as AB-123.");
    assert_string_equal(pattern_says(code, TEXT("AB-123\n")), "Enter a code such as AB-123.");
    assert_string_equal(pattern_says(code, TEXT("AB-\xd9\xa1\xd9\xa2\xd9\xa3")),
                        ""); /* as \d of Python */
    fr_field slow = FIELD(TEXT, .name = "slow", .pattern = "(a+)+b");
    assert_string_equal(pattern_says(slow, FR_VALUE_S(((fr_str){many, sizeof many}))),
                        "Enter a valid value.");
    assert_string_equal(pattern_says(FIELD(TEXT, .null = true), TEXT("x")), "");
}

static void without_memory_a_pattern_is_not_compiled_and_later_it_is(void **state)
{
    (void)state;
    fr_field fresh = FIELD(TEXT, .name = "fresh", .pattern = "fresh|new");
    heard h = {.faults.add = hear};
    fr_test_fail_alloc(1);
    assert_int_equal(fr_value_check_pattern(&fresh, TEXT("new"), &h.faults), FR_ENOMEM);
    fr_test_fail_alloc(0);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_err err = fr_value_check_pattern(&fresh, TEXT("new"), &h.faults);
        assert_true(err == FR_OK || err == FR_ENOMEM);
    }
    assert_string_equal(pattern_says(fresh, TEXT("old")), "Enter a valid value.");
    assert_string_equal(h.text, "");
}

FR_TESTS(validate, FR_TEST(texts), FR_TEST(formats), FR_TEST(numbers), FR_TEST(choices),
         FR_TEST(choices_in_groups_are_those_of_all_groups_and_a_heading_is_none),
         FR_TEST(limits_as_text_hold_for_all_kinds_that_have_an_order),
         FR_TEST(addresses_keep_to_their_protocol),
         FR_TEST(a_pattern_holds_for_the_whole_text_and_what_takes_too_long_is_no_match),
         FR_TEST(without_memory_a_pattern_is_not_compiled_and_later_it_is))
