/*
 * Answers whose length is not known before they end: in chunks (RFC 9112 7.1), to HTTP/1.0 clients until the connection
 * ends. The handler is held back while the client does not read, so a stream costs its client FR_OUTPUT_BYTES and one
 * piece, however long it is.
 *
 * A stream may be compressed. What its handler has written is then flushed out of the coder at the end of the pass, which
 * is when it would leave uncompressed: a client never waits longer for it.
 */
#include <freshet/http.h>

#include <stddef.h>
#include <stdio.h>

#include "base/str.h"
#include "http/compress.h"
#include "http/http_int.h"
#include "http/status.h"

enum { PIECE_BYTES = 64 * 1024, CODED_PIECE_BYTES = 16 * 1024 };

static fr_exchange *stream_of(const fr_req *req)
{
    fr_exchange *exchange = fr_exchange_of(req);
    return exchange && exchange->streaming.kind != FR_STREAM_NONE ? exchange : NULL;
}

static fr_err is_there(const fr_exchange *exchange)
{
    return exchange->conn && !fr_conn_is_closing(exchange->conn) ? FR_OK : FR_ECANCELED;
}

/* ---- waiting for the client ---- */

static bool withdraw(fr_wait *wait)
{
    (void)
        wait; /* on_drain looks at exchange->streaming.room_wait, which is cleared before anything else runs */
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
        exchange->streaming.room_wait = &wait;
        fr_exchange_watch_rate(exchange, UINT64_MAX);
        fr_err err = fr_wait_until_canceled(&wait, withdraw);
        exchange->streaming.room_wait = NULL;
        FR_TRY(err);
    }
    return is_there(exchange);
}

void fr_stream_on_drain(fr_exchange *exchange)
{
    fr_wait *wait = exchange->streaming.room_wait;
    exchange->streaming.room_wait = NULL;
    if (wait)
        fr_wait_done(wait, FR_OK);
}

/* ---- pieces ---- */

/* One chunk. The line end behind a chunk's data goes out with the head of the next. */
static fr_err put_piece(fr_exchange *exchange, fr_str piece)
{
    char head[32];
    int n = 0;
    if (exchange->streaming.kind == FR_STREAM_CHUNKED)
        n = snprintf(head, sizeof head, "%s%zx\r\n", exchange->streaming.has_chunk ? "\r\n" : "",
                     piece.n);
    exchange->streaming.has_chunk = true;
    exchange->body_bytes += piece.n;
    return fr_conn_write2(exchange->conn, (fr_str){head, (size_t)n}, piece);
}

/* ---- compressed streams ---- */

/* Into the coder, and what has come out of it into the output. Half a coded answer is worth nothing: the connection
 * ends when it fails. */
static fr_err put_coded(fr_exchange *exchange, fr_str piece, int flush)
{
    fr_gzip *gzip = exchange->streaming.gzip;
    fr_err err = fr_gzip_put(gzip, piece, flush);
    if (err == FR_OK && (gzip->out.n >= CODED_PIECE_BYTES || (gzip->out.n && flush))) {
        err = put_piece(exchange, fr_buf_str(&gzip->out));
        fr_buf_clear(&gzip->out);
    }
    if (err != FR_OK)
        fr_conn_close(exchange->conn, err);
    return err;
}

static void forget_flush(fr_exchange *exchange)
{
    fr_coded *coded = &exchange->of->coded;
    for (uint32_t i = 0; i < coded->count; i++)
        if (coded->to_flush[i] == exchange) {
            coded->to_flush[i] = coded->to_flush[--coded->count];
            return;
        }
}

/* There is room for all: each has a context lent, and those are bounded. */
static void flush_later(fr_exchange *exchange)
{
    fr_coded *coded = &exchange->of->coded;
    for (uint32_t i = 0; i < coded->count; i++)
        if (coded->to_flush[i] == exchange)
            return;
    coded->to_flush[coded->count++] = exchange;
    fr_loop_at_pass_end(exchange->of->loop, &coded->flush);
}

static void flush_all(fr_pass_hook *hook)
{
    fr_coded *coded = (fr_coded *)(void *)((char *)hook - offsetof(fr_coded, flush));
    while (coded->count) {
        fr_exchange *exchange = coded->to_flush[--coded->count];
        if (is_there(exchange) == FR_OK)
            put_coded(exchange, FR_STR(""), Z_SYNC_FLUSH);
    }
}

void fr_coded_init(fr_http_loop *of)
{
    of->coded.flush.run = flush_all;
}

