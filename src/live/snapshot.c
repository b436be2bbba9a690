/*
 * Snapshots: rows of a view, read in one read transaction whose place is known, printed as the REST
 * API prints them and framed once for all who wait. The last one is kept as long as nothing goes by
 * and nobody has committed anything, so a crowd that comes to a quiet view costs one read.
 *
 * What is handed out was read, or found to be unchanged, in a transaction that began after those who
 * get it had begun to wait; so it is not older than anything that they have been told.
 *
 * A place before the topic's floor means that more went by meanwhile than could be held: the view is
 * read again. After TRIES reads those who wait get the last one, as it is a true state, and wait on
 * for the next.
 */
#include "live/live_int.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"

enum { TRIES = 4, RETRY_MS = 1, READ_MS = 30000 };

/* ---- frames ---- */

void fr_snapshot_clear(fr_snapshot *snapshot)
{
    fr_buf_deinit(&snapshot->text);
    fr_block_unref(snapshot->first);
    fr_block_unref(snapshot->reset);
    *snapshot = (fr_snapshot){0};
    fr_buf_init(&snapshot->text);
}

static fr_block *make_frame(const fr_snapshot *snapshot, uint32_t fingerprint, bool is_reset)
{
    char token[FR_TOKEN_TEXT];
    size_t n = fr_token_put(token, snapshot->place, fingerprint);
    fr_buf buf;
    fr_buf_init(&buf);
    fr_buf_reserve(&buf, snapshot->text.n + 128);
    fr_buf_lit(&buf, "{\"type\":\"snapshot\",\"at\":\"");
    fr_buf_put(&buf, (fr_str){token, n});
    fr_buf_put(&buf, is_reset ? FR_STR("\",\"reset\":true,") : FR_STR("\","));
    fr_buf_put(&buf, fr_buf_str(&snapshot->text));
    fr_block *block = fr_buf_check(&buf) == FR_OK ? fr_ws_frame(true, fr_buf_str(&buf)) : NULL;
    fr_buf_deinit(&buf);
    return block;
}

fr_block *fr_snapshot_frame(fr_snapshot *snapshot, uint32_t fingerprint, bool is_reset)
{
    fr_block **block = is_reset ? &snapshot->reset : &snapshot->first;
    if (!*block)
        *block = make_frame(snapshot, fingerprint, is_reset);
    return *block;
}

/* ---- reading ---- */

typedef struct printing {
    const fr_plan *plan;
    fr_buf text;
    uint32_t rows, rows_max;
    bool is_row, is_too_long;
} printing;

static void print_begin(void *arg)
{
    printing *p = arg;
    fr_buf_clear(&p->text);
    p->rows = 0;
    fr_buf_put(&p->text, p->is_row ? FR_STR("\"data\":") : FR_STR("\"results\":["));
}

static fr_err print_row(void *arg, const fr_value *values)
{
    printing *p = arg;
    if (p->rows == p->rows_max) {
        p->is_too_long = true;
        return FR_EINVAL;
    }
    if (p->rows++)
        fr_buf_put_char(&p->text, ',');
    fr_plan_put(p->plan, NULL, values, &p->text);
    return fr_buf_check(&p->text);
}

fr_err fr_snapshot_too_long(fr_ctx *ctx, const fr_live *live)
{
    return fr_fail(
        ctx, FR_EINVAL,
        "A live list shows at most %u rows, and this one has more: raise live.snapshot_rows "
        "(--snapshot-rows).",
        live->opts.snapshot_rows);
}

static fr_err read_rows(fr_ctx *ctx, const fr_topic *topic, printing *p, fr_snapshot *out)
{
    fr_reader_sink sink = {.begin = print_begin, .row = print_row, .arg = p};
    print_begin(p); /* for a missing row the read does not call begin */
    fr_query query = fr_view_query(&topic->view->ask);
    query.limit = p->rows_max + 1;
    fr_err err = p->is_row ? fr_db_select_one(ctx, &query, topic->view->ask.key, &sink, &out->place)
                           : fr_db_select(ctx, &query, &sink, &out->place);
    if (p->is_too_long)
        return fr_snapshot_too_long(ctx, topic->worker->live);
    out->is_missing = p->is_row && err == FR_ENOTFOUND;
    if (out->is_missing)
        fr_buf_lit(&p->text, "null");
    else if (err != FR_OK)
        return err;
    fr_buf_put(&p->text, p->is_row ? FR_STR("}") : FR_STR("]}"));
    return fr_buf_check(&p->text);
}

static fr_err read_snapshot(fr_ctx *ctx, const fr_topic *topic, fr_snapshot *out)
{
    printing p = {.plan = topic->view->ask.source->rt->plan,
                  .rows_max = topic->worker->live->opts.snapshot_rows,
                  .is_row = topic->view->ask.kind == FR_VIEW_ROW};
    fr_buf_init(&p.text);
    fr_err err = read_rows(ctx, topic, &p, out);
    if (err == FR_OK)
        out->text = p.text;
    else
        fr_buf_deinit(&p.text);
    fr_live_add(&topic->worker->live->counters.snapshots, 1);
    return err;
}

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
        FR_TRY(read_snapshot(ctx, topic, out));
        out->version = now->version;
        FR_TRY(linger(ctx, out->place.number));
        if (out->place.number >= topic->own.floor || i == TRIES - 1)
            return FR_OK;
        fr_snapshot_clear(out);
        FR_TRY(fr_sleep(ctx, RETRY_MS));
        FR_TRY(look(ctx, topic, now));
    }
}

/* ---- handing out ---- */

static void count_shared(fr_topic *topic, const fr_snapshot *snapshot, size_t count)
{
    size_t readers = snapshot != &topic->own.snapshot;
    if (count > readers)
        fr_live_add(&topic->worker->live->counters.shared, count - readers);
}

/* Downwards: who is served takes itself out of the list. */
static void deliver(fr_topic *topic, fr_snapshot *snapshot)
{
    bool is_stale = snapshot->place.number < topic->own.floor;
    size_t count = 0;
    if (snapshot->place.number > topic->worker->own.read_at.number)
        topic->worker->own.read_at = snapshot->place;
    for (size_t i = topic->own.waiting.count; i-- > 0;) {
        if (topic->own.waiting.at[i]->is_late)
            continue;
        fr_watcher_deliver(topic->own.waiting.at[i], snapshot, is_stale);
        count++;
    }
    count_shared(topic, snapshot, count);
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
