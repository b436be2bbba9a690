/*
 * The matcher's views: found by what they ask, and looked up by what has changed. A change is held against the old and the new image
 * of its row: a row that is in a view before and after is an update there, one that was not and is has come, one that was and is not
 * has left. Views of one key are found by it, filtered ones by the index, and whole lists are in any case concerned.
 */
#include <string.h>

#include "live/matcher.h"

/* ---- views of a model: those of a key, and the others ---- */

static fr_live_model *model_of(const fr_matcher *m, const fr_model *model)
{
    return fr_map_get_u64(&m->live->by_model, (uintptr_t)model);
}

static fr_err hold_among(fr_views *views, fr_view *view)
{
    view->matcher.index = (uint32_t)views->count;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    return fr_vec_push(views, view) ? FR_OK : FR_ENOMEM;
}

static void drop_among(fr_views *views, const fr_view *view)
{
    uint32_t index = view->matcher.index;
    fr_vec_swap_remove(views, index);
    if (index < views->count)
        views->at[index]->matcher.index = index;
}

/* One more that each change would be held against? */
static bool is_past_scanned(const fr_matcher *m, const fr_live_model *of, const fr_eval *eval)
{
    fr_index_stats stats;
    fr_index_stats_get(of->matcher.index, &stats);
    return stats.scanned >= m->live->opts.scanned_views &&
           fr_index_is_scanned(of->matcher.index, eval);
}

static fr_err hold_filtered(const fr_matcher *m, fr_live_model *of, fr_view *view)
{
    if (!of->matcher.index)
        of->matcher.index = fr_index_new(view->ask.source->rt->model);
    if (!of->matcher.index)
        return FR_ENOMEM;
    if (is_past_scanned(m, of, view->ask.eval))
        return FR_EBUSY;
    FR_TRY(fr_index_add(of->matcher.index, view->ask.eval, view, &view->matcher.node));
    fr_err err = hold_among(&of->matcher.filtered, view);
    if (err != FR_OK)
        fr_index_remove(of->matcher.index, view->matcher.node);
    return err;
}

static void drop_filtered(fr_live_model *of, const fr_view *view)
{
    fr_index_remove(of->matcher.index, view->matcher.node);
    drop_among(&of->matcher.filtered, view);
}

/* Behind the first of its key, whose bytes the map borrows. */
static fr_err hold_key(fr_live_model *of, fr_view *view)
{
    fr_view *first = fr_map_get(&of->matcher.by_key, fr_view_key_bytes(view));
    if (!first)
        return fr_map_set(&of->matcher.by_key, fr_view_key_bytes(view), view);
    view->matcher.next_of_key = first->matcher.next_of_key;
    first->matcher.next_of_key = view;
    return FR_OK;
}

static void drop_key(fr_live_model *of, fr_view *view)
{
    fr_view *first = fr_map_get(&of->matcher.by_key, fr_view_key_bytes(view)),
            *next = view->matcher.next_of_key;
    if (first == view && next) {
        (void)fr_map_set(&of->matcher.by_key, fr_view_key_bytes(next),
                         next); /* in its place: takes no memory */
    } else if (first == view) {
        fr_map_remove(&of->matcher.by_key, fr_view_key_bytes(view));
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
    fr_err err = fr_view_has_key(&view->ask) ? hold_key(of, view)
                 : view->ask.eval            ? hold_filtered(m, of, view)
                                             : hold_among(&of->matcher.whole, view);
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
    else if (view->ask.eval)
        drop_filtered(of, view);
    else
        drop_among(&of->matcher.whole, view);
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

typedef struct matching {
    fr_matcher *m;
    const fr_change *change;
} matching;

static void matched(void *arg, void *view, bool was_in, bool is_in)
{
    const matching *at = arg;
    fr_op op;
    if (fr_view_op(was_in, is_in, &op))
        fr_frames_add(at->m, view, op, at->change);
}

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
    for (size_t i = 0; i < of->matcher.whole.count; i++)
        judge(m, of->matcher.whole.at[i], change);
    if (of->matcher.filtered.count)
        fr_index_match(of->matcher.index, change->old, change->new_, matched,
                       &(matching){m, change});
    for (fr_view *view = fr_map_get(&of->matcher.by_key, fr_buf_str(&m->name)); view;
         view = view->matcher.next_of_key)
        judge(m, view, change);
}

void fr_views_flood(fr_matcher *m, const fr_model *model)
{
    fr_live_model *of = model_of(m, model);
    size_t pos = 0;
    fr_str key;
    for (size_t i = 0; i < of->matcher.whole.count; i++)
        fr_frames_flood(m, of->matcher.whole.at[i]);
    for (size_t i = 0; i < of->matcher.filtered.count; i++)
        fr_frames_flood(m, of->matcher.filtered.at[i]);
    for (fr_view *first; (first = fr_map_next(&of->matcher.by_key, &pos, &key));)
        for (fr_view *view = first; view; view = view->matcher.next_of_key)
            fr_frames_flood(m, view);
}
