/*
 * The matcher: the one thread that owns views, index and order. It takes commits one by one, finds
 * the views that each change matters to, prints each changed row once for all that print it the
 * same way, frames each view's message once as WebSocket text, and hands every worker what its
 * topics need of the commit as one note. It never waits for a worker: one that is too far behind is
 * told of a gap instead.
 *
 * The index: a model leads to its viewsets, a viewset to the view of its list and by key to the
 * views of its rows.
 */
#include "live/live_int.h"

#include <string.h>

#include "base/alloc.h"
#include "net/threads.h"

struct fr_view {
    fr_source *source;
    uint32_t fingerprint;
    fr_str name;               /* bytes of the key, owned, behind the struct; empty for a list */
    FR_VEC(fr_topic *) topics; /* one a worker, and old ones that are being removed */
    /* the commit at hand */
    fr_view *next_touched;
    fr_buf *frame; /* from the matcher's pool */
    bool is_touched, is_flooded;
};

typedef struct fr_matcher {
    fr_live *live;
    fr_worker *known; /* workers that have asked for something */
    FR_VEC(fr_buf *) pool;
    size_t pool_used;
    fr_buf texts;  /* of the change at hand, one a printer */
    fr_buf name;   /* its key's bytes */
    uint64_t turn; /* counts changes: marks which texts are of this one */
    fr_view *touched;
    fr_worker *touched_workers;
} fr_matcher;

enum { POOL_KEPT = 1024, POOL_BUF_BYTES = 64 << 10 };

/* ---- the index ---- */

static fr_view *find_view(const fr_source *source, bool is_detail, fr_str name)
{
    return is_detail ? fr_map_get(&source->matcher.details, name) : source->matcher.list;
}

static fr_view *new_view(fr_matcher *m, const fr_topic *topic, fr_str name)
{
    fr_view *view = fr_zalloc(sizeof *view + name.n);
    if (!view)
        return NULL;
    if (name.n)
        memcpy(view + 1, name.p, name.n);
    view->source = topic->source;
    view->fingerprint = topic->fingerprint;
    view->name = (fr_str){(const char *)(view + 1), name.n};
    if (!topic->is_detail) {
        view->source->matcher.list = view;
    } else if (fr_map_set(&view->source->matcher.details, view->name, view) != FR_OK) {
        fr_free(view);
        return NULL;
    }
    fr_live_add(&m->live->counters.views, 1);
    return view;
}

static void free_view(fr_matcher *m, fr_view *view)
{
    if (view->name.n)
        fr_map_remove(&view->source->matcher.details, view->name);
    else
        view->source->matcher.list = NULL;
    fr_vec_deinit(&view->topics);
    fr_free(view);
    fr_live_add(&m->live->counters.views, (uint64_t)-1);
}

static fr_err add_topic(fr_matcher *m, fr_topic *topic)
{
    fr_buf_clear(&m->name);
    if (topic->is_detail)
        fr_column_put(fr_db_key_column(m->live->db, topic->source->rt->model), topic->key,
                      &m->name);
    FR_TRY(fr_buf_check(&m->name));
    fr_view *view = find_view(topic->source, topic->is_detail, fr_buf_str(&m->name));
    if (!view)
        view = new_view(m, topic, fr_buf_str(&m->name));
    if (!view)
        return FR_ENOMEM;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    if (!fr_vec_push(&view->topics, topic)) {
        if (!view->topics.count)
            free_view(m, view);
        return FR_ENOMEM;
    }
    topic->matcher.view = view;
    return FR_OK;
}

static void remove_topic(fr_matcher *m, fr_topic *topic)
{
    fr_view *view = topic->matcher.view;
    size_t i = 0;
    while (view->topics.at[i] != topic)
        i++;
    fr_vec_swap_remove(&view->topics, i);
    topic->matcher.view = NULL;
    if (!view->topics.count)
        free_view(m, view);
}

/* ---- a frame for each view that the commit matters to ---- */

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

static void touch(fr_matcher *m, fr_view *view)
{
    view->is_touched = true;
    view->next_touched = m->touched;
    m->touched = view;
}

static void begin_frame(fr_matcher *m, fr_view *view)
{
    char token[FR_TOKEN_TEXT];
    size_t n = fr_token_put(token, m->live->matcher.place, view->fingerprint);
    view->frame = take_buf(m);
    if (!view->frame)
        return;
    fr_buf_lit(view->frame, "{\"type\":\"changes\",\"at\":\"");
    fr_buf_put(view->frame, (fr_str){token, n});
    fr_buf_lit(view->frame, "\",\"changes\":[");
}

static void add_change(fr_matcher *m, fr_view *view, fr_str text)
{
    if (!view->is_touched) {
        touch(m, view);
        begin_frame(m, view);
    } else if (view->frame) {
        fr_buf_put_char(view->frame, ',');
    }
    if (view->frame)
        fr_buf_put(view->frame, text);
    view->is_flooded |= m->texts.has_failed;
}

