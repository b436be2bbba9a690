/*
 * Opening what a server listens on, as one descriptor for each worker.
 *
 * TCP: a socket a worker on the same port (SO_REUSEPORT), so that the kernel spreads connections.
 * SO_REUSEPORT also lets a second server of the same user share the port without a word. So the
 * first socket is bound without it, which fails if anybody has the port, and gets it afterwards,
 * for its siblings.
 *
 * Unix and inherited sockets: one, which the workers share by descriptors of their own.
 */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "net/net_int.h"

enum { BACKLOG = 4096 /* what Linux takes at most unless net.core.somaxconn says otherwise */ };
static const char LOOPBACK[] = "127.0.0.1";

/* ---- text ---- */

static bool set_name(fr_endpoint *out, fr_str name, size_t room)
{
    if (name.n >= room || fr_str_find_char(name, '\0') != SIZE_MAX)
        return false;
    memcpy(out->name, name.p, name.n);
    out->name[name.n] = 0;
    return true;
}

static bool parse_tcp(fr_str text, fr_endpoint *out)
{
    fr_str name = FR_STR(LOOPBACK), digits = text;
    for (size_t i = text.n; i > 0; i--)
        if (text.p[i - 1] == ':') {
            name = fr_str_sub(text, 0, i - 1);
            digits = fr_str_from(text, i);
            break;
        }
    if (name.n >= 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
        name = fr_str_sub(name, 1, name.n - 2);
    else if (fr_str_find_char(name, ':') != SIZE_MAX)
        return false; /* an IPv6 address needs its brackets */
    uint64_t number;
    if (!fr_str_u64(digits, &number) || number > UINT16_MAX)
        return false;
    out->port = (uint16_t)number;
    return set_name(out, name.n ? name : FR_STR("0.0.0.0"), sizeof out->name);
}

fr_err fr_endpoint_parse(fr_str text, fr_endpoint *out)
{
    fr_endpoint at = {0};
    at.is_unix = fr_str_starts(text, FR_STR("unix:"));
    bool is_good = at.is_unix ? text.n > 5 && set_name(&at, fr_str_from(text, 5), FR_UNIX_PATH)
                              : parse_tcp(text, &at);
    if (!is_good)
        return FR_EINVAL;
    *out = at;
    return FR_OK;
}

/* ---- whom it can serve ---- */

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    const struct sockaddr_in *v4 = (const void *)address;
    return address->ss_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool is_local_name(const char *name)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, name, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
    if (inet_pton(AF_INET6, name, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return !strcmp(name, "localhost");
}

bool fr_endpoint_is_local(const fr_endpoint *at)
{
    struct sockaddr_storage address = {0};
    socklen_t bytes = sizeof address;
    if (at->fd <= 0)
        return at->is_unix || !at->name[0] || is_local_name(at->name);
    if (getsockname(at->fd, (struct sockaddr *)&address, &bytes) < 0)
        return false;
    return address.ss_family == AF_UNIX || is_loopback(&address);
}

static const char *host_of(const fr_endpoint *at)
{
    return at->name[0] ? at->name : LOOPBACK;
}

/* "127.0.0.1:8000": an IPv6 address is shown in brackets. */
static void show(const fr_endpoint *at, char out[FR_ENDPOINT_TEXT])
{
    bool is_v6 = strchr(at->name, ':') != NULL;
    if (at->is_unix)
        snprintf(out, FR_ENDPOINT_TEXT, "unix:%s", at->name);
    else
        snprintf(out, FR_ENDPOINT_TEXT, is_v6 ? "[%s]:%u" : "%s:%u", host_of(at), at->port);
}

void fr_endpoint_text(const fr_endpoint *at, char out[FR_ENDPOINT_TEXT])
{
    char place[FR_ENDPOINT_TEXT];
    show(at, place);
    if (at->is_unix)
        memcpy(out, place, sizeof place);
    else
        snprintf(out, FR_ENDPOINT_TEXT, "http://%.270s/", place);
}

/* ---- what the user is told ---- */

static fr_err cannot_listen(const fr_endpoint *at, const char *why, char error[256])
{
    char place[FR_ENDPOINT_TEXT];
    show(at, place);
    snprintf(error, 256, "cannot listen on %.110s: %s", place, why);
    return FR_EIO;
}

static fr_err system_refused(const fr_endpoint *at, int number, char error[256])
{
    char text[80];
    switch (number) {
    case EADDRINUSE:
        return cannot_listen(at,
                             "address already in use; stop the other program or choose another "
                             "port (--listen 127.0.0.1:0 takes any)",
                             error);
    case EACCES:
        return cannot_listen(at,
                             at->is_unix ? "permission denied; choose a folder that is yours"
                                         : "permission denied; ports below 1024 need a privilege: "
                                           "choose a port such as 8000",
                             error);
    case EADDRNOTAVAIL:
        return cannot_listen(
            at, "this machine has no such address; use one of its own, or 0.0.0.0 for all", error);
    case ENOENT:
    case ENOTDIR: return cannot_listen(at, "there is no such folder; make it first", error);
    case EMFILE:
    case ENFILE: return cannot_listen(at, "no files are left; raise ulimit -n", error);
    default:
        snprintf(text, sizeof text, "error %d (%s)", number, strerrorname_np(number));
        return cannot_listen(at, text, error);
    }
}

static void close_all(const int *fds, int count)
{
    int error = errno;
    while (count-- > 0)
        close(fds[count]);
    errno = error;
}

/* ---- TCP ---- */

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
        close_all(&fd, 1);
        return -1;
    }
    return fd;
}

