/* Threads for the few reads that are over the budget of a loop. Each read has a transaction of its own, 5 s at most, as
 * a long one keeps the write-ahead log from being reused. */
#include "base/zone.h"
#include "db/sqlite/sqlite_int.h"

enum { POOL_THREADS = 2, POOL_READS_MAX = 1024, POOL_READ_MS = 5000 };

typedef struct slow_read {
    fr_thread_job job; /* first */
    fr_read *read;
    const fr_zone *zone; /* of the fiber that waits */
} slow_read;

static fr_err run(fr_thread_job *job)
{
    fr_read *read = ((slow_read *)(void *)job)->read;
    if (atomic_load(&read->db->is_stopping))
        return fr_fail(read->ctx, FR_EBUSY, FR_STOPPING_TEXT);
    fr_reader *reader;
    fr_err err = fr_reader_take(read->db, &reader);
    if (err != FR_OK)
        return fr_fail(read->ctx, err, "The database does not answer. Try again.");
    fr_zone_use(((slow_read *)(void *)job)->zone);
    err = fr_reader_run(reader, read, POOL_READ_MS);
    fr_zone_use(NULL);
    fr_reader_give(reader);
    return err;
}

fr_err fr_pool_open(fr_threads **out)
{
    return fr_threads_open(&(fr_threads_opts){.least = POOL_THREADS,
                                              .most = POOL_THREADS,
                                              .waiting = POOL_READS_MAX,
                                              .name = "freshet-reads"},
                           out);
}

fr_err fr_pool_run(fr_threads *pool, fr_read *read)
{
    slow_read mine = {.job.run = run, .read = read, .zone = fr_zone_here()};
    fr_err err = fr_threads_run(pool, read->ctx, &mine.job);
    if (mine.job.has_begun || err == FR_ECANCELED)
        return err;
    if (err == FR_ETIMEOUT)
        return fr_fail(read->ctx, err, "The query waited too long.");
    if (atomic_load(&read->db->is_stopping))
        return fr_fail(read->ctx, err, FR_STOPPING_TEXT);
    return fr_fail(read->ctx, err, "Too many long queries are waiting.");
}
