/* One member of a group: a write given as data, or the function of an fr_atomic. */
#include "db/sqlite/sqlite_int.h"

#include "base/time.h"

/* ---- a write as data ---- */

/* What an INSERT stores: what was given, then defaults; what has neither is left to the database. */
static fr_fieldset insert_values(fr_ctx *ctx, const fr_table *table, const fr_write *write,
                                 fr_value *values)
{
    fr_time now = fr_time_now();
    fr_fieldset given = {{0}};
    for (uint32_t i = 0; i < table->model->field_count; i++) {
        const fr_field *field = &table->model->fields[i];
        bool is_stamp = field->auto_now || field->auto_now_add;
        if (fr_fieldset_has(&table->generated, i))
            continue;
        if (fr_fieldset_has(&write->set, i) && !is_stamp &&
            !(i == table->key && write->values[i].type == FR_VALUE_NULL)) {
            values[i] = write->values[i];
            fr_fieldset_add(&given, i);
        } else if (fr_field_default(field, now, ctx->arena, &values[i])) {
            fr_fieldset_add(&given, i);
        }
    }
    return given;
}

static fr_fieldset update_values(fr_ctx *ctx, const fr_table *table, const fr_write *write,
                                 fr_value *values)
{
    fr_time now = fr_time_now();
    fr_fieldset given = {{0}};
    for (uint32_t i = 0; i < table->model->field_count; i++) {
        bool is_given = fr_fieldset_has(&write->set, i) && !fr_fieldset_has(&table->generated, i);
        if (is_given)
            values[i] = write->values[i];
        if (is_given || (table->model->fields[i].auto_now &&
                         fr_field_default(&table->model->fields[i], now, ctx->arena, &values[i])))
            fr_fieldset_add(&given, i);
    }
    return given;
}

static int bind_given(fr_stmt *stmt, const fr_fieldset *given, const fr_value *values)
{
    int index = 1;
    for (int i = -1; (i = fr_fieldset_next(given, i)) >= 0;)
        fr_stmt_bind(stmt, index++, values[i]);
    return index;
}

/* Run an INSERT or UPDATE; *changed tells whether a row was written (a trigger may have prevented it). */
static fr_err run(fr_ctx *ctx, const fr_table *table, fr_write *write, fr_sql_kind kind,
                  const fr_fieldset *given, const fr_value *values, bool *changed)
{
    fr_db_txn *txn = ctx->txn;
    fr_sqlite *conn = &txn->writer->conn;
    fr_stmt *stmt;
    int rc = fr_sql_stmt_set(conn, kind, table, given, &stmt);
    if (rc != SQLITE_OK)
        return fr_sqlite_fail(ctx, conn, rc, table, write);
    int index = bind_given(stmt, given, values);
    if (kind == FR_SQL_UPDATE)
        fr_stmt_bind(stmt, index, write->key);
    rc = fr_txn_step(txn, stmt, fr_changes_mark(&txn->writer->changes));
    *changed = rc == SQLITE_DONE && sqlite3_changes64(conn->h) > 0;
    fr_err err = rc == SQLITE_DONE ? FR_OK : fr_sqlite_fail(ctx, conn, rc, table, write);
    fr_stmt_release(stmt);
    return err;
}

/* The row as it is stored, in the caller's arena: defaults of the database, affinities and triggers included. */
static fr_err read_back(fr_ctx *ctx, const fr_table *table, fr_write *write, fr_value key)
{
    fr_sqlite *conn = &ctx->txn->writer->conn;
    fr_stmt *stmt;
    uint32_t count = table->model->field_count;
    fr_value *row = fr_arena_alloc(ctx->arena, count * sizeof *row);
    int rc = fr_sql_stmt_field(conn, FR_SQL_SELECT_KEY, table, 0, &stmt);
    if (rc != SQLITE_OK)
        return fr_sqlite_fail(ctx, conn, rc, table, write);
    fr_stmt_bind(stmt, 1, key);
    rc = sqlite3_step(stmt->h);
    fr_err err = !row ? FR_ENOMEM : rc == SQLITE_ROW ? FR_OK : FR_ENOTFOUND;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        err = fr_sqlite_fail(ctx, conn, rc, table, write);
    for (uint32_t i = 0; i < count && err == FR_OK; i++)
        if (!fr_value_dup(ctx->arena, fr_stmt_value(stmt->h, (int)i), &row[i]))
            err = FR_ENOMEM;
    fr_stmt_release(stmt);
    if (err == FR_OK)
        write->row = row;
    return err;
}

static fr_err check_may_insert(fr_ctx *ctx, const fr_table *table)
{
    char label[128];
    if (!*fr_sqlite_table_of(table)->needed)
        return FR_OK;
    return fr_fail(
        ctx, FR_ESCHEMA,
        "No %.*s can be added: its table has a column that must be given, and this program "
        "does not know it.",
        FR_FMT(fr_model_label(table->model, label)));
}

/* Of an ID the database has to give it. */
static fr_err fail_without_key(fr_ctx *ctx, const fr_table *table, fr_write *write)
{
    char label[128];
    if (table->model->fields[table->key].kind == FR_KIND_ID)
        return fr_fail(ctx, FR_ESCHEMA,
                       "No %.*s can be added: the database gives no numbers to its rows.",
                       FR_FMT(fr_model_label(table->model, label)));
    write->failed_field = table->key;
    write->constraint = FR_CONSTRAINT_NOT_NULL;
    return fr_fail(ctx, FR_ECONFLICT, "The key of a new row is missing.");
}

