/* See gather.h. */
#include "rest/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "db/db.h"
#include "rest/sight.h"

void fr_gathered_init(fr_gathered *rows, const fr_plan *plan, fr_arena *arena)
{
    *rows = (fr_gathered){.plan = plan, .arena = arena};
}

fr_query fr_plan_query(const fr_plan *plan, const fr_query *query)
{
    fr_query whole = *query;
    whole.refs = &plan->refs;
    whole.extra = plan->extra;
    whole.extra_count = plan->extra_count;
    return whole;
}

/* ---- rows of one query ---- */

void fr_gathered_begin(void *arg)
{
    fr_gathered *rows = arg;
    rows->count = 0;
    rows->groups = NULL;
}

static bool grow(fr_gathered *rows)
{
    size_t room = rows->room ? rows->room * 2 : 16;
    size_t row_bytes = fr_plan_width(rows->plan) * sizeof *rows->values;
    fr_value *values = fr_arena_alloc(rows->arena, room * row_bytes);
    if (!values)
        return false;
    if (rows->count)
        memcpy(values, rows->values, rows->count * row_bytes);
    rows->values = values;
    rows->room = room;
    return true;
}

fr_err fr_gathered_add(void *arg, const fr_value *values)
{
    fr_gathered *rows = arg;
    uint32_t width = fr_plan_width(rows->plan);
    if (rows->count == FR_GATHER_ROWS)
        return FR_ETOOBIG;
    if (rows->count == rows->room && !grow(rows))
        return FR_ENOMEM;
    for (uint32_t i = 0; i < width; i++)
        if (!fr_value_dup(rows->arena, values[i], &rows->values[rows->count * width + i]))
            return FR_ENOMEM;
    rows->count++;
    return FR_OK;
}

fr_err fr_gather(fr_ctx *ctx, fr_gathered *rows, const fr_query *query)
{
    fr_query whole = fr_plan_query(rows->plan, query);
    FR_TRY(fr_sight_get(ctx, &whole.sight));
    return fr_db_select(ctx, &whole, &(fr_reader_sink){fr_gathered_begin, fr_gathered_add, rows},
                        NULL);
}

fr_err fr_plan_select_key(fr_ctx *ctx, const fr_plan *plan, fr_value key,
                          const fr_reader_sink *sink)
{
    fr_query query = {.model = plan->model};
    query = fr_plan_query(plan, &query);
    FR_TRY(fr_sight_get(ctx, &query.sight));
    return fr_db_select_one(ctx, &query, key, sink, NULL);
}

fr_err fr_gather_key(fr_ctx *ctx, fr_gathered *rows, fr_value key)
{
    fr_gathered_begin(rows);
    return fr_plan_select_key(ctx, rows->plan, key,
                              &(fr_reader_sink){fr_gathered_begin, fr_gathered_add, rows});
}

/* ---- keys ---- */

static int compare(const void *a, const void *b)
{
    return fr_value_cmp(*(const fr_value *)a, *(const fr_value *)b);
}

typedef struct key_list {
    fr_value *at;
    size_t count;
} key_list;

/* The keys of all rows that have one, in order, each once. */
static fr_err keys_of(const fr_gathered *rows, uint16_t slot, key_list *out)
{
    size_t count = 0;
    fr_value *keys = fr_arena_alloc(rows->arena, rows->count * sizeof *keys);
    if (!keys)
        return FR_ENOMEM;
    for (size_t i = 0; i < rows->count; i++) {
        fr_value key = fr_gathered_row(rows, i)[slot];
        if (key.type != FR_VALUE_NULL)
            keys[count++] = key;
    }
    if (count)
        qsort(keys, count, sizeof *keys, compare);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!kept || compare(&keys[kept - 1], &keys[i]) != 0)
            keys[kept++] = keys[i];
    *out = (key_list){keys, kept};
    return FR_OK;
}

/* Its place among the keys; SIZE_MAX: none of them. */
static size_t index_of(const key_list *keys, fr_value key)
{
    const fr_value *at =
        keys->count ? bsearch(&key, keys->at, keys->count, sizeof key, compare) : NULL;
    return at ? (size_t)(at - keys->at) : SIZE_MAX;
}

/* ---- related rows ---- */

/* So many keys at once that a statement takes them; several answers come one behind the other. */
typedef struct collecting {
    fr_gathered *rows;
    size_t start; /* of this statement's rows */
} collecting;

static void collect_begin(void *arg)
{
    collecting *c = arg;
    c->rows->count = c->start;
}

static fr_err collect(void *arg, const fr_value *values)
{
    return fr_gathered_add(((collecting *)arg)->rows, values);
}

