/*
 * The change log read back: all that happened to one model's rows after a place, folded by key. A place is good only if
 * the log has that number with that mark, in the schema of today (traps A8, D1); across a flood there is no fold (B4).
 */
#include "db/db_int.h"

#include <stdlib.h>

#include "db/image.h"

enum { CHANGES_MAX = 10000, SPAN_BYTES_MAX = 32 << 20 };

typedef struct span {
    fr_place since;
    size_t max, bytes;
    fr_span_changes *out;
    fr_map by_key;               /* encoded key → fr_change */
    FR_VEC(fr_change *) changes; /* by first touch */
} span;

static fr_err unknown(span *s, const char *reason)
{
    s->out->is_known = false;
    s->out->reason = reason;
    return FR_OK;
}

/* Whether the place is in this log, and its images are read by position as we do. */
static fr_err check_place(fr_read *read, fr_sqlite *conn, span *s)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(
        conn,
        "SELECT mark, schema, (SELECT max(number) FROM freshet_commit) FROM freshet_commit"
        " WHERE number = ?",
        &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    sqlite3_bind_int64(stmt->h, 1, (int64_t)s->since.number);
    rc = sqlite3_step(stmt->h);
    bool is_there = rc == SQLITE_ROW;
    uint64_t mark = is_there ? (uint64_t)sqlite3_column_int64(stmt->h, 0) : 0;
    uint32_t schema = is_there ? (uint32_t)sqlite3_column_int64(stmt->h, 1) : 0;
    fr_stmt_release(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return fr_read_fail(read, conn, rc);
    s->out->is_known = true;
    if (!is_there)
        return unknown(s, s->since.number > atomic_load(&read->db->number) ? "other history"
                                                                           : "pruned");
    if (mark != s->since.mark)
        return unknown(s, "other history");
    return schema == fr_db_schema_number(read->db) ? FR_OK : unknown(s, "other schema");
}

/* The entry of a key, made at its first touch with the old image of that. */
static fr_change *entry(fr_read *read, span *s, fr_value key, bool *is_new)
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
static const fr_value *image(fr_read *read, span *s, fr_value bytes, const fr_value *same,
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

static fr_err take(fr_read *read, fr_stmt *stmt, span *s)
{
    fr_err err = FR_OK;
    bool is_new;
    fr_change *change = entry(read, s, fr_stmt_value(stmt->h, 1), &is_new);
    if (!change)
        return FR_ENOMEM;
    const fr_value *new_ = image(read, s, fr_stmt_value(stmt->h, 2), NULL, &err);
    if (is_new)
        change->old = image(read, s, fr_stmt_value(stmt->h, 3), new_, &err);
    change->new_ = new_;
    return err;
}

static bool is_same(const fr_change *change, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!fr_value_eq(change->old[i], change->new_[i]))
            return false;
    return true;
}

static fr_err finish(fr_read *read, span *s)
{
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

static fr_err read_changes(fr_read *read, fr_sqlite *conn, fr_stmt *stmt, span *s)
{
    int rc;
    while ((rc = fr_read_step(conn, stmt)) == SQLITE_ROW) {
        if (sqlite3_column_int(stmt->h, 0) == FR_FLOOD)
            return unknown(s, "flood");
        FR_TRY(take(read, stmt, s));
        if (s->changes.count > s->max || s->bytes > SPAN_BYTES_MAX)
            return unknown(s, "too many changes");
    }
    return rc == SQLITE_DONE ? finish(read, s) : fr_read_fail(read, conn, rc);
}

static fr_err run_since(fr_read *read, fr_sqlite *conn)
{
    span *s = read->arg;
    fr_stmt *stmt;
    fr_map_deinit(&s->by_key);
    fr_map_init(&s->by_key);
    s->changes.count = 0;
    s->bytes = 0;
    FR_TRY(check_place(read, conn, s));
    if (!s->out->is_known)
        return FR_OK;
    int rc = fr_sqlite_constant(
        conn,
        "SELECT op, key, new, old FROM freshet_change WHERE \"commit\" > ? AND model = ?"
        " ORDER BY \"commit\", seq",
        &stmt);
    if (rc != SQLITE_OK)
        return fr_read_fail(read, conn, rc);
    fr_err err = FR_EBUSY;
    if (fr_read_begin(conn, stmt)) {
        sqlite3_bind_int64(stmt->h, 1, (int64_t)s->since.number);
        sqlite3_bind_text(stmt->h, 2, read->table->model->name, -1, SQLITE_STATIC);
        err = read_changes(read, conn, stmt, s);
    }
    fr_stmt_release(stmt);
    return err;
}

fr_err fr_db_log_since(fr_ctx *ctx, const fr_model *model, fr_place since, size_t changes_max,
                       fr_span_changes *out)
{
    span s = {.since = since, .max = changes_max ? changes_max : CHANGES_MAX, .out = out};
    fr_read read = {.run = run_since, .ctx = ctx, .place = &out->place, .arg = &s};
    fr_table *table;
    *out = (fr_span_changes){0};
    FR_TRY(fr_db_of(ctx, model, &read.db, &table));
    read.table = table;
    if (!read.db->has_log)
        return unknown(&s, "pruned");
    fr_map_init(&s.by_key);
    fr_err err = fr_read_run(&read);
    fr_map_deinit(&s.by_key);
    fr_vec_deinit(&s.changes);
    return err;
}
