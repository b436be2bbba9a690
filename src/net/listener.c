/*
 * Accepting: the gate of a loop, which is its listening sockets and whether it takes anybody in.
 *
 * When files run out, the server is full or too many have come in this second, the gate is shut for
 * 100 ms: the waiting connection would else be announced again and again. Who waits is not refused:
 * the kernel keeps him until there is room.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/net_int.h"

enum {
    ACCEPTS_AN_EVENT = 64,  /* then others have their turn; the socket is told as ready again */
    ACCEPTS_A_TURN = 4,     /* at a shared socket */
    ACCEPTS_A_DRAIN = 8192, /* twice what waits at a socket */
    PAUSE_MS = 100,
    BURST_US = 200000, /* of --accepts */
};

/* ---- the gate ---- */

static void resume(fr_loop *loop)
{
    loop->gate.is_shut = false;
    fr_timer_cancel(loop, &loop->gate.retry);
    if (loop->gate.count)
        loop->backend->listen(loop, true);
}

static void retry(fr_timer *timer)
{
    resume(FR_CONTAINER_(FR_CONTAINER_(timer, fr_gate, retry), fr_loop, gate));
}

static void shut(fr_loop *loop, fr_limit cause, const char *detail)
{
    loop->gate.is_shut = true;
    loop->gate.cause = cause;
    loop->backend->listen(loop, false);
    fr_timer_set(loop, &loop->gate.retry, loop->now_ms + PAUSE_MS);
    fr_limit_hit(loop, cause, detail);
}

static bool is_full(const fr_server *server)
{
    return atomic_load_explicit(&server->open, memory_order_relaxed) >=
           server->opts.connections_max;
}

/* A connection has ended; if we paused for want of room, or of its file, go on. */
void fr_gate_room_(fr_loop *loop)
{
    if (FR_UNLIKELY(loop->gate.is_shut) && loop->gate.cause != FR_LIMIT_ACCEPTS &&
        !is_full(loop->server))
        resume(loop);
}

/* ---- so many a second ---- */

/* The time that one connection stands for; 0: any number is fine. */
static uint64_t step_us(const fr_server *server)
{
    int rate = server->opts.accepts_a_second;
    return rate > 0 ? 1000000u / (uint64_t)rate : 0;
}

/*
 * All workers take from one account: `due` is the time up to which what was taken is paid for. It may run ahead of the
 * clock by BURST_US, which is longer than a pause, so that pausing does not lower the rate.
 */
static bool take_turn(fr_loop *loop)
{
    _Atomic uint64_t *account = &loop->server->accepts_due_us;
    uint64_t step = step_us(loop->server), now = loop->now_ms * 1000, due, from;
    if (!step || loop->is_draining)
        return true; /* the last ones: who waits now would be reset */
    uint64_t ahead = step < BURST_US ? BURST_US - step : 0;
    due = atomic_load_explicit(account, memory_order_relaxed);
    do {
        from = due > now ? due : now;
        if (from - now > ahead)
            return false;
    } while (!atomic_compare_exchange_weak(account, &due, from + step));
    return true;
}

/* Nobody was there to be accepted. */
static void give_turn_back(fr_loop *loop)
{
    uint64_t step = step_us(loop->server);
    if (step && !loop->is_draining)
        atomic_fetch_sub(&loop->server->accepts_due_us, step);
}

/* ---- so many of an address ---- */

/* Whom a connection is counted for: *key, 0 is nobody. from: NULL when none are. */
static fr_err count_peer(fr_loop *loop, const fr_sockaddr *from, uint64_t *key)
{
    const fr_server *server = loop->server;
    fr_address address;
    uint16_t port;
    *key = 0;
    if (FR_LIKELY(!from) || fr_sockaddr_read_(from, &address, &port) != FR_PEER_IP)
        return FR_OK;
    if (server->opts.is_exempt && server->opts.is_exempt(&address, server->opts.arg))
        return FR_OK;
    fr_err err = fr_peers_enter_(server->peers, &address, key);
    if (err == FR_ENOMEM)
        fr_limit_hit(loop, FR_LIMIT_MEMORY, NULL);
    if (err == FR_EBUSY) {
        char text[FR_ADDRESS_TEXT + 1] = {0};
        fr_address_text(&address, text);
        fr_limit_hit(loop, FR_LIMIT_ADDRESS, text);
    }
    return err;
}

