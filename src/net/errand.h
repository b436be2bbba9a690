/*
 * Errands: functions that no client waits for, each on a fiber of one loop with a context of its own. The program's are
 * fr_spawn, fr_after and fr_every; the server's own and those of the layers above are started here. A drain waits for them.
 */
#ifndef FR_NET_ERRAND_H
#define FR_NET_ERRAND_H
#include "net/fiber.h"

enum {
    FR_ERRANDS_RUNNING = 1000,  /* of a loop, by fr_spawn; one more is refused */
    FR_ERRANDS_MAX = 10 * 1000, /* of a loop, those that wait for their time too */
};

/* Start function: at once, or soon if the caller is on a fiber; FR_ERRANDS_RUNNING is not asked. name: for the log, a literal; borrowed.
 * Errors: FR_ENOMEM, FR_EBUSY (all fibers are in use). Loop thread. */
fr_err fr_errand_start(fr_loop *loop, struct fr_db *db, const char *name,
                       fr_err (*function)(fr_ctx *ctx, void *argument), void *argument);
#endif
