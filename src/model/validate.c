/* See validate.h. */
#include "model/validate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "base/str.h"
#include "base/time.h"
#include "model/kind.h"
#include "model/kind_int.h"
#include "model/model.h"
#include "model/pattern.h"
#include "model/validators.h"

/* ---- saying it ---- */

static void add(fr_faults *faults, const char *code, const char *message)
{
    faults->add(faults, code, fr_str_c(message));
}

FR_PRINTF_(3, 4) static void addf(fr_faults *faults, const char *code, const char *fmt, ...)
{
    char text[160];
    va_list args;
    va_start(args, fmt);
    fr_str message = fr_str_vformat(text, sizeof text, fmt, args);
    va_end(args);
    faults->add(faults, code, message);
}

void fr_faults_above(fr_faults *faults, int64_t limit)
{
    addf(faults, "max_value", "Ensure this value is less than or equal to %lld.", (long long)limit);
}

void fr_faults_below(fr_faults *faults, int64_t limit)
{
    addf(faults, "min_value", "Ensure this value is greater than or equal to %lld.",
         (long long)limit);
}

const char *fr_field_invalid_text(const fr_field *field)
{
    const char *own = field->pattern_message ? field->pattern_message
                                             : "This value does not match the required pattern.";
    bool is_regex = field->pattern && !field->name; /* DRF's RegexField: of no model */
    return is_regex ? own : fr_kind_of(field)->invalid;
}

/* ---- texts ---- */

/* The first lone surrogate of a text that JSON has spelled (ED A0..BF xx), or 0. */
static uint32_t surrogate_of(fr_str s)
{
    for (size_t i = 0; i + 2 < s.n; i++)
        if ((uint8_t)s.p[i] == 0xed && (uint8_t)s.p[i + 1] >= 0xa0)
            return 0xd000 | ((uint8_t)s.p[i + 1] & 0x3fu) << 6 | ((uint8_t)s.p[i + 2] & 0x3fu);
    return 0;
}

static void check_length(const fr_field *field, fr_str s, fr_faults *faults)
{
    uint32_t max = fr_field_max_length(field), min = field->min_length;
    size_t n = max || min ? fr_utf8_count(s) : 0;
    if (max && n > max)
        addf(faults, "max_length", "Ensure this field has no more than %u characters.", max);
    if (min && n < min)
        addf(faults, "min_length", "Ensure this field has at least %u characters.", min);
}

static void check_text(const fr_field *field, fr_str s, fr_faults *faults)
{
    uint32_t surrogate = surrogate_of(s);
    check_length(field, s, faults);
    if (fr_str_find_char(s, '\0') != SIZE_MAX)
        add(faults, "null_characters_not_allowed", "Null characters are not allowed.");
    if (surrogate)
        addf(faults, "surrogate_characters_not_allowed",
             "Surrogate characters are not allowed: U+%X.", (unsigned)surrogate);
}

static void check_format(const fr_field *field, fr_str s, bool is_valid, fr_faults *faults)
{
    check_text(field, s, faults);
    if (!is_valid)
        add(faults, "invalid", fr_field_invalid_text(field));
}

/* ---- numbers ---- */

static bool has_max(const fr_field *field)
{
    return field->has_max || field->max_value;
}

static bool has_min(const fr_field *field)
{
    return field->has_min || field->min_value;
}

/* The bits that count: SQLite's columns have 64 whatever the kind, and so have Django's limits there. */
static uint8_t bits_of(const fr_model *model, const fr_field *field)
{
    uint8_t bits = fr_kind_of(field)->bits;
    return model->strict && bits ? bits : 64;
}

int64_t fr_field_highest(const fr_model *model, const fr_field *field)
{
    int64_t of_kind = INT64_MAX >> (64 - bits_of(model, field));
    return has_max(field) && field->max_value < of_kind ? field->max_value : of_kind;
}

int64_t fr_field_lowest(const fr_model *model, const fr_field *field)
{
    int64_t of_kind =
        fr_kind_of(field)->is_positive ? 0 : -(INT64_MAX >> (64 - bits_of(model, field))) - 1;
    return has_min(field) && field->min_value > of_kind ? field->min_value : of_kind;
}

static void check_integer(const fr_model *model, const fr_field *field, int64_t i,
                          fr_faults *faults)
{
    int64_t highest = fr_field_highest(model, field), lowest = fr_field_lowest(model, field);
    if (i > highest)
        fr_faults_above(faults, highest);
    if (i < lowest)
        fr_faults_below(faults, lowest);
}

static void check_float(const fr_field *field, double r, fr_faults *faults)
{
    if (isnan(r) || isinf(r)) { /* they could not be printed */
        add(faults, "invalid", fr_field_invalid_text(field));
        return;
    }
    if (has_max(field) && r > (double)field->max_value)
        fr_faults_above(faults, field->max_value);
    if (has_min(field) && r < (double)field->min_value)
        fr_faults_below(faults, field->min_value);
}

