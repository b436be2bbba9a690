/* Fields of text: strings, e-mail and IP addresses, URLs, slugs. */
#include "rest/field_int.h"

#include "base/str.h"
#include "rest/python.h"
#include "rest/validators.h"

fr_outcome fr_convert_text(fr_reading *r, fr_value *out)
{
    fr_str s;
    if (fr_is_string(r->data) && !fr_py_strip(r->data->text).n) {
        if (!r->field->blank ||
            r->field->kind == FR_KIND_IP) /* DRF hands .blank on to character fields only */
            return fr_refuse(r, "This field may not be blank.");
        *out = FR_VALUE_S(FR_STR(""));
        return FR_FINAL;
    }
    if (!fr_is_string(r->data) && r->data->type != FR_JSON_NUMBER)
        return fr_refuse_invalid(r);
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    *out = FR_VALUE_S(fr_py_strip(s));
    return FR_TAKEN;
}

static void check_length(fr_reading *r, fr_str s)
{
    uint32_t max = fr_field_max_length(r->field), min = r->field->min_length;
    size_t n = max || min ? fr_utf8_count(s) : 0;
    if (max && n > max)
        fr_errors_addf(r->errors, r->name, "Ensure this field has no more than %u characters.",
                       max);
    if (min && n < min)
        fr_errors_addf(r->errors, r->name, "Ensure this field has at least %u characters.", min);
}

void fr_check_text(fr_reading *r, fr_value value)
{
    fr_str s = value.as.s;
    uint32_t surrogate = fr_py_surrogate(s);
    check_length(r, s);
    if (fr_str_find_char(s, '\0') != SIZE_MAX)
        fr_refuse(r, "Null characters are not allowed.");
    if (surrogate)
        fr_errors_addf(r->errors, r->name, "Surrogate characters are not allowed: U+%X.",
                       (unsigned)surrogate);
}

void fr_check_email(fr_reading *r, fr_value value)
{
    fr_check_text(r, value);
    if (!fr_valid_email(value.as.s))
        fr_refuse_invalid(r);
}

void fr_check_url(fr_reading *r, fr_value value)
{
    fr_check_text(r, value);
    if (!fr_valid_url(value.as.s))
        fr_refuse_invalid(r);
}

void fr_check_slug(fr_reading *r, fr_value value)
{
    fr_check_text(r, value);
    if (!fr_valid_slug(value.as.s))
        fr_refuse_invalid(r);
}

fr_outcome fr_convert_ip(fr_reading *r, fr_value *out)
{
    char text[FR_IP_TEXT];
    size_t n;
    fr_outcome o = fr_convert_text(r, out);
    if (o != FR_TAKEN)
        return o;
    if (!fr_is_string(r->data))
        return fr_refuse_invalid(r);
    if (fr_str_find_char(out->as.s, ':') == SIZE_MAX)
        return FR_TAKEN;
    return fr_ipv6_canonical(out->as.s, text, &n) ? fr_take_copy(r, text, n, out)
                                                  : fr_refuse_invalid(r);
}

void fr_check_ip(fr_reading *r, fr_value value)
{
    fr_check_text(r, value);
    if (!fr_valid_ipv4(value.as.s) && !fr_valid_ipv6(value.as.s))
        fr_refuse_invalid(r);
}
