/* See repeat.h. What is kept is an answer as a few values, one behind the other (db/image.h). */
#include "rest/repeat.h"

#include "auth/asker.h"
#include "base/arena.h"
#include "base/str.h"
#include "db/image.h"
#include "net/wait.h"
#include "rest/errors.h"

enum {
    KEY_MAX = 255,
    PIECE_BYTES = 4096,     /* of a file, on a fiber's stack */
    TURN_BYTES = 256 * 1024 /* until others have their turn: 0.5 ms of hashing */
};

bool fr_repeat_is_asked(const fr_rest_request *request)
{
    static const fr_str METHODS[] = {{"POST", 4}, {"PATCH", 5}, {"PUT", 3}, {"DELETE", 6}};
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS && request->idempotency_key.p; i++)
        if (fr_str_eq(request->method, METHODS[i]))
            return true;
    return false;
}

static bool is_key(fr_str key)
{
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] < ' ' || key.p[i] > '~')
            return false;
    return key.n > 0 && key.n <= KEY_MAX;
}

/* ---- what was asked ---- */

static fr_err put_file(fr_ctx *ctx, fr_digest *digest, const fr_file *file)
{
    char piece[PIECE_BYTES];
    size_t got;
    fr_sha256_put(digest, file->name);
    fr_sha256_put(digest, file->file_name);
    fr_sha256_put(digest, file->content_type);
    for (uint64_t at = 0; at < file->bytes; at += got) {
        FR_TRY(fr_file_read(file, at, piece, sizeof piece, &got));
        fr_sha256_put(digest, (fr_str){piece, got});
        if (at && at % TURN_BYTES == 0)
            FR_TRY(fr_wait_turn(ctx));
    }
    return FR_OK;
}

/* A form is what stands in it: who sends it again may do so with another boundary. */
static fr_err put_form(fr_ctx *ctx, fr_digest *digest, const fr_form *form)
{
    for (size_t i = 0; i < form->field_count; i++) {
        fr_sha256_put(digest, form->fields[i].name);
        fr_sha256_put(digest, form->fields[i].value);
    }
    for (size_t i = 0; i < form->file_count; i++)
        FR_TRY(put_file(ctx, digest, &form->files[i]));
    return FR_OK;
}

/* NULL: the body is no multipart form, or none that can be read, which is refused anyway. */
static const fr_form *form_of(fr_ctx *ctx, const fr_rest_request *r)
{
    const fr_form *form = NULL;
    const char *why;
    if (r->form)
        return r->form;
    bool is_multipart = fr_form_kind_of(r->content_type) == FR_FORM_MULTIPART;
    if (is_multipart && r->req && !r->body.n) /* read as it came */
        return fr_req_read_form(r->req, &form) == FR_OK ? form : NULL;
    bool is_read = is_multipart && fr_form_parse(ctx->arena, r->form_limits, r->content_type,
                                                 r->body, &form, &why) == FR_OK;
    return is_read ? form : NULL;
}

static fr_err put_body(fr_ctx *ctx, fr_digest *digest, const fr_rest_request *r)
{
    const fr_form *form = form_of(ctx, r);
    const fr_file *file;
    if (form)
        return put_form(ctx, digest, form);
    if (r->req && !r->body.n) {
        const fr_str detail = ctx->detail; /* most routes take no such thing */
        fr_err err = fr_req_upload(r->req, &file);
        ctx->detail = detail;
        if (err == FR_OK)
            return put_file(ctx, digest, file);
    }
    fr_sha256_put(digest, r->content_type);
    fr_sha256_put(digest, r->body);
    return FR_OK;
}

/* A key is its user's, so that nobody is told what somebody else was answered. */
static fr_err find_key(fr_ctx *ctx, const fr_rest_request *r, fr_str *out)
{
    fr_str user = ctx->asker ? fr_asker_key(ctx->asker) : FR_STR("");
    *out = user.n ? fr_arena_printf(ctx->arena, "%.*s\x01%.*s", FR_FMT(user),
                                    FR_FMT(r->idempotency_key))
                  : r->idempotency_key;
    return user.p && out->p ? FR_OK : FR_ENOMEM;
}

