/* Where the secrets are: a file, the environment, systemd, or a file beside the database that is made once. */
#include "auth/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/kept.h"
#include "base/str.h"
#include "base/time.h"

enum {
    TEXT_MAX = FR_SECRETS_MAX * (FR_SECRET_BYTES_MAX + 1),
    MADE_BYTES = 36,
    MADE_CHARS = 2 * MADE_BYTES
};

static fr_err fail(char error[512], fr_err err, const char *what, const char *place,
                   const char *why)
{
    snprintf(error, 512, "%s %s: %s", what, place, why);
    return err;
}

/* ---- a text with a secret a line ---- */

static void forget(void *secrets)
{
    fr_secrets *all = secrets;
    (void)fr_kept_set(all, NULL, 0);
    for (size_t i = 0; i < all->count; i++)
        OPENSSL_cleanse((void *)(uintptr_t)all->keys[i].p, all->keys[i].n);
    all->count = 0;
}

/* Empty lines are passed over. NULL: it is good. */
static const char *take_lines(fr_secrets *out, fr_str text, fr_arena *arena)
{
    fr_str line;
    while (text.n) {
        text = fr_str_cut(text, '\n', &line);
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        if (!line.n)
            continue;
        if (out->count == FR_SECRETS_MAX)
            return "more than 16 secrets";
        if (line.n > FR_SECRET_BYTES_MAX)
            return "a secret of more than 4,096 bytes";
        fr_str kept = fr_str_dup(arena, line);
        if (!kept.p)
            return "out of memory";
        out->keys[out->count++] = kept;
    }
    return out->count ? NULL : "there is no secret in it";
}

/* ---- files ---- */

/* All of a file; longer than TEXT_MAX is EFBIG. Returns an errno. */
static int read_all(int fd, char text[TEXT_MAX + 1], size_t *n)
{
    *n = 0;
    while (*n <= TEXT_MAX) {
        ssize_t got = read(fd, text + *n, TEXT_MAX + 1 - *n);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return errno;
        if (got > 0)
            *n += (size_t)got;
    }
    return EFBIG;
}

/* A file that others may write holds their secret, and is refused. One that they may read is warned of: secrets are mounted so. */
static fr_err read_file(fr_secrets *out, const char *path, fr_arena *arena, char error[512])
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(error, FR_EINVAL, "the secret key's file", path, strerrordesc_np(errno));
    char *text = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? malloc(TEXT_MAX + 1) : NULL;
    size_t n = 0;
    int failed = text ? read_all(fd, text, &n) : EINVAL;
    close(fd);
    const char *why = failed ? "it cannot be read" : NULL;
    /* a folder that is served never shows it */
    if (!why && fr_kept_set(out, &(fr_file_id){info.st_dev, info.st_ino}, 1) != FR_OK)
        why = "out of memory";
    if (!why && (info.st_mode & (S_IWOTH | S_IWGRP)))
        why = "others may write it: chmod 600";
    if (!why && (info.st_mode & S_IROTH))
        FR_WARN("secret.readable", FR_KV_C("file", path));
    if (!why)
        why = take_lines(out, (fr_str){text, n}, arena);
    if (text)
        OPENSSL_cleanse(text, n);
    free(text);
    return why ? fail(error, FR_EINVAL, "the secret key's file", path, why) : FR_OK;
}

/* ---- one of our own ---- */

/* Hexadecimal digits: Django takes any text. */
static void make(char out[MADE_CHARS + 1])
{
    uint8_t random[MADE_BYTES];
    fr_random_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(out + 2 * i, 3, "%02x", random[i]);
    OPENSSL_cleanse(random, sizeof random);
}

static bool write_new(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    size_t n = strlen(text);
    bool is_written = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
    if (close(fd) != 0 || !is_written) {
        unlink(path);
        return false;
    }
    return true;
}

/* The file comes whole or not at all, as two servers may start at once: it is written beside and linked to its name. */
static bool keep(const char *path, const char *text)
{
    char draft[4096];
    int n = snprintf(draft, sizeof draft, "%s.%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof draft || !write_new(draft, text))
        return false;
    bool is_kept = link(draft, path) == 0 || errno == EEXIST;
    unlink(draft);
    return is_kept;
}

static fr_err make_one(fr_secrets *out, const char *path, fr_arena *arena, char error[512])
{
    char text[MADE_CHARS + 2];
    make(text);
    text[MADE_CHARS] = '\n';
    text[MADE_CHARS + 1] = '\0';
    bool is_kept = path && keep(path, text);
    out->source = is_kept ? "kept" : "passing";
    if (is_kept)
        FR_INFO("secret.made", FR_KV_C("file", path));
    else
        FR_WARN("secret.passing",
                FR_KV_C("why", "there is no secret key and none could be kept: sessions end with "
                               "this run. See --secret-key-file"));
    fr_err err = FR_OK;
    if (is_kept)
        err = read_file(out, path, arena, error);
    else if (take_lines(out, fr_str_c(text), arena))
        err = FR_ENOMEM;
    OPENSSL_cleanse(text, sizeof text);
    return err;
}

/* ---- which of the places ---- */

static fr_err from_environment(fr_secrets *out, const char *text, fr_arena *arena, char error[512])
{
    const char *why = take_lines(out, fr_str_c(text), arena);
    return why ? fail(error, FR_EINVAL, "the variable", "FRESHET_SECRET_KEY", why) : FR_OK;
}

/* systemd's LoadCredential=secret-key:… lies in a folder that only this service reads. NULL: there is none. */
static const char *credential(char path[4096])
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): read before other threads start */
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || !*folder)
        return NULL;
    int n = snprintf(path, 4096, "%s/secret-key", folder);
    return n > 0 && n < 4096 && access(path, F_OK) == 0 ? path : NULL;
}

fr_err fr_secrets_read(fr_secrets *out, const fr_secret_places *places, fr_arena *arena,
                       char error[512])
{
    char path[4096];
    *out = (fr_secrets){0};
    error[0] = '\0';
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): read before other threads start */
    const char *variable = getenv("FRESHET_SECRET_KEY");
    const char *given = places->file && *places->file ? places->file : NULL;
    FR_TRY(fr_arena_defer(arena, forget, out));
    if (given) {
        out->source = "file";
        return read_file(out, given, arena, error);
    }
    if (variable && *variable) {
        out->source = "environment";
        return from_environment(out, variable, arena, error);
    }
    if (credential(path)) {
        out->source = "credential";
        return read_file(out, path, arena, error);
    }
    out->source = "kept";
    if (places->beside && access(places->beside, F_OK) == 0)
        return read_file(out, places->beside, arena, error);
    return make_one(out, places->beside, arena, error);
}
