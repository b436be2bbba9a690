/*
 * See threads.h. One lock for the queue and the slots: a job costs a hop to another thread, so the lock is not what is
 * dear. Threads that have gone leave their slot to be joined, by the next that takes it or by the end.
 */
#include "net/threads.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/alloc.h"
#include "net/net_int.h"

enum { REST_MS = 10000 };

typedef struct slot {
    pthread_t id;
    enum { FREE, AT_WORK, GONE } state;
} slot;

struct fr_threads {
    fr_threads_opts opts;
    pthread_mutex_t lock;
    pthread_cond_t wake, gone; /* on the monotonic clock */
    fr_thread_job *first, **last;
    uint32_t queued, alive, busy; /* jobs; threads; those of them that have a job */
    bool is_closing;
    slot slots[];
};

fr_err fr_thread_start(pthread_t *out, void *(*run)(void *arg), void *arg, const char *name)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(out, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return FR_ENOMEM;
    pthread_setname_np(*out, name);
    return FR_OK;
}

static struct timespec in_ms(uint32_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

/* ---- the queue; under the lock ---- */

static void enqueue(fr_threads *threads, fr_thread_job *job)
{
    job->next = NULL;
    job->prev_next = threads->last;
    *threads->last = job;
    threads->last = &job->next;
    threads->queued++;
}

static void unlink_job(fr_threads *threads, fr_thread_job *job)
{
    *job->prev_next = job->next;
    if (job->next)
        job->next->prev_next = job->prev_next;
    else
        threads->last = job->prev_next;
    threads->queued--;
}

/* ---- a thread; under the lock but for the job ---- */

/* Returns false when the thread has rested for long enough, and may go. */
static bool rest(fr_threads *threads)
{
    struct timespec at = in_ms(threads->opts.rest_ms);
    int late = 0;
    while (!threads->first && !threads->is_closing && late != ETIMEDOUT)
        late = pthread_cond_timedwait(&threads->wake, &threads->lock, &at);
    return threads->first || late != ETIMEDOUT || threads->alive <= threads->opts.least;
}

static void run_job(fr_threads *threads, fr_thread_job *job)
{
    unlink_job(threads, job);
    job->has_begun = true;
    threads->busy++;
    pthread_mutex_unlock(&threads->lock);
    fr_err err = job->run(job);
    pthread_mutex_lock(&threads->lock);
    threads->busy--; /* before the waiter is told: what it runs next finds this thread */
    pthread_mutex_unlock(&threads->lock);
    fr_wait_done(&job->wait, err);
    pthread_mutex_lock(&threads->lock);
}

typedef struct start {
    fr_threads *threads;
    slot *slot;
} start;

static void *work(void *arg)
{
    start own = *(start *)arg;
    fr_free(arg);
    fr_threads *threads = own.threads;
    pthread_mutex_lock(&threads->lock);
    for (bool goes_on = true; goes_on;) {
        if (threads->first)
            run_job(threads, threads->first);
        else
            goes_on = !threads->is_closing && rest(threads);
    }
    own.slot->state = GONE;
    threads->alive--;
    pthread_cond_signal(&threads->gone);
    pthread_mutex_unlock(&threads->lock);
    return NULL;
}

static slot *free_slot(fr_threads *threads)
{
    for (uint32_t i = 0; i < threads->opts.most; i++)
        if (threads->slots[i].state != AT_WORK)
            return &threads->slots[i];
    return NULL;
}

/* A new thread waits for the lock that is held here. */
static fr_err add_thread(fr_threads *threads)
{
    slot *at = free_slot(threads);
    start *own = at ? fr_malloc(sizeof *own) : NULL;
    if (!own)
        return FR_ENOMEM;
    if (at->state == GONE)
        pthread_join(at->id, NULL);
    at->state = FREE;
    *own = (start){threads, at};
    fr_err err = fr_thread_start(&at->id, work, own, threads->opts.name);
    if (err) {
        fr_free(own);
        return err;
    }
    at->state = AT_WORK;
    threads->alive++;
    return FR_OK;
}

/* ---- for those who have something to run ---- */

fr_err fr_threads_open(const fr_threads_opts *opts, fr_threads **out)
{
    uint32_t most = opts->most < 1 ? 1 : opts->most > FR_THREADS_MAX ? FR_THREADS_MAX : opts->most;
    fr_threads *threads = fr_zalloc(sizeof *threads + most * sizeof *threads->slots);
    if (!threads)
        return FR_ENOMEM;
    threads->opts = *opts;
    threads->opts.most = most;
    if (!opts->rest_ms)
        threads->opts.rest_ms = REST_MS;
    threads->last = &threads->first;
    pthread_mutex_init(&threads->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&threads->wake, &attr);
    pthread_cond_init(&threads->gone, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_lock(&threads->lock);
    while (threads->alive < opts->least && add_thread(threads) == FR_OK)
        ;
    bool has_none = opts->least && !threads->alive;
    pthread_mutex_unlock(&threads->lock);
    if (has_none) {
        fr_threads_free(threads);
        return FR_EIO;
    }
    *out = threads;
    return FR_OK;
}

/* Where no further thread is to be had, one of those that are there runs the job later. */
static bool take_in(fr_threads *threads, fr_thread_job *job)
{
    pthread_mutex_lock(&threads->lock);
    uint32_t free = threads->opts.most - threads->busy;
    bool is_taken = !threads->is_closing && threads->queued < threads->opts.waiting + free;
    if (is_taken && threads->queued >= threads->alive - threads->busy &&
        threads->alive < threads->opts.most)
        is_taken = add_thread(threads) == FR_OK || threads->alive;
    if (is_taken) {
        enqueue(threads, job);
        pthread_cond_signal(&threads->wake);
    }
    pthread_mutex_unlock(&threads->lock);
    return is_taken;
}

static bool take_back(fr_wait *wait)
{
    fr_thread_job *job = FR_CONTAINER_(wait, fr_thread_job, wait);
    fr_threads *threads = job->threads;
    pthread_mutex_lock(&threads->lock);
    bool is_queued = !job->has_begun;
    if (is_queued)
        unlink_job(threads, job);
    pthread_mutex_unlock(&threads->lock);
    if (!is_queued && job->is_left)
        job->is_left(job);
    return is_queued;
}

fr_err fr_threads_run(fr_threads *threads, fr_ctx *ctx, fr_thread_job *job)
{
    job->threads = threads;
    job->has_begun = false;
    fr_wait_init(&job->wait, ctx);
    return take_in(threads, job) ? fr_wait_until_canceled(&job->wait, take_back) : FR_EBUSY;
}

uint32_t fr_threads_alive(fr_threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    uint32_t alive = threads->alive;
    pthread_mutex_unlock(&threads->lock);
    return alive;
}

bool fr_threads_stop(fr_threads *threads, uint32_t ms)
{
    if (!threads)
        return true;
    struct timespec at = in_ms(ms);
    int late = 0;
    pthread_mutex_lock(&threads->lock);
    threads->is_closing = true;
    pthread_cond_broadcast(&threads->wake);
    while (threads->alive && late != ETIMEDOUT)
        late = ms ? pthread_cond_timedwait(&threads->gone, &threads->lock, &at)
                  : pthread_cond_wait(&threads->gone, &threads->lock);
    bool is_over = !threads->alive;
    pthread_mutex_unlock(&threads->lock);
    return is_over;
}

void fr_threads_free(fr_threads *threads)
{
    if (!fr_threads_stop(threads, 0) || !threads)
        return;
    for (uint32_t i = 0; i < threads->opts.most; i++)
        if (threads->slots[i].state == GONE)
            pthread_join(threads->slots[i].id, NULL);
    pthread_mutex_destroy(&threads->lock);
    pthread_cond_destroy(&threads->wake);
    pthread_cond_destroy(&threads->gone);
    fr_free(threads);
}
