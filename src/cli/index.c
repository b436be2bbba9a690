/* See index.h. */
#include "cli/index.h"

#include <string.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "rest/viewset.h"

/* ---- what there is ---- */

void fr_route_index_deinit(fr_route_index *index)
{
    fr_vec_deinit(&index->entries);
}

static fr_err push(fr_route_index *index, fr_route_index_entry entry)
{
    return entry.path.p && fr_vec_push(&index->entries, entry) ? FR_OK : FR_ENOMEM;
}

static fr_err push_actions(fr_route_index *index, fr_arena *arena, const fr_flat_route *flat)
{
    for (const fr_action *action = flat->route->viewset->extra; action && action->path; action++) {
        const char *methods = action->methods ? action->methods : "GET";
        fr_str path = fr_arena_printf(arena, "/%.*s%s%s%s", FR_FMT(flat->pattern),
                                      action->is_detail ? "<str:pk>/" : "", action->path,
                                      fr_str_ends(fr_str_c(action->path), FR_STR("/")) ? "" : "/");
        FR_TRY(
            push(index, (fr_route_index_entry){path, "action", fr_str_c(methods), false, false}));
    }
    return FR_OK;
}

static fr_err push_viewset(fr_route_index *index, fr_arena *arena, const fr_flat_route *flat,
                           fr_str path)
{
    const fr_viewset_rt *rt = fr_viewset_get(flat->route->viewset);
    if (!rt || !path.p)
        return FR_ENOMEM;
    uint32_t of_list = rt->actions & (FR_ACTION_LIST | FR_ACTION_CREATE);
    bool is_live = !rt->parent_count && fr_plan_is_row_only(rt->plan),
         is_list_live = is_live && rt->actions & FR_ACTION_LIST && !rt->paging.rows;
    if (of_list)
        FR_TRY(
            push(index, (fr_route_index_entry){path, "list", rt->list_allow, false, is_list_live}));
    if (rt->actions != of_list)
        FR_TRY(push(index,
                    (fr_route_index_entry){fr_arena_printf(arena, "%.*s<str:pk>/", FR_FMT(path)),
                                           "object", rt->detail_allow, false,
                                           is_live && rt->actions & FR_ACTION_RETRIEVE}));
    return push_actions(index, arena, flat);
}

fr_err fr_route_index_add(fr_route_index *index, fr_arena *arena, const fr_flat_route *flat)
{
    const fr_route *route = flat->route;
    fr_str path = fr_arena_printf(arena, "/%.*s", FR_FMT(flat->pattern));
    if (route->viewset)
        return push_viewset(index, arena, flat, path);
    const char *kind = route->consumer  ? "consumer"
                       : route->handler ? "handler"
                       : route->page    ? "page"
                       : route->batch   ? "batch"
                       : route->router  ? "root"
                                        : "folder";
    fr_str methods = route->consumer  ? FR_STR("")
                     : route->handler ? fr_str_c(route->methods)
                     : route->batch   ? FR_STR("POST, OPTIONS")
                                      : FR_STR("GET");
    return push(index, (fr_route_index_entry){path, kind, methods, route->consumer != NULL, false});
}

/* ---- who may see it ---- */

static bool is_this_machine(const fr_address *address)
{
    static const fr_address SIX = {.bytes = {[15] = 1}};
    const uint8_t *four = fr_address_as_v4(address);
    return four ? four[0] == 127 : memcmp(address, &SIX, sizeof SIX) == 0;
}

/* A request through a proxy on this machine comes from anywhere, also if the proxy is not trusted. */
static bool is_local(fr_req *req)
{
    static const char *const OF_PROXIES[] = {"forwarded", "x-forwarded-for", "x-forwarded-host",
                                             "x-real-ip", "via"};
    fr_address address;
    if (!fr_address_parse(fr_req_client(req), &address) || !is_this_machine(&address))
        return false;
    for (size_t i = 0; i < sizeof OF_PROXIES / sizeof *OF_PROXIES; i++)
        if (fr_req_header(req, fr_str_c(OF_PROXIES[i])).p)
            return false;
    return true;
}

/* ---- as JSON ---- */

static bool has_arguments(fr_str path)
{
    return fr_str_find_char(path, '<') != SIZE_MAX;
}

static void put_member(fr_buf *out, const char *name, fr_str value)
{
    fr_buf_printf(out, ",\"%s\":", name);
    fr_json_put_str(out, value);
}

/* "http://host/path", of a socket "ws://host/path". */
static void put_url(fr_buf *out, fr_req *req, const fr_route_index_entry *e)
{
    fr_str host = fr_req_host(req);
    fr_str url = fr_arena_printf(req->ctx->arena, "%s%s://%.*s%.*s", e->is_socket ? "ws" : "http",
                                 req->is_secure ? "s" : "", FR_FMT(host), FR_FMT(e->path));
    put_member(out, "url", url);
}

static void put_entry(fr_buf *out, fr_req *req, const fr_route_index_entry *e)
{
    fr_buf_lit(out, "{\"path\":");
    fr_json_put_str(out, e->path);
    put_member(out, "kind", fr_str_c(e->kind));
    if (e->methods.n)
        put_member(out, "methods", e->methods);
    if (!has_arguments(e->path))
        put_url(out, req, e);
    fr_buf_put(out, e->is_live ? FR_STR(",\"live\":true}") : FR_STR("}"));
}

