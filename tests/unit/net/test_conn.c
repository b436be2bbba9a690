/* Connections over a socketpair, driven pass by pass. */
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/server.h"

typedef struct seen {
    char data[256];
    size_t n, calls, consume;
    int eofs, closes, drains;
    fr_err why;
} seen;

static size_t on_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    seen *s = conn->user;
    s->calls++;
    if (n > sizeof s->data)
        n = sizeof s->data;
    memcpy(s->data, bytes, n);
    s->n = n;
    return s->consume < n ? s->consume : n;
}
static void on_close(fr_conn *conn, fr_err why)
{
    seen *s = conn->user;
    s->closes++;
    s->why = why;
}
static const fr_proto proto = {.name = "test", .on_data = on_data, .on_close = on_close};

static void bytes_come_and_go(void **state)
{
    (void)state;
    int fds[2];
    fr_loop *loop = fr_loop_new(0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    seen s = {.consume = 100};
    fr_conn *conn;
    assert_int_equal(fr_loop_adopt(loop, fds[0], &proto, &s, &conn), FR_OK);
    assert_int_equal(write(fds[1], "hello", 5), 5);
    fr_loop_run_once(loop, 0);
    assert_int_equal(s.n, 5);
    assert_int_equal(fr_conn_write(conn, "abc", 3), FR_OK);
    assert_int_equal(fr_conn_write(conn, "def", 3), FR_OK);
    assert_int_equal(fr_conn_pending(conn), 6);
    fr_loop_run_once(loop, 0);
    char got[16];
    assert_int_equal(read(fds[1], got, sizeof got), 6);
    assert_null(conn->out);
    close(fds[1]);
    fr_loop_run_once(loop, 0);
    assert_int_equal(s.closes, 1);
    assert_int_equal(s.why, FR_ECANCELED);
    fr_loop_free(loop);
}

FR_TESTS(conn, FR_TEST(bytes_come_and_go))
