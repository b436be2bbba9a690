/* Fields of fixed choices, and JSON: booleans, choices, any value. */
#include "rest/field_int.h"

#include <math.h>

#include "base/str.h"
#include "rest/python.h"

/* "yes", "Yes" or "YES", but not "yEs". */
static bool is_spelled(fr_str s, fr_str word)
{
    bool has_upper = false, has_lower = false;
    for (size_t i = 1; i < s.n; i++) {
        has_upper |= s.p[i] >= 'A' && s.p[i] <= 'Z';
        has_lower |= s.p[i] >= 'a' && s.p[i] <= 'z';
    }
    bool starts_lower = s.n && s.p[0] >= 'a' && s.p[0] <= 'z';
    return fr_str_eq_nocase(s, word) && !(has_upper && (has_lower || starts_lower));
}

static bool is_word(fr_str s, const char *const *words)
{
    for (; *words; words++)
        if (is_spelled(s, fr_str_c(*words)))
            return true;
    return false;
}

fr_outcome fr_convert_boolean(fr_reading *r, fr_value *out)
{
    static const char *const YES[] = {"t", "y", "yes", "true", "on", "1", NULL}, *const NO[] = {
                                                                                     "f",   "n",
                                                                                     "no",  "false",
                                                                                     "off", "0",
                                                                                     NULL};
    double real;
    fr_str s = r->data->text;
    bool is_number = r->data->type == FR_JSON_NUMBER && fr_py_float(s, &real);
    if (r->data->type == FR_JSON_TRUE || (is_number && real == 1) ||
        (fr_is_string(r->data) && is_word(s, YES)))
        *out = FR_VALUE_I(1);
    else if (r->data->type == FR_JSON_FALSE || (is_number && real == 0) ||
             (fr_is_string(r->data) && is_word(s, NO)))
        *out = FR_VALUE_I(0);
    else if (fr_is_string(r->data) && r->field->null && (!s.n || is_spelled(s, FR_STR("null"))))
        *out = (fr_value){.type = FR_VALUE_NULL};
    else
        return fr_refuse_invalid(r);
    return out->type == FR_VALUE_NULL ? FR_FINAL : FR_TAKEN;
}

/* Whether a number in data is past the doubles: Python writes Infinity then, which is not JSON. Depth is bounded. */
static bool has_infinity(const fr_json *data)
{
    double real;
    if (data->type == FR_JSON_NUMBER)
        return !fr_py_is_int(data) && fr_py_float(data->text, &real) && isinf(real);
    for (size_t i = 0; i < data->count; i++)
        if (has_infinity(&data->items[i]))
            return true;
    return false;
}

/* A form has JSON as text. *is_null: the text was "null", and the field takes it. */
static fr_outcome parse_json(fr_reading *r, fr_json *out, bool *is_null)
{
    *is_null = false;
    if (r->input->is_form && !fr_is_string(r->data))
        return fr_refuse_invalid(r);
    *out = *r->data;
    if (!r->input->is_form)
        return FR_TAKEN;
    fr_err err = fr_json_parse(r->ctx->arena, r->data->text, out, NULL);
    if (err != FR_OK)
        return err == FR_EINVAL ? fr_refuse_invalid(r) : fr_failed(r, err);
    *is_null = out->type == FR_JSON_NULL;
    return *is_null && !r->field->null ? fr_refuse(r, "null", "This field may not be null.")
                                       : FR_TAKEN;
}

fr_outcome fr_convert_json(fr_reading *r, fr_value *out)
{
    fr_buf text;
    fr_json data = {.type = FR_JSON_NULL};
    bool is_null;
    fr_outcome parsed = parse_json(r, &data, &is_null);
    if (parsed != FR_TAKEN)
        return parsed;
    if (is_null) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        return FR_FINAL;
    }
    if (has_infinity(&data))
        return fr_refuse_invalid(r);
    fr_buf_init(&text);
    fr_json_put(&text, &data, true);
    fr_outcome o = text.has_failed ? fr_failed(r, FR_ENOMEM) : fr_take_copy(r, text.p, text.n, out);
    fr_buf_deinit(&text);
    return o;
}

fr_outcome fr_convert_choice(fr_reading *r, fr_value *out)
{
    fr_str s;
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    if (fr_is_string(r->data) && !s.n && r->field->blank) {
        *out = FR_VALUE_S(FR_STR(""));
        return FR_FINAL;
    }
    for (const fr_choice *choice = r->field->choices; choice->value; choice++)
        if (fr_str_eq(fr_str_c(choice->value), s)) {
            fr_err err = fr_value_from_text(r->field, s, r->ctx->arena, out);
            return err ? fr_failed(r, err) : FR_TAKEN;
        }
    return fr_refuse_with_text(r, "invalid_choice", "\"", "\" is not a valid choice.");
}
