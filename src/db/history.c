#include "db/history.h"

#include <stdlib.h>
#include "base/arena.h"
#include "base/str.h"
#include "db/db_int.h"
#include "db/image.h"

enum { CHANGES_MAX = 10000, HISTORY_BYTES_MAX = 32 << 20 };

void fr_history_begin(fr_history *history)
{
    fr_map_deinit(&history->by_key);
    fr_map_init(&history->by_key);
    history->changes.count = 0;
    history->bytes = 0;
    history->out->is_known = true;
}

fr_err fr_history_unknown(fr_history *history, const char *reason)
{
    history->out->is_known = false;
    history->out->reason = reason;
    return FR_OK;
}

/* The entry of a key, made at its first touch with the old image of that. */
static fr_change *entry(fr_read *read, fr_history *s, fr_value key, bool *is_new)
{
    fr_buf name;
    fr_buf_init(&name);
    fr_image_value(&name, key);
    fr_change *change = name.has_failed ? NULL : fr_map_get(&s->by_key, fr_buf_str(&name));
    *is_new = !change;
    if (!change && !name.has_failed) {
        fr_str kept = fr_str_dup(read->ctx->arena, fr_buf_str(&name));
        change = fr_arena_zalloc(read->ctx->arena, sizeof *change);
        if (!kept.p || !change || !fr_value_dup(read->ctx->arena, key, &change->key) ||
            fr_map_set(&s->by_key, kept, change) != FR_OK || !fr_vec_push(&s->changes, change))
            change = NULL;
    }
    fr_buf_deinit(&name);
    return change;
}

/* An image in the arena; NULL: none, or (*err) a fault. */
static const fr_value *image(fr_read *read, fr_history *s, fr_value bytes, const fr_value *same,
                             fr_err *err)
{
    size_t count = read->table->model->field_count;
    fr_value copy;
    if (bytes.type != FR_VALUE_BLOB || *err != FR_OK)
        return NULL;
    fr_value *values = fr_arena_alloc(read->ctx->arena, count * sizeof *values);
    if (!values || !fr_value_dup(read->ctx->arena, bytes, &copy))
        *err = FR_ENOMEM;
    else if (!fr_image_decode(copy.as.s, values, count, same))
        *err = FR_EBACKEND;
    s->bytes += bytes.as.s.n + count * sizeof *values;
    return *err == FR_OK ? values : NULL;
}

fr_err fr_history_take(fr_read *read, fr_value key, fr_value new_bytes, fr_value old_bytes,
                       bool *is_full)
{
    fr_history *s = read->history;
    fr_err err = FR_OK;
    bool is_new;
    fr_change *change = entry(read, s, key, &is_new);
    if (!change)
        return FR_ENOMEM;
    const fr_value *new_ = image(read, s, new_bytes, NULL, &err);
    if (is_new)
        change->old = image(read, s, old_bytes, new_, &err);
    change->new_ = new_;
    *is_full = s->changes.count > s->max || s->bytes > HISTORY_BYTES_MAX;
    return err;
}

static bool is_same(const fr_change *change, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!fr_value_eq(change->old[i], change->new_[i]))
            return false;
    return true;
}

fr_err fr_history_finish(fr_read *read)
{
    fr_history *s = read->history;
    size_t kept = 0, count = read->table->model->field_count;
    fr_change *out = fr_arena_alloc(read->ctx->arena, (s->changes.count + 1) * sizeof *out);
    if (!out)
        return FR_ENOMEM;
    for (size_t i = 0; i < s->changes.count; i++) {
        fr_change change = *s->changes.at[i];
        if ((!change.old && !change.new_) || (change.old && change.new_ && is_same(&change, count)))
            continue;
        change.model = read->table->model;
        change.op = !change.old ? FR_CREATE : change.new_ ? FR_UPDATE : FR_DELETE;
        out[kept++] = change;
    }
    s->out->changes = out;
    s->out->change_count = kept;
    return FR_OK;
}

fr_err fr_db_log_since(fr_ctx *ctx, const fr_model *model, fr_place since, size_t changes_max,
                       fr_span_changes *out)
{
    fr_history history = {
        .since = since, .max = changes_max ? changes_max : CHANGES_MAX, .out = out};
    fr_basis basis = {0};
    fr_read read = {.kind = FR_READ_SINCE, .ctx = ctx, .history = &history, .basis = &basis};
    fr_table *table;
    *out = (fr_span_changes){0};
    FR_TRY(fr_db_of(ctx, model, &read.db, &table));
    read.table = table;
    fr_map_init(&history.by_key);
    fr_err err = read.db->backend->read(&read);
    out->place = basis.place;
    fr_map_deinit(&history.by_key);
    fr_vec_deinit(&history.changes);
    return err;
}
