/*
 * Bytes of unknown number: in memory as long as they are few, then in a file without a name, which is gone with its last
 * descriptor, also after a crash. Writing goes to the page cache, 64 KiB at a time; only a system that has more unwritten
 * bytes than it allows itself makes the loop wait for the disk.
 */
#ifndef FR_HTTP_FORMS_SPOOL_H
#define FR_HTTP_FORMS_SPOOL_H
#include <freshet/net.h>

#include "base/buf.h"

typedef struct fr_spool {
    fr_buf held;         /* owned: all of it, or what is not written yet */
    int fd;              /* -1: nothing is on disk */
    uint64_t bytes;      /* in all */
    uint64_t written;    /* of these, to fd */
    const char *refused; /* by the operating system: which call; literal */
} fr_spool;

void fr_spool_init(fr_spool *spool);
void fr_spool_deinit(fr_spool *spool);
/* Append. folder: of the file on disk, which is made as soon as there are more than memory_bytes.
 * Errors: FR_ENOMEM, FR_ENOSPACE (the disk is full, or a quota), FR_EIO. */
fr_err fr_spool_put(fr_spool *spool, fr_str bytes, size_t memory_bytes, const char *folder);
/* All has come: what is to be on disk is written. Errors as above. */
fr_err fr_spool_end(fr_spool *spool);
/* After the end: up to n bytes from `at` on. Errors: FR_EIO. */
fr_err fr_spool_read(const fr_spool *spool, uint64_t at, void *into, size_t n, size_t *got);
/* After the end: save the bytes as path, which must be free; by a link if that is on the same file system, else by a copy,
 * between the parts of which other work of the loop goes on. Errors: FR_ECONFLICT (the name is taken), FR_ENOTFOUND (the
 * folder is not there), FR_ENOSPACE, FR_EIO, FR_ECANCELED; then there is no file. */
fr_err fr_spool_save(const fr_spool *spool, fr_ctx *ctx, const char *path);
#endif
