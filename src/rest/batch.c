/* See batch.h. Each request goes the way that it goes alone (fr_rest_serve), within one fr_db_atom: so what an earlier one wrote
 * is there for the checks of a later one. */
#include "rest/batch.h"

#include "auth/asker.h"
#include "base/arena.h"
#include "base/digits.h"
#include "base/err.h"
#include "base/str.h"
#include "http/url.h"
#include "rest/batch_ref.h"
#include "rest/content.h"
#include "rest/options.h"
#include "rest/routes.h"

enum { BATCH_MS = 2000, NONE = -1 };

/* One of the array, as it was sent. */
typedef struct item {
    fr_str method, path, id, if_match; /* p NULL: not given */
    const fr_json *body;               /* NULL: none */
} item;

typedef struct batch {
    fr_call *call;
    item *items;
    size_t count;
    fr_batch_answer *earlier; /* count of them */
    size_t start;             /* where the answers begin in the call's body */
    /* The one that was refused, and what it was answered. */
    int64_t refused;
    int status;
    fr_str body;
} batch;

/* ---- what was sent ---- */

static fr_err refuse(fr_call *c, size_t at, const char *what)
{
    fr_str detail = fr_arena_printf(c->ctx->arena, "Request %zu: %s", at, what);
    return detail.p ? fr_call_refuse_text(c, 400, detail) : FR_ENOMEM;
}

static bool is_method(fr_str method)
{
    static const fr_str METHODS[] = {{"POST", 4}, {"PUT", 3}, {"PATCH", 5}, {"DELETE", 6}};
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
        if (fr_str_eq(method, METHODS[i]))
            return true;
    return false;
}

