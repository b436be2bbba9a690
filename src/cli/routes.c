/*
 * Routes of an application; see routes.h. A route table is an array of structs that the user's compiler laid out, so
 * it is walked with the stride that fr_main was compiled with (traps C4).
 */
#include "cli/routes.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/door.h"
#include "base/arena.h"
#include "base/str.h"
#include "http/files/static.h"
#include "http/method.h"
#include "rest/rest.h"

enum { INCLUDES_DEEP = 8 };

static fr_str without_leading_slash(const char *path)
{
    fr_str s = fr_str_c(path);
    return s.n && s.p[0] == '/' ? fr_str_from(s, 1) : s;
}

/* A handler with the methods that it takes, told apart once and not at each request. */
enum { METHODS_MAX = 12 };
typedef struct guarded {
    fr_handler handler;
    const char *allow; /* the route's own text, for the Allow header */
    fr_str methods[METHODS_MAX];
    size_t count;
} guarded;

static bool takes(const guarded *g, fr_str method)
{
    for (size_t i = 0; i < g->count; i++)
        if (fr_str_eq(g->methods[i], method))
            return true;
    return false;
}

static bool add_method(guarded *g, fr_str method)
{
    if (takes(g, method))
        return true;
    if (g->count == METHODS_MAX)
        return false;
    g->methods[g->count++] = method;
    return true;
}

/* text: "GET,POST", all of them methods; a route that takes GET takes HEAD. False: too many. */
static bool read_methods(guarded *g, const char *text)
{
    fr_str rest = fr_str_c(text), one;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        one = fr_str_trim(one);
        if (!add_method(g, one))
            return false;
        if (fr_str_eq(one, FR_STR("GET")) && !add_method(g, FR_STR("HEAD")))
            return false;
    }
    return true;
}

static fr_err run_handler(fr_req *req, void *arg)
{
    const fr_route *route = arg;
    return route->handler(req);
}

static fr_err run_guarded(fr_req *req, void *arg)
{
    const guarded *g = arg;
    if (takes(g, req->method))
        return g->handler(req);
    FR_TRY(fr_reply_header(req, FR_STR("Allow"), fr_str_c(g->allow)));
    return fr_fail(req, FR_EMETHOD, "Method \"%.*s\" not allowed.", FR_FMT(req->method));
}

static fr_err serve_page(fr_req *req, void *arg)
{
    const fr_route *route = arg;
    if (!fr_str_eq(req->method, FR_STR("GET")) && !req->is_head) {
        FR_TRY(fr_reply_header(req, FR_STR("Allow"), FR_STR("GET, HEAD")));
        return fr_fail(req, FR_EMETHOD, "Method \"%.*s\" not allowed.", FR_FMT(req->method));
    }
    if (route->cache)
        FR_TRY(fr_reply_header(req, FR_STR("Cache-Control"), fr_str_c(route->cache)));
    return fr_static_bytes(req, FR_STR("text/html; charset=utf-8"), fr_str_c(route->page));
}

static int targets_of(const fr_route *route)
{
    return !!route->viewset + !!route->consumer + !!route->handler + !!route->folder +
           !!route->page + !!route->include + !!route->router + route->batch;
}

static fr_err check_route(const fr_route *route, bool is_websocket, char error[256])
{
    const char *wrong = NULL;
    if (targets_of(route) != 1)
        wrong = targets_of(route) ? "has more than one target"
                                  : "has no target: set .viewset, .consumer, .handler, .folder, "
                                    ".page, .batch, .include or .router";
    else if (is_websocket && !route->consumer && !route->include && !route->router)
        wrong = "stands in .websocket but has no consumer";
    else if (is_websocket && route->router)
        wrong = "stands in .websocket but is a .router";
    else if (!is_websocket && route->consumer)
        wrong = "has a consumer, so it belongs into .websocket";
    else if (route->api && !route->handler)
        wrong = "has .api but no .handler";
    else if (route->raw && (!route->handler || route->uploads))
        wrong = "has .raw, which is for a handler without .uploads";
    else if (route->renderers && !route->api)
        wrong = "has .renderers, which are for handlers with .api; those of a viewset are its own";
    else if (route->viewset && !fr_viewset_model(route->viewset))
        wrong = "has a viewset without a model";
    if (!wrong)
        return FR_OK;
    snprintf(error, 256, "route \"%.100s\" %s", route->path, wrong);
    return FR_EINVAL;
}

typedef struct walk {
    fr_arena *arena;
    fr_guard_rule app;
    size_t route_bytes;
    bool is_websocket;
    fr_flat_routes *out;
    char *error;
} walk;

