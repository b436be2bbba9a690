#include "auth/jwt_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/time.h"

enum { FILE_BYTES_MAX = 256 << 10, LOOK_NS = 1000000000 };

/* Keys that several threads hold. */
typedef struct holding {
    fr_jwt_keys keys; /* first: fr_jwt_keys_let_go has its address */
    int holders;      /* under the lock; the process itself is one */
} holding;

static struct {
    pthread_mutex_t lock;
    fr_jwt_key_source from;
    holding *now;
    struct stat seen;         /* the file when it was read */
    _Atomic uint64_t look_ns; /* when it is looked at next */
    _Atomic uint64_t number;  /* of those that were loaded */
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- reading ---- */

/* All of a small file, malloc'ed; NULL: errno says why. */
static char *read_file(const char *path, size_t *n, struct stat *info)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = NULL;
    errno = EFBIG;
    if (fstat(fd, info) == 0 && info->st_size <= FILE_BYTES_MAX)
        text = fr_malloc((size_t)info->st_size + 1);
    ssize_t got = text ? read(fd, text, (size_t)info->st_size) : -1;
    int failed = errno;
    close(fd);
    if (got < 0) {
        free(text);
        errno = failed;
        return NULL;
    }
    *n = (size_t)got;
    return text;
}

static fr_err read_keys(const char *path, fr_jwt_keys *keys, struct stat *info, char error[512])
{
    size_t n = 0;
    char why[256];
    char *text = read_file(path, &n, info);
    if (!text) {
        snprintf(error, 512, "jwt.keys %.200s: %s", path, strerrordesc_np(errno));
        return FR_EINVAL;
    }
    fr_err err = fr_jwt_add_text(keys, (fr_str){text, n}, why);
    OPENSSL_cleanse(text, n);
    free(text);
    if (err == FR_EINVAL)
        snprintf(error, 512, "jwt.keys %.200s: %.200s", path, why);
    return err;
}

/* The newest secret signs, older ones check. */
static fr_err take_secrets(const fr_jwt_key_source *from, fr_jwt_keys *keys)
{
    for (size_t i = 0; i < from->secrets->count; i++)
        FR_TRY(fr_jwt_add_secret(keys, from->alg, (fr_str){0}, from->secrets->keys[i]));
    return FR_OK;
}

static void unref(holding *held)
{
    if (!held || --held->holders > 0)
        return;
    fr_jwt_keys_deinit(&held->keys);
    free(held);
}

/* The keys as they are now take the place of those before. Under the lock. */
static fr_err load(char error[512])
{
    holding *next = fr_zalloc(sizeof *next);
    if (!next)
        return FR_ENOMEM;
    next->holders = 1;
    fr_err err = all.from.file ? read_keys(all.from.file, &next->keys, &all.seen, error)
                               : take_secrets(&all.from, &next->keys);
    if (err != FR_OK) {
        unref(next);
        return err;
    }
    unref(all.now);
    all.now = next;
    all.number++;
    return FR_OK;
}

/* ---- holding ---- */

fr_err fr_jwt_keys_open(const fr_jwt_key_source *from, char error[512])
{
    pthread_mutex_lock(&all.lock);
    all.from = *from;
    all.look_ns = fr_mono_tick_ns() + LOOK_NS;
    fr_err err = load(error);
    pthread_mutex_unlock(&all.lock);
    return err;
}

void fr_jwt_keys_close(void)
{
    pthread_mutex_lock(&all.lock);
    unref(all.now);
    all.now = NULL;
    pthread_mutex_unlock(&all.lock);
}

static bool has_changed(void)
{
    struct stat info;
    if (stat(all.from.file, &info) != 0)
        return false; /* it is being replaced, or has gone: the keys stay */
    return info.st_ino != all.seen.st_ino || info.st_dev != all.seen.st_dev ||
           info.st_size != all.seen.st_size || info.st_mtim.tv_sec != all.seen.st_mtim.tv_sec ||
           info.st_mtim.tv_nsec != all.seen.st_mtim.tv_nsec;
}

static void look(void)
{
    char error[512] = "";
    uint64_t now = fr_mono_tick_ns();
    if (!all.from.file || now < all.look_ns)
        return;
    all.look_ns = now + LOOK_NS;
    if (!has_changed())
        return;
    if (load(error) == FR_OK)
        FR_INFO("jwt.keys", FR_KV_C("file", all.from.file), FR_KV_U("count", all.now->keys.count));
    else
        FR_WARN("jwt.keys", FR_KV_C("error", *error ? error : "out of memory"),
                FR_KV_C("do", "the keys stay as they were until the file is good"));
}

uint64_t fr_jwt_keys_number(void)
{
    if (all.from.file && fr_mono_tick_ns() >= all.look_ns) {
        pthread_mutex_lock(&all.lock);
        look();
        pthread_mutex_unlock(&all.lock);
    }
    return all.number;
}

const fr_jwt_keys *fr_jwt_keys_hold(void)
{
    pthread_mutex_lock(&all.lock);
    look();
    holding *held = all.now;
    held->holders++;
    pthread_mutex_unlock(&all.lock);
    return &held->keys;
}

void fr_jwt_keys_let_go(const fr_jwt_keys *keys)
{
    pthread_mutex_lock(&all.lock);
    unref((holding *)(uintptr_t)keys);
    pthread_mutex_unlock(&all.lock);
}
