/*
 * HTTP/1.1 on a connection: RFC 9110 and 9112. An idle connection is fr_http_idle with the server's fr_http as user: it
 * owns nothing. With its first byte it gets an exchange and becomes fr_http_busy until it is quiet again.
 *
 *      ┌──────────────────────────────────────────────┬─────────────┐
 *     read-head ──▶ read-body ──▶ answer ──▶ after-answer ──▶ let-out
 *                                              │    ▲
 *                                              └▶ send-file
 *
 * Requests of one connection are taken one after the other, so answers are in order; those that came in one read are
 * taken in one call, up to limits.pipeline. A handler that suspends leaves the exchange at after-answer, which runs when
 * the handler has returned; the bytes behind the request wait in the connection. What is refused by the protocol is
 * answered once, and the connection ends.
 */
#include "http/http.h"

#include <string.h>

#include "http/http_int.h"
#include "net/limit.h"
#include "net/wait.h"

enum {
    LINGER_MS = 2000, /* for the client to end the connection after it has read the last answer */
};

/* ---- the connection and its exchange ---- */

/* What is queued has the time that a slow reader needs for it, at the least rate; at most FR_OUTPUT_BYTES are. */
static void finish_conn(fr_conn *conn, const fr_http_limits *limits)
{
    fr_conn_finish(conn, (uint32_t)(LINGER_MS + fr_conn_pending(conn) * 1000 / limits->rate));
}

/* conn->user of a busy connection; of an idle one it is the fr_http. */
static fr_exchange *exchange_of_conn(fr_conn *conn)
{
    return conn->user;
}

fr_conn *fr_exchange_detach(fr_exchange *exchange, const fr_proto *proto, void *user)
{
    fr_conn *conn = exchange->conn;
    exchange->conn = NULL;
    fr_conn_set_proto(conn, proto, user);
    return conn;
}

/* The connection has no further request for now. */
static void become_idle(fr_exchange *exchange)
{
    fr_exchange_detach(exchange, &fr_http_idle, exchange->http);
}

fr_progress fr_exchange_finish(fr_exchange *exchange)
{
    fr_conn *conn = exchange->conn;
    fr_exchange_commit(exchange);
    become_idle(exchange);
    finish_conn(conn, &exchange->of->limits);
    return FR_WAIT;
}

fr_progress fr_exchange_cut(fr_exchange *exchange, fr_err why)
{
    fr_conn *conn = exchange->conn;
    fr_exchange_commit(exchange);
    become_idle(exchange);
    fr_conn_close(conn, why);
    return FR_WAIT;
}

static fr_limit limit_of(int status)
{
    switch (status) {
    case 413: return FR_LIMIT_BODY_SIZE;
    case 414:
    case 431: return FR_LIMIT_HEADER_SIZE;
    default: return FR_LIMIT_BAD_REQUEST;
    }
}

/* The headers of the answer are set already. */
static fr_progress refuse(fr_exchange *exchange, int status, const char *why)
{
    fr_http_count(&exchange->of->counts.refused);
    if (status != 408)
        fr_limit_hit_by(exchange->conn, limit_of(status));
    FR_DEBUG("http.refused", FR_KV_I("status", status), FR_KV_C("why", why));
    exchange->is_last = true;
    fr_answer_detail(exchange, status, fr_str_c(why));
    return exchange->conn ? fr_exchange_finish(exchange) : FR_WAIT;
}

fr_progress fr_exchange_refuse(fr_exchange *exchange, int status, const char *why)
{
    fr_buf_clear(fr_reply_lines_more(exchange));
    return refuse(exchange, status, why);
}

fr_progress fr_exchange_refuse_coding(fr_exchange *exchange)
{
    fr_buf_clear(fr_reply_lines_more(exchange));
    (void)fr_reply_header(&exchange->req, FR_STR("Accept-Encoding"), FR_STR("identity"));
    return refuse(exchange, 415, "Compressed requests are not supported.");
}

/* ---- running the states ---- */

static void drive(fr_exchange *exchange, fr_inbound *in)
{
    bool is_traced = fr_log_on(FR_LEVEL_TRACE);
    exchange->driving.is_driving = true;
    fr_progress progress;
    do {
        if (is_traced)
            FR_LOG_(FR_LEVEL_TRACE, "http.step", FR_KV_C("step", exchange->step->name));
        progress = exchange->step->run(exchange, in);
    } while (progress == FR_DONE);
    fr_exchange_commit(exchange);
    exchange->driving.is_driving = false;
}

