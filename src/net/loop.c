/* The loop: its pass, its hooks, its slots. What a pass is made of, and in which order, is told in
 * loop.h. */
#include "net/loop.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/time.h"
#include "net/net_int.h"

enum { MS_NS = 1000000 };

/* Initial-exec: a plain offset from the thread pointer also inside the shared library. */
static _Thread_local fr_loop *current __attribute__((tls_model("initial-exec")));
static _Atomic uint64_t clock_offset_ms;

/* ---- time ---- */

static uint64_t offset_ns(void)
{
    return atomic_load_explicit(&clock_offset_ms, memory_order_relaxed) * MS_NS;
}

/* The clock that tests may move, where milliseconds are too coarse. */
static uint64_t clock_ns(void)
{
    return fr_mono_ns() + offset_ns();
}

uint64_t fr_clock_coarse_ns_(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
    return (uint64_t)at.tv_sec * 1000 * MS_NS + (uint64_t)at.tv_nsec +
           atomic_load_explicit(&clock_offset_ms, memory_order_relaxed) * MS_NS;
}

uint64_t fr_clock_ms(void)
{
    return clock_ns() / MS_NS;
}

void fr_test_advance_clock(uint64_t ms)
{
    atomic_fetch_add(&clock_offset_ms, ms);
}

/* ---- the thread's loop ---- */

fr_loop *fr_loop_current(void)
{
    return current;
}

fr_loop *fr_loop_enter_(fr_loop *loop)
{
    fr_loop *before = current;
    current = loop;
    return before;
}

int fr_loop_index(const fr_loop *loop)
{
    return loop->index;
}

uint64_t fr_loop_now_ms(const fr_loop *loop)
{
    return loop->now_ms;
}

/* A handler that computes for long would take its time from every deadline that is set behind it in its pass. The kernel's
 * tick is exact enough for that, and each request asks. */
uint64_t fr_loop_in_ms(const fr_loop *loop, uint64_t ms)
{
    uint64_t tick_ms = (fr_mono_tick_ns() + offset_ns()) / MS_NS;
    return (tick_ms > loop->now_ms ? tick_ms : loop->now_ms) + ms;
}

bool fr_loop_is_draining(const fr_loop *loop)
{
    return loop->is_draining;
}

/* ---- life ---- */

static void begin_pass(fr_loop *loop)
{
    loop->pass.woke_ns = clock_ns();
    loop->now_ms = loop->pass.woke_ns / MS_NS;
    fr_held_anew_(loop, loop->pass.woke_ns);
}

static fr_err set_up(fr_loop *loop)
{
    FR_TRY(fr_conns_init_(loop));
    FR_TRY(fr_sending_init_(loop));
    return loop->backend->open(loop);
}

fr_loop *fr_loop_new_(int index, fr_io io, const fr_backend *backend)
{
    /* Aligned by hand: what other threads write must not share a line with what this thread
     * reads. */
    fr_loop *loop = aligned_alloc(FR_CACHE_LINE, sizeof(fr_loop));
    if (!loop)
        return NULL;
    memset(loop, 0, sizeof *loop);
    loop->backend = backend;
    loop->index = index;
    fr_batching_init_(loop, io);
    begin_pass(loop);
    loop->out_bytes = FR_CONN_OUT_BYTES;
    fr_wheel_init_(loop);
    (void)fr_gate_init_(loop, 0);
    if (set_up(loop) != FR_OK) {
        fr_loop_free(loop);
        return NULL;
    }
    return loop;
}

fr_io fr_test_io(void)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in a test sets it */
    const char *name = getenv("FRESHET_IO");
    return !name ? FR_IO_AUTO : strcmp(name, "io_uring") ? FR_IO_EPOLL : FR_IO_URING;
}

fr_loop *fr_loop_new(int index)
{
    const char *why;
    fr_io io = fr_test_io();
    const fr_backend *backend = fr_backend_for_(io, &why);
    return backend ? fr_loop_new_(index, io, backend) : NULL;
}

void fr_loop_end_(fr_loop *loop)
{
    if (loop->has_ended)
        return;
    fr_loop *before = fr_loop_enter_(loop);
    fr_gate_close_(loop);
    fr_conns_close_failed_(loop);
    fr_loop_each_conn_(loop, fr_conn_cut_);
    fr_conns_reap_(loop);
    for (int slot = FR_SLOT_COUNT_ - 1; slot >= 0; slot--) { /* the layers above go first */
        void *value = loop->slots.values[slot];
        if (value && loop->free_slot[slot])
            loop->free_slot[slot](value);
        loop->slots.values[slot] = NULL;
    }
    fr_errands_drain_(loop);
    fr_fibers_free_(loop);
    loop->has_ended = true;
    fr_loop_enter_(before);
}

void fr_loop_free(fr_loop *loop)
{
    if (!loop)
        return;
    fr_loop_end_(loop);
    fr_conns_free_(loop);
    fr_dirty_free_(loop);
    fr_spares_free_(loop);
    loop->backend->close(loop);
    fr_conns_deinit_(loop);
    fr_sending_deinit_(loop);
    free(loop);
}

/* ---- hooks and slots ---- */

static void arm(fr_hook_list *list, fr_pass_hook *hook)
{
    if (hook->is_armed)
        return;
    hook->is_armed = true;
    hook->next = NULL;
    if (list->last)
        list->last->next = hook;
    else
        list->first = hook;
    list->last = hook;
}

