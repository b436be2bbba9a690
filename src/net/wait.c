/*
 * Waiting for one thing. In a fiber: suspend it; the completion comes home to its loop as a task,
 * so all but fr_wait_done runs on one thread and needs no atomics. Without a fiber: one lock and
 * one condition for all threads that wait so; scripts and tests, nothing hot.
 *
 * fr_wait_done must not touch the wait after it has told: the waiter's stack may be gone by then.
 */
#include "net/wait.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "net/net_int.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done; /* on the monotonic clock */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&done, &attr);
    pthread_condattr_destroy(&attr);
}

/* On the loop's thread. */
static void complete(fr_wait *wait)
{
    wait->is_done = true;
    if (wait->is_parked)
        fr_fiber_make_ready_(wait->fiber);
}

static void complete_task(fr_task *task)
{
    complete(FR_CONTAINER_(task, fr_wait, task));
}

void fr_wait_init(fr_wait *wait, fr_ctx *ctx)
{
    fr_fiber *fiber = fr_fiber_current();
    *wait = (fr_wait){
        .task = {.run = complete_task},
        .loop = fiber ? fiber->loop : NULL,
        .fiber = fiber,
        .ctx = ctx,
    };
    if (!fiber)
        pthread_once(&once, set_up);
}

void fr_wait_done(fr_wait *wait, fr_err result)
{
    fr_loop *loop = wait->loop;
    wait->result = result;
    if (!loop) {
        pthread_mutex_lock(&lock);
        wait->is_done = true;
        pthread_cond_broadcast(&done);
        pthread_mutex_unlock(&lock);
    } else if (loop == fr_loop_current()) {
        complete(wait);
    } else {
        fr_loop_post(loop, &wait->task);
    }
}

static void park(fr_wait *wait)
{
    assert(fr_fiber_current() == wait->fiber);
    wait->is_parked = true;
    fr_fiber_suspend();
    wait->is_parked = false;
}

/* Returns whether it is done; false: the time came first. */
static bool block_until(fr_wait *wait, uint64_t deadline_ms)
{
    pthread_mutex_lock(&lock);
    while (!wait->is_done) {
        if (!deadline_ms) {
            pthread_cond_wait(&done, &lock);
            continue;
        }
        uint64_t now_ms = fr_clock_ms();
        if (now_ms >= deadline_ms)
            break;
        struct timespec at; /* our clock may have been moved: count from the system's */
        clock_gettime(CLOCK_MONOTONIC, &at);
        uint64_t ns = (uint64_t)at.tv_nsec + (deadline_ms - now_ms) * 1000000;
        at.tv_sec += (time_t)(ns / 1000000000);
        at.tv_nsec = (long)(ns % 1000000000);
        pthread_cond_timedwait(&done, &lock, &at);
    }
    bool is_done = wait->is_done;
    pthread_mutex_unlock(&lock);
    return is_done;
}

fr_err fr_wait_for(fr_wait *wait)
{
    if (!wait->fiber) {
        block_until(wait, 0);
        return wait->result;
    }
    while (!wait->is_done)
        park(wait);
    return wait->result;
}

typedef struct deadline {
    fr_timer timer;
    fr_fiber *fiber;
} deadline;

static void deadline_passed(fr_timer *timer)
{
    fr_fiber_make_ready_(FR_CONTAINER_(timer, deadline, timer)->fiber);
}

static bool is_late(const fr_wait *wait)
{
    return wait->ctx->deadline_ms && wait->loop->now_ms >= wait->ctx->deadline_ms;
}

static void park_until_canceled(fr_wait *wait)
{
    deadline late = {.timer.run = deadline_passed, .fiber = wait->fiber};
    if (wait->ctx->deadline_ms)
        fr_timer_set(wait->loop, &late.timer, wait->ctx->deadline_ms);
    wait->ctx->waiting = wait;
    while (!wait->is_done && !fr_ctx_is_canceled(wait->ctx) && !is_late(wait))
        park(wait);
    wait->ctx->waiting = NULL;
    fr_timer_cancel(wait->loop, &late.timer);
}

fr_err fr_wait_until_canceled(fr_wait *wait, bool (*withdraw)(fr_wait *wait))
{
    if (wait->fiber)
        park_until_canceled(wait);
    else
        block_until(wait, wait->ctx->deadline_ms);
    if (wait->fiber ? wait->is_done : block_until(wait, 1))
        return wait->result;
    if (withdraw(wait))
        return fr_ctx_is_canceled(wait->ctx) ? FR_ECANCELED : FR_ETIMEOUT;
    return fr_wait_for(wait);
}

/* What is posted in a pass runs in it or in the next one, and that looks at its sockets before. */
fr_err fr_wait_turn(fr_ctx *ctx)
{
    if (!fr_fiber_current())
        return FR_OK;
    fr_wait wait;
    fr_wait_init(&wait, ctx);
    fr_loop_post(wait.loop, &wait.task);
    FR_TRY(fr_wait_for(&wait));
    return fr_ctx_is_canceled(ctx) ? FR_ECANCELED : FR_OK;
}
