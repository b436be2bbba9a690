/*
 * A second server on one file is refused by flock on FILE-freshet.lock. The database's own files are opened by SQLite
 * only: POSIX locks are a process's, and closing any descriptor of the file would drop SQLite's (traps A20).
 *
 * The lock file holds the process that has the lock, or, after a clean end, what the database's file looked like then:
 * if it looks different at the next start, somebody wrote meanwhile.
 */
#include "db/sqlite/sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
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

static fr_err take(fr_lock *lock, const char *path, char error[512])
{
    bool is_ours = flock(lock->fd, LOCK_EX | LOCK_NB) == 0;
    ssize_t n = pread(lock->fd, lock->before, sizeof lock->before - 1, 0);
    while (n > 0 && lock->before[n - 1] == '\n')
        lock->before[--n] = 0;
    if (is_ours)
        return FR_OK;
    snprintf(error, 512, "%s is in use by another freshet%s%s: stop it first, or use another file",
             path, n > 0 ? ", process " : "", lock->before);
    return FR_EBUSY;
}

/* Only a courtesy for whoever is refused or comes next; without it the lock holds as well. */
static void put(const fr_lock *lock, const char *text)
{
    ssize_t n = (ssize_t)strlen(text);
    if (ftruncate(lock->fd, 0) != 0 || pwrite(lock->fd, text, (size_t)n, 0) != n)
        FR_DEBUG("db.lock", FR_KV_C("note", "cannot write the lock file"));
}

/* What the closed database looks like; a log beside it may hold more. */
static void look(const char *path, char out[FR_LOCK_TEXT])
{
    struct stat file, wal;
    char *name = NULL;
    snprintf(out, FR_LOCK_TEXT, "open");
    if (asprintf(&name, "%s-wal", path) < 0)
        return;
    if (stat(path, &file) == 0 && stat(name, &wal) != 0)
        snprintf(out, FR_LOCK_TEXT, "clean %llu %lld %lld.%09ld", (unsigned long long)file.st_ino,
                 (long long)file.st_size, (long long)file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
    free(name);
}

/* After a crash the file holds a process id: our own last commits are in the log then, and nothing tells ours from
 * others'. */
static bool is_changed(const fr_lock *lock, const char *path)
{
    char now[FR_LOCK_TEXT];
    look(path, now);
    bool is_number = *lock->before >= '0' && *lock->before <= '9';
    return !is_number && strcmp(now, lock->before) != 0;
}

fr_err fr_lock_open(const char *path, fr_lock *out, char error[512])
{
    char *name = true_name(path), *file = NULL;
    fr_lock lock = {.fd = -1};
    if (!name || asprintf(&file, "%s-freshet.lock", name) < 0) {
        free(name);
        snprintf(error, 512, "out of memory");
        return FR_ENOMEM;
    }
    free(name);
    lock.fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock.fd < 0) {
        snprintf(error, 512, "cannot write %s: %s", file, strerrordesc_np(errno));
        free(file);
        return FR_EIO;
    }
    free(file);
    fr_err err = take(&lock, path, error);
    if (err != FR_OK) {
        close(lock.fd);
        return err;
    }
    char pid[32];
    snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    lock.is_changed = is_changed(&lock, path);
    put(&lock, pid);
    *out = lock;
    return FR_OK;
}

void fr_lock_close(fr_lock *lock, const char *path, bool is_clean)
{
    if (lock->fd < 0)
        return;
    if (is_clean)
        look(path, lock->before);
    put(lock, lock->before);
    close(lock->fd);
    lock->fd = -1;
}