/* Hooks that are armed meanwhile are appended, and not run by this call. */
static void run_each(fr_hook_list *list, bool urgent_only)
{
    fr_pass_hook *hook, *last = list->last;
    do {
        hook = list->first;
        // `last` is in the list. NOLINTNEXTLINE(clang-analyzer-core.NullDereference)
        list->first = hook->next;
        if (!list->first)
            list->last = NULL;
        hook->is_armed = false;
        if (urgent_only && !hook->is_urgent) {
            arm(list, hook);
            continue;
        }
        hook->is_urgent = false;
        hook->run(hook);
    } while (hook != last);
}

void fr_loop_at_pass_end(fr_loop *loop, fr_pass_hook *hook)
{
    arm(&loop->pass.hooks, hook);
}

void fr_loop_in_slices(fr_loop *loop, fr_pass_hook *hook)
{
    arm(&loop->pass.slices, hook);
}

void fr_loop_hurry(fr_loop *loop, fr_pass_hook *hook)
{
    hook->is_urgent = true;
    loop->pass.is_hurried = true;
}

bool fr_loop_has_time(const fr_loop *loop)
{
    return clock_ns() - loop->pass.woke_ns < (uint64_t)FR_PASS_MS * MS_NS;
}

bool fr_loop_has_time_for_part_(const fr_loop *loop)
{
    return clock_ns() - loop->pass.woke_ns < (uint64_t)FR_PASS_MS * MS_NS / 2;
}

unsigned fr_loop_chunk(const fr_loop *loop)
{
    return loop->backend->chunk;
}

bool fr_loop_has_rest_(const fr_loop *loop)
{
    return loop->pass.slices.first || fr_dirty_is_any_(loop);
}

/* Hooks that hooks arm run too, but one that arms itself cannot hold us. */
static void run_hooks(fr_loop *loop)
{
    for (int round = 0; round < FR_ROUNDS_A_PASS && loop->pass.hooks.first; round++)
        run_each(&loop->pass.hooks, false);
}

static void run_slices(fr_loop *loop, bool urgent_only)
{
    loop->pass.is_hurried = false; /* a slice that is still in a hurry says so again */
    run_each(&loop->pass.slices, urgent_only);
}

void fr_loop_slot_set(fr_loop *loop, fr_loop_slot slot, void *value, void (*free_slot)(void *value))
{
    loop->slots.values[slot] = value;
    loop->free_slot[slot] = free_slot;
}

/* ---- the pass ---- */

static bool has_work(fr_loop *loop)
{
    return fr_dirty_is_any_(loop) || loop->pass.hooks.first || loop->pass.slices.first ||
           fr_fibers_are_ready_(loop) || fr_conns_wait_(loop);
}

void fr_loop_look_at_clock_(fr_loop *loop)
{
    loop->now_ms = clock_ns() / MS_NS;
}

void fr_loop_woke_(fr_loop *loop)
{
    fr_tasks_woke_(loop);
    begin_pass(loop);
    fr_sending_anew_(loop);
}

/* The pass is over: so long nobody could be heard. */
static void note_stretch(fr_loop *loop)
{
    uint64_t us = (clock_ns() - loop->pass.woke_ns) / 1000;
    if (FR_UNLIKELY(us > atomic_load_explicit(&loop->counts.longest_us.n, memory_order_relaxed)))
        atomic_store_explicit(&loop->counts.longest_us.n, us, memory_order_relaxed);
}

static void wait_for_events(fr_loop *loop, int ms)
{
    int timer_ms = fr_wheel_wait_ms_(loop);
    if (timer_ms >= 0 && (ms < 0 || timer_ms < ms))
        ms = timer_ms;
    if (fr_polling_left_(loop) || has_work(loop) || fr_loop_has_tasks_(loop) ||
        (ms && !fr_loop_may_sleep_(loop)))
        ms = 0;
    loop->backend->wait(loop, ms);
}

/* What is set off by others is not taken up while something is urgent: it could add to that for ever. */
static void take_up(fr_loop *loop)
{
    fr_conns_redeliver_(loop);
    fr_fibers_run_ready_(loop);
    run_hooks(loop);
}

/* Returns false when the rest of the pass's work is left to the next one. */
static bool finish_round(fr_loop *loop, int round)
{
    bool may_slice = !round || (loop->pass.slices.first && fr_loop_has_time_for_part_(loop));
    bool is_urgent = !may_slice && loop->pass.is_hurried && loop->pass.slices.first;
    if (round >= FR_ROUNDS_A_PASS && !may_slice && !is_urgent)
        return false;
    if (!is_urgent)
        take_up(loop);
    if (loop->pass.slices.first && (may_slice || is_urgent))
        run_slices(loop, is_urgent);
    if (fr_dirty_is_any_(loop))
        fr_dirty_flush_(loop);
    fr_conns_close_failed_(loop);
    return !fr_dirty_is_any_(loop) || loop->pass.is_hurried;
}

void fr_loop_run_once(fr_loop *loop, int wait_ms)
{
    fr_loop *before = fr_loop_enter_(loop);
    wait_for_events(loop, wait_ms);
    fr_wheel_run_(loop);
    fr_loop_run_tasks_(loop);
    for (int round = 0; has_work(loop) && finish_round(loop, round); round++)
        ;
    if (loop->pass.hooks.first)
        run_hooks(loop); /* hooks run in their pass, also if there was no time for more */
    if (!fr_polling_left_(loop))
        fr_conns_reap_(loop);
    note_stretch(loop);
    fr_loop_enter_(before);
}
