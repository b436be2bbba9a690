/* The rows of the change log after a place, for history.h. */
#include "db/sqlite/sqlite_int.h"

/* Whether the place is in this log, and its images are read by position as we do. */
static fr_err check_place(fr_read *read, fr_sqlite *conn, fr_history *s)
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
    if (!is_there)
        return fr_history_unknown(
            s, s->since.number > atomic_load(&read->db->number) ? "other history" : "pruned");
    if (mark != s->since.mark)
        return fr_history_unknown(s, "other history");
    return schema == fr_db_schema_number(read->db) ? FR_OK : fr_history_unknown(s, "other schema");
}

static fr_err take_changes(fr_read *read, fr_sqlite *conn, fr_stmt *stmt)
{
    int rc;
    bool is_full;
    while ((rc = fr_read_step(conn, stmt)) == SQLITE_ROW) {
        if (sqlite3_column_int(stmt->h, 0) == FR_FLOOD)
            return fr_history_unknown(read->history, "flood");
        FR_TRY(fr_history_take(read, fr_stmt_value(stmt->h, 1), fr_stmt_value(stmt->h, 2),
                               fr_stmt_value(stmt->h, 3), &is_full));
        if (is_full)
            return fr_history_unknown(read->history, "too many changes");
    }
    return rc == SQLITE_DONE ? fr_history_finish(read) : fr_read_fail(read, conn, rc);
}

fr_err fr_since_run(fr_read *read, fr_sqlite *conn)
{
    fr_history *s = read->history;
    fr_stmt *stmt;
    fr_history_begin(s);
    if (!fr_sqlite_db_of(read->db)->has_log)
        return fr_history_unknown(s, "pruned");
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
        err = take_changes(read, conn, stmt);
    }
    fr_stmt_release(stmt);
    return err;
}
