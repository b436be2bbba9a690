/*
 * A many-to-many field as Django's set(), add() and remove() write it: of set() rows of the through table whose key is not among
 * those given go, missing ones come in the order given, and those that stay are not touched, so that nobody is told of what did
 * not change.
 */
#include "db/sqlite/sqlite_int.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/image.h"

typedef struct leaver {
    fr_value key, other; /* in the arena */
} leaver;

typedef struct many {
    fr_ctx *ctx;
    fr_table *table;
    fr_write *write;
    fr_arena *arena;
    fr_buf scratch;      /* a key as bytes */
    fr_map wanted;       /* the bytes of each key, in the arena → its flag in is_there */
    bool *is_there;      /* of each key: a row has it, or it stood before */
    FR_VEC(leaver) gone; /* the rows that go */
} many;

/* Equal bytes are equal keys. p NULL: memory is out. */
static fr_str name_of(many *m, fr_value key)
{
    fr_buf_clear(&m->scratch);
    fr_image_value(&m->scratch, key);
    return m->scratch.has_failed ? (fr_str){0} : fr_buf_str(&m->scratch);
}

static fr_err want(many *m)
{
    m->is_there = fr_arena_zalloc(m->arena, m->write->key_count + 1);
    for (size_t i = 0; i < m->write->key_count && m->is_there; i++) {
        fr_str name = name_of(m, m->write->keys[i]);
        m->is_there[i] = name.p && fr_map_get(&m->wanted, name);
        if (m->is_there[i])
            continue;
        name = name.p ? fr_str_dup(m->arena, name) : name;
        if (!name.p || fr_map_set(&m->wanted, name, &m->is_there[i]) != FR_OK)
            return FR_ENOMEM;
    }
    return m->is_there ? FR_OK : FR_ENOMEM;
}

static bool is_going(const many *m, bool is_named)
{
    return m->write->many == FR_MANY_SET ? !is_named : m->write->many == FR_MANY_REMOVE && is_named;
}

static fr_err take_row(void *arg, const fr_value *values)
{
    many *m = arg;
    leaver row;
    fr_str name = name_of(m, values[m->write->other]);
    bool *is_there = name.p ? fr_map_get(&m->wanted, name) : NULL;
    if (is_there)
        *is_there = true;
    if (!is_going(m, is_there != NULL))
        return FR_OK;
    bool is_kept = name.p && fr_value_dup(m->arena, values[m->table->key], &row.key) &&
                   fr_value_dup(m->arena, values[m->write->other], &row.other) &&
                   fr_vec_push(&m->gone, row);
    return is_kept ? FR_OK : FR_ENOMEM;
}

/* The rows there are. */
static fr_err look(many *m)
{
    fr_query query = {
        .model = m->table->model,
        .where = fr_pred_term(m->ctx->arena, m->write->field, FR_LOOKUP_EXACT, m->write->key)};
    if (!query.where)
        return FR_ENOMEM;
    FR_TRY(want(m));
    return fr_db_select(m->ctx, &query, &(fr_reader_sink){.row = take_row, .arg = m}, NULL);
}

/* The first of the keys that no row of a model has, but for those in `known` (NULL: none); -1: each has one. */
static int64_t first_missing(fr_ctx *ctx, const fr_model *model, const fr_value *keys, size_t count,
                             const bool *known)
{
    const fr_table *to = model ? fr_db_table(ctx->txn->db, model) : NULL;
    fr_stmt *stmt;
    if (!to ||
        fr_sql_stmt_field(&ctx->txn->writer->conn, FR_SQL_EXISTS, to, to->key, &stmt) != SQLITE_OK)
        return -1;
    int rc = SQLITE_ROW;
    size_t i = 0;
    for (; i < count && rc == SQLITE_ROW; i++) {
        if (known && known[i])
            continue;
        fr_stmt_bind(stmt, 1, keys[i]);
        rc = sqlite3_step(stmt->h);
        sqlite3_reset(stmt->h);
    }
    fr_stmt_release(stmt);
    return rc == SQLITE_DONE ? (int64_t)i - 1 : -1;
}

/* Deferred references would be looked at when the transaction ends. */
static fr_err ask_keys(many *m)
{
    fr_write *write = m->write;
    const fr_field *fields = m->table->model->fields;
    if (first_missing(m->ctx, fields[write->field].to, &write->key, 1, NULL) >= 0)
        return fr_fail(m->ctx, FR_ENOTFOUND, "Not found.");
    int64_t at = write->many == FR_MANY_REMOVE
                     ? -1
                     : first_missing(m->ctx, fields[write->other].to, write->keys, write->key_count,
                                     m->is_there);
    if (at < 0)
        return FR_OK;
    write->failed_field = write->other;
    write->failed_key = (size_t)at;
    write->constraint = FR_CONSTRAINT_FOREIGN_KEY;
    return fr_db_fail_constraint(m->ctx, m->table, write);
}