/* NULL, or what is wrong with it. */
static const char *read_member(item *out, fr_str name, const fr_json *value)
{
    struct {
        fr_str name;
        fr_str *text;
        const char *wrong;
    } texts[] = {{FR_STR("method"), &out->method, "\"method\" is POST, PUT, PATCH or DELETE."},
                 {FR_STR("path"), &out->path, "\"path\" is a text that begins with \"/\"."},
                 {FR_STR("id"), &out->id, "\"id\" is a text of 1 to 60 characters without \"/\"."},
                 {FR_STR("if_match"), &out->if_match, "\"if_match\" is a text."}};
    if (fr_str_eq(name, FR_STR("body"))) {
        out->body = value;
        return NULL;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (fr_str_eq(name, texts[i].name)) {
            *texts[i].text = value->text;
            return value->type == FR_JSON_STRING ? NULL : texts[i].wrong;
        }
    return "it has \"method\", \"path\", \"body\", \"if_match\" and \"id\", and nothing else.";
}

static const char *check_item(const batch *b, size_t at)
{
    const item *one = &b->items[at];
    if (!is_method(one->method))
        return "\"method\" is POST, PUT, PATCH or DELETE.";
    if (!one->path.n || one->path.p[0] != '/')
        return "\"path\" is a text that begins with \"/\".";
    if (one->id.p &&
        (!one->id.n || one->id.n > 60 || fr_str_find(one->id, FR_STR("/")) != SIZE_MAX))
        return "\"id\" is a text of 1 to 60 characters without \"/\".";
    for (size_t i = 0; i < at && one->id.p; i++)
        if (fr_str_eq(b->items[i].id, one->id))
            return "an earlier one has the same \"id\".";
    return NULL;
}

static const char *read_item(batch *b, size_t at, const fr_json *value)
{
    if (value->type != FR_JSON_OBJECT)
        return "it is no object.";
    for (size_t i = 0; i < value->count; i++) {
        const char *wrong = read_member(&b->items[at], value->keys[i], &value->items[i]);
        if (wrong)
            return wrong;
    }
    return check_item(b, at);
}

/* A fault in any of them refuses all before the first is run. */
static fr_err read_items(batch *b)
{
    fr_call *c = b->call;
    uint32_t most = c->request->batch->requests_max;
    b->count = c->data.count;
    if (c->data.type != FR_JSON_ARRAY)
        return fr_call_refuse_text(c, 400, FR_STR("A batch is an array of requests."));
    if (b->count > most) {
        fr_str detail =
            fr_arena_printf(c->ctx->arena, "A batch has %u requests at most.", (unsigned)most);
        return detail.p ? fr_call_refuse_text(c, 413, detail) : FR_ENOMEM;
    }
    b->items = fr_arena_zalloc(c->ctx->arena, (b->count + 1) * sizeof *b->items);
    b->earlier = fr_arena_zalloc(c->ctx->arena, (b->count + 1) * sizeof *b->earlier);
    if (!b->items || !b->earlier)
        return FR_ENOMEM;
    for (size_t i = 0; i < b->count; i++) {
        const char *wrong = read_item(b, i, &c->data.items[i]);
        if (wrong)
            return refuse(c, i, wrong);
    }
    return FR_OK;
}

/* ---- one request ---- */

/* In words, as the answer to it. */
static fr_err answer_text(fr_rest_answer *answer, int status, fr_str detail, fr_buf *body)
{
    fr_buf_clear(body);
    fr_errors_text(detail, body);
    *answer = (fr_rest_answer){.status = status, .has_content = true};
    return fr_buf_check(body);
}

static fr_err make_request(fr_ctx *ctx, const batch *b, size_t at, fr_buf *text,
                           fr_rest_request *out)
{
    const item *one = &b->items[at];
    fr_str path, query = fr_str_cut(one->path, '?', &path);
    *out = (fr_rest_request){.method = one->method,
                             .path = fr_unquote(ctx->arena, path, false),
                             .origin = b->call->request->origin,
                             .host = b->call->request->host,
                             .is_inner = true,
                             .query = query,
                             .content_type = FR_STR("application/json"),
                             .if_match = one->if_match};
    if (!out->path.p)
        return FR_ENOMEM;
    if (one->body)
        FR_TRY(fr_batch_body(ctx, one->body, b->earlier, at, text));
    out->body = fr_str_dup(ctx->arena, fr_buf_str(text));
    return out->body.p ? FR_OK : FR_ENOMEM;
}

/* Whoever asks for the batch asks for each of its requests, as far as that takes the way in by which he is known. */
static fr_err serve_asked(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                          fr_buf *body, fr_rest_answer *answer)
{
    fr_asker_of who;
    fr_asker *outer = ctx->asker;
    if (request->guard)
        fr_guard_meet(request->guard, fr_asker_begin_within(&who, ctx, request->guard->ways));
    fr_err err = fr_rest_serve(ctx, rt, request, body, answer);
    ctx->asker = outer;
    return err;
}

/* The answer to one, its content alone in body. */
static fr_err serve(fr_ctx *ctx, const batch *b, size_t at, fr_buf *body, fr_rest_answer *answer)
{
    fr_rest_request request;
    fr_rest_target target;
    fr_err err = make_request(ctx, b, at, body, &request);
    fr_buf_clear(body);
    if (err == FR_EINVAL)
        return answer_text(answer, 400, ctx->detail, body);
    FR_TRY(err);
    if (!fr_rest_target_find(b->call->request->batch->router, request.path, &target))
        return answer_text(answer, 404, FR_STR("Not found."), body);
    if (target.is_extra)
        return answer_text(answer, 400,
                           FR_STR("In a batch are viewsets' own lists and objects only."), body);
    if (request.if_match.p && !target.rt->viewset->etag)
        return answer_text(answer, 400, FR_STR("\"if_match\": this URL has no ETag."), body);
    request.key = target.key;
    request.format = target.format;
    request.versions = target.versions;
    request.args = target.args;
    request.arg_count = target.arg_count;
    request.guard = target.guard;
    return serve_asked(ctx, target.rt, &request, body, answer);
}

static void put_answer(const fr_rest_answer *answer, fr_str content, fr_buf *out)
{
    char status[FR_DIGITS_MAX];
    fr_buf_lit(out, "{\"status\":");
    fr_buf_put(out, (fr_str){status, fr_digits_u64(status, (uint64_t)answer->status)});
    if (answer->location.p) {
        fr_buf_lit(out, ",\"headers\":{\"Location\":");
        fr_json_put_str(out, answer->location);
        fr_buf_put_char(out, '}');
    }
    fr_buf_lit(out, ",\"body\":");
    fr_buf_put(out, content.n ? content : FR_STR("null"));
    fr_buf_put_char(out, '}');
}

static fr_err run_one(fr_ctx *ctx, batch *b, size_t at, fr_buf *body)
{
    fr_rest_answer answer;
    fr_buf_clear(body);
    FR_TRY(serve(ctx, b, at, body, &answer));
    fr_str content = fr_str_dup(ctx->arena, fr_buf_str(body));
    if (!content.p)
        return FR_ENOMEM;
    b->earlier[at] = (fr_batch_answer){b->items[at].id, content};
    if (answer.status >= 400) {
        b->refused = (int64_t)at;
        b->status = answer.status;
        b->body = content;
        return FR_EINVAL;
    }
    if (at)
        fr_buf_put_char(b->call->body, ',');
    put_answer(&answer, content, b->call->body);
    return fr_buf_check(b->call->body);
}

/* ---- all of them ---- */

static fr_err run_all(fr_ctx *ctx, void *arg)
{
    batch *b = arg;
    fr_buf body;
    fr_err err = FR_OK;
    fr_buf_init(&body);
    b->refused = NONE;
    b->call->body->n = b->start;
    for (size_t i = 0; i < b->count && err == FR_OK; i++)
        err = run_one(ctx, b, i, &body);
    fr_buf_deinit(&body);
    return err;
}

/* 409, with which one it was and what it was answered. */
static fr_err refuse_all(batch *b)
{
    fr_buf *out = b->call->body;
    char at[FR_DIGITS_MAX];
    fr_str index = {at, fr_digits_u64(at, (uint64_t)b->refused)};
    fr_call_rewind(b->call);
    fr_buf_lit(out, "{\"detail\":\"Request ");
    fr_buf_put(out, index);
    fr_buf_lit(out, " was refused, and nothing was written.\",\"index\":");
    fr_buf_put(out, index);
    fr_buf_lit(out, ",\"answer\":");
    put_answer(&(fr_rest_answer){.status = b->status}, b->body, out);
    fr_buf_put_char(out, '}');
    fr_call_answer(b->call, 409);
    return fr_buf_check(out);
}

static fr_err run(fr_call *c)
{
    batch b = {.call = c};
    FR_TRY(fr_content_read(c));
    if (c->is_answered)
        return FR_OK;
    FR_TRY(read_items(&b));
    if (c->is_answered)
        return FR_OK;
    fr_buf_put_char(c->body, '[');
    b.start = c->body->n;
    fr_atom atom = {.fn = run_all, .arg = &b, .ms = BATCH_MS, .is_checked = true};
    fr_err err = fr_db_atom(c->ctx, &atom);
    if (err != FR_OK && b.refused != NONE)
        return refuse_all(&b);
    FR_TRY(err);
    fr_buf_put_char(c->body, ']');
    c->answer->has_place = b.count > 0;
    c->answer->place = atom.place;
    fr_call_answer(c, 200);
    return FR_OK;
}

static fr_err options(fr_call *c)
{
    fr_options_put_batch(c->body);
    fr_call_answer(c, 200);
    return FR_OK;
}

const fr_call_action *fr_batch_find(fr_str method)
{
    static const fr_call_action BATCH = {.run = run}, OPTIONS = {.run = options};
    if (fr_str_eq(method, FR_STR("POST")))
        return &BATCH;
    return fr_str_eq(method, FR_STR("OPTIONS")) ? &OPTIONS : NULL;
}
