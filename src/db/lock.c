/*
 * A second server on one file is refused by flock on FILE-freshet.lock. The database's own files are opened by SQLite
 * only: POSIX locks are a process's, and closing any descriptor of the file would drop SQLite's (traps A20).
 */
#include "db/db_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/alloc.h"

/* The file by its one true name, so that a link to it has the same lock. malloc'ed. */
static char *true_name(const char *path)
{
    char *real = realpath(path, NULL);
    if (real || errno != ENOENT)
        return real ? real : strdup(path);
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    real = folder ? realpath(folder, NULL) : NULL;
    char *name = NULL;
    if (!real || asprintf(&name, "%s/%s", real, slash ? slash + 1 : path) < 0)
        name = NULL;
    free(folder);
    free(real);
    return name ? name : strdup(path);
}

static fr_err take(int fd, const char *path, char error[512])
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return FR_OK;
    char who[32] = "";
    ssize_t n = errno == EWOULDBLOCK ? pread(fd, who, sizeof who - 1, 0) : 0;
    while (n > 0 && who[n - 1] == '\n')
        who[--n] = 0;
    snprintf(error, 512, "%s is in use by another freshet%s%s: stop it first, or use another file",
             path, *who ? ", process " : "", who);
    return FR_EBUSY;
}

fr_err fr_lock_open(const char *path, int *out, char error[512])
{
    char *name = true_name(path), *file = NULL;
    if (!name || asprintf(&file, "%s-freshet.lock", name) < 0) {
        free(name);
        snprintf(error, 512, "out of memory");
        return FR_ENOMEM;
    }
    free(name);
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        snprintf(error, 512, "cannot write %s: %s", file, strerrordesc_np(errno));
        free(file);
        return FR_EIO;
    }
    free(file);
    fr_err err = take(fd, path, error);
    if (err != FR_OK) {
        close(fd);
        return err;
    }
    char pid[32];
    int n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    /* Only a courtesy for whoever is refused; without it the lock holds as well. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n)
        FR_DEBUG("db.lock", FR_KV_C("note", "cannot write the process id"));
    *out = fd;
    return FR_OK;
}

void fr_lock_close(int lock)
{
    if (lock >= 0)
        close(lock);
}
