#include "rest/scans.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "db/db.h"

typedef struct telling {
    fr_ctx *ctx;
    const fr_viewset_rt *rt;
    fr_buf walks, sorts; /* names */
} telling;

/* The planner does not look at values, but for their number. */
static const fr_pred *example(fr_arena *arena, uint16_t ref, fr_lookup lookup)
{
    static const fr_value values[2] = {{.type = FR_VALUE_TEXT, .as.s = {"1", 1}},
                                       {.type = FR_VALUE_TEXT, .as.s = {"2", 1}}};
    switch (fr_lookup_row_of(lookup)->form) {
    case FR_FORM_NULL: return fr_pred_term(arena, ref, lookup, FR_VALUE_I(1));
    case FR_FORM_RANGE: return fr_pred_many(arena, ref, lookup, values, 2);
    default: return fr_pred_many(arena, ref, lookup, values, 1);
    }
}

static void put(fr_buf *names, fr_str name)
{
    if (names->n)
        fr_buf_put_char(names, ',');
    fr_buf_put(names, name);
}

static fr_err ask_where(telling *t, const fr_pred *where, fr_str name)
{
    fr_scan scan;
    fr_query query = {.model = t->rt->model, .refs = &t->rt->plan->refs, .where = where};
    if (!where)
        return FR_ENOMEM;
    FR_TRY(fr_db_scans(t->ctx, &query, &scan));
    if (scan.walks)
        put(&t->walks, name);
    return FR_OK;
}

static fr_err ask_order(telling *t, const fr_order *orders, uint8_t count, fr_str name)
{
    fr_scan scan;
    fr_query query = {
        .model = t->rt->model, .refs = &t->rt->plan->refs, .order_count = count, .limit = 1};
    memcpy(query.orders, orders, sizeof query.orders);
    FR_TRY(fr_db_scans(t->ctx, &query, &scan));
    if (scan.sorts)
        put(&t->sorts, name);
    return FR_OK;
}

static fr_err ask_filter(telling *t, const fr_filter_item *item)
{
    for (uint32_t i = 0; i < item->order_count; i++)
        FR_TRY(ask_order(t, item->orders[i].orders, item->orders[i].count, item->orders[i].name));
    if (item->way == FR_WAY_METHOD || item->way == FR_WAY_ORDER)
        return FR_OK;
    const fr_pred *where = example(t->ctx->arena, item->ref, item->lookup);
    if (where && item->decl.exclude)
        where = fr_pred_not(t->ctx->arena, where);
    return ask_where(t, where, item->name);
}

static fr_err ask_search(telling *t)
{
    const fr_viewset_rt *rt = t->rt;
    const fr_pred **parts = fr_arena_alloc(t->ctx->arena, (rt->search_count + 1) * sizeof *parts);
    if (!rt->search_count || !parts)
        return parts ? FR_OK : FR_ENOMEM;
    for (uint32_t i = 0; i < rt->search_count; i++)
        parts[i] = example(t->ctx->arena, rt->searches[i].ref, rt->searches[i].lookup);
    return ask_where(t, fr_pred_any(t->ctx->arena, parts, rt->search_count), FR_STR("search"));
}

/* With a value for each thing that it asks. What is true or false of the user decides which parts are left. */
static fr_err ask_rule_of(telling *t, const fr_row_rule *rule, bool is_true, bool *walks)
{
    static const fr_value ONE = {.type = FR_VALUE_INT, .as.i = 1}, NONE = {.type = FR_VALUE_INT};
    fr_param params[FR_RULE_ASKS_MAX];
    fr_scan scan;
    for (size_t i = 0; i < rule->ask_count; i++) {
        bool is_one = is_true || rule->asks[i].kind <= FR_RULE_ASK_KNOWN;
        params[i] = (fr_param){is_one ? &ONE : &NONE, 1};
    }
    fr_query query = {.model = t->rt->model, .refs = &t->rt->plan->refs};
    query.where = fr_pred_bind(t->ctx->arena, rule->where, params, rule->ask_count);
    if (!query.where || query.where->op == FR_PRED_TRUE || fr_pred_is_none(query.where))
        return query.where ? FR_OK : FR_ENOMEM;
    FR_TRY(fr_db_scans(t->ctx, &query, &scan));
    *walks |= scan.walks;
    return FR_OK;
}

static fr_err ask_rule(telling *t)
{
    bool walks = false;
    for (int is_true = 0; t->rt->visible && is_true < 2; is_true++)
        FR_TRY(ask_rule_of(t, t->rt->visible, is_true, &walks));
    if (walks)
        put(&t->walks, FR_STR(".visible"));
    return FR_OK;
}

static fr_err ask_all(telling *t)
{
    const fr_viewset_rt *rt = t->rt;
    FR_TRY(ask_rule(t));
    for (uint32_t i = 0; i < rt->filter_count; i++)
        FR_TRY(ask_filter(t, &rt->filters[i]));
    FR_TRY(ask_search(t));
    if (!rt->paging.rows) /* a bare list is read to its end in any case */
        return FR_OK;
    for (uint32_t i = 0; i < rt->orderable_count; i++)
        FR_TRY(
            ask_order(t, rt->orderable[i].orders, rt->orderable[i].count, rt->orderable[i].name));
    return ask_order(t, rt->orders, rt->order_count, FR_STR("(unasked)"));
}

fr_err fr_scans_tell(fr_ctx *ctx, fr_str path, const fr_viewset_rt *rt)
{
    telling t = {.ctx = ctx, .rt = rt};
    fr_buf_init(&t.walks);
    fr_buf_init(&t.sorts);
    fr_err err = ask_all(&t);
    if (t.walks.n)
        FR_INFO("rest.walks", FR_KV_S("path", path), FR_KV_S("filters", fr_buf_str(&t.walks)),
                FR_KV_C("cost", "each request looks at every row"));
    if (t.sorts.n)
        FR_INFO("rest.sorts", FR_KV_S("path", path), FR_KV_S("orderings", fr_buf_str(&t.sorts)),
                FR_KV_C("cost", "each page sorts all rows"));
    fr_buf_deinit(&t.walks);
    fr_buf_deinit(&t.sorts);
    return err;
}
