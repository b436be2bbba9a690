/* See rows.h. */
#include "rest/rows.h"

#include <string.h>

#include "base/arena.h"
#include "db/db.h"
#include "rest/key.h"
#include "rest/rules.h"
#include "rest/sight.h"
#include "rest/viewset.h"

/* ---- which may be seen ---- */

/* What the viewset says of its rows, or what is said of the model's. *is_any: all may be seen. */
static fr_err seen_query(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_model *model, fr_query *out,
                         bool *is_any)
{
    *out = (fr_query){.model = model};
    if (rt && rt->model == model) {
        out->refs = &rt->plan->refs;
        FR_TRY(fr_rule_bind(ctx, rt->visible, &out->where));
    } else {
        FR_TRY(fr_sight_query(ctx, out));
    }
    *is_any = !out->where;
    return FR_OK;
}

fr_err fr_rows_seen(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rows *rows, fr_rows *out)
{
    fr_query query;
    fr_key_set seen;
    bool is_any = rows->viewset_ != NULL;
    uint32_t width = rows->model->field_count;
    int key = fr_model_key_index(rows->model);
    *out = *rows;
    if (!is_any)
        FR_TRY(seen_query(ctx, rt, rows->model, &query, &is_any));
    if (is_any || !rows->count)
        return FR_OK;
    fr_value *keys = fr_arena_alloc(ctx->arena, rows->count * sizeof *keys);
    fr_value *values = fr_arena_alloc(ctx->arena, rows->count * width * sizeof *values);
    if (!keys || !values)
        return FR_ENOMEM;
    for (size_t i = 0; i < rows->count; i++)
        keys[i] = rows->values_[i * width + (size_t)key];
    FR_TRY(fr_key_set_find(ctx, &query, keys, rows->count, &seen));
    out->values_ = values;
    out->count = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (fr_key_set_has(&seen, keys[i]))
            memcpy(values + out->count++ * width, rows->values_ + i * width,
                   width * sizeof *values);
    return FR_OK;
}

/* ---- as JSON ---- */

fr_err fr_rows_plan(fr_ctx *ctx, const fr_rows *rows, const fr_plan *other, const fr_plan **out)
{
    const fr_viewset_rt *rt = rows->viewset_ ? fr_viewset_get(rows->viewset_) : NULL;
    char error[256];
    *out = rt ? rt->plan : other && other->model == rows->model ? other : NULL;
    if (*out)
        return FR_OK;
    fr_plan *plain = fr_arena_zalloc(ctx->arena, sizeof *plain);
    fr_err err = plain ? fr_plan_init(plain, rows->model, NULL, ctx->arena, error) : FR_ENOMEM;
    *out = plain;
    return err == FR_EINVAL ? fr_fail(ctx, FR_EINTERNAL, "%s", error) : err;
}

/* Whether the values of a row are all that is printed of it. */
static bool is_enough(const fr_plan *plan)
{
    return !plan->extra_count && !plan->batch_count;
}

static fr_err put_plain(const fr_plan *plan, const fr_value *values, size_t count, fr_print *print,
                        fr_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            fr_buf_put_char(out, ',');
        fr_plan_put(plan, print, values + i * plan->model->field_count, out);
        FR_TRY(print->err);
    }
    return fr_buf_check(out);
}

/* Rows that are read anew by their keys, to be printed in the order of `values`. */
typedef struct again {
    const fr_plan *plan;
    const fr_value *values;
    size_t count;
    fr_print print;
    fr_buf *out;
    size_t start;
} again;

/* Append the gathered row with this key; one that has gone meanwhile is left out. */
static fr_err put_row(again *a, const fr_gathered *rows, fr_value key)
{
    int field = fr_model_key_index(a->plan->model);
    for (size_t i = 0; i < rows->count; i++) {
        if (fr_value_cmp(fr_gathered_row(rows, i)[field], key) != 0)
            continue;
        if (a->out->n > a->start)
            fr_buf_put_char(a->out, ',');
        a->print.index = i;
        fr_plan_put(a->plan, &a->print, fr_gathered_row(rows, i), a->out);
        return a->print.err;
    }
    return FR_OK;
}

static fr_err put_part(fr_ctx *ctx, again *a, size_t from, size_t count)
{
    uint32_t width = a->plan->model->field_count;
    int field = fr_model_key_index(a->plan->model);
    fr_value *keys = fr_arena_alloc(ctx->arena, count * sizeof *keys);
    fr_query query = {.model = a->plan->model};
    fr_gathered rows;
    if (!keys)
        return FR_ENOMEM;
    for (size_t i = 0; i < count; i++)
        keys[i] = a->values[(from + i) * width + (size_t)field];
    query.where = fr_pred_in(ctx->arena, (uint16_t)field, keys, count);
    if (!query.where)
        return FR_ENOMEM;
    fr_gathered_init(&rows, a->plan, ctx->arena);
    FR_TRY(fr_gather(ctx, &rows, &query));
    FR_TRY(fr_gather_related(ctx, &rows));
    a->print.rows = &rows;
    for (size_t i = 0; i < count; i++)
        FR_TRY(put_row(a, &rows, keys[i]));
    return fr_buf_check(a->out);
}

static fr_err put_again(fr_ctx *ctx, void *arg)
{
    again *a = arg;
    a->out->n = a->start;
    a->print.ctx = ctx;
    for (size_t from = 0; from < a->count; from += FR_GATHER_CHUNK) {
        size_t left = a->count - from;
        FR_TRY(put_part(ctx, a, from, left < FR_GATHER_CHUNK ? left : FR_GATHER_CHUNK));
    }
    return FR_OK;
}

static fr_err put_values(fr_ctx *ctx, const fr_plan *plan, const fr_value *values, size_t count,
                         const fr_print *print, fr_buf *out)
{
    fr_print own = *print;
    if (is_enough(plan))
        return put_plain(plan, values, count, &own, out);
    again a = {plan, values, count, own, out, out->n};
    return fr_db_snapshot(ctx, put_again, &a, NULL);
}

fr_err fr_rows_put(fr_ctx *ctx, const fr_plan *plan, const fr_rows *rows, const fr_print *print,
                   fr_buf *out)
{
    fr_buf_put_char(out, '[');
    FR_TRY(put_values(ctx, plan, rows->values_, rows->count, print, out));
    fr_buf_put_char(out, ']');
    return fr_buf_check(out);
}

fr_err fr_row_put(fr_ctx *ctx, const fr_plan *plan, const fr_value *values, const fr_print *print,
                  fr_buf *out)
{
    size_t start = out->n;
    FR_TRY(put_values(ctx, plan, values, 1, print, out));
    if (out->n == start) /* the row has gone, or never was there: what is known of it is printed */
        return fr_fail(ctx, FR_ENOTFOUND, "Not found.");
    return FR_OK;
}
