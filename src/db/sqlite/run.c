/*
 * Where a read runs: in place on its loop; on a pool thread from the beginning once it was over its budget; on the
 * writer's connection inside fr_atomic; on an idle connection where there is no loop.
 */
#include "db/sqlite/sqlite_int.h"

#include "net/fiber.h"

typedef struct in_place {
    fr_read *read;
    bool has_budget, is_over_budget;
    fr_err err;
} in_place;

static void run_in_place(void *arg)
{
    in_place *job = arg;
    fr_ctx *ctx = job->read->ctx;
    fr_reader *reader;
    job->err = fr_reader_of_loop(ctx->loop, job->read->db, &reader);
    if (job->err == FR_OK)
        job->err = fr_reader_run_in_pass(reader, job->read, job->has_budget, &job->is_over_budget);
    else
        fr_fail(ctx, job->err, "The database does not answer. Try again.");
}

/* Opening and preparing need a deep stack, and so may a statement that SQLite prepares anew when it is stepped: all of
 * it runs on the loop's own. Outside a fiber nothing can wait for the pool, so there is no budget. */
static fr_err read_on_loop(fr_read *read)
{
    in_place job = {.read = read, .has_budget = fr_fiber_current() != NULL};
    fr_fiber_on_loop_stack(run_in_place, &job);
    if (!job.is_over_budget)
        return job.err;
    fr_stat_add(&read->db->stats.slow_reads, 1);
    return fr_pool_run(fr_sqlite_db_of(read->db)->pool, read);
}

static fr_err read_outside_loops(fr_read *read)
{
    fr_reader *reader;
    fr_err err = fr_reader_take(read->db, &reader);
    if (err != FR_OK)
        return fr_fail(read->ctx, err, "The database does not answer. Try again.");
    err = fr_reader_run(reader, read, 0);
    fr_reader_give(reader);
    return err;
}

static fr_err read_in_member(fr_read *read)
{
    FR_TRY(fr_txn_check(read->ctx));
    FR_TRY(fr_read_do(read, read->ctx->txn->conn));
    if (read->basis)
        *read->basis = (fr_basis){.place = read->ctx->txn->writer->place};
    return FR_OK;
}

/* Transaction and budget are the snapshot's. */
static fr_err read_in_snapshot(fr_read *read)
{
    fr_sqlite *conn = read->ctx->txn->conn;
    FR_TRY(fr_read_do(read, conn));
    if (!read->basis || !fr_sqlite_db_of(read->db)->has_log)
        return FR_OK;
    *read->basis = (fr_basis){0};
    int rc = fr_place_read(conn, &read->basis->place);
    return rc == SQLITE_OK ? FR_OK : fr_read_fail(read, conn, rc);
}

fr_err fr_read_run(fr_read *read)
{
    if (read->ctx->txn)
        return read->ctx->txn->writer ? read_in_member(read) : read_in_snapshot(read);
    if (fr_writer_is_here())
        return fr_fail(read->ctx, FR_EINVAL,
                       "Inside fr_atomic use the context that the function was given.");
    return read->ctx->loop ? read_on_loop(read) : read_outside_loops(read);
}

/* ---- a look ---- */

typedef struct look {
    fr_ctx *ctx;
    bool is_anew;
    fr_now *out;
    int64_t *version; /* not NULL: this alone */
    fr_err err;
} look;

static void run_look(void *arg)
{
    look *l = arg;
    fr_reader *reader;
    l->err = fr_reader_of_loop(l->ctx->loop, l->ctx->db, &reader);
    if (l->err == FR_OK && l->version)
        l->err = fr_reader_version(reader, l->ctx, l->version);
    else if (l->err == FR_OK)
        l->err = fr_reader_now(reader, l->ctx, l->is_anew, l->out);
    else
        fr_fail(l->ctx, l->err, "The database does not answer. Try again.");
}

fr_err fr_sqlite_now(fr_ctx *ctx, bool is_anew, fr_now *out)
{
    look l = {.ctx = ctx, .is_anew = is_anew, .out = out};
    fr_fiber_on_loop_stack(run_look, &l);
    return l.err;
}

fr_err fr_sqlite_version(fr_ctx *ctx, int64_t *out)
{
    look l = {.ctx = ctx, .version = out};
    fr_fiber_on_loop_stack(run_look, &l);
    return l.err;
}
