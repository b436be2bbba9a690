/*
 * gzip (RFC 1952) by zlib: one context is 268 KiB, so a loop has few, and lends them.
 */
#ifndef FR_HTTP_GZIP_H
#define FR_HTTP_GZIP_H
#include <zlib.h>
#include "base/buf.h"

typedef struct fr_gzip {
    z_stream z;
    int level;
    fr_buf out;           /* owned; what came out and was not taken yet */
    struct fr_gzip *next; /* in the pool */
} fr_gzip;

/* Of one loop. */
typedef struct fr_gzip_pool {
    fr_gzip *free; /* owned */
    uint32_t free_count, lent;
} fr_gzip_pool;

enum {
    FR_GZIPS_MAX = 16, /* lent at once by a loop: 4.2 MiB. Further answers go as they are */
    FR_GZIPS_KEPT = 2, /* of those that came back */
};

/* NULL: all are lent, or memory is out. level: 1 fast … 9 small. */
fr_gzip *fr_gzip_take(fr_gzip_pool *pool, int level);
void fr_gzip_give_back(fr_gzip_pool *pool, fr_gzip *gzip);
void fr_gzip_pool_deinit(fr_gzip_pool *pool); /* none is lent any more */
/* Bytes in; out grows. flush: Z_NO_FLUSH, Z_SYNC_FLUSH (a reader has all that was put) or Z_FINISH. Errors: FR_ENOMEM */
fr_err fr_gzip_put(fr_gzip *gzip, fr_str bytes, int flush);
#endif
