/*
 * A view as one worker knows it. Frames arrive in the order of their commits and are published to
 * those who have a snapshot. Those who have none wait; while one is read for them, the frames that
 * go by are held. README.md has the argument why nobody loses a frame or gets one twice; its terms
 * in this file:
 *
 *   floor   frames up to this number have gone by and are not held: a snapshot from before it would
 *           leave a hole
 *   held    the frames after it, while a read is running
 */
#include "live/live_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

/* ---- making and freeing ---- */

static void run_pace(fr_timer *timer)
{
    fr_topic_want((fr_topic *)(void *)((char *)timer - offsetof(fr_topic, own.pace)), true);
}

/* view: taken over. */
static fr_topic *new_topic(fr_worker *worker, fr_view *view)
{
    fr_topic *topic = fr_zalloc(sizeof *topic);
    if (!topic)
        return NULL;
    topic->worker = worker;
    topic->view = view;
    topic->mail.ask = (fr_ask){.what = FR_ASK_ADD, .worker = worker, .topic = topic};
    topic->own.pace.run = run_pace;
    fr_buf_init(&topic->own.snapshot.text);
    topic->own.fan = fr_fan_new(worker->loop, fr_watcher_on_behind, topic);
    topic->own.index = (uint32_t)worker->own.topics.count;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    if (topic->own.fan && fr_vec_push(&worker->own.topics, topic)) {
        fr_worker_watch_place(worker);
        return topic;
    }
    if (topic->own.fan)
        fr_fan_free(topic->own.fan);
    fr_free(topic);
    return NULL;
}

static void forget_name(fr_topic *topic)
{
    if (fr_map_get(&topic->worker->own.by_view, topic->view->bytes) == topic)
        fr_map_remove(&topic->worker->own.by_view, topic->view->bytes);
}

void fr_topic_free(fr_topic *topic)
{
    fr_worker *worker = topic->worker;
    assert(!topic->own.watchers.count);
    forget_name(topic);
    fr_timer_cancel(worker->loop, &topic->own.pace);
    fr_vec_swap_remove(&worker->own.topics, topic->own.index);
    if (topic->own.index < worker->own.topics.count)
        worker->own.topics.at[topic->own.index]->own.index = topic->own.index;
    fr_topic_drop_held(topic);
    fr_vec_deinit(&topic->own.held);
    fr_snapshot_clear(&topic->own.snapshot);
    fr_fan_free(topic->own.fan);
    fr_vec_deinit(&topic->own.watchers);
    fr_vec_deinit(&topic->own.waiting);
    fr_view_unref(topic->view);
    fr_free(topic);
}

/* bytes: those of ask. */
static fr_err make(fr_worker *worker, const fr_view_ask *ask, fr_str bytes, fr_topic **out)
{
    fr_view *view;
    FR_TRY(fr_view_new(ask, bytes, &view));
    fr_topic *topic = new_topic(worker, view);
    if (!topic) {
        fr_view_unref(view);
        return FR_ENOMEM;
    }
    if (fr_map_set(&worker->own.by_view, view->bytes, topic) != FR_OK) {
        fr_topic_free(topic);
        return FR_ENOMEM;
    }
    fr_live_ask(worker->live, &topic->mail.ask);
    *out = topic;
    return FR_OK;
}

/* *out NULL: there is none. */
static fr_err find(const fr_worker *worker, const fr_view_ask *ask, fr_buf *bytes, fr_topic **out)
{
    FR_TRY(fr_view_put(ask, bytes));
    *out = fr_map_get(&worker->own.by_view, fr_buf_str(bytes));
    return FR_OK;
}

fr_err fr_topic_get(fr_worker *worker, const fr_view_ask *ask, fr_topic **out)
{
    fr_buf bytes;
    fr_buf_init(&bytes);
    fr_err err = find(worker, ask, &bytes, out);
    if (err == FR_OK && !*out)
        err = make(worker, ask, fr_buf_str(&bytes), out);
    fr_buf_deinit(&bytes);
    return err;
}

bool fr_topic_is_shown(const fr_worker *worker, const fr_view_ask *ask)
{
    fr_buf bytes;
    fr_topic *topic;
    fr_buf_init(&bytes);
    bool is_shown =
        find(worker, ask, &bytes, &topic) == FR_OK && topic && fr_fan_count(topic->own.fan);
    fr_buf_deinit(&bytes);
    return is_shown;
}

