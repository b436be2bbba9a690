/* What a URL asks for, as its GET understands it; or why that cannot be watched, in words. */
#include "base/str.h"
#include "live/live_int.h"

/* Nothing in a URL is ignored: what is not understood is refused. */
static fr_err check_query(fr_req *req, fr_str *since)
{
    *since = (fr_str){0};
    for (fr_str rest = req->query, part, name, value; rest.n;) {
        rest = fr_str_cut(rest, '&', &part);
        value = fr_str_cut(part, '=', &name);
        if (!part.n || (req->ctx->asker && fr_str_eq(name, FR_STR("ticket"))))
            continue;
        if (!fr_str_eq(name, FR_STR("since")))
            return fr_fail(req, FR_EUNSUPPORTED,
                           "A live socket shows all rows: it takes no query parameters (here "
                           "\"%.*s\"). Open it without, and choose from the rows.",
                           (int)(name.n < 64 ? name.n : 64), name.p);
        *since = value;
    }
    return FR_OK;
}

/* What an object shows has to be told from its row alone, which is what commits have. */
static fr_err check_plan(fr_req *req, const fr_source *source)
{
    return fr_plan_is_row_only(source->rt->plan)
               ? FR_OK
               : fr_fail(req, FR_EUNSUPPORTED,
                         "This serializer shows more than the row itself (related rows, links or "
                         "what a function makes), which cannot be watched.");
}

/* Until rules are a part of what is watched, sockets would show what a list or a detail does not. */
static fr_err check_rows(fr_req *req, const fr_live_route *route)
{
    if (route->has_object_rule)
        return fr_fail(req, FR_EUNSUPPORTED,
                       "Who may see a row is asked of each row here, which cannot be watched.");
    return route->source->rt->visible
               ? fr_fail(req, FR_EUNSUPPORTED,
                         "Only some rows are shown here, and which they are cannot be watched.")
               : FR_OK;
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

/* The key of a detail as it is stored, which is what commits call the row by: the URL's `ABC` may be `abc`. */
static fr_err find_key(fr_req *req, const fr_source *source, fr_str text, fr_value *key)
{
    FR_TRY(fr_rest_key(req->ctx, source->rt, text, key));
    return fr_db_stored_key(req->ctx, source->rt->model, *key, key);
}

fr_err fr_view_read(fr_req *req, const fr_route_match *match, const fr_live_route *route,
                    fr_view_ask *out, fr_str *since)
{
    *out = (fr_view_ask){.source = route->source, .kind = route->kind};
    FR_TRY(check_query(req, since));
    FR_TRY(check_rows(req, route));
    FR_TRY(check_plan(req, route->source));
    if (route->source->rt->parent_count)
        return fr_fail(req, FR_EUNSUPPORTED,
                       "What stands beneath another object cannot be watched.");
    if (route->kind == FR_VIEW_ROW)
        return find_key(req, route->source, match->args[match->arg_count - 1].value, &out->key);
    return check_list(req, out, fr_worker_of(req->ctx->loop));
}
