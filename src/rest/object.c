/* See object.h. */
#include "rest/object.h"

#include "rest/filters.h"
#include "rest/gather.h"
#include "rest/query_string.h"
#include "rest/rules.h"
#include "rest/sight.h"

fr_err fr_object_filter(fr_call *call, fr_errors *errors)
{
    fr_params params;
    fr_filtered found;
    call->refs = &call->rt->plan->refs;
    if (!call->request->query.n)
        return fr_rule_bind(call->ctx, call->rt->visible, &call->where);
    FR_TRY(fr_params_parse(call->ctx->arena, call->request->query, &params));
    FR_TRY(fr_filters_read(call->ctx, call->rt, &params, errors, &found));
    call->where = found.where;
    call->refs = found.refs;
    return FR_OK;
}

fr_err fr_object_select(fr_ctx *ctx, const fr_call *call, const fr_reader_sink *sink)
{
    fr_query query = {.model = call->rt->model, .where = call->where};
    if (call->key.type == FR_VALUE_NULL)
        return fr_fail(ctx, FR_ENOTFOUND, "Not found.");
    query = fr_plan_query(call->rt->plan, &query);
    if (call->refs)
        query.refs = call->refs;
    FR_TRY(fr_sight_get(ctx, &query.sight));
    return fr_db_select_one(ctx, &query, call->key, sink, NULL);
}

fr_err fr_object_exists(const fr_call *call, bool *out)
{
    fr_err err = FR_ENOTFOUND;
    if (call->key.type != FR_VALUE_NULL)
        err = fr_object_select(call->ctx, call, &fr_reader_nothing);
    *out = err == FR_OK;
    return err == FR_ENOTFOUND ? FR_OK : err;
}