void fr_topic_release(fr_topic *topic)
{
    if (topic->own.watchers.count || topic->own.is_reading || topic->own.is_queued)
        return;
    if (topic->own.state == FR_TOPIC_OVER) {
        fr_topic_free(topic);
    } else if (topic->own.state == FR_TOPIC_LIVE) {
        forget_name(topic);
        fr_timer_cancel(topic->worker->loop, &topic->own.pace);
        topic->own.state = FR_TOPIC_REMOVING;
        topic->mail.ask.what = FR_ASK_REMOVE;
        fr_live_ask(topic->worker->live, &topic->mail.ask);
    }
}

/* ---- who watches ---- */

/* Room for one more to wait, made when a watcher comes, so that waiting cannot fail later. */
static bool has_room_to_wait(fr_topic *topic)
{
    size_t cap = topic->own.waiting.cap;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    size_t item_bytes = sizeof *topic->own.waiting.at;
    return topic->own.watchers.count < cap ||
           fr_vec_grow_((void **)&topic->own.waiting.at, &topic->own.waiting.cap, cap, item_bytes);
}

fr_err fr_topic_enter(fr_topic *topic, fr_watcher *watcher)
{
    if (!has_room_to_wait(topic))
        return FR_ENOMEM;
    watcher->index = (uint32_t)topic->own.watchers.count;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    if (!fr_vec_push(&topic->own.watchers, watcher))
        return FR_ENOMEM;
    watcher->topic = topic;
    return FR_OK;
}

void fr_topic_leave(fr_topic *topic, fr_watcher *watcher)
{
    fr_topic_unwait(topic, watcher);
    if (watcher->member.is_in)
        fr_fan_leave(&watcher->member);
    watcher->member.is_in = false;
    fr_vec_swap_remove(&topic->own.watchers, watcher->index);
    if (watcher->index < topic->own.watchers.count)
        topic->own.watchers.at[watcher->index]->index = watcher->index;
    watcher->topic = NULL;
    fr_topic_release(topic);
}

void fr_topic_wait(fr_topic *topic, fr_watcher *watcher)
{
    if (watcher->waiting_at != FR_NOT_WAITING)
        return;
    assert(topic->own.waiting.count < topic->own.waiting.cap);
    watcher->is_late = topic->own.is_reading;
    topic->worker->own.is_look_due = true;
    watcher->waiting_at = (uint32_t)topic->own.waiting.count;
    topic->own.waiting.at[topic->own.waiting.count++] = watcher;
}

void fr_topic_unwait(fr_topic *topic, fr_watcher *watcher)
{
    if (watcher->waiting_at == FR_NOT_WAITING)
        return;
    fr_vec_swap_remove(&topic->own.waiting, watcher->waiting_at);
    if (watcher->waiting_at < topic->own.waiting.count)
        topic->own.waiting.at[watcher->waiting_at]->waiting_at = watcher->waiting_at;
    watcher->waiting_at = FR_NOT_WAITING;
}

void fr_topic_fail(fr_topic *topic, fr_err err, fr_str detail)
{
    bool was_reading = topic->own.is_reading;
    topic->own.is_reading = true; /* keeps the topic until all have been told */
    for (size_t i = topic->own.watchers.count; i-- > 0;)
        fr_watcher_fail(topic->own.watchers.at[i], err, detail);
    topic->own.is_reading = was_reading;
    fr_topic_release(topic);
}

/* ---- from the matcher ---- */

static fr_topic *topic_of(fr_note *note)
{
    return (fr_topic *)(void *)((char *)note - offsetof(fr_topic, mail.note));
}

void fr_topic_added(fr_worker *worker, fr_note *note)
{
    fr_topic *topic = topic_of(note);
    if (topic->mail.added != FR_OK) {
        forget_name(topic);
        topic->own.state = FR_TOPIC_OVER;
        fr_topic_fail(
            topic, topic->mail.added,
            topic->mail.added == FR_EBUSY
                ? FR_STR("Too many lists are watched by filters that no index finds. Try again.")
                : FR_STR("The server is out of memory. Try again."));
        return;
    }
    topic->own.state = FR_TOPIC_LIVE;
    topic->own.at_due_ms = fr_loop_now_ms(worker->loop) + worker->live->opts.at_ms;
    if (topic->mail.added_at > topic->own.floor)
        topic->own.floor = topic->mail.added_at;
    fr_topic_want(topic, true);
    fr_topic_release(topic);
}

