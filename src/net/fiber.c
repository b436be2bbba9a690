/*
 * Fibers. One that has ended stays on its stack, in the endless loop of fiber_main, so that
 * starting it again is one switch. All switches go between the loop's stack and a fiber, never
 * from fiber to fiber: the loop decides which one runs.
 *
 *     | guard page | stack, grows down ← | fr_fiber |      one mapping
 *
 * Suspended fibers are known to the fr_wait that suspends them; ready ones are in the loop's list; ended
 * ones in its pool. The pool shrinks by half of what has not been needed for a second.
 */
#include "net/fiber.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/zone.h"
#include "net/fiber_switch.h"
#include "net/net_int.h"

#if FR_ON_ASAN_
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#elif FR_ON_TSAN_
#include <sanitizer/tsan_interface.h>
#endif

enum {
#if FR_ON_ASAN_ || FR_ON_TSAN_
    STACK_BYTES = 4 * FR_FIBER_STACK_BYTES, /* frames grow by red zones */
#else
    STACK_BYTES = FR_FIBER_STACK_BYTES,
#endif
    FIBERS_A_PASS = 4096, /* the rest waits for the next pass: sockets are not starved */
    POOL_LEAST = 32,      /* never trimmed */
    POOL_TRIM_MS = 1000,
    /* Stacks begin at different lines of a page: else their hot ends share a few cache sets. 16 lines are 1 KiB of a stack. */
    COLOURS = 16,
};

static atomic_int fibers_mapped; /* of the process, pools included */

/* ---- the sanitizers are told of every switch ---- */

#if FR_ON_ASAN_

static void before_fiber(fr_loop *loop, fr_fiber *fiber)
{
    __sanitizer_start_switch_fiber(&loop->fibers.stack_sanitizer, fiber->map,
                                   (size_t)((char *)fiber - fiber->map));
}
static void back_on_loop(fr_loop *loop)
{
    __sanitizer_finish_switch_fiber(loop->fibers.stack_sanitizer, NULL, NULL);
}
static void before_loop(fr_loop *loop, fr_fiber *fiber, bool is_over)
{
    __sanitizer_start_switch_fiber(is_over ? NULL : &fiber->sanitizer, loop->fibers.stack_bottom,
                                   loop->fibers.stack_bytes);
}
static void back_on_fiber(fr_loop *loop, fr_fiber *fiber)
{
    __sanitizer_finish_switch_fiber(fiber->sanitizer, &loop->fibers.stack_bottom,
                                    &loop->fibers.stack_bytes);
    fiber->sanitizer = NULL;
}
static void sanitizer_new(fr_fiber *fiber)
{
    fiber->sanitizer = NULL;
}
static void sanitizer_free(fr_fiber *fiber)
{
    __asan_unpoison_memory_region(fiber->map, (size_t)((char *)fiber - fiber->map));
}

#elif FR_ON_TSAN_

static void before_fiber(fr_loop *loop, fr_fiber *fiber)
{
    loop->fibers.stack_sanitizer = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber->sanitizer, 0);
}
static void back_on_loop(fr_loop *loop)
{
    (void)loop;
}
static void before_loop(fr_loop *loop, fr_fiber *fiber, bool is_over)
{
    (void)fiber, (void)is_over;
    __tsan_switch_to_fiber(loop->fibers.stack_sanitizer, 0);
}
static void back_on_fiber(fr_loop *loop, fr_fiber *fiber)
{
    (void)loop, (void)fiber;
}
static void sanitizer_new(fr_fiber *fiber)
{
    fiber->sanitizer = __tsan_create_fiber(0);
}
static void sanitizer_free(fr_fiber *fiber)
{
    __tsan_destroy_fiber(fiber->sanitizer);
}

#else

#define before_fiber(loop, fiber) ((void)0)
#define back_on_loop(loop) ((void)0)
#define before_loop(loop, fiber, is_over) ((void)(is_over))
#define back_on_fiber(loop, fiber) ((void)(loop))
#define sanitizer_new(fiber) ((void)0)
#define sanitizer_free(fiber) ((void)0)

#endif

