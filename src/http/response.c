/*
 * Answers: one head, one body, written into the connection's output in one unit when they are small.
 *
 * An answer is ours, not the peer's flood: it is queued whole even if it is longer than the connection's output bound.
 * What bounds a client that does not read is that no further request of it is begun (outflow.c).
 */
#include <freshet/http.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digits.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "http/compress.h"
#include "http/http_int.h"
#include "http/status.h"

enum {
    HEAD_BYTES = 256, /* of a head without its content type and the handler's headers */
    BODY_BYTES_MAX = INT32_MAX,
    BATCH_BYTES = 4000, /* the smallest piece of output that net has: 29 small answers */
};

/* ---- the head ---- */

const char *fr_date_line(fr_http_loop *of)
{
    uint64_t now_ms = fr_loop_now_ms(of->loop);
    if (now_ms >= of->dateline.until_ms) {
        fr_time now = fr_time_now();
        char text[FR_TIME_TEXT];
        size_t n = fr_time_http(now, text);
        memcpy(of->dateline.line, "Date: ", 6);
        memcpy(of->dateline.line + 6, text, n);
        memcpy(of->dateline.line + 6 + n, "\r\n", 2);
        of->dateline.until_ms = now_ms + 1000 - (uint64_t)(now / 1000 % 1000);
    }
    return of->dateline.line;
}

static char *put(char *p, fr_str s)
{
    if (s.n)
        memcpy(p, s.p, s.n);
    return p + s.n;
}
#define PUT_LITERAL(p, literal) put((p), FR_STR(literal))

static char *put_status(char *p, int status)
{
    fr_str line = fr_status_line(status);
    if (line.n)
        return put(p, line);
    p = PUT_LITERAL(p, "HTTP/1.1 ");
    p += fr_digits_u64(p, (uint64_t)status);
    p = PUT_LITERAL(p, " ");
    p = put(p, fr_status_reason(status));
    return PUT_LITERAL(p, "\r\n");
}

enum { IN_CHUNKS = -1, UNTIL_THE_END = -2 };

static char *put_framing(char *p, int64_t length)
{
    if (length == IN_CHUNKS)
        return PUT_LITERAL(p, "Transfer-Encoding: chunked\r\n");
    if (length == UNTIL_THE_END)
        return p;
    p = PUT_LITERAL(p, "Content-Length: ");
    p += fr_digits_u64(p, (uint64_t)length);
    return PUT_LITERAL(p, "\r\n");
}

/* At most head_room() bytes. length: of the body, IN_CHUNKS or UNTIL_THE_END. */
static char *put_head(fr_exchange *exchange, char *p, int status, fr_str content_type,
                      int64_t length)
{
    p = put_status(p, status);
    content_type = fr_reply_type(exchange, content_type);
    if (content_type.n) {
        p = PUT_LITERAL(p, "Content-Type: ");
        p = put(p, content_type);
        p = PUT_LITERAL(p, "\r\n");
    }
    p = put(p, fr_reply_lines(exchange));
    if (status != 304) /* also 204: clients of Django see "Content-Length: 0" there */
        p = put_framing(p, length);
    if (!fr_reply_has_date(exchange))
        p = put(p, (fr_str){fr_date_line(exchange->of), FR_DATE_LINE_BYTES});
    if (exchange->is_last)
        p = PUT_LITERAL(p, "Connection: close\r\n");
    else if (exchange->head.is_keep_alive)
        p = PUT_LITERAL(p, "Connection: keep-alive\r\n");
    return PUT_LITERAL(p, "\r\n");
}

static size_t head_room(const fr_exchange *exchange, fr_str content_type)
{
    return HEAD_BYTES + fr_reply_type(exchange, content_type).n + fr_reply_lines(exchange).n;
}

/* ---- sending ---- */

void fr_output_reset(fr_exchange *exchange)
{
    fr_exchange_buf_reset(&exchange->output.body);
    exchange->output.hold = NULL;
    exchange->output.hold_lines = 0;
}

void fr_output_deinit(fr_exchange *exchange)
{
    fr_buf_deinit(&exchange->output.body);
}

/* From here on the request counts as answered, whatever becomes of the answer. */
static fr_err begin(fr_exchange *exchange, int status)
{
    if (exchange && exchange->is_answered)
        return fr_exchange_is_late(exchange, "a second answer");
    if (!exchange || status < 200 || status > 599)
        return FR_EINTERNAL;
    if (exchange->req.ctx->txn)
        return fr_fail(&exchange->req, FR_EINTERNAL,
                       "Within a transaction a handler answers by a whole text.");
    fr_reply_headers_close(exchange);
    exchange->is_answered = true;
    exchange->status = (uint16_t)status;
    fr_http_count(&exchange->of->counts.answers[status / 100]);
    exchange->is_last |= exchange->head.is_close || fr_loop_is_draining(exchange->of->loop);
    return exchange->conn ? FR_OK : FR_ECANCELED;
}

