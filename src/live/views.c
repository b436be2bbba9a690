/*
 * The matcher's views: found by what they ask, and looked up by what has changed. A change is held against the old and the new image
 * of its row: a row that is in a view before and after is an update there, one that was not and is has come, one that was and is not
 * has left. Views of one key are found by it; the others are gone through one by one.
 */
#include <string.h>

#include "live/matcher.h"

/* ---- views of a model: those of a key, and the others ---- */

static fr_live_model *model_of(const fr_matcher *m, const fr_model *model)
{
    return fr_map_get_u64(&m->live->by_model, (uintptr_t)model);
}

static fr_err hold_other(fr_live_model *of, fr_view *view)
{
    view->matcher.index = (uint32_t)of->matcher.others.count;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    return fr_vec_push(&of->matcher.others, view) ? FR_OK : FR_ENOMEM;
}

static void drop_other(fr_live_model *of, const fr_view *view)
{
    uint32_t index = view->matcher.index;
    fr_vec_swap_remove(&of->matcher.others, index);
    if (index < of->matcher.others.count)
        of->matcher.others.at[index]->matcher.index = index;
}

/* Behind the first of its key, whose bytes the map borrows. */
static fr_err hold_key(fr_live_model *of, fr_view *view)
{
    fr_view *first = fr_map_get(&of->matcher.by_key, view->key_bytes);
    if (!first)
        return fr_map_set(&of->matcher.by_key, view->key_bytes, view);
    view->matcher.next_of_key = first->matcher.next_of_key;
    first->matcher.next_of_key = view;
    return FR_OK;
}

static void drop_key(fr_live_model *of, fr_view *view)
{
    fr_view *first = fr_map_get(&of->matcher.by_key, view->key_bytes),
            *next = view->matcher.next_of_key;
    if (first == view && next) {
        (void)fr_map_set(&of->matcher.by_key, next->key_bytes,
                         next); /* in its place: takes no memory */
    } else if (first == view) {
        fr_map_remove(&of->matcher.by_key, view->key_bytes);
    } else {
        while (first->matcher.next_of_key != view)
            first = first->matcher.next_of_key;
        first->matcher.next_of_key = next;
    }
    view->matcher.next_of_key = NULL;
}

/* ---- all views ---- */

static fr_err hold(fr_matcher *m, fr_view *view)
{
    fr_live_model *of = model_of(m, view->ask.source->rt->model);
    FR_TRY(fr_map_set(&m->views, view->bytes, view));
    fr_err err = fr_view_has_key(&view->ask) ? hold_key(of, view) : hold_other(of, view);
    if (err != FR_OK) {
        fr_map_remove(&m->views, view->bytes);
        return err;
    }
    fr_view_ref(view);
    fr_live_add(&m->live->counters.views, 1);
    return FR_OK;
}

static void drop(fr_matcher *m, fr_view *view)
{
    fr_live_model *of = model_of(m, view->ask.source->rt->model);
    fr_map_remove(&m->views, view->bytes);
    if (fr_view_has_key(&view->ask))
        drop_key(of, view);
    else
        drop_other(of, view);
    fr_live_add(&m->live->counters.views, (uint64_t)-1);
    fr_view_unref(view);
}

fr_err fr_views_add(fr_matcher *m, fr_topic *topic)
{
    fr_view *view = fr_map_get(&m->views, topic->view->bytes);
    if (!view) {
        view = topic->view;
        FR_TRY(hold(m, view));
    }
    topic->matcher.view = view;
    topic->matcher.next = view->matcher.topics;
    view->matcher.topics = topic;
    return FR_OK;
}

void fr_views_remove(fr_matcher *m, fr_topic *topic)
{
    fr_view *view = topic->matcher.view;
    fr_topic **at = &view->matcher.topics;
    while (*at != topic)
        at = &(*at)->matcher.next;
    *at = topic->matcher.next;
    topic->matcher.view = NULL;
    if (!view->matcher.topics)
        drop(m, view);
}

/* ---- what a change is to them ---- */

static void judge(fr_matcher *m, fr_view *view, const fr_change *change)
{
    fr_op op;
    if (fr_view_judge(view, change, &op))
        fr_frames_add(m, view, op, change);
}

void fr_views_match(fr_matcher *m, const fr_change *change)
{
    fr_live_model *of = model_of(m, change->model);
    m->turn++;
    fr_buf_clear(&m->texts);
    fr_buf_clear(&m->name);
    fr_column_put(fr_db_key_column(m->live->db, change->model), change->key, &m->name);
    if (m->name.has_failed) {
        fr_views_flood(m, change->model);
        return;
    }
    for (size_t i = 0; i < of->matcher.others.count; i++)
        judge(m, of->matcher.others.at[i], change);
    for (fr_view *view = fr_map_get(&of->matcher.by_key, fr_buf_str(&m->name)); view;
         view = view->matcher.next_of_key)
        judge(m, view, change);
}

void fr_views_flood(fr_matcher *m, const fr_model *model)
{
    fr_live_model *of = model_of(m, model);
    size_t pos = 0;
    fr_str key;
    for (size_t i = 0; i < of->matcher.others.count; i++)
        fr_frames_flood(m, of->matcher.others.at[i]);
    for (fr_view *first; (first = fr_map_next(&of->matcher.by_key, &pos, &key));)
        for (fr_view *view = first; view; view = view->matcher.next_of_key)
            fr_frames_flood(m, view);
}