/* A request is over, or none has begun: what now? */
static void look_for_next(fr_exchange *exchange, const fr_inbound *in)
{
    fr_conn *conn = exchange->conn;
    bool is_ending = exchange->is_eof || fr_loop_is_draining(exchange->of->loop);
    if (!in->bytes && conn->carry) { /* what came meanwhile is delivered again */
        fr_conn_pause_read(conn);
        fr_conn_resume_read(conn);
    } else if (in->pos < in->n) {
        if (exchange->is_eof)
            fr_exchange_finish(exchange);
    } else if (is_ending) {
        fr_exchange_finish(exchange);
    } else {
        fr_conn_set_deadline(conn, exchange->of->limits.idle_ms);
        become_idle(exchange);
    }
}

/* After the states have run: give the exchange back if nothing holds it. */
static void settle(fr_exchange *exchange, const fr_inbound *in)
{
    if (exchange->is_running || exchange->driving.is_driving)
        return;
    if (exchange->conn && exchange->step == &FR_READ_HEAD)
        look_for_next(exchange, in);
    if (exchange->conn || fr_exchange_comes_back(exchange))
        return;
    fr_exchange_close_file(exchange);
    fr_exchange_give_back(exchange);
}

void fr_exchange_drive_on(fr_exchange *exchange)
{
    fr_inbound none = {0};
    if (exchange->conn)
        drive(exchange, &none);
    settle(exchange, &none);
}

void fr_exchange_on_return(fr_exchange *exchange)
{
    if (!exchange->driving.is_driving) /* the handler has suspended, so drive() is over */
        fr_exchange_drive_on(exchange);
}

/* ---- what the connection tells ---- */

static size_t take_bytes(fr_exchange *exchange, fr_conn *conn, uint8_t *bytes, size_t n)
{
    fr_inbound in = {.bytes = bytes, .n = n};
    if (!exchange->is_running)
        drive(exchange, &in);
    if (exchange->conn && exchange->step != &FR_READ_HEAD && n - in.pos >= FR_HELD_BYTES)
        fr_conn_pause_read(conn);
    settle(exchange, &in);
    return in.pos;
}

static size_t on_busy_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    return take_bytes(exchange_of_conn(conn), conn, bytes, n);
}

static fr_exchange *become_busy(fr_conn *conn, const fr_step *step)
{
    fr_exchange *exchange = fr_exchange_take(conn->user, conn);
    if (!exchange)
        return NULL;
    exchange->step = step;
    fr_conn_set_proto(conn, &fr_http_busy, exchange);
    return exchange;
}

fr_str fr_http_refusal(void)
{
    return FR_STR("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 10\r\n"
                  "Connection: close\r\n\r\n");
}

static size_t on_idle_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    fr_exchange *exchange = become_busy(conn, &FR_READ_HEAD);
    if (exchange)
        return take_bytes(exchange, conn, bytes, n);
    fr_str refusal = fr_http_refusal();
    fr_limit_hit_by(conn, FR_LIMIT_MEMORY);
    fr_conn_write(conn, refusal.p, refusal.n);
    fr_conn_finish(conn, 0);
    return n;
}

static void on_busy_drain(fr_conn *conn)
{
    fr_exchange *exchange = exchange_of_conn(conn);
    if (exchange->is_running)
        fr_stream_on_drain(exchange);
    else
        fr_exchange_drive_on(exchange);
}

/* The client sends no more. It may still read, so a handler that answers all the same is heard; but most often it has
 * gone, so one that waits is told. */
static void on_busy_eof(fr_conn *conn)
{
    fr_exchange *exchange = exchange_of_conn(conn);
    exchange->is_eof = true;
    if (exchange->is_running)
        fr_ctx_cancel(&exchange->ctx); /* the handler is ready to run, and goes on in this pass */
    else if (exchange->step == &FR_READ_HEAD || exchange->step == &FR_READ_BODY) {
        fr_exchange_finish(exchange);
        settle(exchange, &(fr_inbound){0});
    }
}

/* Also of an idle connection, which has no exchange. */
static const fr_http_limits *limits_of(const fr_conn *conn)
{
    return fr_http_limits_get(fr_http_loop_get(conn->loop), conn->user);
}

