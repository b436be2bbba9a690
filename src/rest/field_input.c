/*
 * See field_input.h. How a kind converts JSON to a stored value stands in kinds.c; what it says when it cannot, and what is
 * checked afterwards, in model/kind.c. The order is DRF's: absent, null, conversion (the first fault ends the field), then
 * all checks, the unique one first.
 */
#include "rest/field_input.h"

#include <string.h>

#include "base/str.h"
#include "db/db.h"
#include "model/model.h"
#include "rest/kinds.h"
#include "rest/model_rules.h"
#include "rest/python.h"
#include "rest/sight.h"

/* ---- what is said ---- */

const char *fr_message_of(const fr_field *field, const char *code)
{
    for (const fr_message *m = field ? field->messages : NULL; m && m->code; m++)
        if (strcmp(m->code, code) == 0)
            return m->text;
    return NULL;
}

/* What a name between braces stands for. false: nothing that is known. */
static bool put_part(const fr_reading *r, fr_str name, fr_buf *out)
{
    const fr_field *f = r->field;
    const struct {
        const char *name;
        long long value;
    } LIMITS[] = {{"max_length", fr_field_max_length(f)},
                  {"min_length", f->min_length},
                  {"max_digits", f->max_digits},
                  {"max_decimal_places", f->decimal_places},
                  {"max_whole_digits", f->max_digits - f->decimal_places},
                  {"max_value", f->max_value},
                  {"min_value", f->min_value}};
    const char *limit = fr_str_eq(name, FR_STR("max_value"))   ? f->maximum
                        : fr_str_eq(name, FR_STR("min_value")) ? f->minimum
                                                               : NULL;
    char text[FR_LIMIT_TEXT];
    if (limit) {
        fr_buf_put(out, fr_limit_text(f, limit, text));
        return true;
    }
    if (fr_str_eq(name, FR_STR("input")) || fr_str_eq(name, FR_STR("pk_value"))) {
        fr_py_str(out, r->data);
        return true;
    }
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
        if (fr_str_eq(name, fr_str_c(LIMITS[i].name))) {
            fr_buf_put_i64(out, LIMITS[i].value);
            return true;
        }
    return false;
}

static void put_message(const fr_reading *r, fr_str text, fr_buf *out)
{
    while (text.n) {
        size_t open = fr_str_find_char(text, '{'), close = fr_str_find_char(text, '}');
        bool is_part = open != SIZE_MAX && close != SIZE_MAX && close > open;
        fr_buf_put(out, is_part ? fr_str_sub(text, 0, open) : text);
        if (!is_part)
            return;
        if (!put_part(r, fr_str_sub(text, open + 1, close - open - 1), out))
            fr_buf_put(out, fr_str_sub(text, open, close - open + 1));
        text = fr_str_from(text, close + 1);
    }
}

void fr_reading_say(fr_reading *r, const char *code, fr_str usual)
{
    const char *own = fr_message_of(r->field, code);
    fr_buf text;
    if (!own) {
        fr_errors_add(r->errors, r->name, code, usual);
        return;
    }
    fr_buf_init(&text);
    put_message(r, fr_str_c(own), &text);
    fr_errors_add(r->errors, r->name, code, fr_buf_str(&text));
    r->errors->root->has_failed |= text.has_failed;
    fr_buf_deinit(&text);
}

fr_outcome fr_refuse(fr_reading *r, const char *code, const char *message)
{
    fr_reading_say(r, code, fr_str_c(message));
    return FR_REFUSED;
}

fr_outcome fr_refuse_invalid(fr_reading *r)
{
    return fr_refuse(r, "invalid", fr_field_invalid_text(r->field));
}

fr_outcome fr_failed(fr_reading *r, fr_err err)
{
    r->err = err;
    return FR_FAILED;
}

fr_outcome fr_take_copy(fr_reading *r, const char *text, size_t n, fr_value *out)
{
    return fr_value_dup(r->ctx->arena, FR_VALUE_S(((fr_str){text, n})), out)
               ? FR_TAKEN
               : fr_failed(r, FR_ENOMEM);
}

bool fr_text_of(fr_reading *r, fr_str *out)
{
    *out = fr_py_str_dup(r->ctx->arena, r->data);
    r->err = out->p ? FR_OK : FR_ENOMEM;
    return out->p != NULL;
}

