/* Rows that a list in the body makes: those nested within another, and those of a bulk create. DRF's ListSerializer. */
#include "base/arena.h"
#include "base/str.h"
#include "rest/input_int.h"
#include "rest/python.h"

/* ---- one of them ---- */

static fr_err read_item(fr_ctx *ctx, const fr_plan *plan, const fr_json *data, fr_errors *item,
                        fr_rest_input *row)
{
    if (data->type == FR_JSON_NULL) {
        fr_errors_add(item, (fr_str){0}, "null", FR_STR("This field may not be null."));
        return FR_OK;
    }
    FR_TRY(fr_rest_input_read(ctx, plan, data, row, item));
    if (!fr_errors_any(item))
        FR_TRY(fr_validate_object(ctx, plan, row, NULL, item));
    return row->is_partial && !fr_errors_any(item) ? fr_input_fill(ctx, plan, row, item) : FR_OK;
}

/* ---- all of them ---- */

bool fr_input_rows_fit(const fr_input_rows *rows, size_t count, fr_errors *errors)
{
    if (!count && rows->not_empty)
        fr_errors_add(errors, FR_STR("non_field_errors"), "empty",
                      FR_STR("This list may not be empty."));
    else if (rows->max && count > rows->max)
        fr_errors_addf(errors, FR_STR("non_field_errors"), "max_length",
                       "Ensure this field has no more than %u elements.", rows->max);
    else if (count < rows->min)
        fr_errors_addf(errors, FR_STR("non_field_errors"), "min_length",
                       "Ensure this field has at least %u elements.", rows->min);
    else
        return true;
    return false;
}

fr_err fr_input_read_rows(fr_ctx *ctx, const fr_plan *plan, const fr_json *list,
                          const fr_input_rows *rows, fr_errors *errors, fr_rest_input **out)
{
    if (!errors)
        return FR_ENOMEM;
    if (!fr_input_rows_fit(rows, list->count, errors))
        return FR_OK;
    fr_rest_input *made = fr_arena_zalloc(ctx->arena, (list->count + 1) * sizeof *made);
    if (!made)
        return FR_ENOMEM;
    fr_errors_rows(errors, list->count);
    for (size_t i = 0; i < list->count; i++) {
        fr_errors *item = fr_errors_item(errors, i);
        if (!item)
            return FR_ENOMEM;
        made[i] = (fr_rest_input){.is_partial = rows->like->is_partial,
                                  .is_form = rows->like->is_form,
                                  .versions = rows->like->versions,
                                  .version = rows->like->version,
                                  .seen = rows->like->seen,
                                  .key = {.type = FR_VALUE_NULL}};
        FR_TRY(read_item(ctx, plan, &list->items[i], item, &made[i]));
    }
    *out = made;
    return fr_errors_any(errors) ? FR_OK : fr_validate_list(ctx, plan, made, list->count, errors);
}

/* ---- nested within another ---- */

enum { NESTED_ROWS_MAX = 1000 /* of one list in a body */ };

fr_err fr_input_read_nested(fr_reading *r, const fr_plan_input *in, fr_given *out)
{
    const fr_declared *d = in->declared;
    fr_errors *errors;
    if (r->data->type == FR_JSON_NULL) {
        fr_refuse(r, "null", "This field may not be null.");
        return FR_OK;
    }
    errors = fr_errors_field(r->errors, r->name);
    if (r->data->type != FR_JSON_ARRAY) {
        fr_errors_addf(errors, FR_STR("non_field_errors"), "not_a_list",
                       "Expected a list of items but got type \"%s\".", fr_py_type(r->data));
        return FR_OK;
    }
    bool is_bound = d->max_items && d->max_items < NESTED_ROWS_MAX;
    fr_input_rows rows = {.not_empty = d->not_empty,
                          .min = d->min_items,
                          .max = is_bound ? d->max_items : NESTED_ROWS_MAX,
                          .like = r->input};
    out->count = r->data->count;
    return fr_input_read_rows(r->ctx, in->nested, r->data, &rows, errors, &out->rows);
}
