/*
 * Tasks from other threads. Posters push onto a stack with one compare-and-swap; the loop takes the whole stack at
 * once and turns it round, so each poster's order is kept and no entry is ever popped alone (no ABA).
 *
 * Sleeping: the loop says that it is asleep, then looks at the stack once more, then waits. A poster that finds the
 * stack empty looks, after its push, whether the loop is asleep. All four steps are sequentially consistent, so one of
 * the two sees the other. Posters that find the stack not empty have nothing to do: a burst costs one wake-up.
 */
#include "net/net_int.h"

static void push(fr_loop *loop, fr_task *task)
{
    fr_task *head = atomic_load_explicit(&loop->tasks.posted, memory_order_relaxed);
    do {
        task->next = head;
    } while (!atomic_compare_exchange_weak(&loop->tasks.posted, &head, task));
    /* From here on the task may have run and be gone. */
    if (!head && atomic_load(&loop->tasks.is_asleep) &&
        atomic_exchange(&loop->tasks.is_asleep, false))
        loop->backend->wake(loop);
}

void fr_loop_post(fr_loop *loop, fr_task *task)
{
    atomic_fetch_add_explicit(&loop->tasks.count, 1, memory_order_relaxed);
    push(loop, task);
}

bool fr_loop_try_post(fr_loop *loop, fr_task *task)
{
    if (atomic_fetch_add_explicit(&loop->tasks.count, 1, memory_order_relaxed) >=
        FR_LOOP_TASKS_MAX) {
        atomic_fetch_sub_explicit(&loop->tasks.count, 1, memory_order_relaxed);
        return false;
    }
    push(loop, task);
    return true;
}

bool fr_loop_has_tasks_(const fr_loop *loop)
{
    return loop->tasks.taken || atomic_load_explicit(&loop->tasks.posted, memory_order_relaxed);
}

bool fr_loop_may_sleep_(fr_loop *loop)
{
    atomic_store(&loop->tasks.is_asleep, true);
    return !atomic_load(&loop->tasks.posted) && !loop->tasks.taken &&
           atomic_load(&loop->orders) == loop->followed;
}

/* The tasks posted since the last look, oldest first. */
static fr_task *take(fr_loop *loop)
{
    if (!atomic_load_explicit(&loop->tasks.posted, memory_order_relaxed))
        return NULL;
    fr_task *newest = atomic_exchange_explicit(&loop->tasks.posted, NULL, memory_order_acquire),
            *oldest = NULL;
    while (newest) {
        fr_task *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

/* What a task posts waits for the next pass: by then this pass's output has been sent. */
void fr_loop_run_tasks_(fr_loop *loop)
{
    unsigned count = 0;
    if (!loop->tasks.taken)
        loop->tasks.taken = take(loop);
    while (count < FR_TASKS_A_PASS && loop->tasks.taken) {
        fr_task *task = loop->tasks.taken;
        loop->tasks.taken = task->next; /* before run: the task's memory may end there */
        count++;
        task->run(task);
        if (FR_UNLIKELY(count % FR_TASKS_A_LOOK == 0) && !fr_loop_has_time(loop))
            break;
    }
    if (count)
        atomic_fetch_sub_explicit(&loop->tasks.count, count, memory_order_relaxed);
}
