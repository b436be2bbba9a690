/* A request as a handler sees it: made from the parsed head, and the questions that handlers ask of it. */
#include <freshet/http.h>

#include <string.h>

#include "base/str.h"
#include "http/cookies.h"
#include "http/http_int.h"
#include "http/url.h"

/* ---- making it ---- */

static const char NO_MEMORY[] = "The server is out of memory, try again.";

static fr_str at(const char *base, fr_span32 span)
{
    return (fr_str){base + span.at, span.n};
}

/* The path decoded once, as Django does: what is no escape stays, and bytes that are no UTF-8 are escaped again. It may hold
 * NUL. p NULL: memory is out. */
static fr_str make_path(const fr_exchange *exchange, fr_str sent)
{
    if (!sent.n)
        return exchange->head.is_asterisk ? FR_STR("*") : FR_STR("/");
    if (exchange->head.is_plain)
        return sent;
    fr_str decoded = fr_unquote(exchange->arena, sent, false);
    return decoded.p ? fr_utf8_escape(exchange->arena, decoded) : decoded;
}

/* In capitals, as Django has it. */
static fr_str make_method(char *method, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (method[i] >= 'a' && method[i] <= 'z')
            method[i] = (char)(method[i] - 'a' + 'A');
    return (fr_str){method, n};
}

int fr_request_make(fr_exchange *exchange, const uint8_t *bytes, const char **why)
{
    const fr_head *head = &exchange->head;
    fr_req *req = &exchange->req;
    /* Handlers may suspend, and the loop's buffer is used for other connections then: the head is copied, once. */
    fr_pair *headers =
        fr_arena_alloc(exchange->arena, head->field_count * sizeof *headers + head->bytes);
    *why = NO_MEMORY;
    if (!headers)
        return 503;
    char *base = (char *)(headers + head->field_count);
    memcpy(base, bytes, head->bytes);
    for (uint32_t i = 0; i < head->field_count; i++)
        headers[i] = (fr_pair){at(base, head->fields[i].name), at(base, head->fields[i].value)};
    req->method = make_method(base + head->method.at, head->method.n);
    req->target = at(base, head->target);
    req->query = at(base, head->query);
    req->headers = headers;
    req->header_count = head->field_count;
    req->args = NULL;
    req->arg_count = 0;
    req->body = FR_STR("");
    req->is_secure = false;
    req->is_head = req->method.n == 4 && memcmp(req->method.p, "HEAD", 4) == 0;
    if (exchange->http->trust && fr_request_forwarded(exchange) != FR_OK)
        return 503;
    req->path = make_path(exchange, at(base, head->path));
    return req->path.p ? 0 : 503;
}

/* ---- asking it ---- */

static const fr_pair *find(const fr_pair *at, const fr_pair *end, fr_str name)
{
    while (at < end && !fr_str_eq(at->name, name))
        at++;
    return at < end ? at : NULL;
}

/* All values of that name; `first` is the first of them, and there are more. p is NULL when memory is out. */
static fr_str join(fr_arena *arena, const fr_pair *first, const fr_pair *end)
{
    bool is_cookie = fr_str_eq(first->name, FR_STR("cookie"));
    fr_str between = is_cookie ? FR_STR("; ") : FR_STR(", "); /* RFC 6265 4.2.1 */
    size_t n = 0;
    for (const fr_pair *one = first; one; one = find(one + 1, end, first->name))
        n += one->value.n + between.n;
    char *all = fr_arena_alloc(arena, n), *p = all;
    for (const fr_pair *one = first; all && one; one = find(one + 1, end, first->name)) {
        fr_str parts[] = {one == first ? FR_STR("") : between, one->value};
        for (size_t i = 0; i < 2; i++) {
            if (parts[i].n)
                memcpy(p, parts[i].p, parts[i].n);
            p += parts[i].n;
        }
    }
    return (fr_str){all, (size_t)(p - all)};
}

fr_str fr_header_value(fr_arena *arena, const fr_pair *headers, size_t count, fr_str name)
{
    if (!count)
        return (fr_str){0};
    const fr_pair *end = headers + count, *first = find(headers, end, name);
    if (!first)
        return (fr_str){0};
    fr_str all = {0};
    if (find(first + 1, end, name))
        all = join(arena, first, end);
    return all.p ? all : first->value;
}

fr_str fr_req_header(const fr_req *req, fr_str name)
{
    return fr_header_value(req->ctx->arena, req->headers, req->header_count, name);
}

fr_str fr_req_arg(const fr_req *req, fr_str name)
{
    const fr_pair *arg = req->arg_count ? find(req->args, req->args + req->arg_count, name) : NULL;
    return arg ? arg->value : (fr_str){0};
}

int64_t fr_req_arg_int(const fr_req *req, fr_str name)
{
    int64_t value = 0;
    return fr_str_i64(fr_req_arg(req, name), &value) ? value : 0;
}

fr_str fr_req_query(fr_req *req, fr_str name)
{
    fr_str rest = req->query, found = {0};
    fr_pair pair;
    while (fr_query_next(req->ctx->arena, &rest, &pair))
        if (fr_str_eq(pair.name, name))
            found = pair.value;
    return found;
}

fr_str fr_req_cookie(const fr_req *req, fr_str name)
{
    fr_str found = {0};
    for (size_t i = 0; i < req->header_count; i++) { /* HTTP/2 gateways send several */
        if (!fr_str_eq(req->headers[i].name, FR_STR("cookie")))
            continue;
        fr_str value = fr_cookie_find(req->headers[i].value, name);
        if (value.p)
            found = value;
    }
    return fr_cookie_unquote(req->ctx->arena, found);
}

fr_conn *fr_req_conn(const fr_req *req)
{
    const fr_exchange *exchange = fr_exchange_of(req);
    return exchange ? exchange->conn : NULL;
}

const fr_form_limits *fr_req_form_limits(const fr_req *req)
{
    const fr_exchange *exchange = fr_exchange_of(req);
    return exchange ? &exchange->of->limits.form : NULL;
}

bool fr_req_is_answered(const fr_req *req)
{
    const fr_exchange *exchange = fr_exchange_of(req);
    return exchange && exchange->is_answered;
}