fr_err fr_repeat_init(fr_ctx *ctx, fr_repeat *repeat, const fr_rest_request *r)
{
    fr_digest digest;
    if (!is_key(r->idempotency_key))
        return fr_fail(ctx, FR_EINVAL, "Idempotency-Key is 1 to %d printable characters.", KEY_MAX);
    FR_TRY(find_key(ctx, r, &repeat->key));
    fr_sha256_begin(&digest);
    fr_sha256_put(&digest, r->method);
    fr_sha256_put(&digest, r->path);
    fr_sha256_put(&digest, r->query);
    fr_err err = put_body(ctx, &digest, r);
    bool is_ok = fr_sha256_end(&digest, repeat->digest);
    return err != FR_OK ? err : is_ok ? FR_OK : FR_ENOMEM;
}

/* ---- what was answered ---- */

static fr_str digest_of(const fr_repeat *repeat)
{
    return (fr_str){(const char *)repeat->digest, sizeof repeat->digest};
}

static fr_err read_answer(fr_ctx *ctx, const fr_kept *kept, fr_buf *body, fr_rest_answer *answer)
{
    size_t pos = 0;
    fr_value status, has_content, type, has_place, location, content, headers;
    if (!fr_image_next(kept->answer, &pos, &status) ||
        !fr_image_next(kept->answer, &pos, &has_content) ||
        !fr_image_next(kept->answer, &pos, &type) ||
        !fr_image_next(kept->answer, &pos, &has_place) ||
        !fr_image_next(kept->answer, &pos, &location) ||
        !fr_image_next(kept->answer, &pos, &content))
        return fr_fail(ctx, FR_EBACKEND, "The answer that was kept cannot be read.");
    answer->status = (int)status.as.i;
    answer->has_content = has_content.as.i;
    if (type.type == FR_VALUE_TEXT)
        answer->content_type = type.as.s;
    answer->has_place = has_place.as.i;
    answer->place = kept->place;
    if (location.type == FR_VALUE_TEXT)
        answer->location = location.as.s;
    bool has_headers = fr_image_next(kept->answer, &pos, &headers); /* an older release kept none */
    if (has_headers && headers.type == FR_VALUE_TEXT)
        answer->headers = headers.as.s;
    fr_buf_put(body, content.as.s);
    return fr_buf_check(body);
}

fr_err fr_repeat_find(fr_ctx *ctx, const fr_repeat *repeat, fr_buf *body, fr_rest_answer *answer,
                      bool *found)
{
    fr_kept kept;
    fr_err err = fr_db_kept(ctx, repeat->key, &kept);
    *found = err == FR_OK && kept.digest.n;
    if (!*found)
        return err == FR_ENOTFOUND ? FR_OK : err;
    bool is_same = fr_str_eq(kept.digest, digest_of(repeat));
    if (is_same && kept.answer.n)
        return read_answer(ctx, &kept, body, answer);
    fr_errors_text(is_same ? FR_STR("A request with this Idempotency-Key has begun, and its answer "
                                    "is not known.")
                           : FR_STR("This Idempotency-Key was used for another request."),
                   body);
    answer->status = is_same ? 409 : 422;
    answer->has_content = true;
    return FR_OK;
}

fr_err fr_repeat_begin(fr_ctx *ctx, const fr_repeat *repeat)
{
    fr_kept begun = {digest_of(repeat), FR_STR(""), {0}};
    return fr_db_keep(ctx, repeat->key, &begun);
}

fr_err fr_repeat_let_go(fr_ctx *ctx, const fr_repeat *repeat)
{
    fr_kept nothing = {FR_STR(""), FR_STR(""), {0}};
    return fr_db_keep(ctx, repeat->key, &nothing);
}

static fr_value text_or_null(fr_str text)
{
    return text.p ? FR_VALUE_S(text) : (fr_value){.type = FR_VALUE_NULL};
}

fr_err fr_repeat_keep(fr_ctx *ctx, const fr_repeat *repeat, fr_str content,
                      const fr_rest_answer *answer)
{
    fr_buf bytes;
    fr_buf_init(&bytes);
    fr_image_value(&bytes, FR_VALUE_I(answer->status));
    fr_image_value(&bytes, FR_VALUE_I(answer->has_content));
    fr_image_value(&bytes, text_or_null(answer->content_type));
    fr_image_value(&bytes, FR_VALUE_I(answer->has_place));
    fr_image_value(&bytes, text_or_null(answer->location));
    fr_image_value(&bytes, FR_VALUE_S(content));
    fr_image_value(&bytes, text_or_null(answer->headers));
    fr_kept kept = {digest_of(repeat), fr_buf_str(&bytes), answer->place};
    fr_err err = bytes.has_failed ? FR_ENOMEM : fr_db_keep(ctx, repeat->key, &kept);
    fr_buf_deinit(&bytes);
    return err;
}
