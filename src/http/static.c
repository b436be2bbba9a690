/*
 * Static files: beneath a folder, and files that are part of the binary.
 *
 * A name is opened beneath a handle of the folder, and may not leave it: not by "..", not by a link (openat2 with
 * RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS; where the kernel or a sandbox has no openat2, part by part with O_NOFOLLOW).
 * Hidden files (".git", ".env") are not served, ".well-known" is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/time.h"
#include "http/http_int.h"

enum { SMALL_BYTES = 64 * 1024, PATH_BYTES_MAX = 1024 };

typedef struct folder {
    int fd; /* owned; open as long as the app lives */
} folder;

/* ---- what all static answers share ---- */

/* GET and HEAD; else *err is what to return. */
static bool allows(fr_req *req, fr_err *err)
{
    if (req->is_head || fr_str_eq(req->method, FR_STR("GET")))
        return true;
    *err = fr_reply_header(req, FR_STR("Allow"), FR_STR("GET, HEAD"));
    if (*err == FR_OK)
        *err = fr_fail(req, FR_EMETHOD, "Method \"%.*s\" not allowed.", FR_FMT(req->method));
    return false;
}

fr_err fr_static_bytes(fr_req *req, fr_str content_type, fr_str bytes)
{
    fr_err err;
    if (!allows(req, &err))
        return err;
    FR_TRY(fr_reply_header(req, FR_STR("X-Content-Type-Options"), FR_STR("nosniff")));
    return fr_reply_bytes(req, 200, content_type, bytes);
}

/* ---- opening ---- */

static bool is_served(fr_str part)
{
    return part.n && part.p[0] != '.' ? true : fr_str_eq(part, FR_STR(".well-known"));
}

/* Is the path, without its slash at the end, made of names only? */
static bool is_name_path(fr_str path)
{
    if (path.n >= PATH_BYTES_MAX || fr_str_find_char(path, '\0') != SIZE_MAX)
        return false;
    if (path.n && path.p[path.n - 1] == '/')
        path.n--;
    while (path.n) {
        fr_str part;
        bool ends_in_slash = path.p[path.n - 1] == '/';
        path = fr_str_cut(path, '/', &part);
        if (!is_served(part) || (!path.n && ends_in_slash))
            return false;
    }
    return true;
}

/* Part by part; a link anywhere is refused. */
static int open_by_parts(int at, char *name)
{
    int fd = dup(at);
    while (fd >= 0 && name) {
        char *slash = strchr(name, '/');
        if (slash)
            *slash = '\0';
        int next = openat(
            fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (slash ? O_DIRECTORY : 0));
        close(fd);
        fd = next;
        name = slash ? slash + 1 : NULL;
    }
    return fd;
}

static int open_beneath(int at, fr_str path)
{
    char name[PATH_BYTES_MAX + 1];
    memcpy(name, path.p, path.n);
    name[path.n] = '\0';
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, /* a pipe with that name must not hold us */
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall(SYS_openat2, at, name, &how, sizeof how);
    return fd < 0 && (errno == ENOSYS || errno == EPERM) ? open_by_parts(at, name) : fd;
}

/* The file that a path names; in a folder its index.html. Errors: FR_ENOTFOUND; *is_folder: it needs a slash. */
static fr_err open_file(int at, fr_str path, int *out, struct stat *info, bool *is_folder)
{
    *is_folder = false;
    if (!is_name_path(path))
        return FR_ENOTFOUND;
    char with_index[PATH_BYTES_MAX + 16];
    if (!path.n || path.p[path.n - 1] == '/') {
        int n = snprintf(with_index, sizeof with_index, "%.*sindex.html", FR_FMT(path));
        path = (fr_str){with_index, (size_t)n};
        if (path.n > PATH_BYTES_MAX)
            return FR_ENOTFOUND;
    }
    int fd = open_beneath(at, path);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE ? FR_EBUSY : FR_ENOTFOUND;
    if (fstat(fd, info) == 0 && S_ISREG(info->st_mode)) {
        *out = fd;
        return FR_OK;
    }
    *is_folder = S_ISDIR(info->st_mode);
    close(fd);
    return FR_ENOTFOUND;
}

/* ---- serving ---- */

static bool is_unchanged(fr_req *req, const struct stat *info)
{
    fr_time since;
    return fr_time_parse_http(fr_req_header(req, FR_STR("if-modified-since")), &since) &&
           (int64_t)info->st_mtime <= since / 1000000;
}

static fr_err reply_small(fr_req *req, int fd, size_t bytes, fr_str content_type)
{
    fr_buf *body = fr_reply_body(req);
    fr_buf_clear(body);
    if (!fr_buf_reserve(body, bytes))
        return FR_ENOMEM;
    ssize_t got = pread(fd, body->p, bytes, 0);
    if (got < 0)
        return FR_EIO;
    body->n = (size_t)got;
    return fr_reply_buf(req, 200, content_type);
}

/* fd is taken. */
static fr_err reply_file(fr_req *req, int fd, const struct stat *info, fr_str content_type)
{
    if ((size_t)info->st_size > SMALL_BYTES)
        return fr_answer_file(fr_exchange_of(req), 200, content_type, fd, (uint64_t)info->st_size);
    fr_err err = reply_small(req, fd, (size_t)info->st_size, content_type);
    close(fd);
    return err;
}

static fr_err put_file_headers(fr_req *req, const struct stat *info)
{
    char modified[FR_TIME_TEXT];
    size_t n = fr_time_http((fr_time)info->st_mtime * 1000000, modified);
    FR_TRY(fr_reply_header(req, FR_STR("Last-Modified"), (fr_str){modified, n}));
    return fr_reply_header(req, FR_STR("X-Content-Type-Options"), FR_STR("nosniff"));
}

static fr_err serve(fr_req *req, void *arg)
{
    const folder *f = arg;
    fr_err err;
    if (!allows(req, &err))
        return err;
    int fd;
    struct stat info = {0};
    bool is_folder;
    err = open_file(f->fd, fr_req_rest(req), &fd, &info, &is_folder);
    if (is_folder)
        return fr_redirect_to_slash(fr_exchange_of(req));
    FR_TRY(err);
    fr_str path = req->path;
    if (fr_str_ends(path, FR_STR("/")))
        path = FR_STR("index.html");
    err = put_file_headers(req, &info);
    if (err != FR_OK || is_unchanged(req, &info)) {
        close(fd);
        return err == FR_OK ? fr_reply_bytes(req, 304, FR_STR(""), FR_STR("")) : err;
    }
    return reply_file(req, fd, &info, fr_mime_type(path));
}

static void close_folder(void *arg)
{
    close(((folder *)arg)->fd);
}

fr_err fr_static_open(fr_arena *arena, const char *path, fr_http_target *out, char error[256])
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(error, 256, "folder \"%.100s\" cannot be opened: %s", path,
                 strerrordesc_np(errno));
        return FR_EIO;
    }
    folder *f = fr_arena_alloc(arena, sizeof *f);
    if (!f || fr_arena_defer(arena, close_folder, f)) {
        close(fd);
        snprintf(error, 256, "out of memory");
        return FR_ENOMEM;
    }
    f->fd = fd;
    *out = (fr_http_target){.handle = serve, .arg = f, .is_quick = true};
    return FR_OK;
}