/* By hand, not by printf: the text may hold anything, NUL too. */
fr_outcome fr_refuse_with_text(fr_reading *r, const char *code, const char *before,
                               const char *after)
{
    fr_buf message;
    fr_buf_init(&message);
    fr_buf_put(&message, fr_str_c(before));
    fr_py_str(&message, r->data);
    fr_buf_put(&message, fr_str_c(after));
    bool has_failed = message.has_failed;
    fr_reading_say(r, code, fr_buf_str(&message));
    fr_buf_deinit(&message);
    return has_failed ? fr_failed(r, FR_ENOMEM) : FR_REFUSED;
}

bool fr_is_too_long(const fr_json *data)
{
    return fr_is_string(data) && fr_utf8_count(data->text) > FR_NUMBER_CHARACTERS;
}

/* ---- one field ---- */

void fr_rest_unique_error(const fr_model *model, const fr_field *field, fr_errors *errors)
{
    char model_buf[128], field_buf[128];
    fr_errors_addf(errors, fr_str_c(field->name), "unique", "%.*s with this %.*s already exists.",
                   FR_FMT(fr_model_label(model, model_buf)),
                   FR_FMT(fr_field_label(field, field_buf)));
}

/* Whether it may be told that somebody has it. */
static fr_err may_tell(fr_reading *r, fr_value value)
{
    fr_query by = {.model = r->model};
    if (!fr_rules_are_strict())
        return FR_OK;
    by.where = fr_pred_in(r->ctx->arena, r->index, &value, 1);
    return by.where ? fr_sight_taken(r->ctx, &by, r->input->seen) : FR_ENOMEM;
}

static fr_err check_unique(fr_reading *r, fr_value value)
{
    bool exists;
    if (r->index == FR_NO_SLOT || !fr_field_is_unique(r->field))
        return FR_OK;
    FR_TRY(fr_db_exists(r->ctx, r->model, r->index, value, r->input->key, &exists));
    if (exists)
        FR_TRY(may_tell(r, value));
    if (exists && fr_message_of(r->field, "unique"))
        fr_refuse(r, "unique", "");
    else if (exists)
        fr_rest_unique_error(r->model, r->field, r->errors);
    return FR_OK;
}

fr_err fr_field_read(fr_reading *r, fr_value *out)
{
    fr_converter convert =
        fr_field_has_choices(r->field) ? fr_convert_choice : fr_rest_kind_of(r->field)->convert;
    if (r->data->type == FR_JSON_NULL) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        if (!r->field->null)
            fr_refuse(r, "null", "This field may not be null.");
        return FR_OK;
    }
    switch (convert(r, out)) {
    case FR_TAKEN: break;
    case FR_FAILED: return r->err ? r->err : FR_ENOMEM;
    default: return FR_OK;
    }
    /* A model's pattern is one of its validators, which come first; of a field without a model it is the field's own. */
    bool is_own = r->index == FR_NO_SLOT || r->field->unicode;
    if (!is_own)
        FR_TRY(fr_row_check_pattern(r->field, *out, &r->faults));
    FR_TRY(check_unique(r, *out));
    if (!fr_field_has_choices(r->field))
        fr_value_check(r->model, r->field, *out, &r->faults);
    return is_own ? fr_row_check_pattern(r->field, *out, &r->faults) : FR_OK;
}

void fr_reading_add_fault(fr_faults *faults, const char *code, fr_str message)
{
    fr_reading_say((fr_reading *)(void *)faults, code, message);
}

/* DRF's fields of characters and choices: an empty text may be their value. */
static bool may_be_empty(const fr_field *field)
{
    return fr_rest_kind_of(field)->is_characters && field->blank;
}

/* A form's value of a field, NULL if there is none: a checkbox that is not checked sends nothing, and an input that is
 * not filled in sends "", which may mean null or nothing. DRF's Field.get_value and BooleanField.default_empty_html. */
const fr_json *fr_field_form_value(const fr_reading *r, const fr_json *data)
{
    static const fr_json FALSE = {.type = FR_JSON_FALSE}, NONE = {.type = FR_JSON_NULL};
    const fr_field *field = r->field;
    const fr_json *value = fr_json_get(data, r->name);
    if (!value) {
        bool is_checkbox = field->kind == FR_KIND_BOOLEAN && !field->choices;
        if (!is_checkbox || r->input->is_partial || r->has_default)
            return NULL;
        return field->null ? &NONE : &FALSE;
    }
    bool is_empty = value->type == FR_JSON_STRING && !value->text.n;
    if (!is_empty || may_be_empty(field) || (field->kind == FR_KIND_JSON && !field->choices))
        return value;
    if (field->null)
        return &NONE;
    return r->is_required ? value : NULL;
}