/* Which port, or path, a socket has. */
static void read_name(int fd, fr_endpoint *at)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } is = {0};
    char service[8] = "";
    socklen_t size = sizeof is;
    if (getsockname(fd, &is.any, &size))
        return;
    at->is_unix = is.any.sa_family == AF_UNIX;
    if (at->is_unix) {
        memcpy(at->name, is.local.sun_path, sizeof is.local.sun_path);
        at->name[sizeof is.local.sun_path] = 0;
        return;
    }
    at->port = ntohs(is.any.sa_family == AF_INET6 ? is.v6.sin6_port : is.v4.sin_port);
    if (!at->name[0]) /* of an inherited one: nobody has named it */
        (void)getnameinfo(&is.any, size, at->name, sizeof at->name, service, sizeof service,
                          NI_NUMERICHOST | NI_NUMERICSERV);
}

static void set_port(struct addrinfo *at, uint16_t port)
{
    if (at->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)at->ai_addr)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)(void *)at->ai_addr)->sin_port = htons(port);
}

/* `count` sockets at this address; false: none, errno says why. */
static bool open_siblings(struct addrinfo *found, fr_endpoint *at, int count, int *fds)
{
    fr_endpoint bound = *at;
    for (int i = 0; i < count; i++) {
        fds[i] = open_one(found, i == 0);
        if (fds[i] < 0) {
            close_all(fds, i);
            return false;
        }
        if (i == 0)
            read_name(fds[i], &bound);
        set_port(found, bound.port); /* the siblings take the same */
    }
    at->port = bound.port;
    return true;
}

