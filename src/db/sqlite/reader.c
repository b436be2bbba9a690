/*
 * Connections for reading. Each loop has one that its handlers read on in place, as a hop to a sleeping thread costs
 * twenty reads. All reads of a pass share one read transaction, which a pass hook ends; it begins anew when a commit has
 * been answered since, so that nobody reads what is older than an answer.
 */
#include "db/sqlite/sqlite_int.h"

#include <unistd.h>
#include "base/alloc.h"
#include "db/counts.h"

struct fr_reader {
    fr_sqlite conn;
    atomic_bool is_reading;       /* has a transaction, or is about to begin one */
    fr_db *db;                    /* NULL after the database has been closed */
    fr_reader *next, **prev_next; /* among all of the database */
    fr_reader *next_idle;
    /* the rest is for one that belongs to a loop */
    fr_reader *next_of_loop;
    fr_loop *loop;
    fr_pass_hook hook;
    uint64_t begun; /* the committed number before the transaction began */
    bool is_begun, is_busy, has_place, has_version;
    fr_place place;
    int64_t version;
};

/* ---- open and close ---- */

static fr_err open_reader(fr_db *db, fr_loop *loop, fr_reader **out)
{
    fr_sqlite_db *f = fr_sqlite_db_of(db);
    char error[512] = "another file is in the place of the database";
    fr_reader *reader = fr_zalloc(sizeof *reader);
    if (!reader)
        return FR_ENOMEM;
    fr_err err = FR_EBACKEND;
    if (fr_files_is_there(&f->files)) /* another one, with our log, would be damaged by it */
        err = fr_sqlite_open(&reader->conn, f->files.names[FR_FILE_MAIN],
                             db->opts.is_read_only ? FR_SQLITE_READER_ONLY : FR_SQLITE_READER, NULL,
                             NULL, error);
    if (err != FR_OK) {
        FR_ERROR("db.open", FR_KV_C("message", error));
        fr_free(reader);
        return err;
    }
    reader->conn.is_stopping = &db->is_stopping;
    reader->conn.is_gone = &db->is_gone;
    fr_read_watch(&reader->conn, loop != NULL);
    reader->db = db;
    reader->loop = loop;
    pthread_mutex_lock(&f->readers_lock);
    reader->next = f->readers;
    reader->prev_next = &f->readers;
    if (f->readers)
        f->readers->prev_next = &reader->next;
    f->readers = reader;
    pthread_mutex_unlock(&f->readers_lock);
    *out = reader;
    return FR_OK;
}

static void close_reader(fr_reader *reader)
{
    if (reader->db) {
        fr_sqlite_db *f = fr_sqlite_db_of(reader->db);
        pthread_mutex_lock(&f->readers_lock);
        *reader->prev_next = reader->next;
        if (reader->next)
            reader->next->prev_next = reader->prev_next;
        pthread_mutex_unlock(&f->readers_lock);
        fr_counts_free(reader->conn.counts);
        fr_sqlite_close(&reader->conn);
    }
    fr_free(reader);
}

