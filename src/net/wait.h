/*
 * One wait of one context for one thing that another thread (or a callback on the loop) completes.
 *
 *     fr_wait w; fr_wait_init(&w, ctx); submit(..., &w); FR_TRY(fr_wait_for(&w));
 *
 * In a fiber it suspends that fiber; without a loop (scripts, tests) it blocks the thread.
 * Deadline and cancellation are looked at only by fr_wait_until_canceled; fr_wait_for always waits
 * to the end (the writer holds our memory: traps A21).
 */
#ifndef FR_NET_WAIT_H
#define FR_NET_WAIT_H
#include "net/fiber.h"

typedef struct fr_wait {
    fr_task task;
    fr_loop *loop; /* NULL: it blocks the thread */
    fr_fiber *fiber;
    fr_ctx *ctx;
    bool is_done;   /* on the loop's thread, or under the lock of wait.c */
    bool is_parked; /* the fiber is suspended in this wait */
    fr_err result;
} fr_wait;

/* Also on a loop's own stack (a worker's start, handlers that never wait): then it blocks the
 * thread, so only another thread may complete it. */
void fr_wait_init(fr_wait *wait, fr_ctx *ctx);
/* Any thread, once. `wait` may be gone when this returns. The waiter goes on in its loop's pass,
 * never inside this call. */
void fr_wait_done(fr_wait *wait, fr_err result);
/* Returns the result. */
fr_err fr_wait_for(fr_wait *wait);
/*
 * The same, but not past the deadline of the context and not when it is cancelled: then `withdraw`
 * is asked to take the wait back from whoever would complete it, so that fr_wait_done is not
 * called any more. If it returns false it was too late for that, and the result is waited for.
 * Errors: FR_ETIMEOUT, FR_ECANCELED, or the result.
 */
fr_err fr_wait_until_canceled(fr_wait *wait, bool (*withdraw)(fr_wait *wait));

/* Other clients go first, those whose bytes have just come too: for work of many milliseconds, between its parts. Outside of a
 * fiber it returns at once. Errors: FR_ECANCELED (the client has gone). */
fr_err fr_wait_turn(fr_ctx *ctx);

/* The client has gone: waits of this context that look at it end with FR_ECANCELED. Loop thread. */
void fr_ctx_cancel(fr_ctx *ctx);

/* is_canceled alone, without the deadline. Any thread: the context of a function of fr_blocking is canceled by the loop's thread. */
static inline bool fr_ctx_is_canceled(const fr_ctx *ctx)
{
    return __atomic_load_n(&ctx->is_canceled, __ATOMIC_RELAXED);
}
static inline void fr_ctx_mark_canceled(fr_ctx *ctx)
{
    __atomic_store_n(&ctx->is_canceled, true, __ATOMIC_RELAXED);
}

/* A context for one event: made by the layer that starts the fiber. */
void fr_ctx_init(fr_ctx *ctx, fr_arena *arena, fr_loop *loop);
#endif
