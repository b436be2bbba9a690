/* What a URL asks for, as its GET understands it; or why that cannot be watched, in words. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "live/live_int.h"
#include "model/pred.h"
#include "rest/filters.h"
#include "rest/ordering.h"

/* ---- parameters ---- */

/* An ordering is the list's own, or the list is another. */
static bool is_same_order(const fr_viewset_rt *rt, const fr_params *params)
{
    fr_query query = {.model = rt->model};
    fr_ordering_apply(rt, params, NULL, 0, &query);
    return query.order_count == rt->order_count &&
           memcmp(query.orders, rt->orders, rt->order_count * sizeof *rt->orders) == 0;
}

static fr_err refuse_param(fr_req *req, fr_str name)
{
    return fr_fail(
        req, FR_EUNSUPPORTED,
        "A live socket takes the filters of its URL, and no other query parameters yet (here "
        "\"%.*s\").",
        (int)(name.n < 64 ? name.n : 64), name.p);
}

/* Nothing in a URL is ignored: what is not understood is refused. What is ours is taken out of the parameters. */
static fr_err take_params(fr_req *req, const fr_live_route *route, fr_params *params, fr_str *since)
{
    const fr_viewset_rt *rt = route->source->rt;
    size_t kept = 0;
    *since = (fr_str){0};
    FR_TRY(fr_params_parse(req->ctx->arena, req->query, params));
    for (size_t i = 0; i < params->count; i++) {
        fr_pair pair = params->at[i];
        bool is_order = route->kind == FR_VIEW_LIST && rt->orderable_count &&
                        fr_str_eq(pair.name, FR_STR("ordering"));
        if (fr_str_eq(pair.name, FR_STR("since")))
            *since = pair.value;
        else if (req->ctx->asker && fr_str_eq(pair.name, FR_STR("ticket")))
            continue;
        else if (is_order || fr_filters_know(rt, pair.name))
            params->at[kept++] = pair;
        else
            return refuse_param(req, pair.name);
    }
    params->count = kept;
    return is_same_order(rt, params) ? FR_OK : refuse_param(req, FR_STR("ordering"));
}

/* ---- filters and the rule of what may be seen ---- */

/* Who asks stays who he is, so that a rule of his key alone says the same of a row as long as the socket lives. What else a rule
 * asks may change meanwhile. */
static bool is_lasting(const fr_row_rule *rule)
{
    for (size_t i = 0; rule && i < rule->ask_count; i++)
        if (rule->asks[i].kind != FR_RULE_ASK_USER && rule->asks[i].kind != FR_RULE_ASK_KNOWN)
            return false;
    return true;
}

static fr_err read_where(fr_req *req, const fr_viewset_rt *rt, const fr_params *params,
                         fr_view_ask *out)
{
    fr_errors errors;
    fr_filtered found;
    fr_errors_init(&errors, req->ctx->arena);
    FR_TRY(fr_filters_read(req->ctx, rt, params, &errors, &found));
    FR_TRY(fr_errors_check(&errors));
    if (fr_errors_any(&errors))
        return fr_fail(req, FR_EINVAL, "%.*s", FR_FMT(fr_errors_first(&errors)));
    if (found.is_of_now)
        return fr_fail(
            req, FR_EUNSUPPORTED,
            "A filter that counts from today, or that a function makes, means other rows at "
            "another time, which cannot be watched.");
    if (found.order_count && out->kind == FR_VIEW_LIST)
        return fr_fail(req, FR_EUNSUPPORTED,
                       "A live list comes in its own order, and no other can be asked for yet.");
    out->where = found.where;
    out->refs = found.refs;
    return FR_OK;
}

/* In normal form, and as a program. */
static fr_err finish_where(fr_req *req, fr_view_ask *out)
{
    char why[FR_EVAL_WHY] = "";
    fr_query query = fr_view_query(out);
    FR_TRY(fr_pred_normal(req->ctx->arena, &query));
    out->where = query.where;
    fr_err err = fr_view_compile(out, req->ctx->arena, why);
    return err == FR_EUNSUPPORTED ? fr_fail(req, err, "This filter cannot be watched yet: %s.", why)
                                  : err;
}