/* The bound is lifted only when it is met: nearly never. */
static uint32_t lift_bound(fr_conn *conn)
{
    uint32_t bound = conn->out_bound;
    fr_conn_set_bound(conn, UINT32_MAX);
    return bound;
}

static char *reserve(fr_conn *conn, size_t n)
{
    char *p = fr_conn_reserve(conn, n);
    if (p || fr_conn_is_closing(conn))
        return p;
    uint32_t bound = lift_bound(conn);
    p = fr_conn_reserve(conn, n);
    fr_conn_set_bound(conn, bound);
    return p;
}

void fr_exchange_commit(fr_exchange *exchange)
{
    if (exchange->output.room && exchange->conn)
        fr_conn_commit(exchange->conn, (size_t)(exchange->output.at - exchange->output.room));
    exchange->output.room = NULL;
}

/* Room for one answer. While further requests wait in the same call, it is cut from one reservation for them all. */
static char *open_room(fr_exchange *exchange, size_t n)
{
    if (exchange->output.room && (size_t)(exchange->output.end - exchange->output.at) >= n)
        return exchange->output.at;
    fr_exchange_commit(exchange);
    size_t size = exchange->output.is_batched && n < BATCH_BYTES ? BATCH_BYTES : n;
    char *p = reserve(exchange->conn, size);
    exchange->output.room = exchange->output.at = p;
    exchange->output.end = p ? p + size : NULL;
    return p;
}

/* The answer ends at p. */
static void close_room(fr_exchange *exchange, char *p)
{
    exchange->output.at = p;
    if (!exchange->output.is_batched)
        fr_exchange_commit(exchange);
}

/* Half an answer must not stay: the connection ends. */
static fr_err fail(fr_exchange *exchange, fr_err err)
{
    exchange->output.room = NULL;
    if (!exchange->conn || fr_conn_is_closing(exchange->conn))
        return FR_ECANCELED;
    fr_conn_close(exchange->conn, err);
    return err;
}

/* shown: what of the body is sent; nothing for HEAD. */
static fr_err send_small(fr_exchange *exchange, int status, fr_str content_type, fr_str body,
                         fr_str shown)
{
    char *p = open_room(exchange, head_room(exchange, content_type) + shown.n);
    if (!p)
        return fail(exchange, FR_ENOMEM);
    p = put_head(exchange, p, status, content_type, (int64_t)body.n);
    close_room(exchange, put(p, shown));
    exchange->body_bytes = shown.n;
    return FR_OK;
}

/* is_taken: body.p is from fr_malloc, and given away. */
static fr_err send_large(fr_exchange *exchange, int status, fr_str content_type, fr_str body,
                         bool is_taken)
{
    fr_conn *conn = exchange->conn;
    fr_exchange_commit(exchange);
    exchange->body_bytes = body.n;
    char *head = fr_arena_alloc(exchange->arena, head_room(exchange, content_type));
    fr_err err = FR_ENOMEM;
    uint32_t bound = lift_bound(conn);
    if (head) {
        fr_str text = {
            head, (size_t)(put_head(exchange, head, status, content_type, (int64_t)body.n) - head)};
        err = is_taken ? fr_conn_write(conn, text.p, text.n) : fr_conn_write2(conn, text, body);
    }
    if (err == FR_OK && is_taken)
        err = fr_conn_write_take(conn, (char *)(uintptr_t)body.p, body.n);
    else if (is_taken)
        fr_free((char *)(uintptr_t)body.p);
    if (!fr_conn_is_closing(conn))
        fr_conn_set_bound(conn, bound);
    return err == FR_OK ? FR_OK : fail(exchange, err);
}

static bool is_small(const fr_exchange *exchange, fr_str content_type, size_t body_bytes)
{
    return head_room(exchange, content_type) + body_bytes <= FR_CONN_RESERVE_BYTES;
}

/* The body in a coding that the client takes, sent from gzip->out. */
static fr_err send_coded(fr_exchange *exchange, int status, fr_str content_type, fr_gzip *gzip)
{
    fr_str body = fr_buf_str(&gzip->out), shown = exchange->req.is_head ? FR_STR("") : body;
    if (is_small(exchange, content_type, shown.n))
        return send_small(exchange, status, content_type, body, shown);
    fr_buf_init(&gzip->out);
    return send_large(exchange, status, content_type, body, true);
}

