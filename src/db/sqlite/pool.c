/* Threads for the few reads that are over the budget of a loop. Each read has a transaction of its own, 5 s at most, as
 * a long one keeps the write-ahead log from being reused. */
#include "db/sqlite/sqlite_int.h"

#include "base/alloc.h"

enum { POOL_THREADS = 2, POOL_READS_MAX = 1024, POOL_READ_MS = 5000 };

typedef struct job {
    struct job *next;
    fr_read *read;
    fr_wait wait;
} job;

struct fr_pool {
    fr_db *db;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t threads[POOL_THREADS];
    int thread_count;
    job *first, **last;
    size_t count;
    bool is_closing;
};

static fr_err run(fr_pool *pool, fr_read *read)
{
    fr_ctx *ctx = read->ctx;
    if (atomic_load(&pool->db->is_stopping))
        return fr_fail(ctx, FR_EBUSY, FR_STOPPING_TEXT);
    if (ctx->deadline_ms && fr_clock_ms() > ctx->deadline_ms)
        return fr_fail(ctx, FR_ETIMEOUT, "The query waited too long.");
    fr_reader *reader;
    fr_err err = fr_reader_take(pool->db, &reader);
    if (err != FR_OK)
        return fr_fail(ctx, err, "The database does not answer. Try again.");
    err = fr_reader_run(reader, read, POOL_READ_MS);
    fr_reader_give(reader);
    return err;
}

static void *work(void *arg)
{
    fr_pool *pool = arg;
    pthread_mutex_lock(&pool->lock);
    while (pool->first || !pool->is_closing) {
        job *next = pool->first;
        if (!next) {
            pthread_cond_wait(&pool->wake, &pool->lock);
            continue;
        }
        pool->first = next->next;
        if (!pool->first)
            pool->last = &pool->first;
        pool->count--;
        pthread_mutex_unlock(&pool->lock);
        fr_wait_done(&next->wait, run(pool, next->read));
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

fr_err fr_pool_open(fr_db *db, fr_pool **out)
{
    fr_pool *pool = fr_zalloc(sizeof *pool);
    if (!pool)
        return FR_ENOMEM;
    pool->db = db;
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    while (pool->thread_count < POOL_THREADS &&
           pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) == 0)
        pool->thread_count++;
    if (!pool->thread_count) {
        fr_pool_close(pool);
        return FR_EIO;
    }
    *out = pool;
    return FR_OK;
}

void fr_pool_stop(fr_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    while (pool->thread_count)
        pthread_join(pool->threads[--pool->thread_count], NULL);
}

void fr_pool_close(fr_pool *pool)
{
    if (!pool)
        return;
    fr_pool_stop(pool);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->wake);
    fr_free(pool);
}

fr_err fr_pool_run(fr_pool *pool, fr_read *read)
{
    job mine = {.read = read};
    fr_wait_init(&mine.wait, read->ctx);
    pthread_mutex_lock(&pool->lock);
    bool is_full = pool->count >= POOL_READS_MAX, is_closing = pool->is_closing;
    if (!is_full && !is_closing) {
        *pool->last = &mine;
        pool->last = &mine.next;
        pool->count++;
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->lock);
    if (is_closing)
        return fr_fail(read->ctx, FR_EBUSY, FR_STOPPING_TEXT);
    if (is_full)
        return fr_fail(read->ctx, FR_EBUSY, "Too many long queries are waiting.");
    return fr_wait_for(&mine.wait);
}
