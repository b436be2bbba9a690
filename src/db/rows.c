/* Rows as C structs: freshet/db.h on top of reads and writes of stored values. */
#include "db/db.h"

#include <string.h>
#include "base/arena.h"
#include "db/filter.h"
#include "model/kind.h"

enum { CLEARING_MS = 2000 /* of FR_ALL_ROWS rows and what refers to them */ };

/* ---- one row ---- */

typedef struct one {
    fr_ctx *ctx;
    const fr_model *model;
    void *row;
} one;

static fr_err store(void *arg, const fr_value *values)
{
    one *o = arg;
    return fr_row_store_all(o->model, values, o->ctx->arena, o->row);
}

fr_err fr_get_(fr_ctx *ctx, const fr_model *model, int64_t id, void *row, uint64_t mark)
{
    one o = {ctx, model, row};
    FR_TRY(fr_row_check(ctx, "fr_get", model, mark));
    return fr_db_select_key(ctx, model, FR_VALUE_I(id), &(fr_reader_sink){.row = store, .arg = &o},
                            NULL);
}

/* ---- many ---- */

typedef struct many {
    fr_ctx *ctx;
    const fr_model *model;
    fr_value *values;
    size_t count, cap;
} many;

static void forget(void *arg)
{
    ((many *)arg)->count = 0;
}

static bool grow(many *m)
{
    size_t cap = m->cap ? m->cap * 2 : 16, row = m->model->field_count * sizeof *m->values;
    fr_value *values = fr_arena_alloc(m->ctx->arena, cap * row);
    if (!values)
        return false;
    if (m->count)
        memcpy(values, m->values, m->count * row);
    m->values = values;
    m->cap = cap;
    return true;
}

static fr_err keep(void *arg, const fr_value *values)
{
    many *m = arg;
    size_t n = m->model->field_count;
    if (m->count == FR_ALL_ROWS)
        return fr_fail(m->ctx, FR_ETOOBIG, "There are more than %d rows.", FR_ALL_ROWS);
    if (m->count == m->cap && !grow(m))
        return FR_ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (!fr_value_dup(m->ctx->arena, values[i], &m->values[m->count * n + i]))
            return FR_ENOMEM;
    m->count++;
    return FR_OK;
}

static fr_err select_rows(fr_ctx *ctx, const fr_query *query, fr_rows *rows)
{
    many m = {.ctx = ctx, .model = query->model};
    FR_TRY(
        fr_db_select(ctx, query, &(fr_reader_sink){.begin = forget, .row = keep, .arg = &m}, NULL));
    *rows = (fr_rows){
        .model = query->model, .count = m.count, .values_ = m.values, .arena_ = ctx->arena};
    return FR_OK;
}

fr_err fr_all_(fr_ctx *ctx, const fr_model *model, fr_rows *rows)
{
    return fr_filter_(ctx, model, (fr_str){0}, rows);
}

fr_err fr_filter_(fr_ctx *ctx, const fr_model *model, fr_str filter, fr_rows *rows)
{
    fr_query query;
    FR_TRY(fr_filter_parse(ctx, model, filter, &query));
    return select_rows(ctx, &query, rows);
}

fr_err fr_count_(fr_ctx *ctx, const fr_model *model, fr_str filter, int64_t *count)
{
    fr_query query;
    FR_TRY(fr_filter_parse(ctx, model, filter, &query));
    return fr_db_count(ctx, &query, count);
}

fr_err fr_exists_(fr_ctx *ctx, const fr_model *model, fr_str filter, bool *exists)
{
    fr_query query;
    FR_TRY(fr_filter_parse(ctx, model, filter, &query));
    return fr_db_any(ctx, &query, exists);
}

bool fr_rows_next_(fr_rows *rows, void *row, uint64_t mark)
{
    if (rows->next_ >= rows->count || !fr_row_is_of(rows->model, mark))
        return false;
    const fr_value *values = rows->values_ + rows->next_ * rows->model->field_count;
    rows->next_++;
    return fr_row_store_all(rows->model, values, rows->arena_, row) == FR_OK;
}

/* ---- writes ---- */

static bool is_zero(const fr_field *field, const void *row)
{
    static const char zero[sizeof(fr_str) > sizeof(fr_uuid) ? sizeof(fr_str) : sizeof(fr_uuid)];
    return memcmp((const char *)row + field->offset, zero, fr_field_member_bytes(field)) == 0;
}

