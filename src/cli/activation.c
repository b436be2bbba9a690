/* Socket activation and notification; see activation.h. */
#include "cli/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

enum { FIRST_FD = 3 };

/* Where to tell; empty: nobody has asked. Written before other threads start. */
static struct sockaddr_un notified;
static socklen_t notified_bytes;

/* NOLINTBEGIN(concurrency-mt-unsafe): no other thread is there yet */
static uint64_t number_of(const char *variable)
{
    const char *text = getenv(variable);
    uint64_t n = 0;
    return text && fr_str_u64(fr_str_c(text), &n) ? n : 0;
}

static void take_notify_socket(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path ? strlen(path) : 0;
    bool is_abstract = n && path[0] == '@';
    if (n < 2 || n >= sizeof notified.sun_path || (path[0] != '/' && !is_abstract))
        return;
    notified.sun_family = AF_UNIX;
    memcpy(notified.sun_path, path, n + 1);
    if (is_abstract)
        notified.sun_path[0] = 0;
    notified_bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (is_abstract ? 0 : 1));
}

int fr_activation_take(fr_endpoint *out, int max)
{
    static const char *const VARIABLES[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
                                            "NOTIFY_SOCKET"};
    bool is_meant = number_of("LISTEN_PID") == (uint64_t)getpid();
    uint64_t given = is_meant ? number_of("LISTEN_FDS") : 0;
    int count = given > (uint64_t)max ? max : (int)given;
    take_notify_socket();
    for (size_t i = 0; i < sizeof VARIABLES / sizeof *VARIABLES; i++)
        unsetenv(VARIABLES[i]);
    for (int i = 0; i < count; i++)
        out[i] = (fr_endpoint){.fd = FIRST_FD + i};
    for (uint64_t i = 0; i < given && fcntl(FIRST_FD + (int)i, F_SETFD, FD_CLOEXEC) == 0; i++)
        ; /* those past max are not for our children either */
    return count;
}
/* NOLINTEND(concurrency-mt-unsafe) */

/* state goes as one datagram. If it cannot be sent nothing is done: systemd has a timeout for it. */
static void notify(fr_str state)
{
    if (!notified_bytes)
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, state.p, state.n, MSG_NOSIGNAL | MSG_DONTWAIT,
                 (const struct sockaddr *)&notified, notified_bytes);
    close(fd);
}

void fr_activation_ready(void)
{
    notify(FR_STR("READY=1"));
}

void fr_activation_stopping(void *arg)
{
    (void)arg;
    notify(FR_STR("STOPPING=1"));
}
