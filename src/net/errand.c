/*
 * See errand.h.
 *
 *     fr_spawn ───────────────────▶ runs ──▶ freed
 *     fr_after ──▶ waits, timer ──▶ runs ──▶ freed
 *     fr_every ──▶ waits, timer ──▶ runs ──▶ waits …     freed when it returns FR_ECANCELED, or the loop drains
 */
#include "net/errand.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "net/net_int.h"

enum { RETRY_MS = 10 /* when no fiber or no memory was to be had */ };

struct fr_errand {
    fr_errand *next, **prev_next; /* of the loop */
    fr_loop *loop;
    fr_ctx ctx;
    fr_arena *arena; /* owned; NULL until it runs */
    struct fr_db *db;
    const char *name; /* of the function */
    fr_err (*function)(fr_ctx *ctx, void *argument);
    void *argument;
    fr_timer timer;
    uint64_t at_ms, every_ms; /* every_ms 0: once */
    bool is_running;
};

static fr_str name_of(const void *name)
{
    return fr_str_c(name);
}

/* ---- of a loop ---- */

static void count_running(fr_loop *loop, int n)
{
    loop->errands.running += (uint32_t)n;
    if (loop->server)
        atomic_fetch_add(&loop->server->at_work, n);
}

static void errand_free(fr_errand *errand)
{
    fr_timer_cancel(errand->loop, &errand->timer);
    errand->loop->errands.count--;
    *errand->prev_next = errand->next;
    if (errand->next)
        errand->next->prev_next = errand->prev_next;
    fr_arena_free(errand->arena);
    fr_free(errand);
}

uint32_t fr_errands_running_(const fr_loop *loop)
{
    return loop->errands.running;
}

void fr_errands_drain_(fr_loop *loop)
{
    for (fr_errand *errand = loop->errands.first, *next; errand; errand = next) {
        next = errand->next;
        if (!errand->is_running)
            errand_free(errand);
    }
}

void fr_errands_cancel_(fr_loop *loop)
{
    for (fr_errand *errand = loop->errands.first; errand; errand = errand->next)
        if (errand->is_running)
            fr_ctx_cancel(&errand->ctx);
}

/* ---- running ---- */

/* The server's end is nobody's fault. */
static void tell(const fr_errand *errand, fr_err err)
{
    if (err != FR_OK && err != FR_ECANCELED)
        FR_ERROR("background.failed", FR_KV_C("function", errand->name),
                 FR_KV_C("error", fr_err_name(err)), FR_KV_S("detail", errand->ctx.detail));
}

/* A time that was missed is left out, not made up for. */
static void wait_for_next(fr_errand *errand)
{
    uint64_t now_ms = fr_clock_ms();
    errand->at_ms += errand->every_ms;
    if (errand->at_ms < now_ms)
        errand->at_ms = now_ms + errand->every_ms;
    fr_arena_reset(errand->arena);
    fr_timer_set(errand->loop, &errand->timer, errand->at_ms);
}

static void run(void *arg)
{
    fr_errand *errand = arg;
    fr_fiber_name(name_of, errand->name);
    fr_ctx_init(&errand->ctx, errand->arena, errand->loop);
    errand->ctx.db = errand->db;
    fr_err err = errand->function(&errand->ctx, errand->argument);
    tell(errand, err);
    errand->is_running = false;
    count_running(errand->loop, -1);
    if (errand->every_ms && err != FR_ECANCELED && !errand->loop->is_draining)
        wait_for_next(errand);
    else
        errand_free(errand);
}

static fr_err start(fr_errand *errand)
{
    if (!errand->arena && !(errand->arena = fr_arena_new(0)))
        return FR_ENOMEM;
    errand->is_running = true;
    count_running(errand->loop, 1);
    fr_err err = fr_fiber_start(errand->loop, run, errand); /* errand may be freed afterwards */
    if (err == FR_OK)
        return FR_OK;
    errand->is_running = false;
    count_running(errand->loop, -1);
    return err;
}

static void is_due(fr_timer *timer)
{
    fr_errand *errand = FR_CONTAINER_(timer, fr_errand, timer);
    fr_loop *loop = errand->loop;
    if (loop->errands.running >= FR_ERRANDS_RUNNING || start(errand) != FR_OK)
        fr_timer_set(loop, timer, loop->now_ms + RETRY_MS);
}

/* ---- giving one ---- */

