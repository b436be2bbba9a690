/* See validate.h. */
#include "rest/validate.h"

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"
#include "model/kind.h"
#include "rest/gather.h"

struct fr_input_private {
    const fr_plan *plan;
    const fr_rest_input *given; /* NULL: of a whole list */
    fr_errors *errors;
    const fr_json *data; /* of a serializer without a model, in place of plan and given */
};

static fr_input input_of(fr_ctx *ctx, struct fr_input_private *private_)
{
    return (fr_input){.ctx = ctx, .private_ = private_};
}

/* FR_EINVAL with a message that was added is an answer to the client; without one its text is. */
static fr_err settle(fr_ctx *ctx, fr_err err, fr_errors *errors, fr_str name)
{
    if (err != FR_EINVAL)
        return err;
    if (!fr_errors_any(errors))
        fr_errors_add(errors, name, "invalid",
                      ctx->detail.n ? ctx->detail : FR_STR("Invalid value."));
    return FR_OK;
}

/* ---- what an application calls ---- */

fr_err fr_invalid(fr_input *in, const char *field, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    fr_str message = fr_str_vformat(text, sizeof text, fmt, args);
    va_end(args);
    fr_str name = field ? fr_str_dup(in->ctx->arena, fr_str_c(field)) : FR_STR("non_field_errors");
    if (!name.p)
        return FR_ENOMEM;
    fr_errors_add(in->private_->errors, name, "invalid", message);
    return FR_EINVAL;
}

