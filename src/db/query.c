/* The tables that a query's references lead to: whether they are there, and what their models say. */
#include "db/db_int.h"

static fr_err check_tables(fr_ctx *ctx, const fr_table *table, const fr_ref *ref,
                           const fr_table **end)
{
    for (uint8_t i = 0; i < ref->step_count; i++) {
        table = fr_table_behind(table, &ref->steps[i]);
        if (!table)
            return fr_fail(ctx, FR_EINTERNAL, "Model %s is not registered.",
                           ref->steps[i].to->name);
        FR_TRY(fr_db_check_table(ctx, table));
    }
    *end = table;
    return FR_OK;
}

static fr_err check_ref(fr_ctx *ctx, const fr_table *table, const fr_query *query, uint16_t number,
                        const fr_table **end)
{
    *end = table;
    return fr_ref_is_own(query->model, number)
               ? FR_OK
               : check_tables(ctx, table, fr_refs_get(query->refs, number), end);
}

/* What is deeper than a statement may be is refused by the back end. */
static fr_err check_pred(fr_ctx *ctx, const fr_table *table, const fr_query *query,
                         const fr_pred *pred, int depth)
{
    const fr_table *end = table;
    if (pred->op == FR_PRED_TERM)
        return check_ref(ctx, table, query, pred->ref, &end);
    if (pred->op == FR_PRED_SOME) {
        const fr_query inner = {.model = pred->refs->model, .refs = pred->refs};
        FR_TRY(check_ref(ctx, table, query, pred->ref, &end));
        return depth < FR_PRED_DEPTH_MAX ? check_pred(ctx, end, &inner, pred->parts[0], depth + 1)
                                         : FR_OK;
    }
    for (size_t i = 0; i < pred->part_count && depth < FR_PRED_DEPTH_MAX; i++)
        FR_TRY(check_pred(ctx, table, query, pred->parts[i], depth + 1));
    return FR_OK;
}

/* All of it, whether the query goes there or not: there are few. */
static fr_err check_sight(fr_ctx *ctx, const fr_sight *sight)
{
    for (size_t i = 0; sight && i < sight->count; i++) {
        const fr_sight_rule *rule = &sight->rules[i];
        const fr_query inner = {.model = rule->model, .refs = rule->refs};
        const fr_table *table = fr_db_table(ctx->db, rule->model);
        if (table)
            FR_TRY(check_pred(ctx, table, &inner, rule->where, 0));
    }
    return FR_OK;
}

fr_err fr_db_check_query(fr_ctx *ctx, const fr_table *table, const fr_query *query)
{
    const fr_table *end;
    if (!query || !query->refs)
        return FR_OK;
    for (uint8_t i = 0; i < query->order_count; i++)
        FR_TRY(check_ref(ctx, table, query, query->orders[i].ref, &end));
    for (uint16_t i = 0; i < query->extra_count; i++)
        FR_TRY(check_ref(ctx, table, query, query->extra[i], &end));
    FR_TRY(check_sight(ctx, query->sight));
    return query->where ? check_pred(ctx, table, query, query->where, 0) : FR_OK;
}
