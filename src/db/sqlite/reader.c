/*
 * Reads. Each loop has a connection that its handlers read on in place, as a hop to a sleeping thread costs twenty
 * reads. All reads of a pass share one read transaction, which a pass hook ends; it begins anew when a commit has been
 * answered since, so that nobody reads what is older than an answer. A read over its budget is aborted and begun anew
 * on a pool thread (traps B6), where its shape goes at once from then on.
 */
#include "db/db_int.h"

#include <string.h>
#include <time.h>
#include "base/alloc.h"

/* 200,000 steps are about 20 ms; the processor time is for the few steps that are slow, such as LIKE over long texts. */
enum { BUDGET_STEPS = 200, BUDGET_CPU_NS = 20 * 1000 * 1000, SLOW_READ_MS = 5000 };

struct fr_reader {
    fr_sqlite conn;
    fr_db *db;                    /* NULL after the database has been closed */
    fr_reader *next, **prev_next; /* among all of the database */
    fr_reader *next_idle;
    /* the rest is for one that belongs to a loop */
    fr_reader *next_of_loop;
    fr_loop *loop;
    fr_pass_hook hook;
    uint64_t begun; /* the committed number before the transaction began */
    bool is_begun, is_busy, has_place;
    fr_place place;
};

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Every FR_BUDGET_UNIT steps: not 0 aborts the statement. */
static int progress(void *arg)
{
    fr_sqlite *conn = arg;
    if (conn->until_ms && fr_clock_ms() > conn->until_ms)
        conn->is_over_budget = true;
    if (!conn->has_budget)
        return conn->is_over_budget;
    uint64_t now = cpu_ns();
    if (!conn->cpu_until_ns) /* asked here first: a system call for each short read would be a tenth of it */
        conn->cpu_until_ns = now + BUDGET_CPU_NS;
    if (conn->steps_left-- == 0 || now > conn->cpu_until_ns)
        conn->is_over_budget = true;
    return conn->is_over_budget;
}

/* ---- open and close ---- */

static fr_err open_reader(fr_db *db, fr_reader **out)
{
    char error[512];
    fr_reader *reader = fr_zalloc(sizeof *reader);
    if (!reader)
        return FR_ENOMEM;
    fr_err err = fr_sqlite_open(&reader->conn, db->path.p,
                                db->opts.is_read_only ? FR_SQLITE_READER_ONLY : FR_SQLITE_READER,
                                NULL, NULL, error);
    if (err != FR_OK) {
        FR_ERROR("db.open", FR_KV_C("message", error));
        fr_free(reader);
        return err;
    }
    sqlite3_progress_handler(reader->conn.h, FR_BUDGET_UNIT, progress, &reader->conn);
    reader->db = db;
    pthread_mutex_lock(&db->readers_lock);
    reader->next = db->readers;
    reader->prev_next = &db->readers;
    if (db->readers)
        db->readers->prev_next = &reader->next;
    db->readers = reader;
    pthread_mutex_unlock(&db->readers_lock);
    *out = reader;
    return FR_OK;
}

static void close_reader(fr_reader *reader)
{
    fr_db *db = reader->db;
    if (db) {
        pthread_mutex_lock(&db->readers_lock);
        *reader->prev_next = reader->next;
        if (reader->next)
            reader->next->prev_next = reader->prev_next;
        pthread_mutex_unlock(&db->readers_lock);
        fr_counts_end(&reader->conn);
        fr_sqlite_close(&reader->conn);
    }
    fr_free(reader);
}

/* The loops' readers stay as shells without a connection until their loop ends; they may end in either order. */
void fr_readers_close(fr_db *db)
{
    while (db->readers) {
        fr_reader *reader = db->readers;
        db->readers = reader->next;
        fr_counts_end(&reader->conn);
        fr_sqlite_close(&reader->conn);
        reader->db = NULL;
        if (!reader->loop)
            fr_free(reader);
    }
    db->idle_readers = NULL;
}

