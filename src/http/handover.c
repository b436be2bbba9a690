/* A connection that stops being HTTP: upgrades, streams without end, and the raw refusal of an upgrade. */
#include "http/http.h"

#include <string.h>

#include "base/str.h"
#include "http/http_int.h"
#include "http/status.h"

static fr_err may_answer(const fr_exchange *exchange)
{
    if (!exchange || exchange->is_answered)
        return FR_EINTERNAL;
    return exchange->conn && !exchange->is_eof && !fr_conn_is_closing(exchange->conn)
               ? FR_OK
               : FR_ECANCELED;
}

static void count_answer(fr_exchange *exchange, int status)
{
    exchange->is_answered = true;
    exchange->status = (uint16_t)status;
    fr_http_count(&exchange->of->counts.answers[status / 100]);
}

/* Write the head; from then on the connection is the new protocol's. */
static fr_err hand_over(fr_exchange *exchange, const fr_buf *head, const fr_proto *proto,
                        void *user, fr_conn **out)
{
    FR_TRY(fr_buf_check(head));
    fr_exchange_commit(exchange);
    FR_TRY(fr_conn_write(exchange->conn, head->p, head->n));
    fr_conn_set_deadline(exchange->conn, 0);
    fr_conn *conn = fr_exchange_detach(exchange, proto, user);
    fr_conn_resume_read(conn); /* paused if much came behind the request */
    *out = conn;
    return FR_OK;
}

fr_err fr_http_upgrade(fr_req *req, const fr_proto *proto, void *user, fr_conn **out)
{
    fr_exchange *exchange = fr_exchange_of(req);
    FR_TRY(may_answer(exchange));
    fr_buf *head = fr_reply_body(req);
    fr_buf_clear(head);
    fr_buf_lit(head, "HTTP/1.1 101 Switching Protocols\r\n");
    if (!fr_reply_has_upgrade(exchange))
        fr_buf_lit(head, "Upgrade: websocket\r\n");
    if (!fr_reply_has_connection(exchange))
        fr_buf_lit(head, "Connection: Upgrade\r\n");
    fr_buf_put(head, fr_reply_lines(exchange));
    fr_buf_lit(head, "\r\n");
    FR_TRY(hand_over(exchange, head, proto, user, out));
    count_answer(exchange, 101);
    return FR_OK;
}

fr_err fr_http_stream(fr_req *req, int status, fr_str content_type, const fr_proto *proto,
                      void *user, fr_conn **out)
{
    fr_exchange *exchange = fr_exchange_of(req);
    FR_TRY(may_answer(exchange));
    fr_reply_headers_close(exchange);
    fr_buf *head = fr_reply_body(req);
    fr_buf_clear(head);
    fr_buf_put(head, fr_status_line(status));
    fr_buf_lit(head, "Content-Type: ");
    fr_buf_put(head, fr_reply_type(exchange, content_type));
    fr_buf_lit(head, "\r\n");
    fr_buf_put(head, fr_reply_lines(exchange));
    if (!fr_reply_has_date(exchange))
        fr_buf_put(head, (fr_str){fr_date_line(exchange->of), FR_DATE_LINE_BYTES});
    fr_buf_lit(head, "Connection: close\r\n\r\n");
    FR_TRY(hand_over(exchange, head, proto, user, out));
    count_answer(exchange, status);
    return FR_OK;
}

fr_err fr_http_refuse(fr_req *req, int status, fr_str reason)
{
    fr_exchange *exchange = fr_exchange_of(req);
    FR_TRY(may_answer(exchange));
    if (status < 400 || status > 599 || !fr_is_field_value(reason))
        return FR_EINTERNAL;
    fr_str line = fr_arena_printf(
        exchange->arena, "HTTP/1.1 %d %.*s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        status, FR_FMT(reason));
    if (!line.p)
        return FR_ENOMEM;
    count_answer(exchange, status);
    exchange->is_last = true;
    fr_exchange_commit(exchange);
    return fr_conn_write(exchange->conn, line.p, line.n);
}