/* A member of data, as it was sent. */
static fr_str text_of(const fr_input *in, const fr_json *data)
{
    fr_buf text;
    if (!data || data->type == FR_JSON_NULL || data->type == FR_JSON_STRING)
        return data && data->type == FR_JSON_STRING ? data->text : (fr_str){0};
    fr_buf_init(&text);
    fr_json_put(&text, data, false);
    fr_str s = text.has_failed ? (fr_str){0} : fr_str_dup(in->ctx->arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return s;
}

fr_str fr_input_text(const fr_input *in, const char *name)
{
    if (in->private_->data)
        return text_of(in, fr_json_get(in->private_->data, fr_str_c(name)));
    const fr_plan *plan = in->private_->plan;
    const fr_plan_input *of = fr_plan_input_of(plan, fr_str_c(name));
    if (!of || of->kind != FR_INPUT_EXTRA || !in->private_->given)
        return (fr_str){0};
    const fr_given *given = &in->private_->given->given[of - plan->inputs];
    if (!given->is_given || given->value.type == FR_VALUE_NULL)
        return (fr_str){0};
    if (given->value.type == FR_VALUE_TEXT)
        return given->value.as.s;
    return fr_value_bare_dup(in->ctx->arena, of->field, given->value);
}

typedef struct naming {
    fr_ctx *ctx;
    fr_rows rows;
    fr_value *values; /* room for all of them */
    size_t start;     /* of one statement's */
} naming;

static void begin(void *arg)
{
    naming *n = arg;
    n->rows.count = n->start;
}

static fr_err take_row(void *arg, const fr_value *values)
{
    naming *n = arg;
    const uint32_t width = n->rows.model->field_count;
    fr_value *row = n->values + n->rows.count * width;
    for (uint32_t i = 0; i < width; i++)
        if (!fr_value_dup(n->ctx->arena, values[i], &row[i]))
            return FR_ENOMEM;
    n->rows.count++;
    return FR_OK;
}

/* Keys that stand there twice are one row. */
static fr_err read_named(naming *n, const fr_value *keys, size_t count)
{
    const fr_model *model = n->rows.model;
    const uint16_t key = (uint16_t)fr_model_key_index(model);
    for (size_t done = 0; done < count; done += FR_GATHER_KEYS) {
        size_t some = count - done < FR_GATHER_KEYS ? count - done : FR_GATHER_KEYS;
        fr_query query = {.model = model,
                          .where = fr_pred_in(n->ctx->arena, key, keys + done, some)};
        if (!query.where)
            return FR_ENOMEM;
        n->start = n->rows.count;
        FR_TRY(fr_db_select(n->ctx, &query, &(fr_reader_sink){begin, take_row, n}, NULL));
    }
    return FR_OK;
}

fr_err fr_input_related(fr_input *in, const char *name, fr_rows *rows)
{
    const fr_plan *plan = in->private_->plan;
    const fr_plan_input *of = plan ? fr_plan_input_of(plan, fr_str_c(name)) : NULL;
    if (!of || of->kind != FR_INPUT_MANY || !in->private_->given)
        return fr_fail(in->ctx, FR_EINTERNAL,
                       "fr_input_related: \"%s\" is no many-to-many that the body may name.", name);
    const fr_given *given = &in->private_->given->given[of - plan->inputs];
    const fr_model *to = of->relation.steps[of->relation.step_count - 1].to;
    naming n = {.ctx = in->ctx, .rows = {.model = to, .arena_ = in->ctx->arena}};
    if (given->count > FR_ALL_ROWS)
        return fr_fail(in->ctx, FR_ETOOBIG, "There are more than %d rows.", FR_ALL_ROWS);
    n.values =
        fr_arena_alloc(in->ctx->arena, (given->count + 1) * to->field_count * sizeof *n.values);
    if (!n.values)
        return FR_ENOMEM;
    FR_TRY(read_named(&n, given->keys, given->is_given ? given->count : 0));
    n.rows.values_ = n.values;
    *rows = n.rows;
    return FR_OK;
}

/* ---- a field ---- */

fr_err fr_validate_field(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *input,
                         const fr_plan_input *of, fr_value value, fr_errors *errors)
{
    struct fr_input_private private_ = {plan, input, errors, NULL};
    fr_input in = input_of(ctx, &private_);
    fr_field field = *of->field;
    void *member = NULL;
    field.offset = 0;
    if (value.type != FR_VALUE_NULL) {
        member = fr_arena_zalloc(ctx->arena, fr_field_member_bytes(&field));
        if (!member)
            return FR_ENOMEM;
        FR_TRY(fr_value_to_member(&field, value, ctx->arena, member));
    }
    fr_err err = of->declared->validate(&in, member);
    if (err == FR_EINVAL && !fr_errors_has(errors, of->name))
        return settle(ctx, err, fr_errors_field(errors, of->name), (fr_str){0});
    return err == FR_EINVAL ? FR_OK : err;
}

/* ---- the object ---- */

/* A struct of the stored row, and over it what came in; of a create the defaults beneath. */
static fr_err make_row(fr_ctx *ctx, const fr_plan *plan, const fr_rest_input *input,
                       const fr_value *old, fr_row *row)
{
    const fr_model *model = plan->model;
    fr_value *values = fr_arena_zalloc(ctx->arena, model->field_count * sizeof *values);
    fr_time now = fr_time_now();
    if (!values)
        return FR_ENOMEM;
    for (uint32_t i = 0; i < model->field_count; i++) {
        if (fr_fieldset_has(&input->set, i))
            values[i] = input->values[i];
        else if (old)
            values[i] = old[i];
        else if (!fr_field_default(&model->fields[i], now, ctx->arena, &values[i]))
            values[i] = (fr_value){.type = FR_VALUE_NULL};
    }
    FR_TRY(fr_row_store_all(model, values, ctx->arena, row));
    row->set = input->set.word[0];
    return FR_OK;
}

static fr_err store_old(fr_ctx *ctx, const fr_plan *plan, const fr_value *old, void **out)
{
    *out = old ? fr_arena_zalloc(ctx->arena, plan->model->struct_bytes) : NULL;
    if (!old)
        return FR_OK;
    return *out ? fr_row_store_all(plan->model, old, ctx->arena, *out) : FR_ENOMEM;
}

/* What the function has set is written. */
static fr_err take_back(fr_ctx *ctx, const fr_plan *plan, const fr_row *row, fr_rest_input *input)
{
    for (uint32_t i = 0; i < plan->model->field_count && i < 64; i++) {
        if (!(row->set >> i & 1))
            continue;
        FR_TRY(fr_row_value(plan->model, (int)i, row, ctx->arena, &input->values[i]));
        fr_fieldset_add(&input->set, i);
    }
    return FR_OK;
}

fr_err fr_validate_object(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *input,
                          const fr_value *old, fr_errors *errors)
{
    struct fr_input_private private_ = {plan, input, errors, NULL};
    fr_input in = input_of(ctx, &private_);
    void *was;
    if (!plan->serializer || !plan->serializer->validate)
        return FR_OK;
    fr_row *row = fr_arena_zalloc(ctx->arena, plan->model->struct_bytes);
    if (!row)
        return FR_ENOMEM;
    FR_TRY(make_row(ctx, plan, input, old, row));
    FR_TRY(store_old(ctx, plan, old, &was));
    fr_err err = plan->serializer->validate(&in, row, was);
    if (err == FR_OK && !fr_errors_any(errors))
        return take_back(ctx, plan, row, input);
    return settle(ctx, err, errors, FR_STR("non_field_errors"));
}

fr_err fr_validate_list(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *rows, size_t count,
                        fr_errors *errors)
{
    struct fr_input_private private_ = {plan, NULL, errors, NULL};
    fr_input in = input_of(ctx, &private_);
    if (!plan->serializer || !plan->serializer->validate_list)
        return FR_OK;
    const size_t bytes = plan->model->struct_bytes;
    char *structs = fr_arena_zalloc(ctx->arena, (count + 1) * bytes);
    if (!structs)
        return FR_ENOMEM;
    for (size_t i = 0; i < count; i++)
        FR_TRY(make_row(ctx, plan, &rows[i], NULL, (fr_row *)(void *)(structs + i * bytes)));
    fr_err err = plan->serializer->validate_list(&in, structs, count);
    if (err != FR_OK || fr_errors_any(errors))
        return settle(ctx, err, errors, FR_STR("non_field_errors"));
    for (size_t i = 0; i < count; i++)
        FR_TRY(take_back(ctx, plan, (const fr_row *)(const void *)(structs + i * bytes), &rows[i]));
    return FR_OK;
}

fr_err fr_validate_write(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *input,
                         const fr_value *row, const fr_value *old, fr_errors *errors)
{
    struct fr_input_private private_ = {plan, input, errors, NULL};
    fr_input in = input_of(ctx, &private_);
    void *now, *was;
    FR_TRY(store_old(ctx, plan, row, &now));
    FR_TRY(store_old(ctx, plan, old, &was));
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): row is there, so its struct is
    ((fr_row *)now)->set = input->set.word[0];
    fr_err err = plan->serializer->write(&in, now, was);
    FR_TRY(settle(ctx, err, errors, FR_STR("non_field_errors")));
    return fr_errors_any(errors) ? FR_EINVAL : FR_OK;
}

/* ---- data that is no row ---- */

fr_err fr_validate_data(fr_ctx *ctx, const fr_declared *of, const fr_json *data, fr_errors *errors)
{
    struct fr_input_private private_ = {NULL, NULL, errors, data};
    fr_input in = input_of(ctx, &private_);
    fr_str text = text_of(&in, data);
    fr_err err = of->validate(&in, &text);
    if (err == FR_EINVAL && !fr_errors_has(errors, fr_str_c(of->name)))
        return settle(ctx, err, fr_errors_field(errors, fr_str_c(of->name)), (fr_str){0});
    return err == FR_EINVAL ? FR_OK : err;
}

fr_err fr_validate_whole_data(fr_ctx *ctx, const fr_serializer *serializer, const fr_json *data,
                              fr_errors *errors)
{
    struct fr_input_private private_ = {NULL, NULL, errors, data};
    fr_input in = input_of(ctx, &private_);
    return settle(ctx, serializer->validate(&in, NULL, NULL), errors, FR_STR("non_field_errors"));
}
