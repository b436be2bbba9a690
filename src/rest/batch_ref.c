/* See batch_ref.h. What holds no reference is passed on as it was written, so the recursion goes where references are only;
 * FR_JSON_DEPTH bounds it. */
#include "rest/batch_ref.h"

#include "base/arena.h"
#include "base/str.h"

typedef struct resolving {
    fr_ctx *ctx;
    const fr_batch_answer *earlier;
    size_t count;
    fr_buf *out;
} resolving;

static const fr_batch_answer *find(const resolving *r, fr_str id)
{
    for (size_t i = 0; i < r->count && id.n; i++)
        if (fr_str_eq(r->earlier[i].id, id))
            return &r->earlier[i];
    return NULL;
}

/* One step into a value: a member by its name, an item by its place. */
static const fr_json *step(const fr_json *value, fr_str name)
{
    uint64_t at;
    if (value->type == FR_JSON_OBJECT)
        return fr_json_get(value, name);
    bool is_item = value->type == FR_JSON_ARRAY && fr_str_u64(name, &at) && at < value->count;
    return is_item ? &value->items[at] : NULL;
}

/* "order/lines/0/id" */
static fr_err put_reference(resolving *r, fr_str reference)
{
    fr_str id, name, rest = fr_str_cut(reference, '/', &id);
    const fr_batch_answer *answer = find(r, id);
    fr_json tree;
    if (!answer)
        return fr_fail(r->ctx, FR_EINVAL, "\"$ref\": no earlier request has the id \"%.*s\".",
                       FR_FMT(fr_str_sub(id, 0, 60)));
    fr_err err =
        answer->body.n ? fr_json_parse(r->ctx->arena, answer->body, &tree, NULL) : FR_EINVAL;
    if (err == FR_ENOMEM)
        return err;
    const fr_json *value = err == FR_OK ? &tree : NULL;
    while (value && rest.n) {
        rest = fr_str_cut(rest, '/', &name);
        value = step(value, name);
    }
    if (!value)
        return fr_fail(
            r->ctx, FR_EINVAL, "\"$ref\": the answer to \"%.*s\" has no \"%.*s\".",
            FR_FMT(fr_str_sub(id, 0, 60)),
            FR_FMT(fr_str_sub(fr_str_from(reference, id.n + (reference.n > id.n)), 0, 60)));
    fr_buf_put(r->out, value->raw);
    return FR_OK;
}

static bool is_reference(const fr_json *value)
{
    return value->type == FR_JSON_OBJECT && value->count == 1 &&
           fr_str_eq(value->keys[0], FR_STR("$ref")) && value->items[0].type == FR_JSON_STRING;
}

static fr_err put(resolving *r, const fr_json *value)
{
    bool is_object = value->type == FR_JSON_OBJECT;
    if (fr_str_find(value->raw, FR_STR("\"$ref\"")) == SIZE_MAX ||
        (!is_object && value->type != FR_JSON_ARRAY)) {
        fr_buf_put(r->out, value->raw);
        return FR_OK;
    }
    if (is_reference(value))
        return put_reference(r, value->items[0].text);
    fr_buf_put_char(r->out, is_object ? '{' : '[');
    for (size_t i = 0; i < value->count; i++) {
        if (i)
            fr_buf_put_char(r->out, ',');
        if (is_object) {
            fr_json_put_str(r->out, value->keys[i]);
            fr_buf_put_char(r->out, ':');
        }
        FR_TRY(put(r, &value->items[i]));
    }
    fr_buf_put_char(r->out, is_object ? '}' : ']');
    return FR_OK;
}

fr_err fr_batch_body(fr_ctx *ctx, const fr_json *body, const fr_batch_answer *earlier, size_t count,
                     fr_buf *out)
{
    resolving r = {ctx, earlier, count, out};
    FR_TRY(put(&r, body));
    return fr_buf_check(out);
}
