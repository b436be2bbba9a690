/*
 * What a consumer knows of its connection. In connect that is the request itself; afterwards it is what stands behind the
 * seat (path arguments, client), so that an idle socket holds no headers.
 *
 *   | fr_seat | fr_present, if somebody is known or may log in | state (16-aligned) | arguments: fr_pair … | their values | client's address, if not IPv4 |
 *
 * All in one allocation.
 */
#include "channels/channels_int.h"

#include <assert.h>
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
    return (char *)(uintptr_t)seat + aligned(sizeof *seat) +
           (seat->has_present ? sizeof(fr_present) : 0);
}

fr_present *fr_seat_present_(const fr_seat *seat)
{
    char *end = (char *)(uintptr_t)seat + aligned(sizeof *seat);
    return seat->has_present ? (fr_present *)(void *)end : NULL;
}

fr_seat *fr_seat_of_present_(fr_present *present)
{
    return (fr_seat *)(void *)((char *)present - aligned(sizeof(fr_seat)));
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

/* Where the client stands: behind the last value. A byte with its length, and its text. */
static char *client_at(const fr_seat *seat)
{
    const fr_pair *args = args_of(seat);
    char *at = (char *)(uintptr_t)(args + seat->arg_count);
    for (size_t i = 0; i < seat->arg_count; i++)
        at += args[i].value.n;
    return at;
}

static size_t bytes_of(const fr_seat *seat)
{
    const char *end = client_at(seat);
    if (!seat->has_ipv4)
        end += 1 + (uint8_t)*end;
    return (size_t)(end - (const char *)seat);
}

static void put_client(fr_seat *seat, fr_str client)
{
    char *at = client_at(seat);
    if (seat->has_ipv4)
        return;
    *at = (char)client.n;
    copy(at + 1, client);
}

static void put_args(fr_seat *seat, const fr_route_match *match)
{
    fr_pair *args = args_of(seat);
    char *at = (char *)(args + match->arg_count);
    for (size_t i = 0; i < match->arg_count; i++) {
        args[i] = (fr_pair){match->args[i].name, {at, match->args[i].value.n}};
        at = copy(at, match->args[i].value);
    }
}

/* IPv4 addresses are kept as four bytes. */
static fr_str text_of(const uint8_t ipv4[4], char out[FR_ADDRESS_TEXT])
{
    fr_address address = fr_address_v4(ipv4);
    return (fr_str){out, fr_address_text(&address, out)};
}

static bool is_ipv4(fr_str text, uint8_t out[4])
{
    fr_address address;
    char again[FR_ADDRESS_TEXT];
    if (!fr_address_parse(text, &address) || !fr_address_as_v4(&address))
        return false;
    memcpy(out, fr_address_as_v4(&address), 4);
    return fr_str_eq(text_of(out, again), text);
}

fr_seat *fr_seat_new_(fr_channels_loop *all, const fr_consumer *consumer, fr_req *req,
                      const fr_route_match *match)
{
    fr_str client = fr_str_sub(fr_req_client(req), 0, UINT8_MAX);
    uint8_t ipv4[4] = {0};
    bool has_ipv4 = is_ipv4(client, ipv4);
    bool has_present = fr_present_is_needed(req->ctx->asker);
    size_t bytes = aligned(sizeof(fr_seat)) + (has_present ? sizeof(fr_present) : 0) +
                   aligned(consumer->state_bytes) + match->arg_count * sizeof(fr_pair) +
                   (has_ipv4 ? 0 : 1 + client.n);
    for (size_t i = 0; i < match->arg_count; i++)
        bytes += match->args[i].value.n;
    fr_seat *seat = fr_slabs_alloc(&all->slabs, bytes);
    if (!seat)
        return NULL;
    *seat = (fr_seat){
        .consumer = consumer,
        .client_port = fr_req_client_port(req),
        .arg_count = (uint8_t)match->arg_count,
        .has_ipv4 = has_ipv4,
        .has_present = has_present,
    };
    if (has_present)
        *fr_seat_present_(seat) = (fr_present){0};
    memcpy(seat->client, ipv4, sizeof ipv4);
    if (consumer->state_bytes)
        seat->sock.state = memset(behind(seat), 0, aligned(consumer->state_bytes));
    put_args(seat, match);
    put_client(seat, client);
    assert(bytes_of(seat) == bytes);
    return seat;
}

void fr_seat_free_(fr_channels_loop *all, fr_seat *seat)
{
    fr_slabs_free(&all->slabs, seat, bytes_of(seat));
}

/* ---- scopes ---- */

/* Written out anew only for another address than the last one's. */
static fr_str ipv4_text(const uint8_t ipv4[4], fr_client_text *client)
{
    if (!client->n || memcmp(client->of, ipv4, 4) != 0) {
        memcpy(client->of, ipv4, 4);
        client->n = (uint8_t)text_of(ipv4, client->text).n;
    }
    return (fr_str){client->text, client->n};
}

static fr_str client_of(const fr_seat *seat, fr_client_text *client)
{
    if (seat->has_ipv4)
        return ipv4_text(seat->client, client);
    const char *at = client_at(seat);
    return (fr_str){at + 1, (uint8_t)*at};
}

void fr_scope_now_(const fr_seat *seat, fr_client_text *client, fr_scope *out)
{
    const fr_scope *kept = seat->more ? seat->more->kept : NULL;
    *out = kept ? *kept : (fr_scope){.arg_count = seat->arg_count};
    out->client_host = client_of(seat, client);
    out->client_port = seat->client_port;
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
        .client_host = fr_str_sub(fr_req_client(req), 0, UINT8_MAX),
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
    return fr_header_value(sock->ctx->arena, sock->scope->headers, sock->scope->header_count, name);
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
