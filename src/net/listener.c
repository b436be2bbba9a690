/*
 * Accepting: the gate of a loop, which is its listening sockets and whether it takes anybody in.
 *
 * When files run out or the server is full, the gate is shut for 100 ms: the waiting connection
 * would else be announced again and again.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/net_int.h"

enum {
    ACCEPTS_AN_EVENT = 64,
    ACCEPTS_A_DRAIN = 8192, /* twice what waits at a socket */
    PAUSE_MS = 100,
    LOG_MS = 60000, /* one line a cause and minute */
};

/* ---- the gate ---- */

static void resume(fr_loop *loop)
{
    loop->gate.pause = FR_PAUSE_NONE;
    fr_timer_cancel(loop, &loop->gate.retry);
    if (loop->gate.count)
        loop->backend->listen(loop, true);
}

static void retry(fr_timer *timer)
{
    resume(FR_CONTAINER_(FR_CONTAINER_(timer, fr_gate, retry), fr_loop, gate));
}

static void pause_for(fr_loop *loop, int cause, int error)
{
    fr_gate *gate = &loop->gate;
    gate->pause = cause;
    fr_count_(&loop->accept_pauses, 1);
    loop->backend->listen(loop, false);
    fr_timer_set(loop, &gate->retry, loop->now_ms + PAUSE_MS);
    if (loop->now_ms < gate->quiet_until_ms[cause])
        return;
    gate->quiet_until_ms[cause] = loop->now_ms + LOG_MS;
    int open = atomic_load_explicit(&loop->server->open, memory_order_relaxed);
    if (cause == FR_PAUSE_MAX)
        FR_WARN("net.accept_paused", FR_KV_C("cause", "connections_max"), FR_KV_I("open", open));
    else
        FR_ERROR("net.accept_paused", FR_KV_C("cause", strerrorname_np(error)),
                 FR_KV_I("open", open));
}

static bool is_full(const fr_server *server)
{
    return atomic_load_explicit(&server->open, memory_order_relaxed) >=
           server->opts.connections_max;
}

/* A connection has ended; if we paused for want of room, go on. */
void fr_gate_room_(fr_loop *loop)
{
    if (FR_UNLIKELY(loop->gate.pause == FR_PAUSE_MAX) && !is_full(loop->server))
        resume(loop);
}

/* ---- accepting ---- */

static void welcome(fr_loop *loop, int fd)
{
    fr_server *server = loop->server;
    fr_count_(&loop->accepted, 1);
    fr_conn *conn = fr_conn_new_(loop, fd);
    if (!conn) {
        fr_count_(&loop->refused, 1);
        close(fd);
        return;
    }
    fr_err err = server->opts.on_accept(conn, server->opts.arg);
    if (err != FR_OK) {
        fr_count_(&loop->refused, 1);
        fr_conn_close(conn, err);
    }
}

/* Returns false when nothing more can be accepted now. */
static bool accept_one(fr_loop *loop, const fr_listener *listener)
{
    if (FR_UNLIKELY(is_full(loop->server))) {
        pause_for(loop, FR_PAUSE_MAX, 0);
        return false;
    }
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (FR_LIKELY(fd >= 0)) {
        welcome(loop, fd);
        return true;
    }
    switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: pause_for(loop, FR_PAUSE_FILES, errno); return false;
    case EAGAIN: return false;
    default: return true; /* that client has gone already, or a signal came */
    }
}

void fr_listener_on_ready_(fr_loop *loop, const fr_listener *listener)
{
    if (loop->gate.pause || !loop->gate.count)
        return; /* an event of before it was shut */
    for (int i = 0; i < ACCEPTS_AN_EVENT && accept_one(loop, listener); i++)
        ;
}

/* ---- its life ---- */

fr_err fr_gate_init_(fr_loop *loop, int room)
{
    loop->gate = (fr_gate){.retry.run = retry};
    if (room)
        loop->gate.listeners = fr_zalloc((size_t)room * sizeof *loop->gate.listeners);
    return !room || loop->gate.listeners ? FR_OK : FR_ENOMEM;
}

void fr_gate_add_(fr_loop *loop, int fd, bool is_unix)
{
    loop->gate.listeners[loop->gate.count++] = (fr_listener){.fd = fd, .is_unix = is_unix};
}

void fr_gate_open_(fr_loop *loop)
{
    resume(loop);
}

void fr_gate_drain_(fr_loop *loop)
{
    for (int at = 0; at < loop->gate.count; at++)
        for (int i = 0; i < ACCEPTS_A_DRAIN && accept_one(loop, &loop->gate.listeners[at]); i++)
            ;
    fr_gate_close_(loop);
}

void fr_gate_close_(fr_loop *loop)
{
    fr_gate *gate = &loop->gate;
    if (gate->count) /* closing alone does not end the watch on a socket that others share */
        loop->backend->listen(loop, false);
    fr_timer_cancel(loop, &gate->retry);
    for (int at = 0; at < gate->count; at++)
        close(gate->listeners[at].fd);
    fr_free(gate->listeners);
    *gate = (fr_gate){.retry.run = retry};
}