/* ---- which row ---- */

/* The key as it is stored, which is what commits call the row by: the URL's `ABC` may be `abc`. */
static fr_err find_key(fr_req *req, const fr_source *source, fr_str text, fr_value *key)
{
    FR_TRY(fr_rest_key(req->ctx, source->rt, text, key));
    return fr_db_stored_key(req->ctx, source->rt->model, *key, key);
}

/* A row that is found by another field than its key is whichever has that value, as for its GET. */
static fr_err read_row(fr_req *req, const fr_source *source, fr_str text, fr_view_ask *out)
{
    const fr_viewset_rt *rt = source->rt;
    fr_value value;
    if (rt->lookup == (uint16_t)fr_model_key_index(rt->model))
        return find_key(req, source, text, &out->key);
    FR_TRY(fr_rest_lookup(req->ctx, rt, text, &value));
    const fr_pred *is_it = fr_pred_term(req->ctx->arena, rt->lookup, FR_LOOKUP_EXACT, value);
    out->where = is_it ? fr_pred_and(req->ctx->arena, out->where, is_it) : NULL;
    return out->where ? FR_OK : FR_ENOMEM;
}

/* ---- what cannot be watched ---- */

/* What an object shows has to be told from its row alone, which is what commits have. */
static fr_err check_plan(fr_req *req, const fr_source *source)
{
    if (source->rt->parent_count)
        return fr_fail(req, FR_EUNSUPPORTED,
                       "What stands beneath another object cannot be watched.");
    return fr_plan_is_row_only(source->rt->plan)
               ? FR_OK
               : fr_fail(req, FR_EUNSUPPORTED,
                         "This serializer shows more than the row itself (related rows, links or "
                         "what a function makes), which cannot be watched.");
}

static fr_err check_rules(fr_req *req, const fr_live_route *route)
{
    if (route->has_object_rule)
        return fr_fail(req, FR_EUNSUPPORTED,
                       "Who may see a row is asked of each row here, which cannot be watched.");
    return is_lasting(route->source->rt->visible)
               ? FR_OK
               : fr_fail(
                     req, FR_EUNSUPPORTED,
                     "Which rows are shown here depends on more than the row and who asks, which "
                     "cannot be watched.");
}

static fr_err check_list(fr_req *req, const fr_view_ask *ask, fr_worker *worker)
{
    if (ask->source->rt->paging.rows)
        return fr_fail(req, FR_EUNSUPPORTED,
                       "This list comes in pages, which cannot be watched; its objects can.");
    if (fr_topic_is_shown(worker, ask))
        return FR_OK;
    fr_query query = fr_view_query(ask);
    int64_t count;
    FR_TRY(fr_db_count(req->ctx, &query, &count));
    return count > worker->live->opts.snapshot_rows ? fr_snapshot_too_long(req->ctx, worker->live)
                                                    : FR_OK;
}

fr_err fr_view_read(fr_req *req, const fr_route_match *match, const fr_live_route *route,
                    fr_view_ask *out, fr_str *since)
{
    fr_params params;
    *out = (fr_view_ask){.source = route->source, .kind = route->kind};
    FR_TRY(take_params(req, route, &params, since));
    FR_TRY(check_rules(req, route));
    FR_TRY(check_plan(req, route->source));
    FR_TRY(read_where(req, route->source->rt, &params, out));
    if (route->kind == FR_VIEW_ROW)
        FR_TRY(read_row(req, route->source, match->args[match->arg_count - 1].value, out));
    FR_TRY(finish_where(req, out));
    return route->kind == FR_VIEW_LIST ? check_list(req, out, fr_worker_of(req->ctx->loop)) : FR_OK;
}
