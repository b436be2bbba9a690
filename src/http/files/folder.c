/*
 * Opening beneath a folder: openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS; where the kernel or a sandbox has no
 * openat2, part by part with O_NOFOLLOW.
 */
#include "http/files/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/kept.h"
#include "base/log.h"
#include "base/str.h"
#include "net/loop.h"

static bool is_served(fr_str part)
{
    return part.n && part.p[0] != '.' ? true : fr_str_eq(part, FR_STR(".well-known"));
}

/* Is the path, without its slash at the end, made of names only? */
static bool is_name_path(fr_str path)
{
    if (path.n >= FR_FOLDER_PATH_BYTES || fr_str_find_char(path, '\0') != SIZE_MAX)
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
    int fd = fcntl(at, F_DUPFD_CLOEXEC, 0);
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

static int open_beneath(int at, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, /* a pipe with that name must not hold us */
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall(SYS_openat2, at, path, &how, sizeof how);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
    char name[FR_FOLDER_PATH_BYTES + 32];
    snprintf(name, sizeof name, "%s", path);
    return open_by_parts(at, name);
}

/* Once a minute: somebody should move the database out of the folder. */
static void tell_kept(const char *name)
{
    static atomic_uint_fast64_t next_ms;
    uint64_t now = fr_clock_ms(), next = atomic_load(&next_ms);
    if (now >= next && atomic_compare_exchange_strong(&next_ms, &next, now + 60000))
        FR_WARN("http.folder", FR_KV_C("path", name),
                FR_KV_C("note", "a file of the database lies in this folder: it is not served"));
}

/* Open out->name. */
static fr_err open_name(int folder, fr_folder_file *out, bool *is_folder)
{
    if (fr_kept_is_at(folder, out->name)) {
        tell_kept(out->name);
        return FR_ENOTFOUND;
    }
    int fd = open_beneath(folder, out->name);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE ? FR_EBUSY : FR_ENOTFOUND;
    bool is_known = fstat(fd, &out->info) == 0;
    if (is_known && fr_kept_has(&out->info))
        return FR_ENOTFOUND; /* renamed to this name since we asked: never closed, as that drops its owner's locks */
    if (is_known && S_ISREG(out->info.st_mode)) {
        out->fd = fd;
        return FR_OK;
    }
    *is_folder = is_known && S_ISDIR(out->info.st_mode);
    close(fd);
    return FR_ENOTFOUND;
}

fr_err fr_folder_open(int folder, fr_str path, fr_folder_file *out, bool *is_folder)
{
    static const char INDEX[] = "index.html";
    *is_folder = false;
    if (!is_name_path(path))
        return FR_ENOTFOUND;
    if (path.n)
        memcpy(out->name, path.p, path.n);
    out->name_n = path.n;
    out->name[path.n] = '\0';
    if (!path.n || path.p[path.n - 1] == '/') {
        memcpy(out->name + path.n, INDEX, sizeof INDEX);
        out->name_n += sizeof INDEX - 1;
    }
    return open_name(folder, out, is_folder);
}

bool fr_folder_open_beside(int folder, const fr_folder_file *file, const char *ending,
                           fr_folder_file *out)
{
    bool is_folder;
    int n = snprintf(out->name, sizeof out->name, "%s%s", file->name, ending);
    out->name_n = (size_t)n;
    return (size_t)n < sizeof out->name && open_name(folder, out, &is_folder) == FR_OK;
}
