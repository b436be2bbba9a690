/*
 * The way of every request through rest, in DRF's order (APIView.initial, then the mixins of its viewsets): a table of steps.
 * The errors that a client meets first are those of the first step that refuses.
 */
#include "rest/pipeline.h"

#include "base/err.h"
#include "base/str.h"
#include "rest/actions.h"
#include "rest/batch.h"
#include "rest/call.h"
#include "rest/content.h"
#include "rest/extra.h"
#include "rest/files.h"
#include "rest/guarded.h"
#include "rest/list.h"
#include "rest/media.h"
#include "rest/model_rules.h"
#include "rest/object.h"
#include "rest/parents.h"
#include "rest/query_string.h"
#include "rest/rules.h"
#include "rest/sight.h"
#include "rest/store.h"

/* ---- before the method is looked at ---- */

const fr_renderers *fr_rest_renderers(const fr_viewset_rt *rt, const fr_rest_request *request)
{
    if (request->is_inner || request->batch)
        return &fr_renderers_json;
    return request->extra ? &request->extra->renderers : &rt->renderers;
}

static fr_err negotiate(fr_call *c)
{
    fr_params params;
    fr_str format = c->request->format;
    if (!format.n && fr_str_find(c->request->query, FR_STR("format")) != SIZE_MAX) {
        FR_TRY(fr_params_parse(c->ctx->arena, c->request->query, &params));
        format = fr_params_get(&params, FR_STR("format"));
    }
    fr_err err = fr_negotiate(fr_rest_renderers(c->rt, c->request), c->request->accept, format,
                              &c->representation);
    return err == FR_ENOTFOUND ? fr_call_refuse_text(c, 404, FR_STR("Not found.")) : err;
}

static fr_err find_version(fr_call *c)
{
    const fr_rest_request *r = c->request;
    if (!r->versions.versioning)
        return FR_OK;
    fr_version_source source = {.path_argument =
                                    fr_call_argument(c, fr_version_param(r->versions.versioning)),
                                .host = r->host,
                                .query = r->query,
                                .parameters = fr_media_read(c->representation.media).parameters};
    fr_err err = fr_version_find(c->ctx, &r->versions, &source, &c->version);
    bool is_refused = err == FR_ENOTFOUND || err == FR_EACCEPTABLE;
    return is_refused ? fr_call_refuse_text(c, fr_err_status(err), c->ctx->detail) : err;
}

static fr_err find_method(fr_call *c)
{
    c->action = c->request->batch ? fr_batch_find(c->request->method)
                : c->request->extra
                    ? fr_extra_find(c->request->extra, c->request->method)
                    : fr_action_find(c->rt, c->request->method, fr_call_is_detail(c));
    if (c->action)
        return FR_OK;
    fr_str detail =
        fr_arena_printf(c->ctx->arena, "Method \"%.*s\" not allowed.", FR_FMT(c->request->method));
    return detail.p ? fr_call_refuse_text(c, 405, detail) : FR_ENOMEM;
}

/* What may be seen is found out before anything is read, in memory that lasts as long as the request. */
static fr_err see(fr_call *c)
{
    const fr_sight *ignored;
    return fr_sight_get(c->ctx, &ignored);
}

/* ---- the object and the body ---- */

/* What is wrong with the filters of an object is 400 before it is looked for. OPTIONS takes it for missing then, and a handler
 * that asks for the object is told. */
static fr_err filter_object(fr_call *c)
{
    static const fr_pred NONE = {.op = FR_PRED_OR};
    fr_errors *errors = fr_arena_alloc(c->ctx->arena, sizeof *errors);
    if (!errors)
        return FR_ENOMEM;
    fr_errors_init(errors, c->ctx->arena);
    FR_TRY(fr_object_filter(c, errors));
    FR_TRY(fr_errors_check(errors));
    if (!fr_errors_any(errors))
        return FR_OK;
    c->where = &NONE;
    c->wrong = errors;
    return c->action->bit ? fr_call_refuse_fields(c, errors) : FR_OK;
}