/* What (note){.title = …}, with no bit set, gives: members that are not zero, NULLs, and false, 0 or "" where there is
 * no other value to take. */
static uint64_t literal_fields(fr_ctx *ctx, const fr_model *model, const void *row)
{
    uint64_t given = ((const fr_row *)row)->null;
    for (uint32_t i = 0; i < model->field_count; i++) {
        const fr_field *field = &model->fields[i];
        fr_value ignored;
        if (!is_zero(field, row) || (field->kind != FR_KIND_ID && fr_field_has_column(field) &&
                                     !fr_field_default(field, 0, ctx->arena, &ignored)))
            given |= UINT64_C(1) << i;
    }
    return given;
}

static fr_err run(fr_ctx *ctx, fr_write *write, void *row)
{
    FR_TRY(fr_db_write(ctx, write));
    return fr_row_store_all(write->model, write->row, ctx->arena, row);
}

fr_err fr_create_(fr_ctx *ctx, const fr_model *model, void *row, uint64_t mark, bool is_checked)
{
    FR_TRY(fr_row_check(ctx, "fr_create", model, mark));
    const fr_row *head = row;
    const fr_field *key = fr_model_key(model);
    uint64_t set = head->set ? head->set : literal_fields(ctx, model, row);
    if (key->kind == FR_KIND_ID && is_zero(key, row))
        set &= ~(UINT64_C(1) << fr_model_key_index(model)); /* the database gives one */
    fr_write write = {.model = model, .op = FR_WRITE_INSERT, .set = fr_fieldset_of(set)};
    FR_TRY(fr_row_take(ctx, model, row, set, is_checked ? set : 0, &write.values));
    return run(ctx, &write, row);
}

fr_err fr_update_(fr_ctx *ctx, const fr_model *model, void *row, uint64_t mark, bool is_checked)
{
    FR_TRY(fr_row_check(ctx, "fr_update", model, mark));
    uint64_t key = UINT64_C(1) << fr_model_key_index(model),
             set = ((const fr_row *)row)->set & ~key;
    if (!set)
        set = fr_fieldset_first(model->field_count).word[0] & ~key;
    fr_write write = {.model = model, .op = FR_WRITE_UPDATE, .set = fr_fieldset_of(set)};
    FR_TRY(fr_row_take(ctx, model, row, set | key, is_checked ? set : 0, &write.values));
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): made above
    write.key = write.values[fr_model_key_index(model)]; /* the struct's key says which row */
    return run(ctx, &write, row);
}

typedef struct clearing {
    const fr_query *query;
    int64_t gone;
} clearing;

static fr_err clear(fr_ctx *ctx, void *arg)
{
    clearing *c = arg;
    fr_rows rows;
    FR_TRY(select_rows(ctx, c->query, &rows));
    const uint32_t width = rows.model->field_count;
    const int key = fr_model_key_index(rows.model);
    fr_value *keys = fr_arena_alloc(ctx->arena, (rows.count + 1) * sizeof *keys);
    if (!keys)
        return FR_ENOMEM;
    for (size_t i = 0; i < rows.count; i++)
        keys[i] = rows.values_[i * width + (size_t)key];
    fr_write write = {
        .model = rows.model, .op = FR_WRITE_DELETE_ALL, .keys = keys, .key_count = rows.count};
    FR_TRY(fr_db_write(ctx, &write));
    c->gone = write.gone;
    return FR_OK;
}

fr_err fr_delete_all_(fr_ctx *ctx, const fr_model *model, fr_str filter, int64_t *count)
{
    fr_query query;
    clearing c = {.query = &query};
    FR_TRY(fr_filter_parse(ctx, model, filter, &query));
    FR_TRY(fr_db_atom(ctx, &(fr_atom){.fn = clear, .arg = &c, .ms = CLEARING_MS}));
    if (count)
        *count = c.gone;
    return FR_OK;
}

fr_err fr_delete_(fr_ctx *ctx, const fr_model *model, int64_t id)
{
    fr_write write = {.model = model, .op = FR_WRITE_DELETE, .key = FR_VALUE_I(id)};
    return fr_db_write(ctx, &write);
}
