/* Rows as a JSON array, for consumers: the recipe's "query, serialize, send" in one call. */
#include <freshet/live.h>

#include "base/buf.h"
#include "rest/rows.h"

enum { ROW_BYTES = 128 };

static fr_err print(fr_ctx *ctx, const fr_rows *rows, fr_buf *out)
{
    const fr_plan *plan;
    fr_print how = {.ctx = ctx};
    FR_TRY(fr_rows_plan(ctx, rows, NULL, &plan));
    fr_buf_reserve(out, 2 + rows->count * ROW_BYTES); /* a guess: it grows */
    return fr_rows_put(ctx, plan, rows, &how, out);
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