/* A key that no row can have is 404. Whether there is such a row, reads and writes find out themselves. */
static fr_err find_object(fr_call *c)
{
    if (!c->rt || !fr_call_is_detail(c))
        return FR_OK;
    if (c->request->query.n || c->rt->visible)
        FR_TRY(filter_object(c));
    if (c->within && !c->refs)
        c->refs = &c->rt->plan->refs;
    if (c->within && !(c->where = fr_pred_and(c->ctx->arena, c->within, c->where)))
        return FR_ENOMEM;
    if (c->is_answered)
        return FR_OK;
    fr_err err = fr_rest_key(c->ctx, c->rt, c->request->key, &c->key);
    return err == FR_ENOTFOUND && !c->action->bit ? FR_OK : err;
}

/* A missing object is 404 whatever the body is: that is asked for a body that was refused, as a good one asks by its write. */
static fr_err settle(fr_call *c)
{
    bool is_there = true;
    if (c->is_answered && c->action->is_update)
        FR_TRY(fr_object_exists(c, &is_there));
    return is_there ? FR_OK : fr_call_missing(c);
}

static fr_err read_body(fr_call *c)
{
    if (!c->action->takes_body)
        return FR_OK;
    FR_TRY(fr_content_read(c));
    return settle(c);
}

enum { FR_BULK_MAX = 1000 /* rows that one list makes */ };

static bool is_bulk(const fr_call *c)
{
    return c->rt->viewset->bulk_create && !c->action->is_update && c->data.type == FR_JSON_ARRAY;
}

/* A list in the body makes a row of each of its objects, all of them or none. */
static fr_err read_bulk(fr_call *c)
{
    const fr_viewset *viewset = c->rt->viewset;
    fr_errors errors;
    if (!viewset->bulk_max && c->data.count > FR_BULK_MAX)
        return fr_call_refuse_text(c, 413, FR_STR("A list may hold 1000 objects."));
    fr_input_rows rows = {.not_empty = viewset->bulk_not_empty,
                          .min = viewset->bulk_min,
                          .max = viewset->bulk_max,
                          .like = &c->input};
    c->is_bulk = true;
    c->bulk_count = c->data.count;
    fr_errors_init(&errors, c->ctx->arena);
    FR_TRY(fr_input_read_rows(c->ctx, c->rt->plan, &c->data, &rows, &errors, &c->bulk));
    return fr_errors_any(&errors) ? fr_call_refuse_fields(c, &errors) : FR_OK;
}

/* Of which rows it may be told that they have a value already. */
static fr_err find_seen(fr_call *c)
{
    fr_query *seen;
    if (!fr_rules_are_strict())
        return FR_OK;
    if (!(seen = fr_arena_zalloc(c->ctx->arena, sizeof *seen)))
        return FR_ENOMEM;
    *seen = (fr_query){.model = c->rt->model, .refs = &c->rt->plan->refs};
    c->input.seen = seen;
    return fr_rule_bind(c->ctx, c->rt->visible, &seen->where);
}

static fr_err read_fields(fr_call *c)
{
    fr_errors errors;
    if (!c->action->takes_body)
        return FR_OK;
    FR_TRY(find_seen(c));
    c->input.versions = &c->request->versions;
    c->input.version = c->version;
    if (is_bulk(c))
        return read_bulk(c);
    c->input.is_partial = c->action->is_partial;
    c->input.is_update = c->action->is_update;
    c->input.key = c->key;
    fr_errors_init(&errors, c->ctx->arena);
    FR_TRY(fr_rest_input_read(c->ctx, c->rt->plan, &c->data, &c->input, &errors));
    if (fr_errors_any(&errors))
        FR_TRY(fr_call_refuse_fields(c, &errors));
    return settle(c);
}

/* ---- its end ---- */

static fr_err run(fr_call *c)
{
    return c->action->run(c);
}

bool fr_call_is_plain(const fr_call *c)
{
    return c->representation.renderer == &fr_json_renderer && !c->representation.indent;
}

