/*
 * Answers whose length is not known before they end: in chunks (RFC 9112 7.1), to HTTP/1.0 clients until the connection
 * ends. The handler is held back while the client does not read, so a stream costs its client FR_OUTPUT_BYTES and one
 * piece, however long it is.
 */
#include <freshet/http.h>

#include <stdio.h>

#include "base/str.h"
#include "http/http_int.h"
#include "http/status.h"

enum { PIECE_BYTES = 64 * 1024 };

static fr_exchange *stream_of(const fr_req *req)
{
    fr_exchange *exchange = fr_exchange_of(req);
    return exchange && exchange->stream != FR_STREAM_NONE ? exchange : NULL;
}

static fr_err is_there(const fr_exchange *exchange)
{
    return exchange->conn && !fr_conn_is_closing(exchange->conn) ? FR_OK : FR_ECANCELED;
}

/* ---- waiting for the client ---- */

static bool withdraw(fr_wait *wait)
{
    (void)
        wait; /* on_drain looks at exchange->room_wait, which is cleared before anything else runs */
    return true;
}

/* Until at most FR_OUTPUT_BYTES wait for the client. */
static fr_err wait_for_room(fr_exchange *exchange)
{
    while (is_there(exchange) == FR_OK && fr_conn_pending(exchange->conn) > FR_OUTPUT_BYTES) {
        fr_conn_flush(exchange->conn);
        if (!fr_conn_is_blocked(exchange->conn))
            continue;
        fr_wait wait;
        fr_wait_init(&wait, &exchange->ctx);
        exchange->room_wait = &wait;
        exchange->moved_seen = UINT64_MAX;
        fr_err err = fr_wait_until_canceled(&wait, withdraw);
        exchange->room_wait = NULL;
        FR_TRY(err);
    }
    return is_there(exchange);
}

void fr_stream_on_drain(fr_exchange *exchange)
{
    fr_wait *wait = exchange->room_wait;
    exchange->room_wait = NULL;
    if (wait)
        fr_wait_done(wait, FR_OK);
}

/* ---- the calls ---- */

fr_err fr_reply_start(fr_req *req, int status, fr_str content_type)
{
    fr_exchange *exchange = fr_exchange_of(req);
    if (!exchange || !exchange->ctx.fiber || fr_status_is_bodyless(status))
        return FR_EINTERNAL;
    bool is_chunked = exchange->head.minor > 0;
    if (!is_chunked)
        exchange->is_last = true;
    FR_TRY(fr_answer_head(exchange, status, content_type, is_chunked));
    exchange->stream = req->is_head ? FR_STREAM_UNSEEN
                       : is_chunked ? FR_STREAM_CHUNKED
                                    : FR_STREAM_PLAIN;
    exchange->has_chunk = false;
    return FR_OK;
}

/* One chunk. The line end behind a chunk's data goes out with the head of the next. */
static fr_err write_piece(fr_exchange *exchange, fr_str piece)
{
    char head[32];
    int n = 0;
    if (exchange->stream == FR_STREAM_CHUNKED)
        n = snprintf(head, sizeof head, "%s%zx\r\n", exchange->has_chunk ? "\r\n" : "", piece.n);
    exchange->has_chunk = true;
    FR_TRY(fr_conn_write2(exchange->conn, (fr_str){head, (size_t)n}, piece));
    return wait_for_room(exchange);
}

fr_err fr_reply_write(fr_req *req, fr_str bytes)
{
    fr_exchange *exchange = stream_of(req);
    if (!exchange)
        return FR_EINTERNAL;
    if (exchange->stream == FR_STREAM_UNSEEN)
        return FR_OK;
    while (bytes.n) {
        FR_TRY(is_there(exchange));
        fr_str piece = fr_str_sub(bytes, 0, PIECE_BYTES);
        FR_TRY(write_piece(exchange, piece));
        bytes = fr_str_from(bytes, piece.n);
    }
    return FR_OK;
}

fr_err fr_reply_end(fr_req *req)
{
    fr_exchange *exchange = stream_of(req);
    if (!exchange)
        return FR_EINTERNAL;
    bool is_chunked = exchange->stream == FR_STREAM_CHUNKED;
    exchange->stream = FR_STREAM_NONE;
    FR_TRY(is_there(exchange));
    if (!is_chunked)
        return FR_OK;
    fr_str end = exchange->has_chunk ? FR_STR("\r\n0\r\n\r\n") : FR_STR("0\r\n\r\n");
    return fr_conn_write(exchange->conn, end.p, end.n);
}

void fr_stream_settle(fr_exchange *exchange, fr_err err)
{
    if (exchange->stream == FR_STREAM_NONE)
        return;
    if (err == FR_OK) {
        fr_reply_end(&exchange->req);
        return;
    }
    exchange->stream = FR_STREAM_NONE;
    if (is_there(exchange) != FR_OK)
        return;
    FR_WARN("http.stream", FR_KV_S("path", exchange->req.path), FR_KV_C("error", fr_err_name(err)),
            FR_KV_S("detail", exchange->ctx.detail));
    fr_conn_close(exchange->conn, err);
}
