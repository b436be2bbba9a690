/* See related.h. A function does not wait, so the row it was called for is its thread's until it returns. */
#include "rest/related.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/db.h"

typedef struct walking {
    const void *row; /* the struct that the function was given */
    const fr_print *print;
    const fr_plan *plan;
    uint32_t next[FR_BATCHES_MAX]; /* of each batch's rows */
} walking;

static _Thread_local walking *current;

/* A model struct of a row, in the arena. */
static fr_err store(const fr_row_place *place, const fr_value *values, fr_arena *arena, void *row)
{
    if (!place->slots)
        return fr_row_store_all(place->model, values, arena, row);
    fr_value *own = fr_arena_alloc(arena, place->model->field_count * sizeof *own);
    if (!own)
        return FR_ENOMEM;
    for (uint32_t i = 0; i < place->model->field_count; i++)
        own[i] = place->slots[i] == FR_NO_SLOT ? (fr_value){.type = FR_VALUE_NULL}
                                               : values[place->slots[i]];
    return fr_row_store_all(place->model, own, arena, row);
}

fr_err fr_related_compute(const fr_item *item, const fr_print *print, const fr_value *values,
                          fr_str *json)
{
    fr_arena *arena = print->rows ? print->rows->arena : print->ctx->arena;
    void *row = fr_arena_zalloc(arena, item->row.model->struct_bytes);
    walking w = {.row = row, .print = print, .plan = print->rows ? print->rows->plan : NULL};
    walking *outer = current;
    if (!row)
        return FR_ENOMEM;
    FR_TRY(store(&item->row, values, arena, row));
    current = &w;
    fr_err err = item->declared->compute(print->ctx, row, json);
    current = outer;
    return err;
}

static const fr_plan_batch *find_batch(const fr_plan *plan, fr_str name, uint16_t *index)
{
    for (uint16_t i = 0; plan && i < plan->batch_count; i++)
        if (fr_str_eq(plan->batches[i].name, name)) {
            *index = i;
            return &plan->batches[i];
        }
    return NULL;
}

bool fr_related_next_(fr_ctx *ctx, const void *row, const char *name, void *other, uint64_t mark)
{
    walking *w = current;
    uint16_t index = 0;
    const fr_plan_batch *batch =
        w && w->row == row ? find_batch(w->plan, fr_str_c(name), &index) : NULL;
    if (!batch || !fr_row_is_of(batch->row.model, mark))
        return false;
    const fr_batch_rows *group = &w->print->rows->groups[index];
    if (w->next[index] == group->count[w->print->index]) {
        w->next[index] = 0; /* the next walk begins anew */
        return false;
    }
    size_t at = group->first[w->print->index] + w->next[index]++;
    return store(&batch->row, fr_gathered_row(group->rows, at), ctx->arena, other) == FR_OK;
}