/* The rows of these keys that may be seen; of a many-to-many also those between. */
static fr_err related_query(fr_ctx *ctx, const fr_plan_batch *batch, const fr_value *keys,
                            size_t count, fr_query *query)
{
    const fr_model *between = batch->plan->model, *far = batch->row.model;
    uint16_t key = (uint16_t)fr_model_key_index(between);
    query->where = fr_pred_in(ctx->arena, batch->by, keys, count);
    if (!query->where)
        return FR_ENOMEM;
    FR_TRY(fr_sight_get(ctx, &query->sight));
    FR_TRY(fr_sight_narrow(ctx->arena, query->sight, between, key, &query->where));
    return batch->far == key
               ? FR_OK
               : fr_sight_narrow(ctx->arena, query->sight, far, batch->far, &query->where);
}

static fr_err select_related(fr_ctx *ctx, const fr_plan_batch *batch, const key_list *keys,
                             fr_gathered *out)
{
    const fr_plan *plan = batch->plan;
    for (size_t done = 0; done < keys->count; done += FR_GATHER_KEYS) {
        size_t n = keys->count - done < FR_GATHER_KEYS ? keys->count - done : FR_GATHER_KEYS;
        fr_query query = {.model = plan->model, .order_count = plan->order_count};
        memcpy(query.orders, plan->orders, sizeof query.orders);
        FR_TRY(related_query(ctx, batch, keys->at + done, n, &query));
        query = fr_plan_query(plan, &query);
        collecting c = {out, out->count};
        FR_TRY(fr_db_select(ctx, &query, &(fr_reader_sink){collect_begin, collect, &c}, NULL));
    }
    return FR_OK;
}

/* Put the related rows in the order of the keys that they have, each key's in the order they came in. */
static fr_err sort_by_key(fr_gathered *related, uint16_t by, const key_list *keys, uint32_t *starts)
{
    size_t width = fr_plan_width(related->plan);
    fr_value *sorted = fr_arena_alloc(related->arena, related->count * width * sizeof *sorted);
    uint32_t *place = fr_arena_alloc(related->arena, (keys->count + 1) * sizeof *place);
    size_t kept = 0;
    if (!sorted || !place)
        return FR_ENOMEM;
    for (size_t i = 0; i < related->count; i++) {
        size_t k = index_of(keys, fr_gathered_row(related, i)[by]);
        if (k != SIZE_MAX)
            starts[k + 1]++;
    }
    for (size_t k = 0; k < keys->count; k++)
        starts[k + 1] += starts[k];
    memcpy(place, starts, (keys->count + 1) * sizeof *place);
    for (size_t i = 0; i < related->count; i++) {
        const fr_value *row = fr_gathered_row(related, i);
        size_t k = index_of(keys, row[by]);
        if (k == SIZE_MAX)
            continue;
        memcpy(sorted + place[k]++ * width, row, width * sizeof *row);
        kept++;
    }
    related->values = sorted;
    related->count = related->room = kept;
    return FR_OK;
}

static fr_err gather_batch(fr_ctx *ctx, fr_gathered *rows, const fr_plan_batch *batch,
                           fr_batch_rows *group)
{
    key_list keys;
    FR_TRY(keys_of(rows, batch->key_slot, &keys));
    group->rows = fr_arena_alloc(rows->arena, sizeof *group->rows);
    group->first = fr_arena_zalloc(rows->arena, rows->count * sizeof *group->first);
    group->count = fr_arena_zalloc(rows->arena, rows->count * sizeof *group->count);
    uint32_t *starts = fr_arena_zalloc(rows->arena, (keys.count + 1) * sizeof *starts);
    if (!group->rows || !group->first || !group->count || !starts)
        return FR_ENOMEM;
    fr_gathered_init(group->rows, batch->plan, rows->arena);
    FR_TRY(select_related(ctx, batch, &keys, group->rows));
    FR_TRY(sort_by_key(group->rows, batch->by, &keys, starts));
    for (size_t i = 0; i < rows->count; i++) {
        size_t k = index_of(&keys, fr_gathered_row(rows, i)[batch->key_slot]);
        if (k == SIZE_MAX)
            continue;
        group->first[i] = starts[k];
        group->count[i] = starts[k + 1] - starts[k];
    }
    return fr_gather_related(ctx, group->rows);
}

/* As deep as serializers are nested. */
fr_err fr_gather_related(fr_ctx *ctx, fr_gathered *rows)
{
    const fr_plan *plan = rows->plan;
    if (!plan->batch_count)
        return FR_OK;
    rows->groups = fr_arena_zalloc(rows->arena, plan->batch_count * sizeof *rows->groups);
    if (!rows->groups)
        return FR_ENOMEM;
    for (uint16_t i = 0; i < plan->batch_count; i++)
        FR_TRY(gather_batch(ctx, rows, &plan->batches[i], &rows->groups[i]));
    return FR_OK;
}