static fr_err insert(fr_ctx *ctx, const fr_table *table, fr_write *write)
{
    fr_value values[FR_MODEL_FIELDS_MAX];
    bool changed = false;
    FR_TRY(check_may_insert(ctx, table));
    fr_fieldset given = insert_values(ctx, table, write, values);
    bool has_key = fr_fieldset_has(&given, table->key);
    if (!has_key && !fr_image_map_of(table)->has_rowid_key)
        return fail_without_key(ctx, table, write);
    FR_TRY(run(ctx, table, write, FR_SQL_INSERT, &given, values, &changed));
    fr_value key = has_key ? values[table->key]
                           : FR_VALUE_I(sqlite3_last_insert_rowid(ctx->txn->writer->conn.h));
    fr_err err = changed ? read_back(ctx, table, write, key) : FR_ENOTFOUND;
    return err == FR_ENOTFOUND ? fr_fail(ctx, FR_ECONFLICT, "The database refuses this row.") : err;
}

static fr_err update(fr_ctx *ctx, const fr_table *table, fr_write *write)
{
    fr_value values[FR_MODEL_FIELDS_MAX];
    bool changed = false;
    fr_fieldset given = update_values(ctx, table, write, values);
    if (!fr_fieldset_is_empty(&given))
        FR_TRY(run(ctx, table, write, FR_SQL_UPDATE, &given, values, &changed));
    fr_value key = fr_fieldset_has(&given, table->key) ? values[table->key] : write->key;
    fr_err err = read_back(ctx, table, write, key);
    return err == FR_ENOTFOUND ? fr_fail(ctx, FR_ENOTFOUND, "Not found.") : err;
}

static fr_err write_row(fr_ctx *ctx, fr_write *write)
{
    fr_table *table = fr_db_table(ctx->txn->db, write->model);
    write->row = NULL;
    write->failed_field = -1;
    write->constraint = FR_CONSTRAINT_NONE;
    FR_TRY(fr_db_check_table(ctx, table)); /* it may have been altered while the member waited */
    switch (write->op) {
    case FR_WRITE_INSERT: return insert(ctx, table, write);
    case FR_WRITE_UPDATE: return update(ctx, table, write);
    case FR_WRITE_DELETE: return fr_cascade_delete(ctx, table, write);
    }
    return fr_fail(ctx, FR_EINTERNAL, "A server error occurred.");
}

/* ---- deferred foreign keys ---- */

/* Which of the row's foreign keys leads nowhere: asked only after the fact. -1: another row's. */
static int dangling_field(fr_ctx *ctx, const fr_write *write)
{
    const fr_table *table = fr_db_table(ctx->txn->db, write->model);
    fr_sqlite *conn = &ctx->txn->writer->conn;
    for (uint32_t i = 0; i < table->model->field_count && write->row; i++) {
        const fr_field *field = &table->model->fields[i];
        const fr_table *to = field->to ? fr_db_table(ctx->txn->db, field->to) : NULL;
        fr_stmt *stmt;
        if (!to || write->row[i].type == FR_VALUE_NULL ||
            fr_sql_stmt_field(conn, FR_SQL_EXISTS, to, to->key, &stmt) != SQLITE_OK)
            continue;
        fr_stmt_bind(stmt, 1, write->row[i]);
        int rc = sqlite3_step(stmt->h);
        fr_stmt_release(stmt);
        if (rc == SQLITE_DONE)
            return (int)i;
    }
    return -1;
}

/* COMMIT would fail for all members of the group (traps A1). */
static fr_err check_deferred(fr_ctx *ctx, fr_write *write)
{
    int open = 0, high;
    sqlite3_db_status(ctx->txn->writer->conn.h, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &high, 0);
    if (!open)
        return FR_OK;
    if (!write)
        return fr_fail(ctx, FR_ECONFLICT, "A row refers to another that does not exist.");
    write->constraint = FR_CONSTRAINT_FOREIGN_KEY;
    write->failed_field = dangling_field(ctx, write);
    return fr_db_fail_constraint(ctx, fr_db_table(ctx->txn->db, write->model), write);
}

/* ---- members ---- */

fr_err fr_txn_run(fr_writer *w, fr_txn_member *member)
{
    assert(fr_writer_is_here());
    fr_db_txn txn = {.db = w->db,
                     .writer = w,
                     .conn = &w->conn,
                     .until_ms = member->fn ? fr_clock_ms() + FR_ATOMIC_MS : 0};
    fr_ctx ctx;
    size_t first = w->changes.folded.count;
    fr_ctx_init(&ctx, member->ctx->arena, NULL);
    ctx.db = w->db;
    ctx.txn = &txn;
    fr_err err = member->fn ? member->fn(&ctx, member->arg) : write_row(&ctx, member->write);
    if (txn.failed != FR_OK)
        err = txn.failed;
    if (err == FR_OK)
        err = check_deferred(&ctx, member->write);
    if (err == FR_OK)
        err = fr_changes_fold(&w->changes, w->db->table_count);
    if (err == FR_OK) {
        int rc = fr_unseen_fill(w, first);
        if (rc == SQLITE_OK)
            rc = fr_log_member(w, first);
        if (rc != SQLITE_OK)
            err = fr_sqlite_fail(&ctx, &w->conn, rc, NULL, NULL);
    }
    if (err != FR_OK)
        member->ctx->detail = ctx.detail;
    else if (member->write)
        member->write->place = w->place;
    return err;
}

static fr_err write_part(fr_ctx *ctx, void *arg)
{
    return write_row(ctx, arg);
}

fr_err fr_txn_write(fr_ctx *ctx, fr_write *write)
{
    assert(fr_writer_is_here());
    FR_TRY(fr_txn_part(ctx, write_part, write));
    write->place = ctx->txn->writer->place;
    return FR_OK;
}