/* What routes have of the one that includes them. */
typedef struct outer {
    fr_str prefix;
    bool any_origin;
    fr_version_rule versions;
    fr_guard_rule guard;
    int depth;
} outer;

/* What stands nearer wins; a namespace is within those that lead to it. p NULL: memory is out. */
static fr_version_rule versions_of(const walk *w, const fr_version_rule *of, const fr_route *route)
{
    fr_version_rule own = *of;
    if (route->versioning)
        own.versioning = route->versioning;
    if (route->version)
        own.namespaces = fr_arena_printf(w->arena, "%.*s%s%s", FR_FMT(of->namespaces),
                                         of->namespaces.n ? ":" : "", route->version);
    return own;
}

static fr_guard_rule guard_of(const fr_guard_rule *around, const fr_route *route)
{
    fr_guard_rule own = {route->authentication, route->permissions, route->throttles};
    return fr_guard_within(around, &own);
}

/* The paths of a router's viewsets, in its order. */
static fr_err gather_paths(const walk *w, const fr_route *routes, fr_flat_route *out)
{
    size_t count = 0;
    for (const char *at = (const char *)routes; ((const fr_route *)at)->path; at += w->route_bytes)
        count++;
    fr_str *paths = fr_arena_alloc(w->arena, (count + 1) * sizeof *paths);
    if (!paths)
        return FR_ENOMEM;
    for (const char *at = (const char *)routes; ((const fr_route *)at)->path; at += w->route_bytes)
        if (((const fr_route *)at)->viewset)
            paths[out->path_count++] = without_leading_slash(((const fr_route *)at)->path);
    out->paths = paths;
    return FR_OK;
}

/* Recursion is bounded by INCLUDES_DEEP, and the tables are the developer's own. */
static fr_err flatten(const walk *w, const fr_route *routes, outer of)
{
    if (of.depth > INCLUDES_DEEP) {
        snprintf(w->error, 256, "routes include each other more than %d deep", INCLUDES_DEEP);
        return FR_EINVAL;
    }
    for (const char *at = (const char *)routes; at && ((const fr_route *)at)->path;
         at += w->route_bytes) {
        const fr_route *route = (const fr_route *)at;
        FR_TRY(check_route(route, w->is_websocket, w->error));
        fr_str own = without_leading_slash(route->path);
        fr_flat_route flat = {
            .pattern = fr_arena_printf(w->arena, "%.*s%.*s", FR_FMT(of.prefix), FR_FMT(own)),
            .route = route,
            .is_websocket = w->is_websocket,
            .any_origin = of.any_origin || route->any_origin,
            .versions = versions_of(w, &of.versions, route),
            .nearer = guard_of(&of.guard, route)};
        flat.guard = fr_guard_within(&w->app, &flat.nearer);
        if (!flat.pattern.p || !flat.versions.namespaces.p)
            return FR_ENOMEM;
        const fr_route *inner = route->include ? route->include : route->router;
        if (inner)
            FR_TRY(flatten(
                w, inner,
                (outer){flat.pattern, flat.any_origin, flat.versions, flat.nearer, of.depth + 1}));
        if (route->router)
            FR_TRY(gather_paths(w, route->router, &flat));
        if (!route->include && !fr_vec_push(&w->out->list, flat))
            return FR_ENOMEM;
    }
    return FR_OK;
}

fr_err fr_routes_flatten(fr_arena *arena, const fr_app *app, size_t route_bytes,
                         fr_flat_routes *out, char error[256])
{
    walk w = {.arena = arena,
              .app = {app->authentication, app->permissions, app->throttles},
              .route_bytes = route_bytes,
              .out = out,
              .error = error};
    snprintf(error, 256, "out of memory");
    outer none = {.prefix = FR_STR(""), .versions = {.namespaces = FR_STR("")}};
    FR_TRY(flatten(&w, app->http, none));
    w.is_websocket = true;
    return flatten(&w, app->websocket, none);
}

static fr_err guard(fr_arena *arena, const fr_route *route, fr_http_target *target, char error[256])
{
    guarded *g = fr_arena_zalloc(arena, sizeof *g);
    if (!g) {
        snprintf(error, 256, "out of memory");
        return FR_ENOMEM;
    }
    g->handler = route->handler;
    g->allow = route->methods;
    char why[128];
    if (!fr_methods_ok(route->methods, why)) {
        snprintf(error, 256, "route \"%.60s\": .methods = \"%.30s\": %s", route->path,
                 route->methods, why);
        return FR_EINVAL;
    }
    if (!read_methods(g, route->methods)) {
        snprintf(error, 256, "route \"%.100s\": .methods has more than %d", route->path,
                 METHODS_MAX);
        return FR_EINVAL;
    }
    target->handle = run_guarded;
    target->arg = g;
    return FR_OK;
}

