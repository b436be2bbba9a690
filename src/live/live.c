/* The layer as a whole: which viewsets are live, start and end, figures. */
#include "live/live.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "live/live_int.h"

/* ---- start and end ---- */

static void set_default(size_t *value, size_t otherwise)
{
    if (!*value)
        *value = otherwise;
}

fr_live *fr_live_new(const fr_live_opts *opts)
{
    fr_live *live = fr_zalloc(sizeof *live);
    fr_arena *arena = fr_arena_new(0);
    if (!live || !arena) {
        fr_arena_free(arena);
        fr_free(live);
        return NULL;
    }
    fr_presences_end_by(FR_PRESENT_WATCHER, fr_watcher_expire);
    live->arena = arena;
    live->opts = *opts;
    live->opts.snapshot_rows = opts->snapshot_rows ? opts->snapshot_rows : FR_LIVE_ROWS;
    live->opts.scanned_views = opts->scanned_views ? opts->scanned_views : FR_LIVE_SCANNED;
    live->opts.at_ms = opts->at_ms ? opts->at_ms : FR_LIVE_AT_MS;
    live->opts.pace_ms = opts->pace_ms ? opts->pace_ms : FR_LIVE_PACE_MS;
    set_default(&live->opts.commits_bytes, FR_LIVE_QUEUE_BYTES);
    set_default(&live->opts.frames_bytes, FR_LIVE_QUEUE_BYTES);
    set_default(&live->opts.held_bytes, FR_LIVE_HELD_BYTES);
    fr_map_init(&live->by_model);
    fr_live_queue_init(&live->shared.queue);
    pthread_mutex_init(&live->shared.lock, NULL);
    pthread_cond_init(&live->shared.wake, NULL);
    pthread_cond_init(&live->shared.left, NULL);
    return live;
}

/* What the views of a source say about their content: another serializer, model or schema, other bytes. */
static void identify(fr_source *source)
{
    source->identity[0] = source->rt->plan->fingerprint;
    source->identity[1] = fr_model_fingerprint(source->rt->model);
    source->identity[2] = fr_db_schema_number(source->live->db);
}

/* Two that print otherwise are told apart also if their plans have one fingerprint by chance. */
static void tell_apart(fr_source *source)
{
    for (const fr_source *other = source->next; other; other = other->next)
        if (other->printer == other &&
            memcmp(source->identity, other->identity, 3 * sizeof *source->identity) == 0)
            source->identity[3]++;
}

static void identify_all(fr_live *live)
{
    for (fr_source *source = live->sources; source; source = source->next)
        identify(source);
    for (fr_source *source = live->sources; source; source = source->next)
        if (source->printer == source)
            tell_apart(source);
    for (fr_source *source = live->sources; source; source = source->next)
        source->identity[3] = source->printer->identity[3];
}

fr_err fr_live_start(fr_live *live, fr_db *db)
{
    live->db = db;
    live->matcher.place = fr_db_committed(db);
    identify_all(live);
    return fr_matcher_start(live);
}

/* The structs are in the arena. */
static void free_models(fr_live *live)
{
    size_t pos = 0;
    for (fr_live_model *of; (of = fr_map_next(&live->by_model, &pos, NULL));) {
        fr_index_free(of->matcher.index);
        fr_vec_deinit(&of->matcher.whole);
        fr_vec_deinit(&of->matcher.filtered);
        fr_map_deinit(&of->matcher.by_key);
    }
    fr_map_deinit(&live->by_model);
}

void fr_live_free(fr_live *live)
{
    if (!live)
        return;
    fr_matcher_stop(live);
    for (fr_commit_record *record = live->shared.queue.first, *next; record; record = next) {
        next = record->next;
        fr_commit_record_free(record);
    }
    free_models(live);
    pthread_cond_destroy(&live->shared.left);
    pthread_cond_destroy(&live->shared.wake);
    pthread_mutex_destroy(&live->shared.lock);
    fr_arena_free(live->arena);
    fr_free(live);
}

/* ---- routes ---- */

static fr_err complain(char error[256], fr_err err, const char *text)
{
    if (text)
        snprintf(error, 256, "%s", text);
    return err;
}

static fr_source *find_source(const fr_live *live, const fr_viewset_rt *rt)
{
    fr_source *source = live->sources;
    while (source && source->rt != rt)
        source = source->next;
    return source;
}

