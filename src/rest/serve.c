/*
 * One request, from outside: the pipeline alone, or the whole of it as one member of the database's next group, where what is
 * asked of the write (If-Match, Idempotency-Key) is judged in the transaction that writes. There it runs on the writer's thread.
 */
#include "rest/rest.h"

#include "base/err.h"
#include "base/str.h"
#include "http/files/conditions.h"
#include "http/http.h"
#include "rest/actions.h"
#include "rest/batch.h"
#include "rest/errors.h"
#include "rest/etag.h"
#include "rest/extra.h"
#include "rest/guarded.h"
#include "rest/media.h"
#include "rest/pipeline.h"
#include "rest/repeat.h"

enum {
    MEMBER_MS =
        2000 /* for reading a body of megabytes too, where fr_atomic has but rows to write */
};

typedef struct whole {
    const fr_viewset_rt *rt;
    const fr_rest_request *request; /* of one who was let in */
    fr_buf *body;
    size_t start; /* where our part of body begins */
    fr_rest_answer *answer;
    fr_repeat repeat;
    fr_str
        headers; /* of the answer before the handler ran, which may be twice; p NULL: there is no handler */
    bool has_repeat;
    bool is_first;   /* the answer is to be kept */
    bool is_refused; /* the answer says why nothing was written */
} whole;

/* What the conditions are about, as a GET of this client's would show it: who may not read it is told that. */
static fr_err check_conditions(fr_ctx *ctx, whole *w, bool *holds)
{
    fr_rest_request get = *w->request;
    fr_rest_answer answer;
    get.method = FR_STR("GET");
    get.body = (fr_str){0};
    FR_TRY(fr_pipeline_serve(ctx, w->rt, &get, w->body, &answer));
    if (answer.status == 401 || answer.status == 403) {
        *w->answer = answer;
        return FR_OK;
    }
    FR_TRY(
        fr_etag_holds(ctx, w->request, &answer, fr_str_from(fr_buf_str(w->body), w->start), holds));
    w->body->n = w->start;
    return FR_OK;
}

static fr_err refuse_precondition(whole *w)
{
    fr_errors_text(FR_STR(FR_PRECONDITION_TEXT), w->body);
    w->answer->status = 412;
    w->answer->has_content = true;
    return FR_OK;
}

static fr_err answer(fr_ctx *ctx, whole *w)
{
    bool found = false, holds = true;
    if (w->has_repeat)
        FR_TRY(fr_repeat_find(ctx, &w->repeat, w->body, w->answer, &found));
    if (found)
        return FR_OK;
    if (w->rt && !w->request->extra && fr_etag_is_asked(w->rt, w->request))
        FR_TRY(check_conditions(ctx, w, &holds));
    if (w->answer->status)
        return FR_OK;
    if (!holds)
        return refuse_precondition(w);
    w->is_first = w->has_repeat;
    return fr_pipeline_serve(ctx, w->rt, w->request, w->body, w->answer);
}

/* A refusal ends the member, so that nothing of it is left; its answer stands all the same. */
static fr_err run(fr_ctx *ctx, void *arg)
{
    whole *w = arg;
    fr_str allow = w->answer->allow;
    *w->answer = (fr_rest_answer){.allow = allow};
    w->body->n = w->start;
    w->is_first = w->is_refused = false;
    if (w->request->uploads)
        fr_uploads_undo(w->request->uploads);
    if (w->headers.p)
        FR_TRY(fr_reply_headers_set(w->request->req, w->headers));
    FR_TRY(answer(ctx, w));
    w->is_refused = w->answer->status >= 400 || w->answer->err;
    return w->answer->err ? w->answer->err : w->is_refused ? FR_EINVAL : FR_OK;
}

/* What a handler has answered, with its headers. A cookie is no part of that: who comes again with the same key has to be the same
 * one only where who asks is known. */
static fr_err keep_answer(fr_ctx *ctx, whole *w)
{
    if (w->headers.p) {
        fr_str lines = fr_reply_headers_dup(w->request->req);
        w->answer->headers = fr_reply_headers_without(ctx->arena, lines, FR_STR("set-cookie"));
        if (!lines.p || !w->answer->headers.p)
            return FR_ENOMEM;
    }
    return fr_repeat_keep(ctx, &w->repeat, fr_str_from(fr_buf_str(w->body), w->start), w->answer);
}

static fr_err number(fr_ctx *ctx, void *arg, fr_place place)
{
    whole *w = arg;
    if (w->has_repeat && !w->is_first)
        return FR_OK;
    w->answer->place = place;
    if (!w->is_first || !w->answer->status) /* a handler may have answered nothing */
        return FR_OK;
    return keep_answer(ctx, w);
}

/* A failure of ours, or of the database. */
static fr_err fail(fr_ctx *ctx, whole *w, fr_err err)
{
    if (err == FR_ECANCELED || err == FR_ENOMEM)
        return err;
    w->body->n = w->start;
    fr_errors_detail(ctx, err, w->body);
    *w->answer = (fr_rest_answer){
        .allow = w->answer->allow, .status = fr_err_status(err), .has_content = true};
    return fr_buf_check(w->body);
}

static fr_str allow_of(const whole *w)
{
    if (w->request->batch)
        return w->request->batch->allow;
    if (w->request->extra)
        return w->request->extra->allow;
    if (!w->rt)
        return (fr_str){0};
    return w->request->key.p ? w->rt->detail_allow : w->rt->list_allow;
}

