/*
 * The transaction of the member that runs. Each of its statements goes through fr_txn_step, which cuts the images of a
 * failed one and notices when SQLite has ended the transaction.
 */
#include "db/sqlite/sqlite_int.h"

#include "base/time.h"

/* ---- the writer's thread ---- */

static _Thread_local bool is_here;

bool fr_writer_is_here(void)
{
    return is_here;
}

void fr_writer_enter(void)
{
    is_here = true;
}

/* ---- statements ---- */

fr_err fr_txn_check(fr_ctx *ctx)
{
    assert(fr_writer_is_here());
    fr_db_txn *txn = ctx->txn;
    if (txn->failed == FR_OK && txn->until_ms && fr_clock_ms() > txn->until_ms)
        txn->failed =
            fr_fail(ctx, FR_ETIMEOUT, "The transaction took longer than %u ms.", (unsigned)txn->ms);
    return txn->failed;
}

int fr_txn_step(fr_db_txn *txn, fr_stmt *stmt, fr_mark mark)
{
    assert(fr_writer_is_here());
    int rc = sqlite3_step(stmt->h);
    if (rc == SQLITE_DONE || rc == SQLITE_ROW)
        return rc;
    fr_changes_cut(&txn->writer->changes, mark);
    if (sqlite3_get_autocommit(txn->writer->conn.h)) {
        txn->is_gone = true; /* nothing may run now: each statement would commit by itself */
        txn->failed = fr_sqlite_err(&txn->writer->conn, rc);
    }
    return rc;
}

/* ---- parts ---- */

/* A part that failed leaves no trace; its statements may have kept rows (a trigger's RAISE(FAIL)), its images would be
 * ghosts. */
static fr_err end_part(fr_ctx *ctx, fr_err err, fr_mark mark)
{
    fr_db_txn *txn = ctx->txn;
    fr_sqlite *conn = &txn->writer->conn;
    if (txn->is_gone)
        return txn->failed;
    int rc = SQLITE_OK;
    if (err != FR_OK) {
        fr_changes_cut(&txn->writer->changes, mark);
        rc = fr_sqlite_run(conn, "ROLLBACK TO part");
    }
    if (rc == SQLITE_OK)
        rc = fr_sqlite_run(conn, "RELEASE part");
    if (rc != SQLITE_OK)
        txn->failed = fr_sqlite_fail(ctx, conn, rc, NULL, NULL);
    return rc == SQLITE_OK ? err : txn->failed;
}

fr_err fr_txn_part(fr_ctx *ctx, fr_err (*fn)(fr_ctx *ctx, void *arg), void *arg)
{
    assert(fr_writer_is_here());
    FR_TRY(fr_txn_check(ctx));
    int rc = fr_sqlite_run(&ctx->txn->writer->conn, "SAVEPOINT part");
    if (rc != SQLITE_OK)
        return fr_sqlite_fail(ctx, &ctx->txn->writer->conn, rc, NULL, NULL);
    fr_mark mark = fr_changes_mark(&ctx->txn->writer->changes);
    return end_part(ctx, fn(ctx, arg), mark);
}
