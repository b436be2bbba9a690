/* Rows as a JSON array, for consumers: the recipe's "query, serialize, send" in one call. */
#include <freshet/live.h>

#include "base/buf.h"
#include "rest/viewset.h"

enum { ROW_BYTES = 128 };

static void put_rows(const fr_serializer *serializer, const fr_rows *rows, fr_buf *out)
{
    const fr_value *values = rows->values_;
    fr_buf_reserve(out, 2 + rows->count * ROW_BYTES); /* a guess: it grows */
    fr_buf_put_char(out, '[');
    for (size_t i = 0; i < rows->count; i++, values += rows->model->field_count) {
        if (i)
            fr_buf_put_char(out, ',');
        fr_serializer_row(serializer, values, out);
    }
    fr_buf_put_char(out, ']');
}

static fr_err print(fr_ctx *ctx, const fr_rows *rows, fr_buf *out)
{
    const fr_viewset_rt *rt = rows->viewset_ ? fr_viewset_get(rows->viewset_) : NULL;
    if (rt) {
        put_rows(&rt->serializer, rows, out);
        return fr_buf_check(out);
    }
    fr_serializer all;
    char error[256];
    fr_err err = fr_serializer_init(&all, rows->model, NULL, ctx->arena, error);
    if (err != FR_OK)
        return err == FR_ENOMEM ? err : fr_fail(ctx, FR_EINTERNAL, "%s", error);
    put_rows(&all, rows, out);
    return fr_buf_check(out);
}

fr_err fr_send_rows(fr_sock *sock, const fr_rows *rows)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_err err = print(sock->ctx, rows, &text);
    if (err == FR_OK)
        err = fr_send(sock, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return err;
}

fr_err fr_rows_json_(fr_ctx *ctx, const fr_rows *rows, fr_str *out)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_err err = print(ctx, rows, &text);
    fr_str copy = err == FR_OK ? fr_str_dup(ctx->arena, fr_buf_str(&text)) : (fr_str){0};
    fr_buf_deinit(&text);
    if (err == FR_OK && !copy.p)
        return FR_ENOMEM;
    if (err == FR_OK)
        *out = copy;
    return err;
}
