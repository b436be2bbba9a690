/*
 * The opening handshake, server side (RFC 6455 4.2). What is wrong with it is answered as plain HTTP: 400, or 426 with
 * the version that we speak.
 *
 * SHA-1 by libcrypto's plain functions: the other way to them loads its algorithms, tables and settings, which are 2 MiB of
 * memory and more time than the digest at each handshake. They are called old-fashioned for that, so we say which API we mean.
 */
#define OPENSSL_API_COMPAT 10101
#include "ws/extension.h"
#include "ws/takeover.h"
#include "ws/ws_int.h"

#include <openssl/sha.h>
#include <string.h>

#include "base/digits.h"

static const char MAGIC[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */

/* ---- reading the request ---- */

/* Whether a comma-separated list in one of the headers of that name has the token, whatever its case. */
static bool has_token(const fr_req *req, fr_str name, fr_str token)
{
    for (size_t i = 0; i < req->header_count; i++) {
        fr_str rest = req->headers[i].value, item;
        if (!fr_str_eq(req->headers[i].name, name))
            continue;
        while (rest.n) {
            rest = fr_str_cut(rest, ',', &item);
            if (fr_str_eq_nocase(fr_str_trim(item), token))
                return true;
        }
    }
    return false;
}

static size_t count_header(const fr_req *req, fr_str name)
{
    size_t count = 0;
    for (size_t i = 0; i < req->header_count; i++)
        count += fr_str_eq(req->headers[i].name, name);
    return count;
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/* 16 bytes in base64: 22 characters and two signs of filling. */
static bool is_key(fr_str key)
{
    if (key.n != 24 || key.p[22] != '=' || key.p[23] != '=')
        return false;
    for (size_t i = 0; i < 22; i++)
        if (!is_base64(key.p[i]))
            return false;
    return true;
}

static fr_err refuse_version(fr_req *req)
{
    FR_TRY(fr_reply_header(req, FR_STR("Sec-WebSocket-Version"), FR_STR("13")));
    return fr_reply_text(req, 426, FR_STR("This server speaks version 13 of WebSocket.\n"));
}

fr_err fr_ws_check(fr_req *req)
{
    if (!fr_str_eq(req->method, FR_STR("GET")))
        return fr_fail(req, FR_EINVAL, "A WebSocket is opened by GET.");
    if (!has_token(req, FR_STR("upgrade"), FR_STR("websocket")) ||
        !has_token(req, FR_STR("connection"), FR_STR("upgrade")))
        return fr_fail(req, FR_EINVAL,
                       "A WebSocket needs the headers Upgrade: websocket and Connection: Upgrade.");
    if (count_header(req, FR_STR("host")) != 1)
        return fr_fail(req, FR_EINVAL, "A WebSocket needs one Host header.");
    if (count_header(req, FR_STR("sec-websocket-version")) > 1)
        return fr_fail(req, FR_EINVAL, "Sec-WebSocket-Version stands there twice.");
    fr_str version = fr_req_header(req, FR_STR("sec-websocket-version"));
    if (!fr_str_eq(version, FR_STR("13")))
        return refuse_version(req);
    if (count_header(req, FR_STR("sec-websocket-key")) != 1 ||
        !is_key(fr_req_header(req, FR_STR("sec-websocket-key"))))
        return fr_fail(req, FR_EINVAL, "Sec-WebSocket-Key must be 16 bytes in base64.");
    if (!fr_extensions_are_valid_(req))
        return fr_fail(req, FR_EINVAL, "Sec-WebSocket-Extensions is malformed.");
    return FR_OK;
}

size_t fr_ws_subprotocols(const fr_req *req, fr_str *out, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < req->header_count; i++) {
        fr_str rest = req->headers[i].value, item;
        if (!fr_str_eq(req->headers[i].name, FR_STR("sec-websocket-protocol")))
            continue;
        while (rest.n && count < max) {
            rest = fr_str_cut(rest, ',', &item);
            item = fr_str_trim(item);
            if (item.n)
                out[count++] = item;
        }
    }
    return count;
}

/* ---- answering it ---- */

void fr_ws_accept_key_(fr_str key, char out[29])
{
    unsigned char text[24 + sizeof MAGIC - 1], digest[SHA_DIGEST_LENGTH];
    memcpy(text, key.p, 24);
    memcpy(text + 24, MAGIC, sizeof MAGIC - 1);
    SHA_CTX sha;
    SHA1_Init(&sha);
    SHA1_Update(&sha, text, sizeof text);
    SHA1_Final(digest, &sha);
    out[fr_base64(out, digest, sizeof digest)] = '\0';
}

static fr_err put_headers(fr_req *req, fr_str subprotocol, const fr_deflate_terms *terms)
{
    char accept[29], extension[FR_EXTENSION_ANSWER_BYTES];
    fr_ws_accept_key_(fr_req_header(req, FR_STR("sec-websocket-key")), accept);
    FR_TRY(fr_reply_header(req, FR_STR("Upgrade"), FR_STR("websocket")));
    FR_TRY(fr_reply_header(req, FR_STR("Connection"), FR_STR("Upgrade")));
    FR_TRY(fr_reply_header(req, FR_STR("Sec-WebSocket-Accept"), (fr_str){accept, 28}));
    if (subprotocol.n)
        FR_TRY(fr_reply_header(req, FR_STR("Sec-WebSocket-Protocol"), subprotocol));
    if (terms->our_bits)
        FR_TRY(fr_reply_header(req, FR_STR("Sec-WebSocket-Extensions"),
                               fr_extensions_answer_(terms, extension)));
    return FR_OK;
}

#define OR_DEFAULT(value, usual) ((value) ? (value) : (usual))

static fr_deflate_opts complete_deflate(const fr_deflate_opts *o)
{
    return (fr_deflate_opts){
        .is_on = o->is_on,
        .has_our_takeover = o->has_our_takeover,
        .has_their_takeover = o->has_their_takeover,
        .window_bits = OR_DEFAULT(o->window_bits, 12),
        .level = OR_DEFAULT(o->level, 1),
        .from_bytes = OR_DEFAULT(o->from_bytes, 512),
        .kept_bytes = OR_DEFAULT(o->kept_bytes, 32 << 20),
    };
}

/* The longest message passes in pieces of 64 bytes, with an empty one as its end. Short messages may have 1 MiB's 16,384
 * pieces four times over: a client that streams sends what there is. */
static uint32_t fragments_of(uint64_t message_bytes)
{
    enum { PIECE_BYTES = 64, PIECES_LEAST = 65536 };
    uint64_t pieces = message_bytes / PIECE_BYTES + 1;
    pieces += pieces / 8; /* as deflating may make it longer: see deflated_most in read.c */
    if (pieces < PIECES_LEAST)
        pieces = PIECES_LEAST;
    return pieces < UINT32_MAX ? (uint32_t)pieces + 1 : UINT32_MAX;
}

static fr_ws_opts complete(const fr_ws_opts *given)
{
    fr_ws_opts none = {0};
    const fr_ws_opts *o = given ? given : &none;
    uint64_t message_bytes = OR_DEFAULT(o->message_bytes, 1 << 20);
    return (fr_ws_opts){
        .message_bytes = message_bytes,
        .frame_bytes =
            o->frame_bytes && o->frame_bytes < message_bytes ? o->frame_bytes : message_bytes,
        .fragments = OR_DEFAULT(o->fragments, fragments_of(message_bytes)),
        .ping_ms = OR_DEFAULT(o->ping_ms, 20000),
        .pong_ms = OR_DEFAULT(o->pong_ms, 30000),
        .close_ms = OR_DEFAULT(o->close_ms, 10000),
        .pings = OR_DEFAULT(o->pings, 1000),
        .messages = o->messages,
        .deflate = complete_deflate(&o->deflate),
        .subprotocol = o->subprotocol,
    };
}

static bool are_deflated_alike(const fr_deflate_opts *a, const fr_deflate_opts *b)
{
    return a->is_on == b->is_on && a->has_our_takeover == b->has_our_takeover &&
           a->has_their_takeover == b->has_their_takeover && a->window_bits == b->window_bits &&
           a->level == b->level && a->from_bytes == b->from_bytes && a->kept_bytes == b->kept_bytes;
}

/* But for tells_our_bits and tells_their_bits: they are of the answer alone. */
static bool are_terms_same(const fr_deflate_terms *a, const fr_deflate_terms *b)
{
    return a->our_bits == b->our_bits && a->their_bits == b->their_bits &&
           a->has_our_takeover == b->has_our_takeover &&
           a->has_their_takeover == b->has_their_takeover;
}

static bool are_same(const fr_ws_opts *a, const fr_ws_opts *b)
{
    return a->message_bytes == b->message_bytes && a->frame_bytes == b->frame_bytes &&
           a->fragments == b->fragments && a->ping_ms == b->ping_ms && a->pong_ms == b->pong_ms &&
           a->close_ms == b->close_ms && a->pings == b->pings && a->messages == b->messages &&
           are_deflated_alike(&a->deflate, &b->deflate) && are_terms_same(&a->terms, &b->terms);
}

/* Sockets of one kind share one copy. NULL when memory is out. */
static const fr_ws_opts *share(fr_ws_loop *all, const fr_ws_handler *handler,
                               const fr_ws_opts *opts)
{
    for (fr_ws_kind *kind = all->kinds; kind; kind = kind->next)
        if (kind->handler == handler && are_same(&kind->opts, opts))
            return &kind->opts;
    fr_ws_kind *kind = fr_malloc(sizeof *kind);
    if (!kind)
        return NULL;
    *kind = (fr_ws_kind){.next = all->kinds, .handler = handler, .opts = *opts};
    all->kinds = kind;
    return &kind->opts;
}

/* What may be received may be sent back: the largest message has room, with its header. */
static void set_bound(fr_conn *conn, const fr_ws_opts *opts)
{
    uint64_t bound = conn->out_bound > opts->message_bytes ? conn->out_bound : opts->message_bytes;
    fr_conn_set_bound(conn, (size_t)bound + FR_WS_HEAD_BYTES);
}

/* Agree on extensions, answer, and have the connection call us from now on. */
static fr_err start(fr_req *req, fr_ws_loop *all, fr_ws *ws, const fr_ws_handler *handler,
                    fr_ws_opts *opts)
{
    fr_str subprotocol = opts->subprotocol;
    opts->subprotocol = (fr_str){0};
    if (fr_extensions_agree_(req, &opts->deflate, &opts->terms))
        fr_takeover_open_(&all->deflate, ws, &opts->deflate, &opts->terms);
    ws->opts = share(all, handler, opts);
    if (!ws->opts)
        return FR_ENOMEM;
    FR_TRY(put_headers(req, subprotocol, &opts->terms));
    return fr_http_upgrade(req, &fr_ws_proto_, ws, &ws->conn);
}

fr_err fr_ws_accept(fr_req *req, const fr_ws_opts *given, const fr_ws_handler *handler, fr_ws *ws)
{
    fr_loop *loop = req->ctx->loop;
    if (fr_loop_is_draining(loop))
        return FR_EBUSY; /* nobody would tell the socket to close */
    fr_ws_loop *all = fr_ws_loop_get_(loop);
    *ws = (fr_ws){.conn = fr_req_conn(req), .heard_ms = (uint32_t)fr_loop_now_ms(loop)};
    fr_ws_opts opts = complete(given);
    fr_err err = start(req, all, ws, handler, &opts);
    if (err) {
        fr_takeover_close_(&all->deflate, ws);
        return err;
    }
    set_bound(ws->conn, ws->opts);
    fr_conn_set_deadline(ws->conn, ws->opts->ping_ms);
    return FR_OK;
}
