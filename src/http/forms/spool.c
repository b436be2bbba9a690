/* See spool.h. */
#include "http/forms/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "net/wait.h"

enum {
    PIECE_BYTES = 64 * 1024,
    COPY_BYTES = 1024 * 1024, /* of a copy, before other work has its turn: 0.3 ms */
    PATH_BYTES = 4096,
};

void fr_spool_init(fr_spool *spool)
{
    *spool = (fr_spool){.fd = -1};
    fr_buf_init(&spool->held);
}

void fr_spool_deinit(fr_spool *spool)
{
    fr_buf_deinit(&spool->held);
    if (spool->fd >= 0)
        close(spool->fd);
    spool->fd = -1;
}

static fr_err error_of(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return FR_ENOSPACE;
    case EEXIST: return FR_ECONFLICT;
    case ENOENT:
    case ENOTDIR: return FR_ENOTFOUND;
    default: return FR_EIO;
    }
}

/* ---- writing ---- */

/* For file systems that have no files without names. */
static int open_and_unlink(const char *folder)
{
    char path[PATH_BYTES];
    if ((size_t)snprintf(path, sizeof path, "%s/freshet-XXXXXX", folder) >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

static fr_err fail(fr_spool *spool, const char *call)
{
    fr_err err = error_of(errno);
    spool->refused = call;
    return err == FR_ENOSPACE ? err : FR_EIO;
}

static fr_err open_file(fr_spool *spool, const char *folder)
{
    spool->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (spool->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        spool->fd = open_and_unlink(folder);
    return spool->fd < 0 ? fail(spool, "open") : FR_OK;
}

static fr_err write_all(int fd, fr_str bytes)
{
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n < PIECE_BYTES ? bytes.n : PIECE_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_of(errno);
        bytes = (fr_str){bytes.p + n, bytes.n - (size_t)n};
    }
    return FR_OK;
}

static fr_err write_out(fr_spool *spool, fr_str bytes)
{
    fr_err err = write_all(spool->fd, bytes);
    if (err != FR_OK)
        return fail(spool, "write");
    spool->written += bytes.n;
    return FR_OK;
}

static fr_err write_held(fr_spool *spool)
{
    FR_TRY(write_out(spool, fr_buf_str(&spool->held)));
    if (spool->held.cap > (size_t)2 * PIECE_BYTES)
        fr_buf_deinit(&spool->held);
    fr_buf_clear(&spool->held);
    return FR_OK;
}

fr_err fr_spool_put(fr_spool *spool, fr_str bytes, size_t memory_bytes, const char *folder)
{
    spool->bytes += bytes.n;
    size_t bound = spool->fd >= 0 ? PIECE_BYTES : memory_bytes;
    if (bytes.n <= bound && spool->held.n <= bound - bytes.n) {
        fr_buf_put(&spool->held, bytes);
        return fr_buf_check(&spool->held);
    }
    if (spool->fd < 0)
        FR_TRY(open_file(spool, folder));
    FR_TRY(write_held(spool));
    if (bytes.n >= PIECE_BYTES)
        return write_out(spool, bytes);
    fr_buf_put(&spool->held, bytes);
    return fr_buf_check(&spool->held);
}

fr_err fr_spool_end(fr_spool *spool)
{
    if (spool->fd < 0)
        return FR_OK;
    FR_TRY(write_held(spool));
    fr_buf_deinit(&spool->held);
    return FR_OK;
}

/* ---- reading ---- */

fr_err fr_spool_read(const fr_spool *spool, uint64_t at, void *into, size_t n, size_t *got)
{
    *got = 0;
    if (at >= spool->bytes)
        return FR_OK;
    if (n > spool->bytes - at)
        n = (size_t)(spool->bytes - at);
    if (spool->fd < 0) {
        memcpy(into, spool->held.p + at, n);
        *got = n;
        return FR_OK;
    }
    ssize_t read;
    do
        read = pread(spool->fd, into, n, (off_t)at);
    while (read < 0 && errno == EINTR);
    if (read <= 0) /* the file holds all: it ends here only if the disk has failed */
        return FR_EIO;
    *got = (size_t)read;
    return FR_OK;
}

/* ---- saving ---- */

/* Whether path is linked now (*out: FR_OK) or taken (FR_ECONFLICT); false: a copy is needed. */
static bool link_file(const fr_spool *spool, const char *path, fr_err *out)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", spool->fd);
    if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
        *out = FR_OK;
    else if (errno == EEXIST)
        *out = FR_ECONFLICT;
    else
        return false; /* another file system, or one without links */
    return true;
}

static fr_err copy_file(const fr_spool *spool, fr_ctx *ctx, int to)
{
    off_t at = 0;
    while ((uint64_t)at < spool->bytes) {
        ssize_t n = sendfile(to, spool->fd, &at, COPY_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? error_of(errno) : FR_EIO;
        FR_TRY(fr_wait_turn(ctx));
    }
    return FR_OK;
}

static fr_err copy(const fr_spool *spool, fr_ctx *ctx, const char *path)
{
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (to < 0)
        return error_of(errno);
    fr_err err =
        spool->fd >= 0 ? copy_file(spool, ctx, to) : write_all(to, fr_buf_str(&spool->held));
    if (close(to) && err == FR_OK)
        err = error_of(errno);
    if (err != FR_OK)
        (void)unlink(path);
    return err;
}

fr_err fr_spool_save(const fr_spool *spool, fr_ctx *ctx, const char *path)
{
    fr_err err;
    if (spool->fd >= 0 && link_file(spool, path, &err))
        return err;
    return copy(spool, ctx, path);
}
