/* What the handler of an extra action, or of a plain route of the API, calls: the row of its URL, and answers. */
#include <freshet/rest.h>

#include <string.h>

#include "base/str.h"
#include "http/http.h"
#include "rest/extra.h"
#include "rest/filters.h"
#include "rest/guarded.h"
#include "rest/object.h"
#include "rest/pipeline.h"
#include "rest/query_string.h"
#include "rest/rows.h"
#include "rest/sight.h"

/* ---- what a handler of an extra action calls ---- */

static fr_err call_of(fr_req *req, fr_call **out)
{
    *out = fr_call_of(req);
    return *out && (*out)->plan
               ? FR_OK
               : fr_fail(
                     req, FR_EINTERNAL,
                     "fr_load, fr_store and fr_reply work in an extra action of a viewset only.");
}

static fr_err viewset_call_of(fr_req *req, fr_call **out)
{
    FR_TRY(call_of(req, out));
    return *out && (*out)->rt
               ? FR_OK
               : fr_fail(req, FR_EINTERNAL,
                         "fr_load and fr_store work in an extra action of a viewset only.");
}

/* The serializer of the action, or the viewset's, by the model that the struct is of. */
static const fr_plan *plan_of(const fr_call *call, uint64_t mark)
{
    bool is_own = call->plan && call->plan->model->struct_mark == mark;
    return is_own || !call->rt ? call->plan : call->rt->plan;
}

/* A body that could not be read is answered, whatever the handler makes of it. call may be NULL. */
static fr_err check_open(const fr_call *call)
{
    return call && call->is_answered && !call->is_rendered ? FR_EINVAL : FR_OK;
}

/* What was written into the body is the answer, as the client wants it. call may be NULL. */
fr_err fr_call_reply(fr_req *req, fr_call *call, int status)
{
    if (!call || fr_call_is_plain(call))
        return fr_reply_buf(req, status, FR_STR("application/json"));
    call->answer->has_content = true;
    FR_TRY(fr_call_render(call));
    fr_str type =
        call->answer->content_type.p ? call->answer->content_type : FR_STR("application/json");
    return fr_reply_buf(req, status, call->answer->has_content ? type : FR_STR(""));
}

typedef struct loading {
    const fr_model *model;
    fr_arena *arena;
    void *row;
} loading;

static fr_err load_row(void *arg, const fr_value *values)
{
    loading *l = arg;
    return fr_row_store_all(l->model, values, l->arena, l->row);
}

static void load_begin(void *arg)
{
    (void)arg;
}

fr_err fr_load_(fr_req *req, void *row, uint64_t mark)
{
    fr_call *call;
    FR_TRY(viewset_call_of(req, &call));
    FR_TRY(fr_row_check(req->ctx, "fr_load", call->rt->model, mark));
    if (call->wrong)
        return fr_fail(req, FR_EINVAL, "%.*s", FR_FMT(fr_errors_first(call->wrong)));
    loading l = {call->rt->model, req->ctx->arena, row};
    fr_err err = fr_object_select(req->ctx, call, &(fr_reader_sink){load_begin, load_row, &l});
    if (err == FR_ENOTFOUND)
        return fr_fail(req, err, "%.*s", FR_FMT(fr_call_missing_text(call)));
    return err ? err : fr_guarded_row(call, row);
}

/* What is wrong with the filters is the answer, if the handler returns the error. */
static fr_err refuse_filters(fr_req *req, fr_call *call, const fr_errors *errors)
{
    call->wrong = errors;
    return fr_fail(req, FR_EINVAL, "%.*s", FR_FMT(fr_errors_first(errors)));
}

