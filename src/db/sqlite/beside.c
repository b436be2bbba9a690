/*
 * A row written as another program would: by a connection of its own that makes, locks and logs nothing. A server that has the file
 * open notices, as it does of strangers.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "db/sqlite/sqlite_int.h"

/* INSERT INTO "t" ("a", "b") VALUES (?, ?), or UPDATE "t" SET "a" = ?, "b" = ? WHERE "c" = ? */
static void put_sql(fr_buf *sql, const fr_table *table, const fr_beside *write)
{
    bool is_insert = write->by < 0;
    fr_buf_printf(sql, is_insert ? "INSERT INTO %.*s (" : "UPDATE %.*s SET ",
                  FR_FMT(table->quoted));
    const char *between = "";
    for (int i = -1; (i = fr_fieldset_next(&write->set, i)) >= 0; between = ", ")
        fr_buf_printf(sql, is_insert ? "%s%.*s" : "%s%.*s = ?", between, FR_FMT(table->columns[i]));
    if (!is_insert) {
        fr_buf_printf(sql, " WHERE %.*s = ?", FR_FMT(table->columns[write->by]));
        return;
    }
    fr_buf_lit(sql, ") VALUES (");
    for (uint32_t i = 0; i < fr_fieldset_count(&write->set); i++)
        fr_buf_put(sql, i ? FR_STR(", ?") : FR_STR("?"));
    fr_buf_put_char(sql, ')');
}

static fr_err fail(const fr_sqlite *conn, int rc, const char *path, char error[512])
{
    snprintf(error, 512, "cannot write %s: %s", path, sqlite3_errmsg(conn->h));
    return fr_sqlite_err(conn, rc);
}

static fr_err run(fr_sqlite *conn, const fr_table *table, fr_beside *write, const char *path,
                  char error[512])
{
    fr_buf sql;
    fr_stmt *stmt;
    int at = 0;
    fr_buf_init(&sql);
    put_sql(&sql, table, write);
    int rc = sql.has_failed ? SQLITE_NOMEM
                            : fr_sqlite_prepare(conn, (fr_str){0}, fr_buf_str(&sql), &stmt);
    fr_buf_deinit(&sql);
    if (rc != SQLITE_OK)
        return fail(conn, rc, path, error);
    for (int i = -1; (i = fr_fieldset_next(&write->set, i)) >= 0;)
        fr_stmt_bind(stmt, ++at, write->values[i]);
    if (write->by >= 0)
        fr_stmt_bind(stmt, ++at, write->value);
    rc = sqlite3_step(stmt->h);
    write->rows = sqlite3_changes(conn->h);
    fr_err err = rc == SQLITE_DONE ? FR_OK : fail(conn, rc, path, error);
    fr_stmt_release(stmt);
    return err;
}

fr_err fr_sqlite_beside(fr_str address, fr_beside *write, char error[512])
{
    fr_sqlite conn;
    fr_table table = {0};
    fr_arena *arena = fr_arena_new(0);
    fr_str path = arena ? fr_str_dup(arena, address) : (fr_str){0};
    fr_err err = path.p ? fr_table_init(&table, write->model, arena) : FR_ENOMEM;
    if (err == FR_OK && access(path.p, F_OK)) { /* SQLite would make it */
        snprintf(error, 512, "there is no %.300s yet", path.p);
        err = FR_ENOTFOUND;
    }
    if (err == FR_OK)
        err = fr_sqlite_open(&conn, path.p, FR_SQLITE_WRITER, NULL, NULL, error);
    if (err == FR_OK) {
        err = run(&conn, &table, write, path.p, error);
        fr_sqlite_close(&conn);
    }
    fr_arena_free(arena);
    return err;
}
