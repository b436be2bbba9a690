/*
 * Handlers that hold their loop: all its other clients wait meanwhile. Whenever a fiber is left, the time since the last
 * one was left (or since the pass began) is looked at, by the clock that costs least: it moves every few milliseconds,
 * which is fine enough. What is in between (parsing, receiving) is short of it by far.
 */
#include "base/due.h"
#include "net/net_int.h"

enum { HELD_MS = 100 /* a frame of 60 Hz is 16: whoever is connected has seen it stand */ };

static fr_str name_of(const fr_fiber *fiber)
{
    const fr_str *name = fiber->of;
    return fiber->name ? fiber->name(fiber->of) : name ? *name : (fr_str){0};
}

static void tell(const fr_fiber *fiber, uint64_t ms)
{
    fr_str name = name_of(fiber);
    if (fr_log_is_due("handler.held", name, fr_clock_ms(), NULL))
        FR_WARN("handler.held", FR_KV_S("route", name), FR_KV_MS("ms", ms),
                FR_KV_I("worker", fiber->loop->index),
                FR_KV_C("do", "all clients of this worker waited: run what blocks by fr_blocking"));
}

void fr_held_look_(fr_loop *loop, const fr_fiber *fiber)
{
    uint64_t now_ns = fr_clock_coarse_ns_();
    if (FR_UNLIKELY(now_ns > loop->left_ns + (uint64_t)HELD_MS * 1000000))
        tell(fiber, (now_ns - loop->left_ns) / 1000000);
    loop->left_ns = now_ns;
}
