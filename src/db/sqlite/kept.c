/*
 * Answers that are kept: a table of ours, written in the transaction of the member that they answer, so that either both are on
 * disk or neither is. Rows are numbered as they come, and `total` counts all bytes that were ever kept up to a row: what is
 * too old, or too much, is always a range at the beginning.
 */
#include "db/sqlite/sqlite_int.h"

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"

enum {
    LET_GO =
        64 /* at each that is kept: one comes, so the range shrinks quickly and no member pays for all of it */
};

int fr_kept_make(fr_sqlite *conn)
{
    return sqlite3_exec(conn->h,
                        "CREATE TABLE IF NOT EXISTS freshet_answer(id INTEGER PRIMARY KEY,"
                        " key TEXT NOT NULL UNIQUE, digest BLOB NOT NULL, at INTEGER NOT NULL,"
                        " total INTEGER NOT NULL, number INTEGER NOT NULL, mark INTEGER NOT NULL,"
                        " answer BLOB NOT NULL)",
                        NULL, NULL, NULL);
}

static fr_err fail(fr_ctx *ctx, int rc)
{
    return fr_sqlite_fail(ctx, &ctx->txn->writer->conn, rc, NULL, NULL);
}

/* Microseconds; what was kept before is forgotten. */
static int64_t oldest_at(void)
{
    return fr_time_now() - (int64_t)FR_KEPT_MS * 1000;
}

static fr_str blob_dup(fr_arena *arena, sqlite3_stmt *h, int column)
{
    const void *bytes = sqlite3_column_blob(h, column);
    return fr_str_dup(arena, (fr_str){bytes ? bytes : "", (size_t)sqlite3_column_bytes(h, column)});
}

static fr_err take(fr_ctx *ctx, sqlite3_stmt *h, fr_kept *out)
{
    *out = (fr_kept){
        .digest = blob_dup(ctx->arena, h, 0),
        .answer = blob_dup(ctx->arena, h, 1),
        .place = {(uint64_t)sqlite3_column_int64(h, 2), (uint64_t)sqlite3_column_int64(h, 3)}};
    return out->digest.p && out->answer.p ? FR_OK : FR_ENOMEM;
}

fr_err fr_sqlite_kept(fr_ctx *ctx, fr_str key, fr_kept *out)
{
    assert(fr_writer_is_here());
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(
        &ctx->txn->writer->conn,
        "SELECT digest, answer, number, mark FROM freshet_answer WHERE key = ? AND at >= ?", &stmt);
    if (rc != SQLITE_OK)
        return fail(ctx, rc);
    fr_stmt_bind(stmt, 1, FR_VALUE_S(key));
    sqlite3_bind_int64(stmt->h, 2, oldest_at());
    rc = sqlite3_step(stmt->h);
    fr_err err = rc == SQLITE_ROW ? take(ctx, stmt->h, out) : FR_ENOTFOUND;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        err = fail(ctx, rc);
    fr_stmt_release(stmt);
    return err;
}

/* One statement with up to five numbers. A result code of SQLite. */
static int run(fr_sqlite *conn, const char *sql, fr_str key, const int64_t *numbers, int count)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(conn, sql, &stmt), index = 1;
    if (rc != SQLITE_OK)
        return rc;
    if (key.p)
        fr_stmt_bind(stmt, index++, FR_VALUE_S(key));
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(stmt->h, index++, numbers[i]);
    rc = sqlite3_step(stmt->h);
    fr_stmt_release(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int insert(fr_sqlite *conn, fr_str key, const fr_kept *kept)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(conn,
                                "INSERT INTO freshet_answer(key, digest, at, number, mark, answer, "
                                "total) VALUES(?1, ?2, ?3,"
                                " ?4, ?5, ?6, length(?6) + coalesce((SELECT total FROM "
                                "freshet_answer ORDER BY id DESC LIMIT"
                                " 1), 0))",
                                &stmt);
    if (rc != SQLITE_OK)
        return rc;
    fr_stmt_bind(stmt, 1, FR_VALUE_S(key));
    fr_stmt_bind(stmt, 2, (fr_value){.type = FR_VALUE_BLOB, .as.s = kept->digest});
    sqlite3_bind_int64(stmt->h, 3, fr_time_now());
    sqlite3_bind_int64(stmt->h, 4, (int64_t)kept->place.number);
    sqlite3_bind_int64(stmt->h, 5, (int64_t)kept->place.mark);
    fr_stmt_bind(stmt, 6, (fr_value){.type = FR_VALUE_BLOB, .as.s = kept->answer});
    rc = sqlite3_step(stmt->h);
    fr_stmt_release(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* What is too old, or beyond what may be kept in rows or bytes. */
static int let_go(fr_sqlite *conn)
{
    const int64_t bounds[] = {LET_GO, oldest_at(), FR_KEPT_ROWS, FR_KEPT_BYTES};
    return run(conn,
               "DELETE FROM freshet_answer WHERE id IN (SELECT id FROM freshet_answer ORDER BY id"
               " LIMIT ?) AND (at < ? OR id <= (SELECT max(id) FROM freshet_answer) - ?"
               " OR total <= (SELECT total FROM freshet_answer ORDER BY id DESC LIMIT 1) - ?)",
               (fr_str){0}, bounds, 4);
}

fr_err fr_sqlite_keep(fr_ctx *ctx, fr_str key, const fr_kept *kept)
{
    assert(fr_writer_is_here());
    fr_sqlite *conn = &ctx->txn->writer->conn;
    const int64_t oldest = oldest_at();
    if (kept->answer.n > FR_KEPT_ANSWER)
        return fr_fail(ctx, FR_ETOOBIG, "The answer is too large to be kept.");
    int rc = run(conn, "DELETE FROM freshet_answer WHERE key = ? AND (at < ? OR answer = x'')", key,
                 &oldest, 1);
    if (rc == SQLITE_OK)
        rc = insert(conn, key, kept);
    if (rc == SQLITE_OK)
        rc = let_go(conn);
    return rc == SQLITE_OK ? FR_OK : fail(ctx, rc);
}
