/* See extra.h. */
#include "rest/extra.h"

#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "http/http.h"
#include "http/method.h"
#include "rest/guarded.h"
#include "rest/options.h"
#include "rest/pipeline.h"
#include "rest/shape.h"

/* ---- what its route says ---- */

/* Whether the methods have one; GET serves HEAD. */
static bool allows(const fr_extra *extra, fr_str method)
{
    fr_str rest = fr_str_c(extra->methods), one;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        one = fr_str_trim(one);
        if (fr_str_eq(one, method) ||
            (fr_str_eq(method, FR_STR("HEAD")) && fr_str_eq(one, FR_STR("GET"))))
            return true;
    }
    return false;
}

/* "GET, POST, HEAD, OPTIONS" as far as it has them. */
static fr_str allow_of(fr_arena *arena, const fr_extra *extra)
{
    static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
    fr_str allow = FR_STR("");
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS && allow.p; i++)
        if (allows(extra, fr_str_c(METHODS[i])))
            allow = fr_arena_printf(arena, "%.*s%s, ", FR_FMT(allow), METHODS[i]);
    return allow.p ? fr_arena_printf(arena, "%.*sOPTIONS", FR_FMT(allow)) : allow;
}

/* "set_flag/" → "Set flag". */
static fr_str name_of(fr_arena *arena, const char *path_text)
{
    fr_str path = fr_str_c(path_text);
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

static fr_err make_plan(fr_extra *extra, const fr_action *action, fr_arena *arena,
                        const char *where, char error[256])
{
    char why[256];
    const fr_serializer *serializer = action->serializer;
    fr_err err;
    snprintf(error, 256, "out of memory");
    if (serializer->model) {
        extra->plan = fr_arena_zalloc(arena, sizeof *extra->plan);
        if (!extra->plan)
            return FR_ENOMEM;
        err = fr_plan_init(extra->plan, serializer->model, serializer, arena, why);
    } else {
        extra->shape = serializer;
        err = fr_shape_check(serializer, why);
    }
    if (err == FR_EINVAL)
        snprintf(error, 256, "%.60s, action \"%.40s\": %.120s", where, action->path, why);
    return err;
}

static fr_err read_forms(fr_extra *extra, const fr_action *action, fr_arena *arena,
                         const char *where, char error[256])
{
    char why[256] = "out of memory";
    fr_err err = FR_OK;
    if (action->renderers)
        err = fr_renderers_init(&extra->renderers, action->renderers, arena, why);
    if (err == FR_OK)
        err = fr_parsers_init(&extra->parsers, action->parsers, arena, why);
    if (err)
        snprintf(error, 256, "%.60s \"%.60s\": %.120s", where, action->path, why);
    return err;
}

fr_err fr_extra_init(fr_extra *extra, const fr_action *action, fr_arena *arena, const char *where,
                     char error[256])
{
    char why[128] = "";
    *extra = (fr_extra){.renderers = extra->renderers,
                        .parsers = extra->parsers,
                        .handler = action->handler,
                        .methods = action->methods ? action->methods : "GET",
                        .description = action->description  ? action->description
                                       : extra->description ? extra->description
                                                            : "",
                        .is_detail = action->is_detail,
                        .no_search = action->no_search,
                        .is_atomic = action->atomic};
    if (!action->handler || !fr_methods_ok(extra->methods, why)) {
        snprintf(error, 256, "%.60s, action \"%.60s\"%s%.90s", where, action->path,
                 action->handler ? ": .methods: " : " has no .handler", why);
        return FR_EINVAL;
    }
    FR_TRY(read_forms(extra, action, arena, where, error));
    if (action->serializer)
        FR_TRY(make_plan(extra, action, arena, where, error));
    extra->allow = allow_of(arena, extra);
    extra->name = action->name ? fr_str_c(action->name) : name_of(arena, action->path);
    if (extra->allow.p && extra->name.p)
        return FR_OK;
    snprintf(error, 256, "out of memory");
    return FR_ENOMEM;
}

/* ---- serving it ---- */

/* What the handler answers is the answer of the call. */
static fr_err take_held(void *arg, int status, fr_str content_type, fr_str body)
{
    fr_call *c = arg;
    bool is_in_place = c->body->n && body.p == c->body->p; /* it was written there */
    fr_str type = fr_str_dup(c->ctx->arena, content_type);
    if (!type.p)
        return FR_ENOMEM;
    if (!is_in_place) {
        fr_call_rewind(c);
        fr_buf_put(c->body, body);
    }
    c->answer->content_type = type.n ? type : (fr_str){0};
    c->is_rendered = true;
    fr_call_answer(c, status);
    c->answer->has_content = type.n > 0;
    return fr_buf_check(c->body);
}

/* The database's calls of a handler are part of the transaction that the call runs in. */
static fr_err call_handler(fr_call *c)
{
    fr_req *req = c->request->req;
    fr_ctx *own = req->ctx;
    if (c->request->is_held)
        fr_reply_hold(req, take_held, c);
    req->ctx = c->ctx;
    fr_err err = c->request->extra->handler(req);
    req->ctx = own;
    if (c->request->is_held)
        fr_reply_hold(req, NULL, NULL);
    if (err == FR_OK || !c->is_rendered)
        return err;
    c->is_answered = c->is_rendered = false; /* the answer was for what is undone now */
    c->answer->has_place = false;
    return err;
}

/* The handler answers by itself, or returns why not; an error that is the client's is told in the representation that was
 * agreed on, one of ours goes on to http, which knows how to log it. */
static fr_err run_handler(fr_call *c)
{
    fr_req *req = c->request->req;
    fr_err err = call_handler(c);
    if (c->is_answered && !fr_req_is_answered(req)) /* it is held, or a body that fr_read refused */
        return FR_OK;
    c->is_answered = c->answer->is_replied = true;
    c->answer->err = err;
    if (err == FR_EINVAL && c->wrong && !fr_req_is_answered(req)) {
        c->answer->is_replied = false;
        c->answer->err = FR_OK;
        return fr_call_refuse_fields(c, c->wrong);
    }
    bool is_ours = err == FR_OK || err == FR_ECANCELED || fr_err_is_ours(err);
    bool is_http = fr_call_is_plain(c) && !fr_call_is_of_asker(c->ctx, err);
    if (is_ours || fr_req_is_answered(req) || is_http)
        return FR_OK;
    c->answer->is_replied = false;
    c->answer->err = FR_OK;
    return fr_call_refuse_err(c, err);
}

/* PUT is offered for a row that is there. */
static fr_err options(fr_call *c)
{
    const fr_extra *extra = c->request->extra;
    bool takes_put = allows(extra, FR_STR("PUT")), takes_post = allows(extra, FR_STR("POST"));
    if (takes_put)
        FR_TRY(fr_guarded_may(c, FR_STR("PUT"), &takes_put));
    if (takes_post)
        FR_TRY(fr_guarded_may(c, FR_STR("POST"), &takes_post));
    fr_options_put_extra(extra->shape ? NULL : c->plan, extra, takes_post, takes_put, c->body);
    fr_call_answer(c, 200);
    return FR_OK;
}

const fr_call_action *fr_extra_find(const fr_extra *extra, fr_str method)
{
    static const fr_call_action HANDLER = {.run = run_handler}, OPTIONS = {.run = options};
    if (allows(extra, method))
        return &HANDLER;
    return fr_str_eq(method, FR_STR("OPTIONS")) ? &OPTIONS : NULL;
}
