/*
 * Catching up: a view, a place, and now. What happened to the view's rows in between is read from the change log, folded by key, and
 * judged by the first old and the last new image, as the matcher judges one commit; so it takes whoever was exact at the place to
 * the state of now in one frame, and says nothing of what came and went.
 */
#include "live/live_int.h"

#include "base/str.h"

void fr_caught_clear(fr_caught *caught)
{
    fr_block_unref(caught->resumed);
    fr_block_unref(caught->changes);
    *caught = (fr_caught){0};
}

static void begin_frame(fr_buf *out, const char *type, fr_place place, uint32_t fingerprint)
{
    char token[FR_TOKEN_TEXT];
    size_t n = fr_token_put(token, place, fingerprint);
    fr_buf_printf(out, "{\"type\":\"%s\",\"at\":\"%.*s\"", type, (int)n, token);
}

static fr_block *end_frame(fr_buf *buf)
{
    fr_block *block = fr_buf_check(buf) == FR_OK ? fr_ws_frame(true, fr_buf_str(buf)) : NULL;
    fr_buf_deinit(buf);
    return block;
}

/* All that differs for the view. false: nothing. */
static bool put_changes(const fr_view *view, const fr_span_changes *span, fr_buf *out)
{
    bool has_any = false;
    fr_buf_lit(out, ",\"changes\":[");
    for (size_t i = 0; i < span->change_count; i++) {
        const fr_change *change = &span->changes[i];
        fr_op op;
        if (!fr_view_names(view, change->key) || !fr_view_judge(view, change, &op))
            continue;
        if (has_any)
            fr_buf_put_char(out, ',');
        fr_change_put_op(op, out);
        fr_change_put(view->ask.source->rt->plan, op, change, out);
        has_any = true;
    }
    fr_buf_lit(out, "]}");
    return has_any;
}

static fr_err make_frames(const fr_view *view, fr_place since, const fr_span_changes *span,
                          fr_caught *out)
{
    fr_buf changes, resumed;
    fr_buf_init(&changes);
    begin_frame(&changes, "changes", span->place, view->fingerprint);
    bool differs = put_changes(view, span, &changes);
    fr_err err = fr_buf_check(&changes);
    if (err == FR_OK && differs)
        out->changes = end_frame(&changes);
    else
        fr_buf_deinit(&changes);
    /* If nothing differs the client is exact at the later place, and its token younger. */
    fr_buf_init(&resumed);
    begin_frame(&resumed, "resumed", differs ? since : span->place, view->fingerprint);
    fr_buf_put_char(&resumed, '}');
    out->resumed = end_frame(&resumed);
    return err == FR_OK && out->resumed && (out->changes || !differs) ? FR_OK : FR_ENOMEM;
}

fr_err fr_catch_up(fr_ctx *ctx, const fr_view *view, fr_place since, fr_caught *out)
{
    fr_span_changes span;
    FR_TRY(fr_db_log_since(ctx, view->ask.source->rt->model, since, 0, &span));
    *out = (fr_caught){.is_known = span.is_known, .place = span.place};
    if (!span.is_known) {
        FR_DEBUG("live.reset", FR_KV_C("reason", span.reason));
        return FR_OK;
    }
    return make_frames(view, since, &span, out);
}
