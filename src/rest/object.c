/* See object.h. */
#include "rest/object.h"

#include "rest/filters.h"
#include "rest/query_string.h"

fr_err fr_object_filter(fr_call *call, fr_errors *errors)
{
    fr_params params;
    if (!call->request->query.n)
        return FR_OK;
    FR_TRY(fr_params_parse(call->ctx->arena, call->request->query, &params));
    return fr_filters_read(call->ctx, call->rt, &params, errors, &call->where);
}

typedef struct counting {
    const fr_reader_sink *sink; /* NULL: only counted */
    size_t count;
} counting;

static void begin(void *arg)
{
    counting *c = arg;
    c->count = 0;
    if (c->sink && c->sink->begin)
        c->sink->begin(c->sink->arg);
}

static fr_err row(void *arg, const fr_value *values)
{
    counting *c = arg;
    c->count++;
    return c->sink ? c->sink->row(c->sink->arg, values) : FR_OK;
}

/* The row, by its key and by the filters. */
static fr_err select_filtered(const fr_call *call, counting *c)
{
    fr_arena *arena = call->ctx->arena;
    const fr_pred *key = fr_pred_term(arena, (uint16_t)fr_model_key_index(call->rt->model),
                                      FR_LOOKUP_EXACT, call->key);
    fr_query query = {.model = call->rt->model,
                      .where = key ? fr_pred_and(arena, key, call->where) : NULL};
    return query.where ? fr_db_select(call->ctx, &query, &(fr_reader_sink){begin, row, c}, NULL)
                       : FR_ENOMEM;
}

fr_err fr_object_select(const fr_call *call, const fr_reader_sink *sink)
{
    counting c = {.sink = sink};
    if (call->key.type == FR_VALUE_NULL)
        return fr_fail(call, FR_ENOTFOUND, "Not found.");
    if (!call->where)
        return fr_db_select_key(call->ctx, call->rt->model, call->key, sink, NULL);
    FR_TRY(select_filtered(call, &c));
    return c.count ? FR_OK : fr_fail(call, FR_ENOTFOUND, "Not found.");
}

fr_err fr_object_exists(const fr_call *call, bool *out)
{
    counting c = {0};
    if (!call->where)
        return fr_db_exists(call->ctx, call->rt->model,
                            (uint16_t)fr_model_key_index(call->rt->model), call->key,
                            (fr_value){.type = FR_VALUE_NULL}, out);
    FR_TRY(select_filtered(call, &c));
    *out = c.count > 0;
    return FR_OK;
}
