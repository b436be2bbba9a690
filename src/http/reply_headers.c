/*
 * The headers that a handler gives to its answer, as the text that goes out; and what compression changes in it.
 */
#include "http/http.h"

#include <string.h>

#include "base/str.h"
#include "http/fixed_headers.h"
#include "http/http_int.h"

void fr_reply_head_reset(fr_exchange *exchange)
{
    fr_exchange_buf_reset(&exchange->reply_head.lines);
    exchange->reply_head.own_type = (fr_str){0};
    exchange->reply_head.has_upgrade = exchange->reply_head.has_connection = false;
    exchange->reply_head.has_date = false;
}

void fr_reply_head_deinit(fr_exchange *exchange)
{
    fr_buf_deinit(&exchange->reply_head.lines);
}

/* ---- which stand once, which go with the content ---- */

enum { ONCE = 1, OF_CONTENT = 2 };

/* Names whose field stands once in an answer (RFC 9110 5.3 and where each is defined), and those that speak of the content
 * (section 8, RFC 9111 5): an error in its place has none of them. */
static const struct {
    fr_str name;
    uint8_t is;
} KNOWN[] = {
#define ROW(name, is)                                                                              \
    {                                                                                              \
        {name, sizeof(name) - 1}, is                                                               \
    }
    ROW("accept-ranges", ONCE | OF_CONTENT),
    ROW("access-control-allow-credentials", ONCE),
    ROW("access-control-allow-origin", ONCE),
    ROW("access-control-max-age", ONCE),
    ROW("age", ONCE),
    ROW("allow", ONCE), /* a list, but a handler that gives it gives all */
    ROW("cache-control", OF_CONTENT),
    ROW("content-disposition", ONCE | OF_CONTENT),
    ROW("content-encoding", OF_CONTENT),
    ROW("content-language", OF_CONTENT),
    ROW("content-location", ONCE | OF_CONTENT),
    ROW("content-range", ONCE | OF_CONTENT),
    ROW("date", ONCE),
    ROW("etag", ONCE | OF_CONTENT),
    ROW("expires", ONCE | OF_CONTENT),
    ROW("freshet-at", ONCE),
    ROW("last-modified", ONCE | OF_CONTENT),
    ROW("location", ONCE),
    ROW("retry-after", ONCE),
    ROW("server", ONCE),
    ROW("strict-transport-security", ONCE),
    ROW("x-content-type-options", ONCE),
    ROW("x-frame-options", ONCE),
#undef ROW
};

/* ONCE, OF_CONTENT, both, or 0. */
static unsigned kind_of(fr_str name)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (fr_str_eq_nocase(name, KNOWN[i].name))
            return KNOWN[i].is;
    return 0;
}

/* ---- adding ---- */

static bool is_ours(fr_str name)
{
    return fr_str_eq_nocase(name, FR_STR("content-length")) ||
           fr_str_eq_nocase(name, FR_STR("transfer-encoding"));
}

/* The type stands apart: whoever answers names one too, and the handler's wins. */
static fr_err set_type(fr_exchange *exchange, fr_str value)
{
    exchange->reply_head.own_type = fr_str_dup(exchange->arena, value);
    return exchange->reply_head.own_type.p ? FR_OK : FR_ENOMEM;
}

fr_str fr_reply_type(const fr_exchange *exchange, fr_str given)
{
    return exchange->reply_head.own_type.p ? exchange->reply_head.own_type : given;
}

void fr_reply_type_drop(fr_exchange *exchange)
{
    exchange->reply_head.own_type = (fr_str){0};
}

static fr_err put_line(fr_buf *headers, fr_str name, fr_str value)
{
    size_t before = headers->n;
    fr_buf_put(headers, name);
    fr_buf_lit(headers, ": ");
    fr_buf_put(headers, value);
    fr_buf_lit(headers, "\r\n");
    fr_err err = fr_buf_check(headers);
    if (err != FR_OK)
        headers->n = before; /* half a line would be the head of another */
    return err;
}

static bool has_room(const fr_exchange *exchange, fr_str name, fr_str value)
{
    return exchange->reply_head.lines.n + name.n + value.n + 4 <= FR_REPLY_HEADER_BYTES;
}

