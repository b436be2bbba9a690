/*
 * Commits on their way from the writer to the matcher. The writer copies what the matcher needs
 * into one piece of memory a commit and goes on; it never waits for the matcher. Past the bound, or
 * when memory is out, or while nobody watches, only the place is kept: a gap. The matcher takes
 * everything at once, records first, then the gap, then what workers ask; so a view that is asked
 * for after a gap is added behind it and does not notice.
 */
#include "live/live_int.h"

#include <string.h>

#include "base/alloc.h"

void fr_live_queue_init(fr_live_queue *queue)
{
    *queue = (fr_live_queue){0};
    queue->last = &queue->first;
    queue->last_ask = &queue->first_ask;
}

void fr_commit_record_free(fr_commit_record *record)
{
    fr_free(record);
}

/* ---- a commit as one piece of memory: record, changes, flooded models, values, texts ---- */

static size_t text_bytes(fr_value v)
{
    return v.type == FR_VALUE_TEXT || v.type == FR_VALUE_BLOB ? v.as.s.n : 0;
}

static size_t record_bytes(const fr_live *live, const fr_commit *commit, size_t *change_count)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    size_t bytes = sizeof(fr_commit_record) + commit->flood_count * sizeof *commit->flooded;
    *change_count = 0;
    for (size_t i = 0; i < commit->change_count; i++) {
        const fr_change *change = &commit->changes[i];
        if (!fr_map_get_u64(&live->by_model, (uintptr_t)change->model))
            continue;
        (*change_count)++;
        bytes += sizeof *change + text_bytes(change->key);
        if (!change->new_)
            continue;
        bytes += change->model->field_count * sizeof *change->new_;
        for (uint32_t f = 0; f < change->model->field_count; f++)
            bytes += text_bytes(change->new_[f]);
    }
    return bytes;
}

static fr_value copy_value(fr_value v, char **texts)
{
    size_t n = text_bytes(v);
    if (n) {
        memcpy(*texts, v.as.s.p, n);
        v.as.s.p = *texts;
        *texts += n;
    }
    return v;
}

static fr_commit_record *copy_commit(const fr_live *live, const fr_commit *commit)
{
    size_t count, bytes = record_bytes(live, commit, &count);
    fr_commit_record *record = fr_malloc(bytes);
    if (!record)
        return NULL;
    *record = (fr_commit_record){
        .place = commit->place, .bytes = bytes, .flood_count = commit->flood_count};
    record->changes = (fr_change *)(record + 1);
    record->flooded = (const fr_model **)(record->changes + count);
    if (commit->flood_count)
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
        memcpy(record->flooded, commit->flooded, commit->flood_count * sizeof *commit->flooded);
    fr_value *values = (fr_value *)(record->flooded + commit->flood_count);
    size_t value_count = 0;
    for (size_t i = 0; i < commit->change_count; i++)
        if (commit->changes[i].new_ &&
            fr_map_get_u64(&live->by_model, (uintptr_t)commit->changes[i].model))
            value_count += commit->changes[i].model->field_count;
    char *texts = (char *)(values + value_count);
    for (size_t i = 0; i < commit->change_count; i++) {
        const fr_change *from = &commit->changes[i];
        if (!fr_map_get_u64(&live->by_model, (uintptr_t)from->model))
            continue;
        fr_change *to = &record->changes[record->change_count++];
        *to =
            (fr_change){.model = from->model, .op = from->op, .key = copy_value(from->key, &texts)};
        if (!from->new_)
            continue;
        to->new_ = values;
        for (uint32_t f = 0; f < from->model->field_count; f++)
            *values++ = copy_value(from->new_[f], &texts);
    }
    return record;
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
        put(live, copy_commit(live, &commits[i]), commits[i].place);
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
