/* Values that nobody has converted, held against their fields. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

FR_TESTS(validate, FR_TEST(texts), FR_TEST(formats), FR_TEST(numbers), FR_TEST(choices))
