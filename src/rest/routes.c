/* The URLs of viewsets, and requests to them: fr_req to fr_rest_request and back. */
#include "rest/routes.h"

#include <stdio.h>
#include <string.h>

#include "auth/asker.h"
#include "base/arena.h"
#include "base/str.h"
#include "http/http.h"
#include "rest/batch.h"
#include "rest/extra.h"
#include "rest/files.h"
#include "rest/header_text.h"
#include "rest/media.h"
#include "rest/parents.h"
#include "rest/pipeline.h"
#include "rest/place.h"
#include "rest/root.h"
#include "rest/url.h"

/* What a route leads to. Lives as long as the app. */
typedef struct rest_route {
    bool is_detail;
    fr_version_rule versions;
    const fr_viewset_rt *rt;
    const fr_extra *extra;       /* NULL: the viewset's own */
    const fr_batch_route *batch; /* NULL: it is none */
    uint64_t list_bytes;         /* of a list at most */
    const char *list_folder;
    const fr_guard *guard; /* NULL: nothing is asked of who comes */
    fr_http_target target;
} rest_route;

/* ---- answers ---- */

static fr_err reply(fr_req *req, const fr_rest_answer *answer)
{
    FR_TRY(fr_reply_headers_add(req, answer->headers));
    if (answer->status != 304)
        FR_TRY(fr_reply_header_once(req, FR_STR("Allow"), answer->allow));
    if (answer->etag.p)
        FR_TRY(fr_reply_header_once(req, FR_STR("ETag"), answer->etag));
    if (answer->location.p) {
        fr_str location = fr_header_text(req->ctx->arena, answer->location);
        if (!location.p)
            return FR_ENOMEM;
        FR_TRY(fr_reply_header_once(req, FR_STR("Location"), location));
    }
    if (answer->challenge.p)
        FR_TRY(fr_reply_header(req, FR_STR("WWW-Authenticate"), answer->challenge));
    if (answer->retry_after.p)
        FR_TRY(fr_reply_header(req, FR_STR("Retry-After"), answer->retry_after));
    if (answer->has_place)
        FR_TRY(fr_place_reply(req, answer->place));
    fr_str type = answer->content_type.p ? answer->content_type : FR_STR("application/json");
    if (answer->file) {
        int fd = answer->file->fd;
        answer->file->fd = -1;
        return fr_reply_file(req, answer->status, type, fd, answer->file->bytes);
    }
    return fr_reply_buf(req, answer->status, answer->has_content ? type : FR_STR(""));
}

/* ---- a request and its call ---- */

/* What the program knows of the version; the answer is 304 or 412 where nothing needs to be done. */
static fr_err judge(fr_req *req, const fr_viewset *viewset, bool *is_answered)
{
    fr_version version = {0};
    FR_TRY(viewset->condition(req, &version));
    return fr_reply_version(req, &version, is_answered);
}

/* A form with files has been read as it came. */
static fr_err take_form(fr_req *req, fr_rest_request *request)
{
    if (req->body.n || fr_form_kind_of(request->content_type) != FR_FORM_MULTIPART)
        return FR_OK;
    return fr_req_read_form(req, &request->form);
}

/* Where the fate of the write is not known, the client having gone, the next start finds out. */
static void settle_uploads(fr_uploads *uploads, const fr_rest_answer *answer)
{
    if (answer->status < 400)
        fr_uploads_keep(uploads);
    else
        fr_uploads_undo(uploads);
}

/* What DRF's routers take for a format: anything else is another path, which no route has. */
static bool is_format(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9'))
            return false;
    return true;
}

