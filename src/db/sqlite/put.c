/* One row put into its table: INSERT and UPDATE, with defaults and stamps, and the row as it is stored afterwards. */
#include "db/sqlite/sqlite_int.h"

#include "base/time.h"
#include "db/image.h"
#include "model/kind.h"

/* ---- what is written ---- */

/* What an INSERT stores: what was given, then defaults; what has neither is left to the database. */
static fr_fieldset insert_values(fr_ctx *ctx, const fr_table *table, const fr_write *write,
                                 fr_value *values)
{
    fr_time now = fr_time_now();
    fr_fieldset given = {{0}};
    for (uint32_t i = 0; i < table->model->field_count; i++) {
        const fr_field *field = &table->model->fields[i];
        bool is_stamp = field->auto_now || field->auto_now_add;
        if (fr_fieldset_has(&table->generated, i) || !fr_field_has_column(field))
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
        const fr_field *field = &table->model->fields[i];
        bool is_given = fr_fieldset_has(&write->set, i) && !fr_fieldset_has(&table->generated, i) &&
                        fr_field_has_column(field) && !field->auto_now;
        if (is_given)
            values[i] = write->values[i];
        if (is_given || (field->auto_now && fr_field_default(field, now, ctx->arena, &values[i])))
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

fr_err fr_put_read(fr_ctx *ctx, const fr_table *table, fr_write *write, fr_value key,
                   const fr_value **out)
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
        *out = row;
    return err;
}

/* Whether all that a statement changed is one row, which the hook has seen whole. first: of the records, that of the row. */
static bool has_seen(const fr_changes *changes, const fr_table *table, size_t first)
{
    return !changes->has_failed && changes->records.count == first + 1 &&
           changes->records.at[first].table == table->index &&
           changes->records.at[first].op != FR_DELETE && fr_image_map_of(table)->is_whole &&
           fr_fieldset_is_empty(&table->unseen);
}

/* The row that a statement has written, as it is stored. What the hook has seen needs no reading: 5,000 of the 79,000
 * instructions of a PATCH. */
static fr_err read_written(fr_ctx *ctx, const fr_table *table, fr_write *write, fr_value key,
                           size_t first)
{
    const fr_changes *changes = &ctx->txn->writer->changes;
    uint32_t count = table->model->field_count;
    if (!has_seen(changes, table, first))
        return fr_put_read(ctx, table, write, key, &write->row);
    fr_value *row = fr_arena_alloc(ctx->arena, count * sizeof *row);
    fr_str image = fr_changes_new(changes, &changes->records.at[first]);
    if (!row)
        return FR_ENOMEM;
    if (!fr_image_decode(image, row, count, NULL))
        return FR_EINTERNAL;
    for (uint32_t i = 0; i < count; i++) /* the image lies in a buffer that grows */
        if (!fr_value_dup(ctx->arena, row[i], &row[i]))
            return FR_ENOMEM;
    write->row = row;
    return FR_OK;
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

fr_err fr_put_insert(fr_ctx *ctx, const fr_table *table, fr_write *write, const fr_value *parent,
                     bool reads_back)
{
    fr_value values[FR_MODEL_FIELDS_MAX];
    bool changed = false;
    FR_TRY(check_may_insert(ctx, table));
    fr_fieldset given = insert_values(ctx, table, write, values);
    if (parent) {
        values[write->field] = *parent;
        fr_fieldset_add(&given, write->field);
    }
    bool has_key = fr_fieldset_has(&given, table->key);
    if (!has_key && !fr_image_map_of(table)->has_rowid_key)
        return fail_without_key(ctx, table, write);
    size_t records = ctx->txn->writer->changes.records.count;
    FR_TRY(run(ctx, table, write, FR_SQL_INSERT, &given, values, &changed));
    if (changed && !reads_back)
        return FR_OK;
    fr_value key = has_key ? values[table->key]
                           : FR_VALUE_I(sqlite3_last_insert_rowid(ctx->txn->writer->conn.h));
    fr_err err = changed ? read_written(ctx, table, write, key, records) : FR_ENOTFOUND;
    return err == FR_ENOTFOUND ? fr_fail(ctx, FR_ECONFLICT, "The database refuses this row.") : err;
}

fr_err fr_put_update(fr_ctx *ctx, const fr_table *table, fr_write *write)
{
    fr_value values[FR_MODEL_FIELDS_MAX];
    bool changed = false;
    fr_fieldset given = update_values(ctx, table, write, values);
    size_t records = ctx->txn->writer->changes.records.count;
    if (!fr_fieldset_is_empty(&given))
        FR_TRY(run(ctx, table, write, FR_SQL_UPDATE, &given, values, &changed));
    fr_value key = fr_fieldset_has(&given, table->key) ? values[table->key] : write->key;
    fr_err err = read_written(ctx, table, write, key, records);
    return err == FR_ENOTFOUND ? fr_fail(ctx, FR_ENOTFOUND, "Not found.") : err;
}

/* Whether the row that is named is there, and the same one's. */
static fr_err find_own(fr_ctx *ctx, const fr_table *table, fr_write *write, const fr_value *parent,
                       bool *is_own)
{
    const fr_value *row = NULL;
    *is_own = false;
    if (write->key.type == FR_VALUE_NULL)
        return FR_OK;
    fr_err err = fr_put_read(ctx, table, write, write->key, &row);
    *is_own = err == FR_OK && row && fr_value_eq(row[write->field], *parent);
    return err == FR_ENOTFOUND ? FR_OK : err;
}

fr_err fr_put(fr_ctx *ctx, const fr_table *table, fr_write *write, const fr_value *parent)
{
    bool is_own;
    FR_TRY(find_own(ctx, table, write, parent, &is_own));
    if (is_own)
        return fr_put_update(ctx, table, write);
    const fr_fieldset given = write->set;
    for (int i = -1; (i = fr_fieldset_next(&write->fill, i)) >= 0;)
        fr_fieldset_add(&write->set, (uint32_t)i);
    fr_err err = fr_put_insert(ctx, table, write, parent, true);
    write->set = given; /* the member may run again */
    return err;
}