fr_err fr_list_filtered(fr_req *req, fr_rows *rows)
{
    fr_call *call;
    fr_params params;
    fr_filtered found;
    fr_arena *arena = req->ctx->arena;
    FR_TRY(viewset_call_of(req, &call));
    const fr_viewset_rt *rt = call->rt;
    fr_errors *errors = fr_arena_alloc(arena, sizeof *errors);
    if (!errors)
        return FR_ENOMEM;
    fr_errors_init(errors, arena);
    FR_TRY(fr_params_parse(arena, call->request->query, &params));
    if (call->request->extra->no_search)
        fr_params_drop(&params, FR_STR("search"));
    FR_TRY(fr_filters_read(req->ctx, rt, &params, errors, &found));
    FR_TRY(fr_errors_check(errors));
    if (fr_errors_any(errors))
        return refuse_filters(req, call, errors);
    bool has_order = found.order_count > 0;
    fr_query query = {.model = rt->model,
                      .refs = found.refs,
                      .where = found.where,
                      .order_count = has_order ? found.order_count : rt->model_order_count};
    memcpy(query.orders, has_order ? found.orders : rt->model_orders, sizeof query.orders);
    FR_TRY(fr_sight_get(req->ctx, &query.sight));
    if (call->within && !(query.where = fr_pred_and(arena, call->within, query.where)))
        return FR_ENOMEM;
    return fr_rest_list_rows(req->ctx, rt, &query, rows);
}

fr_err fr_reply_(fr_req *req, const void *row, uint64_t mark)
{
    fr_call *call;
    FR_TRY(call_of(req, &call));
    FR_TRY(check_open(call));
    const fr_plan *plan = plan_of(call, mark);
    const fr_model *model = plan->model;
    FR_TRY(fr_row_check(req->ctx, "fr_reply", model, mark));
    fr_value *values = fr_arena_alloc(req->ctx->arena, model->field_count * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    FR_TRY(fr_row_values(model, row, req->ctx->arena, values));
    fr_print print;
    fr_call_print(call, req->ctx, &print);
    FR_TRY(fr_row_put(req->ctx, plan, values, &print, fr_reply_body(req)));
    return fr_call_reply(req, call, 200);
}

fr_err fr_reply_rows(fr_req *req, const fr_rows *rows)
{
    fr_call *call = fr_call_of(req);
    const fr_plan *plan = NULL;
    fr_print print = {.ctx = req->ctx, .links = {.origin = fr_req_origin(req)}};
    FR_TRY(check_open(call));
    if (call)
        fr_call_print(call, req->ctx, &print);
    fr_rows seen;
    FR_TRY(fr_rows_seen(req->ctx, call ? call->rt : NULL, rows, &seen));
    FR_TRY(fr_rows_plan(req->ctx, &seen, call ? call->plan : NULL, &plan));
    FR_TRY(fr_rows_put(req->ctx, plan, &seen, &print, fr_reply_body(req)));
    return fr_call_reply(req, call, 200);
}

fr_err fr_reply_data(fr_req *req, int status, fr_str json)
{
    FR_TRY(check_open(fr_call_of(req)));
    if (!json.n)
        return fr_reply_bytes(req, status, FR_STR(""), json);
    fr_buf_put(fr_reply_body(req), json);
    return fr_call_reply(req, fr_call_of(req), status);
}

/* ---- versions ---- */

fr_str fr_api_version(const fr_req *req)
{
    const fr_call *call = fr_call_of(req);
    return call ? call->version : (fr_str){0};
}

fr_str fr_api_media(fr_req *req)
{
    const fr_call *call = fr_call_of(req);
    if (!call)
        return (fr_str){0};
    const fr_representation *r = &call->representation;
    if (!r->is_vague)
        return r->media;
    fr_str parameters = fr_media_read(r->media).parameters;
    return fr_arena_printf(req->ctx->arena, "%s%s%.*s", r->renderer->media_type,
                           parameters.n ? ";" : "", FR_FMT(parameters));
}

fr_err fr_api_url(fr_req *req, const char *path, fr_str *out)
{
    const fr_call *call = fr_call_of(req);
    fr_version_rule none = {0};
    fr_buf text, own;
    fr_buf_init(&text);
    fr_buf_init(&own);
    fr_path_quote(&own, req->path);
    fr_buf_put(&text, fr_req_origin(req));
    fr_version_put_path(call ? &call->request->versions : &none, fr_api_version(req),
                        path ? fr_str_c(path) : fr_buf_str(&own), &text);
    fr_str url = text.has_failed || own.has_failed ? (fr_str){0}
                                                   : fr_str_dup(req->ctx->arena, fr_buf_str(&text));
    fr_buf_deinit(&own);
    fr_buf_deinit(&text);
    if (!url.p)
        return FR_ENOMEM;
    *out = url;
    return FR_OK;
}
