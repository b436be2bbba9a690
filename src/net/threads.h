/*
 * Threads for what blocks: a queue in front of threads that come when they are needed and go when they have rested. The
 * database's slow reads have such a pool (db), the functions of fr_blocking another (blocking.c): neither waits for the other.
 */
#ifndef FR_NET_THREADS_H
#define FR_NET_THREADS_H
#include <pthread.h>

#include "net/wait.h"

typedef struct fr_threads fr_threads;

typedef struct fr_threads_opts {
    uint32_t least, most; /* threads from the start; threads at once, 1 … FR_THREADS_MAX */
    uint32_t waiting;     /* jobs that wait for a thread; one more is refused */
    uint32_t rest_ms;     /* without work, then a thread goes; 0 = 10 s */
    const char *name;     /* of each thread, 15 bytes; lives as long as the pool */
} fr_threads_opts;
enum { FR_THREADS_MAX = 1024 };

/* What one of the threads does. The memory is the caller's, who waits in fr_threads_run until it is over. */
typedef struct fr_thread_job {
    fr_err (*run)(struct fr_thread_job *job);
    /* Loop thread; may be NULL: nobody waits for the job any more, but it has begun and goes on. */
    void (*is_left)(struct fr_thread_job *job);
    bool has_begun;                          /* result: else the error is not run's */
    struct fr_thread_job *next, **prev_next; /* private from here on; of the queue */
    fr_threads *threads;
    fr_wait wait;
} fr_thread_job;

/* Errors: FR_ENOMEM, FR_EIO (no thread could be started). */
fr_err fr_threads_open(const fr_threads_opts *opts, fr_threads **out);
/* Run the job, and wait for it: its handler is suspended, a thread without a loop is blocked. As long as the job has not
 * begun, a deadline or the end of the client takes it back.
 * Errors: FR_EBUSY (the queue is full, or closed), FR_ECANCELED and FR_ETIMEOUT (it was not run), or what run returned. */
fr_err fr_threads_run(fr_threads *threads, fr_ctx *ctx, fr_thread_job *job);
/* Nothing further is taken; what is queued is run, then the threads end. Waits at most ms for it, 0 = for ever. False: some
 * are at work still. Again and NULL are fine. */
bool fr_threads_stop(fr_threads *threads, uint32_t ms);
void fr_threads_free(
    fr_threads *threads); /* when all of them have ended: waits for it. NULL is fine */

uint32_t fr_threads_alive(fr_threads *threads); /* any thread */

/* A thread that takes no signals, which are for the loops. Errors: FR_ENOMEM. */
fr_err fr_thread_start(pthread_t *out, void *(*run)(void *arg), void *arg, const char *name);
#endif
