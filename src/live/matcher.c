/*
 * The matcher: the one thread that owns views, index and order. It takes commits one by one, finds the views that each change matters
 * to, and hands every worker what its topics need of the commit. It never waits for a worker.
 */
#include "live/matcher.h"

#include "net/threads.h"

/* ---- commits ---- */

static void run_commit(fr_matcher *m, const fr_commit_record *record)
{
    if (record->place.number <= m->live->matcher.place.number)
        return;
    m->live->matcher.place = record->place;
    for (size_t i = 0; i < record->change_count; i++)
        fr_views_match(m, &record->changes[i]);
    for (size_t i = 0; i < record->flood_count; i++)
        fr_views_flood(m, record->flooded[i]);
    fr_frames_hand_on(m);
}

static void run_gap(fr_matcher *m, fr_place place)
{
    if (place.number <= m->live->matcher.place.number)
        return;
    m->live->matcher.place = place;
    for (fr_worker *worker = m->known; worker; worker = worker->matcher.next_known)
        fr_inbox_put_gap(worker, place.number);
}

/* ---- what workers ask ---- */

static void unwant(fr_live *live, size_t count)
{
    pthread_mutex_lock(&live->shared.lock);
    live->shared.wanted -= count;
    pthread_mutex_unlock(&live->shared.lock);
}

static void know(fr_matcher *m, fr_worker *worker)
{
    if (worker->matcher.is_known)
        return;
    worker->matcher.is_known = true;
    worker->matcher.next_known = m->known;
    m->known = worker;
}

/* The worker's loop ends; its thread waits for us, so its topics may be looked at. */
static void forget(fr_matcher *m, fr_worker *worker)
{
    size_t removed = 0;
    for (size_t i = 0; i < worker->own.topics.count; i++)
        if (worker->own.topics.at[i]->matcher.view) {
            fr_views_remove(m, worker->own.topics.at[i]);
            removed++;
        }
    unwant(m->live, removed);
    for (fr_worker **at = &m->known; *at; at = &(*at)->matcher.next_known)
        if (*at == worker) {
            *at = worker->matcher.next_known;
            break;
        }
    pthread_mutex_lock(&m->live->shared.lock);
    worker->mail.has_left = true;
    pthread_cond_broadcast(&m->live->shared.left);
    pthread_mutex_unlock(&m->live->shared.lock);
}

static void run_ask(fr_matcher *m, fr_ask *ask)
{
    fr_topic *topic = ask->topic;
    fr_worker *worker = ask->worker;
    switch (ask->what) {
    case FR_ASK_ADD:
        know(m, worker);
        topic->mail.added = fr_views_add(m, topic);
        topic->mail.added_at = m->live->matcher.place.number;
        if (topic->mail.added != FR_OK)
            unwant(m->live, 1);
        topic->mail.note.run = fr_topic_added;
        fr_inbox_put(worker, &topic->mail.note);
        break;
    case FR_ASK_REMOVE:
        fr_views_remove(m, topic);
        unwant(m->live, 1);
        topic->mail.note.run = fr_topic_removed;
        fr_inbox_put(worker, &topic->mail.note);
        break;
    case FR_ASK_PLACE:
        worker->mail.place = m->live->matcher.place;
        fr_inbox_put(worker, &worker->mail.place_note);
        break;
    case FR_ASK_LEAVE: forget(m, worker); break;
    }
}

/* ---- the thread ---- */

static bool has_work(const fr_live *live)
{
    return live->shared.queue.first || live->shared.queue.first_ask ||
           live->shared.queue.has_farewell || (live->shared.queue.has_gap && live->shared.wanted);
}

/* Wait for work and take all of it. false: the end. */
static bool take(fr_live *live, fr_live_queue *out)
{
    pthread_mutex_lock(&live->shared.lock);
    while (!live->shared.is_stopping && !has_work(live)) {
        live->shared.is_asleep = true;
        pthread_cond_wait(&live->shared.wake, &live->shared.lock);
    }
    live->shared.is_asleep = false;
    bool goes_on = !live->shared.is_stopping;
    if (goes_on) {
        *out = live->shared.queue;
        fr_live_queue_init(&live->shared.queue);
    }
    pthread_mutex_unlock(&live->shared.lock);
    return goes_on;
}

static void run_all(fr_matcher *m, fr_live_queue *queue)
{
    for (fr_commit_record *record = queue->first, *next; record; record = next) {
        next = record->next;
        run_commit(m, record);
        fr_commit_record_free(record);
    }
    if (queue->has_gap)
        run_gap(m, queue->gap);
    for (fr_ask *ask = queue->first_ask, *next; ask; ask = next) {
        next = ask->next; /* read before: the asker may free `ask` when it is answered */
        run_ask(m, ask);
    }
    if (queue->has_farewell)
        fr_live_say_farewell(m->known);
}

static void *run(void *arg)
{
    fr_matcher m = {.live = arg};
    fr_buf_init(&m.texts);
    fr_buf_init(&m.name);
    fr_map_init(&m.views);
    fr_live_queue queue;
    while (take(m.live, &queue))
        run_all(&m, &queue);
    fr_frames_deinit(&m);
    fr_map_deinit(&m.views);
    fr_buf_deinit(&m.name);
    return NULL;
}

fr_err fr_matcher_start(fr_live *live)
{
    if (fr_thread_start(&live->thread, run, live, "freshet-matcher"))
        return FR_EIO;
    live->is_started = true;
    return FR_OK;
}

void fr_matcher_stop(fr_live *live)
{
    if (!live->is_started)
        return;
    pthread_mutex_lock(&live->shared.lock);
    live->shared.is_stopping = true;
    pthread_cond_signal(&live->shared.wake);
    pthread_mutex_unlock(&live->shared.lock);
    pthread_join(live->thread, NULL);
}
