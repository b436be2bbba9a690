/*
 * Preloaded into a server, for tests/system/test_clock.py: clocks jump. That of the wall is set, as an administrator or NTP may do
 * it, while that of the machine runs on; or both go on while the server does not. By how many seconds each jumps stands in the file
 * that CLOCK_JUMP names, eight bytes for the wall's and eight for the machine's.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

typedef int clock_function(clockid_t clock, struct timespec *out);

static const volatile struct jumps {
    int64_t wall_s, machine_s;
} * jumps; /* NULL: none */
static clock_function *real;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define SEEN __attribute__((visibility("default")))
SEEN int clock_gettime(clockid_t clock, struct timespec *out);
SEEN int gettimeofday(struct timeval *restrict out, void *restrict zone);
SEEN time_t time(time_t *out);

static void find(void)
{
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    const char *name = getenv("CLOCK_JUMP");
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *jumps, PROT_READ, MAP_SHARED, fd, 0);
    jumps = map == MAP_FAILED ? NULL : map;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    pthread_once(&once, find);
    int failed = real(clock, out);
    if (!failed && jumps && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += jumps->wall_s;
    if (!failed && jumps && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE))
        out->tv_sec += jumps->machine_s;
    return failed;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
