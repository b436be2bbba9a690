/*
 * HTTP/1.1 on a connection: RFC 9110 and 9112. An idle connection is fr_http_idle with the server's fr_http as user: it
 * owns nothing. With its first byte it gets an exchange and becomes fr_http_busy until it is quiet again.
 *
 *      ┌──────────────────────────────────────────────────────────────┐
 *     read-head ──▶ read-body ──▶ answer ──▶ send-file ──▶ let-out ────┘
 *
 * Requests of one connection are taken one after the other, so answers are in order; all that came in one read are
 * taken in one call. A handler that suspends leaves the exchange waiting in `answer`; the bytes behind it wait in the
 * connection. What is refused by the protocol is answered once, and the connection ends.
 */
#include "http/http.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "http/http_int.h"
#include "net/fiber.h"
#include "net/wait.h"

enum {
    LAZY_MS =
        1000, /* a timer that is this much early is left where it is: one move a second, not a request */
    BYTES_A_SECOND = 512, /* the least rate of bodies, ours and theirs */
    FILE_PIECE_BYTES = 128 * 1024,
    HOPS_PAST_SEND =
        2, /* a task posted in a pass may run in it, before output leaves; one posted by it does not */
};

static fr_progress read_head(fr_exchange *exchange, fr_input *in);
static fr_progress read_body(fr_exchange *exchange, fr_input *in);
static fr_progress answer(fr_exchange *exchange, fr_input *in);
static fr_progress after_answer(fr_exchange *exchange, fr_input *in);
static fr_progress send_file(fr_exchange *exchange, fr_input *in);
static fr_progress let_out(fr_exchange *exchange, fr_input *in);

static const fr_step READ_HEAD = {"read-head", read_head}, READ_BODY = {"read-body", read_body},
                     ANSWER = {"answer", answer}, AFTER_ANSWER = {"after-answer", after_answer},
                     SEND_FILE = {"send-file", send_file}, LET_OUT = {"let-out", let_out};

static fr_progress go(fr_exchange *exchange, const fr_step *next)
{
    exchange->step = next;
    return FR_DONE;
}

/* ---- the connection and its exchange ---- */

/* In conn->user: which of the two is told by the protocol. */
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

/* Answers leave, then the connection ends. Nothing more is read. */
static fr_progress finish(fr_exchange *exchange)
{
    fr_conn *conn = exchange->conn;
    fr_exchange_commit(exchange);
    become_idle(exchange);
    fr_conn_finish(conn, 0);
    return FR_WAIT;
}

static fr_progress cut(fr_exchange *exchange, fr_err why)
{
    fr_conn *conn = exchange->conn;
    fr_exchange_commit(exchange);
    become_idle(exchange);
    fr_conn_close(conn, why);
    return FR_WAIT;
}

/* Refuse by the protocol: one answer, then the end. */
static fr_progress refuse(fr_exchange *exchange, int status, const char *why)
{
    fr_http_count(&exchange->of->counts.refused);
    FR_DEBUG("http.refused", FR_KV_I("status", status), FR_KV_C("why", why));
    fr_buf_clear(&exchange->reply_headers);
    exchange->is_last = true;
    fr_answer_detail(exchange, status, fr_str_c(why));
    return exchange->conn ? finish(exchange) : FR_WAIT;
}

/* Set the timer unless it is set to about then already. */
static void set_timer(fr_conn *conn, uint64_t at_ms)
{
    uint64_t armed = conn->deadline.at_ms;
    if (armed > at_ms || armed + LAZY_MS < at_ms)
        fr_conn_set_deadline(conn, at_ms);
}

static uint64_t in_ms(const fr_exchange *exchange, uint32_t ms)
{
    return fr_loop_now_ms(exchange->of->loop) + ms;
}

/* ---- read-head ---- */

/* Does the method demand a body, which HTTP/1.0 cannot end without a length? */
static bool misses_length(const fr_exchange *exchange)
{
    const fr_head *head = &exchange->head;
    fr_str method = exchange->req.method;
    return head->minor == 0 && !head->has_length &&
           (fr_str_eq(method, FR_STR("POST")) || fr_str_eq(method, FR_STR("PUT")) ||
            fr_str_eq(method, FR_STR("PATCH")));
}

static bool is_encoded(const fr_exchange *exchange)
{
    fr_str coding = fr_req_header(&exchange->req, FR_STR("content-encoding"));
    return coding.n && !fr_str_eq_nocase(coding, FR_STR("identity"));
}