static fr_err serve_whole(fr_ctx *ctx, whole *w)
{
    w->answer->allow = allow_of(w);
    if (w->has_repeat) {
        fr_err err = fr_repeat_init(ctx, &w->repeat, w->request);
        if (err != FR_OK)
            return fail(ctx, w, err);
    }
    fr_err err = fr_db_atom(
        ctx,
        &(fr_atom){.fn = run, .numbered = number, .arg = w, .ms = MEMBER_MS, .is_checked = true});
    return err == FR_OK || w->is_refused ? FR_OK : fail(ctx, w, err);
}

static bool is_read(const fr_rest_request *request)
{
    return fr_str_eq(request->method, FR_STR("GET")) || fr_str_eq(request->method, FR_STR("HEAD"));
}

/* What is asked of a write that the viewset does not have is for the pipeline to refuse. */
static bool is_write(const fr_viewset_rt *rt, const fr_rest_request *request)
{
    if (request->batch)
        return fr_str_eq(request->method, FR_STR("POST"));
    return rt && !is_read(request) && fr_action_find(rt, request->method, request->key.p != NULL);
}

/* ---- a handler ---- */

static bool is_handlers_write(const fr_rest_request *request)
{
    return request->extra && request->req && !is_read(request) &&
           !fr_str_eq(request->method, FR_STR("OPTIONS")) &&
           fr_extra_find(request->extra, request->method);
}

static fr_err begin(fr_ctx *ctx, void *arg)
{
    whole *w = arg;
    bool found;
    w->body->n = w->start;
    FR_TRY(fr_repeat_find(ctx, &w->repeat, w->body, w->answer, &found));
    w->is_first = !found;
    return found ? FR_OK : fr_repeat_begin(ctx, &w->repeat);
}

/* What was sent already, or what nobody knows the end of, cannot be had again; what was refused may come again. */
static fr_err end(fr_ctx *ctx, void *arg)
{
    whole *w = arg;
    const fr_rest_answer *a = w->answer;
    if (a->status >= 400 || a->err)
        return fr_repeat_let_go(ctx, &w->repeat);
    if (a->is_replied || a->file)
        return FR_OK;
    return keep_answer(ctx, w);
}

/* It may wait for anything, which the writer cannot: so that it has begun is kept first, and its answer when it has ended. */
static fr_err serve_handler(fr_ctx *ctx, whole *w)
{
    *w->answer = (fr_rest_answer){.allow = allow_of(w)};
    fr_err err = fr_repeat_init(ctx, &w->repeat, w->request);
    if (err == FR_OK)
        err = fr_db_atom(ctx, &(fr_atom){.fn = begin, .arg = w});
    if (err != FR_OK)
        return fail(ctx, w, err);
    if (!w->is_first)
        return FR_OK;
    FR_TRY(fr_pipeline_serve(ctx, w->rt, w->request, w->body, w->answer));
    fr_str detail = ctx->detail;
    if (fr_db_atom(ctx, &(fr_atom){.fn = end, .arg = w}) != FR_OK)
        FR_WARN("repeat.lost", FR_KV_S("path", w->request->path),
                FR_KV_C("do", "a repeat of it is answered by 409"));
    ctx->detail = detail;
    return FR_OK;
}

/* What it answers is held until it is kept, or the transaction that it is has ended. */
static fr_err serve_held(fr_ctx *ctx, whole *w)
{
    const fr_rest_request *request = w->request;
    fr_rest_request held = *request;
    held.is_held = true;
    w->headers = fr_reply_headers_dup(held.req);
    if (!w->headers.p)
        return FR_ENOMEM;
    w->request = &held;
    fr_err err = held.extra->is_atomic ? serve_whole(ctx, w) : serve_handler(ctx, w);
    w->request = request;
    return err;
}

/* Who is refused anyway is so before a transaction is begun, or a password hashed within one. */
static fr_err serve_met(fr_ctx *ctx, whole *w)
{
    const fr_rest_request *request = w->request;
    fr_rest_request let_in = *request;
    if (let_in.guard) {
        FR_TRY(fr_pipeline_meet(ctx, w->rt, w->request, w->body, w->answer));
        if (w->answer->status)
            return FR_OK;
        let_in.is_let_in = true;
        w->request = &let_in;
    }
    fr_err err = let_in.extra ? serve_held(ctx, w) : serve_whole(ctx, w);
    w->request = request;
    return err;
}

static fr_err serve_write(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                          bool has_repeat, fr_buf *body, fr_rest_answer *out)
{
    whole w = {.rt = rt,
               .request = request,
               .body = body,
               .start = body->n,
               .answer = out,
               .has_repeat = has_repeat};
    *out = (fr_rest_answer){0};
    return serve_met(ctx, &w);
}

fr_err fr_rest_serve(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                     fr_buf *body, fr_rest_answer *out)
{
    bool has_repeat = ctx->db && fr_repeat_is_asked(request);
    size_t start = body->n;
    if (request->extra) {
        bool is_alone = has_repeat || (ctx->db && request->extra->is_atomic);
        return is_alone && is_handlers_write(request)
                   ? serve_write(ctx, rt, request, has_repeat, body, out)
                   : fr_pipeline_serve(ctx, rt, request, body, out);
    }
    bool is_judged =
        has_repeat || (rt && fr_etag_is_asked(rt, request)) || fr_guarded_needs_member(request);
    if (is_judged && is_write(rt, request))
        return serve_write(ctx, rt, request, has_repeat, body, out);
    FR_TRY(fr_pipeline_serve(ctx, rt, request, body, out));
    bool has_etag = rt && rt->viewset->etag && out->has_content && !out->file;
    return has_etag && is_read(request) ? fr_etag_answer(ctx, request, body, start, out) : FR_OK;
}
