/*
 * A WebSocket client by hand for tests: one end of a socketpair, the other is a connection of a loop that the test
 * drives. Every call moves bytes and runs passes until nothing moves any more.
 */
#ifndef FR_TEST_PEER_H
#define FR_TEST_PEER_H
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/http.h"
#include "net/net_int.h"
#include "ws/ws.h"

typedef struct peer {
    fr_loop *loop;
    int fd;
    fr_buf in; /* received and not looked at */
    size_t at;
    int status; /* of the handshake */
    char head[2048];
    bool is_over;  /* the server has closed its half */
    fr_conn *conn; /* while it lives */
} peer;

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, CONTINUATION = 0 };
enum {
    MORE = 1 << 8,
    PLAIN = 1 << 9,
    RSV1 = 1 << 10,
    RSV2 = 1 << 11,
    RSV3 = 1 << 12
}; /* added to an opcode */
enum { NOTHING = -1, END = -2 };

#define UNUSED __attribute__((unused))
#define HANDSHAKE(path)                                                                            \
    "GET " path " HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"    \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static size_t peer_ignore(fr_conn *conn, uint8_t *bytes, size_t n)
{
    (void)conn, (void)bytes;
    return n;
}
static void peer_ignore_close(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
}
static const fr_proto peer_no_proto = {
    .name = "none", .on_data = peer_ignore, .on_close = peer_ignore_close};

/* A worker's, with what http and ws keep on it. */
static UNUSED fr_loop *peer_loop(fr_http *http)
{
    fr_loop *loop = fr_loop_new(0);
    assert_non_null(loop);
    assert_int_equal(fr_http_start(loop, http), FR_OK);
    assert_int_equal(fr_ws_start(loop), FR_OK);
    return loop;
}

static void peer_connect(peer *p, fr_loop *loop, fr_http *http)
{
    int ends[2];
    *p = (peer){.loop = loop};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    p->fd = ends[0];
    assert_int_equal(fr_loop_adopt(loop, ends[1], &peer_no_proto, NULL, &p->conn), FR_OK);
    assert_int_equal(fr_http_accept(p->conn, http), FR_OK);
}

/* A server's socket that stands by itself. on_end of its handler is peer_free_ws. */
static UNUSED fr_err peer_accept(fr_req *req, const fr_ws_opts *opts, const fr_ws_handler *handler,
                                 fr_ws **out)
{
    fr_ws *ws = fr_malloc(sizeof *ws);
    fr_err err = ws ? fr_ws_accept(req, opts, handler, ws) : FR_ENOMEM;
    if (err == FR_OK)
        *out = ws;
    else
        fr_free(ws);
    return err;
}

static UNUSED void peer_free_ws(fr_ws *ws)
{
    fr_free(ws);
}

/* Take what there is; whether anything came. */
static bool peer_take(peer *p)
{
    char bytes[65536];
    ssize_t n;
    bool has_come = false;
    while ((n = recv(p->fd, bytes, sizeof bytes, 0)) > 0) {
        fr_buf_put(&p->in, (fr_str){bytes, (size_t)n});
        has_come = true;
    }
    p->is_over = n == 0 || (n < 0 && errno != EAGAIN);
    return has_come;
}

static void peer_run(peer *p)
{
    for (int quiet = 0; quiet < 3; quiet++) {
        fr_loop_run_once(p->loop, 0);
        if (peer_take(p) || fr_loop_has_rest_(p->loop))
            quiet = -1;
    }
}

static void peer_write(peer *p, const void *bytes, size_t n)
{
    const char *at = bytes;
    for (int tries = 0; n && tries < 100000; tries++) {
        ssize_t sent = send(p->fd, at, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return; /* closed by the server */
        if (sent > 0) {
            at += sent;
            n -= (size_t)sent;
        }
        if (n)
            peer_run(p);
    }
    assert_int_equal(n, 0);
}

static UNUSED void peer_frame_into(fr_buf *out, int opcode, fr_str payload)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    int reserved =
        (opcode & RSV1 ? 0x40 : 0) | (opcode & RSV2 ? 0x20 : 0) | (opcode & RSV3 ? 0x10 : 0);
    bool is_plain = opcode & PLAIN;
    fr_buf_put_char(out, (char)((opcode & MORE ? 0 : 0x80) | reserved | (opcode & 15)));
    uint8_t bit = is_plain ? 0 : 0x80;
    size_t n = payload.n, bytes = n < 126 ? 0 : n <= 0xffff ? 2 : 8;
    fr_buf_put_char(out, (char)(bit | (bytes == 0 ? n : bytes == 2 ? 126 : 127)));
    for (size_t i = bytes; i-- > 0;)
        fr_buf_put_char(out, (char)((uint64_t)n >> 8 * i));
    if (!is_plain)
        fr_buf_put(out, (fr_str){(const char *)mask, 4});
    for (size_t i = 0; i < n; i++)
        fr_buf_put_char(out, (char)(payload.p[i] ^ (is_plain ? 0 : mask[i & 3])));
}

