/*
 * See open_files.h. What is not for connections: so many of the process, so many of each worker.
 *
 *     few files    | least | connections, at least 8 | …        below: no start
 *     many files   | reserved, with a margin | connections      from twice what is reserved on
 */
#include "net/open_files.h"

#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

enum {
    PROCESS_LEAST =
        24, /* 0 to 2, the database's lock, writer and two slow readers, folders, some uploads */
    PROCESS_RESERVED = 64, /* with room for what handlers open */
    OF_A_WORKER = 10,      /* epoll, wake-up, ring, access log, listeners, a reader's three */
    CONNECTIONS_LEAST = 8,
    LIMIT_MOST = 10000000, /* "unlimited" is a number too */
    LIMIT_USUAL = 1024,
};

int fr_workers_usual(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return count < 1 ? 1 : count > FR_WORKERS_MAX ? FR_WORKERS_MAX : count;
}

int fr_open_files_raise(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        return LIMIT_USUAL;
    rlim_t soft = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files))
        files.rlim_cur = soft;
    return files.rlim_cur > LIMIT_MOST ? LIMIT_MOST : (int)files.rlim_cur;
}

static int least_of(int workers)
{
    return PROCESS_LEAST + OF_A_WORKER * workers;
}

fr_err fr_open_files_check(int workers, char error[256])
{
    int files = fr_open_files_raise();
    if (workers <= 0)
        workers = fr_workers_usual();
    int needed = least_of(workers) + CONNECTIONS_LEAST;
    if (files >= needed)
        return FR_OK;
    snprintf(error, 256,
             "only %d files may be open, and %d worker%s need%s %d: raise ulimit -n (LimitNOFILE= "
             "of a unit)%s",
             files, workers, workers == 1 ? "" : "s", workers == 1 ? "s" : "", needed,
             workers == 1 ? "" : ", or start fewer (--workers 1)");
    return FR_EIO;
}

int fr_open_files_for_connections(int workers)
{
    int files = fr_open_files_raise(), reserved = PROCESS_RESERVED + OF_A_WORKER * workers;
    if (files > 2 * reserved)
        return files - reserved;
    int least = least_of(workers), half = files / 2;
    return half < files - least ? half : files - least;
}
