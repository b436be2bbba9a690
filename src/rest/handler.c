/* Viewsets behind http: the routes, and fr_req to fr_rest_request and back. What a handler of an extra action calls too. */
#include <stdio.h>

#include "base/digits.h"
#include "base/str.h"
#include "http/http.h"
#include "http/method.h"
#include "rest/errors.h"
#include "rest/key.h"
#include "rest/options.h"
#include "rest/rest.h"

/* What a route leads to. Lives as long as the app. */
typedef struct rest_route {
    uint32_t magic;
    bool is_detail;
    bool is_json; /* the URL ends with ".json" */
    const fr_viewset_rt *rt;
    const fr_action *action; /* NULL: the viewset's own */
    fr_str allow, name;      /* of an extra action: its Allow header; "Set flag" */
    fr_http_target target;
} rest_route;

enum { ROUTE_MAGIC = 0x72736f75, RESERVED_ROUTE = 1 /* of fr_req.reserved_ */ };

static const rest_route *route_from(const void *p)
{
    const rest_route *route = p;
    return route && route->magic == ROUTE_MAGIC ? route : NULL;
}

/* ---- answers ---- */

static fr_err set_place(fr_req *req, fr_place place)
{
    static const char HEX[] = "0123456789abcdef";
    char text[FR_DIGITS_MAX + 1 + 16];
    size_t n = fr_digits_u64(text, place.number);
    text[n++] = '.';
    for (int shift = 60; shift >= 0; shift -= 4)
        text[n++] = HEX[place.mark >> shift & 15];
    return fr_reply_header(req, FR_STR("Freshet-At"), (fr_str){text, n});
}

/* A text that may stand in a header: bytes outside of printable ASCII are percent-encoded. */
static fr_str header_text(fr_arena *arena, fr_str s)
{
    static const char HEX[] = "0123456789ABCDEF";
    char *text = fr_arena_alloc(arena, s.n * 3 + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n && text; i++) {
        uint8_t c = (uint8_t)s.p[i];
        if (c > ' ' && c < 0x7f) {
            text[n++] = (char)c;
        } else {
            text[n++] = '%';
            text[n++] = HEX[c >> 4];
            text[n++] = HEX[c & 15];
        }
    }
    return (fr_str){text, n};
}

static fr_err reply(fr_req *req, const fr_rest_answer *answer)
{
    FR_TRY(fr_reply_header(req, FR_STR("Allow"), answer->allow));
    if (answer->location.p) {
        fr_str location = header_text(req->ctx->arena, answer->location);
        if (!location.p)
            return FR_ENOMEM;
        FR_TRY(fr_reply_header(req, FR_STR("Location"), location));
    }
    if (answer->has_place)
        FR_TRY(set_place(req, answer->place));
    return fr_reply_buf(req, answer->status,
                        answer->has_content ? FR_STR("application/json") : FR_STR(""));
}

/* ---- the viewset's own actions ---- */

static fr_err serve(fr_req *req, void *arg)
{
    const rest_route *route = route_from(arg);
    fr_rest_answer answer;
    fr_rest_request request = {
        .method = req->method,
        .key = route->is_detail ? fr_req_arg(req, FR_STR("pk")) : (fr_str){0},
        .path = req->path,
        .origin = fr_req_origin(req),
        .query = req->query,
        .accept = fr_req_header(req, FR_STR("accept")),
        .content_type = fr_req_header(req, FR_STR("content-type")),
        .format = route->is_json ? FR_STR("json") : (fr_str){0},
        .body = req->body,
        .form_limits = fr_req_form_limits(req),
    };
    FR_TRY(fr_rest_serve(req->ctx, route->rt, &request, fr_reply_body(req), &answer));
    return reply(req, &answer);
}

/* ---- extra actions ---- */

/* Whether a list of methods has one; GET serves HEAD. */
static bool allows(const fr_action *action, fr_str method)
{
    fr_str rest = fr_str_c(action->methods ? action->methods : "GET"), one;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        one = fr_str_trim(one);
        if (fr_str_eq(one, method) ||
            (fr_str_eq(method, FR_STR("HEAD")) && fr_str_eq(one, FR_STR("GET"))))
            return true;
    }
    return false;
}

static fr_err reply_options(fr_req *req, const rest_route *route)
{
    fr_options_put_named(route->name, "", fr_reply_body(req));
    return fr_reply_buf(req, 200, FR_STR("application/json"));
}