/* ---- the other way round ---- */

typedef struct mirror {
    many *of;
    bool is_there;
    fr_value key; /* of the row */
} mirror;

static fr_err take_mirror(void *arg, const fr_value *values)
{
    mirror *found = arg;
    found->is_there = true;
    return fr_value_dup(found->of->arena, values[found->of->table->key], &found->key) ? FR_OK
                                                                                      : FR_ENOMEM;
}

/* The row by which `theirs` has ours. */
static fr_err find_mirror(many *m, fr_value theirs, mirror *out)
{
    fr_arena *arena = m->ctx->arena;
    const fr_pred *has = fr_pred_term(arena, m->write->field, FR_LOOKUP_EXACT, theirs),
                  *us = fr_pred_term(arena, m->write->other, FR_LOOKUP_EXACT, m->write->key);
    fr_query query = {.model = m->table->model,
                      .where = has && us ? fr_pred_and(arena, has, us) : NULL};
    *out = (mirror){.of = m};
    return query.where ? fr_db_select(m->ctx, &query,
                                      &(fr_reader_sink){.row = take_mirror, .arg = out}, NULL)
                       : FR_ENOMEM;
}

/* ---- going and coming ---- */

static fr_err remove_row(many *m, fr_value key)
{
    fr_write one = {
        .model = m->table->model, .op = FR_WRITE_DELETE, .key = key, .failed_field = -1};
    fr_err err = fr_cascade_delete(m->ctx, m->table, &one);
    if (err == FR_ENOTFOUND) /* an earlier one's cascade may have had it */
        return FR_OK;
    if (err != FR_OK)
        m->write->constraint = one.constraint;
    return err;
}

static fr_err remove_rows(many *m)
{
    for (size_t i = 0; i < m->gone.count; i++) {
        mirror other;
        FR_TRY(remove_row(m, m->gone.at[i].key));
        if (!m->write->is_mirrored)
            continue;
        FR_TRY(find_mirror(m, m->gone.at[i].other, &other));
        if (other.is_there)
            FR_TRY(remove_row(m, other.key));
    }
    return FR_OK;
}

static fr_err add_row(many *m, fr_value field, fr_value other)
{
    fr_value values[FR_MODEL_FIELDS_MAX];
    fr_write one = {.model = m->table->model,
                    .op = FR_WRITE_INSERT,
                    .values = values,
                    .failed_field = -1,
                    .constraint = FR_CONSTRAINT_NONE};
    fr_fieldset_add(&one.set, m->write->field);
    fr_fieldset_add(&one.set, m->write->other);
    values[m->write->field] = field;
    values[m->write->other] = other;
    fr_err err = fr_put_insert(m->ctx, m->table, &one, NULL, false);
    if (err != FR_OK) {
        m->write->failed_field = one.failed_field;
        m->write->constraint = one.constraint;
    }
    return err;
}

/* A row that has itself is its own other way round. */
static fr_err add_both(many *m, fr_value key)
{
    mirror other;
    FR_TRY(add_row(m, m->write->key, key));
    if (!m->write->is_mirrored)
        return FR_OK;
    FR_TRY(find_mirror(m, key, &other));
    return other.is_there ? FR_OK : add_row(m, key, m->write->key);
}

static fr_err add_rows(many *m)
{
    for (size_t i = 0; i < m->write->key_count && m->write->many != FR_MANY_REMOVE; i++) {
        fr_err err = m->is_there[i] ? FR_OK : add_both(m, m->write->keys[i]);
        if (err != FR_OK) {
            m->write->failed_key = i;
            return err;
        }
    }
    return FR_OK;
}

fr_err fr_many_set(fr_ctx *ctx, fr_table *table, fr_write *write)
{
    assert(fr_writer_is_here());
    many m = {.ctx = ctx, .table = table, .write = write, .arena = fr_arena_new(0)};
    fr_buf_init(&m.scratch);
    fr_map_init(&m.wanted);
    fr_err err = m.arena ? look(&m) : FR_ENOMEM;
    if (err == FR_OK && write->asks_keys)
        err = ask_keys(&m);
    if (err == FR_OK)
        err = remove_rows(&m);
    if (err == FR_OK)
        err = add_rows(&m);
    fr_buf_deinit(&m.scratch);
    fr_map_deinit(&m.wanted);
    free(m.gone.at);
    fr_arena_free(m.arena);
    return err;
}

int64_t fr_many_dangling(fr_ctx *ctx, const fr_table *table, const fr_write *write)
{
    return first_missing(ctx, table->model->fields[write->other].to, write->keys, write->key_count,
                         NULL);
}