static void give_coder_back(fr_exchange *exchange)
{
    if (!exchange->streaming.gzip)
        return;
    forget_flush(exchange);
    fr_gzip_give_back(&exchange->of->gzips, exchange->streaming.gzip);
    exchange->streaming.gzip = NULL;
}

/* A long stream lets others have their turn. */
static fr_err write_coded(fr_exchange *exchange, fr_str piece)
{
    FR_TRY(put_coded(exchange, piece, Z_NO_FLUSH));
    flush_later(exchange);
    exchange->streaming.since_turn += piece.n;
    if (exchange->streaming.since_turn < FR_COMPRESS_TURN_BYTES)
        return FR_OK;
    exchange->streaming.since_turn = 0;
    return fr_wait_turn(&exchange->ctx);
}

/* ---- the calls ---- */

static fr_err start(fr_exchange *exchange, int status, fr_str content_type)
{
    bool is_chunked = exchange->head.minor > 0;
    if (!is_chunked)
        exchange->is_last = true;
    fr_gzip *gzip = fr_compress_stream(exchange, status, content_type);
    fr_err err = fr_answer_head(exchange, status, content_type, is_chunked);
    if (gzip && (err != FR_OK || exchange->req.is_head)) {
        fr_gzip_give_back(&exchange->of->gzips, gzip);
        gzip = NULL;
    }
    if (err != FR_OK && !exchange->is_answered) /* the error has none of these headers */
        fr_buf_clear(fr_reply_lines_more(exchange));
    FR_TRY(err);
    exchange->streaming.gzip = gzip;
    exchange->streaming.since_turn = 0;
    exchange->streaming.kind = exchange->req.is_head ? FR_STREAM_UNSEEN
                               : is_chunked          ? FR_STREAM_CHUNKED
                                                     : FR_STREAM_PLAIN;
    exchange->streaming.has_chunk = false;
    return FR_OK;
}

fr_err fr_reply_start(fr_req *req, int status, fr_str content_type)
{
    fr_exchange *exchange = fr_exchange_of(req);
    if (exchange && exchange->is_answered)
        return fr_exchange_is_late(exchange, "a second answer");
    if (!exchange || !exchange->ctx.fiber || fr_status_is_bodyless(status))
        return FR_EINTERNAL;
    return start(exchange, status, content_type);
}

fr_err fr_reply_write(fr_req *req, fr_str bytes)
{
    fr_exchange *exchange = stream_of(req);
    if (!exchange)
        return FR_EINTERNAL;
    if (exchange->streaming.kind == FR_STREAM_UNSEEN)
        return FR_OK;
    while (bytes.n) {
        FR_TRY(is_there(exchange));
        fr_str piece = fr_str_sub(bytes, 0, PIECE_BYTES);
        FR_TRY(exchange->streaming.gzip ? write_coded(exchange, piece)
                                        : put_piece(exchange, piece));
        FR_TRY(wait_for_room(exchange));
        bytes = fr_str_from(bytes, piece.n);
    }
    return FR_OK;
}

fr_err fr_reply_end(fr_req *req)
{
    fr_exchange *exchange = stream_of(req);
    if (!exchange)
        return FR_EINTERNAL;
    bool is_chunked = exchange->streaming.kind == FR_STREAM_CHUNKED;
    fr_err err = is_there(exchange);
    if (err == FR_OK && exchange->streaming.gzip)
        err = put_coded(exchange, FR_STR(""), Z_FINISH);
    exchange->streaming.kind = FR_STREAM_NONE;
    give_coder_back(exchange);
    FR_TRY(err);
    if (!is_chunked)
        return FR_OK;
    fr_str end = exchange->streaming.has_chunk ? FR_STR("\r\n0\r\n\r\n") : FR_STR("0\r\n\r\n");
    return fr_conn_write(exchange->conn, end.p, end.n);
}

void fr_stream_settle(fr_exchange *exchange, fr_err err)
{
    if (exchange->streaming.kind == FR_STREAM_NONE)
        return;
    if (err == FR_OK) {
        fr_reply_end(&exchange->req);
        return;
    }
    exchange->streaming.kind = FR_STREAM_NONE;
    give_coder_back(exchange);
    if (is_there(exchange) != FR_OK)
        return;
    FR_WARN("http.stream", FR_KV_S("path", exchange->req.path), FR_KV_C("error", fr_err_name(err)),
            FR_KV_S("detail", exchange->ctx.detail));
    fr_conn_close(exchange->conn, err);
}