static fr_err reply_json(fr_req *req, const fr_route_index *index)
{
    fr_buf *out = fr_reply_body(req);
    fr_buf_lit(out, "{\"name\":");
    fr_json_put_str(out, fr_str_c(index->name));
    put_member(out, "version", fr_str_c(index->version));
    fr_buf_lit(out, ",\"routes\":[");
    for (size_t i = 0; i < index->entries.count; i++) {
        if (i)
            fr_buf_put_char(out, ',');
        put_entry(out, req, &index->entries.at[i]);
    }
    fr_buf_lit(out, "]}");
    return fr_reply_buf(req, 200, FR_STR("application/json"));
}

/* ---- as a page ---- */

static const char STYLE[] =
    "<style>:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
    "body{max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem 1rem .3rem 0;border-bottom:1px solid color-mix(in "
    "srgb,currentColor 20%,transparent)}"
    "code{font-size:.95em}</style>";

static bool takes_get(fr_str methods)
{
    return !methods.n || fr_str_find(methods, FR_STR("GET")) != SIZE_MAX;
}

/* A link where a browser can go by itself. */
static void put_path(fr_buf *out, const fr_route_index_entry *e)
{
    bool is_link = !e->is_socket && !has_arguments(e->path) && takes_get(e->methods);
    if (is_link) {
        fr_buf_lit(out, "<a href=\"");
        fr_buf_put_html(out, e->path);
        fr_buf_lit(out, "\">");
    }
    fr_buf_lit(out, "<code>");
    fr_buf_put_html(out, e->path);
    fr_buf_put(out, is_link ? FR_STR("</code></a>") : FR_STR("</code>"));
}

static void put_row(fr_buf *out, const fr_route_index_entry *e)
{
    fr_buf_lit(out, "<tr><td>");
    put_path(out, e);
    fr_buf_printf(out, "</td><td>%s</td><td>", e->kind);
    fr_buf_put_html(out, e->methods.n || e->is_socket ? e->methods : FR_STR("any"));
    fr_buf_put(out, e->is_live     ? FR_STR("</td><td>live</td></tr>\n")
                    : e->is_socket ? FR_STR("</td><td>WebSocket</td></tr>\n")
                                   : FR_STR("</td><td></td></tr>\n"));
}

static fr_err reply_page(fr_req *req, const fr_route_index *index)
{
    fr_buf *out = fr_reply_body(req);
    fr_buf_lit(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    fr_buf_put_html(out, fr_str_c(index->name));
    fr_buf_printf(out, "</title>%s</head><body>\n<h1>", STYLE);
    fr_buf_put_html(out, fr_str_c(index->name));
    fr_buf_lit(out, "</h1>\n<table><thead><tr><th>Path</th><th>What</th><th>Methods</th>"
                    "<th>Socket</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < index->entries.count; i++)
        put_row(out, &index->entries.at[i]);
    fr_buf_lit(out,
               "</tbody></table>\n<p>What is live can be watched: <code>new WebSocket(</code>the "
               "same URL<code>)</code>. ");
    fr_buf_put(out,
               index->who == FR_INDEX_ALL
                   ? FR_STR("This list is shown to everybody (<code>--index all</code>).")
                   : FR_STR("This list is shown on this machine only (<code>--index</code>)."));
    fr_buf_lit(out,
               " A route with the path <code>\"\"</code> takes its place.</p>\n</body></html>\n");
    FR_TRY(fr_reply_header(req, FR_STR("Content-Security-Policy"),
                           FR_STR("default-src 'none'; style-src 'unsafe-inline'")));
    return fr_reply_buf(req, 200, FR_STR("text/html; charset=utf-8"));
}

/* ---- serving it ---- */

static bool is_browser(const fr_req *req)
{
    fr_str rest = fr_req_header(req, FR_STR("accept")), one, type;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        fr_str_cut(one, ';', &type);
        if (fr_str_eq_nocase(fr_str_trim(type), FR_STR("text/html")))
            return true;
    }
    return false;
}

static fr_err serve(fr_req *req, void *arg)
{
    const fr_route_index *index = arg;
    if (index->who != FR_INDEX_ALL && !is_local(req))
        return fr_fail(req, FR_ENOTFOUND, "Not found.");
    if (!req->is_head && !fr_str_eq(req->method, FR_STR("GET"))) {
        FR_TRY(fr_reply_header(req, FR_STR("Allow"), FR_STR("GET, HEAD")));
        return fr_fail(req, FR_EMETHOD, "Method \"%.*s\" not allowed.", FR_FMT(req->method));
    }
    FR_TRY(fr_reply_header(req, FR_STR("X-Content-Type-Options"), FR_STR("nosniff")));
    FR_TRY(fr_reply_header(req, FR_STR("Cache-Control"), FR_STR("no-store")));
    fr_reply_vary(req, FR_STR("Accept"));
    return is_browser(req) ? reply_page(req, index) : reply_json(req, index);
}

void fr_route_index_init(fr_route_index *index, const fr_app *app, fr_route_index_who who)
{
    *index = (fr_route_index){.name = app->name,
                              .version = app->version,
                              .who = who,
                              .target = {.handle = serve, .arg = index, .is_quick = true}};
}