/* A handler of an extra action has answered by itself, or says why not. */
static fr_err serve_route(fr_req *req, const rest_route *route)
{
    bool is_answered = false;
    fr_rest_answer answer;
    fr_uploads uploads = {0};
    fr_rest_request request = {
        .method = req->method,
        .key = route->is_detail ? fr_req_arg(req, FR_STR("pk")) : (fr_str){0},
        .path = req->path,
        .origin = fr_req_origin(req),
        .query = req->query,
        .accept = fr_req_header(req, FR_STR("accept")),
        .content_type = fr_req_header(req, FR_STR("content-type")),
        .format = fr_req_arg(req, FR_STR("format")),
        .host = fr_req_host(req),
        .versions = route->versions,
        .args = req->args,
        .arg_count = req->arg_count,
        .body = req->body,
        .form_limits = fr_req_form_limits(req),
        .uploads = &uploads,
        .extra = route->extra,
        .batch = route->batch,
        .list_bytes = route->list_bytes,
        .list_folder = route->list_folder,
        .req = route->extra ? req : NULL,
        .guard = route->guard,
    };
    if (!is_format(request.format))
        return fr_fail(req, FR_ENOTFOUND, "Not found.");
    if (route->rt && route->rt->viewset->begin)
        FR_TRY(route->rt->viewset->begin(req));
    if (!fr_str_eq(req->method, FR_STR("GET")))
        request.idempotency_key = fr_req_header(req, FR_STR("idempotency-key"));
    if (route->rt && route->rt->viewset->etag) {
        request.if_match = fr_req_header(req, FR_STR("if-match"));
        request.if_none_match = fr_req_header(req, FR_STR("if-none-match"));
    }
    if (route->extra)
        FR_TRY(fr_reply_header(req, FR_STR("Allow"), route->extra->allow));
    if (!route->extra && route->rt && route->rt->viewset->condition)
        FR_TRY(judge(req, route->rt->viewset, &is_answered));
    if (is_answered)
        return FR_OK;
    if (fr_rest_renderers(route->rt, &request)->count > 1)
        fr_reply_vary(req, FR_STR("Accept"));
    if (route->target.takes_uploads && !route->extra)
        FR_TRY(take_form(req, &request));
    FR_TRY(fr_rest_serve(req->ctx, route->rt, &request, fr_reply_body(req), &answer));
    settle_uploads(&uploads, &answer);
    return answer.is_replied ? answer.err : reply(req, &answer);
}

/* Each request of a batch is asked by a guard of its own, so whoever comes has to be there for them. */
static fr_err serve(fr_req *req, void *arg)
{
    const rest_route *route = arg;
    fr_asker_of who;
    if (!route->guard && !route->batch)
        return serve_route(req, route);
    fr_asker_begin(&who, req, NULL);
    if (route->guard)
        fr_guard_meet(route->guard, &who.asker);
    fr_err err = serve_route(req, route);
    fr_asker_end(&who);
    return err;
}

/* p NULL: the route has none of that name. */
static fr_str argument(const fr_route_match *match, fr_str name)
{
    for (size_t i = 0; i < match->arg_count; i++)
        if (fr_str_eq(match->args[i].name, name))
            return match->args[i].value;
    return (fr_str){0};
}

bool fr_rest_target_find(const fr_router *router, fr_str path, fr_rest_target *out)
{
    fr_route_match match;
    if (!fr_router_match(router, path, &match))
        return false;
    const fr_http_target *target = match.data;
    const rest_route *route = target->handle == serve ? target->arg : NULL;
    if (!route || !route->rt)
        return false;
    *out = (fr_rest_target){.rt = route->rt,
                            .key = route->is_detail ? argument(&match, FR_STR("pk")) : (fr_str){0},
                            .format = argument(&match, FR_STR("format")),
                            .versions = route->versions,
                            .arg_count = match.arg_count,
                            .guard = route->guard,
                            .is_extra = route->extra != NULL};
    memcpy(out->args, match.args, match.arg_count * sizeof *match.args);
    return true;
}

/* ---- routes ---- */

typedef struct adding {
    fr_arena *arena;
    fr_router *router;
    const fr_viewset_rt *rt;
    bool any_origin, takes_uploads, takes_raw;
    fr_version_rule versions;
    char *error;
    uint64_t list_bytes;
    const char *list_folder;
    const fr_guard *guard; /* of what is added next */
} adding;

static fr_err out_of_memory(const adding *a)
{
    snprintf(a->error, 256, "out of memory");
    return FR_ENOMEM;
}

