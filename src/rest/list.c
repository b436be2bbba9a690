/* See list.h; and fr_list, the same list for C. */
#include "rest/list.h"

#include <string.h>

#include "base/str.h"
#include "db/db.h"
#include "rest/errors.h"
#include "rest/filters.h"
#include "rest/gather.h"
#include "rest/key.h"
#include "rest/ordering.h"
#include "rest/pagination.h"
#include "rest/rules.h"
#include "rest/sight.h"

static bool is_key(const fr_viewset_rt *rt)
{
    return rt->lookup == (uint16_t)fr_model_key_index(rt->model);
}

fr_err fr_rest_lookup(fr_ctx *ctx, const fr_viewset_rt *rt, fr_str text, fr_value *out)
{
    bool is_named = true;
    if (rt->lookup_regex)
        FR_TRY(fr_regex_match(rt->lookup_regex, text, &is_named));
    if (!is_named)
        return FR_ENOTFOUND;
    if (is_key(rt))
        return fr_key_from_text(rt->model, text, ctx->arena, out) ? FR_OK : FR_ENOTFOUND;
    fr_err err = fr_value_from_text(&rt->model->fields[rt->lookup], text, ctx->arena, out);
    return err == FR_EINVAL ? FR_ENOTFOUND : err;
}

fr_err fr_rest_key(fr_ctx *ctx, const fr_viewset_rt *rt, fr_str text, fr_value *out)
{
    FR_TRY(fr_rest_lookup(ctx, rt, text, out));
    return is_key(rt) ? FR_OK : fr_key_find(ctx, rt->model, rt->lookup, *out, out);
}

fr_err fr_rest_list_query(fr_ctx *ctx, const fr_viewset_rt *rt, fr_str query_string,
                          fr_rest_list *out, fr_buf *refusal)
{
    fr_errors errors;
    fr_filtered found;
    fr_errors_init(&errors, ctx->arena);
    *out = (fr_rest_list){.query = {.model = rt->model}};
    out->query = fr_plan_query(rt->plan, &out->query);
    FR_TRY(fr_params_parse(ctx->arena, query_string, &out->params));
    FR_TRY(fr_filters_read(ctx, rt, &out->params, &errors, &found));
    FR_TRY(fr_errors_check(&errors));
    if (fr_errors_any(&errors)) {
        fr_errors_put(&errors, refusal);
        return fr_fail(ctx, FR_EINVAL, "%.*s", FR_FMT(fr_errors_first(&errors)));
    }
    out->query.where = found.where;
    out->query.refs = found.refs;
    FR_TRY(fr_sight_get(ctx, &out->query.sight));
    fr_ordering_apply(rt, &out->params, found.orders, found.order_count, &out->query);
    fr_err err = fr_pagination_read(rt, ctx->arena, out);
    if (err == FR_ENOTFOUND) {
        const char *detail = fr_pagination_refusal(rt);
        fr_errors_text(fr_str_c(detail), refusal);
        return fr_fail(ctx, err, "%s", detail);
    }
    return err;
}

/* ---- fr_list ---- */

typedef struct gathering {
    fr_arena *arena;
    size_t width, count, room; /* values a row; rows */
    fr_value *values;
} gathering;

static void gather_begin(void *arg)
{
    ((gathering *)arg)->count = 0;
}

static bool grow(gathering *g)
{
    size_t room = g->room ? g->room * 2 : 16, row_bytes = g->width * sizeof *g->values;
    fr_value *values = fr_arena_alloc(g->arena, room * row_bytes);
    if (!values)
        return false;
    if (g->count)
        memcpy(values, g->values, g->count * row_bytes);
    g->values = values;
    g->room = room;
    return true;
}

static fr_err gather_row(void *arg, const fr_value *values)
{
    gathering *g = arg;
    if (g->count == FR_ALL_ROWS)
        return FR_ETOOBIG;
    if (g->count == g->room && !grow(g))
        return FR_ENOMEM;
    for (size_t i = 0; i < g->width; i++)
        if (!fr_value_dup(g->arena, values[i], &g->values[g->count * g->width + i]))
            return FR_ENOMEM;
    g->count++;
    return FR_OK;
}

fr_err fr_rest_list_rows(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_query *query, fr_rows *rows)
{
    fr_query bound = *query;
    if (!bound.limit)
        bound.limit = FR_ALL_ROWS + 1;
    gathering g = {.arena = ctx->arena, .width = rt->model->field_count};
    fr_err err = fr_db_select(ctx, &bound, &(fr_reader_sink){gather_begin, gather_row, &g}, NULL);
    if (err == FR_ETOOBIG)
        return fr_fail(ctx, err, "The list has more than %d rows: give its viewset .pages.",
                       FR_ALL_ROWS);
    FR_TRY(err);
    *rows = (fr_rows){.model = rt->model,
                      .count = g.count,
                      .values_ = g.values,
                      .arena_ = ctx->arena,
                      .viewset_ = rt->viewset};
    return FR_OK;
}

fr_err fr_list_(fr_ctx *ctx, const fr_viewset *viewset, fr_rows *rows)
{
    const fr_viewset_rt *rt = fr_viewset_get(viewset);
    char error[256];
    if (!rt) {
        FR_TRY(fr_viewset_check(viewset, error));
        return FR_ENOMEM;
    }
    if (rt->parent_count)
        return fr_fail(ctx, FR_EINVAL,
                       "The rows of a viewset with .parents depend on a URL: ask by fr_filter.");
    fr_query query = {.model = rt->model,
                      .refs = &rt->plan->refs,
                      .order_count = rt->order_count,
                      .limit = rt->paging.rows};
    memcpy(query.orders, rt->orders, sizeof query.orders);
    FR_TRY(fr_rule_bind(ctx, rt->visible, &query.where));
    FR_TRY(fr_sight_get(ctx, &query.sight));
    return fr_rest_list_rows(ctx, rt, &query, rows);
}
