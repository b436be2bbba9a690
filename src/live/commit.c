/*
 * Commits on their way from the writer to the matcher. The writer copies what the matcher needs
 * into one piece of memory a commit and goes on; it never waits for the matcher. Past the bound, or
 * when memory is out, or while nobody watches, only the place is kept: a gap. The matcher takes
 * everything at once, records first, then the gap, then what workers ask; so a view that is asked
 * for after a gap is added behind it and does not notice.
 */
#include "live/live_int.h"

void fr_live_queue_init(fr_live_queue *queue)
{
    *queue = (fr_live_queue){0};
    queue->last = &queue->first;
    queue->last_ask = &queue->first_ask;
}

/* ---- the queue ---- */

void fr_live_wake(fr_live *live)
{
    if (live->shared.is_asleep) {
        live->shared.is_asleep = false;
        pthread_cond_signal(&live->shared.wake);
    }
}

static void put_gap(fr_live_queue *queue, fr_place place)
{
    queue->gap = place;
    queue->has_gap = true;
}

/* Whether nobody watches anything; then these commits are done with. */
static bool nobody_watches(fr_live *live, fr_place last)
{
    pthread_mutex_lock(&live->shared.lock);
    bool is_idle = !live->shared.wanted;
    if (is_idle)
        put_gap(&live->shared.queue, last);
    pthread_mutex_unlock(&live->shared.lock);
    return is_idle;
}

static void put(fr_live *live, fr_commit_record *record, fr_place place)
{
    fr_live_queue *queue = &live->shared.queue;
    pthread_mutex_lock(&live->shared.lock);
    if (!record || queue->has_gap || queue->bytes + record->bytes > live->opts.commits_bytes) {
        if (!queue->has_gap)
            fr_live_add(&live->counters.overflows, 1);
        put_gap(queue, place);
    } else {
        queue->bytes += record->bytes;
        *queue->last = record;
        queue->last = &record->next;
        record = NULL;
    }
    fr_live_wake(live);
    pthread_mutex_unlock(&live->shared.lock);
    fr_commit_record_free(record);
}

void fr_live_on_commit(void *arg, const fr_commit *commits, size_t count)
{
    fr_live *live = arg;
    if (!count || nobody_watches(live, commits[count - 1].place))
        return;
    for (size_t i = 0; i < count; i++)
        put(live, fr_commit_record_new(&commits[i], &live->by_model), commits[i].place);
}

void fr_live_ask(fr_live *live, fr_ask *ask)
{
    ask->next = NULL;
    pthread_mutex_lock(&live->shared.lock);
    if (ask->what == FR_ASK_ADD)
        live->shared.wanted++;
    *live->shared.queue.last_ask = ask;
    live->shared.queue.last_ask = &ask->next;
    fr_live_wake(live);
    pthread_mutex_unlock(&live->shared.lock);
}