static fr_err reply_coded(fr_exchange *exchange, int status, fr_str content_type, fr_gzip *gzip)
{
    fr_err err = begin(exchange, status);
    if (err == FR_OK)
        err = send_coded(exchange, status, content_type, gzip);
    fr_gzip_give_back(&exchange->of->gzips, gzip);
    return err;
}

void fr_reply_hold(fr_req *req, fr_reply_holder *hold, void *arg)
{
    fr_exchange *exchange = fr_exchange_of(req);
    if (!exchange)
        return;
    fr_output *output = &exchange->output;
    if (!output->hold_lines)
        output->hold_lines = fr_reply_lines(exchange).n + 1;
    else if (hold)
        fr_reply_lines_cut(exchange, output->hold_lines - 1);
    output->hold = hold;
    output->hold_arg = arg;
    output->is_held = false;
}

static fr_err hold(fr_exchange *exchange, int status, fr_str content_type, fr_str body)
{
    if (exchange->is_answered || exchange->output.is_held)
        return fr_exchange_is_late(exchange, "a second answer");
    if (status < 200 || status > 599)
        return FR_EINTERNAL;
    exchange->output.is_held = true;
    return exchange->output.hold(exchange->output.hold_arg, status,
                                 fr_reply_type(exchange, content_type), body);
}

static fr_err reply(fr_req *req, int status, fr_str content_type, fr_str body)
{
    fr_exchange *exchange = fr_exchange_of(req);
    if (exchange && exchange->output.hold)
        return hold(exchange, status, content_type, body);
    if (body.n >= FR_COMPRESS_LEAST_BYTES) {
        fr_gzip *gzip;
        FR_TRY(fr_compress_whole(exchange, status, content_type, body, &gzip));
        if (gzip)
            return reply_coded(exchange, status, content_type, gzip);
    }
    FR_TRY(begin(exchange, status));
    if (fr_status_is_bodyless(status))
        body = FR_STR("");
    if (status == 304)
        fr_compress_validator(exchange);
    fr_str shown = req->is_head ? FR_STR("") : body;
    if (is_small(exchange, content_type, shown.n))
        return send_small(exchange, status, content_type, body, shown);
    return send_large(exchange, status, content_type, body, false);
}

static bool is_sendable(fr_str content_type, size_t body_bytes)
{
    return fr_is_field_value(content_type) && content_type.n <= FR_REPLY_HEADER_BYTES &&
           body_bytes <= BODY_BYTES_MAX;
}

fr_err fr_reply_bytes(fr_req *req, int status, fr_str content_type, fr_str body)
{
    return is_sendable(content_type, body.n) ? reply(req, status, content_type, body)
                                             : FR_EINTERNAL;
}

fr_err fr_reply_json(fr_req *req, int status, fr_str json)
{
    return json.n <= BODY_BYTES_MAX ? reply(req, status, FR_STR("application/json"), json)
                                    : FR_EINTERNAL;
}

fr_err fr_reply_text(fr_req *req, int status, fr_str text)
{
    return fr_reply_bytes(req, status, FR_STR("text/plain; charset=utf-8"), text);
}

fr_buf *fr_reply_body(fr_req *req)
{
    return &fr_exchange_of(req)->output.body;
}

fr_err fr_reply_buf(fr_req *req, int status, fr_str content_type)
{
    fr_exchange *exchange = fr_exchange_of(req);
    if (!exchange)
        return FR_EINTERNAL;
    fr_buf *body = &exchange->output.body;
    FR_TRY(fr_buf_check(body));
    if (exchange->output.hold || is_small(exchange, content_type, body->n) || req->is_head ||
        fr_status_is_bodyless(status))
        return fr_reply_bytes(req, status, content_type, fr_buf_str(body));
    if (!is_sendable(content_type, body->n))
        return FR_EINTERNAL;
    fr_gzip *gzip;
    FR_TRY(fr_compress_whole(exchange, status, content_type, fr_buf_str(body), &gzip));
    if (gzip)
        return reply_coded(exchange, status, content_type, gzip);
    FR_TRY(begin(exchange, status));
    fr_str taken = fr_buf_str(body);
    fr_buf_init(body);
    return send_large(exchange, status, content_type, taken, true);
}

fr_err fr_answer_bare(fr_exchange *exchange, int status)
{
    FR_TRY(begin(exchange, status));
    return send_small(exchange, status, FR_STR(""), FR_STR(""), FR_STR(""));
}

static uint64_t bytes_of(const fr_file_part *parts, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += parts[i].head.n + parts[i].n;
    return bytes;
}

