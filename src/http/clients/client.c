#include "http/clients/client.h"

#include <string.h>

#include "base/str.h"
#include "http/clients/forwarded.h"
#include "http/http_int.h"

enum { LOG_MS = 60 * 1000 }; /* one line a minute */

/* ---- the peer ---- */

const fr_peer *fr_exchange_peer(fr_exchange *exchange)
{
    fr_peer *peer = &exchange->asker.peer;
    if (peer->is_asked)
        return peer;
    peer->kind = FR_PEER_UNKNOWN;
    peer->n = 0;
    peer->port = 0;
    if (exchange->conn) {
        peer->is_asked = true;
        peer->kind = fr_conn_peer_address(exchange->conn, &peer->address, &peer->port);
    }
    if (peer->kind == FR_PEER_IP)
        peer->n = (uint8_t)fr_address_text(&peer->address, peer->text);
    return peer;
}

const fr_peer *fr_exchange_asked_peer(const fr_exchange *exchange)
{
    return &exchange->asker.peer;
}

void fr_client_forget(fr_exchange *exchange)
{
    exchange->asker.peer.is_asked = false;
}

static bool is_trusted(const fr_trust *trust, const fr_peer *peer)
{
    return peer->kind == FR_PEER_UNIX
               ? trust->has_unix
               : peer->kind == FR_PEER_IP && fr_trust_has(trust, &peer->address);
}

/* ---- what proxies say ---- */

static bool has_forwarded(const fr_req *req)
{
    for (size_t i = 0; i < req->header_count; i++) {
        fr_str name = req->headers[i].name;
        if (fr_str_eq(name, FR_STR("forwarded")) || fr_str_starts(name, FR_STR("x-forwarded-")))
            return true;
    }
    return false;
}

static void tell_ignored(fr_exchange *exchange, const char *why)
{
    fr_http_loop *of = exchange->of;
    const fr_peer *peer = &exchange->asker.peer;
    fr_http_count(&of->counts.forwarded_ignored);
    if (fr_loop_now_ms(of->loop) < of->forwarded_quiet_until_ms)
        return;
    of->forwarded_quiet_until_ms = fr_loop_now_ms(of->loop) + LOG_MS;
    FR_WARN("http.forwarded", FR_KV_C("ignored", why),
            FR_KV_S("proxy", ((fr_str){peer->text, peer->n})));
}

/* Whether a host names its port. */
static bool has_port(fr_str host)
{
    size_t end = host.n && host.p[0] == '[' ? fr_str_find_char(host, ']') : 0;
    return end != SIZE_MAX && fr_str_find_char(fr_str_from(host, end), ':') != SIZE_MAX;
}

/* The host as the client has named it, with the port that a proxy has told. */
static fr_err add_host_port(fr_exchange *exchange, fr_forwarded *said)
{
    fr_str host = said->host.p ? said->host : fr_req_header(&exchange->req, FR_STR("host"));
    if (!said->host_port || !host.n || has_port(host))
        return FR_OK;
    said->host = fr_arena_printf(exchange->arena, "%.*s:%u", FR_FMT(host), said->host_port);
    return said->host.p ? FR_OK : FR_ENOMEM;
}

fr_err fr_request_forwarded(fr_exchange *exchange)
{
    fr_req *req = &exchange->req;
    const fr_trust *trust = exchange->http->trust;
    if (!has_forwarded(req) || !is_trusted(trust, fr_exchange_peer(exchange)))
        return FR_OK;
    const char *why;
    fr_forwarded *said = fr_arena_alloc(exchange->arena, sizeof *said);
    if (!said)
        return FR_ENOMEM;
    switch (fr_forwarded_read(trust, req->headers, req->header_count, said, &why)) {
    case FR_FORWARDED_NONE: return FR_OK;
    case FR_FORWARDED_IGNORED: tell_ignored(exchange, why); return FR_OK;
    case FR_FORWARDED_GIVEN: break;
    }
    req->is_secure = said->scheme == FR_SCHEME_HTTPS;
    exchange->asker.forwarded = said;
    return add_host_port(exchange, said);
}

const fr_forwarded *fr_exchange_forwarded(const fr_exchange *exchange)
{
    return exchange->asker.forwarded;
}

void fr_client_reset(fr_exchange *exchange)
{
    exchange->asker.forwarded = NULL;
}

/* ---- what handlers ask ---- */

bool fr_req_is_of_proxy(const fr_req *req)
{
    fr_exchange *exchange = fr_exchange_of(req);
    const fr_trust *trust = exchange ? exchange->http->trust : NULL;
    return trust && is_trusted(trust, fr_exchange_peer(exchange));
}

static const fr_forwarded *said_client(const fr_exchange *exchange)
{
    const fr_forwarded *said = exchange->asker.forwarded;
    return said && said->client.p ? said : NULL;
}

fr_str fr_req_client(fr_req *req)
{
    fr_exchange *exchange = fr_exchange_of(req);
    if (!exchange)
        return FR_STR("");
    const fr_forwarded *said = said_client(exchange);
    if (said)
        return said->client;
    const fr_peer *peer = fr_exchange_peer(exchange);
    return (fr_str){peer->text, peer->n};
}

uint16_t fr_req_client_port(fr_req *req)
{
    fr_exchange *exchange = fr_exchange_of(req);
    if (!exchange)
        return 0;
    const fr_forwarded *said = said_client(exchange);
    return said ? said->port : fr_exchange_peer(exchange)->port;
}

fr_str fr_req_host(const fr_req *req)
{
    const fr_exchange *exchange = fr_exchange_of(req);
    const fr_forwarded *said = exchange ? exchange->asker.forwarded : NULL;
    if (said && said->host.p)
        return said->host;
    return fr_req_header(req, FR_STR("host"));
}

/* Of a client that names no host. p is NULL when memory is out. */
static fr_str local_host(const fr_req *req)
{
    char address[64];
    uint16_t port;
    fr_conn *conn = fr_req_conn(req);
    if (!conn || !fr_conn_local(conn, address, &port))
        return FR_STR("localhost");
    const char *open = strchr(address, ':') ? "[" : "", *close = *open ? "]" : "";
    return fr_arena_printf(req->ctx->arena, "%s%s%s:%u", open, address, close, (unsigned)port);
}

fr_str fr_req_origin(fr_req *req)
{
    fr_str scheme = req->is_secure ? FR_STR("https://") : FR_STR("http://");
    fr_str host = fr_req_host(req);
    if (!host.n)
        host = local_host(req);
    char *text = host.p ? fr_arena_alloc(req->ctx->arena, scheme.n + host.n) : NULL;
    if (!text) /* each request of rest asks for this: printf took 1,000 of its 17,000 instructions */
        return (fr_str){0};
    memcpy(text, scheme.p, scheme.n);
    memcpy(text + scheme.n, host.p, host.n);
    return (fr_str){text, scheme.n + host.n};
}