static void on_idle_eof(fr_conn *conn)
{
    finish_conn(conn, limits_of(conn));
}

/* ---- timers ---- */

static void time_out(fr_exchange *exchange)
{
    fr_limit limit = exchange->step == &FR_READ_HEAD   ? FR_LIMIT_HEADER_TIME
                     : exchange->step == &FR_READ_BODY ? FR_LIMIT_BODY_TIME
                                                       : FR_LIMIT_SEND_TIME;
    fr_http_count(&exchange->of->counts.timeouts);
    fr_limit_hit_by(exchange->conn, limit);
    fr_exchange_close_file(exchange);
    if (exchange->step == &FR_READ_HEAD || exchange->step == &FR_READ_BODY)
        fr_exchange_refuse(exchange, 408, "The request took too long.");
    else
        fr_exchange_cut(exchange, FR_ETIMEOUT);
    if (exchange->is_running) /* a stream whose client does not read */
        fr_ctx_cancel(&exchange->ctx);
    settle(exchange, &(fr_inbound){0});
}

/* How many bytes have come or gone since the last look. */
static uint64_t bytes_moved(fr_exchange *exchange)
{
    uint64_t before = exchange->driving.moved_seen;
    if (exchange->step == &FR_READ_BODY)
        return (exchange->driving.moved_seen = fr_incoming_taken(exchange)) - before;
    uint64_t left = fr_conn_pending(exchange->conn) + fr_file_out_left(exchange);
    exchange->driving.moved_seen = left;
    return before > left ? before - left : 0;
}

static void on_busy_deadline(fr_conn *conn)
{
    fr_exchange *exchange = exchange_of_conn(conn);
    const fr_http_limits *limits = &exchange->of->limits;
    uint32_t ms = exchange->step == &FR_READ_BODY ? limits->body_ms : limits->send_ms;
    bool may_go_on = exchange->is_running && !fr_stream_waits(exchange);
    if (!may_go_on && exchange->step != &FR_READ_HEAD)
        may_go_on = bytes_moved(exchange) >= (uint64_t)ms * limits->rate / 1000;
    if (may_go_on)
        fr_conn_set_deadline(conn, ms);
    else
        time_out(exchange);
}

/* Nothing was asked for a while: the end, unless the last answer is still on its way to a slow reader. */
static void on_idle_deadline(fr_conn *conn)
{
    fr_exchange *exchange = fr_conn_pending(conn) ? become_busy(conn, &FR_LET_OUT) : NULL;
    if (!exchange) {
        fr_conn_close(conn, FR_ETIMEOUT);
        return;
    }
    exchange->driving.moved_seen = fr_conn_pending(conn);
    fr_conn_set_deadline(conn, exchange->of->limits.send_ms);
}

/* ---- the end ---- */

/* The next answer of a busy connection says "close": see response.c. */
static void on_busy_shutdown(fr_conn *conn)
{
    (void)conn;
}

static void on_idle_shutdown(fr_conn *conn)
{
    finish_conn(conn, limits_of(conn));
}

static void on_busy_close(fr_conn *conn, fr_err why)
{
    (void)why;
    fr_exchange *exchange = exchange_of_conn(conn);
    exchange->conn = NULL;
    if (exchange->is_running)
        fr_ctx_cancel(&exchange->ctx); /* the handler is ready to run, and goes on in this pass */
    else
        settle(exchange, &(fr_inbound){0});
}

static void on_idle_close(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
}

const fr_proto fr_http_idle = {
    .name = "http-idle",
    .on_data = on_idle_data,
    .on_eof = on_idle_eof,
    .on_deadline = on_idle_deadline,
    .on_shutdown = on_idle_shutdown,
    .on_close = on_idle_close,
};
const fr_proto fr_http_busy = {
    .name = "http",
    .on_data = on_busy_data,
    .on_drain = on_busy_drain,
    .on_eof = on_busy_eof,
    .on_deadline = on_busy_deadline,
    .on_shutdown = on_busy_shutdown,
    .on_close = on_busy_close,
};

fr_err fr_http_accept(fr_conn *conn, void *http)
{
    const fr_http_limits *limits = fr_http_limits_get(fr_http_loop_get(conn->loop), http);
    fr_conn_set_proto(conn, &fr_http_idle, http);
    fr_conn_set_deadline(conn, limits->head_ms);
    return FR_OK;
}