/* Digits in all, behind and before the point, as Python's as_tuple counts them. */
bool fr_decimal_fits(const fr_field *field, size_t digits, int64_t exponent, fr_faults *faults)
{
    int64_t count = (int64_t)digits, places = exponent < 0 ? -exponent : 0;
    int64_t total = exponent >= 0 ? count + exponent : count > places ? count : places;
    int64_t whole = total - places, whole_max = (int64_t)field->max_digits - field->decimal_places;
    bool has_digits = field->max_digits > 0;
    if (has_digits && total > field->max_digits)
        addf(faults, "max_digits", "Ensure that there are no more than %u digits in total.",
             field->max_digits);
    else if (places > field->decimal_places && (has_digits || field->decimal_places))
        addf(faults, "max_decimal_places", "Ensure that there are no more than %u decimal places.",
             field->decimal_places);
    else if (has_digits && whole > whole_max)
        addf(faults, "max_whole_digits",
             "Ensure that there are no more than %u digits before the decimal point.",
             (unsigned)whole_max);
    else
        return true;
    return false;
}

static int compare_decimal(fr_str text, int64_t limit)
{
    char number[FR_DIGITS_MAX];
    return fr_decimal_cmp(FR_VALUE_S(text),
                          FR_VALUE_S(((fr_str){number, fr_digits_i64(number, limit)})));
}

static void check_decimal(const fr_field *field, fr_str text, fr_faults *faults)
{
    if (has_max(field) && compare_decimal(text, field->max_value) > 0)
        fr_faults_above(faults, field->max_value);
    if (has_min(field) && compare_decimal(text, field->min_value) < 0)
        fr_faults_below(faults, field->min_value);
}

fr_str fr_limit_text(const fr_field *field, const char *limit, char text[FR_LIMIT_TEXT])
{
    const fr_span day_us = 86400 * (fr_span)1000000;
    fr_span span;
    if (field->kind != FR_KIND_DURATION || !fr_span_parse(fr_str_c(limit), &span))
        return fr_str_c(limit);
    char clock[FR_TIME_TEXT];
    fr_span of_day = (span % day_us + day_us) % day_us;
    long long days = (span - of_day) / day_us;
    fr_str shown = {clock, fr_span_clock(of_day, clock)};
    if (clock[0] == '0') /* of an hour below 10 there is one digit */
        shown = fr_str_from(shown, 1);
    size_t n = 0;
    if (days)
        n = (size_t)snprintf(text, FR_LIMIT_TEXT, "%lld day%s, ", days,
                             days == 1 || days == -1 ? "" : "s");
    memcpy(text + n, shown.p, shown.n);
    return (fr_str){text, n + shown.n};
}

/* .minimum and .maximum. */
static void check_limits(const fr_field *field, fr_value value, fr_faults *faults)
{
    char text[FR_LIMIT_TEXT];
    int (*compare)(fr_value, fr_str) = fr_kind_of(field)->compare;
    if (compare && field->maximum && compare(value, fr_str_c(field->maximum)) > 0)
        addf(faults, "max_value", "Ensure this value is less than or equal to %.*s.",
             FR_FMT(fr_limit_text(field, field->maximum, text)));
    if (compare && field->minimum && compare(value, fr_str_c(field->minimum)) < 0)
        addf(faults, "min_value", "Ensure this value is greater than or equal to %.*s.",
             FR_FMT(fr_limit_text(field, field->minimum, text)));
}

/* NULL: any text will do. */
static const char *pattern_of(const fr_field *field)
{
    return field->pattern ? field->pattern : field->unicode ? "[-_\\p{L}\\p{N}]+" : NULL;
}

bool fr_field_has_pattern(const fr_field *field)
{
    return pattern_of(field) != NULL;
}

fr_err fr_value_check_pattern(const fr_field *field, fr_value value, fr_faults *faults)
{
    char error[256];
    const fr_regex *regex;
    bool is_match = true;
    const char *pattern = pattern_of(field);
    if (!pattern || value.type != FR_VALUE_TEXT)
        return FR_OK;
    FR_TRY(fr_pattern_get(pattern, &regex, error));
    fr_err err = fr_regex_match(regex, value.as.s, &is_match);
    if (err == FR_ENOMEM)
        return err;
    if (err != FR_OK || !is_match)
        add(faults, "invalid",
            !field->name && field->pattern ? fr_field_invalid_text(field)
            : field->pattern_message       ? field->pattern_message
            : field->pattern               ? "Enter a valid value."
                             : "Enter a valid \"slug\" consisting of Unicode letters, numbers, "
                               "underscores, or hyphens.");
    return FR_OK;
}

/* ---- of each kind ---- */

/* The text of a value; an empty one if another program stored something else. */
static fr_str text_of(fr_value v)
{
    return v.type == FR_VALUE_TEXT ? v.as.s : (fr_str){0};
}

