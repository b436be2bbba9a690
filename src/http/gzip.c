/* gzip contexts and their pool; see gzip.h. Their memory comes through fr_malloc, so that tests can make it fail. */
#include "http/gzip.h"

#include <assert.h>

#include "base/alloc.h"

enum {
    WINDOW_BITS = 15 + 16, /* 16: gzip's head and checksum, not zlib's */
    MEMORY_LEVEL = 8,
    OUT_STEP_BYTES = 16 * 1024,
    OUT_KEPT_BYTES = 64 * 1024,
    FEED_BYTES_MAX = 1 << 30, /* zlib counts with 32 bits */
};

static void gzip_free(fr_gzip *gzip)
{
    deflateEnd(&gzip->z);
    fr_buf_deinit(&gzip->out);
    fr_free(gzip);
}

static fr_gzip *gzip_new(int level)
{
    fr_gzip *gzip = fr_zalloc(sizeof *gzip);
    if (!gzip)
        return NULL;
    gzip->z.zalloc = fr_zlib_malloc;
    gzip->z.zfree = fr_zlib_free;
    gzip->level = level;
    fr_buf_init(&gzip->out);
    if (deflateInit2(&gzip->z, level, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) ==
        Z_OK)
        return gzip;
    fr_free(gzip);
    return NULL;
}

/* A context that was used is as good as new, unless it was made for another level. */
static fr_gzip *take_free(fr_gzip_pool *pool, int level)
{
    fr_gzip *gzip = pool->free;
    if (!gzip)
        return NULL;
    pool->free = gzip->next;
    pool->free_count--;
    if (gzip->level == level && deflateReset(&gzip->z) == Z_OK)
        return gzip;
    gzip_free(gzip);
    return NULL;
}

fr_gzip *fr_gzip_take(fr_gzip_pool *pool, int level)
{
    if (pool->lent == FR_GZIPS_MAX)
        return NULL;
    fr_gzip *gzip = take_free(pool, level);
    if (!gzip)
        gzip = gzip_new(level);
    if (gzip)
        pool->lent++;
    return gzip;
}

void fr_gzip_give_back(fr_gzip_pool *pool, fr_gzip *gzip)
{
    pool->lent--;
    if (pool->free_count == FR_GZIPS_KEPT) {
        gzip_free(gzip);
        return;
    }
    if (gzip->out.cap > OUT_KEPT_BYTES)
        fr_buf_deinit(&gzip->out);
    else
        fr_buf_clear(&gzip->out);
    gzip->next = pool->free;
    pool->free = gzip;
    pool->free_count++;
}

void fr_gzip_pool_deinit(fr_gzip_pool *pool)
{
    for (fr_gzip *gzip = pool->free, *next; gzip; gzip = next) {
        next = gzip->next;
        gzip_free(gzip);
    }
    *pool = (fr_gzip_pool){0};
}

/* One call of zlib; room in out for what it gives at least. */
static fr_err step(fr_gzip *gzip, int flush, int *result)
{
    if (!fr_buf_reserve(&gzip->out, OUT_STEP_BYTES))
        return FR_ENOMEM;
    size_t room = gzip->out.cap - gzip->out.n;
    if (room > FEED_BYTES_MAX)
        room = FEED_BYTES_MAX;
    gzip->z.next_out = (Bytef *)gzip->out.p + gzip->out.n;
    gzip->z.avail_out = (uInt)room;
    *result = deflate(&gzip->z, flush);
    gzip->out.n += room - gzip->z.avail_out;
    return FR_OK;
}

fr_err fr_gzip_put(fr_gzip *gzip, fr_str bytes, int flush)
{
    assert(bytes.n <= FEED_BYTES_MAX);
    gzip->z.next_in = (Bytef *)(uintptr_t)bytes.p;
    gzip->z.avail_in = (uInt)bytes.n;
    int result;
    do
        FR_TRY(step(gzip, flush, &result));
    while (gzip->z.avail_out == 0 && result != Z_STREAM_END);
    assert(gzip->z.avail_in == 0 && result != Z_STREAM_ERROR);
    return FR_OK;
}
