/*
 * A commit, copied: record, changes, flooded models, values and texts are one piece of memory, so that the writer's thread allocates
 * once and whoever takes the record frees once.
 */
#include <string.h>

#include "base/alloc.h"
#include "live/live_int.h"

void fr_commit_record_free(fr_commit_record *record)
{
    fr_free(record);
}

static bool has_model(const fr_map *models, const fr_model *model)
{
    return fr_map_get_u64(models, (uintptr_t)model) != NULL;
}

/* ---- how much it takes ---- */

typedef struct sizes {
    size_t changes, floods, values, text_bytes;
} sizes;

static size_t text_bytes(fr_value v)
{
    return v.type == FR_VALUE_TEXT || v.type == FR_VALUE_BLOB ? v.as.s.n : 0;
}

static void add_values(sizes *s, const fr_model *model, const fr_value *values)
{
    for (uint32_t f = 0; values && f < model->field_count; f++)
        s->text_bytes += text_bytes(values[f]);
    s->values += values ? model->field_count : 0;
}

static sizes sizes_of(const fr_commit *commit, const fr_map *models)
{
    sizes s = {0};
    for (size_t i = 0; i < commit->change_count; i++) {
        const fr_change *change = &commit->changes[i];
        if (!has_model(models, change->model))
            continue;
        s.changes++;
        s.text_bytes += text_bytes(change->key);
        add_values(&s, change->model, change->new_);
        add_values(&s, change->model, change->old);
    }
    for (size_t i = 0; i < commit->flood_count; i++)
        s.floods += has_model(models, commit->flooded[i]);
    return s;
}

bool fr_commit_record_is_needed(const fr_commit *commit, const fr_map *models)
{
    for (size_t i = 0; i < commit->change_count; i++)
        if (has_model(models, commit->changes[i].model))
            return true;
    for (size_t i = 0; i < commit->flood_count; i++)
        if (has_model(models, commit->flooded[i]))
            return true;
    return false;
}

/* ---- copying ---- */

static fr_value copy_value(fr_value v, char **texts)
{
    size_t n = text_bytes(v);
    if (n) {
        memcpy(*texts, v.as.s.p, n);
        v.as.s.p = *texts;
        *texts += n;
    }
    return v;
}

/* from: NULL is none. */
static const fr_value *copy_values(const fr_model *model, const fr_value *from, fr_value **values,
                                   char **texts)
{
    if (!from)
        return NULL;
    fr_value *copy = *values;
    for (uint32_t f = 0; f < model->field_count; f++)
        *(*values)++ = copy_value(from[f], texts);
    return copy;
}

fr_commit_record *fr_commit_record_new(const fr_commit *commit, const fr_map *models)
{
    sizes s = sizes_of(commit, models);
    fr_commit_record *record;
    size_t bytes = sizeof *record + s.changes * sizeof *record->changes +
                   /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
                   s.floods * sizeof *record->flooded + s.values * sizeof(fr_value) + s.text_bytes;
    record = fr_malloc(bytes);
    if (!record)
        return NULL;
    *record = (fr_commit_record){.place = commit->place, .bytes = bytes};
    record->changes = (fr_change *)(record + 1);
    record->flooded = (const fr_model **)(record->changes + s.changes);
    fr_value *values = (fr_value *)(record->flooded + s.floods);
    char *texts = (char *)(values + s.values);
    for (size_t i = 0; i < commit->flood_count; i++)
        if (has_model(models, commit->flooded[i]))
            record->flooded[record->flood_count++] = commit->flooded[i];
    for (size_t i = 0; i < commit->change_count; i++) {
        const fr_change *from = &commit->changes[i];
        if (!has_model(models, from->model))
            continue;
        fr_change *to = &record->changes[record->change_count++];
        *to =
            (fr_change){.model = from->model, .op = from->op, .key = copy_value(from->key, &texts)};
        to->new_ = copy_values(from->model, from->new_, &values, &texts);
        to->old = copy_values(from->model, from->old, &values, &texts);
    }
    return record;
}