static fr_err serve_extra(fr_req *req, void *arg)
{
    const rest_route *route = route_from(arg);
    FR_TRY(fr_reply_header(req, FR_STR("Allow"), route->allow));
    if (fr_str_eq(req->method, FR_STR("OPTIONS")))
        return reply_options(req, route);
    if (!allows(route->action, req->method))
        return fr_fail(req, FR_EMETHOD, "Method \"%.*s\" not allowed.", FR_FMT(req->method));
    req->reserved_[RESERVED_ROUTE] = arg;
    return route->action->handler(req);
}

static fr_err route_of(fr_req *req, const rest_route **out)
{
    *out = route_from(req->reserved_[RESERVED_ROUTE]);
    return *out ? FR_OK
                : fr_fail(
                      req, FR_EINTERNAL,
                      "fr_load, fr_store and fr_reply work in an extra action of a viewset only.");
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
    const rest_route *route;
    fr_value key;
    FR_TRY(route_of(req, &route));
    FR_TRY(fr_row_check(req->ctx, "fr_load", route->rt->model, mark));
    fr_str text = fr_req_arg(req, FR_STR("pk"));
    if (!text.p || !fr_key_from_text(route->rt->model, text, req->ctx->arena, &key))
        return fr_fail(req, FR_ENOTFOUND, "Not found.");
    loading l = {route->rt->model, req->ctx->arena, row};
    return fr_db_select_key(req->ctx, route->rt->model, key,
                            &(fr_reader_sink){load_begin, load_row, &l}, NULL);
}

fr_err fr_store_(fr_req *req, void *row, uint64_t mark)
{
    const rest_route *route;
    FR_TRY(route_of(req, &route));
    const fr_model *model = route->rt->model;
    FR_TRY(fr_row_check(req->ctx, "fr_store", model, mark));
    uint64_t key = UINT64_C(1) << fr_model_key_index(model),
             set = ((const fr_row *)row)->set & ~key;
    fr_write write = {.model = model, .op = FR_WRITE_UPDATE, .set = fr_fieldset_of(set)};
    FR_TRY(fr_row_take(req->ctx, model, row, set | key, set, &write.values));
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): made above
    write.key = write.values[fr_model_key_index(model)];
    FR_TRY(fr_db_write(req->ctx, &write));
    FR_TRY(fr_row_store_all(model, write.row, req->ctx->arena, row));
    return set_place(req, write.place);
}

fr_err fr_reply_(fr_req *req, const void *row, uint64_t mark)
{
    const rest_route *route;
    FR_TRY(route_of(req, &route));
    const fr_model *model = route->rt->model;
    FR_TRY(fr_row_check(req->ctx, "fr_reply", model, mark));
    fr_value *values = fr_arena_alloc(req->ctx->arena, model->field_count * sizeof *values);
    if (!values)
        return FR_ENOMEM;
    FR_TRY(fr_row_values(model, row, req->ctx->arena, values));
    fr_serializer_row(&route->rt->serializer, values, fr_reply_body(req));
    return fr_reply_buf(req, 200, FR_STR("application/json"));
}

fr_err fr_reply_rows(fr_req *req, const fr_rows *rows)
{
    const fr_viewset_rt *rt = rows->viewset_ ? fr_viewset_get(rows->viewset_) : NULL;
    fr_serializer plain;
    char error[256];
    fr_buf *body = fr_reply_body(req);
    if (!rt)
        FR_TRY(fr_serializer_init(&plain, rows->model, NULL, req->ctx->arena, error));
    fr_buf_put_char(body, '[');
    for (size_t i = 0; i < rows->count; i++) {
        if (i)
            fr_buf_put_char(body, ',');
        fr_serializer_row(rt ? &rt->serializer : &plain,
                          rows->values_ + i * rows->model->field_count, body);
    }
    fr_buf_put_char(body, ']');
    return fr_reply_buf(req, 200, FR_STR("application/json"));
}

/* ---- routes ---- */

typedef struct adding {
    fr_arena *arena;
    fr_router *router;
    const fr_viewset_rt *rt;
    bool any_origin;
    char *error;
} adding;

static fr_err out_of_memory(const adding *a)
{
    snprintf(a->error, 256, "out of memory");
    return FR_ENOMEM;
}

/* "GET, POST, HEAD, OPTIONS" as far as the action has them. */
static fr_str allow_of(fr_arena *arena, const fr_action *action)
{
    static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
    fr_str allow = FR_STR("");
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS && allow.p; i++)
        if (allows(action, fr_str_c(METHODS[i])))
            allow = fr_arena_printf(arena, "%.*s%s, ", FR_FMT(allow), METHODS[i]);
    return allow.p ? fr_arena_printf(arena, "%.*sOPTIONS", FR_FMT(allow)) : allow;
}

