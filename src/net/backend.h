/*
 * The seam to the kernel: what a loop asks of it. The back end tells what happened by
 * fr_conn_on_events_, fr_listener_on_ready_ and fr_loop_woke_ (net_int.h).
 */
#ifndef FR_NET_BACKEND_H
#define FR_NET_BACKEND_H
#include "net/server.h"

typedef struct fr_backend fr_backend;
struct fr_backend {
    const char *name;
    fr_err (*open)(fr_loop *loop);
    void (*close)(fr_loop *loop);
    /* Watch a connection for data and for its end. */
    fr_err (*arm)(fr_loop *loop, fr_conn *conn);
    void (*rearm)(fr_loop *loop, fr_conn *conn, bool want_read, bool want_write);
    void (*disarm)(fr_loop *loop, fr_conn *conn);
    /* Watch the listeners of the loop's gate, or leave them alone for a while. */
    void (*listen)(fr_loop *loop, bool is_on);
    /* Send what is queued on each of these connections. Calls no protocol: a failed one is put
     * aside by fr_conn_fail_. */
    void (*send_all)(fr_loop *loop, fr_conn **conns, size_t count);
    /* So many at a time, before the clock is looked at: 1 to 2 ms of sending if they are cold. */
    uint32_t chunk;
    /* Wait at most ms (-1 = no limit) and deliver. */
    void (*wait)(fr_loop *loop, int ms);
    /* Any thread and signal handlers: wake a sleeping loop. */
    void (*wake)(fr_loop *loop);
};
extern const fr_backend fr_backend_epoll, fr_backend_uring;

/* The back end for this choice; *why (a literal, else NULL): why io_uring is not to be had. NULL: it was insisted on. */
const fr_backend *fr_backend_for_(fr_io io, const char **why);
#endif
