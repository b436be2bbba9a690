/* Rows as a JSON array, for consumers: the recipe's "query, serialize, send" in one call. */
#include <freshet/live.h>

#include "base/buf.h"
#include "rest/rows.h"

enum { ROW_BYTES = 128 };

/* of_sock: what may be seen by whom it is for. */
static fr_err print(fr_ctx *ctx, const fr_rows *rows, bool of_sock, fr_buf *out)
{
    fr_rows seen = *rows;
    const fr_plan *plan;
    fr_print how = {.ctx = ctx};
    if (of_sock)
        FR_TRY(fr_rows_seen(ctx, NULL, rows, &seen));
    FR_TRY(fr_rows_plan(ctx, &seen, NULL, &plan));
    fr_buf_reserve(out, 2 + seen.count * ROW_BYTES); /* a guess: it grows */
    return fr_rows_put(ctx, plan, &seen, &how, out);
}

fr_err fr_send_rows(fr_sock *sock, const fr_rows *rows)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_err err = print(sock->ctx, rows, true, &text);
    if (err == FR_OK)
        err = fr_send(sock, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return err;
}

fr_err fr_rows_json_(fr_ctx *ctx, const fr_rows *rows, fr_str *out)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_err err = print(ctx, rows, false, &text);
    fr_str copy = err == FR_OK ? fr_str_dup(ctx->arena, fr_buf_str(&text)) : (fr_str){0};
    fr_buf_deinit(&text);
    if (err == FR_OK && !copy.p)
        return FR_ENOMEM;
    if (err == FR_OK)
        *out = copy;
    return err;
}
