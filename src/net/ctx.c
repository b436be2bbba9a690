/* The context a handler runs in: errors with a text, sleeping, cancelling. */
#include <freshet/net.h>

#include <stdarg.h>
#include <time.h>

#include "base/str.h"
#include "base/zone.h"
#include "net/fiber.h"
#include "net/net_int.h"

enum {
    DETAIL_BYTES = 512,
    BLOCK_MS = 100 /* until a blocked thread looks whether it still has to */
};

void fr_ctx_init(fr_ctx *ctx, fr_arena *arena, fr_loop *loop)
{
    *ctx = (fr_ctx){.ctx = ctx, .arena = arena, .loop = loop, .fiber = fr_fiber_current()};
}

bool fr_is_canceled_(const fr_ctx *ctx)
{
    return fr_ctx_is_canceled(ctx) || (ctx->deadline_ms && fr_clock_ms() >= ctx->deadline_ms);
}

void fr_ctx_cancel(fr_ctx *ctx)
{
    fr_ctx_mark_canceled(ctx);
    if (ctx->waiting && ctx->waiting->is_parked)
        fr_fiber_make_ready_(ctx->waiting->fiber);
}

fr_err fr_fail_(fr_ctx *ctx, fr_err code, const char *fmt, ...)
{
    char text[DETAIL_BYTES + 1];
    va_list args;
    va_start(args, fmt);
    fr_str detail = fr_str_vformat(text, sizeof text, fmt, args);
    va_end(args);
    ctx->detail = ctx->arena ? fr_str_dup(ctx->arena, detail) : (fr_str){0};
    if (!ctx->detail.p)
        ctx->detail.n = 0;
    return code;
}

/* ---- sleeping ---- */

typedef struct nap {
    fr_wait wait;
    fr_timer timer;
} nap;

static void is_over(fr_timer *timer)
{
    fr_wait_done(&FR_CONTAINER_(timer, nap, timer)->wait, FR_OK);
}

static bool withdraw(fr_wait *wait)
{
    fr_timer_cancel(wait->loop, &FR_CONTAINER_(wait, nap, wait)->timer);
    return true;
}

/* In parts: the function of an fr_blocking may be canceled meanwhile, by its loop's thread. */
static fr_err block(fr_ctx *ctx, uint64_t at_ms)
{
    bool is_late = ctx->deadline_ms && ctx->deadline_ms < at_ms;
    if (is_late)
        at_ms = ctx->deadline_ms;
    for (uint64_t now_ms; (now_ms = fr_clock_ms()) < at_ms;) {
        uint64_t ms = at_ms - now_ms < BLOCK_MS ? at_ms - now_ms : BLOCK_MS;
        struct timespec part = {0, (long)ms * 1000000};
        nanosleep(&part, NULL); /* a signal ends it early: look again */
        if (fr_ctx_is_canceled(ctx))
            return FR_ECANCELED;
    }
    return is_late ? FR_ETIMEOUT : FR_OK;
}

fr_err fr_use_zone_(fr_ctx *ctx, fr_str name)
{
    char error[256];
    const fr_zone *zone = NULL;
    fr_err err = name.n ? fr_zone_named(name, &zone, error) : FR_OK;
    if (err == FR_EINVAL || err == FR_EIO)
        return fr_fail(ctx, FR_EINVAL, "%s", error);
    if (err == FR_OK)
        fr_fiber_use_zone(zone);
    return err;
}

fr_err fr_sleep_(fr_ctx *ctx, uint64_t ms)
{
    if (ctx->txn) /* sleeping would hold up every other write */
        return fr_fail(ctx, FR_EINVAL, "Inside fr_atomic only the database may be waited for.");
    if (fr_ctx_is_canceled(ctx))
        return FR_ECANCELED;
    uint64_t at_ms = fr_clock_ms() + ms;
    nap nap_of_ctx;
    fr_wait_init(&nap_of_ctx.wait, ctx);
    if (!nap_of_ctx.wait.fiber)
        return block(ctx, at_ms);
    nap_of_ctx.timer = (fr_timer){.run = is_over};
    fr_timer_set(nap_of_ctx.wait.loop, &nap_of_ctx.timer, at_ms);
    return fr_wait_until_canceled(&nap_of_ctx.wait, withdraw);
}
