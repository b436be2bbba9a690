/* Fields of fixed choices, and JSON: booleans, choices, any value. */
#include "rest/field_int.h"

#include <math.h>

#include "base/str.h"
#include "db/folder_paths.h"
#include "rest/kinds.h"
#include "rest/python.h"

static bool is_word(fr_str s, const char *const *words)
{
    for (; *words; words++)
        if (fr_str_eq_nocase(s, fr_str_c(*words)))
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
    else if (fr_is_string(r->data) && r->field->null &&
             (!s.n || fr_str_eq_nocase(s, FR_STR("null"))))
        *out = (fr_value){.type = FR_VALUE_NULL};
    else
        return fr_refuse_invalid(r);
    return out->type == FR_VALUE_NULL ? FR_FINAL : FR_TAKEN;
}

/* Half of a character, which JSON spells by itself and UTF-8 cannot. */
static bool has_surrogate(fr_str s)
{
    for (size_t i = 0; i + 1 < s.n; i++)
        if ((uint8_t)s.p[i] == 0xed && (uint8_t)s.p[i + 1] >= 0xa0)
            return true;
    return false;
}

/* Whether DRF could not print data again: a number is past the doubles, which Python writes as Infinity, or half of a character
 * is in a text, at which it fails. Depth is bounded. */
static bool is_unprintable(const fr_json *data)
{
    double real;
    if (data->type == FR_JSON_NUMBER)
        return !fr_py_is_int(data) && fr_py_float(data->text, &real) && isinf(real);
    if (data->type == FR_JSON_STRING)
        return has_surrogate(data->text);
    for (size_t i = 0; i < data->count; i++)
        if (is_unprintable(&data->items[i]) ||
            (data->type == FR_JSON_OBJECT && has_surrogate(data->keys[i])))
            return true;
    return false;
}

/* A form has JSON as text. *is_null: the text was "null", and the field takes it. */
static fr_outcome parse_json(fr_reading *r, fr_json *out, bool *is_null)
{
    *is_null = false;
    *out = *r->data;
    if (!r->input->is_form)
        return FR_TAKEN;
    fr_err err = fr_json_parse(r->ctx->arena, r->data->text, out, NULL); /* of a file, its name */
    if (err != FR_OK)
        return err == FR_EINVAL ? fr_refuse_invalid(r) : fr_failed(r, err);
    *is_null = out->type == FR_JSON_NULL;
    bool may_be_null = r->field->null || r->index == FR_NO_SLOT; /* DRF asks no more of it */
    return *is_null && !may_be_null ? fr_refuse(r, "null", "This field may not be null.")
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
    if (is_unprintable(&data))
        return fr_refuse_invalid(r);
    fr_buf_init(&text);
    fr_json_put(&text, &data, true);
    fr_outcome o = text.has_failed ? fr_failed(r, FR_ENOMEM) : fr_take_copy(r, text.p, text.n, out);
    fr_buf_deinit(&text);
    return o;
}

static fr_outcome take_path(fr_reading *r, fr_str text, fr_value *out)
{
    fr_paths paths;
    fr_err err = fr_paths_read(r->field, r->ctx->arena, &paths);
    if (err)
        return fr_failed(r, err);
    if (!fr_paths_have(&paths, text))
        return fr_refuse_with_text(r, "invalid_choice", "\"", "\" is not a valid path choice.");
    *out = FR_VALUE_S(text);
    return FR_TAKEN;
}

fr_outcome fr_convert_choice(fr_reading *r, fr_value *out)
{
    fr_str s;
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    bool takes_blank = r->field->blank && fr_rest_kind_of(r->field)->is_characters;
    if (fr_is_string(r->data) && !s.n && takes_blank) {
        *out = FR_VALUE_S(FR_STR(""));
        return FR_FINAL;
    }
    if (r->field->folder)
        return take_path(r, s, out);
    if (fr_choice_find(r->field->choices, s)) {
        fr_err err = fr_value_from_text(r->field, s, r->ctx->arena, out);
        return err ? fr_failed(r, err) : FR_TAKEN;
    }
    return fr_refuse_with_text(r, "invalid_choice", "\"", "\" is not a valid choice.");
}