/* ---- memory ---- */

static void fiber_main(fr_fiber *fiber);

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static fr_err fiber_new(fr_loop *loop, fr_fiber **out)
{
    int number = atomic_fetch_add_explicit(&fibers_mapped, 1, memory_order_relaxed);
    size_t guard = page_bytes();
    char *map = MAP_FAILED;
    if (number < FR_FIBERS_HERE_)
        map = mmap(NULL, guard + STACK_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED || mprotect(map, guard, PROT_NONE)) {
        if (map != MAP_FAILED)
            munmap(map, guard + STACK_BYTES);
        atomic_fetch_sub_explicit(&fibers_mapped, 1, memory_order_relaxed);
        return number < FR_FIBERS_HERE_ ? FR_ENOMEM : FR_EBUSY;
    }
    char *top = map + guard + STACK_BYTES - (size_t)(number % COLOURS) * FR_CACHE_LINE;
    fr_fiber *fiber = (fr_fiber *)(void *)(top - ((sizeof(fr_fiber) + 63) & ~(size_t)63));
    *fiber = (fr_fiber){.loop = loop, .map = map};
    fiber->sp = fr_fiber_first_sp_(fiber, fiber_main, (char *)fiber);
    sanitizer_new(fiber);
    *out = fiber;
    return FR_OK;
}

static void fiber_free(fr_fiber *fiber)
{
    sanitizer_free(fiber);
    atomic_fetch_sub_explicit(&fibers_mapped, 1, memory_order_relaxed);
    munmap(fiber->map, page_bytes() + STACK_BYTES);
}

static fr_fiber *pool_take(fr_loop *loop)
{
    fr_fiber *fiber = loop->fibers.pool;
    if (!fiber)
        return NULL;
    loop->fibers.pool = fiber->next;
    if (--loop->fibers.pool_count < loop->fibers.pool_least)
        loop->fibers.pool_least = loop->fibers.pool_count;
    return fiber;
}

static void pool_trim(fr_timer *timer)
{
    fr_loop *loop = FR_CONTAINER_(timer, fr_loop, fibers.pool_trim);
    uint32_t surplus =
        loop->fibers.pool_least > POOL_LEAST ? loop->fibers.pool_least - POOL_LEAST : 0;
    for (uint32_t i = (surplus + 1) / 2; i > 0; i--)
        fiber_free(pool_take(loop));
    loop->fibers.pool_least = loop->fibers.pool_count;
    if (loop->fibers.pool_count > POOL_LEAST)
        fr_timer_set(loop, timer, loop->now_ms + POOL_TRIM_MS);
}

static void pool_put(fr_loop *loop, fr_fiber *fiber)
{
    fiber->next = loop->fibers.pool;
    loop->fibers.pool = fiber;
    loop->fibers.used--;
    if (++loop->fibers.pool_count > POOL_LEAST && !loop->fibers.pool_trim.prev_next) {
        loop->fibers.pool_least = loop->fibers.pool_count;
        loop->fibers.pool_trim.run = pool_trim;
        fr_timer_set(loop, &loop->fibers.pool_trim, loop->now_ms + POOL_TRIM_MS);
    }
}

void fr_fibers_free_(fr_loop *loop)
{
    for (fr_fiber *fiber; (fiber = pool_take(loop));)
        fiber_free(fiber);
    fr_timer_cancel(loop, &loop->fibers.pool_trim);
}

/* ---- running ---- */

/* The caller of a function that switches has saved what a call may destroy. If the function were inlined (at link
 * time), nothing would be saved. */
#define FR_OUT_OF_LINE __attribute__((noinline))

/* On the loop's stack: run the fiber until it suspends or ends. What the fiber wants done on this stack is
 * done here. */
