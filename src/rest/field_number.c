/* Fields of numbers: integers, floats, decimals. */
#include "rest/field_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "rest/python.h"

/* "7.00 " is 7: a fraction of zeros, and blanks behind it, are cut. */
static fr_str without_zero_fraction(fr_str s)
{
    fr_str bare = fr_utf8_strip(s);
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
        return fr_refuse(r, "max_string_length", "String value too large.");
    bool has_text = fr_is_string(r->data) || r->data->type == FR_JSON_NUMBER ||
                    r->data->type == FR_JSON_END; /* str() of a file is its name */
    if (!has_text)
        return fr_refuse_invalid(r);
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    switch (fr_py_int(without_zero_fraction(s), &i)) {
    case FR_PY_INT_OK: *out = FR_VALUE_I(i); return FR_TAKEN;
    case FR_PY_INT_ABOVE:
        fr_faults_above(&r->faults, fr_field_highest(r->model, r->field));
        return FR_REFUSED;
    case FR_PY_INT_BELOW:
        fr_faults_below(&r->faults, fr_field_lowest(r->model, r->field));
        return FR_REFUSED;
    default: return fr_refuse_invalid(r);
    }
}

fr_outcome fr_convert_float(fr_reading *r, fr_value *out)
{
    double real = r->data->type == FR_JSON_TRUE;
    if (fr_is_too_long(r->data))
        return fr_refuse(r, "max_string_length", "String value too large.");
    bool is_number = fr_is_bool(r->data);
    if (fr_is_string(r->data) || r->data->type == FR_JSON_NUMBER)
        is_number = fr_py_float(r->data->text, &real);
    if (is_number && isinf(real) && r->data->type == FR_JSON_NUMBER && fr_py_is_int(r->data))
        return fr_refuse(r, "overflow", "Integer value too large to convert to float");
    if (!is_number || isnan(real) || isinf(real))
        return fr_refuse_invalid(r);
    *out = FR_VALUE_R(real);
    return FR_TAKEN;
}

fr_outcome fr_convert_decimal(fr_reading *r, fr_value *out)
{
    char text[FR_DECIMAL_TEXT];
    fr_py_decimal d;
    size_t n;
    fr_str s;
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    if (fr_is_string(r->data) && !fr_utf8_strip(s).n && r->field->null) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        return FR_FINAL;
    }
    if (fr_utf8_count(fr_utf8_strip(s)) > FR_NUMBER_CHARACTERS)
        return fr_refuse(r, "max_string_length", "String value too large.");
    if (!fr_py_decimal_parse(s, r->ctx->arena, &d))
        return fr_refuse_invalid(r);
    if (!fr_decimal_fits(r->field, d.digits.n, d.exponent, &r->faults))
        return FR_REFUSED;
    fr_str spelled = fr_py_decimal_text(&d, r->ctx->arena);
    if (!spelled.p)
        return fr_failed(r, FR_ENOMEM);
    if (!fr_decimal_quantise(FR_VALUE_S(spelled), r->field->decimal_places, text, &n))
        return fr_refuse_invalid(r);
    return fr_take_copy(r, text, n, out);
}