/* The last part of a path, which names a handler that has no name. */
static fr_str last_part(fr_str path)
{
    path.n -= fr_str_ends(path, FR_STR("/"));
    size_t at = path.n;
    while (at > 0 && path.p[at - 1] != '/')
        at--;
    return fr_str_from(path, at);
}

static fr_err add_api(fr_arena *arena, fr_router *router, const fr_flat_route *flat,
                      char error[256])
{
    const fr_route *route = flat->route;
    fr_str name = fr_str_dup(arena, last_part(flat->pattern));
    if (!name.p) {
        snprintf(error, 256, "out of memory");
        return FR_ENOMEM;
    }
    fr_handler_place place = {.pattern = flat->pattern,
                              .action = {.path = route->name ? route->name : name.p,
                                         .handler = route->handler,
                                         .methods = route->methods,
                                         .atomic = route->atomic,
                                         .serializer = route->serializer,
                                         .description = route->description,
                                         .renderers = route->renderers,
                                         .parsers = route->parsers},
                              .versions = flat->versions,
                              .guard = flat->guard,
                              .any_origin = flat->any_origin,
                              .takes_uploads = route->uploads,
                              .takes_raw = route->raw};
    return fr_rest_handler(arena, router, &place, error);
}

/* What a plain route leads to. */
static fr_err make_target(fr_arena *arena, const fr_flat_route *flat, fr_http_target *target,
                          char error[256])
{
    const fr_route *route = flat->route;
    *target = (fr_http_target){.arg = (void *)(uintptr_t)route,
                               .takes_uploads = route->handler && route->uploads,
                               .takes_raw = route->handler && route->raw,
                               .any_origin = flat->any_origin};
    if (route->handler && route->methods)
        return guard(arena, route, target, error);
    if (route->handler) {
        target->handle = run_handler;
        return FR_OK;
    }
    if (route->page) {
        target->handle = serve_page;
        target->is_quick = true;
        return FR_OK;
    }
    fr_static_opts opts = {.folder = route->folder, .cache = route->cache};
    return fr_static_open(arena, &opts, target, error);
}

/* Pages and folders are for everybody, unless a route says otherwise: an application's permissions are about its handlers. */
static fr_err guard_target(fr_arena *arena, const fr_flat_route *flat, const fr_http_target *to,
                           fr_http_target **out, char error[256])
{
    char why[256];
    const fr_guard *asked;
    bool is_handler = flat->route->handler != NULL;
    fr_guard_rule rule = flat->guard;
    if (!is_handler) {
        rule.permissions = flat->nearer.permissions;
        rule.throttles = flat->nearer.throttles;
    }
    fr_err err = fr_guard_new(arena, &rule, &(fr_guard_place){0}, &asked, why);
    if (err == FR_EINVAL)
        snprintf(error, 256, "route \"%.60s\": %.180s", flat->route->path, why);
    if (err == FR_OK)
        err = fr_door_new(arena, is_handler || rule.permissions || rule.throttles ? asked : NULL,
                          to, out);
    if (err == FR_ENOMEM)
        snprintf(error, 256, "out of memory");
    return err;
}

fr_err fr_routes_add_http(fr_arena *arena, fr_router *router, const fr_flat_route *flat,
                          uint32_t batch_requests, char error[256])
{
    const fr_route *route = flat->route;
    if (route->batch) {
        fr_batch_place place = {.pattern = flat->pattern,
                                .any_origin = flat->any_origin,
                                .requests_max = batch_requests,
                                .guard = flat->guard};
        return fr_rest_batch(arena, router, &place, error);
    }
    if (route->router) {
        fr_root_place place = {.pattern = flat->pattern,
                               .paths = flat->paths,
                               .count = flat->path_count,
                               .any_origin = flat->any_origin,
                               .versions = flat->versions,
                               .guard = flat->guard};
        return fr_rest_root(arena, router, &place, error);
    }
    if (route->api)
        return add_api(arena, router, flat, error);
    fr_http_target to, *target;
    FR_TRY(make_target(arena, flat, &to, error));
    FR_TRY(guard_target(arena, flat, &to, &target, error));
    return fr_router_add(router, flat->pattern, route->folder != NULL, target, error);
}