static fr_err add_one(const adding *a, const fr_extra *extra, bool is_detail, fr_str pattern)
{
    rest_route *route = fr_arena_zalloc(a->arena, sizeof *route);
    if (!route || !pattern.p)
        return out_of_memory(a);
    *route = (rest_route){.is_detail = is_detail,
                          .versions = a->versions,
                          .rt = a->rt,
                          .extra = extra,
                          .list_bytes = a->list_bytes,
                          .list_folder = a->list_folder,
                          .guard = a->guard,
                          .target = {.handle = serve,
                                     .arg = route,
                                     .takes_uploads = a->takes_uploads,
                                     .takes_raw = a->takes_raw,
                                     .any_origin = a->any_origin}};
    return fr_router_add(a->router, pattern, false, &route->target, a->error);
}

/* A URL, and as DRF's router has it the same with a format in place of its last slash: notes.json, notes/7.csv, and with a slash
 * behind that too. */
static fr_err add(const adding *a, const fr_extra *extra, bool is_detail, fr_str pattern)
{
    FR_TRY(add_one(a, extra, is_detail, pattern));
    if (!fr_str_ends(pattern, FR_STR("/")))
        return FR_OK;
    pattern.n--;
    FR_TRY(add_one(a, extra, is_detail,
                   fr_arena_printf(a->arena, "%.*s.<slug:format>", FR_FMT(pattern))));
    return add_one(a, extra, is_detail,
                   fr_arena_printf(a->arena, "%.*s.<slug:format>/", FR_FMT(pattern)));
}

static fr_err new_extra(const adding *a, const fr_action *action, const char *where, fr_extra **out)
{
    *out = fr_arena_zalloc(a->arena, sizeof **out);
    if (!*out)
        return out_of_memory(a);
    (*out)->renderers = a->rt ? a->rt->renderers : fr_renderers_json;
    (*out)->description = a->rt ? a->rt->viewset->description : NULL;
    (*out)->parsers = a->takes_raw ? fr_parsers_raw : a->rt ? a->rt->parsers : fr_parsers_usual;
    return fr_extra_init(*out, action, a->arena, where, a->error);
}

/* What stands around an action, or around a viewset's own URLs. */
static fr_err set_guard(adding *a, const fr_guard_rule *around, const fr_guard_rule *here,
                        bool is_root, const char *where)
{
    char why[256];
    fr_guard_rule rule = fr_guard_within(around, here);
    fr_guard_place place = {.model = a->rt ? a->rt->model : NULL, .is_root = is_root};
    fr_err err = fr_guard_new(a->arena, &rule, &place, &a->guard, why);
    if (err)
        snprintf(a->error, 256, "%.60s: %.180s", where, why);
    return err;
}

static fr_guard_rule rule_of_action(const fr_action *action)
{
    return (fr_guard_rule){action->authentication, action->permissions, action->throttles};
}

/* DRF's order: the list, actions on it, the details, actions on one. So notes/recent/ is not the note "recent". */
static fr_err add_extra(const adding *of, fr_str base, const fr_guard_rule *rule, bool is_detail)
{
    char where[80];
    adding own = *of, *a = &own;
    snprintf(where, sizeof where, "viewset at %.*s", FR_FMT(fr_str_sub(base, 0, 60)));
    for (const fr_action *action = a->rt->viewset->extra; action && action->path; action++) {
        fr_extra *extra;
        if (action->is_detail != is_detail)
            continue;
        fr_guard_rule here = rule_of_action(action);
        FR_TRY(set_guard(a, rule, &here, false, where));
        FR_TRY(new_extra(a, action, where, &extra));
        FR_TRY(add(a, extra, is_detail, fr_viewset_below(a->arena, base, action->path)));
    }
    return FR_OK;
}

fr_err fr_rest_handler(fr_arena *arena, fr_router *router, const fr_handler_place *place,
                       char error[256])
{
    adding a = {.arena = arena,
                .router = router,
                .any_origin = place->any_origin,
                .takes_uploads = place->takes_uploads,
                .takes_raw = place->takes_raw,
                .versions = place->versions,
                .error = error};
    fr_extra *extra;
    fr_guard_rule here = rule_of_action(&place->action);
    FR_TRY(fr_version_check(&a.versions, error));
    FR_TRY(set_guard(&a, &place->guard, &here, false, "route"));
    FR_TRY(new_extra(&a, &place->action, "route", &extra));
    return add_one(&a, extra, false, place->pattern);
}