/* The exchange, if its answer takes a further header. */
static fr_err open_for(fr_req *req, fr_str name, fr_str value, fr_exchange **out)
{
    fr_exchange *exchange = *out = fr_exchange_of(req);
    if (!exchange)
        return FR_EINTERNAL;
    if (exchange->is_answered)
        return fr_exchange_is_late(exchange, "a header");
    return has_room(exchange, name, value) ? FR_OK : FR_ETOOBIG;
}

fr_err fr_reply_header(fr_req *req, fr_str name, fr_str value)
{
    fr_exchange *exchange;
    FR_TRY(open_for(req, name, value, &exchange));
    if (!fr_is_token(name) || !fr_is_field_value(value) || is_ours(name))
        return FR_EINVAL;
    if (fr_str_eq_nocase(name, FR_STR("connection"))) {
        if (fr_list_has(value, FR_STR("close"))) {
            exchange->is_last = true; /* the answer says so by itself */
            return FR_OK;
        }
        if (fr_list_has(value, FR_STR("keep-alive")))
            return FR_OK; /* put_head() says so where it must be said */
        exchange->reply_head.has_connection = true;
    }
    if (fr_str_eq_nocase(name, FR_STR("content-type")))
        return set_type(exchange, value);
    exchange->reply_head.has_upgrade |= fr_str_eq_nocase(name, FR_STR("upgrade"));
    exchange->reply_head.has_date |= fr_str_eq_nocase(name, FR_STR("date"));
    fr_buf *headers = &exchange->reply_head.lines;
    if (headers->n && kind_of(name) & ONCE)
        fr_reply_header_drop(exchange, name);
    return put_line(headers, name, value);
}

fr_err fr_reply_header_once(fr_req *req, fr_str name, fr_str value)
{
    fr_exchange *exchange;
    FR_TRY(open_for(req, name, value, &exchange));
    if (exchange->reply_head.lines.n)
        fr_reply_header_drop(exchange, name);
    return put_line(&exchange->reply_head.lines, name, value);
}

/* ---- all of them ---- */

fr_str fr_reply_headers_dup(const fr_req *req)
{
    const fr_exchange *exchange = fr_exchange_of(req);
    fr_str lines = fr_buf_str(&exchange->reply_head.lines), type = exchange->reply_head.own_type;
    return type.p ? fr_arena_printf(exchange->arena, "%.*sContent-Type: %.*s\r\n", FR_FMT(lines),
                                    FR_FMT(type))
                  : fr_str_dup(exchange->arena, lines);
}

/* A line without its end, and what follows. */
static fr_str next_line(fr_str lines, fr_str *line)
{
    fr_str rest = fr_str_cut(lines, '\n', line);
    line->n -= line->n > 0;
    return rest;
}

static bool has_line(fr_str lines, fr_str wanted)
{
    fr_str line;
    while (lines.n) {
        lines = next_line(lines, &line);
        if (fr_str_eq(line, wanted))
            return true;
    }
    return false;
}

fr_err fr_reply_headers_add(fr_req *req, fr_str lines)
{
    fr_str line, name;
    while (lines.n) {
        lines = next_line(lines, &line);
        if (has_line(fr_buf_str(&fr_exchange_of(req)->reply_head.lines), line))
            continue;
        fr_str value = fr_str_from(fr_str_cut(line, ':', &name), 1);
        FR_TRY(fr_reply_header(req, name, value));
    }
    return FR_OK;
}

fr_err fr_reply_headers_set(fr_req *req, fr_str lines)
{
    fr_reply_head_reset(fr_exchange_of(req));
    return fr_reply_headers_add(req, lines);
}

fr_str fr_reply_headers_without(fr_arena *arena, fr_str lines, fr_str name)
{
    fr_str line, of, kept = fr_str_dup(arena, lines);
    char *to = (char *)(uintptr_t)kept.p;
    for (fr_str rest = lines; kept.p && rest.n;) {
        fr_str after = next_line(rest, &line);
        size_t n = rest.n - after.n;
        fr_str_cut(line, ':', &of);
        if (!fr_str_eq_nocase(of, name)) {
            memcpy(to, rest.p, n);
            to += n;
        }
        rest = after;
    }
    kept.n = kept.p ? (size_t)(to - kept.p) : 0;
    return kept;
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
    return next_value(&exchange->reply_head.lines, name, &at);
}

