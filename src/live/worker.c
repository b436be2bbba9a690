/*
 * The layer on one loop: made when the loop's first live socket opens, ended with the loop. Now and
 * then it asks the matcher for its place, which comes behind all frames up to there; so quiet views
 * learn how far they are (traps A19).
 */
#include "live/live_int.h"

#include <assert.h>

#include "base/alloc.h"

enum { AT_STEPS = 16, AT_STEP_LEAST_MS = 16 };

static uint64_t at_step_ms(const fr_worker *worker)
{
    uint64_t ms = worker->live->opts.at_ms / AT_STEPS;
    return ms > AT_STEP_LEAST_MS ? ms : AT_STEP_LEAST_MS;
}

static void ask_place(fr_timer *timer)
{
    fr_worker *worker = (fr_worker *)(void *)((char *)timer - offsetof(fr_worker, at_timer));
    fr_timer_set(worker->loop, timer, fr_loop_now_ms(worker->loop) + at_step_ms(worker));
    if (worker->place_is_asked || !worker->topics.count)
        return;
    worker->place_is_asked = true;
    fr_live_ask(worker->live, &worker->place_ask);
}

static void got_place(fr_worker *worker, fr_note *note)
{
    (void)note;
    worker->place_is_asked = false;
    for (size_t i = 0; i < worker->topics.count; i++)
        fr_topic_at(worker->topics.at[i], worker->place);
}

/* Wait until the matcher has forgotten us: from then on it puts nothing into the inbox. */
static void take_leave(fr_worker *worker)
{
    fr_live *live = worker->live;
    fr_live_ask(live, &worker->leave_ask);
    pthread_mutex_lock(&live->lock);
    while (!worker->has_left)
        pthread_cond_wait(&live->left, &live->lock);
    pthread_mutex_unlock(&live->lock);
}

static void free_worker(void *value)
{
    fr_worker *worker = value;
    take_leave(worker);
    fr_inbox_drop(worker);
    fr_timer_cancel(worker->loop, &worker->at_timer);
    fr_timer_cancel(worker->loop, &worker->retry);
    while (worker->topics.count)
        fr_topic_free(worker->topics.at[worker->topics.count - 1]);
    fr_map_deinit(&worker->by_name);
    fr_vec_deinit(&worker->topics);
    fr_vec_deinit(&worker->frames);
    fr_slabs_deinit(&worker->slabs);
    fr_free(worker);
}

fr_err fr_worker_get(fr_live *live, fr_loop *loop, fr_worker **out)
{
    fr_worker *worker = fr_loop_slot_get(loop, FR_SLOT_LIVE);
    if (!worker) {
        worker = fr_zalloc(sizeof *worker);
        if (!worker)
            return FR_ENOMEM;
        worker->live = live;
        worker->loop = loop;
        worker->last_read = &worker->first_read;
        worker->read_more.run = fr_worker_read_more;
        worker->retry.run = fr_worker_read_again;
        worker->at_timer.run = ask_place;
        worker->place_ask = (fr_ask){.what = FR_ASK_PLACE, .worker = worker};
        worker->leave_ask = (fr_ask){.what = FR_ASK_LEAVE, .worker = worker};
        worker->place_note.run = got_place;
        fr_map_init(&worker->by_name);
        fr_slabs_init(&worker->slabs);
        fr_inbox_init(worker);
        fr_loop_slot_set(loop, FR_SLOT_LIVE, worker, free_worker);
        fr_timer_set(loop, &worker->at_timer, fr_loop_now_ms(loop) + at_step_ms(worker));
    }
    assert(worker->live == live); /* one database, one layer */
    *out = worker;
    return FR_OK;
}
