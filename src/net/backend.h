/*
 * The seam to the kernel: what a loop asks of it. Completion-shaped: the back end calls fr_loop_on_* of loop.c.
 */
#ifndef FR_NET_BACKEND_H
#define FR_NET_BACKEND_H
#include "net/conn.h"

typedef struct fr_backend fr_backend;
struct fr_backend {
    const char *name;
    fr_err (*open)(fr_loop *loop);
    void (*close)(fr_loop *loop);
    /* Watch a descriptor: connection or listener. */
    fr_err (*arm)(fr_loop *loop, fr_conn *conn);
    void (*rearm)(fr_loop *loop, fr_conn *conn, bool want_read, bool want_write);
    void (*disarm)(fr_loop *loop, fr_conn *conn);
    /* Send what is queued on each of these connections. */
    void (*send_all)(fr_loop *loop, fr_conn **conns, size_t count);
    /* Wait at most ms (-1 = no limit) and deliver. */
    void (*wait)(fr_loop *loop, int ms);
    /* Any thread: wake a sleeping loop. */
    void (*wake)(fr_loop *loop);
};
extern const fr_backend fr_backend_epoll;
#endif