fr_str fr_reply_header_get(const fr_req *req, fr_str name)
{
    return fr_reply_header_find(fr_exchange_of(req), name);
}

bool fr_reply_header_has(const fr_exchange *exchange, fr_str name, fr_str token)
{
    size_t at = 0;
    fr_str value;
    while ((value = next_value(&exchange->reply_head.lines, name, &at)).p)
        if (fr_list_has(value, token))
            return true;
    return false;
}

/* ---- changing ---- */

/* Without room nothing is inserted. */
static void insert(fr_buf *headers, size_t at, fr_str text)
{
    if (!fr_buf_reserve(headers, text.n))
        return;
    memmove(headers->p + at + text.n, headers->p + at, headers->n - at);
    memcpy(headers->p + at, text.p, text.n);
    headers->n += text.n;
}

void fr_reply_vary(fr_req *req, fr_str name)
{
    fr_exchange *exchange = fr_exchange_of(req);
    fr_buf *headers = &exchange->reply_head.lines;
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
        insert(&exchange->reply_head.lines, (size_t)(etag.p - exchange->reply_head.lines.p),
               FR_STR("W/"));
}

void fr_reply_header_drop(fr_exchange *exchange, fr_str name)
{
    fr_buf *headers = &exchange->reply_head.lines;
    size_t after = 0;
    fr_str value = next_value(headers, name, &after);
    if (!value.p)
        return;
    size_t start = (size_t)(value.p - headers->p) - name.n - 2;
    memmove(headers->p + start, headers->p + after, headers->n - after);
    headers->n -= after - start;
}

void fr_reply_header_drop_if(fr_exchange *exchange, fr_str name,
                             bool (*is_it)(fr_str value, const void *arg), const void *arg)
{
    fr_buf *headers = &exchange->reply_head.lines;
    size_t after = 0;
    fr_str value;
    while ((value = next_value(headers, name, &after)).p) {
        if (!is_it(value, arg))
            continue;
        size_t start = (size_t)(value.p - headers->p) - name.n - 2;
        memmove(headers->p + start, headers->p + after, headers->n - after);
        headers->n -= after - start;
        after = start;
    }
}

fr_str fr_reply_cookie_get(const fr_req *req, fr_str name)
{
    const fr_exchange *exchange = fr_exchange_of(req);
    size_t at = 0;
    fr_str value;
    while (exchange &&
           (value = next_value(&exchange->reply_head.lines, FR_STR("set-cookie"), &at)).p)
        if (value.n > name.n && value.p[name.n] == '=' && fr_str_starts(value, name))
            return fr_str_sub(value, name.n + 1, fr_str_find_char(value, ';') - name.n - 1);
    return (fr_str){0};
}

/* An answer without one of them, where memory is out, is still an answer. */
static void put_fixed(fr_exchange *exchange)
{
    const fr_fixed_headers *fixed = exchange->http->headers;
    for (size_t i = 0; fixed && i < fixed->count; i++)
        if (!fr_reply_header_find(exchange, fixed->at[i].name).p)
            put_line(&exchange->reply_head.lines, fixed->at[i].name, fixed->at[i].value);
}

void fr_reply_headers_close(fr_exchange *exchange)
{
    const fr_http_gate *gate = &exchange->http->gate;
    if (gate->put_headers)
        gate->put_headers(&exchange->req, gate->arg);
    put_fixed(exchange);
}

void fr_reply_headers_of_content_drop(fr_exchange *exchange)
{
    fr_buf *headers = &exchange->reply_head.lines;
    exchange->reply_head.own_type = (fr_str){0};
    char *to = headers->p;
    for (fr_str rest = fr_buf_str(headers); rest.n;) {
        fr_str line, name, after = fr_str_cut(rest, '\n', &line);
        fr_str_cut(line, ':', &name);
        size_t n = rest.n - after.n;
        if (!(kind_of(name) & OF_CONTENT)) {
            memmove(to, rest.p, n);
            to += n;
        }
        rest = after;
    }
    headers->n = headers->n ? (size_t)(to - headers->p) : 0;
}
