/* What SQLite's planner means to do with a query, asked before it is run: whether it walks a whole table, or sorts all it finds. */
#include "db/sqlite/sqlite_int.h"

#include "base/str.h"
#include "db/sqlite/sql.h"

/* "SCAN ticket", "SEARCH t1 USING INDEX …", "USE TEMP B-TREE FOR ORDER BY" (not "… FOR LAST TERM OF ORDER BY": that is a few
 * rows at a time). */
static void note(fr_read *read, fr_str detail)
{
    if (fr_str_starts(detail, FR_STR("SCAN ")) && !fr_str_starts(detail, FR_STR("SCAN CONSTANT")))
        read->number |= FR_SCAN_WALKS;
    if (fr_str_eq(detail, FR_STR("USE TEMP B-TREE FOR ORDER BY")))
        read->number |= FR_SCAN_SORTS;
}

static fr_err explain(fr_read *read, fr_sqlite *conn, fr_str text)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(conn->h, text.p, (int)text.n, &stmt, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
            note(read, fr_str_c((const char *)sqlite3_column_text(stmt, 3)));
    }
    fr_err err = rc == SQLITE_DONE ? FR_OK : fr_read_fail(read, conn, rc);
    sqlite3_finalize(stmt);
    return err;
}

fr_err fr_scan_run(fr_read *read, fr_sqlite *conn)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_lit(&text, "EXPLAIN QUERY PLAN ");
    read->number = 0;
    fr_sql_kind kind = read->query->order_count ? FR_SQL_SELECT : FR_SQL_COUNT;
    int rc = fr_sql_query(&text, kind, read->table, read->query);
    if (rc == SQLITE_OK && text.has_failed)
        rc = SQLITE_NOMEM;
    fr_err err =
        rc == SQLITE_OK ? explain(read, conn, fr_buf_str(&text)) : fr_read_fail(read, conn, rc);
    fr_buf_deinit(&text);
    return err;
}
