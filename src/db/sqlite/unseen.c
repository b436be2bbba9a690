/*
 * Virtual generated columns, which the pre-update hook does not see: at the end of a member each changed row of a table
 * that has any is asked for them by its key, so that its new image says what a GET does. Of old rows they are not known.
 */
#include "db/image.h"
#include "db/sqlite/sqlite_int.h"

static uint64_t shown_unseen(const fr_table *table)
{
    uint64_t unseen = atomic_load_explicit(&table->unseen, memory_order_relaxed);
    for (uint64_t left = unseen; left; left &= left - 1)
        if (table->model->fields[__builtin_ctzll(left)].secret)
            unseen &= ~(left & -left);
    return unseen;
}

/* The new image with the columns of the statement's row in it, behind all other bytes. */
static int put_image(fr_writer *w, fr_record *record, uint64_t fields, sqlite3_stmt *row)
{
    fr_value values[FR_MODEL_FIELDS_MAX];
    int column = 0;
    for (uint64_t left = fields; left; left &= left - 1)
        values[__builtin_ctzll(left)] = fr_stmt_value(row, column++);
    fr_buf_clear(&w->scratch);
    if (!fr_image_with(&w->scratch, fr_changes_new(&w->changes, record), fields, values))
        return SQLITE_NOMEM;
    record->new_ = w->changes.bytes.n;
    fr_buf_put(&w->changes.bytes, fr_buf_str(&w->scratch));
    record->new_end = w->changes.bytes.n;
    return w->changes.bytes.has_failed ? SQLITE_NOMEM : SQLITE_OK;
}

static int fill(fr_writer *w, fr_record *record, const fr_table *table, uint64_t fields)
{
    fr_stmt *stmt;
    fr_value key;
    size_t pos = 0;
    int rc = fr_sql_stmt_mask(&w->conn, FR_SQL_FIELDS, table, fields, &stmt);
    if (rc != SQLITE_OK)
        return rc;
    if (fr_image_next(fr_changes_key(&w->changes, record), &pos, &key)) {
        fr_stmt_bind(stmt, 1, key);
        rc = sqlite3_step(stmt->h);
        rc = rc == SQLITE_ROW    ? put_image(w, record, fields, stmt->h)
             : rc == SQLITE_DONE ? SQLITE_OK
                                 : rc;
    }
    fr_stmt_release(stmt);
    return rc;
}

int fr_unseen_fill(fr_writer *w, size_t first)
{
    assert(fr_writer_is_here());
    int rc = SQLITE_OK;
    for (size_t i = first; i < w->changes.folded.count && rc == SQLITE_OK; i++) {
        fr_record *record = &w->changes.folded.at[i];
        const fr_table *table = &w->db->tables[record->table];
        uint64_t fields = shown_unseen(table);
        if (fields && (record->op == FR_CREATE || record->op == FR_UPDATE))
            rc = fill(w, record, table, fields);
    }
    return rc;
}