static fr_live_model *get_model(fr_live *live, const fr_model *model)
{
    fr_live_model *of = fr_map_get_u64(&live->by_model, (uintptr_t)model);
    if (of)
        return of;
    of = fr_arena_zalloc(live->arena, sizeof *of);
    if (!of)
        return NULL;
    fr_map_init(&of->matcher.by_key);
    return fr_map_set_u64(&live->by_model, (uintptr_t)model, of) == FR_OK ? of : NULL;
}

static fr_err new_source(fr_live *live, const fr_viewset_rt *rt, fr_source **out)
{
    fr_source *source = fr_arena_zalloc(live->arena, sizeof *source);
    fr_live_model *of = get_model(live, rt->model);
    if (!source || !of)
        return FR_ENOMEM;
    *source = (fr_source){.live = live, .rt = rt, .printer = source};
    for (fr_source *other = of->sources; other; other = other->next_of_model)
        if (fr_plan_is_alike(rt->plan, other->rt->plan))
            source->printer = other->printer;
    source->next_of_model = of->sources;
    of->sources = source;
    source->next = live->sources;
    live->sources = source;
    *out = source;
    return FR_OK;
}

/* place: of the route, which is its list or its details. */
static fr_err add_route(fr_source *source, fr_router *router, const fr_viewset_place *place,
                        fr_view_kind kind, char error[256])
{
    fr_live *live = source->live;
    fr_str pattern = kind == FR_VIEW_ROW
                         ? fr_viewset_below(live->arena, place->pattern, source->rt->key_pattern)
                         : fr_str_dup(live->arena, place->pattern);
    fr_live_route *route = fr_arena_zalloc(live->arena, sizeof *route);
    fr_ws_target *target = fr_arena_zalloc(live->arena, sizeof *target);
    if (!route || !target || !pattern.p)
        return complain(error, FR_ENOMEM, "out of memory");
    fr_guard_rule rule = fr_rest_guard_rule(place);
    fr_guard_place of = {.model = source->rt->model};
    const fr_guard *guard;
    FR_TRY(fr_guard_new(live->arena, &rule, &of, &guard, error));
    *route = (fr_live_route){source, kind, guard && guard->has_object};
    *target = (fr_ws_target){.open = fr_watcher_open,
                             .arg = route,
                             .any_origin = place->any_origin,
                             .guard = guard,
                             .accept_then_close = place->accept_then_close};
    return fr_router_add(router, pattern, false, target, error);
}

/* Extra actions cannot be watched, and stand before details as they do for rest: notes/recent/ is not the note "recent". */
static fr_err add_extra(fr_live *live, fr_router *router, const fr_viewset_place *place,
                        char error[256])
{
    static const fr_ws_target NO_SOCKET = {0};
    for (const fr_action *action = place->viewset->extra; action && action->path; action++) {
        if (action->is_detail)
            continue;
        fr_str pattern = fr_viewset_below(live->arena, place->pattern, action->path);
        if (!pattern.p)
            return complain(error, FR_ENOMEM, "out of memory");
        FR_TRY(fr_router_add(router, pattern, false, (void *)(uintptr_t)&NO_SOCKET, error));
    }
    return FR_OK;
}

fr_err fr_live_routes(fr_live *live, fr_router *router, const fr_viewset_place *place,
                      char error[256])
{
    const fr_viewset_rt *rt = fr_viewset_get(place->viewset);
    if (!rt) {
        fr_err err = fr_viewset_check(place->viewset, error);
        return err != FR_OK ? err : complain(error, FR_ENOMEM, "out of memory");
    }
    fr_source *source = find_source(live, rt);
    if (!source && new_source(live, rt, &source) != FR_OK)
        return complain(error, FR_ENOMEM, "out of memory");
    if (rt->actions & FR_ACTION_LIST)
        FR_TRY(add_route(source, router, place, FR_VIEW_LIST, error));
    FR_TRY(add_extra(live, router, place, error));
    if (rt->actions & FR_ACTION_RETRIEVE)
        FR_TRY(add_route(source, router, place, FR_VIEW_ROW, error));
    return FR_OK;
}

/* ---- figures ---- */

static uint64_t read_counter(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void fr_live_stats_get(const fr_live *live, fr_live_stats *out)
{
    const fr_live_counters *c = &live->counters;
    *out = (fr_live_stats){.views = read_counter(&c->views),
                           .members = read_counter(&c->members),
                           .frames = read_counter(&c->frames),
                           .snapshots = read_counter(&c->snapshots),
                           .shared = read_counter(&c->shared),
                           .behind = read_counter(&c->behind),
                           .resumes = read_counter(&c->resumes),
                           .resets = read_counter(&c->resets),
                           .floods = read_counter(&c->floods),
                           .overflows = read_counter(&c->overflows)};
}