/* The loops' readers stay as shells without a connection until their loop ends; they may end in either order. */
void fr_readers_close(fr_sqlite_db *f)
{
    while (f->readers) {
        fr_reader *reader = f->readers;
        f->readers = reader->next;
        fr_counts_free(reader->conn.counts);
        fr_sqlite_close(&reader->conn);
        reader->db = NULL;
        if (!reader->loop)
            fr_free(reader);
    }
    f->idle_readers = NULL;
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

fr_err fr_reader_of_loop(fr_loop *loop, fr_db *db, fr_reader **out)
{
    fr_reader *first = fr_loop_slot_get(loop, FR_SLOT_DB), *reader = first;
    while (reader && reader->db != db)
        reader = reader->next_of_loop;
    if (!reader) {
        FR_TRY(open_reader(db, loop, &reader));
        reader->hook.run = end_pass;
        reader->conn.counts = fr_counts_new(); /* without memory: it does not remember */
        reader->next_of_loop = first;
        fr_loop_slot_set(loop, FR_SLOT_DB, reader, free_loop_readers);
    }
    *out = reader;
    return FR_OK;
}

fr_err fr_reader_take(fr_db *db, fr_reader **out)
{
    fr_sqlite_db *f = fr_sqlite_db_of(db);
    pthread_mutex_lock(&f->readers_lock);
    fr_reader *reader = f->idle_readers;
    if (reader)
        f->idle_readers = reader->next_idle;
    pthread_mutex_unlock(&f->readers_lock);
    if (!reader)
        return open_reader(db, NULL, out);
    *out = reader;
    return FR_OK;
}

void fr_reader_give(fr_reader *reader)
{
    fr_sqlite_db *f = fr_sqlite_db_of(reader->db);
    pthread_mutex_lock(&f->readers_lock);
    reader->next_idle = f->idle_readers;
    f->idle_readers = reader;
    pthread_mutex_unlock(&f->readers_lock);
}

/* ---- pauses: the writer waits until nobody reads (checkpoint.c) ---- */

enum { LOOP_WAITS_MS = 50, SLOW_WAITS_MS = 7000, LOOP_LOOK_US = 100, SLOW_LOOK_US = 2000 };

/* A reader says that it reads, then looks for a pause; the writer says that there is one, then looks for readers. So one of
 * the two sees the other. */
static bool may_read(fr_reader *reader)
{
    fr_pause mine = reader->loop ? FR_PAUSE_ALL : FR_PAUSE_SLOW;
    atomic_store(&reader->is_reading, true);
    if (atomic_load(&fr_sqlite_db_of(reader->db)->pause) < (int)mine)
        return true;
    atomic_store(&reader->is_reading, false);
    return false;
}

/* Before a transaction. A reader that has waited too long reads all the same. */
static void begin_reading(fr_reader *reader)
{
    if (may_read(reader))
        return;
    uint64_t until_ms = fr_clock_ms() + (reader->loop ? LOOP_WAITS_MS : SLOW_WAITS_MS);
    while (!may_read(reader)) {
        if (fr_clock_ms() > until_ms || atomic_load(&reader->db->is_stopping)) {
            atomic_store(&reader->is_reading, true);
            return;
        }
        usleep(reader->loop ? LOOP_LOOK_US : SLOW_LOOK_US);
    }
}

static void end_reading(fr_reader *reader)
{
    atomic_store_explicit(&reader->is_reading, false, memory_order_release);
}

void fr_readers_pause(fr_sqlite_db *f, fr_pause pause)
{
    atomic_store(&f->pause, (int)pause);
}

bool fr_readers_are_quiet(fr_sqlite_db *f, fr_pause pause)
{
    bool is_quiet = true;
    pthread_mutex_lock(&f->readers_lock);
    for (fr_reader *reader = f->readers; reader && is_quiet; reader = reader->next)
        is_quiet = (reader->loop && pause == FR_PAUSE_SLOW) || !atomic_load(&reader->is_reading);
    pthread_mutex_unlock(&f->readers_lock);
    return is_quiet;
}

/* ---- the transaction ---- */

static void end_transaction(fr_reader *reader)
{
    reader->is_begun = false;
    reader->has_place = false;
    reader->has_version = false;
    if (fr_sqlite_run(&reader->conn, "COMMIT") != SQLITE_OK &&
        !sqlite3_get_autocommit(reader->conn.h))
        fr_sqlite_run(&reader->conn, "ROLLBACK");
    end_reading(reader);
}

static void end_pass(fr_pass_hook *hook)
{
    fr_reader *reader = (fr_reader *)((char *)hook - offsetof(fr_reader, hook));
    if (reader->is_begun && reader->db)
        end_transaction(reader);
}

static fr_err begin_transaction(fr_reader *reader, fr_ctx *ctx, const fr_table *table)
{
    uint64_t committed = atomic_load_explicit(&reader->db->number, memory_order_acquire);
    if (reader->is_begun && reader->begun == committed)
        return FR_OK;
    if (reader->is_begun)
        end_transaction(reader);
    begin_reading(reader);
    int rc = fr_sqlite_run(&reader->conn, "BEGIN");
    if (rc != SQLITE_OK) {
        end_reading(reader);
        return fr_sqlite_fail(ctx, &reader->conn, rc, table, NULL);
    }
    reader->is_begun = true;
    reader->begun = committed;
    if (reader->loop)
        fr_loop_at_pass_end(reader->loop, &reader->hook);
    return FR_OK;
}

/* What the transaction sees: read once in it, before the rows or after them, as its snapshot is one. */
static fr_err transaction_place(fr_reader *reader, fr_ctx *ctx, fr_place *out)
{
    if (!reader->has_place && fr_sqlite_db_of(reader->db)->has_log) {
        reader->place = (fr_place){0};
        int rc = fr_place_read(&reader->conn, &reader->place);
        if (rc != SQLITE_OK)
            return fr_sqlite_fail(ctx, &reader->conn, rc, NULL, NULL);
        reader->has_place = true;
    }
    *out = reader->place;
    return FR_OK;
}

/* Once in a transaction. */
fr_err fr_reader_version(fr_reader *reader, fr_ctx *ctx, int64_t *out)
{
    FR_TRY(begin_transaction(reader, ctx, NULL));
    int rc = SQLITE_OK;
    if (!reader->has_version)
        rc = fr_pragma_read(&reader->conn, "PRAGMA data_version", &reader->version);
    if (rc != SQLITE_OK)
        return fr_sqlite_fail(ctx, &reader->conn, rc, NULL, NULL);
    reader->has_version = true;
    *out = reader->version;
    return FR_OK;
}

fr_err fr_reader_now(fr_reader *reader, fr_ctx *ctx, bool is_anew, fr_now *out)
{
    if (is_anew && reader->is_begun)
        end_transaction(reader);
    FR_TRY(begin_transaction(reader, ctx, NULL));
    FR_TRY(transaction_place(reader, ctx, &out->place));
    return fr_reader_version(reader, ctx, &out->version);
}

/* ---- one read ---- */

/* Of a read that has ended well, or found nothing. */
static fr_err tell_basis(fr_reader *reader, fr_read *read, fr_err err)
{
    if (!read->basis || (err != FR_OK && err != FR_ENOTFOUND))
        return err;
    *read->basis = (fr_basis){0};
    fr_err placed = transaction_place(reader, read->ctx, &read->basis->place);
    return err == FR_OK ? placed : err;
}

static fr_err run_in_pass(fr_reader *reader, fr_read *read, bool has_budget, bool *is_over_budget)
{
    fr_sqlite *conn = &reader->conn;
    FR_TRY(begin_transaction(reader, read->ctx, read->table));
    fr_read_budget(conn, has_budget, 0);
    fr_err err = fr_read_do(read, conn);
    *is_over_budget = has_budget && conn->is_over_budget;
    fr_read_budget(conn, false, 0);
    return *is_over_budget ? err : tell_basis(reader, read, err);
}

fr_err fr_reader_run_in_pass(fr_reader *reader, fr_read *read, bool has_budget,
                             bool *is_over_budget)
{
    if (reader->is_busy)
        return fr_fail(read->ctx, FR_EINTERNAL, "A read within a read.");
    reader->is_busy = true;
    fr_err err = run_in_pass(reader, read, has_budget, is_over_budget);
    reader->is_busy = false;
    return err;
}

static fr_err run_slowly(fr_reader *reader, fr_read *read, uint32_t ms)
{
    fr_sqlite *conn = &reader->conn;
    fr_read_budget(conn, false, ms);
    if (!read->basis &&
        read->kind != FR_READ_SNAPSHOT) { /* one statement is a transaction of its own */
        begin_reading(reader);
        fr_err result = fr_read_do(read, conn);
        end_reading(reader);
        return result;
    }
    FR_TRY(begin_transaction(reader, read->ctx, read->table));
    fr_err err = tell_basis(reader, read, fr_read_do(read, conn));
    end_transaction(reader);
    return err;
}

/* A read that is in the midst when the writer wants a pause is broken off, and begins anew behind the pause; once, so that
 * the read comes to its end however much is written. */
fr_err fr_reader_run(fr_reader *reader, fr_read *read, uint32_t ms)
{
    fr_sqlite *conn = &reader->conn;
    conn->has_yielded = false;
    conn->yields_to = &fr_sqlite_db_of(reader->db)->pause;
    fr_err err = run_slowly(reader, read, ms);
    conn->yields_to = NULL;
    if (!conn->has_yielded)
        return err;
    conn->has_yielded = false;
    return run_slowly(reader, read, ms);
}
