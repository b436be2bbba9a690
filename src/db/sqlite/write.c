/* Writing: as a member of the next group, or a part of the member that runs. */
#include "base/zone.h"
#include "db/sqlite/sqlite_int.h"

/* ---- the calls ---- */

static fr_err check_may_write(fr_ctx *ctx)
{
    bool is_snapshot = ctx->txn && !ctx->txn->writer;
    return is_snapshot ? fr_fail(ctx, FR_EINVAL, "A snapshot is only read.") : FR_OK;
}

fr_err fr_sqlite_write(fr_ctx *ctx, fr_write *writes, size_t count)
{
    FR_TRY(check_may_write(ctx));
    if (ctx->txn)
        return fr_txn_write(ctx, writes, count);
    fr_txn_member member = {
        .ctx = ctx, .writes = writes, .write_count = count, .zone = fr_zone_here()};
    return fr_writer_run(ctx->db, &member);
}

fr_err fr_sqlite_atomic(fr_ctx *ctx, fr_atom *of)
{
    FR_TRY(check_may_write(ctx));
    if (ctx->txn)
        return fr_txn_part(ctx, of->fn, of->arg);
    fr_txn_member member = {.ctx = ctx, .of = of, .zone = fr_zone_here()};
    return fr_writer_run(ctx->db, &member);
}

/* ---- tests only ---- */

typedef struct script {
    const char *sql; /* what is left */
    bool goes_on;
} script;

static fr_err run_one(fr_ctx *ctx, void *arg)
{
    script *s = arg;
    fr_db_txn *txn = ctx->txn;
    fr_stmt stmt = {0};
    int rc = sqlite3_prepare_v2(txn->writer->conn.h, s->sql, -1, &stmt.h, &s->sql);
    fr_mark mark = fr_changes_mark(&txn->writer->changes);
    while (rc == SQLITE_OK && stmt.h && fr_txn_step(txn, &stmt, mark) == SQLITE_ROW)
        continue;
    int finalized = sqlite3_finalize(stmt.h);
    rc = rc == SQLITE_OK ? finalized : rc;
    return rc == SQLITE_OK ? FR_OK : fr_sqlite_fail(ctx, &txn->writer->conn, rc, NULL, NULL);
}

static fr_err run_script(fr_ctx *ctx, void *arg)
{
    script *s = arg;
    script left = *s; /* a member may be run twice */
    while (*left.sql && ctx->txn->failed == FR_OK) {
        fr_err err = left.goes_on ? fr_txn_part(ctx, run_one, &left) : run_one(ctx, &left);
        if (err != FR_OK && !left.goes_on)
            return err;
    }
    return FR_OK;
}

fr_err fr_db_exec_for_test(fr_ctx *ctx, const char *sql, bool goes_on)
{
    script s = {sql, goes_on};
    return fr_atomic(ctx, run_script, &s);
}
