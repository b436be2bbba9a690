/*
 * The headers that a handler gives to its answer, as the text that goes out; and what compression changes in it.
 */
#include <freshet/http.h>

#include <string.h>

#include "base/str.h"
#include "http/http_int.h"

/* ---- adding ---- */

static bool is_ours(fr_str name)
{
    return fr_str_eq_nocase(name, FR_STR("content-length")) ||
           fr_str_eq_nocase(name, FR_STR("transfer-encoding"));
}

fr_err fr_reply_header(fr_req *req, fr_str name, fr_str value)
{
    fr_exchange *exchange = fr_exchange_of(req);
    if (!exchange || exchange->is_answered)
        return FR_EINTERNAL;
    if (!fr_is_token(name) || !fr_is_field_value(value) || is_ours(name))
        return FR_EINVAL;
    fr_buf *headers = &exchange->reply_headers;
    if (headers->n + name.n + value.n + 4 > FR_REPLY_HEADER_BYTES)
        return FR_ETOOBIG;
    if (fr_str_eq_nocase(name, FR_STR("connection"))) {
        if (fr_list_has(value, FR_STR("close"))) {
            exchange->is_last = true; /* the answer says so by itself */
            return FR_OK;
        }
        exchange->has_connection = true;
    }
    exchange->has_upgrade |= fr_str_eq_nocase(name, FR_STR("upgrade"));
    fr_buf_put(headers, name);
    fr_buf_lit(headers, ": ");
    fr_buf_put(headers, value);
    fr_buf_lit(headers, "\r\n");
    return fr_buf_check(headers);
}

/* ---- looking ---- */

/* The value of the first line of that name, from `at` on; *at is behind that line then. p is NULL if there is none. */
static fr_str next_value(const fr_buf *headers, fr_str name, size_t *at)
{
    fr_str rest = fr_str_from(fr_buf_str(headers), *at), line;
    while (rest.n) {
        rest = fr_str_cut(rest, '\n', &line);
        if (line.n < name.n + 3 || line.p[name.n] != ':' ||
            !fr_str_eq_nocase(fr_str_sub(line, 0, name.n), name))
            continue;
        *at = headers->n - rest.n;
        return fr_str_sub(line, name.n + 2, line.n - name.n - 3);
    }
    return (fr_str){0};
}

fr_str fr_reply_header_find(const fr_exchange *exchange, fr_str name)
{
    size_t at = 0;
    return next_value(&exchange->reply_headers, name, &at);
}

bool fr_reply_header_has(const fr_exchange *exchange, fr_str name, fr_str token)
{
    size_t at = 0;
    fr_str value;
    while ((value = next_value(&exchange->reply_headers, name, &at)).p)
        if (fr_list_has(value, token))
            return true;
    return false;
}

/* ---- changing ---- */

/* Nothing, if there is no room. */
static void insert(fr_buf *headers, size_t at, fr_str text)
{
    if (!fr_buf_reserve(headers, text.n))
        return;
    memmove(headers->p + at + text.n, headers->p + at, headers->n - at);
    memcpy(headers->p + at, text.p, text.n);
    headers->n += text.n;
}

void fr_reply_vary(fr_exchange *exchange, fr_str name)
{
    fr_buf *headers = &exchange->reply_headers;
    if (fr_reply_header_has(exchange, FR_STR("vary"), name) ||
        fr_reply_header_has(exchange, FR_STR("vary"), FR_STR("*")))
        return;
    fr_str value = fr_reply_header_find(exchange, FR_STR("vary"));
    size_t at = headers->n;
    if (value.p) {
        at = (size_t)(value.p + value.n - headers->p);
        insert(headers, at, name);
        insert(headers, at, value.n ? FR_STR(", ") : FR_STR(""));
    } else {
        insert(headers, at, FR_STR("Vary: \r\n"));
        insert(headers, at + 6, name);
    }
}

void fr_reply_etag_weaken(fr_exchange *exchange)
{
    fr_str etag = fr_reply_header_find(exchange, FR_STR("etag"));
    if (etag.n && etag.p[0] == '"')
        insert(&exchange->reply_headers, (size_t)(etag.p - exchange->reply_headers.p),
               FR_STR("W/"));
}

void fr_reply_header_drop(fr_exchange *exchange, fr_str name)
{
    fr_buf *headers = &exchange->reply_headers;
    size_t after = 0;
    fr_str value = next_value(headers, name, &after);
    if (!value.p)
        return;
    size_t start = (size_t)(value.p - headers->p) - name.n - 2;
    memmove(headers->p + start, headers->p + after, headers->n - after);
    headers->n -= after - start;
}
