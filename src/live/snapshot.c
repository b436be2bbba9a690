/*
 * Snapshots: rows of a view, read in one read transaction whose place is known, printed as the REST
 * API prints them and framed once for all who wait.
 */
#include "live/live_int.h"

#include <string.h>

#include "base/alloc.h"

/* ---- frames ---- */

void fr_snapshot_clear(fr_snapshot *snapshot)
{
    fr_buf_deinit(&snapshot->text);
    fr_block_unref(snapshot->first);
    fr_block_unref(snapshot->reset);
    *snapshot = (fr_snapshot){0};
    fr_buf_init(&snapshot->text);
}

static fr_block *make_frame(const fr_snapshot *snapshot, uint32_t fingerprint, bool is_reset)
{
    char token[FR_TOKEN_TEXT];
    size_t n = fr_token_put(token, snapshot->place, fingerprint);
    fr_buf buf;
    fr_buf_init(&buf);
    fr_buf_reserve(&buf, snapshot->text.n + 128);
    fr_buf_lit(&buf, "{\"type\":\"snapshot\",\"at\":\"");
    fr_buf_put(&buf, (fr_str){token, n});
    fr_buf_put(&buf, is_reset ? FR_STR("\",\"reset\":true,") : FR_STR("\","));
    fr_buf_put(&buf, fr_buf_str(&snapshot->text));
    fr_block *block = fr_buf_check(&buf) == FR_OK ? fr_ws_frame(true, fr_buf_str(&buf)) : NULL;
    fr_buf_deinit(&buf);
    return block;
}

fr_block *fr_snapshot_frame(fr_snapshot *snapshot, uint32_t fingerprint, bool is_reset)
{
    fr_block **block = is_reset ? &snapshot->reset : &snapshot->first;
    if (!*block)
        *block = make_frame(snapshot, fingerprint, is_reset);
    return *block;
}

/* ---- reading ---- */

typedef struct printing {
    const fr_plan *plan;
    fr_buf text;
    uint32_t rows, rows_max;
    bool is_row, is_too_long;
} printing;

static void print_begin(void *arg)
{
    printing *p = arg;
    fr_buf_clear(&p->text);
    p->rows = 0;
    fr_buf_put(&p->text, p->is_row ? FR_STR("\"data\":") : FR_STR("\"results\":["));
}

static fr_err print_row(void *arg, const fr_value *values)
{
    printing *p = arg;
    if (p->rows == p->rows_max) {
        p->is_too_long = true;
        return FR_EINVAL;
    }
    if (p->rows++)
        fr_buf_put_char(&p->text, ',');
    fr_plan_put(p->plan, NULL, values, &p->text);
    return fr_buf_check(&p->text);
}

fr_err fr_snapshot_too_long(fr_ctx *ctx, const fr_live *live)
{
    return fr_fail(
        ctx, FR_EINVAL,
        "A live list shows at most %u rows, and this one has more: raise live.snapshot_rows "
        "(--snapshot-rows).",
        live->opts.snapshot_rows);
}

static fr_err read_rows(fr_ctx *ctx, const fr_topic *topic, printing *p, fr_snapshot *out)
{
    fr_reader_sink sink = {.begin = print_begin, .row = print_row, .arg = p};
    print_begin(p); /* for a missing row the read does not call begin */
    const fr_view_ask *ask = &topic->view->ask;
    fr_query query = fr_view_query(ask);
    query.limit = p->is_row ? 1 : p->rows_max + 1;
    fr_err err = fr_view_has_key(ask) ? fr_db_select_one(ctx, &query, ask->key, &sink, &out->place)
                                      : fr_db_select(ctx, &query, &sink, &out->place);
    if (err == FR_OK && p->is_row && !p->rows)
        err = FR_ENOTFOUND;
    if (p->is_too_long)
        return fr_snapshot_too_long(ctx, topic->worker->live);
    out->is_missing = p->is_row && err == FR_ENOTFOUND;
    if (out->is_missing)
        fr_buf_lit(&p->text, "null");
    else if (err != FR_OK)
        return err;
    fr_buf_put(&p->text, p->is_row ? FR_STR("}") : FR_STR("]}"));
    return fr_buf_check(&p->text);
}

fr_err fr_snapshot_read(fr_ctx *ctx, const fr_topic *topic, fr_snapshot *out)
{
    printing p = {.plan = topic->view->ask.source->rt->plan,
                  .rows_max = topic->worker->live->opts.snapshot_rows,
                  .is_row = topic->view->ask.kind == FR_VIEW_ROW};
    fr_buf_init(&p.text);
    fr_err err = read_rows(ctx, topic, &p, out);
    if (err == FR_OK)
        out->text = p.text;
    else
        fr_buf_deinit(&p.text);
    fr_live_add(&topic->worker->live->counters.snapshots, 1);
    return err;
}
