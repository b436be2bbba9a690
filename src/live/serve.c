/*
 * Serving those who wait: who comes gets a snapshot, who comes back with a place gets what differs. All of it is read in the loop's
 * transactions, topic after topic. The last snapshot is kept as long as nothing goes by and nobody has committed anything, so a crowd
 * that comes to a quiet view costs one read.
 *
 * What is handed out was read, or found to be unchanged, in a transaction that began after those who
 * get it had begun to wait; so it is not older than anything that they have been told.
 *
 * A place before the topic's floor means that more went by meanwhile than could be held: it is
 * read again. After TRIES reads those who wait get the last one, as it is a true state, and wait on
 * for the next.
 */
#include "live/live_int.h"

#include "base/alloc.h"
#include "base/arena.h"

enum { TRIES = 4, RETRY_MS = 1, READ_MS = 30000 };

/* ---- reading ---- */

atomic_uint fr_test_live_read_ms;

static fr_err linger(fr_ctx *ctx, uint64_t place)
{
    unsigned ms = atomic_load_explicit(&fr_test_live_read_ms, memory_order_relaxed);
    return ms ? fr_sleep(ctx, place * 7919 % (ms + 1)) : FR_OK;
}

/* What is read from now on is for all who wait now. */
static fr_err look(fr_ctx *ctx, const fr_topic *topic, fr_now *now)
{
    fr_worker *worker = topic->worker;
    FR_TRY(fr_db_now(ctx, worker->own.is_look_due, now));
    worker->own.is_look_due = false;
    for (size_t i = 0; i < topic->own.waiting.count; i++)
        topic->own.waiting.at[i]->is_late = false;
    return FR_OK;
}

/* Read until the place is not before the floor; the last of TRIES will do in any case. */
static fr_err read_until_fresh(fr_ctx *ctx, const fr_topic *topic, fr_now *now, fr_snapshot *out)
{
    for (int i = 0;; i++) {
        FR_TRY(fr_snapshot_read(ctx, topic, out));
        out->version = now->version;
        FR_TRY(linger(ctx, out->place.number));
        if (out->place.number >= topic->own.floor || i == TRIES - 1)
            return FR_OK;
        fr_snapshot_clear(out);
        FR_TRY(fr_sleep(ctx, RETRY_MS));
        FR_TRY(look(ctx, topic, now));
    }
}

/* The same of what differs. */
static fr_err catch_up_until_fresh(fr_ctx *ctx, const fr_topic *topic, fr_place since,
                                   fr_caught *out)
{
    fr_now now;
    for (int i = 0;; i++) {
        FR_TRY(fr_catch_up(ctx, topic->view, since, out));
        FR_TRY(linger(ctx, out->place.number));
        if (!out->is_known || out->place.number >= topic->own.floor || i == TRIES - 1)
            return FR_OK;
        fr_caught_clear(out);
        FR_TRY(fr_sleep(ctx, RETRY_MS));
        FR_TRY(look(ctx, topic, &now));
    }
}

/* ---- handing out ---- */

static void count_shared(fr_topic *topic, const fr_snapshot *snapshot, size_t count)
{
    size_t readers = snapshot != &topic->own.snapshot;
    if (count > readers)
        fr_live_add(&topic->worker->live->counters.shared, count - readers);
}

static void was_read_at(fr_worker *worker, fr_place place)
{
    if (place.number > worker->own.read_at.number)
        worker->own.read_at = place;
}

/* Downwards: who is served takes itself out of the list. */
static void deliver(fr_topic *topic, fr_snapshot *snapshot)
{
    bool is_stale = snapshot->place.number < topic->own.floor;
    size_t count = 0;
    was_read_at(topic->worker, snapshot->place);
    for (size_t i = topic->own.waiting.count; i-- > 0;) {
        fr_watcher *watcher = topic->own.waiting.at[i];
        if (watcher->is_late || watcher->resume)
            continue;
        fr_watcher_deliver(watcher, snapshot, is_stale);
        count++;
    }
    count_shared(topic, snapshot, count);
}

static bool is_same_place(fr_place a, fr_place b)
{
    return a.number == b.number && a.mark == b.mark;
}

/* To all who come back with this place. Where the log cannot tell they wait on, for a snapshot that says so. */
static void hand_out(fr_topic *topic, fr_place since, const fr_caught *caught)
{
    bool is_stale = caught->place.number < topic->own.floor;
    was_read_at(topic->worker, caught->place);
    for (size_t i = topic->own.waiting.count; i-- > 0;) {
        fr_watcher *watcher = topic->own.waiting.at[i];
        if (watcher->is_late || !watcher->resume || !is_same_place(watcher->resume->since, since))
            continue;
        if (caught->is_known)
            fr_watcher_resume(watcher, caught, is_stale);
        else
            fr_watcher_forget_place(watcher);
    }
}

/* One who waits and comes back with a place, or for a snapshot; NULL: there is none. */
static const fr_watcher *find_waiting(const fr_topic *topic, bool is_resuming)
{
    for (size_t i = 0; i < topic->own.waiting.count; i++)
        if (!topic->own.waiting.at[i]->is_late &&
            (topic->own.waiting.at[i]->resume != NULL) == is_resuming)
            return topic->own.waiting.at[i];
    return NULL;
}