/* "set_flag/" → "Set flag". */
static fr_str name_of(fr_arena *arena, const fr_action *action)
{
    fr_str path = fr_str_c(action->path);
    path.n -= fr_str_ends(path, FR_STR("/"));
    fr_str name = fr_str_dup(arena, path);
    char *p = (char *)(uintptr_t)name.p;
    for (size_t i = 0; p && i < name.n; i++) {
        if (p[i] == '_' || p[i] == '-')
            p[i] = ' ';
        if (i == 0 && p[i] >= 'a' && p[i] <= 'z')
            p[i] = (char)(p[i] - 'a' + 'A');
    }
    return name;
}

static fr_err add_one(const adding *a, const fr_action *action, bool is_detail, bool is_json,
                      fr_str pattern)
{
    rest_route *route = fr_arena_zalloc(a->arena, sizeof *route);
    if (!route || !pattern.p)
        return out_of_memory(a);
    *route = (rest_route){.magic = ROUTE_MAGIC,
                          .is_detail = is_detail,
                          .is_json = is_json,
                          .rt = a->rt,
                          .action = action};
    if (action) {
        route->allow = allow_of(a->arena, action);
        route->name = name_of(a->arena, action);
        if (!route->allow.p || !route->name.p)
            return out_of_memory(a);
    }
    route->target = (fr_http_target){
        .handle = action ? serve_extra : serve, .arg = route, .any_origin = a->any_origin};
    return fr_router_add(a->router, pattern, false, &route->target, a->error);
}

/* A URL, and as DRF's router has it the same with ".json" in place of its last slash. */
static fr_err add(const adding *a, const fr_action *action, bool is_detail, fr_str pattern)
{
    FR_TRY(add_one(a, action, is_detail, false, pattern));
    if (!fr_str_ends(pattern, FR_STR("/")))
        return FR_OK;
    pattern.n--;
    return add_one(a, action, is_detail, true,
                   fr_arena_printf(a->arena, "%.*s.json", FR_FMT(pattern)));
}

/* DRF's order: the list, actions on it, the details, actions on one. So notes/recent/ is not the note "recent". */
static fr_err add_extra(const adding *a, fr_str base, bool is_detail)
{
    for (const fr_action *action = a->rt->viewset->extra; action && action->path; action++) {
        char why[128];
        if (action->methods && !fr_methods_ok(action->methods, why)) {
            snprintf(a->error, 256, "viewset at %.*s, action \"%.60s\": .methods: %s",
                     FR_FMT(fr_str_sub(base, 0, 60)), action->path, why);
            return FR_EINVAL;
        }
        if (!action->handler) {
            snprintf(a->error, 256, "viewset at %.*s, action \"%.60s\" has no .handler",
                     FR_FMT(fr_str_sub(base, 0, 60)), action->path);
            return FR_EINVAL;
        }
        fr_str path = fr_str_c(action->path);
        const char *slash = fr_str_ends(path, FR_STR("/")) ? "" : "/";
        if (action->is_detail == is_detail)
            FR_TRY(add(a, action, is_detail,
                       fr_arena_printf(a->arena, "%.*s%.*s%s", FR_FMT(base), FR_FMT(path), slash)));
    }
    return FR_OK;
}

fr_err fr_rest_routes(fr_arena *arena, fr_router *router, const fr_viewset_place *place,
                      char error[256])
{
    char fault[200];
    fr_str pattern = place->pattern;
    adding a = {arena, router, fr_viewset_get(place->viewset), place->any_origin, error};
    if (!a.rt) {
        fr_err err = fr_viewset_check(place->viewset, error);
        snprintf(fault, sizeof fault, "%.*s", (int)sizeof fault - 1, err ? error : "out of memory");
        snprintf(error, 256, "viewset at %.40s: %s", pattern.p, fault);
        return err ? err : FR_ENOMEM;
    }
    fr_str one = fr_arena_printf(arena, "%.*s<str:pk>/", FR_FMT(pattern));
    FR_TRY(add(&a, NULL, false, fr_str_dup(arena, pattern)));
    FR_TRY(add_extra(&a, pattern, false));
    FR_TRY(add(&a, NULL, true, one));
    return add_extra(&a, one, true);
}