FR_CHECK_(text)
{
    (void)model;
    check_text(field, text_of(v), faults);
}

FR_CHECK_(email)
{
    (void)model;
    check_format(field, text_of(v), fr_valid_email(text_of(v)), faults);
}

FR_CHECK_(url)
{
    (void)model;
    check_format(field, text_of(v), fr_valid_url(text_of(v)), faults);
}

FR_CHECK_(slug)
{
    (void)model;
    check_format(field, text_of(v), field->unicode || fr_valid_slug(text_of(v)), faults);
}

FR_CHECK_(ip)
{
    fr_str s = text_of(v);
    bool may_be_4 = !field->protocol || strcmp(field->protocol, "IPv4") == 0,
         may_be_6 = !field->protocol || !may_be_4;
    (void)model;
    check_text(field, s, faults);
    if ((may_be_4 && fr_valid_ipv4(s)) || (may_be_6 && fr_valid_ipv6(s)))
        return;
    add(faults, "invalid",
        !may_be_6   ? "Enter a valid IPv4 address."
        : !may_be_4 ? "Enter a valid IPv6 address."
                    : fr_field_invalid_text(field));
}

FR_CHECK_(integer)
{
    check_integer(model, field, v.as.i, faults);
}

FR_CHECK_(float)
{
    (void)model;
    check_float(field, v.as.r, faults);
}

FR_CHECK_(decimal)
{
    (void)model;
    check_decimal(field, text_of(v), faults);
}

void fr_value_check(const fr_model *model, const fr_field *field, fr_value value, fr_faults *faults)
{
    const fr_kind_row *kind = fr_kind_of(field);
    if (kind->check)
        kind->check(model, field, value, faults);
    if (field->minimum || field->maximum)
        check_limits(field, value, faults);
}

/* ---- all of it ---- */

bool fr_choice_is_heading(const fr_choice *choice)
{
    static const fr_choice heading = FR_GROUP(NULL);
    return strcmp(choice->value, heading.value) == 0;
}

bool fr_choice_is_number(const fr_choice *choice)
{
    static const fr_choice number = FR_NUMBER(, NULL);
    return choice->value[0] == number.value[0];
}

fr_str fr_choice_value(const fr_choice *choice)
{
    return fr_str_c(choice->value + fr_choice_is_number(choice));
}

const fr_choice *fr_choice_find(const fr_choice *choices, fr_str value)
{
    for (const fr_choice *choice = choices; choice && choice->value; choice++)
        if (!fr_choice_is_heading(choice) && fr_str_eq(fr_choice_value(choice), value))
            return choice;
    return NULL;
}

static void validate_choice(const fr_field *field, fr_value value, fr_faults *faults)
{
    char number[24];
    fr_str text = {number, 0};
    if (value.type == FR_VALUE_TEXT)
        text = value.as.s;
    else if (value.type == FR_VALUE_INT)
        text.n = (size_t)snprintf(number, sizeof number, "%lld", (long long)value.as.i);
    else
        return; /* of other kinds the same value has several spellings */
    if (!fr_choice_find(field->choices, text) && (text.n || !field->blank))
        addf(faults, "invalid_choice", "\"%.*s\" is not a valid choice.",
             FR_FMT(fr_str_sub(text, 0, 100)));
}

/* As many digits as the text of the value has: it is stored with all of its places. */
static void validate_decimal(const fr_field *field, fr_str text, fr_faults *faults)
{
    size_t digits = 0, places = 0;
    bool is_behind = false;
    for (size_t i = 0; i < text.n; i++) {
        bool is_digit = text.p[i] >= '0' && text.p[i] <= '9';
        is_behind |= text.p[i] == '.';
        digits += is_digit && (digits || is_behind || text.p[i] != '0');
        places += is_digit && is_behind;
    }
    (void)fr_decimal_fits(field, digits, -(int64_t)places, faults);
}

void fr_value_validate(const fr_model *model, const fr_field *field, fr_value value,
                       fr_faults *faults)
{
    bool is_blank =
        fr_field_is_text(field) && value.type == FR_VALUE_TEXT && !fr_utf8_strip(value.as.s).n;
    if (value.type == FR_VALUE_NULL) {
        if (!field->null)
            add(faults, "null", "This field may not be null.");
    } else if (fr_field_is_text(field) && value.type == FR_VALUE_TEXT &&
               !fr_utf8_valid(value.as.s)) {
        add(faults, "invalid", "Not a valid string.");
    } else if (field->choices && !fr_field_is_reference(field)) {
        validate_choice(field, value, faults);
    } else if (is_blank) {
        if (!field->blank)
            add(faults, "blank", "This field may not be blank.");
    } else {
        if (field->kind == FR_KIND_DECIMAL && value.type == FR_VALUE_TEXT)
            validate_decimal(field, value.as.s, faults);
        fr_value_check(model, field, value, faults);
    }
}