/* Errors of a renderer are those of a handler. */
static fr_err run_renderer(fr_call *c, fr_str json)
{
    fr_str text;
    const fr_renderer *renderer = c->representation.renderer;
    FR_TRY(fr_renderer_run(c->ctx, renderer, json, &text));
    c->answer->content_type = fr_renderer_content_type(renderer, c->ctx->arena);
    if (!c->answer->content_type.p)
        return FR_ENOMEM;
    c->answer->has_content = text.n > 0;
    fr_buf_put(c->body, text);
    return FR_OK;
}

fr_err fr_call_render(fr_call *c)
{
    if (fr_call_is_plain(c))
        return FR_OK;
    fr_str compact = fr_str_dup(c->ctx->arena, fr_str_from(fr_buf_str(c->body), c->start));
    if (!compact.p)
        return FR_ENOMEM;
    fr_call_rewind(c);
    if (!c->representation.indent)
        return run_renderer(c, compact);
    fr_json_indent(compact, c->representation.indent, c->body);
    return FR_OK;
}

/* What a renderer cannot do is answered in JSON. */
static fr_err render(fr_call *c)
{
    bool is_there = c->answer->has_content && !c->answer->file && !c->is_rendered;
    fr_err err = is_there ? fr_call_render(c) : FR_OK;
    return err ? fr_call_refuse_err(c, err) : FR_OK;
}

/* ---- the table ---- */

typedef struct step {
    const char *name;
    fr_err (*run)(fr_call *call);
} step;

enum { MEETING_STEPS = 5 /* those up to the throttles, which ask who comes */ };
static const step STEPS[] = {
    {"negotiation", negotiate},
    {"versioning", find_version},
    {"authentication", fr_guarded_authenticate},
    {"permissions", fr_guarded_permit},
    {"throttles", fr_guarded_throttle},
    {"method", find_method},
    {"sight", see},
    {"parents", fr_parents_read},
    {"object", find_object},
    {"object permissions", fr_guarded_object},
    {"body", read_body},
    {"fields", read_fields},
    {"object checks", fr_store_check},
    {"files", fr_files_save},
    {"read or write", run},
};

static fr_err walk(fr_call *c, size_t steps)
{
    for (size_t i = 0; i < steps && !c->is_answered; i++) {
        fr_err err = STEPS[i].run(c);
        if (err)
            FR_TRY(fr_call_refuse_err(c, err));
    }
    return FR_OK;
}

static fr_err serve(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                    size_t steps, fr_buf *body, fr_rest_answer *out)
{
    fr_call c = {.magic = FR_CALL_MAGIC,
                 .ctx = ctx,
                 .rt = rt,
                 .plan = request->extra && request->extra->plan ? request->extra->plan
                         : rt                                   ? rt->plan
                                                                : NULL,
                 .request = request,
                 .answer = out,
                 .body = body,
                 .start = body->n,
                 .key = {.type = FR_VALUE_NULL}};
    if (request->uploads) /* of a run before this one */
        fr_uploads_undo(request->uploads);
    if (request->req)
        fr_call_set(request->req, &c);
    *out = (fr_rest_answer){.allow = request->batch   ? request->batch->allow
                                     : request->extra ? request->extra->allow
                                     : !rt            ? (fr_str){0}
                                     : request->key.p ? rt->detail_allow
                                                      : rt->list_allow};
    fr_err err = walk(&c, steps);
    if (request->req)
        fr_call_set(request->req, NULL);
    FR_TRY(err);
    FR_TRY(render(&c));
    return fr_buf_check(body);
}

fr_err fr_pipeline_serve(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                         fr_buf *body, fr_rest_answer *out)
{
    return serve(ctx, rt, request, sizeof STEPS / sizeof *STEPS, body, out);
}

fr_err fr_pipeline_meet(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                        fr_buf *body, fr_rest_answer *out)
{
    return serve(ctx, rt, request, MEETING_STEPS, body, out);
}
