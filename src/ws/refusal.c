/* See refusal.h. */
#include "ws/refusal.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/due.h"
#include "base/json.h"
#include "base/str.h"

uint16_t fr_refusal_code(int status)
{
    if (status == 503)
        return 1013;
    return status < 500 ? (uint16_t)(4000 + status) : 1011;
}

void fr_ws_send_error(fr_ws *ws, int status, fr_str detail)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_printf(&text, "{\"type\":\"error\",\"status\":%d,\"detail\":", status);
    fr_json_put_str(&text, detail);
    fr_buf_put_char(&text, '}');
    if (fr_buf_check(&text) == FR_OK)
        fr_ws_send(ws, true, fr_buf_str(&text));
    fr_buf_deinit(&text);
}

/* Lines are counted by why->detail, since clients can make up any number of why->of: the line shows one of those. */
static void tell(uint64_t now_ms, const fr_refusal *why)
{
    uint64_t times;
    if (fr_log_is_due("ws.refused", why->detail, now_ms, &times))
        FR_LOG_(why->status < 500 ? FR_LEVEL_INFO : FR_LEVEL_WARN, "ws.refused",
                FR_KV_S("of", why->of), FR_KV_I("status", why->status),
                FR_KV_S("detail", why->detail), FR_KV_U("times", times));
}

void fr_ws_end(fr_ws *ws, const fr_refusal *why)
{
    tell(fr_loop_now_ms(fr_ws_conn(ws)->loop), why);
    fr_ws_send_error(ws, why->status, why->detail);
    fr_ws_close(ws, fr_refusal_code(why->status), (fr_str){0});
}

/* ---- one that is only told ---- */

static void on_message(fr_ws *ws, bool is_text, fr_str data)
{
    (void)ws, (void)is_text, (void)data;
}

static void on_close(fr_ws *ws, uint16_t code)
{
    (void)ws, (void)code;
}

static void on_end(fr_ws *ws)
{
    fr_free(ws);
}

static const fr_ws_handler handler = {
    .on_message = on_message, .on_close = on_close, .on_end = on_end};

fr_err fr_ws_refuse(fr_req *req, const fr_refusal *why)
{
    enum { CLIENT_MESSAGE_BYTES = 16 << 10 }; /* skipped: as much as a live socket takes */
    fr_ws *ws = fr_zalloc(sizeof *ws);
    if (!ws)
        return FR_ENOMEM;
    fr_ws_opts opts = {.message_bytes = CLIENT_MESSAGE_BYTES};
    fr_err err = fr_ws_accept(req, &opts, &handler, ws);
    if (err == FR_OK)
        fr_ws_end(ws, why);
    else
        fr_free(ws);
    return err;
}
