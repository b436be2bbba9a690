/*
 * What a consumer knows of its connection. In connect that is the request itself; afterwards it is what stands behind the
 * seat (path arguments, client), so that an idle socket holds no headers.
 *
 *   | fr_seat | state (16-aligned) | arguments: fr_pair … | their values | client's address |      one allocation
 */
#include "channels/channels_int.h"

#include <string.h>

#include "http/cookies.h"
#include "http/url.h"

enum { ALIGN = 16, SUBPROTOCOLS_MAX = 32 };

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

/* ---- the seat and what stands behind it ---- */

static char *behind(const fr_seat *seat)
{
    return (char *)(uintptr_t)seat + aligned(sizeof *seat);
}

static fr_pair *args_of(const fr_seat *seat)
{
    return (fr_pair *)(void *)(behind(seat) + aligned(seat->consumer->state_bytes));
}

static char *copy(char *to, fr_str from)
{
    if (from.n)
        memcpy(to, from.p, from.n);
    return to + from.n;
}

/* The client stands behind the last value. */
static fr_str client_of(const fr_seat *seat)
{
    const fr_pair *args = args_of(seat);
    const char *at = (const char *)(args + seat->arg_count);
    for (size_t i = 0; i < seat->arg_count; i++)
        at += args[i].value.n;
    return (fr_str){at, seat->client_host_n};
}

fr_seat *fr_seat_new_(const fr_channels *channels, const fr_consumer *consumer, fr_req *req,
                      const fr_route_match *match)
{
    fr_str client = fr_str_sub(fr_req_client(req), 0, UINT8_MAX);
    size_t values = 0;
    for (size_t i = 0; i < match->arg_count; i++)
        values += match->args[i].value.n;
    size_t state = aligned(consumer->state_bytes);
    fr_seat *seat = fr_malloc(aligned(sizeof *seat) + state + match->arg_count * sizeof(fr_pair) +
                              values + client.n);
    if (!seat)
        return NULL;
    *seat = (fr_seat){
        .channels = channels,
        .consumer = consumer,
        .client_port = fr_req_client_port(req),
        .arg_count = (uint8_t)match->arg_count,
        .client_host_n = (uint8_t)client.n,
    };
    if (consumer->state_bytes)
        seat->sock.state = memset(behind(seat), 0, state);
    fr_pair *args = args_of(seat);
    char *at = (char *)(args + match->arg_count);
    for (size_t i = 0; i < match->arg_count; i++) {
        args[i] = (fr_pair){match->args[i].name, {at, match->args[i].value.n}};
        at = copy(at, match->args[i].value);
    }
    copy(at, client);
    return seat;
}

/* ---- scopes ---- */

void fr_scope_now_(const fr_seat *seat, fr_scope *out)
{
    if (seat->kept) {
        *out = *seat->kept;
    } else {
        *out = (fr_scope){.client_host = client_of(seat), .client_port = seat->client_port};
        out->arg_count = seat->arg_count;
    }
    out->args = seat->arg_count ? args_of(seat) : NULL;
}

fr_err fr_scope_of_request_(const fr_seat *seat, fr_req *req, fr_scope *out)
{
    fr_str *offered = fr_arena_alloc(req->ctx->arena, SUBPROTOCOLS_MAX * sizeof *offered);
    if (!offered)
        return FR_ENOMEM;
    *out = (fr_scope){
        .path = req->path,
        .query = req->query,
        .headers = req->headers,
        .header_count = req->header_count,
        .args = seat->arg_count ? args_of(seat) : NULL,
        .arg_count = seat->arg_count,
        .subprotocols = offered,
        .subprotocol_count = fr_ws_subprotocols(req, offered, SUBPROTOCOLS_MAX),
        .client_host = client_of(seat),
        .client_port = seat->client_port,
    };
    return FR_OK;
}

static size_t text_bytes(const fr_scope *scope)
{
    size_t n = scope->path.n + scope->query.n;
    for (size_t i = 0; i < scope->header_count; i++)
        n += scope->headers[i].name.n + scope->headers[i].value.n;
    for (size_t i = 0; i < scope->subprotocol_count; i++)
        n += scope->subprotocols[i].n;
    return n;
}

static fr_str put(char **at, fr_str text)
{
    fr_str placed = {*at, text.n};
    *at = copy(*at, text);
    return placed;
}

/* Arguments and client stay where they are: behind the seat. */
fr_scope *fr_scope_keep_(const fr_scope *scope)
{
    fr_scope *kept = fr_malloc(sizeof *kept + scope->header_count * sizeof(fr_pair) +
                               scope->subprotocol_count * sizeof(fr_str) + text_bytes(scope));
    if (!kept)
        return NULL;
    fr_pair *headers = (fr_pair *)(kept + 1);
    fr_str *subprotocols = (fr_str *)(headers + scope->header_count);
    char *at = (char *)(subprotocols + scope->subprotocol_count);
    *kept = *scope;
    kept->path = put(&at, scope->path);
    kept->query = put(&at, scope->query);
    for (size_t i = 0; i < scope->header_count; i++)
        headers[i] = (fr_pair){put(&at, scope->headers[i].name), put(&at, scope->headers[i].value)};
    for (size_t i = 0; i < scope->subprotocol_count; i++)
        subprotocols[i] = put(&at, scope->subprotocols[i]);
    kept->headers = headers;
    kept->subprotocols = subprotocols;
    return kept;
}

/* ---- asking it ---- */

static fr_str find(const fr_pair *pairs, size_t count, fr_str name)
{
    for (size_t i = 0; i < count; i++)
        if (fr_str_eq(pairs[i].name, name))
            return pairs[i].value;
    return (fr_str){0};
}

fr_str fr_sock_arg(const fr_sock *sock, fr_str name)
{
    return find(sock->scope->args, sock->scope->arg_count, name);
}

fr_str fr_sock_query(const fr_sock *sock, fr_str name)
{
    fr_str rest = sock->scope->query, found = {0};
    fr_pair pair;
    while (fr_query_next(sock->ctx->arena, &rest, &pair))
        if (fr_str_eq(pair.name, name))
            found = pair.value;
    return found;
}

fr_str fr_sock_header(const fr_sock *sock, fr_str name)
{
    return find(sock->scope->headers, sock->scope->header_count, name);
}

fr_str fr_sock_cookie(const fr_sock *sock, fr_str name)
{
    fr_str found = {0};
    for (size_t i = 0; i < sock->scope->header_count; i++) {
        const fr_pair *header = &sock->scope->headers[i];
        if (!fr_str_eq(header->name, FR_STR("cookie")))
            continue;
        fr_str value = fr_cookie_find(header->value, name);
        if (value.p)
            found = value;
    }
    return fr_cookie_unquote(sock->ctx->arena, found);
}
