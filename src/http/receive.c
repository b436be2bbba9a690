/* Receiving a request: the states read-head and read-body. */
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "http/http_int.h"

void fr_incoming_reset(fr_exchange *exchange)
{
    fr_exchange_buf_reset(&exchange->incoming.bytes);
    exchange->incoming.form_reader = NULL; /* gone with the arena */
    exchange->incoming.is_timed = false;
}

void fr_incoming_deinit(fr_exchange *exchange)
{
    fr_buf_deinit(&exchange->incoming.bytes);
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

static bool is_encoded(const fr_req *req)
{
    for (size_t i = 0; i < req->header_count; i++)
        if (fr_str_eq(req->headers[i].name, FR_STR("content-encoding")) &&
            req->headers[i].value.n && !fr_str_eq_nocase(req->headers[i].value, FR_STR("identity")))
            return true;
    return false;
}

/* Whether the body is a form with files that the target wants as it comes. */
static bool is_upload(fr_exchange *exchange)
{
    fr_str type = fr_req_header(&exchange->req, FR_STR("content-type"));
    return fr_form_kind_of(type) == FR_FORM_MULTIPART &&
           fr_exchange_target(exchange)->takes_uploads;
}

/* Whether the target wants the body as one file. Only where an application has such a route is looked for it here. */
static bool is_raw(fr_exchange *exchange)
{
    return exchange->http->has_raw && fr_exchange_target(exchange)->takes_raw;
}

static fr_err new_reader(fr_exchange *exchange, bool as_file, const char **why)
{
    const fr_form_limits *limits = &exchange->of->limits.form;
    fr_form_reader **reader = &exchange->incoming.form_reader;
    if (as_file)
        return fr_form_reader_raw(exchange->arena, limits, reader);
    return fr_form_reader_new(exchange->arena, limits,
                              fr_req_header(&exchange->req, FR_STR("content-type")), reader, why);
}

static fr_progress refuse_form(fr_exchange *exchange, fr_err err, const char *why)
{
    const fr_err_row *row = fr_err_get(err);
    return fr_exchange_refuse(exchange, row->status, why ? why : row->detail);
}

static fr_progress read_body_next(fr_exchange *exchange, const fr_inbound *in)
{
    const fr_head *head = &exchange->head;
    fr_exchange_watch_rate(exchange, 0);
    exchange->incoming.is_timed = false;
    if (head->expects_100 && in->pos == in->n) {
        fr_exchange_commit(exchange);
        fr_conn_write(exchange->conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    }
    return fr_exchange_go(exchange, &FR_READ_BODY);
}

/* A body follows: may it? */
static fr_progress begin_body(fr_exchange *exchange, const fr_inbound *in)
{
    const fr_head *head = &exchange->head;
    const fr_http_limits *limits = &exchange->of->limits;
    bool as_file = is_raw(exchange), has_files = as_file || is_upload(exchange);
    uint64_t limit = has_files ? limits->upload_bytes : limits->body_bytes;
    if (head->has_length && head->length > limit)
        return fr_exchange_refuse(exchange, 413, "The request is too large.");
    if (is_encoded(&exchange->req)) /* a small body that inflates to a large one is not let in */
        return fr_exchange_refuse_coding(exchange);
    if (head->is_chunked)
        fr_body_init_chunked(&exchange->incoming.body, limit);
    else
        fr_body_init_length(&exchange->incoming.body, head->length);
    const char *why = NULL;
    fr_err err = has_files ? new_reader(exchange, as_file, &why) : FR_OK;
    return err == FR_OK ? read_body_next(exchange, in) : refuse_form(exchange, err, why);
}

static fr_progress begin_request(fr_exchange *exchange, fr_inbound *in)
{
    const fr_head *head = &exchange->head;
    const char *why;
    int status = fr_request_make(exchange, in->bytes + in->pos, &why);
    in->pos += head->bytes;
    if (status != 503) /* memory is out: nothing is known of the request */
        fr_access_note_head(exchange);
    if (status)
        return fr_exchange_refuse(exchange, status, why);
    exchange->began_ms = fr_loop_now_ms(exchange->of->loop);
    fr_http_count(&exchange->of->counts.requests);
    if (misses_length(exchange))
        return fr_exchange_refuse(exchange, 411, "A Content-Length is needed.");
    return head->is_chunked || head->length ? begin_body(exchange, in)
                                            : fr_exchange_go(exchange, &FR_ANSWER);
}

static fr_progress read_head(fr_exchange *exchange, fr_inbound *in)
{
    fr_head *head = &exchange->head;
    if (in->pos == in->n)
        return FR_MORE;
    fr_head_result result =
        fr_head_parse(head, &exchange->of->head_limits, in->bytes + in->pos, in->n - in->pos);
    if (result == FR_HEAD_DONE)
        return begin_request(exchange, in);
    if (result == FR_HEAD_REFUSED) {
        exchange->req.is_head = false;
        return fr_exchange_refuse(exchange, head->refusal, head->why);
    }
    if (!exchange->incoming.is_timed) { /* from its first byte on, however slowly the others come */
        exchange->incoming.is_timed = true;
        fr_conn_set_deadline(exchange->conn, exchange->of->limits.head_ms);
    }
    return FR_MORE;
}

/* ---- read-body ---- */

/* What has come of a form is handed on, and not kept. */
static fr_err feed_form(fr_exchange *exchange, bool is_whole)
{
    fr_form_reader *reader = exchange->incoming.form_reader;
    FR_TRY(fr_form_feed(reader, fr_buf_str(&exchange->incoming.bytes)));
    fr_buf_clear(&exchange->incoming.bytes);
    return is_whole ? fr_form_end(reader, &exchange->form) : FR_OK;
}

static void set_body_timer(fr_exchange *exchange)
{
    if (exchange->incoming.is_timed)
        return;
    exchange->incoming.is_timed = true;
    fr_conn_set_deadline(exchange->conn, exchange->of->limits.body_ms);
}

static fr_progress read_body(fr_exchange *exchange, fr_inbound *in)
{
    enum { FORM_PIECE_BYTES = 64 * 1024 };
    size_t used, n = in->n - in->pos;
    fr_body *body = &exchange->incoming.body;
    if (exchange->incoming.form_reader && n > FORM_PIECE_BYTES)
        n = FORM_PIECE_BYTES;
    fr_body_result result =
        fr_body_read(body, in->bytes + in->pos, n, &used, &exchange->incoming.bytes);
    in->pos += used;
    if (result == FR_BODY_REFUSED)
        return fr_exchange_refuse(exchange, body->refusal, body->why);
    if (exchange->incoming.form_reader) {
        fr_err err = feed_form(exchange, result == FR_BODY_DONE);
        if (err != FR_OK)
            return refuse_form(exchange, err, fr_form_why(exchange->incoming.form_reader));
    }
    if (result == FR_BODY_DONE) {
        if (exchange->incoming.bytes.n)
            exchange->req.body = fr_buf_str(&exchange->incoming.bytes);
        return fr_exchange_go(exchange, &FR_ANSWER);
    }
    if (in->pos < in->n)
        return FR_DONE; /* a further piece */
    set_body_timer(exchange);
    return FR_MORE;
}

const fr_step FR_READ_HEAD = {"read-head", read_head}, FR_READ_BODY = {"read-body", read_body};