fr_err fr_answer_file(fr_exchange *exchange, int status, fr_str content_type, int fd,
                      const fr_file_part *parts, uint32_t count)
{
    fr_err err = begin(exchange, status);
    char *p = err == FR_OK ? open_room(exchange, head_room(exchange, content_type)) : NULL;
    if (!p) {
        close(fd);
        return fail(exchange, err == FR_OK ? FR_ENOMEM : err);
    }
    uint64_t bytes = bytes_of(parts, count);
    close_room(exchange, put_head(exchange, p, status, content_type, (int64_t)bytes));
    if (exchange->req.is_head) {
        close(fd);
        return FR_OK;
    }
    fr_file_out_begin(exchange, fd, parts, count, bytes);
    exchange->body_bytes = bytes;
    return FR_OK;
}

fr_err fr_reply_file(fr_req *req, int status, fr_str content_type, int fd, uint64_t bytes)
{
    fr_exchange *exchange = fr_exchange_of(req);
    fr_file_part *part = exchange ? fr_arena_alloc(req->ctx->arena, sizeof *part) : NULL;
    if (!part) {
        close(fd);
        return exchange ? FR_ENOMEM : FR_EINTERNAL;
    }
    *part = (fr_file_part){.n = bytes};
    return fr_answer_file(exchange, status, content_type, fd, part, 1);
}

fr_err fr_answer_more(fr_exchange *exchange, fr_str text)
{
    uint32_t bound = lift_bound(exchange->conn);
    fr_err err = fr_conn_write(exchange->conn, text.p, text.n);
    fr_conn_set_bound(exchange->conn, bound);
    return err;
}

fr_err fr_answer_head(fr_exchange *exchange, int status, fr_str content_type, bool is_chunked)
{
    if (!is_sendable(content_type, 0))
        return FR_EINTERNAL;
    FR_TRY(begin(exchange, status));
    char *p = open_room(exchange, head_room(exchange, content_type));
    if (!p)
        return fail(exchange, FR_ENOMEM);
    p = put_head(exchange, p, status, content_type, is_chunked ? IN_CHUNKS : UNTIL_THE_END);
    close_room(exchange, p);
    fr_exchange_commit(exchange); /* chunks go straight into the output */
    return FR_OK;
}

/* ---- redirects ---- */

/* 301 to all methods, as Django's CommonMiddleware. The target has no blanks and control bytes; two slashes at its beginning
 * would lead to another host, and browsers take a backslash for one. */
fr_err fr_redirect_to_slash(fr_exchange *exchange)
{
    fr_req *req = &exchange->req;
    const fr_head *head = &exchange->head;
    fr_str path = fr_str_sub(req->target, head->path.at - head->target.at, head->path.n);
    const char *start = path.n < 2          ? ""
                        : path.p[1] == '/'  ? "/%2F"
                        : path.p[1] == '\\' ? "/%5C"
                                            : "";
    fr_str to = fr_arena_printf(exchange->arena, "%s%.*s/%s%.*s", start,
                                FR_FMT(fr_str_from(path, *start ? 2 : 0)), req->query.n ? "?" : "",
                                FR_FMT(req->query));
    if (!to.p)
        return FR_ENOMEM;
    FR_TRY(fr_reply_header(req, FR_STR("Location"), to));
    return fr_reply_bytes(req, 301, FR_STR("text/html; charset=utf-8"), FR_STR(""));
}

/* ---- errors ---- */

fr_err fr_answer_detail(fr_exchange *exchange, int status, fr_str detail)
{
    fr_buf *body = &exchange->output.body;
    fr_reply_type_drop(exchange); /* of what the handler would have answered */
    fr_buf_clear(body);
    fr_buf_lit(body, "{\"detail\":");
    fr_json_put_str(body, detail);
    fr_buf_put_char(body, '}');
    if (fr_buf_check(body) != FR_OK)
        return fr_reply_json(&exchange->req, status,
                             FR_STR("{\"detail\":\"The server is out of memory.\"}"));
    return fr_reply_buf(&exchange->req, status, FR_STR("application/json"));
}

/* The text of fr_fail is for the client, but of our own faults no more is told than that they are ours. */
fr_err fr_answer_error(fr_exchange *exchange, fr_err err)
{
    const fr_err_row *row = fr_err_get(err == FR_OK ? FR_EINTERNAL : err);
    fr_str told = exchange->ctx.detail;
    if (fr_err_is_ours(row->code)) {
        FR_ERROR("http.handler", FR_KV_S("path", exchange->req.path),
                 FR_KV_C("error", err == FR_OK ? "no answer" : row->name), FR_KV_S("detail", told));
        told = (fr_str){0};
    }
    fr_reply_headers_of_content_drop(exchange);
    return fr_answer_detail(exchange, row->status, told.n ? told : fr_str_c(row->detail));
}
