/*
 * What follows an answer: files are sent by the kernel as the client reads, and a client that asks without reading is
 * not asked further. The states after-answer, send-file and let-out.
 */
#include <stddef.h>
#include <unistd.h>

#include "http/http_int.h"

enum {
    FILE_TURN_BYTES = 512 * 1024, /* then others have their turn */
    HOPS_PAST_SEND =
        2, /* a task posted in a pass may run in it, before output leaves; one posted by it does not */
};

/* ---- waiting for output to leave ---- */

static void on_hop(fr_task *task);

/* A client that reads nothing is not waited for. */
static void watch_time(fr_exchange *exchange)
{
    fr_conn_set_deadline(exchange->conn, exchange->of->limits.send_ms);
    fr_exchange_watch_rate(exchange, UINT64_MAX);
}

/* Come back by a task, once what is queued now has been sent as far as the socket takes it. If output still waits then,
 * the socket is full, and on_drain will come. */
static void come_back(fr_exchange *exchange)
{
    watch_time(exchange);
    fr_comeback *comeback = &exchange->comeback;
    if (comeback->is_posted)
        return;
    *comeback = (fr_comeback){.task.run = on_hop, .hops = HOPS_PAST_SEND, .is_posted = true};
    fr_loop_post(exchange->of->loop, &comeback->task);
}

static void on_hop(fr_task *task)
{
    fr_exchange *exchange =
        (fr_exchange *)(void *)((char *)task - offsetof(fr_exchange, comeback.task));
    if (--exchange->comeback.hops) {
        fr_loop_post(exchange->of->loop, task);
        return;
    }
    exchange->comeback.is_posted = false;
    fr_exchange_drive_on(exchange);
}

static bool is_output_waiting(const fr_exchange *exchange)
{
    return exchange->comeback.is_posted || fr_conn_pending(exchange->conn) > FR_OUTPUT_BYTES;
}

/* A client that asks and does not read fills its own memory, not ours. */
static fr_progress let_out(fr_exchange *exchange, fr_inbound *in)
{
    (void)in;
    if (is_output_waiting(exchange))
        return FR_WAIT;
    return exchange->is_last ? fr_exchange_finish(exchange)
                             : fr_exchange_go(exchange, &FR_READ_HEAD);
}

/* ---- what follows an answer ---- */

static fr_progress after_answer(fr_exchange *exchange, fr_inbound *in)
{
    if (!exchange->conn)
        return FR_WAIT; /* gone, or handed over */
    if (!exchange->is_answered)
        return fr_exchange_cut(exchange, FR_ECANCELED);
    if (exchange->file_out.fd >= 0) {
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
    if (exchange->file_out.fd >= 0)
        close(exchange->file_out.fd);
    exchange->file_out.fd = -1;
}

void fr_file_out_init(fr_exchange *exchange)
{
    exchange->file_out.fd = -1;
}

void fr_file_out_begin(fr_exchange *exchange, int fd, const fr_file_part *parts, uint32_t count,
                       uint64_t bytes)
{
    exchange->file_out =
        (fr_file_out){.fd = fd, .parts = parts, .part_count = count, .left = bytes};
}

void fr_file_out_reset(fr_exchange *exchange)
{
    exchange->file_out.left = 0;
}

static void count_sent(fr_file_out *out, const fr_file_part *part, size_t sent)
{
    out->part_sent += sent;
    out->left -= sent;
    if (out->part_sent == part->n) {
        out->part++;
        out->part_sent = 0;
        out->is_part_begun = false;
    }
}

/* The head of a part is queued, and leaves with its bytes. */
static fr_err queue_part_head(fr_exchange *exchange, const fr_file_part *part)
{
    fr_file_out *out = &exchange->file_out;
    if (out->is_part_begun || !part->head.n)
        return FR_OK;
    out->is_part_begun = true;
    out->left -= part->head.n;
    return fr_answer_more(exchange, part->head);
}

/* As much as the socket takes, or a turn's worth: *is_blocked, on_drain will come. */
static fr_err send_parts(fr_exchange *exchange, bool *is_blocked)
{
    fr_file_out *out = &exchange->file_out;
    uint64_t budget = FILE_TURN_BYTES;
    bool is_short = false;
    while (out->part < out->part_count && budget && !is_short) {
        const fr_file_part *part = &out->parts[out->part];
        uint64_t left = part->n - out->part_sent, asked = left < budget ? left : budget;
        size_t sent = 0;
        FR_TRY(queue_part_head(exchange, part));
        if (asked)
            FR_TRY(fr_conn_send_file(exchange->conn, out->fd, part->at + out->part_sent,
                                     (size_t)asked, &sent));
        budget -= sent;
        is_short = sent < asked;
        count_sent(out, part, sent);
    }
    *is_blocked = fr_conn_is_blocked(exchange->conn);
    return FR_OK;
}

/* The length that was announced cannot be kept: the client must see that it did not get all. */
static fr_progress cut_file(fr_exchange *exchange, fr_err err)
{
    if (err != FR_ECANCELED)
        FR_WARN("http.file", FR_KV_S("path", exchange->req.path),
                FR_KV_C("error", fr_err_name(err)),
                FR_KV_U("missing_bytes", exchange->file_out.left));
    fr_exchange_close_file(exchange);
    return fr_exchange_cut(exchange, err);
}

static fr_progress send_file(fr_exchange *exchange, fr_inbound *in)
{
    (void)in;
    if (is_output_waiting(exchange))
        return FR_WAIT;
    bool is_blocked;
    fr_err err = send_parts(exchange, &is_blocked);
    if (err != FR_OK)
        return cut_file(exchange, err);
    if (exchange->file_out.part == exchange->file_out.part_count) {
        fr_exchange_close_file(exchange);
        return fr_exchange_go(exchange, &FR_AFTER_ANSWER);
    }
    if (is_blocked)
        watch_time(exchange);
    else
        come_back(exchange);
    return FR_WAIT;
}

const fr_step FR_AFTER_ANSWER = {"after-answer", after_answer},
              FR_SEND_FILE = {"send-file", send_file}, FR_LET_OUT = {"let-out", let_out};
