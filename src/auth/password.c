/*
 * Which hasher, and on which thread. What is wrong at once (an unusable password, one that is too long, an encoded one that no
 * hasher knows) takes the time of a hash all the same, so that nobody learns it from the clock.
 */
#include "auth/password.h"

#include <assert.h>
#include <stdio.h>

#include "auth/hash.h"
#include "base/str.h"
#include "net/fiber.h"
#include "net/threads.h"

static_assert((int)FR_PASSWORD_TEXT == (int)FR_HASH_TEXT, "both are the column's");

static struct {
    fr_threads *threads; /* NULL: on the caller's thread */
    const fr_hash *hash; /* of new passwords; NULL: pbkdf2_sha256 */
    bool takes_weak;
} pool;

static const fr_hash *preferred(void)
{
    return pool.hash ? pool.hash : &fr_hash_pbkdf2_sha256;
}

/* ---- a job ---- */

typedef struct job {
    fr_thread_job job; /* first */
    enum { CHECK, MAKE, WASTE } kind;
    fr_str encoded, password;
    char *out;
    bool is_right, is_outdated;
} job;

static fr_err make(fr_str password, char out[FR_HASH_TEXT])
{
    return preferred()->make(password, out) ? FR_OK : FR_ENOMEM;
}

static fr_err waste(fr_str password)
{
    char out[FR_HASH_TEXT];
    return make(password, out);
}

static fr_err check(job *j)
{
    fr_str rest;
    const fr_hash *hash = fr_hash_of(j->encoded, &rest);
    if (!hash || (hash->is_weak && !pool.takes_weak))
        return waste(j->password);
    switch (hash->check(rest, j->password, &j->is_outdated)) {
    case FR_HASH_BROKEN: return waste(j->password);
    case FR_HASH_NO_MEMORY: return FR_ENOMEM;
    case FR_HASH_RIGHT:
        j->is_right = true;
        j->is_outdated |= hash != preferred();
        return FR_OK;
    case FR_HASH_WRONG: break;
    }
    if (hash->harden && hash == preferred())
        hash->harden(rest, j->password);
    return FR_OK;
}

static fr_err run(fr_thread_job *of)
{
    job *j = (job *)(void *)of;
    return j->kind == CHECK  ? check(j)
           : j->kind == MAKE ? make(j->password, j->out)
                             : waste(j->password);
}

static fr_err hand_over(fr_ctx *ctx, job *j)
{
    if (ctx->txn) /* it would hold up every other write */
        return fr_fail(ctx, FR_EINVAL, "Inside fr_atomic only the database may be waited for.");
    j->job = (fr_thread_job){.run = run};
    if (!pool.threads || !fr_fiber_current())
        return run(&j->job);
    fr_err err = fr_threads_run(pool.threads, ctx, &j->job);
    return err == FR_EBUSY && !j->job.has_begun
               ? fr_fail(ctx, FR_EBUSY, "Too many passwords are being checked, try again.")
               : err;
}

/* ---- what others call ---- */

fr_err fr_password_check(fr_ctx *ctx, fr_str encoded, fr_str password, bool *ok, bool *outdated)
{
    bool is_possible = password.n <= FR_PASSWORD_BYTES && fr_password_is_usable(encoded);
    job j = {.kind = is_possible ? CHECK : WASTE,
             .encoded = encoded,
             .password = fr_str_sub(password, 0, FR_PASSWORD_BYTES)};
    FR_TRY(hand_over(ctx, &j));
    *ok = j.is_right;
    *outdated = j.is_right && j.is_outdated;
    return FR_OK;
}

fr_err fr_password_make(fr_ctx *ctx, fr_str password, char out[FR_PASSWORD_TEXT])
{
    if (password.n > FR_PASSWORD_BYTES)
        return fr_fail(ctx, FR_ETOOBIG, "A password has at most %d bytes.", FR_PASSWORD_BYTES);
    return hand_over(ctx, &(job){.kind = MAKE, .password = password, .out = out});
}

fr_err fr_password_waste(fr_ctx *ctx, fr_str password)
{
    fr_str part = fr_str_sub(password, 0, FR_PASSWORD_BYTES);
    return hand_over(ctx, &(job){.kind = WASTE, .password = part});
}

bool fr_password_unusable(char out[FR_PASSWORD_TEXT])
{
    enum { LETTERS = 40 };
    out[0] = '!';
    out[1 + LETTERS] = 0;
    return fr_salt_make(out + 1, LETTERS);
}

bool fr_password_is_usable(fr_str encoded)
{
    return encoded.n && encoded.p[0] != '!';
}

/* ---- the pool ---- */

static fr_err find_hash(const char *name, const fr_hash **out, char error[256])
{
    const fr_hash *hash = name ? fr_hash_find(fr_str_c(name)) : &fr_hash_pbkdf2_sha256;
    if (!hash || !hash->make) {
        snprintf(error, 256,
                 hash ? "no new password is hashed with %.40s"
                      : "\"%.40s\" is no algorithm of passwords; pbkdf2_sha256 is one",
                 name);
        return FR_EINVAL;
    }
    *out = hash;
    return FR_OK;
}

fr_err fr_passwords_use(const fr_hashing *hashing, char error[256])
{
    FR_TRY(find_hash(hashing->algorithm, &pool.hash, error));
    pool.takes_weak = hashing->takes_weak;
    return FR_OK;
}

fr_err fr_passwords_open(uint32_t threads)
{
    fr_threads_opts opts = {
        .most = threads ? threads : 1, .waiting = FR_PASSWORD_WAITING, .name = "passwords"};
    return fr_threads_open(&opts, &pool.threads);
}

void fr_passwords_stop(void)
{
    fr_threads_stop(pool.threads, 0);
}

void fr_passwords_close(void)
{
    fr_threads_free(pool.threads);
    pool.threads = NULL;
    pool.hash = NULL;
    pool.takes_weak = false;
}