/* ---- accepting ---- */

/* Tell the client, if that costs nothing: the socket has just been opened, so it takes a short text; but what the client has sent
 * already is not read, and may let its system throw the text away. */
static void refuse(fr_loop *loop, int fd)
{
    fr_str text = loop->server->opts.refusal;
    if (text.n)
        (void)send(fd, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static void welcome(fr_loop *loop, int fd, uint64_t key)
{
    fr_server *server = loop->server;
    fr_conn *conn = fr_conn_new_(loop, fd);
    if (!conn) {
        fr_peers_leave_(server->peers, key);
        fr_limit_hit(loop, FR_LIMIT_MEMORY, NULL);
        refuse(loop, fd);
        return;
    }
    fr_err err = key ? fr_peers_note_(conn, key) : FR_OK;
    if (err != FR_OK)
        fr_peers_leave_(server->peers, key);
    else
        err = server->opts.on_accept(conn, server->opts.arg);
    if (err != FR_OK) {
        fr_limit_hit(loop, FR_LIMIT_MEMORY, fr_err_name(err));
        fr_conn_close(conn, err);
    }
}

static void let_in(fr_loop *loop, int fd, const fr_sockaddr *from)
{
    uint64_t key;
    fr_count_(&loop->counts.accepted, 1);
    fr_err err = count_peer(loop, from, &key);
    if (err == FR_OK)
        welcome(loop, fd, key);
    else
        refuse(loop, fd);
}

/* Returns false when nothing more can be accepted now. */
static bool accept_one(fr_loop *loop, const fr_listener *listener)
{
    fr_sockaddr from;
    socklen_t size = sizeof from;
    fr_limit cause = is_full(loop->server) ? FR_LIMIT_CONNECTIONS : FR_LIMIT_ACCEPTS;
    if (FR_UNLIKELY(cause == FR_LIMIT_CONNECTIONS || !take_turn(loop))) {
        shut(loop, cause, NULL);
        return false;
    }
    bool is_counted = loop->server->peers && !listener->is_unix;
    int fd = accept4(listener->fd, is_counted ? &from.any : NULL, is_counted ? &size : NULL,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (FR_LIKELY(fd >= 0)) {
        let_in(loop, fd, is_counted ? &from : NULL);
        return true;
    }
    int error = errno;
    give_turn_back(loop);
    switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EINVAL: /* somebody who shares the socket has shut it: it is told as ready for ever */
        shut(loop, FR_LIMIT_FILES, strerrorname_np(error));
        return false;
    case EAGAIN: return false;
    default: return true; /* that client has gone already, or a signal came */
    }
}

/* Of the workers that wait at a shared socket the kernel wakes the one that has waited there longest, over and over: without
 * this, one worker would get all clients who come while it sleeps. */
static void go_behind_the_others(fr_loop *loop)
{
    loop->backend->listen(loop, false);
    loop->backend->listen(loop, true);
}

void fr_listener_on_ready_(fr_loop *loop, const fr_listener *listener)
{
    if (loop->gate.is_shut || !loop->gate.count)
        return; /* the gate is shut; the event is from before */
    int accepted = 0, most = listener->is_shared ? ACCEPTS_A_TURN : ACCEPTS_AN_EVENT;
    while (accepted < most && accept_one(loop, listener))
        accepted++;
    if (listener->is_shared && accepted && !loop->gate.is_shut)
        go_behind_the_others(loop);
}

/* ---- its life ---- */

fr_err fr_gate_init_(fr_loop *loop, int room)
{
    loop->gate = (fr_gate){.retry.run = retry};
    if (room)
        loop->gate.listeners = fr_zalloc((size_t)room * sizeof *loop->gate.listeners);
    return !room || loop->gate.listeners ? FR_OK : FR_ENOMEM;
}

void fr_gate_add_(fr_loop *loop, fr_listener listener)
{
    loop->gate.listeners[loop->gate.count++] = listener;
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
