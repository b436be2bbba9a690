/* The tables that a query's references lead to: whether they are there, and what their models say. */
#include "db/db_int.h"

static fr_err check_ref(fr_ctx *ctx, const fr_table *table, const fr_query *query, uint16_t number)
{
    if (fr_ref_is_own(query->model, number))
        return FR_OK;
    const fr_ref *ref = fr_refs_get(query->refs, number);
    for (uint8_t i = 0; i < ref->step_count; i++) {
        table = fr_table_behind(table, &ref->steps[i]);
        if (!table)
            return fr_fail(ctx, FR_EINTERNAL, "Model %s is not registered.",
                           ref->steps[i].to->name);
        FR_TRY(fr_db_check_table(ctx, table));
    }
    return FR_OK;
}

/* What is deeper than a statement may be is refused by the back end. */
static fr_err check_pred(fr_ctx *ctx, const fr_table *table, const fr_query *query,
                         const fr_pred *pred, int depth)
{
    if (pred->op == FR_PRED_TERM)
        return check_ref(ctx, table, query, pred->ref);
    for (size_t i = 0; i < pred->part_count && depth < FR_PRED_DEPTH_MAX; i++)
        FR_TRY(check_pred(ctx, table, query, pred->parts[i], depth + 1));
    return FR_OK;
}

fr_err fr_db_check_query(fr_ctx *ctx, const fr_table *table, const fr_query *query)
{
    if (!query || !query->refs)
        return FR_OK;
    for (uint8_t i = 0; i < query->order_count; i++)
        FR_TRY(check_ref(ctx, table, query, query->orders[i].ref));
    for (uint16_t i = 0; i < query->extra_count; i++)
        FR_TRY(check_ref(ctx, table, query, query->extra[i]));
    return query->where ? check_pred(ctx, table, query, query->where, 0) : FR_OK;
}