static fr_err open_tcp(fr_endpoint *at, int count, int *fds, char error[256])
{
    char service[8];
    snprintf(service, sizeof service, "%u", at->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *found;
    if (!at->name[0])
        memcpy(at->name, LOOPBACK, sizeof LOOPBACK);
    int failed = getaddrinfo(at->name, service, &hints, &found);
    if (failed) {
        char why[160];
        snprintf(why, sizeof why, "%.80s; give an address of this machine, such as 127.0.0.1",
                 gai_strerror(failed));
        return cannot_listen(at, why, error);
    }
    /* Of a name such as localhost its IPv4 address first: what tools try when they do not ask. */
    int reason = EADDRNOTAVAIL;
    bool is_open = false;
    for (int round = 0; round < 2 && !is_open; round++)
        for (struct addrinfo *each = found; each && !is_open; each = each->ai_next)
            if (each->ai_family == (round ? AF_INET6 : AF_INET)) {
                is_open = open_siblings(each, at, count, fds);
                if (!is_open)
                    reason = errno;
            }
    freeaddrinfo(found);
    return is_open ? FR_OK : system_refused(at, reason, error);
}

/* ---- one socket for all workers ---- */

/* A descriptor each; false: none, errno says why. */
static bool share(int fd, int count, int *fds)
{
    for (int i = 0; i < count; i++) {
        fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (fds[i] < 0) {
            close_all(fds, i);
            return false;
        }
    }
    return true;
}

/* A socket that somebody else has opened, for us and perhaps for those after us. */
static fr_err open_inherited(fr_endpoint *at, int count, int *fds, char error[256])
{
    int is_listening = 0, one = 1;
    socklen_t size = sizeof is_listening;
    if (getsockopt(at->fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) || !is_listening) {
        snprintf(error, 256,
                 "cannot listen on inherited descriptor %d: not a listening socket; check "
                 "LISTEN_FDS",
                 at->fd);
        return FR_EIO;
    }
    read_name(at->fd, at);
    if (!at->is_unix)
        setsockopt(at->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int flags = fcntl(at->fd, F_GETFL);
    if (flags >= 0 && !fcntl(at->fd, F_SETFL, flags | O_NONBLOCK) && share(at->fd, count, fds))
        return FR_OK;
    snprintf(error, 256, "cannot listen on inherited descriptor %d: error %d (%s)", at->fd, errno,
             strerrorname_np(errno));
    return FR_EIO;
}

/* ---- Unix sockets ---- */

/* Whether somebody listens there. FR_EIO: that cannot be told. */
static fr_err look_for_server(const struct sockaddr_un *address, bool *is_alive)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return FR_EIO;
    int failed = connect(probe, (const struct sockaddr *)address, sizeof *address), reason = errno;
    close(probe);
    *is_alive = !failed || reason == EAGAIN; /* EAGAIN: its queue is full */
    return *is_alive || reason == ECONNREFUSED ? FR_OK : FR_EIO;
}

/* The socket of a server that was killed is in our way; anything else there is not ours to
 * remove. */
static fr_err make_way(const fr_endpoint *at, const struct sockaddr_un *address, char error[256])
{
    struct stat file;
    bool is_alive;
    if (lstat(at->name, &file))
        return errno == ENOENT ? FR_OK : system_refused(at, errno, error);
    if (!S_ISSOCK(file.st_mode))
        return cannot_listen(at, "a file that is no socket is there; choose another path", error);
    if (look_for_server(address, &is_alive) != FR_OK)
        return cannot_listen(
            at, "a socket is there, and whether it is in use cannot be told; remove it", error);
    if (is_alive)
        return cannot_listen(at, "another server listens there; stop it or choose another path",
                             error);
    return unlink(at->name) && errno != ENOENT ? system_refused(at, errno, error) : FR_OK;
}

/* The file gets its mode with its name, so it is never open to more than that. The umask is taken
 * off then, which the second call undoes. */
static bool bind_file(int fd, fr_endpoint *at, const struct sockaddr_un *address)
{
    struct stat file;
    mode_t mode = at->mode ? at->mode : FR_UNIX_MODE;
    if (fchmod(fd, mode) || bind(fd, (const struct sockaddr *)address, sizeof *address))
        return false;
    if (!chmod(at->name, mode) && !listen(fd, BACKLOG) && !lstat(at->name, &file)) {
        at->device = file.st_dev;
        at->inode = file.st_ino;
        return true;
    }
    int reason = errno;
    unlink(at->name);
    errno = reason;
    return false;
}

static fr_err open_unix(fr_endpoint *at, int count, int *fds, char error[256])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, at->name, strnlen(at->name, sizeof address.sun_path - 1));
    FR_TRY(make_way(at, &address, error));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_open = fd >= 0 && bind_file(fd, at, &address) && share(fd, count, fds);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (is_open)
        return FR_OK;
    fr_endpoint_forget_(at);
    return system_refused(at, reason, error);
}

void fr_endpoint_forget_(fr_endpoint *at)
{
    struct stat file;
    bool is_ours = at->inode && !lstat(at->name, &file) && file.st_dev == at->device &&
                   file.st_ino == at->inode;
    if (is_ours)
        unlink(at->name);
    at->inode = 0;
}

fr_err fr_endpoint_open_(fr_endpoint *at, int count, int *fds, char error[256])
{
    if (at->fd > 0)
        return open_inherited(at, count, fds, error);
    return at->is_unix ? open_unix(at, count, fds, error) : open_tcp(at, count, fds, error);
}