/* One read for all who come back with the same place; those of further places wait for the topic's next turn. */
static fr_err serve_returned(fr_ctx *ctx, fr_topic *topic)
{
    const fr_watcher *first;
    for (int i = 0; i < FR_LIVE_READS_A_TURN && (first = find_waiting(topic, true)); i++) {
        fr_place since = first->resume->since;
        fr_caught caught = {0};
        fr_err err = catch_up_until_fresh(ctx, topic, since, &caught);
        if (err == FR_OK)
            hand_out(topic, since, &caught);
        fr_caught_clear(&caught);
        FR_TRY(err);
    }
    return FR_OK;
}

static void fail_all(fr_topic *topic, fr_err err, fr_str detail)
{
    if (!detail.n)
        detail = FR_STR("The rows cannot be read now. Try again.");
    for (size_t i = topic->own.waiting.count; i-- > 0;)
        fr_watcher_fail(topic->own.waiting.at[i], err, detail);
}

static fr_err serve_waiting(fr_ctx *ctx, fr_topic *topic, fr_snapshot *fresh)
{
    fr_now now;
    FR_TRY(look(ctx, topic, &now));
    FR_TRY(fr_view_check(ctx, topic->view));
    if (find_waiting(topic, true)) {
        FR_TRY(serve_returned(ctx, topic));
        if (!find_waiting(topic, false))
            return FR_OK;
        FR_TRY(look(ctx, topic, &now));
    }
    if (topic->own.snapshot.text.n && topic->own.snapshot.version == now.version) {
        deliver(topic, &topic->own.snapshot);
        return FR_OK;
    }
    fr_snapshot_clear(&topic->own.snapshot);
    FR_TRY(read_until_fresh(ctx, topic, &now, fresh));
    deliver(topic, fresh);
    return FR_OK;
}

/* fresh is for those who come next, too, if nothing went by since it was read. */
static void keep(fr_topic *topic, fr_snapshot *fresh)
{
    if (fresh->text.n && !topic->own.held.count && fresh->place.number >= topic->own.floor)
        topic->own.snapshot = *fresh;
    else
        fr_snapshot_clear(fresh);
}

/* Whether a watcher came during the read, and has got nothing yet. */
static bool has_newcomer(const fr_topic *topic)
{
    for (size_t i = 0; i < topic->own.waiting.count; i++)
        if (!topic->own.waiting.at[i]->member.is_in)
            return true;
    return false;
}

static void serve_topic(fr_ctx *ctx, fr_topic *topic)
{
    fr_worker *worker = topic->worker;
    fr_snapshot fresh = {0};
    topic->own.is_reading = true;
    topic->own.next_catch_up_ms = fr_loop_now_ms(worker->loop) + worker->live->opts.pace_ms;
    fr_err err = topic->own.waiting.count ? serve_waiting(ctx, topic, &fresh) : FR_OK;
    if (err != FR_OK)
        fail_all(topic, err, ctx->detail);
    keep(topic, &fresh);
    if (topic->own.held.count)
        topic->own.floor = topic->own.held.at[topic->own.held.count - 1].number;
    fr_topic_drop_held(topic);
    topic->own.is_reading = false;
    fr_topic_want(topic, has_newcomer(topic));
    fr_topic_release(topic);
}

/* ---- the queue of a worker ---- */

static fr_topic *next_topic(fr_worker *worker)
{
    fr_topic *topic = worker->own.first_read;
    if (!topic)
        return NULL;
    worker->own.first_read = topic->own.next_read;
    if (!worker->own.first_read)
        worker->own.last_read = &worker->own.first_read;
    topic->own.is_queued = false;
    return topic;
}

static void serve_topics(fr_worker *worker, fr_arena *arena)
{
    fr_topic *topic;
    for (int i = 0; i < FR_LIVE_READS_A_TURN && (topic = next_topic(worker)); i++) {
        fr_ctx ctx;
        fr_ctx_init(&ctx, arena, worker->loop);
        ctx.db = worker->live->db;
        ctx.deadline_ms = fr_clock_ms() + READ_MS;
        serve_topic(&ctx, topic);
        fr_arena_reset(arena);
    }
}

/* No fiber or no memory at the moment. */
static void retry_later(fr_worker *worker)
{
    fr_timer_set(worker->loop, &worker->own.retry, fr_loop_now_ms(worker->loop) + RETRY_MS);
}

void fr_worker_read_again(fr_timer *timer)
{
    fr_worker_read_soon((fr_worker *)(void *)((char *)timer - offsetof(fr_worker, own.retry)));
}

static void run_reader(void *arg)
{
    static const fr_str NAME = {"(snapshots)", 11};
    fr_worker *worker = arg;
    fr_arena *arena = fr_arena_new(0);
    fr_fiber_name(NULL, &NAME);
    if (arena)
        serve_topics(worker, arena);
    fr_arena_free(arena);
    worker->own.readers--;
    if (arena)
        fr_worker_read_soon(worker);
    else
        retry_later(worker);
}

void fr_worker_read_soon(fr_worker *worker)
{
    if (worker->own.read_more_is_posted || !worker->own.first_read ||
        worker->own.readers == FR_LIVE_READERS)
        return;
    worker->own.read_more_is_posted = true;
    fr_loop_post(worker->loop, &worker->own.read_more);
}

void fr_worker_read_more(fr_task *task)
{
    fr_worker *worker = (fr_worker *)(void *)((char *)task - offsetof(fr_worker, own.read_more));
    worker->own.read_more_is_posted = false;
    worker->own.readers++;
    if (fr_fiber_start(worker->loop, run_reader, worker) == FR_OK) {
        fr_worker_read_soon(worker); /* the fiber waits for a slow read: one more for the others */
    } else {
        worker->own.readers--;
        retry_later(worker);
    }
}
