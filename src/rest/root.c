/* See root.h. */
#include "rest/root.h"

#include "base/json.h"
#include "base/str.h"
#include "http/http.h"
#include "rest/query_string.h"

static bool is_routed(fr_req *req, const fr_root *root, fr_str path)
{
    fr_route_match match;
    fr_str whole =
        fr_arena_printf(req->ctx->arena, "/%.*s%.*s", FR_FMT(root->pattern), FR_FMT(path));
    return whole.p && fr_router_match(root->router, whole, &match);
}

/* The path of the root itself, as the client spelled it: an argument in it stays. */
static void put_base(fr_call *call, fr_buf *out)
{
    fr_str path = call->request->path, format = call->request->format;
    if (format.n)
        path.n -= format.n + 1;
    fr_path_quote(out, path);
}

static void put_link(fr_req *req, fr_call *call, fr_str path, fr_buf *out)
{
    fr_buf text, link;
    fr_str format = call->request->format;
    fr_buf_init(&text);
    fr_buf_init(&link);
    put_base(call, &text);
    if (format.n && fr_str_ends(path, FR_STR("/")))
        fr_buf_printf(&text, "%.*s.%.*s", (int)path.n - 1, path.p, FR_FMT(format));
    else
        fr_buf_put(&text, path);
    fr_buf_put(&link, fr_req_origin(req));
    fr_version_put_path(&call->request->versions, call->version, fr_buf_str(&text), &link);
    fr_json_put_str(out, fr_buf_str(&link));
    out->has_failed |= text.has_failed || link.has_failed;
    fr_buf_deinit(&link);
    fr_buf_deinit(&text);
}

static void put_links(fr_req *req, fr_call *call, const fr_root *root, fr_buf *out)
{
    bool is_first = true;
    fr_buf_put_char(out, '{');
    for (size_t i = 0; i < root->path_count; i++) {
        fr_str path = root->paths[i], name = path;
        if (fr_str_find_char(path, '<') != SIZE_MAX || !is_routed(req, root, path))
            continue;
        if (!is_first)
            fr_buf_put_char(out, ',');
        is_first = false;
        name.n -= fr_str_ends(name, FR_STR("/"));
        fr_json_put_str(out, name);
        fr_buf_put_char(out, ':');
        put_link(req, call, path, out);
    }
    fr_buf_put_char(out, '}');
}

static fr_err handle(fr_req *req)
{
    fr_call *call = fr_call_of(req);
    fr_buf text;
    fr_buf_init(&text);
    put_links(req, call, (const fr_root *)(const void *)call->request->extra, &text);
    fr_err err = fr_buf_check(&text);
    if (err == FR_OK)
        err = fr_reply_data(req, 200, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return err;
}

fr_err fr_root_init(fr_root *root, const fr_router *router, const fr_root_place *place,
                    fr_arena *arena)
{
    static const fr_action ROOT = {
        .path = "Api Root",
        .handler = handle,
        .description = "The default basic root view for DefaultRouter",
    };
    char error[256];
    fr_str *paths = fr_arena_alloc(arena, (place->count + 1) * sizeof *paths);
    if (!paths)
        return FR_ENOMEM;
    for (size_t i = 0; i < place->count; i++)
        paths[i] = place->paths[i];
    *root = (fr_root){.router = router,
                      .pattern = fr_str_dup(arena, place->pattern),
                      .paths = paths,
                      .path_count = place->count};
    if (!root->pattern.p)
        return FR_ENOMEM;
    root->extra.renderers = fr_renderers_json;
    root->extra.parsers = fr_parsers_usual;
    return fr_extra_init(&root->extra, &ROOT, arena, "router", error);
}
