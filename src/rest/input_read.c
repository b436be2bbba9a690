/*
 * A body by the input side of a plan: each name that the plan reads is looked for, converted and checked; nothing else of the
 * body is looked at. Errors of all fields are collected.
 */
#include "rest/input_int.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"
#include "model/kind.h"
#include "rest/assign.h"
#include "rest/form_body.h"
#include "rest/shape.h"
#include "rest/unique_for.h"

/* As it is stored, if there is such a row. */
static fr_err take_key(fr_reading *r, fr_rest_input *input)
{
    fr_value key = {.type = FR_VALUE_NULL};
    FR_TRY(fr_field_read(r, &key));
    if (fr_errors_has(r->errors, r->name))
        return FR_OK;
    fr_err err = fr_db_stored_key(r->ctx, r->model, key, &input->key);
    if (err == FR_ENOTFOUND)
        input->key = key;
    return err == FR_ENOTFOUND ? FR_OK : err;
}

static fr_err read_one(fr_reading *r, const fr_plan *plan, const fr_plan_input *in,
                       fr_rest_input *input)
{
    fr_given *given = input->given ? &input->given[in - plan->inputs] : NULL;
    fr_value *value = in->index != FR_NO_SLOT ? &input->values[in->index] : &given->value;
    switch (in->kind) {
    case FR_INPUT_FIELD:
    case FR_INPUT_EXTRA: FR_TRY(fr_field_read(r, value)); break;
    case FR_INPUT_SLUG:
    case FR_INPUT_LINK: FR_TRY(fr_input_read_reference(r, in, value)); break;
    case FR_INPUT_MANY: FR_TRY(fr_input_read_many(r, in, given)); break;
    case FR_INPUT_NESTED: FR_TRY(fr_input_read_nested(r, in, given)); break;
    case FR_INPUT_KEY: FR_TRY(take_key(r, input)); break;
    case FR_INPUT_HIDDEN:
        FR_TRY(fr_said_value(r->ctx, in->field, in->declared->value, value));
        break;
    }
    if (given)
        given->is_given = true;
    if (in->index != FR_NO_SLOT && in->kind != FR_INPUT_MANY)
        fr_fieldset_add(&input->set, in->index);
    return FR_OK;
}

/* The function of the application sees a value that all other checks let pass. */
static fr_err validate_one(fr_reading *r, const fr_plan *plan, const fr_plan_input *in,
                           fr_rest_input *input)
{
    bool has_value = in->kind != FR_INPUT_MANY && in->kind != FR_INPUT_NESTED;
    if (!has_value || !in->declared || !in->declared->validate)
        return FR_OK;
    if (fr_errors_has(r->errors, in->name))
        return FR_OK;
    fr_value value =
        in->index != FR_NO_SLOT ? input->values[in->index] : input->given[in - plan->inputs].value;
    return fr_validate_field(r->ctx, plan, input, in, value, r->errors);
}

static bool has_given(const fr_plan *plan)
{
    for (uint32_t i = 0; i < plan->input_count; i++)
        if (plan->inputs[i].index == FR_NO_SLOT || plan->inputs[i].kind == FR_INPUT_MANY)
            return true;
    return false;
}

static fr_err make_room(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *input)
{
    input->set = (fr_fieldset){{0}};
    input->values = fr_arena_zalloc(ctx->arena, plan->model->field_count * sizeof *input->values);
    input->given = has_given(plan)
                       ? fr_arena_zalloc(ctx->arena, plan->input_count * sizeof *input->given)
                       : NULL;
    return input->values && (input->given || !has_given(plan)) ? FR_OK : FR_ENOMEM;
}

/* field: NULL where there is no column. */
static const char *required_text(const fr_field *field)
{
    return field && fr_class_of(field) == FR_CLASS_FILE ? "No file was submitted."
                                                        : "This field is required.";
}

/* Keys by their repeated name, of which none at all is an empty list; rows by numbers in their names. */
static fr_err read_form_rows(fr_reading *r, const fr_plan_input *in, const fr_json *data)
{
    fr_json *made = fr_arena_alloc(r->ctx->arena, sizeof *made);
    bool is_keys = in->kind == FR_INPUT_MANY;
    if (!made)
        return FR_ENOMEM;
    FR_TRY(is_keys ? fr_form_values(r->ctx->arena, data, r->name, made)
                   : fr_form_rows(r->ctx->arena, data, r->name, made));
    r->data = made->count || (is_keys && !r->input->is_partial) ? made : NULL;
    return FR_OK;
}

