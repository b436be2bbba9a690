/*
 * Listening sockets: one a worker on the same port (SO_REUSEPORT), so that the kernel spreads
 * connections.
 *
 * SO_REUSEPORT also lets a second server of the same user share the port without a word. So the
 * first socket is bound without it, which fails if anybody has the port, and gets it afterwards,
 * for its siblings.
 *
 * When files run out or the server is full, accepting pauses for 100 ms: the waiting connection
 * would else be announced again and again.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net_int.h"

enum {
    BACKLOG = 4096,
    ACCEPTS_AN_EVENT = 64,
    ACCEPTS_A_DRAIN = 2 * BACKLOG,
    PAUSE_MS = 100,
    LOG_MS = 60000, /* one line a cause and minute */
};

/* ---- binding ---- */

/* An IPv6 address is given and shown in brackets. */
static void show_address(const char *host, uint16_t port, char out[160])
{
    bool is_v6 = strchr(host, ':') && host[0] != '[';
    snprintf(out, 160, is_v6 ? "[%.120s]:%u" : "%.120s:%u", host, port);
}

static fr_err cannot_listen(const char *host, uint16_t port, int error, char text[256])
{
    char at[160];
    show_address(host, port, at);
    if (error == EADDRINUSE)
        snprintf(text, 256,
                 "cannot listen on %.80s: address already in use; stop the other program or choose "
                 "another "
                 "port (--listen 127.0.0.1:0 takes any)",
                 at);
    else if (error == EACCES)
        snprintf(text, 256,
                 "cannot listen on %.80s: permission denied; ports below 1024 need a privilege: "
                 "choose a port "
                 "such as 8000",
                 at);
    else if (error == EADDRNOTAVAIL)
        snprintf(text, 256,
                 "cannot listen on %.80s: this machine has no such address; use one of its own, or "
                 "0.0.0.0 "
                 "for all",
                 at);
    else
        snprintf(text, 256, "cannot listen on %.80s: error %d (%s)", at, error,
                 strerrorname_np(error));
    return FR_EIO;
}

/* A bound and listening socket, or -1 with errno set. */
static int open_one(const struct addrinfo *at, bool is_first)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1,
        zero = 0;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* connections inherit it */
    if (at->ai_family == AF_INET6) /* [::] takes IPv4 too; the system's default may differ */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if ((!is_first && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one)) ||
        bind(fd, at->ai_addr, at->ai_addrlen) ||
        (is_first && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one)) ||
        listen(fd, BACKLOG)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t size = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &size))
        return 0;
    if (at.ss_family != AF_INET && at.ss_family != AF_INET6)
        return 0;
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&at)->sin6_port
                                          : ((struct sockaddr_in *)(void *)&at)->sin_port);
}

static void set_port(struct addrinfo *at, uint16_t port)
{
    if (at->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)at->ai_addr)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)(void *)at->ai_addr)->sin_port = htons(port);
}

/* `count` sockets at this address; false: none, errno says why. */
static bool open_all(struct addrinfo *at, int count, int *fds, uint16_t *bound)
{
    for (int i = 0; i < count; i++) {
        fds[i] = open_one(at, i == 0);
        if (fds[i] < 0) {
            int error = errno;
            while (i-- > 0)
                close(fds[i]);
            errno = error;
            return false;
        }
        *bound = port_of(fds[i]);
        set_port(at, *bound); /* the siblings take the same */
    }
    return true;
}

/* What stands between brackets, or the whole. */
static const char *plain_host(const char *host, char out[256])
{
    size_t n = strlen(host);
    if (n < 2 || n >= 256 || host[0] != '[' || host[n - 1] != ']')
        return host;
    memcpy(out, host + 1, n - 2);
    out[n - 2] = 0;
    return out;
}

