/* The in-memory transport: requests go through a socketpair on a loop of their own, so that tests of handlers run
 * through everything that a client would meet, without ports and threads. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_int.h"

enum { QUIET_PASSES = 3, PATIENCE_MS = 10 * 1000, PASS_MS = 2 };

typedef struct transport {
    fr_loop *loop;
    int fd; /* the client's end; -1: closed */
    fr_str to_send;
    fr_buf *answer;
    bool is_over; /* the server has closed */
} transport;

/* Move what can be moved; whether anything did. */
static bool move(transport *t)
{
    bool has_moved = false;
    if (t->to_send.n) {
        ssize_t sent = send(t->fd, t->to_send.p, t->to_send.n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            t->to_send = (fr_str){t->to_send.p + sent, t->to_send.n - (size_t)sent};
            has_moved = true;
        } else if (errno != EAGAIN) {
            t->to_send.n = 0; /* the server does not read any more */
        }
    }
    char bytes[16 * 1024];
    ssize_t got;
    while ((got = recv(t->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        fr_buf_put(t->answer, (fr_str){bytes, (size_t)got});
        has_moved = true;
    }
    t->is_over = got == 0 || (got < 0 && errno != EAGAIN);
    return has_moved;
}

static bool is_working(const fr_loop *loop)
{
    return fr_http_loop_get(loop)->running > 0;
}

/* Until the server has closed, or has done all and says nothing more. */
static fr_err exchange_bytes(transport *t)
{
    uint64_t end = fr_clock_ms() + PATIENCE_MS;
    for (int quiet = 0; quiet < QUIET_PASSES && !t->is_over;) {
        bool has_moved = move(t);
        bool is_busy = has_moved || t->to_send.n || is_working(t->loop);
        quiet = is_busy ? 0 : quiet + 1;
        fr_loop_run_once(t->loop, is_busy ? PASS_MS : 0);
        if (fr_clock_ms() > end)
            return FR_ETIMEOUT;
    }
    return fr_buf_check(t->answer);
}

static fr_err connect_to(fr_http *http, transport *t)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
        return FR_EIO;
    t->fd = ends[0];
    fr_conn *conn;
    fr_err err = fr_loop_adopt(t->loop, ends[1], &fr_http_idle, http, &conn);
    if (err != FR_OK)
        close(ends[1]);
    else
        err = fr_http_accept(conn, http);
    return err;
}

fr_err fr_test_http(fr_http *http, fr_str request_bytes, fr_buf *answer)
{
    transport t = {.loop = fr_loop_new(0), .fd = -1, .to_send = request_bytes, .answer = answer};
    if (!t.loop)
        return FR_ENOMEM;
    fr_err err = fr_http_start(t.loop, http);
    if (err == FR_OK)
        err = connect_to(http, &t);
    if (err == FR_OK)
        err = exchange_bytes(&t);
    if (t.fd >= 0)
        close(t.fd);
    for (int i = 0; i < QUIET_PASSES; i++) /* the server sees the end */
        fr_loop_run_once(t.loop, 0);
    fr_loop_free(t.loop);
    return err;
}