static void put_change(const fr_plan *plan, const fr_change *change, fr_buf *out)
{
    static const char *const ops[] = {[FR_CREATE] = "{\"op\":\"create\",\"id\":",
                                      [FR_UPDATE] = "{\"op\":\"update\",\"id\":",
                                      [FR_DELETE] = "{\"op\":\"delete\",\"id\":"};
    fr_buf_put(out, fr_str_c(ops[change->op]));
    fr_value_json(fr_model_key(change->model), change->key, out);
    if (change->new_) {
        fr_buf_lit(out, ",\"data\":");
        fr_plan_put(plan, NULL, change->new_, out);
    }
    fr_buf_put_char(out, '}');
}

/* The change as JSON, printed when the first view needs it. */
static fr_str text_of(fr_matcher *m, fr_source *printer, const fr_change *change)
{
    if (printer->matcher.printed != m->turn) {
        printer->matcher.printed = m->turn;
        printer->matcher.text_start = m->texts.n;
        put_change(printer->rt->plan, change, &m->texts);
        printer->matcher.text_bytes = m->texts.n - printer->matcher.text_start;
    }
    return (fr_str){m->texts.p + printer->matcher.text_start, printer->matcher.text_bytes};
}

static void flood_view(fr_matcher *m, fr_view *view)
{
    if (!view->is_touched)
        touch(m, view);
    view->is_flooded = true;
    fr_live_add(&m->live->counters.floods, 1);
}

static void flood(fr_matcher *m, const fr_model *model)
{
    for (fr_source *source = fr_map_get_u64(&m->live->by_model, (uintptr_t)model); source;
         source = source->next_of_model) {
        if (source->matcher.list)
            flood_view(m, source->matcher.list);
        size_t pos = 0;
        fr_str key;
        for (fr_view *view; (view = fr_map_next(&source->matcher.details, &pos, &key));)
            flood_view(m, view);
    }
}

static void match(fr_matcher *m, const fr_change *change)
{
    m->turn++;
    fr_buf_clear(&m->texts);
    fr_buf_clear(&m->name);
    fr_column_put(fr_db_key_column(m->live->db, change->model), change->key, &m->name);
    if (m->name.has_failed) {
        flood(m, change->model);
        return;
    }
    for (fr_source *source = fr_map_get_u64(&m->live->by_model, (uintptr_t)change->model); source;
         source = source->next_of_model) {
        fr_view *list = source->matcher.list;
        fr_view *detail = source->matcher.details.count
                              ? fr_map_get(&source->matcher.details, fr_buf_str(&m->name))
                              : NULL;
        fr_str text = list || detail ? text_of(m, source->printer, change) : (fr_str){0};
        if (list)
            add_change(m, list, text);
        if (detail)
            add_change(m, detail, text);
    }
}

/* ---- handing on ---- */

/* Give the view's frame to each worker that has a topic of it. NULL: they catch up. */
static void spread(fr_matcher *m, fr_view *view, fr_block *block)
{
    for (size_t i = 0; i < view->topics.count; i++) {
        fr_topic *topic = view->topics.at[i];
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
    if (view->frame && !view->is_flooded) {
        fr_buf_lit(view->frame, "]}");
        if (fr_buf_check(view->frame) == FR_OK)
            block = fr_ws_frame(true, fr_buf_str(view->frame));
    }
    if (block)
        fr_live_add(&m->live->counters.frames, 1);
    spread(m, view, block);
    fr_block_unref(block);
    view->frame = NULL;
    view->is_touched = view->is_flooded = false;
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

static void run_commit(fr_matcher *m, const fr_commit_record *record)
{
    if (record->place.number <= m->live->matcher.place.number)
        return;
    m->live->matcher.place = record->place;
    for (size_t i = 0; i < record->change_count; i++)
        match(m, &record->changes[i]);
    for (size_t i = 0; i < record->flood_count; i++)
        flood(m, record->flooded[i]);
    for (fr_view *view = m->touched, *next; view; view = next) {
        next = view->next_touched;
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
            remove_topic(m, worker->own.topics.at[i]);
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
        topic->mail.added = add_topic(m, topic);
        topic->mail.added_at = m->live->matcher.place.number;
        if (topic->mail.added != FR_OK)
            unwant(m->live, 1);
        topic->mail.note.run = fr_topic_added;
        fr_inbox_put(worker, &topic->mail.note);
        break;
    case FR_ASK_REMOVE:
        remove_topic(m, topic);
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
    fr_live_queue queue;
    while (take(m.live, &queue))
        run_all(&m, &queue);
    for (size_t i = 0; i < m.pool.count; i++) {
        fr_buf_deinit(m.pool.at[i]);
        fr_free(m.pool.at[i]);
    }
    fr_vec_deinit(&m.pool);
    fr_buf_deinit(&m.texts);
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
