/* Fields of numbers: integers, floats, decimals. */
#include "rest/field_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "rest/python.h"

static bool has_max(const fr_field *f)
{
    return f->has_max || f->max_value;
}

static bool has_min(const fr_field *f)
{
    return f->has_min || f->min_value;
}

static void refuse_above(fr_reading *r, int64_t limit)
{
    fr_errors_addf(r->errors, r->name, "Ensure this value is less than or equal to %lld.",
                   (long long)limit);
}

static void refuse_below(fr_reading *r, int64_t limit)
{
    fr_errors_addf(r->errors, r->name, "Ensure this value is greater than or equal to %lld.",
                   (long long)limit);
}

/* A 32-bit column keeps its range; in a table of Django's on SQLite the column has 64 bits and no range is checked. */
static int64_t highest(const fr_reading *r)
{
    if (has_max(r->field))
        return r->field->max_value;
    return r->field->kind == FR_KIND_INTEGER && !r->model->is_foreign ? INT32_MAX : INT64_MAX;
}

static int64_t lowest(const fr_reading *r)
{
    if (has_min(r->field))
        return r->field->min_value;
    return r->field->kind == FR_KIND_INTEGER && !r->model->is_foreign ? INT32_MIN : INT64_MIN;
}

/* "7.00 " is 7: a fraction of zeros, and blanks behind it, are cut. */
static fr_str without_zero_fraction(fr_str s)
{
    fr_str bare = fr_py_strip(s);
    size_t end = (size_t)(bare.p - s.p) + bare.n;
    while (end > 0 && s.p[end - 1] == '0')
        end--;
    return end > 0 && s.p[end - 1] == '.' ? (fr_str){s.p, end - 1} : s;
}

fr_outcome fr_convert_integer(fr_reading *r, fr_value *out)
{
    fr_str s;
    int64_t i;
    if (fr_is_too_long(r->data))
        return fr_refuse(r, "String value too large.");
    if (!fr_is_string(r->data) && r->data->type != FR_JSON_NUMBER)
        return fr_refuse_invalid(r);
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    switch (fr_py_int(without_zero_fraction(s), &i)) {
    case FR_PY_INT_OK: *out = FR_VALUE_I(i); return FR_TAKEN;
    case FR_PY_INT_ABOVE: refuse_above(r, highest(r)); return FR_REFUSED;
    case FR_PY_INT_BELOW: refuse_below(r, lowest(r)); return FR_REFUSED;
    default: return fr_refuse_invalid(r);
    }
}

void fr_check_integer(fr_reading *r, fr_value value)
{
    if (value.as.i > highest(r))
        refuse_above(r, highest(r));
    if (value.as.i < lowest(r))
        refuse_below(r, lowest(r));
}

fr_outcome fr_convert_float(fr_reading *r, fr_value *out)
{
    double real = r->data->type == FR_JSON_TRUE;
    if (fr_is_too_long(r->data))
        return fr_refuse(r, "String value too large.");
    bool is_number = fr_is_bool(r->data);
    if (fr_is_string(r->data) || r->data->type == FR_JSON_NUMBER)
        is_number = fr_py_float(r->data->text, &real);
    if (!is_number || isnan(real) ||
        isinf(real)) /* DRF stores these two and fails when it prints them */
        return fr_refuse_invalid(r);
    *out = FR_VALUE_R(real);
    return FR_TAKEN;
}

void fr_check_float(fr_reading *r, fr_value value)
{
    if (has_max(r->field) && value.as.r > (double)r->field->max_value)
        refuse_above(r, r->field->max_value);
    if (has_min(r->field) && value.as.r < (double)r->field->min_value)
        refuse_below(r, r->field->min_value);
}

/* Digits in all, behind and before the point, as Python's as_tuple counts them. */
static const char *precision_fault(const fr_field *f, const fr_py_decimal *d, unsigned *limit)
{
    int64_t digits = (int64_t)d->digits.n, places = d->exponent < 0 ? -d->exponent : 0;
    int64_t total = d->exponent >= 0 ? digits + d->exponent : digits > places ? digits : places;
    int64_t whole = total - places;
    if (total > (*limit = f->max_digits))
        return "Ensure that there are no more than %u digits in total.";
    if (places > (*limit = f->decimal_places))
        return "Ensure that there are no more than %u decimal places.";
    if (whole > (*limit = (unsigned)f->max_digits - f->decimal_places))
        return "Ensure that there are no more than %u digits before the decimal point.";
    return NULL;
}

static fr_outcome refuse_precision(fr_reading *r, const char *format, unsigned limit)
{
    char text[96];
    const char *mark = strstr(format, "%u");
    int n = snprintf(text, sizeof text, "%.*s%u%s", (int)(mark - format), format, limit, mark + 2);
    fr_errors_add(r->errors, r->name, (fr_str){text, (size_t)n});
    return FR_REFUSED;
}

fr_outcome fr_convert_decimal(fr_reading *r, fr_value *out)
{
    char text[FR_DECIMAL_TEXT];
    fr_py_decimal d;
    unsigned limit;
    size_t n;
    fr_str s;
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    if (fr_is_string(r->data) && !fr_py_strip(s).n && r->field->null) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        return FR_FINAL;
    }
    if (fr_utf8_count(fr_py_strip(s)) > FR_NUMBER_CHARACTERS)
        return fr_refuse(r, "String value too large.");
    if (!fr_py_decimal_parse(s, r->ctx->arena, &d))
        return fr_refuse_invalid(r);
    const char *fault = precision_fault(r->field, &d, &limit);
    if (fault)
        return refuse_precision(r, fault, limit);
    fr_str spelled = fr_py_decimal_text(&d, r->ctx->arena);
    if (!spelled.p)
        return fr_failed(r, FR_ENOMEM);
    if (!fr_decimal_quantise(FR_VALUE_S(spelled), r->field->decimal_places, text, &n))
        return fr_refuse_invalid(r);
    return fr_take_copy(r, text, n, out);
}

/* -1, 0 or 1: a decimal text against a limit, exactly. */
static int decimal_cmp(fr_value value, int64_t limit)
{
    int64_t whole;
    fr_str head, fraction = fr_str_cut(value.as.s, '.', &head);
    bool is_negative = head.p[0] == '-', has_fraction = false;
    for (size_t i = 0; i < fraction.n; i++)
        has_fraction |= fraction.p[i] != '0';
    switch (fr_py_int(head, &whole)) {
    case FR_PY_INT_ABOVE: return 1;
    case FR_PY_INT_BELOW: return -1;
    default: break;
    }
    if (whole != limit)
        return whole < limit ? -1 : 1;
    return !has_fraction ? 0 : is_negative ? -1 : 1;
}

void fr_check_decimal(fr_reading *r, fr_value value)
{
    if (has_max(r->field) && decimal_cmp(value, r->field->max_value) > 0)
        refuse_above(r, r->field->max_value);
    if (has_min(r->field) && decimal_cmp(value, r->field->min_value) < 0)
        refuse_below(r, r->field->min_value);
}