static void enter(fr_loop *loop, fr_fiber *fiber)
{
    fr_loop *before = fr_loop_enter_(loop);
    if (FR_UNLIKELY(fiber->has_zone))
        fr_zone_use(fiber->zone);
    for (;;) {
        loop->fibers.running = fiber;
        before_fiber(loop, fiber);
        fr_fiber_switch_(&loop->fibers.stack_sp, fiber->sp);
        back_on_loop(loop);
        loop->fibers.running = NULL;
        if (!loop->fibers.call.run)
            break;
        void (*run)(void *arg) = loop->fibers.call.run;
        loop->fibers.call.run = NULL;
        run(loop->fibers.call.arg);
    }
    if (FR_UNLIKELY(fiber->has_zone))
        fr_zone_use(NULL);
    fr_held_look_(loop, fiber);
    if (!fiber->run)
        pool_put(loop, fiber);
    fr_loop_enter_(before);
}

static void leave(fr_fiber *fiber, bool is_over)
{
    fr_loop *loop = fiber->loop;
    before_loop(loop, fiber, is_over);
    fr_fiber_switch_(&fiber->sp, loop->fibers.stack_sp);
    back_on_fiber(loop, fiber);
}

static void fiber_main(fr_fiber *fiber)
{
    back_on_fiber(fiber->loop, fiber);
    for (;;) {
        // fr_fiber_start has set run. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage)
        fiber->run(fiber->arg);
        fiber->run = NULL;
        leave(fiber, true);
    }
}

void fr_fiber_make_ready_(fr_fiber *fiber)
{
    fr_loop *loop = fiber->loop;
    if (fiber->is_ready)
        return;
    fiber->is_ready = true;
    fiber->next = NULL;
    if (loop->fibers.ready_last)
        loop->fibers.ready_last->next = fiber;
    else
        loop->fibers.ready_first = fiber;
    loop->fibers.ready_last = fiber;
}

FR_OUT_OF_LINE void fr_fibers_run_ready_(fr_loop *loop)
{
    for (int i = 0; i < FIBERS_A_PASS && loop->fibers.ready_first; i++) {
        fr_fiber *fiber = loop->fibers.ready_first;
        loop->fibers.ready_first = fiber->next;
        if (!loop->fibers.ready_first)
            loop->fibers.ready_last = NULL;
        fiber->is_ready = false;
        enter(loop, fiber);
    }
}

FR_OUT_OF_LINE fr_err fr_fiber_start(fr_loop *loop, void (*run)(void *arg), void *arg)
{
    fr_fiber *fiber = pool_take(loop);
    if (FR_UNLIKELY(!fiber))
        FR_TRY(fiber_new(loop, &fiber));
    loop->fibers.used++;
    fiber->run = run;
    fiber->arg = arg;
    fiber->name = NULL;
    fiber->of = NULL;
    fiber->has_zone = false;
    if (loop->fibers.running)
        fr_fiber_make_ready_(fiber);
    else
        enter(loop, fiber);
    return FR_OK;
}

fr_fiber *fr_fiber_current(void)
{
    fr_loop *loop = fr_loop_current();
    return loop ? loop->fibers.running : NULL;
}

void fr_fiber_use_zone(const fr_zone *zone)
{
    fr_fiber *fiber = fr_fiber_current();
    fr_zone_use(zone);
    if (fiber) {
        fiber->has_zone = true;
        fiber->zone = zone;
    }
}

void fr_fiber_name(fr_str (*name)(const void *of), const void *of)
{
    fr_fiber *fiber = fr_fiber_current();
    if (fiber) {
        fiber->name = name;
        fiber->of = of;
    }
}

FR_OUT_OF_LINE void fr_fiber_suspend(void)
{
    fr_fiber *fiber = fr_fiber_current();
    assert(fiber);
    leave(fiber, false);
}

FR_OUT_OF_LINE void fr_fiber_resume(fr_fiber *fiber)
{
    if (fiber->loop->fibers.running)
        fr_fiber_make_ready_(fiber);
    else if (!fiber->is_ready) /* else its turn comes */
        enter(fiber->loop, fiber);
}

FR_OUT_OF_LINE void fr_fiber_on_loop_stack(void (*run)(void *arg), void *arg)
{
    fr_fiber *fiber = fr_fiber_current();
    if (!fiber) {
        run(arg);
        return;
    }
    fiber->loop->fibers.call.run = run;
    fiber->loop->fibers.call.arg = arg;
    leave(fiber, false);
}
