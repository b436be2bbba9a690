/* What the back ends have in common: both wait and receive by epoll. */
#ifndef FR_NET_BACKEND_EPOLL_H
#define FR_NET_BACKEND_EPOLL_H
#include "net/net_int.h"

fr_err fr_epoll_open_(fr_loop *loop);
void fr_epoll_close_(fr_loop *loop);
fr_err fr_epoll_arm_(fr_loop *loop, fr_conn *conn);
void fr_epoll_rearm_(fr_loop *loop, fr_conn *conn, bool want_read, bool want_write);
void fr_epoll_disarm_(fr_loop *loop, fr_conn *conn);
void fr_epoll_listen_(fr_loop *loop, bool is_on);
void fr_epoll_send_all_(fr_loop *loop, fr_conn **conns, size_t count); /* one after the other */
void fr_epoll_wait_(fr_loop *loop, int ms);
void fr_epoll_wake_(fr_loop *loop);

/* A fan-out walks many cold connections: fetch those whose turn comes soon, and their queues of output. `near`: how many
 * turns a fetch takes; a system call is long, so there it is one. */
static inline void fr_conns_look_ahead_(fr_conn **conns, size_t i, size_t count, size_t near)
{
    if (i + 2 * near < count)
        __builtin_prefetch(conns[i + 2 * near]);
    if (i + near < count)
        __builtin_prefetch(conns[i + near]->out);
}
#endif
