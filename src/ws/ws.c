/* The socket itself: what the connection calls, sending, pausing, and what a loop keeps for its sockets. */
#include "ws/ws.h"

#include "ws/batch.h"
#include "ws/takeover.h"
#include "ws/ws_int.h"

static bool has_takeover(const fr_ws *ws)
{
    return ws->opts->terms.has_our_takeover || ws->opts->terms.has_their_takeover;
}

static fr_deflate *deflate_of(const fr_ws *ws)
{
    return &fr_ws_loop_get_(ws->conn->loop)->deflate;
}

/* ---- the connection's calls ---- */

static size_t on_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    fr_ws *ws = conn->user;
    ws->heard_ms = (uint32_t)fr_loop_now_ms(conn->loop);
    ws->is_pinged = false;
    return fr_ws_read_(ws, bytes, n);
}

static void on_drain(fr_conn *conn)
{
    fr_ws *ws = conn->user;
    fr_ws_unchoke_(ws);
    if (ws->state == FR_WS_OPEN && fr_ws_handler_(ws)->on_drain)
        fr_ws_handler_(ws)->on_drain(ws);
}

static void on_shutdown(fr_conn *conn)
{
    fr_ws *ws = conn->user;
    if (ws->state != FR_WS_OPEN)
        return; /* the socket ends already */
    if (fr_ws_handler_(ws)->on_shutdown)
        fr_ws_handler_(ws)->on_shutdown(ws);
    else
        fr_ws_close(ws, 1001, (fr_str){0});
}

static void on_close(fr_conn *conn, fr_err why)
{
    fr_ws *ws = conn->user;
    FR_DEBUG("ws.end", FR_KV_C("why", fr_err_name(why)));
    ws->state = FR_WS_OVER;
    fr_ws_tell_close_(ws, 1006);
    fr_ws_in_free_(ws);
    if (has_takeover(ws))
        fr_takeover_close_(deflate_of(ws), ws);
    fr_ws_handler_(ws)->on_end(ws);
}

const fr_proto fr_ws_proto_ = {
    .name = "websocket",
    .on_data = on_data,
    .on_drain = on_drain,
    .on_deadline = fr_ws_on_deadline_,
    .on_shutdown = on_shutdown,
    .on_close = on_close,
};

/* ---- sending ---- */

fr_err fr_ws_put_(fr_ws *ws, uint8_t opcode, fr_str payload)
{
    char head[FR_WS_HEAD_BYTES];
    fr_str start = {head, fr_ws_head_write_(head, opcode, payload.n)};
    fr_err err = fr_conn_write2(ws->conn, start, payload);
    if (err != FR_ETOOBIG)
        return err;
    fr_conn_flush(ws->conn); /* much in one pass is not yet a peer that does not read */
    return fr_conn_write2(ws->conn, start, payload);
}

fr_err fr_ws_put_block_(fr_ws *ws, fr_block *block, size_t start, bool is_counted)
{
    fr_err err = fr_conn_write_block(ws->conn, block, start, is_counted);
    if (err != FR_ETOOBIG)
        return err;
    fr_conn_flush(ws->conn); /* as above */
    return fr_conn_write_block(ws->conn, block, start, is_counted);
}

/* Apart, so that what is sent as it is has a short way. */
static __attribute__((noinline)) fr_err send_deflated(fr_ws *ws, uint8_t opcode, fr_str data)
{
    fr_str packed;
    if (!fr_deflate_(ws, data, &packed))
        return fr_ws_put_(ws, opcode, data);
    fr_err err = fr_ws_put_(ws, opcode | FR_WS_DEFLATED, packed);
    if (err && has_takeover(ws))
        fr_takeover_forget_(deflate_of(ws), ws); /* the peer has not got this one */
    return err;
}

fr_err fr_ws_send(fr_ws *ws, bool is_text, fr_str data)
{
    uint8_t opcode = is_text ? FR_WS_TEXT : FR_WS_BINARY;
    if (ws->state != FR_WS_OPEN)
        return FR_ECANCELED;
    if (ws->opts->terms.our_bits && data.n >= ws->opts->deflate.from_bytes)
        return send_deflated(ws, opcode, data);
    return fr_ws_put_(ws, opcode, data);
}

void fr_ws_drop_pending(fr_ws *ws)
{
    fr_conn_drop_pending(ws->conn);
    if (has_takeover(ws))
        fr_takeover_forget_(deflate_of(ws), ws);
}

/* ---- the rest of the interface ---- */

fr_conn *fr_ws_conn(const fr_ws *ws)
{
    return ws->conn;
}

bool fr_ws_is_open(const fr_ws *ws)
{
    return ws->state == FR_WS_OPEN;
}

void fr_ws_pause(fr_ws *ws)
{
    if (ws->state != FR_WS_OPEN || ws->is_paused)
        return;
    ws->is_paused = true;
    fr_conn_pause_read(ws->conn);
}

void fr_ws_resume(fr_ws *ws)
{
    if (!ws->is_paused)
        return;
    ws->is_paused = false;
    if (!ws->is_choked)
        fr_conn_resume_read(ws->conn);
}

/* ---- what a loop keeps ---- */

static void free_loop(void *value)
{
    fr_ws_loop *all = value;
    for (fr_ws_kind *kind = all->kinds, *next; kind; kind = next) {
        next = kind->next;
        fr_free(kind);
    }
    fr_deflate_deinit_(&all->deflate);
    fr_batches_free_(all);
    fr_free(all);
}

fr_err fr_ws_start(fr_loop *loop)
{
    fr_ws_loop *all = fr_zalloc(sizeof *all);
    if (!all)
        return FR_ENOMEM;
    all->loop = loop;
    all->flush.run = fr_fan_flush_some_;
    fr_deflate_init_(&all->deflate, loop);
    fr_loop_slot_set(loop, FR_SLOT_WS, all, free_loop);
    return FR_OK;
}
