/*
 * The event loop of one worker thread. The seam to the back end is backend.h: events come by epoll, output may leave by
 * io_uring.
 *
 * A pass: wait for events → data of connections is handed to their protocols → timers (a connection whose deadline has
 * passed is looked at once more: what has come for it is read before it is judged) → tasks from other threads →
 * ready fibers → pass hooks (the read transaction of the pass ends here) → a slice of long work → everything written in
 * the pass leaves, one send a connection. State of a loop belongs to its thread; only what says "any thread" may be called
 * elsewhere. The slices and sends of a pass that lasts too long are left to the next one, behind those who have asked
 * for something meanwhile.
 */
#ifndef FR_NET_LOOP_H
#define FR_NET_LOOP_H
#include <stdatomic.h>
#include <freshet/net.h>

typedef struct fr_loop fr_loop;

/* ---- tasks from other threads ---- */
/* Intrusive: the memory is the poster's and must live until run is called. */
typedef struct fr_task {
    struct fr_task *next;
    void (*run)(struct fr_task *task);
} fr_task;

/* Any thread. Run the task on the loop's thread, in order of posting (per poster). Never fails: bounded because each
 * poster owns its task (a waiting fiber, a timer). One wake-up a burst, only if the loop sleeps. A task that a task posts
 * runs in the next pass, when the output of this one has been sent. */
void fr_loop_post(fr_loop *loop, fr_task *task);
/* Any thread. As fr_loop_post, but refused (false) when FR_LOOP_TASKS_MAX tasks wait: for senders that can fall behind. */
bool fr_loop_try_post(fr_loop *loop, fr_task *task);
enum { FR_LOOP_TASKS_MAX = 65536 };

/* ---- timers: a wheel on the monotonic clock, O(1) add and cancel; to the ms for the next 64, to 8 ms beyond ---- */
typedef struct fr_timer {
    struct fr_timer *next, **prev_next; /* linked while armed */
    uint64_t at_ms;
    void (*run)(struct fr_timer *timer);
} fr_timer;
/* Arms or moves; run is set by the owner before. */
void fr_timer_set(fr_loop *loop, fr_timer *timer, uint64_t at_ms);
void fr_timer_cancel(fr_loop *loop, fr_timer *timer); /* fine when not armed (zeroed) */

/* ---- hooks of a pass ---- */
typedef struct fr_pass_hook {
    struct fr_pass_hook *next;
    void (*run)(struct fr_pass_hook *hook);
    bool is_armed, is_urgent;
} fr_pass_hook;
/* Run the hook once, at the end of this pass, before output leaves. Arming an armed hook does nothing.
 * A hook may write to connections and arm other hooks (they run in the same pass). */
void fr_loop_at_pass_end(fr_loop *loop, fr_pass_hook *hook);
/* The same for work of many milliseconds (a fan-out to thousands). Run does a part of it, which takes a millisecond with the
 * sending of what it writes, and arms the hook again if more is left: the next part follows when that has been sent, in
 * this pass or, if that would last longer than FR_PASS_MS, in the next one. A hook is armed for one of the two only. */
void fr_loop_in_slices(fr_loop *loop, fr_pass_hook *hook);
enum { FR_PASS_MS = 2 };
/* hook is an armed slice, and what waits behind it has reached its bound: the slice goes on in this pass, alone, for as long
 * as each run says so again. */
void fr_loop_hurry(fr_loop *loop, fr_pass_hook *hook);
/* Returns to how many connections a slice may write. */
unsigned fr_loop_chunk(const fr_loop *loop);
/* Whether this pass has lasted less than FR_PASS_MS, and may go on with what has come; costs a look at the clock. */
bool fr_loop_has_time(const fr_loop *loop);

int fr_loop_index(const fr_loop *loop);       /* 0 … workers-1 */
uint64_t fr_loop_now_ms(const fr_loop *loop); /* of this pass */
/* For a deadline: ms from now, whatever has run in this pass before. */
uint64_t fr_loop_in_ms(const fr_loop *loop, uint64_t ms);
bool fr_loop_is_draining(const fr_loop *loop);
fr_loop *fr_loop_current(void); /* of this thread, or NULL */

/* A slot for one pointer per layer and loop: what a layer keeps on it (readers of db, members of ws, …). http, ws, channels and
 * live set theirs when the worker starts, so that no caller has to ask whether a slot is set. */
typedef enum fr_loop_slot {
    FR_SLOT_HTTP,
    FR_SLOT_WS,
    FR_SLOT_DB,
    FR_SLOT_AUTH,
    FR_SLOT_JWT,
    FR_SLOT_CHANNELS,
    FR_SLOT_LIVE,
    FR_SLOT_TEST,
    FR_SLOT_COUNT_
} fr_loop_slot;
/* What a loop begins with; for the next function alone. */
typedef struct fr_loop_slots {
    void *values[FR_SLOT_COUNT_];
} fr_loop_slots;
static inline void *fr_loop_slot_get(const fr_loop *loop, fr_loop_slot slot)
{
    return ((const fr_loop_slots *)(const void *)loop)->values[slot];
}
/* free_slot is called on the loop's thread when the loop ends. */
void fr_loop_slot_set(fr_loop *loop, fr_loop_slot slot, void *value,
                      void (*free_slot)(void *value));
#endif
