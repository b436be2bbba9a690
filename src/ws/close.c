/*
 * The end of a WebSocket (RFC 6455 5.5.1, 7). Three ways:
 *
 *   the peer closes    its close frame → ours with the same code → the handler is told → TCP's end
 *   we close           our close frame, everything that comes is skipped → its close frame → told → TCP's end
 *   the peer errs      our close frame with the reason's code → told → TCP's end
 *
 * The server ends TCP first, after what is queued has left. A lost connection is told as 1006.
 */
#include "ws/ws_int.h"

#include <string.h>

#include "net/limit.h"

/* Codes that may stand in a close frame: RFC 6455 7.4.1 and the registry of RFC 6455 11.7. */
static bool may_be_sent(uint16_t code)
{
    if (code >= 3000)
        return code <= 4999;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

/* The longest start of the reason that fits and ends with a whole character; nothing if it is no text. */
static fr_str fit_reason(fr_str reason)
{
    if (!fr_utf8_valid(reason))
        return (fr_str){0};
    if (reason.n <= FR_WS_CONTROL_BYTES - 2)
        return reason;
    size_t n = FR_WS_CONTROL_BYTES - 2;
    while (n && ((uint8_t)reason.p[n] & 0xc0) == 0x80)
        n--;
    return (fr_str){reason.p, n};
}

/* code 1005: the frame has none. What of the queue has not begun to leave gives way if there is no room. */
static fr_err put_close(fr_ws *ws, uint16_t code, fr_str reason)
{
    char payload[FR_WS_CONTROL_BYTES];
    fr_str text = fit_reason(reason);
    payload[0] = (char)(code >> 8);
    payload[1] = (char)code;
    if (text.n)
        memcpy(payload + 2, text.p, text.n);
    fr_str all = {payload, code == 1005 ? 0 : 2 + text.n};
    fr_err err = fr_ws_put_(ws, FR_WS_CLOSE, all);
    if (err == FR_ETOOBIG) {
        fr_conn_drop_pending(ws->conn);
        err = fr_ws_put_(ws, FR_WS_CLOSE, all);
    }
    return err;
}

void fr_ws_tell_close_(fr_ws *ws, uint16_t code)
{
    if (ws->is_told)
        return;
    ws->is_told = true;
    ws->code = code;
    fr_ws_handler_(ws)->on_close(ws, code);
}

/* Both sides are done: end TCP once our close frame has left. */
static void finish(fr_ws *ws, uint16_t code)
{
    fr_ws_in_free_(ws);
    ws->state = FR_WS_OVER;
    fr_conn *conn = ws->conn;
    fr_ws_tell_close_(ws, code);
    fr_conn_finish(conn, 0);
}

void fr_ws_fail_(fr_ws *ws, uint16_t code, const char *why)
{
    FR_DEBUG("ws.fail", FR_KV_U("code", code), FR_KV_C("why", why));
    if (code == 1009) /* 1008 has several limits: counted where they are */
        fr_limit_hit(ws->conn->loop, FR_LIMIT_WS_SIZE, why);
    else if (code == 1002 || code == 1007)
        fr_limit_hit(ws->conn->loop, FR_LIMIT_WS_PROTOCOL, why);
    if (ws->state == FR_WS_OPEN)
        (void)put_close(ws, code, fr_str_c(why)); /* the connection ends in any case */
    finish(ws, code);
}

void fr_ws_on_close_frame_(fr_ws *ws, fr_str payload)
{
    uint16_t code = 1005;
    if (payload.n == 1) {
        fr_ws_fail_(ws, 1002, "half a close code");
        return;
    }
    if (payload.n) {
        code = (uint16_t)((uint8_t)payload.p[0] << 8 | (uint8_t)payload.p[1]);
        if (!may_be_sent(code)) {
            fr_ws_fail_(ws, 1002, "not a close code");
            return;
        }
        if (!fr_utf8_valid(fr_str_from(payload, 2))) {
            fr_ws_fail_(ws, 1007, "close reason is not UTF-8");
            return;
        }
    }
    if (ws->state == FR_WS_OPEN)
        (void)put_close(ws, code, (fr_str){0});
    finish(ws, code);
}

void fr_ws_close(fr_ws *ws, uint16_t code, fr_str reason)
{
    if (ws->state != FR_WS_OPEN)
        return;
    if (put_close(ws, may_be_sent(code) ? code : 1011, reason)) {
        fr_conn_close(ws->conn, FR_EIO);
        return;
    }
    ws->state = FR_WS_CLOSING;
    if (ws->in) {
        ws->in->is_skipped = true;
        fr_free(ws->in->bytes);
        ws->in->bytes = NULL;
        ws->in->n = ws->in->cap = 0;
    }
    fr_conn_set_deadline(ws->conn, ws->opts->close_ms);
    fr_ws_resume(ws);
    fr_ws_unchoke_(ws);
}