static void free_loop_readers(void *value)
{
    fr_reader *reader = value;
    while (reader) {
        fr_reader *next = reader->next_of_loop;
        close_reader(reader);
        reader = next;
    }
}

static void end_pass(fr_pass_hook *hook);

static fr_err loop_reader(fr_loop *loop, fr_db *db, fr_reader **out)
{
    fr_reader *first = fr_loop_slot_get(loop, FR_SLOT_DB), *reader = first;
    while (reader && reader->db != db)
        reader = reader->next_of_loop;
    if (!reader) {
        FR_TRY(open_reader(db, &reader));
        reader->loop = loop;
        reader->hook.run = end_pass;
        fr_counts_begin(&reader->conn);
        reader->next_of_loop = first;
        fr_loop_slot_set(loop, FR_SLOT_DB, reader, free_loop_readers);
    }
    *out = reader;
    return FR_OK;
}

fr_err fr_reader_take(fr_db *db, fr_reader **out)
{
    pthread_mutex_lock(&db->readers_lock);
    fr_reader *reader = db->idle_readers;
    if (reader)
        db->idle_readers = reader->next_idle;
    pthread_mutex_unlock(&db->readers_lock);
    if (!reader)
        return open_reader(db, out);
    *out = reader;
    return FR_OK;
}

void fr_reader_give(fr_reader *reader)
{
    fr_db *db = reader->db;
    pthread_mutex_lock(&db->readers_lock);
    reader->next_idle = db->idle_readers;
    db->idle_readers = reader;
    pthread_mutex_unlock(&db->readers_lock);
}

/* ---- the transaction ---- */

static void end_transaction(fr_reader *reader)
{
    reader->is_begun = false;
    reader->has_place = false;
    if (fr_sqlite_run(&reader->conn, "COMMIT") != SQLITE_OK &&
        !sqlite3_get_autocommit(reader->conn.h))
        fr_sqlite_run(&reader->conn, "ROLLBACK");
}

static void end_pass(fr_pass_hook *hook)
{
    fr_reader *reader = (fr_reader *)((char *)hook - offsetof(fr_reader, hook));
    if (reader->is_begun && reader->db)
        end_transaction(reader);
}

static fr_err begin_transaction(fr_reader *reader, fr_read *read)
{
    uint64_t committed = atomic_load_explicit(&reader->db->number, memory_order_acquire);
    if (reader->is_begun && reader->begun == committed)
        return FR_OK;
    if (reader->is_begun)
        end_transaction(reader);
    int rc = fr_sqlite_run(&reader->conn, "BEGIN");
    if (rc != SQLITE_OK)
        return fr_db_fail(read->ctx, &reader->conn, rc, read->table, NULL);
    reader->is_begun = true;
    reader->begun = committed;
    if (reader->loop)
        fr_loop_at_pass_end(reader->loop, &reader->hook);
    return FR_OK;
}