static fr_errand *errand_new(fr_loop *loop, struct fr_db *db, const char *name,
                             fr_err (*function)(fr_ctx *ctx, void *argument), void *argument)
{
    fr_errand *errand = fr_zalloc(sizeof *errand);
    if (!errand)
        return NULL;
    *errand = (fr_errand){.loop = loop,
                          .db = db,
                          .name = name,
                          .function = function,
                          .argument = argument,
                          .timer.run = is_due};
    errand->next = loop->errands.first;
    errand->prev_next = &loop->errands.first;
    if (errand->next)
        errand->next->prev_next = &errand->next;
    loop->errands.first = errand;
    loop->errands.count++;
    return errand;
}

fr_err fr_errand_start(fr_loop *loop, struct fr_db *db, const char *name,
                       fr_err (*function)(fr_ctx *ctx, void *argument), void *argument)
{
    fr_errand *errand = errand_new(loop, db, name, function, argument);
    fr_err err = errand ? start(errand) : FR_ENOMEM;
    if (err && errand)
        errand_free(errand);
    return err;
}

/* Memory that ends with the handler that gives it: a mistake that would be found much later. */
static bool ends_with_handler(const fr_ctx *ctx, const void *argument)
{
    const fr_fiber *fiber = fr_fiber_current();
    bool is_on_stack = fiber && (const char *)argument >= fiber->map &&
                       (const char *)argument < (const char *)fiber;
    return argument && (is_on_stack || (ctx->arena && fr_arena_has(ctx->arena, argument)));
}

static fr_err check(fr_ctx *ctx, const char *call, const char *name, const void *argument)
{
    if (!ctx->loop || ctx->txn)
        return fr_fail(
            ctx, FR_EINVAL,
            "%s(%s): only in a handler of a server, and not inside fr_atomic or fr_blocking.", call,
            name);
    if (ends_with_handler(ctx, argument))
        return fr_fail(
            ctx, FR_EINTERNAL,
            "%s(%s): its argument is memory that ends with this handler; malloc it, and have the "
            "function free it.",
            call, name);
    return FR_OK;
}

static fr_err refuse(fr_ctx *ctx)
{
    fr_limit_hit(ctx->loop, FR_LIMIT_BACKGROUND, NULL);
    return fr_fail(ctx, FR_EBUSY, "The server is busy, try again.");
}

fr_err fr_spawn_(fr_ctx *ctx, const char *name, fr_err (*function)(fr_ctx *ctx, void *argument),
                 void *argument)
{
    FR_TRY(check(ctx, "fr_spawn", name, argument));
    if (ctx->loop->errands.running >= FR_ERRANDS_RUNNING)
        return refuse(ctx);
    fr_err err = fr_errand_start(ctx->loop, ctx->db, name, function, argument);
    return err == FR_EBUSY ? refuse(ctx) : err;
}

static fr_err put_off(fr_ctx *ctx, uint64_t ms, uint64_t every_ms, const char *name,
                      fr_err (*function)(fr_ctx *ctx, void *argument), void *argument)
{
    fr_loop *loop = ctx->loop;
    if (loop->is_draining)
        return fr_fail(ctx, FR_EBUSY, "The server is stopping.");
    if (loop->errands.count >= FR_ERRANDS_MAX)
        return refuse(ctx);
    fr_errand *errand = errand_new(loop, ctx->db, name, function, argument);
    if (!errand)
        return FR_ENOMEM;
    errand->every_ms = every_ms;
    errand->at_ms = fr_clock_ms() + ms;
    fr_timer_set(loop, &errand->timer, errand->at_ms);
    return FR_OK;
}

fr_err fr_after_(fr_ctx *ctx, uint64_t ms, const char *name,
                 fr_err (*function)(fr_ctx *ctx, void *argument), void *argument)
{
    FR_TRY(check(ctx, "fr_after", name, argument));
    return put_off(ctx, ms, 0, name, function, argument);
}

fr_err fr_every_(fr_ctx *ctx, uint64_t ms, const char *name,
                 fr_err (*function)(fr_ctx *ctx, void *argument), void *argument)
{
    FR_TRY(check(ctx, "fr_every", name, argument));
    if (!ms)
        return fr_fail(ctx, FR_EINVAL, "fr_every(%s): 1 ms at least.", name);
    return put_off(ctx, ms, ms, name, function, argument);
}
