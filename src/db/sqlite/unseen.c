/*
 * Virtual generated columns, which the pre-update hook does not see: at the end of a member each changed row of a table
 * that has any is asked for them by its key, so that its new image says what a GET does. Of old rows they are not known.
 */
#include "db/image.h"
#include "db/sqlite/sqlite_int.h"

static fr_fieldset shown_unseen(const fr_table *table)
{
    fr_fieldset shown = table->unseen;
    for (int i = -1; (i = fr_fieldset_next(&table->unseen, i)) >= 0;)
        if (table->model->fields[i].secret)
            fr_fieldset_remove(&shown, (uint32_t)i);
    return shown;
}

/* The new image with the columns of the statement's row in it, behind all other bytes. */
static int put_image(fr_writer *w, fr_record *record, const fr_fieldset *fields, sqlite3_stmt *row)
{
    fr_value values[FR_MODEL_FIELDS_MAX];
    int column = 0;
    for (int i = -1; (i = fr_fieldset_next(fields, i)) >= 0;)
        values[i] = fr_stmt_value(row, column++);
    fr_buf_clear(&w->scratch);
    if (!fr_image_with(&w->scratch, fr_changes_new(&w->changes, record), fields, values))
        return SQLITE_NOMEM;
    record->new_ = w->changes.bytes.n;
    fr_buf_put(&w->changes.bytes, fr_buf_str(&w->scratch));
    record->new_end = w->changes.bytes.n;
    return w->changes.bytes.has_failed ? SQLITE_NOMEM : SQLITE_OK;
}

static int fill(fr_writer *w, fr_record *record, const fr_table *table, const fr_fieldset *fields)
{
    fr_stmt *stmt;
    fr_value key;
    size_t pos = 0;
    int rc = fr_sql_stmt_set(&w->conn, FR_SQL_FIELDS, table, fields, &stmt);
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
        bool is_image = record->op == FR_CREATE || record->op == FR_UPDATE;
        if (!is_image || fr_fieldset_is_empty(&table->unseen))
            continue;
        fr_fieldset fields = shown_unseen(table);
        if (!fr_fieldset_is_empty(&fields))
            rc = fill(w, record, table, &fields);
    }
    return rc;
}
