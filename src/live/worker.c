/*
 * The layer on one loop: made when the worker starts, ended with the loop. While it has topics it
 * asks the matcher for its place now and then, which comes behind all frames up to there; so quiet
 * views learn how far they are (traps A19).
 */
#include "live/live_int.h"

#include "base/alloc.h"

enum { AT_STEPS = 16, AT_STEP_LEAST_MS = 16 };

static uint64_t at_step_ms(const fr_worker *worker)
{
    uint64_t ms = worker->live->opts.at_ms / AT_STEPS;
    return ms > AT_STEP_LEAST_MS ? ms : AT_STEP_LEAST_MS;
}

static void ask_place(fr_timer *timer)
{
    fr_worker *worker = (fr_worker *)(void *)((char *)timer - offsetof(fr_worker, own.at_timer));
    if (!worker->own.topics.count)
        return; /* until there is one again */
    fr_worker_watch_place(worker);
    if (worker->own.place_is_asked)
        return;
    worker->own.place_is_asked = true;
    fr_live_ask(worker->live, &worker->mail.place_ask);
}

static void got_place(fr_worker *worker, fr_note *note)
{
    (void)note;
    worker->own.place_is_asked = false;
    for (size_t i = 0; i < worker->own.topics.count; i++)
        fr_topic_at(worker->own.topics.at[i], worker->mail.place);
}

/* Wait until the matcher has forgotten us: from then on it puts nothing into the inbox. */
static void take_leave(fr_worker *worker)
{
    fr_live *live = worker->live;
    fr_live_ask(live, &worker->mail.leave_ask);
    pthread_mutex_lock(&live->shared.lock);
    while (!worker->mail.has_left)
        pthread_cond_wait(&live->shared.left, &live->shared.lock);
    pthread_mutex_unlock(&live->shared.lock);
}

static void free_worker(void *value)
{
    fr_worker *worker = value;
    take_leave(worker);
    fr_inbox_drop(worker);
    fr_timer_cancel(worker->loop, &worker->own.at_timer);
    fr_timer_cancel(worker->loop, &worker->own.retry);
    while (worker->own.topics.count)
        fr_topic_free(worker->own.topics.at[worker->own.topics.count - 1]);
    fr_map_deinit(&worker->own.by_view);
    fr_vec_deinit(&worker->own.topics);
    fr_vec_deinit(&worker->matcher.frames);
    fr_slabs_deinit(&worker->own.slabs);
    fr_free(worker);
}

fr_err fr_live_start_worker(fr_live *live, fr_loop *loop)
{
    fr_worker *worker = fr_zalloc(sizeof *worker);
    if (!worker)
        return FR_ENOMEM;
    worker->live = live;
    worker->loop = loop;
    worker->own.last_read = &worker->own.first_read;
    worker->own.read_more.run = fr_worker_read_more;
    worker->own.retry.run = fr_worker_read_again;
    worker->own.at_timer.run = ask_place;
    worker->mail.place_ask = (fr_ask){.what = FR_ASK_PLACE, .worker = worker};
    worker->mail.leave_ask = (fr_ask){.what = FR_ASK_LEAVE, .worker = worker};
    worker->mail.place_note.run = got_place;
    fr_map_init(&worker->own.by_view);
    fr_slabs_init(&worker->own.slabs);
    fr_inbox_init(worker);
    fr_loop_slot_set(loop, FR_SLOT_LIVE, worker, free_worker);
    return FR_OK;
}

void fr_worker_watch_place(fr_worker *worker)
{
    fr_timer *timer = &worker->own.at_timer;
    if (!timer->prev_next)
        fr_timer_set(worker->loop, timer, fr_loop_now_ms(worker->loop) + at_step_ms(worker));
}