int fr_pragma_read(fr_sqlite *conn, const char *sql, int64_t *out)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(conn, sql, &stmt);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(stmt->h);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt->h, 0);
    fr_stmt_release(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

int fr_place_read(fr_sqlite *conn, fr_place *out)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(
        conn, "SELECT number, mark FROM freshet_commit ORDER BY number DESC LIMIT 1", &stmt);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(stmt->h);
    if (rc == SQLITE_ROW)
        *out = (fr_place){(uint64_t)sqlite3_column_int64(stmt->h, 0),
                          (uint64_t)sqlite3_column_int64(stmt->h, 1)};
    fr_stmt_release(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* What the transaction sees: read once in it, before the rows or after them, as its snapshot is one. */
static fr_err transaction_place(fr_reader *reader, fr_read *read)
{
    if (!reader->has_place && reader->db->has_log) {
        reader->place = (fr_place){0};
        int rc = fr_place_read(&reader->conn, &reader->place);
        if (rc != SQLITE_OK)
            return fr_db_fail(read->ctx, &reader->conn, rc, read->table, NULL);
        reader->has_place = true;
    }
    *read->place = reader->place;
    return FR_OK;
}

/* ---- one read ---- */

bool fr_read_begin(fr_sqlite *conn, fr_stmt *stmt)
{
    if (!conn->has_budget)
        return true;
    if (stmt->is_slow) {
        conn->is_over_budget = true;
        return false;
    }
    conn->steps_left = BUDGET_STEPS;
    conn->cpu_until_ns = 0;
    return true;
}

int fr_read_step(fr_sqlite *conn, fr_stmt *stmt)
{
    int rc = sqlite3_step(stmt->h);
    if ((rc & 0xff) == SQLITE_INTERRUPT && conn->is_over_budget)
        stmt->is_slow = true;
    return rc;
}

fr_err fr_read_fail(fr_read *read, fr_sqlite *conn, int rc)
{
    if (conn->has_budget && conn->is_over_budget)
        return FR_EBUSY; /* not an answer: it begins anew elsewhere */
    if ((rc & 0xff) == SQLITE_INTERRUPT)
        return fr_fail(read->ctx, FR_EBUSY, "The query took too long.");
    return fr_db_fail(read->ctx, conn, rc, read->table, NULL);
}

static void set_budget(fr_sqlite *conn, bool has_budget, uint32_t ms)
{
    conn->is_over_budget = false;
    conn->has_budget = has_budget;
    conn->until_ms = ms ? fr_clock_ms() + ms : 0;
}

typedef struct in_place {
    fr_read *read;
    bool has_budget, is_over_budget;
    fr_err err;
} in_place;

static fr_err run_with(fr_reader *reader, fr_read *read, bool has_budget, bool *is_over_budget)
{
    fr_sqlite *conn = &reader->conn;
    FR_TRY(begin_transaction(reader, read));
    set_budget(conn, has_budget, 0);
    fr_err err = read->run(read, conn);
    *is_over_budget = has_budget && conn->is_over_budget;
    set_budget(conn, false, 0);
    if (!read->place || *is_over_budget || (err != FR_OK && err != FR_ENOTFOUND))
        return err;
    fr_err placed = transaction_place(reader, read);
    return err == FR_OK ? placed : err;
}

static void run_in_place(void *arg)
{
    in_place *job = arg;
    fr_ctx *ctx = job->read->ctx;
    fr_reader *reader;
    job->err = loop_reader(ctx->loop, job->read->db, &reader);
    if (job->err != FR_OK) {
        fr_fail(ctx, job->err, "The database does not answer. Try again.");
    } else if (reader->is_busy) {
        job->err = fr_fail(ctx, FR_EINTERNAL, "A read within a read.");
    } else {
        reader->is_busy = true;
        job->err = run_with(reader, job->read, job->has_budget, &job->is_over_budget);
        reader->is_busy = false;
    }
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
    return fr_pool_run(read->db->pool, read);
}

fr_err fr_reader_run(fr_reader *reader, fr_read *read, uint32_t ms)
{
    fr_sqlite *conn = &reader->conn;
    set_budget(conn, false, ms);
    if (!read->place)
        return read->run(read, conn); /* one statement is a transaction of its own */
    FR_TRY(begin_transaction(reader, read));
    fr_err err = read->run(read, conn);
    if (err == FR_OK || err == FR_ENOTFOUND) {
        fr_err placed = transaction_place(reader, read);
        err = err == FR_OK ? placed : err;
    }
    end_transaction(reader);
    return err;
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

static fr_err read_in_txn(fr_read *read)
{
    FR_TRY(fr_txn_check(read->ctx));
    FR_TRY(read->run(read, &read->ctx->txn->writer->conn));
    if (read->place)
        *read->place = read->ctx->txn->writer->place;
    return FR_OK;
}

fr_err fr_read_run(fr_read *read)
{
    if (read->ctx->txn)
        return read_in_txn(read);
    if (fr_writer_is_here())
        return fr_fail(read->ctx, FR_EINVAL,
                       "Inside fr_atomic use the context that the function was given.");
    return read->ctx->loop ? read_on_loop(read) : read_outside_loops(read);
}
