/* The epoll back end: level-triggered, one eventfd for wake-ups. What an event belongs to is told
 * by its pointer: NULL is the eventfd, one with its lowest bit set a listener, anything else a
 * connection. */
#include "net/backend_epoll.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/net_int.h"

enum {
    EVENTS_A_WAIT = 1024, /* 12 KiB; what is beyond is told by the next wait */
    /* A pass that has queued this much copied output takes no more events: the rest comes in the
     * next pass, while what was copied is still in the second-level cache. Echo of 16 KiB on
     * 100 connections: 5.8 µs without, 4.6 with (the floor: 4.6). */
    QUEUED_A_PASS = 256 * 1024,
    EVENTS_A_LOOK = 64, /* are delivered before the clock is looked at */
    IS_LISTENER = 1,
};

/* What one wait reported, and how far it has been delivered. */
typedef struct fr_epoll {
    uint32_t count, next;
    struct epoll_event events[EVENTS_A_WAIT];
} fr_epoll;

fr_err fr_epoll_open_(fr_loop *loop)
{
    loop->polling =
        (fr_polling){.events = fr_zalloc(sizeof(fr_epoll)), .epoll_fd = -1, .wake_fd = -1};
    if (!loop->polling.events)
        return FR_ENOMEM;
    loop->polling.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->polling.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->polling.epoll_fd < 0 || loop->polling.wake_fd < 0)
        return FR_EIO;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    return epoll_ctl(loop->polling.epoll_fd, EPOLL_CTL_ADD, loop->polling.wake_fd, &event) ? FR_EIO
                                                                                           : FR_OK;
}

void fr_epoll_close_(fr_loop *loop)
{
    if (!loop->polling.events)
        return; /* not opened */
    if (loop->polling.epoll_fd >= 0)
        close(loop->polling.epoll_fd);
    if (loop->polling.wake_fd >= 0)
        close(loop->polling.wake_fd);
    loop->polling.epoll_fd = loop->polling.wake_fd = -1;
    fr_free(loop->polling.events);
    loop->polling.events = NULL;
}

static uint32_t wanted(const fr_conn *conn, bool want_read, bool want_write)
{
    return (want_read ? EPOLLIN : 0u) | (want_write ? EPOLLOUT : 0u) |
           (conn->flags & (FR_CONN_EOF | FR_CONN_HUNG) ? 0u : EPOLLRDHUP);
}

fr_err fr_epoll_arm_(fr_loop *loop, fr_conn *conn)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = conn};
    return epoll_ctl(loop->polling.epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) ? FR_EIO : FR_OK;
}

void fr_epoll_rearm_(fr_loop *loop, fr_conn *conn, bool want_read, bool want_write)
{
    struct epoll_event event = {.events = wanted(conn, want_read, want_write), .data.ptr = conn};
    if (epoll_ctl(loop->polling.epoll_fd, EPOLL_CTL_MOD, conn->fd, &event))
        fr_conn_fail_(conn, FR_EIO); /* out of kernel memory: else conn would hang for ever */
}

void fr_epoll_disarm_(fr_loop *loop, fr_conn *conn)
{
    /* Only for a descriptor that lives on in another process; closing alone takes ours out. */
    struct epoll_event event = {0};
    epoll_ctl(loop->polling.epoll_fd, EPOLL_CTL_DEL, conn->fd, &event);
}

/* Of the workers that share a socket one is woken. Such a watch can be ended, but not changed. */
void fr_epoll_listen_(fr_loop *loop, bool is_on)
{
    int count;
    fr_listener *listeners = fr_gate_listeners_(loop, &count);
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
                                    .data.u64 = (uintptr_t)&listeners[i] | IS_LISTENER};
        epoll_ctl(loop->polling.epoll_fd, is_on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listeners[i].fd,
                  &event);
    }
}

void fr_epoll_send_all_(fr_loop *loop, fr_conn **conns, size_t count)
{
    (void)loop;
    for (size_t i = 0; i < count; i++) {
        fr_conns_look_ahead_(conns, i, count, 1);
        fr_out_flush_(conns[i]);
    }
}

static void woken(fr_loop *loop)
{
    uint64_t count;
    if (read(loop->polling.wake_fd, &count, sizeof count) < 0)
        return; /* somebody's wake-up was taken with an earlier one */
}

static void deliver(fr_loop *loop, const struct epoll_event *event)
{
    uint64_t what = event->data.u64;
    uint32_t is = event->events;
    if (FR_UNLIKELY(!what))
        woken(loop);
    else if (FR_UNLIKELY(what & IS_LISTENER))
        fr_listener_on_ready_(loop, (fr_listener *)(uintptr_t)(what - IS_LISTENER));
    else
        fr_conn_on_events_(event->data.ptr, is & EPOLLIN, is & EPOLLOUT, is & EPOLLRDHUP,
                           is & (EPOLLERR | EPOLLHUP));
}

void fr_epoll_wait_(fr_loop *loop, int ms)
{
    fr_epoll *epoll = loop->polling.events;
    if (FR_LIKELY(epoll->next == epoll->count)) {
        int count = epoll_wait(loop->polling.epoll_fd, epoll->events, EVENTS_A_WAIT, ms);
        epoll->count = count > 0 ? (uint32_t)count : 0; /* a signal: none */
        epoll->next = 0;
    }
    fr_loop_woke_(loop);
    while (epoll->next < epoll->count && fr_sending_copied_(loop) < QUEUED_A_PASS) {
        const struct epoll_event *event = &epoll->events[epoll->next++];
        if (epoll->next < epoll->count)
            __builtin_prefetch(event[1].data.ptr); /* of NULL: harmless */
        deliver(loop, event);
        if (FR_UNLIKELY(epoll->next % EVENTS_A_LOOK == 0) && !fr_loop_has_time(loop))
            break;
    }
    loop->polling.events_left = epoll->count - epoll->next;
    loop->polling.had_events = epoll->count > 0;
}

void fr_epoll_wake_(fr_loop *loop)
{
    int error = errno; /* also called by the signal handler */
    uint64_t one = 1;
    if (write(loop->polling.wake_fd, &one, sizeof one) < 0)
        errno = error; /* the counter is full: the loop is awake */
    errno = error;
}

const fr_backend fr_backend_epoll = {
    .name = "epoll",
    .open = fr_epoll_open_,
    .close = fr_epoll_close_,
    .arm = fr_epoll_arm_,
    .rearm = fr_epoll_rearm_,
    .disarm = fr_epoll_disarm_,
    .listen = fr_epoll_listen_,
    .send_all = fr_epoll_send_all_,
    .chunk = 256,
    .wait = fr_epoll_wait_,
    .wake = fr_epoll_wake_,
};
