/*
 * fr_blocking: a function on a thread of the server's pool, while its handler waits. The function gets a context without a
 * loop, so what it waits for (the database, fr_sleep) blocks its own thread; memory and error text are the handler's, which
 * does not run meanwhile.
 */
#include <freshet/net.h>

#include "net/net_int.h"
#include "net/signal.h"
#include "net/threads.h"

typedef struct call {
    fr_thread_job job; /* first */
    fr_ctx ctx;
    fr_err (*function)(fr_ctx *ctx, void *argument);
    void *argument;
} call;

static fr_err run(fr_thread_job *job)
{
    call *c = (call *)(void *)job;
    fr_signals_as_the_program();
    return c->function(&c->ctx, c->argument);
}

static void is_left(fr_thread_job *job)
{
    fr_ctx_mark_canceled(&((call *)(void *)job)->ctx);
}

static fr_err run_on_thread(fr_ctx *ctx, fr_threads *threads, call *c)
{
    c->ctx = (fr_ctx){.ctx = &c->ctx,
                      .arena = ctx->arena,
                      .deadline_ms = ctx->deadline_ms,
                      .db = ctx->db,
                      .asker = ctx->asker};
    c->job = (fr_thread_job){.run = run, .is_left = is_left};
    fr_err err = fr_threads_run(threads, ctx, &c->job);
    ctx->detail = c->ctx.detail;
    return err;
}

fr_err fr_blocking_(fr_ctx *ctx, fr_err (*function)(fr_ctx *ctx, void *argument), void *argument)
{
    if (ctx->txn) /* waiting would hold up every other write */
        return fr_fail(ctx, FR_EINVAL, "Inside fr_atomic only the database may be waited for.");
    if (fr_ctx_is_canceled(ctx))
        return FR_ECANCELED;
    fr_threads *threads = ctx->loop ? ctx->loop->blocking : NULL;
    if (!threads || !fr_fiber_current()) /* nobody else is held up */
        return function(ctx, argument);
    call c = {.function = function, .argument = argument};
    fr_err err = run_on_thread(ctx, threads, &c);
    if (err != FR_EBUSY || c.job.has_begun)
        return err;
    fr_limit_hit(ctx->loop, FR_LIMIT_BLOCKING, NULL);
    return fr_fail(ctx, err, "The server is busy, try again.");
}