/* The serializer's own, also of a PUT: what the model says is for new rows only. */
static fr_err take_default(fr_reading *r, const fr_plan_input *in, fr_rest_input *input)
{

    if (in->index == FR_NO_SLOT || in->kind == FR_INPUT_MANY)
        return FR_OK;
    fr_fieldset_add(&input->set, in->index);
    return fr_field_default(in->field, fr_time_now(), r->ctx->arena, &input->values[in->index])
               ? FR_OK
               : FR_ENOMEM;
}

static fr_err read_name(fr_reading *r, const fr_plan *plan, const fr_plan_input *in,
                        const fr_json *data, fr_rest_input *input)
{
    bool is_hidden = in->kind == FR_INPUT_HIDDEN;
    bool is_row = in->kind == FR_INPUT_NESTED || in->kind == FR_INPUT_MANY;
    if (is_hidden)
        return input->is_partial ? FR_OK : read_one(r, plan, in, input);
    if (input->is_form && is_row)
        FR_TRY(read_form_rows(r, in, data));
    else
        r->data = input->is_form ? fr_field_form_value(r, data) : fr_json_get(data, r->name);
    if (r->data) {
        FR_TRY(read_one(r, plan, in, input));
        return validate_one(r, plan, in, input);
    }
    if (!input->is_partial && in->declared && in->declared->with && in->declared->with->default_)
        return take_default(r, in, input);
    if (!input->is_partial && in->is_required)
        fr_refuse(r, "required", required_text(in->field));
    return FR_OK;
}

/* The serializer's, and not its model's. */
static bool has_own_default(const fr_plan_input *in)
{
    const fr_declared *d = in->declared;
    return d && ((d->with && d->with->default_) || (d->input && d->input->default_));
}

fr_err fr_rest_input_read(fr_ctx *ctx, const fr_plan *plan, const fr_json *data,
                          fr_rest_input *input, fr_errors *errors)
{
    FR_TRY(make_room(ctx, plan, input));
    if (!fr_shape_is_object(data, errors))
        return FR_OK;
    for (uint32_t i = 0; i < plan->input_count; i++) {
        const fr_plan_input *in = &plan->inputs[i];
        fr_reading r = {.faults.add = fr_reading_add_fault,
                        .ctx = ctx,
                        .model = plan->model,
                        .field = in->field,
                        .index = in->index,
                        .is_required = in->is_required,
                        .has_default = has_own_default(in),
                        .name = in->name,
                        .input = input,
                        .errors = errors};
        if (input->is_update && in->kind == FR_INPUT_FIELD && in->field->primary_key)
            continue;
        FR_TRY(read_name(&r, plan, in, data, input));
    }
    return fr_errors_any(errors) ? FR_OK : fr_unique_for_check(ctx, plan, input, errors);
}

fr_err fr_input_fill(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *row, fr_errors *errors)
{
    for (uint32_t i = 0; i < plan->input_count; i++) {
        const fr_plan_input *in = &plan->inputs[i];
        bool has_column = in->index != FR_NO_SLOT && in->kind != FR_INPUT_MANY;
        bool is_given = has_column ? fr_fieldset_has(&row->set, in->index)
                                   : row->given && row->given[i].is_given;
        bool is_text = has_column && in->kind == FR_INPUT_FIELD && fr_field_is_text(in->field);
        if (is_given || (!in->is_required && in->kind != FR_INPUT_HIDDEN))
            continue;
        if (in->kind == FR_INPUT_HIDDEN)
            FR_TRY(fr_said_value(ctx, in->field, in->declared->value, &row->values[in->index]));
        else if (is_text) /* as Django's models have it */
            row->values[in->index] = FR_VALUE_S(FR_STR(""));
        if (in->kind == FR_INPUT_HIDDEN || is_text)
            fr_fieldset_add(&row->fill, in->index);
        else if (row->key.type == FR_VALUE_NULL)
            fr_errors_add(errors, in->name, "required", fr_str_c(required_text(in->field)));
    }
    return FR_OK;
}