/* A body follows: may it? */
static fr_progress begin_body(fr_exchange *exchange, const fr_input *in)
{
    const fr_head *head = &exchange->head;
    uint64_t limit = exchange->of->limits.body_bytes;
    if (head->has_length && head->length > limit)
        return refuse(exchange, 413, "The request is too large.");
    if (is_encoded(exchange)) /* a small body that inflates to a large one is not let in */
        return refuse(exchange, 415, "Compressed requests are not supported.");
    if (head->is_chunked)
        fr_body_init_chunked(&exchange->body, limit);
    else
        fr_body_init_length(&exchange->body, head->length);
    exchange->moved_seen = 0;
    exchange->is_timed = false;
    if (head->expects_100 && in->pos == in->n) {
        fr_exchange_commit(exchange);
        fr_conn_write(exchange->conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    }
    return go(exchange, &READ_BODY);
}

static fr_progress begin_request(fr_exchange *exchange, fr_input *in)
{
    const fr_head *head = &exchange->head;
    const char *why;
    int status = fr_request_make(exchange, in->bytes + in->pos, &why);
    in->pos += head->bytes;
    if (status)
        return refuse(exchange, status, why);
    exchange->began_ms = fr_loop_now_ms(exchange->of->loop);
    fr_http_count(&exchange->of->counts.requests);
    if (misses_length(exchange))
        return refuse(exchange, 411, "A Content-Length is needed.");
    return head->is_chunked || head->length ? begin_body(exchange, in) : go(exchange, &ANSWER);
}

static fr_progress read_head(fr_exchange *exchange, fr_input *in)
{
    fr_head *head = &exchange->head;
    if (in->pos == in->n)
        return FR_MORE;
    const fr_http_limits *limits = &exchange->of->limits;
    fr_head_result result = fr_head_parse(
        head, &(fr_head_limits){limits->line_bytes, limits->head_bytes, limits->headers},
        in->bytes + in->pos, in->n - in->pos);
    if (result == FR_HEAD_DONE)
        return begin_request(exchange, in);
    if (result == FR_HEAD_REFUSED) {
        exchange->req.is_head = false;
        return refuse(exchange, head->refusal, head->why);
    }
    if (!exchange->is_timed) { /* from its first byte on, however slowly the others come */
        exchange->is_timed = true;
        fr_conn_set_deadline(exchange->conn, in_ms(exchange, exchange->of->limits.head_ms));
    }
    return FR_MORE;
}

/* ---- read-body ---- */

static fr_progress read_body(fr_exchange *exchange, fr_input *in)
{
    size_t used;
    fr_body *body = &exchange->body;
    fr_body_result result =
        fr_body_read(body, in->bytes + in->pos, in->n - in->pos, &used, &exchange->body_in);
    in->pos += used;
    if (result == FR_BODY_REFUSED)
        return refuse(exchange, body->refusal, body->why);
    if (result == FR_BODY_DONE) {
        if (exchange->body_in.n)
            exchange->req.body = fr_buf_str(&exchange->body_in);
        return go(exchange, &ANSWER);
    }
    if (!exchange->is_timed) {
        exchange->is_timed = true;
        fr_conn_set_deadline(exchange->conn, in_ms(exchange, exchange->of->limits.body_ms));
    }
    return FR_MORE;
}

/* ---- answer ---- */

static fr_err not_found(fr_req *req, void *arg)
{
    (void)arg;
    return fr_answer_detail(fr_exchange_of(req), 404, FR_STR("Not found."));
}

static fr_err redirect(fr_req *req, void *arg)
{
    (void)arg;
    return fr_redirect_to_slash(fr_exchange_of(req));
}

static fr_err answer_asterisk(fr_req *req, void *arg)
{
    (void)arg;
    return fr_reply_bytes(req, 200, FR_STR(""), FR_STR(""));
}

static const fr_http_target NOT_FOUND = {.handle = not_found, .is_quick = true},
                            REDIRECT = {.handle = redirect, .is_quick = true},
                            ASTERISK = {.handle = answer_asterisk, .is_quick = true};

static bool leads_somewhere_with_slash(fr_exchange *exchange)
{
    fr_str path = exchange->req.path;
    if (!exchange->http->append_slash || !exchange->head.path.n || fr_str_ends(path, FR_STR("/")))
        return false;
    fr_str with = fr_arena_printf(exchange->arena, "%.*s/", FR_FMT(path));
    return with.p && fr_router_match(exchange->http->router, with, &exchange->match);
}

static const fr_http_target *find_target(fr_exchange *exchange)
{
    const fr_http *http = exchange->http;
    exchange->match.arg_count = 0;
    exchange->match.rest = (fr_str){0};
    if (exchange->head.is_upgrade && http->upgrade) {
        exchange->hook = (fr_http_target){.handle = http->upgrade, .arg = http->upgrade_arg};
        exchange->is_last =
            true; /* unless it is handed over: what follows may be meant for the other protocol */
        return &exchange->hook;
    }
    if (exchange->head.is_asterisk)
        return &ASTERISK;
    if (!http->router)
        return &NOT_FOUND;
    if (fr_router_match(http->router, exchange->req.path, &exchange->match)) {
        exchange->req.args = exchange->match.args;
        exchange->req.arg_count = exchange->match.arg_count;
        return exchange->match.data;
    }
    return leads_somewhere_with_slash(exchange) ? &REDIRECT : &NOT_FOUND;
}

static void log_request(const fr_exchange *exchange)
{
    FR_DEBUG("http.request", FR_KV_S("method", exchange->req.method),
             FR_KV_S("path", exchange->req.path),
             FR_KV_I("status", exchange->is_answered ? exchange->status : 0),
             FR_KV_MS("ms", fr_loop_now_ms(exchange->of->loop) - exchange->began_ms));
}

/* The handler, and what is answered if it did not. */
static void run_handler(fr_exchange *exchange)
{
    fr_err err = exchange->target->handle(&exchange->req, exchange->target->arg);
    if (!exchange->is_answered && err != FR_ECANCELED)
        fr_answer_error(exchange, err);
    if (exchange->is_logged)
        log_request(exchange);
}

static void drive_on(fr_exchange *exchange);

static void run_on_fiber(void *arg)
{
    fr_exchange *exchange = arg;
    exchange->ctx.fiber = fr_fiber_current();
    run_handler(exchange);
    exchange->ctx.fiber = NULL;
    exchange->is_running = false;
    exchange->of->running--;
    if (!exchange->is_driving) /* it suspended: nobody waits for its return */
        drive_on(exchange);
}

static fr_progress answer(fr_exchange *exchange, fr_input *in)
{
    in->answered++;
    exchange->is_batched = in->pos < in->n;
    exchange->target = find_target(exchange);
    exchange->step = &AFTER_ANSWER;
    if (exchange->target->is_quick) {
        run_handler(exchange);
        return FR_DONE;
    }
    exchange->is_running = true;
    exchange->of->running++;
    fr_err err = fr_fiber_start(exchange->of->loop, run_on_fiber, exchange);
    if (err != FR_OK) {
        exchange->is_running = false;
        exchange->of->running--;
        fr_answer_error(exchange, err);
    }
    if (!exchange->is_running)
        return FR_DONE;
    fr_exchange_commit(exchange); /* the answers before it need not wait for it */
    exchange->is_batched = false;
    return FR_WAIT;
}

/* ---- waiting for output to leave ---- */

static void on_hop(fr_task *task);

/* Come back by a task, once what is queued now has been sent as far as the socket takes it. If output still waits then,
 * the socket is full, and on_drain will come. */
static void come_back(fr_exchange *exchange)
{
    set_timer(exchange->conn, in_ms(exchange, exchange->of->limits.idle_ms));
    exchange->moved_seen = UINT64_MAX;
    if (exchange->is_posted)
        return;
    exchange->is_posted = true;
    exchange->hops = HOPS_PAST_SEND;
    exchange->task.run = on_hop;
    fr_loop_post(exchange->of->loop, &exchange->task);
}

static void on_hop(fr_task *task)
{
    fr_exchange *exchange = (fr_exchange *)(void *)((char *)task - offsetof(fr_exchange, task));
    if (--exchange->hops) {
        fr_loop_post(exchange->of->loop, task);
        return;
    }
    exchange->is_posted = false;
    drive_on(exchange);
}

static bool is_output_waiting(const fr_exchange *exchange)
{
    return exchange->is_posted || fr_conn_pending(exchange->conn) > FR_OUTPUT_BYTES;
}

/* A client that asks and does not read fills its own memory, not ours. */
static fr_progress let_out(fr_exchange *exchange, fr_input *in)
{
    (void)in;
    return is_output_waiting(exchange) ? FR_WAIT : go(exchange, &READ_HEAD);
}

/* ---- what follows an answer ---- */

static fr_progress after_answer(fr_exchange *exchange, fr_input *in)
{
    if (!exchange->conn)
        return FR_WAIT; /* gone, or handed over */
    if (!exchange->is_answered)
        return cut(exchange, FR_ECANCELED);
    if (exchange->file >= 0) {
        fr_exchange_commit(exchange);
        return go(exchange, &SEND_FILE);
    }
    if (exchange->is_last)
        return finish(exchange);
    fr_exchange_reset(exchange);
    if (in->answered >= exchange->of->limits.pipeline ||
        fr_conn_pending(exchange->conn) > FR_OUTPUT_BYTES) {
        come_back(exchange);
        return go(exchange, &LET_OUT);
    }
    return go(exchange, &READ_HEAD);
}

static void close_file(fr_exchange *exchange)
{
    if (exchange->file >= 0)
        close(exchange->file);
    exchange->file = -1;
}

/* One more piece of the file into the output. */
static fr_err queue_piece(fr_exchange *exchange)
{
    size_t n =
        exchange->file_left < FILE_PIECE_BYTES ? (size_t)exchange->file_left : FILE_PIECE_BYTES;
    char *piece = fr_malloc(n);
    if (!piece)
        return FR_ENOMEM;
    ssize_t got = read(exchange->file, piece, n);
    if (got <= 0) { /* it has shrunk: the length that was announced cannot be kept */
        fr_free(piece);
        return FR_EIO;
    }
    exchange->file_left -= (size_t)got;
    return fr_conn_write_take(exchange->conn, piece, (size_t)got);
}

static fr_progress send_file(fr_exchange *exchange, fr_input *in)
{
    (void)in;
    if (is_output_waiting(exchange))
        return FR_WAIT;
    if (exchange->file_left == 0) {
        close_file(exchange);
        return go(exchange, &AFTER_ANSWER);
    }
    fr_err err = queue_piece(exchange);
    if (err != FR_OK) {
        close_file(exchange);
        return cut(exchange, err);
    }
    come_back(exchange);
    return FR_WAIT;
}

/* ---- running the states ---- */

static void drive(fr_exchange *exchange, fr_input *in)
{
    bool is_traced = fr_log_on(FR_LEVEL_TRACE);
    exchange->is_logged = fr_log_on(FR_LEVEL_DEBUG);
    exchange->is_driving = true;
    fr_progress progress;
    do {
        if (is_traced)
            FR_LOG_(FR_LEVEL_TRACE, "http.step", FR_KV_C("step", exchange->step->name));
        progress = exchange->step->run(exchange, in);
    } while (progress == FR_DONE);
    fr_exchange_commit(exchange);
    exchange->is_driving = false;
}

/* A request is over, or none has begun: what now? */
static void look_for_next(fr_exchange *exchange, const fr_input *in)
{
    fr_conn *conn = exchange->conn;
    bool is_ending = exchange->is_eof || fr_loop_is_draining(exchange->of->loop);
    if (!in->bytes && conn->carry) { /* what came meanwhile is delivered again */
        fr_conn_pause_read(conn);
        fr_conn_resume_read(conn);
    } else if (in->pos < in->n) {
        if (exchange->is_eof)
            finish(exchange);
    } else if (is_ending) {
        finish(exchange);
    } else {
        set_timer(conn, in_ms(exchange, exchange->of->limits.idle_ms));
        become_idle(exchange);
    }
}

/* After the states have run: give the exchange back if nothing holds it. */
static void settle(fr_exchange *exchange, const fr_input *in)
{
    if (exchange->is_running || exchange->is_driving)
        return;
    if (exchange->conn && exchange->step == &READ_HEAD)
        look_for_next(exchange, in);
    if (exchange->conn || exchange->is_posted)
        return;
    close_file(exchange);
    fr_exchange_give_back(exchange);
}

/* Go on without new bytes. */
static void drive_on(fr_exchange *exchange)
{
    fr_input none = {0};
    if (exchange->conn)
        drive(exchange, &none);
    settle(exchange, &none);
}

/* ---- what the connection tells ---- */

static size_t take_bytes(fr_exchange *exchange, fr_conn *conn, uint8_t *bytes, size_t n)
{
    fr_input in = {.bytes = bytes, .n = n};
    if (!exchange->is_running)
        drive(exchange, &in);
    if (exchange->conn && exchange->step != &READ_HEAD && n - in.pos >= FR_HELD_BYTES)
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

static size_t on_idle_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    fr_exchange *exchange = become_busy(conn, &READ_HEAD);
    if (exchange)
        return take_bytes(exchange, conn, bytes, n);
    static const char NO_MEMORY[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    fr_conn_write(conn, NO_MEMORY, sizeof NO_MEMORY - 1);
    fr_conn_finish(conn, 0);
    return n;
}

static void on_busy_drain(fr_conn *conn)
{
    fr_exchange *exchange = exchange_of_conn(conn);
    if (!exchange->is_running)
        drive_on(exchange);
}

/* The client sends no more. It may still read, so a handler that answers all the same is heard; but most often it has
 * gone, so one that waits is told. */
static void on_busy_eof(fr_conn *conn)
{
    fr_exchange *exchange = exchange_of_conn(conn);
    exchange->is_eof = true;
    if (exchange->is_running)
        fr_ctx_cancel(&exchange->ctx); /* the exchange may be gone now */
    else if (exchange->step == &READ_HEAD || exchange->step == &READ_BODY) {
        finish(exchange);
        settle(exchange, &(fr_input){0});
    }
}

static void on_idle_eof(fr_conn *conn)
{
    fr_conn_finish(conn, 0);
}

/* ---- timers ---- */

static void time_out(fr_exchange *exchange)
{
    fr_http_count(&exchange->of->counts.timeouts);
    close_file(exchange);
    if (exchange->step == &READ_HEAD || exchange->step == &READ_BODY)
        refuse(exchange, 408, "The request took too long.");
    else
        cut(exchange, FR_ETIMEOUT);
    settle(exchange, &(fr_input){0});
}

/* How many bytes have come or gone since the last look. */
static uint64_t bytes_moved(fr_exchange *exchange)
{
    uint64_t before = exchange->moved_seen;
    if (exchange->step == &READ_BODY)
        return (exchange->moved_seen = exchange->body_in.n) - before;
    uint64_t left = fr_conn_pending(exchange->conn) + exchange->file_left;
    exchange->moved_seen = left;
    return before > left ? before - left : 0;
}

static void on_busy_deadline(fr_conn *conn)
{
    fr_exchange *exchange = exchange_of_conn(conn);
    const fr_http_limits *limits = &exchange->of->limits;
    uint32_t ms = exchange->step == &READ_BODY ? limits->body_ms : limits->idle_ms;
    bool may_go_on =
        exchange->is_running || (exchange->step != &READ_HEAD &&
                                 bytes_moved(exchange) >= (uint64_t)ms * BYTES_A_SECOND / 1000);
    if (may_go_on)
        fr_conn_set_deadline(conn, in_ms(exchange, ms));
    else
        time_out(exchange);
}

/* Nothing was asked for a while: the end, unless the last answer is still on its way to a slow reader. */
static void on_idle_deadline(fr_conn *conn)
{
    fr_exchange *exchange = fr_conn_pending(conn) ? become_busy(conn, &LET_OUT) : NULL;
    if (!exchange) {
        fr_conn_close(conn, FR_ETIMEOUT);
        return;
    }
    exchange->moved_seen = fr_conn_pending(conn);
    fr_conn_set_deadline(conn, in_ms(exchange, exchange->of->limits.idle_ms));
}

/* ---- the end ---- */

/* The next answer of a busy connection says "close": see response.c. */
static void on_busy_shutdown(fr_conn *conn)
{
    (void)conn;
}

static void on_idle_shutdown(fr_conn *conn)
{
    fr_conn_finish(conn, 0);
}

static void on_busy_close(fr_conn *conn, fr_err why)
{
    (void)why;
    fr_exchange *exchange = exchange_of_conn(conn);
    exchange->conn = NULL;
    if (exchange->is_running)
        fr_ctx_cancel(&exchange->ctx); /* the exchange may be gone now */
    else
        settle(exchange, &(fr_input){0});
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
    fr_http_loop *of = fr_http_loop_get(conn->loop);
    if (!of)
        return FR_ENOMEM;
    const fr_http_limits *limits = fr_http_limits_get(of, http);
    fr_conn_set_proto(conn, &fr_http_idle, http);
    fr_conn_set_deadline(conn, fr_loop_now_ms(conn->loop) + limits->head_ms);
    return FR_OK;
}
