/*
 * What follows an answer: files are sent piece by piece as the client reads, and a client that asks without reading is
 * not asked further. The states after-answer, send-file and let-out.
 */
#include <stddef.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/http_int.h"

enum {
    FILE_PIECE_BYTES = 128 * 1024,
    HOPS_PAST_SEND =
        2, /* a task posted in a pass may run in it, before output leaves; one posted by it does not */
};

/* ---- waiting for output to leave ---- */

static void on_hop(fr_task *task);

/* Come back by a task, once what is queued now has been sent as far as the socket takes it. If output still waits then,
 * the socket is full, and on_drain will come. */
static void come_back(fr_exchange *exchange)
{
    fr_exchange_set_timer(exchange->conn,
                          fr_exchange_in_ms(exchange, exchange->of->limits.idle_ms));
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
    fr_exchange_drive_on(exchange);
}

static bool is_output_waiting(const fr_exchange *exchange)
{
    return exchange->is_posted || fr_conn_pending(exchange->conn) > FR_OUTPUT_BYTES;
}

/* A client that asks and does not read fills its own memory, not ours. */
static fr_progress let_out(fr_exchange *exchange, fr_input *in)
{
    (void)in;
    if (is_output_waiting(exchange))
        return FR_WAIT;
    return exchange->is_last ? fr_exchange_finish(exchange)
                             : fr_exchange_go(exchange, &FR_READ_HEAD);
}

/* ---- what follows an answer ---- */

static fr_progress after_answer(fr_exchange *exchange, fr_input *in)
{
    if (!exchange->conn)
        return FR_WAIT; /* gone, or handed over */
    if (!exchange->is_answered)
        return fr_exchange_cut(exchange, FR_ECANCELED);
    if (exchange->file >= 0) {
        fr_exchange_commit(exchange);
        return fr_exchange_go(exchange, &FR_SEND_FILE);
    }
    if (fr_conn_is_closing(exchange->conn))
        return FR_WAIT; /* the answer failed: what was asked behind it is not done */
    bool is_much = fr_conn_pending(exchange->conn) > FR_OUTPUT_BYTES;
    if (exchange->is_last && !is_much)
        return fr_exchange_finish(exchange);
    fr_exchange_reset(exchange);
    if (is_much || in->answered >= exchange->of->limits.pipeline) {
        come_back(exchange);
        return fr_exchange_go(exchange, &FR_LET_OUT);
    }
    return fr_exchange_go(exchange, &FR_READ_HEAD);
}

void fr_exchange_close_file(fr_exchange *exchange)
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
    return fr_answer_piece(exchange, piece, (size_t)got);
}

static fr_progress send_file(fr_exchange *exchange, fr_input *in)
{
    (void)in;
    if (is_output_waiting(exchange))
        return FR_WAIT;
    if (exchange->file_left == 0) {
        fr_exchange_close_file(exchange);
        return fr_exchange_go(exchange, &FR_AFTER_ANSWER);
    }
    fr_err err = queue_piece(exchange);
    if (err != FR_OK) {
        fr_exchange_close_file(exchange);
        return fr_exchange_cut(exchange, err);
    }
    come_back(exchange);
    return FR_WAIT;
}

const fr_step FR_AFTER_ANSWER = {"after-answer", after_answer},
              FR_SEND_FILE = {"send-file", send_file}, FR_LET_OUT = {"let-out", let_out};
