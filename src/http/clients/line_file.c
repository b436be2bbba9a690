/* See line_file.h. */
#include "http/clients/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/kept.h"
#include "base/str.h"

enum {
    MANY_BYTES = 32 * 1024, /* then they are written at the end of the pass: 100 to 300 lines */
    SOON_MS = 100,          /* else after so long; a full pipe is tried again as often */
    LATER_MS = 1000,        /* a disk that is full, a pipe that nobody reads */
    LOG_MS = 60 * 1000,
};
_Static_assert(FR_LINE_BYTES <= PIPE_BUF, "a line fits a pipe's unit");

/* ---- the file ---- */

static int open_path(const char *path)
{
    int flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    bool is_output = strcmp(path, "-") == 0;
    if (fr_kept_is_at(AT_FDCWD, is_output ? "/proc/self/fd/1" : path)) {
        errno = EPERM;
        return -1;
    }
    if (!is_output)
        return open(path, flags | O_CREAT, 0640);
    /* A description of our own: whether writes wait belongs to it, and a terminal's is the shell's too. Sockets have no
     * path, and other users' pipes may not be opened. */
    int fd = open("/proc/self/fd/1", flags);
    return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
}

bool fr_line_file_check(const char *path)
{
    int fd = open_path(path);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static void use(fr_line_file *file, int fd)
{
    struct stat about = {0};
    (void)fstat(fd, &about);
    file->fd = fd;
    file->is_stream = !S_ISREG(about.st_mode);
    file->is_socket = S_ISSOCK(about.st_mode);
    file->error = 0;
}

/* ---- writing ---- */

/* What is written at once: all to a file; whole lines of at most PIPE_BUF bytes to others. */
static fr_str next_part(const fr_line_file *file, size_t at)
{
    fr_str left = fr_str_from(fr_buf_str(&file->lines), at);
    if (!file->is_stream || left.n <= PIPE_BUF)
        return left;
    const char *end = memrchr(left.p, '\n', PIPE_BUF);
    return fr_str_sub(left, 0, end ? (size_t)(end - left.p) + 1 : PIPE_BUF);
}

/* Bytes written, or -1 with errno. A pipe that says it can be written to takes PIPE_BUF bytes without a wait, also where it
 * could not be opened without waiting. */
static ssize_t write_part(const fr_line_file *file, fr_str part)
{
    struct pollfd ready = {.fd = file->fd, .events = POLLOUT};
    if (file->is_socket)
        return send(file->fd, part.p, part.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (file->is_stream && poll(&ready, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(file->fd, part.p, part.n);
}

static void tell_lost(fr_line_file *file)
{
    uint64_t now_ms = fr_loop_now_ms(file->loop);
    if (!file->lost || now_ms < file->quiet_until_ms)
        return;
    FR_ERROR("http.access_log", FR_KV_C("path", file->path), FR_KV_U("lines_lost", file->lost),
             FR_KV_C("cause", file->error ? strerrorname_np(file->error) : "memory"));
    file->lost = 0;
    file->quiet_until_ms = now_ms + LOG_MS;
}

static void write_lines(fr_line_file *file)
{
    size_t at = 0;
    file->error = 0;
    while (at < file->lines.n) {
        ssize_t n = write_part(file, next_part(file, at));
        if (n > 0)
            at += (size_t)n;
        else if (n == 0 || errno != EINTR) {
            file->error = n == 0 ? EIO : errno;
            break;
        }
    }
    file->lines.n -= at;
    if (file->lines.n)
        memmove(file->lines.p, file->lines.p + at, file->lines.n);
    tell_lost(file);
    if (file->lines.n)
        fr_timer_set(file->loop, &file->timer,
                     fr_loop_now_ms(file->loop) + (file->error == EAGAIN ? SOON_MS : LATER_MS));
    else
        fr_timer_cancel(file->loop, &file->timer);
}

static void on_timer(fr_timer *timer)
{
    write_lines((fr_line_file *)(void *)((char *)timer - offsetof(fr_line_file, timer)));
}

static void on_pass_end(fr_pass_hook *hook)
{
    write_lines((fr_line_file *)(void *)((char *)hook - offsetof(fr_line_file, hook)));
}

void fr_line_file_put(fr_line_file *file, fr_str line)
{
    size_t before = file->lines.n;
    bool has_room = before + line.n <= FR_LINES_KEPT_BYTES;
    if (has_room)
        fr_buf_put(&file->lines, line);
    if (!has_room || file->lines.has_failed) {
        file->lines.n = before;
        file->lines.has_failed = false;
        file->lost++;
        tell_lost(file);
        return;
    }
    if (!before)
        fr_timer_set(file->loop, &file->timer, fr_loop_now_ms(file->loop) + SOON_MS);
    if (file->lines.n >= MANY_BYTES && !file->error)
        fr_loop_at_pass_end(file->loop, &file->hook);
}

/* ---- its life ---- */

fr_err fr_line_file_open(fr_line_file *file, fr_loop *loop, const char *path)
{
    int fd = open_path(path);
    if (fd < 0)
        return FR_EIO;
    *file =
        (fr_line_file){.loop = loop, .path = path, .timer.run = on_timer, .hook.run = on_pass_end};
    fr_buf_init(&file->lines);
    use(file, fd);
    return FR_OK;
}

void fr_line_file_reopen(fr_line_file *file)
{
    if (!file->loop)
        return;
    write_lines(file);
    int fd = open_path(file->path);
    if (fd < 0) {
        FR_ERROR("http.access_log", FR_KV_C("path", file->path),
                 FR_KV_C("not_reopened", strerrorname_np(errno)));
        return;
    }
    close(file->fd);
    use(file, fd);
}

static uint64_t count_lines(fr_str lines)
{
    uint64_t count = 0;
    for (size_t i = 0; i < lines.n; i++)
        count += lines.p[i] == '\n';
    return count;
}

void fr_line_file_close(fr_line_file *file)
{
    if (!file->loop)
        return;
    write_lines(file);
    file->lost += count_lines(fr_buf_str(&file->lines));
    file->quiet_until_ms = 0;
    tell_lost(file);
    fr_timer_cancel(file->loop, &file->timer);
    close(file->fd);
    fr_buf_deinit(&file->lines);
    file->loop = NULL;
}
