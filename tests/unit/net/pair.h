/* A loop, a connection of it, and the other end of its socket. */
#ifndef FR_TEST_NET_PAIR_H
#define FR_TEST_NET_PAIR_H
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/server.h"

typedef struct pair {
    fr_loop *loop;
    fr_conn *conn;
    int peer; /* non-blocking */
    /* What the connection's protocol saw. */
    char data[256]; /* of the last on_data, cut */
    size_t n, calls;
    size_t consume; /* how much on_data consumes at most */
    int eofs, drains, deadlines, shutdowns, closes;
    fr_err why;
    void (*then)(struct pair *pair); /* called inside on_data */
} pair;

static inline size_t pair_on_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    pair *p = conn->user;
    p->calls++;
    p->n = n;
    memcpy(p->data, bytes, n < sizeof p->data ? n : sizeof p->data);
    if (p->then)
        p->then(p);
    return p->consume < n ? p->consume : n;
}
static inline void pair_on_eof(fr_conn *conn)
{
    ((pair *)conn->user)->eofs++;
}
static inline void pair_on_drain(fr_conn *conn)
{
    ((pair *)conn->user)->drains++;
}
static inline void pair_on_deadline(fr_conn *conn)
{
    ((pair *)conn->user)->deadlines++;
}
static inline void pair_on_close(fr_conn *conn, fr_err why)
{
    pair *p = conn->user;
    p->closes++;
    p->why = why;
}
static const fr_proto pair_proto = {.name = "pair",
                                    .on_data = pair_on_data,
                                    .on_drain = pair_on_drain,
                                    .on_eof = pair_on_eof,
                                    .on_deadline = pair_on_deadline,
                                    .on_close = pair_on_close};
static const fr_proto pair_bare = {
    .name = "bare", .on_data = pair_on_data, .on_close = pair_on_close};

static inline void pair_open(pair *p, const fr_proto *proto)
{
    int fds[2];
    *p = (pair){.loop = fr_loop_new(0), .consume = SIZE_MAX};
    assert_non_null(p->loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    p->peer = fds[1];
    assert_int_equal(fcntl(p->peer, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fr_loop_adopt(p->loop, fds[0], proto, p, &p->conn), FR_OK);
}
static inline void pair_hang_up(pair *p)
{
    close(p->peer);
    p->peer = -1;
}
static inline void pair_close(pair *p)
{
    if (p->peer >= 0)
        close(p->peer);
    fr_loop_free(p->loop);
}
static inline void pair_pass(pair *p)
{
    fr_loop_run_once(p->loop, 0);
}
static inline void pair_say(pair *p, const char *text)
{
    assert_int_equal(write(p->peer, text, strlen(text)), strlen(text));
    pair_pass(p);
}
static inline fr_str pair_saw(pair *p)
{
    return (fr_str){p->data, p->n < sizeof p->data ? p->n : sizeof p->data};
}
/* What the peer gets now; empty: nothing, or the end (then *is_over). */
static inline fr_str pair_hear(pair *p, char *room, size_t n, bool *is_over)
{
    ssize_t got = read(p->peer, room, n);
    if (is_over)
        *is_over = got == 0 || (got < 0 && errno != EAGAIN);
    return (fr_str){room, got > 0 ? (size_t)got : 0};
}
#endif