void fr_topic_removed(fr_worker *worker, fr_note *note)
{
    (void)worker;
    fr_topic_free(topic_of(note));
}

void fr_topic_drop_held(fr_topic *topic)
{
    for (size_t i = 0; i < topic->own.held.count; i++)
        fr_block_unref(topic->own.held.at[i].block);
    topic->own.held.count = 0;
    topic->own.held_bytes = 0;
}

/* A frame goes by: held for those a snapshot is being read for, or below the floor. */
static void pass(fr_topic *topic, uint64_t number, fr_block *block)
{
    bool fits = topic->own.held_bytes + block->size <= topic->worker->live->opts.held_bytes;
    if (topic->own.is_reading && fits &&
        fr_vec_push(&topic->own.held, ((fr_held){number, block}))) {
        fr_block_ref(block);
        topic->own.held_bytes += block->size;
        return;
    }
    fr_topic_drop_held(topic);
    topic->own.floor = number;
}

void fr_topic_frame(fr_topic *topic, uint64_t number, fr_block *block)
{
    if (topic->own.state != FR_TOPIC_LIVE)
        return;
    topic->own.at_due_ms = fr_loop_now_ms(topic->worker->loop) + topic->worker->live->opts.at_ms;
    fr_snapshot_clear(&topic->own.snapshot);
    pass(topic, number, block);
    if (fr_fan_count(topic->own.fan) && fr_fan_publish(topic->own.fan, block, number) != FR_OK)
        fr_topic_gap(topic, number);
}

void fr_topic_gap(fr_topic *topic, uint64_t number)
{
    if (topic->own.state == FR_TOPIC_REMOVING || topic->own.state == FR_TOPIC_OVER)
        return;
    fr_topic_drop_held(topic);
    fr_snapshot_clear(&topic->own.snapshot);
    if (number > topic->own.floor)
        topic->own.floor = number;
    for (size_t i = 0; i < topic->own.watchers.count; i++) {
        fr_watcher *watcher = topic->own.watchers.at[i];
        if (!watcher->member.is_in || watcher->member.is_behind)
            continue; /* has got nothing yet, or waits already */
        watcher->member.is_behind = true;
        watcher->is_reset = true;
        fr_topic_wait(topic, watcher);
    }
    fr_topic_want(topic, false);
}

/* All who have joined and are not behind are exact at `place`, as what was handed on before has
 * been published. The frame is numbered one past it, so that it reaches who begins at the place
 * itself, and not who begins later. */
void fr_topic_at(fr_topic *topic, fr_place place)
{
    uint64_t now_ms = fr_loop_now_ms(topic->worker->loop);
    if (topic->own.state != FR_TOPIC_LIVE || now_ms < topic->own.at_due_ms)
        return;
    char token[FR_TOKEN_TEXT], text[64 + FR_TOKEN_TEXT];
    fr_token_put(token, place, topic->view->fingerprint);
    snprintf(text, sizeof text, "{\"type\":\"at\",\"at\":\"%s\"}", token);
    fr_block *block = fr_ws_frame(true, fr_str_c(text));
    if (!block)
        return;
    topic->own.at_due_ms = now_ms + topic->worker->live->opts.at_ms;
    fr_fan_publish(topic->own.fan, block,
                   place.number + 1); /* if memory is out, the next one comes in time */
    fr_block_unref(block);
}

/* ---- who waits ---- */

void fr_topic_want(fr_topic *topic, bool is_urgent)
{
    fr_worker *worker = topic->worker;
    if (topic->own.state != FR_TOPIC_LIVE || topic->own.is_queued || topic->own.is_reading ||
        !topic->own.waiting.count)
        return;
    if (!is_urgent && fr_loop_now_ms(worker->loop) < topic->own.next_catch_up_ms) {
        fr_timer_set(worker->loop, &topic->own.pace, topic->own.next_catch_up_ms);
        return;
    }
    topic->own.is_queued = true;
    topic->own.next_read = NULL;
    *worker->own.last_read = topic;
    worker->own.last_read = &topic->own.next_read;
    fr_worker_read_soon(worker);
}