fr_err fr_listen_(const char *host, uint16_t port, int count, int *fds, uint16_t *bound,
                  char error[256])
{
    char name[256], service[8];
    host = plain_host(host, name);
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *found;
    int failed = getaddrinfo(host, service, &hints, &found);
    if (failed) {
        char at[160];
        show_address(host, port, at);
        snprintf(
            error, 256,
            "cannot listen on %.80s: %.80s; give an address of this machine, such as 127.0.0.1", at,
            gai_strerror(failed));
        return FR_EIO;
    }
    /* Of a name such as localhost its IPv4 address first: what tools try when they do not ask. */
    int reason = EADDRNOTAVAIL;
    bool is_open = false;
    for (int round = 0; round < 2 && !is_open; round++)
        for (struct addrinfo *at = found; at && !is_open; at = at->ai_next)
            if (at->ai_family == (round ? AF_INET6 : AF_INET)) {
                is_open = open_all(at, count, fds, bound);
                if (!is_open)
                    reason = errno;
            }
    freeaddrinfo(found);
    return is_open ? FR_OK : cannot_listen(host, port, reason, error);
}

/* A socket that somebody else has opened, for us and perhaps for those after us. */
fr_err fr_listen_inherited_(int fd, int count, int *fds, uint16_t *bound, char error[256])
{
    int is_listening = 0, one = 1, done = 0;
    socklen_t size = sizeof is_listening;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) || !is_listening) {
        snprintf(
            error, 256,
            "cannot listen on inherited descriptor %d: not a listening socket; check LISTEN_FDS",
            fd);
        return FR_EIO;
    }
    /* Fails on a Unix socket, which has no delay. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && !fcntl(fd, F_SETFL, flags | O_NONBLOCK))
        while (done < count && (fds[done] = fcntl(fd, F_DUPFD_CLOEXEC, 0)) >= 0)
            done++;
    *bound = port_of(fd);
    if (done == count)
        return FR_OK;
    snprintf(error, 256, "cannot listen on inherited descriptor %d: error %d (%s)", fd, errno,
             strerrorname_np(errno));
    while (done-- > 0)
        close(fds[done]);
    return FR_EIO;
}

/* ---- accepting ---- */

static void resume(fr_loop *loop)
{
    loop->listener.pause = FR_PAUSE_NONE;
    fr_timer_cancel(loop, &loop->listener.retry);
    if (loop->listener.fd >= 0)
        loop->backend->listen(loop, true);
}

static void retry(fr_timer *timer)
{
    resume(FR_CONTAINER_(FR_CONTAINER_(timer, fr_listener, retry), fr_loop, listener));
}

static void pause_for(fr_loop *loop, int cause, int error)
{
    fr_listener *listener = &loop->listener;
    listener->pause = cause;
    fr_count_(&loop->accept_pauses, 1);
    loop->backend->listen(loop, false);
    fr_timer_set(loop, &listener->retry, loop->now_ms + PAUSE_MS);
    if (loop->now_ms < listener->quiet_until_ms[cause])
        return;
    listener->quiet_until_ms[cause] = loop->now_ms + LOG_MS;
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
void fr_listener_room_(fr_loop *loop)
{
    if (FR_UNLIKELY(loop->listener.pause == FR_PAUSE_MAX) && !is_full(loop->server))
        resume(loop);
}

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
static bool accept_one(fr_loop *loop)
{
    if (FR_UNLIKELY(is_full(loop->server))) {
        pause_for(loop, FR_PAUSE_MAX, 0);
        return false;
    }
    int fd = accept4(loop->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
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

void fr_listener_on_ready_(fr_loop *loop)
{
    if (loop->listener.fd < 0 || loop->listener.pause)
        return;
    for (int i = 0; i < ACCEPTS_AN_EVENT && accept_one(loop); i++)
        ;
}

void fr_listener_init_(fr_loop *loop, int fd)
{
    loop->listener = (fr_listener){.fd = fd, .retry.run = retry};
    if (fd >= 0)
        loop->backend->listen(loop, true);
}

void fr_listener_drain_(fr_loop *loop)
{
    if (loop->listener.fd < 0)
        return;
    for (int i = 0; i < ACCEPTS_A_DRAIN && accept_one(loop); i++)
        ;
    fr_listener_close_(loop);
}

void fr_listener_close_(fr_loop *loop)
{
    fr_timer_cancel(loop, &loop->listener.retry);
    if (loop->listener.fd >= 0)
        close(loop->listener.fd); /* epoll forgets it by itself */
    loop->listener.fd = -1;
}