static UNUSED void peer_send(peer *p, int opcode, fr_str payload)
{
    fr_buf frame;
    fr_buf_init(&frame);
    peer_frame_into(&frame, opcode, payload);
    peer_write(p, frame.p, frame.n);
    fr_buf_deinit(&frame);
    peer_run(p);
}
#define peer_text(p, text) peer_send((p), TEXT, fr_str_c(text))

static UNUSED void peer_close(peer *p, int code, const char *reason)
{
    char payload[125];
    size_t n = strlen(reason);
    payload[0] = (char)(code >> 8);
    payload[1] = (char)code;
    memcpy(payload + 2, reason, n);
    peer_send(p, CLOSE, (fr_str){payload, code ? n + 2 : 0});
}

static fr_str peer_rest(const peer *p)
{
    return fr_str_from(fr_buf_str(&p->in), p->at);
}

/* The next frame: its opcode, NOTHING, or END. The payload is borrowed until the next call that receives. */
static UNUSED int peer_next(peer *p, fr_str *payload)
{
    peer_run(p);
    fr_str rest = peer_rest(p);
    if (rest.n < 2)
        return p->is_over && rest.n == 0 ? END : NOTHING;
    const uint8_t *b = (const uint8_t *)rest.p;
    assert_int_equal(b[0] & 0x30, 0);
    assert_int_equal(b[0] & 0x80, 0x80); /* we send no fragments */
    assert_int_equal(b[1] & 0x80, 0);
    size_t more = b[1] < 126 ? 0 : b[1] == 126 ? 2 : 8, n = more ? 0 : b[1];
    for (size_t i = 0; i < more; i++)
        n = n << 8 | b[2 + i];
    if (rest.n < 2 + more + n)
        return NOTHING;
    *payload = fr_str_sub(rest, 2 + more, n);
    p->at += 2 + more + n;
    return (b[0] & 15) | (b[0] & 0x40 ? RSV1 : 0);
}

static UNUSED int peer_code(fr_str payload)
{
    return payload.n < 2 ? 1005 : (uint8_t)payload.p[0] << 8 | (uint8_t)payload.p[1];
}

#define expect_frame(p, opcode, text)                                                              \
    do {                                                                                           \
        fr_str payload_ = {0};                                                                     \
        assert_int_equal(peer_next((p), &payload_), (opcode));                                     \
        assert_str(payload_, (text));                                                              \
    } while (0)
#define expect_text(p, text) expect_frame((p), TEXT, (text))
#define expect_nothing(p)                                                                          \
    do {                                                                                           \
        fr_str payload_ = {0};                                                                     \
        assert_int_equal(peer_next((p), &payload_), NOTHING);                                      \
    } while (0)
#define expect_end(p)                                                                              \
    do {                                                                                           \
        fr_str payload_ = {0};                                                                     \
        assert_int_equal(peer_next((p), &payload_), END);                                          \
    } while (0)
#define expect_close(p, code)                                                                      \
    do {                                                                                           \
        fr_str payload_ = {0};                                                                     \
        assert_int_equal(peer_next((p), &payload_), CLOSE);                                        \
        assert_int_equal(peer_code(payload_), (code));                                             \
    } while (0)

/* Send a request head and read the answer's. */
static UNUSED int peer_request(peer *p, const char *head)
{
    peer_write(p, head, strlen(head));
    peer_run(p);
    fr_str rest = peer_rest(p);
    size_t end = fr_str_find(rest, FR_STR("\r\n\r\n"));
    if (end == SIZE_MAX)
        return p->status = p->is_over ? END : NOTHING;
    assert_true(end < sizeof p->head);
    memcpy(p->head, rest.p, end);
    p->head[end] = '\0';
    p->at += end + 4;
    p->status = (p->head[9] - '0') * 100 + (p->head[10] - '0') * 10 + (p->head[11] - '0');
    return p->status;
}

static UNUSED void peer_end(peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    for (int i = 0; i < 3 || fr_loop_has_rest_(p->loop); i++)
        fr_loop_run_once(p->loop, 0);
    fr_buf_deinit(&p->in);
}

#endif
