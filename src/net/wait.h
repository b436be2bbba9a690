/*
 * One wait of one context for one thing that another thread (or a callback on the loop) completes.
 *
 *     fr_wait w; fr_wait_init(&w, ctx); submit(..., &w); FR_TRY(fr_wait_for(&w));
 *
 * In a fiber it suspends that fiber; without a loop (scripts, tests) it blocks the thread. Deadline and cancellation
 * are looked at only by fr_wait_until_canceled; fr_wait_for always waits to the end (the writer holds our memory:
 * traps A21).
 */
#ifndef FR_NET_WAIT_H
#define FR_NET_WAIT_H
#include "net/fiber.h"

typedef struct fr_wait {
    fr_task task;
    fr_loop *loop;
    fr_fiber *fiber;
    fr_ctx *ctx;
    atomic_int state;      /* waiting, done */
    fr_err result;
} fr_wait;

void fr_wait_init(fr_wait *wait, fr_ctx *ctx);
/* Any thread, once. `wait` may be gone when this returns. */
void fr_wait_done(fr_wait *wait, fr_err result);
/* Returns the result. */
fr_err fr_wait_for(fr_wait *wait);

/* A context for one event: made by the layer that starts the fiber. */
void fr_ctx_init(fr_ctx *ctx, fr_arena *arena, fr_loop *loop);
#endif