/* As DRF's routers, without what no action is behind. */
static fr_err add_all(adding *a, const fr_viewset_place *place)
{
    const uint32_t OF_LIST = FR_ACTION_LIST | FR_ACTION_CREATE;
    fr_guard_rule none = {0}, rule = fr_rest_guard_rule(place);
    fr_str all = place->pattern, one = fr_viewset_below(a->arena, all, a->rt->key_pattern);
    FR_TRY(set_guard(a, &rule, &none, false, all.p));
    if (a->rt->actions & OF_LIST)
        FR_TRY(add(a, NULL, false, fr_str_dup(a->arena, all)));
    FR_TRY(add_extra(a, all, &rule, false));
    if (a->rt->actions & ~OF_LIST)
        FR_TRY(add(a, NULL, true, one));
    return add_extra(a, one, &rule, true);
}

fr_err fr_rest_routes(fr_arena *arena, fr_router *router, const fr_viewset_place *place,
                      char error[256])
{
    char fault[200];
    fr_str pattern = place->pattern;
    adding a = {.arena = arena,
                .router = router,
                .rt = fr_viewset_get(place->viewset),
                .any_origin = place->any_origin,
                .versions = place->versions,
                .error = error,
                .list_bytes = place->list_bytes,
                .list_folder = place->list_folder};
    a.takes_uploads = a.rt && fr_files_are_taken(a.rt->model);
    if (!a.rt) {
        fr_err err = fr_viewset_check(place->viewset, error);
        snprintf(fault, sizeof fault, "%.*s", (int)sizeof fault - 1, err ? error : "out of memory");
        snprintf(error, 256, "viewset at %.40s: %s", pattern.p, fault);
        return err ? err : FR_ENOMEM;
    }
    if (fr_url_place(place->viewset, pattern, &place->versions) == FR_ENOMEM)
        return out_of_memory(&a);
    FR_TRY(fr_version_check(&a.versions, error));
    FR_TRY(fr_parents_check(a.rt, pattern, error));
    return add_all(&a, place);
}

fr_err fr_rest_root(fr_arena *arena, fr_router *router, const fr_root_place *place, char error[256])
{
    adding a = {.arena = arena,
                .router = router,
                .any_origin = place->any_origin,
                .versions = place->versions,
                .error = error};
    fr_root *root = fr_arena_alloc(arena, sizeof *root);
    fr_guard_rule none = {0};
    if (!root || fr_root_init(root, router, place, arena) != FR_OK)
        return out_of_memory(&a);
    FR_TRY(set_guard(&a, &place->guard, &none, true, "router"));
    FR_TRY(add_one(&a, &root->extra, false, root->pattern));
    return add_one(&a, &root->extra, false,
                   fr_arena_printf(arena, "%.*s.<slug:format>", FR_FMT(root->pattern)));
}

fr_err fr_rest_batch(fr_arena *arena, fr_router *router, const fr_batch_place *place,
                     char error[256])
{
    adding a = {.arena = arena, .router = router, .any_origin = place->any_origin, .error = error};
    fr_batch_route *batch = fr_arena_zalloc(arena, sizeof *batch);
    rest_route *route = fr_arena_zalloc(arena, sizeof *route);
    if (!batch || !route)
        return out_of_memory(&a);
    *batch = (fr_batch_route){router, place->requests_max, FR_STR("POST, OPTIONS")};
    fr_guard_rule none = {0};
    FR_TRY(set_guard(&a, &place->guard, &none, false, "batch"));
    *route =
        (rest_route){.batch = batch,
                     .guard = a.guard,
                     .target = {.handle = serve, .arg = route, .any_origin = place->any_origin}};
    return fr_router_add(router, place->pattern, false, &route->target, error);
}
