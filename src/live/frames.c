/*
 * What a commit means to each view. A row is printed once for all that print it alike, a view's frame is built and framed as WebSocket
 * text once; every worker gets what its topics need of the commit as one note. A worker that is too far behind is told of a gap
 * instead.
 */
#include <string.h>

#include "base/alloc.h"
#include "live/matcher.h"

enum { POOL_KEPT = 1024, POOL_BUF_BYTES = 64 << 10 };

/* ---- room ---- */

static fr_buf *take_buf(fr_matcher *m)
{
    if (m->pool_used == m->pool.count) {
        fr_buf *buf = fr_zalloc(sizeof *buf);
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
        if (!buf || !fr_vec_push(&m->pool, buf)) {
            fr_free(buf);
            return NULL;
        }
    }
    return m->pool.at[m->pool_used++];
}

static void give_bufs_back(fr_matcher *m)
{
    for (size_t i = 0; i < m->pool_used; i++) {
        if (m->pool.at[i]->cap > POOL_BUF_BYTES)
            fr_buf_deinit(m->pool.at[i]);
        fr_buf_clear(m->pool.at[i]);
    }
    m->pool_used = 0;
    while (m->pool.count > POOL_KEPT) {
        fr_buf *buf = m->pool.at[--m->pool.count];
        fr_buf_deinit(buf);
        fr_free(buf);
    }
}

void fr_frames_deinit(fr_matcher *m)
{
    for (size_t i = 0; i < m->pool.count; i++) {
        fr_buf_deinit(m->pool.at[i]);
        fr_free(m->pool.at[i]);
    }
    fr_vec_deinit(&m->pool);
    fr_buf_deinit(&m->texts);
}

/* ---- a frame for each view that the commit matters to ---- */

static void touch(fr_matcher *m, fr_view *view)
{
    view->matcher.is_touched = true;
    view->matcher.next_touched = m->touched;
    m->touched = view;
}

static void begin_frame(fr_matcher *m, fr_view *view)
{
    char token[FR_TOKEN_TEXT];
    size_t n = fr_token_put(token, m->live->matcher.place, view->fingerprint);
    view->matcher.frame = take_buf(m);
    if (!view->matcher.frame)
        return;
    fr_buf_lit(view->matcher.frame, "{\"type\":\"changes\",\"at\":\"");
    fr_buf_put(view->matcher.frame, (fr_str){token, n});
    fr_buf_lit(view->matcher.frame, "\",\"changes\":[");
}

/* All but the op, as JSON; printed when the first view needs it. */
static fr_str text_of(fr_matcher *m, fr_source *printer, fr_op op, const fr_change *change)
{
    fr_printed *text = &printer->matcher.texts[op == FR_DELETE];
    if (text->turn != m->turn) {
        text->turn = m->turn;
        text->start = m->texts.n;
        fr_change_put(printer->rt->plan, op, change, &m->texts);
        text->bytes = m->texts.n - text->start;
    }
    return (fr_str){m->texts.p + text->start, text->bytes};
}

void fr_frames_add(fr_matcher *m, fr_view *view, fr_op op, const fr_change *change)
{
    fr_str text = text_of(m, view->ask.source->printer, op, change);
    if (!view->matcher.is_touched) {
        touch(m, view);
        begin_frame(m, view);
    } else if (view->matcher.frame) {
        fr_buf_put_char(view->matcher.frame, ',');
    }
    if (view->matcher.frame) {
        fr_change_put_op(op, view->matcher.frame);
        fr_buf_put(view->matcher.frame, text);
    }
    view->matcher.is_flooded |= m->texts.has_failed;
}

void fr_frames_flood(fr_matcher *m, fr_view *view)
{
    if (!view->matcher.is_touched)
        touch(m, view);
    view->matcher.is_flooded = true;
    fr_live_add(&m->live->counters.floods, 1);
}

/* ---- handing on ---- */

/* Give the view's frame to each worker that has a topic of it. NULL: they catch up. */
static void spread(fr_matcher *m, fr_view *view, fr_block *block)
{
    for (fr_topic *topic = view->matcher.topics; topic; topic = topic->matcher.next) {
        fr_worker *worker = topic->worker;
        if (!worker->matcher.is_touched) {
            worker->matcher.is_touched = true;
            worker->matcher.next_touched = m->touched_workers;
            m->touched_workers = worker;
        }
        if (!fr_vec_push(&worker->matcher.frames, ((fr_frame){topic, block})))
            worker->matcher.has_missed = true;
        else if (block)
            fr_block_ref(block);
    }
}

static void finish_view(fr_matcher *m, fr_view *view)
{
    fr_block *block = NULL;
    if (view->matcher.frame && !view->matcher.is_flooded) {
        fr_buf_lit(view->matcher.frame, "]}");
        if (fr_buf_check(view->matcher.frame) == FR_OK)
            block = fr_ws_frame(true, fr_buf_str(view->matcher.frame));
    }
    if (block)
        fr_live_add(&m->live->counters.frames, 1);
    spread(m, view, block);
    fr_block_unref(block);
    view->matcher.frame = NULL;
    view->matcher.is_touched = view->matcher.is_flooded = false;
}

static size_t frames_bytes(const fr_worker *worker)
{
    size_t bytes = sizeof(fr_frames);
    for (size_t i = 0; i < worker->matcher.frames.count; i++)
        bytes +=
            sizeof(fr_frame) +
            (worker->matcher.frames.at[i].block ? worker->matcher.frames.at[i].block->size : 0);
    return bytes;
}

static void hand_on(fr_matcher *m, fr_worker *worker)
{
    fr_live *live = m->live;
    size_t bytes = frames_bytes(worker), count = worker->matcher.frames.count;
    size_t waiting = atomic_load_explicit(&worker->inbox.waiting_bytes, memory_order_relaxed);
    bool is_full = worker->matcher.has_missed || waiting + bytes > live->opts.frames_bytes;
    fr_frames *frames = is_full ? NULL : fr_frames_new(count);
    if (frames) {
        frames->number = live->matcher.place.number;
        frames->bytes = bytes;
        memcpy(frames->at, worker->matcher.frames.at, count * sizeof *frames->at);
        atomic_fetch_add_explicit(&worker->inbox.waiting_bytes, bytes, memory_order_relaxed);
        fr_inbox_put(worker, &frames->note);
    } else {
        for (size_t i = 0; i < count; i++)
            fr_block_unref(worker->matcher.frames.at[i].block);
        fr_live_add(&live->counters.overflows, 1);
        fr_inbox_put_gap(worker, live->matcher.place.number);
    }
    worker->matcher.frames.count = 0;
    worker->matcher.is_touched = worker->matcher.has_missed = false;
}

void fr_frames_hand_on(fr_matcher *m)
{
    for (fr_view *view = m->touched, *next; view; view = next) {
        next = view->matcher.next_touched;
        finish_view(m, view);
    }
    m->touched = NULL;
    for (fr_worker *worker = m->touched_workers, *next; worker; worker = next) {
        next = worker->matcher.next_touched;
        hand_on(m, worker);
    }
    m->touched_workers = NULL;
    give_bufs_back(m);
}
