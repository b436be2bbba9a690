/* The one thread that writes, and the queue in front of it. What it does with those that wait is group.c. */
#include "db/sqlite/sqlite_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "net/threads.h"

enum { WATCH_MS = 1000, SOON_MS = 20 };

/* ---- the queue ---- */

static uint32_t patience_ms(const fr_writer *w)
{
    if (fr_checkpoint_is_waiting(w))
        return SOON_MS;
    return w->db->opts.watch_ms ? w->db->opts.watch_ms : WATCH_MS;
}

/* All that wait, at most FR_GROUP_MEMBERS. NULL: it is time to look for strangers, or (*is_over) closing. */
static fr_txn_member *take_group(fr_writer *w, bool *is_over)
{
    struct timespec at;
    uint32_t wait_ms = patience_ms(w);
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += wait_ms / 1000;
    at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    pthread_mutex_lock(&w->lock);
    int late = 0;
    while (!w->first && !w->is_closing && late != ETIMEDOUT) {
        w->is_waiting = true;
        late = pthread_cond_timedwait(&w->wake, &w->lock, &at);
        w->is_waiting = false;
    }
    fr_txn_member *first = w->first, *last = first;
    size_t count = first ? 1 : 0;
    while (last && last->next && count < FR_GROUP_MEMBERS) {
        last = last->next;
        count++;
    }
    if (last) {
        w->first = last->next;
        last->next = NULL;
        if (!w->first)
            w->last = &w->first;
        w->count -= count;
    }
    *is_over = !first && w->is_closing;
    pthread_mutex_unlock(&w->lock);
    if (count > atomic_load_explicit(&w->db->stats.largest, memory_order_relaxed))
        atomic_store_explicit(&w->db->stats.largest, count, memory_order_relaxed);
    return first;
}

static void *work(void *arg)
{
    fr_writer *w = arg;
    bool is_over = false;
    fr_writer_enter();
    while (!is_over) {
        fr_txn_member *first = take_group(w, &is_over);
        if (first)
            fr_writer_run_group(w, first);
        else if (!is_over && w->db->opts.watch_ms != UINT32_MAX)
            fr_writer_look_around(w);
        if (!is_over)
            fr_checkpoint_tend(w, !first);
    }
    fr_readers_pause(fr_sqlite_db_of(w->db), FR_PAUSE_NONE);
    return NULL;
}

static bool enqueue(fr_writer *w, fr_txn_member *member)
{
    pthread_mutex_lock(&w->lock);
    bool has_room = w->count < FR_QUEUE_MEMBERS && !w->is_closing;
    bool is_waiting = w->is_waiting;
    if (has_room) {
        *w->last = member;
        w->last = &member->next;
        w->count++;
        w->is_waiting = false;
    }
    pthread_mutex_unlock(&w->lock);
    if (has_room && is_waiting)
        pthread_cond_signal(&w->wake);
    return has_room;
}

fr_err fr_writer_run(fr_db *db, fr_txn_member *member)
{
    fr_ctx *ctx = member->ctx;
    fr_writer *writer = fr_sqlite_db_of(db)->writer;
    if (!writer)
        return fr_fail(ctx, FR_EDENIED, "The database is open for reading only.");
    if (fr_writer_is_here())
        return fr_fail(ctx, FR_EINVAL,
                       "Inside fr_atomic use the context that the function was given.");
    fr_wait_init(&member->wait, ctx);
    if (!enqueue(writer, member)) {
        if (atomic_load(&db->is_stopping))
            return fr_fail(ctx, FR_EBUSY, FR_STOPPING_TEXT);
        fr_stat_add(&db->stats.refused, 1);
        return fr_fail(ctx, FR_EBUSY, "Too many writes are waiting. Try again.");
    }
    return fr_wait_for(&member->wait); /* to the end: the writer holds our memory (traps A21) */
}

uint64_t fr_writer_queued(fr_writer *w)
{
    pthread_mutex_lock(&w->lock);
    uint64_t count = w->count;
    pthread_mutex_unlock(&w->lock);
    return count;
}

/* ---- open and close ---- */

/* For tell_of_flood, which must need no memory. */
static fr_err list_live(fr_writer *w)
{
    const fr_db *db = w->db;
    w->live = fr_arena_alloc(db->arena, (db->table_count + 1) * sizeof *w->live);
    for (size_t i = 0; i < db->table_count && w->live; i++)
        if (db->tables[i].is_live)
            w->live[w->live_count++] = db->tables[i].model;
    return w->live ? FR_OK : FR_ENOMEM;
}

static fr_err fail_open(const fr_writer *w, fr_err err, char error[512])
{
    snprintf(error, 512, "cannot use %s: %s", fr_sqlite_db_of(w->db)->path.p,
             sqlite3_errmsg(w->conn.h));
    return err;
}

static fr_err open_connection(fr_writer *w, char error[512])
{
    fr_db *db = w->db;
    fr_sqlite_db *f = fr_sqlite_db_of(db);
    FR_TRY(fr_sqlite_open(&w->conn, f->path.p, FR_SQLITE_WRITER, fr_hook_fired, &w->hook, error));
    w->conn.is_stopping = &db->is_stopping;
    w->conn.is_gone = &db->is_gone;
    FR_TRY(fr_files_open(&f->files, &w->conn, error));
    return fr_lock_open(&f->lock, &f->files, f->path.p, error);
}

fr_err fr_writer_open(fr_db *db, fr_writer **out, char error[512])
{
    fr_writer *w = fr_zalloc(sizeof *w);
    if (!w)
        return FR_ENOMEM;
    w->db = db;
    w->last = &w->first;
    fr_buf_init(&w->scratch);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attr);
    pthread_condattr_destroy(&attr);
    fr_err err = open_connection(w, error);
    if (err == FR_OK)
        *out = w;
    else
        fr_writer_close(w);
    return err;
}

/* Whether others have written since the file was looked at. */
static int look_for_others(fr_writer *w)
{
    int64_t version = 0;
    int rc = fr_pragma_read(&w->conn, "PRAGMA data_version", &version);
    fr_sqlite_db_of(w->db)->lock.is_changed |= w->data_version && version != w->data_version;
    return rc;
}

static int read_versions(fr_writer *w)
{
    int rc = fr_pragma_read(&w->conn, "PRAGMA schema_version", &w->schema_version);
    return rc == SQLITE_OK ? fr_pragma_read(&w->conn, "PRAGMA data_version", &w->data_version) : rc;
}

static fr_err begin(fr_writer *w, bool *absent, char error[512])
{
    fr_db *db = w->db;
    fr_sqlite_db *f = fr_sqlite_db_of(db);
    if (look_for_others(w) != SQLITE_OK)
        return fail_open(w, FR_EBACKEND, error);
    FR_TRY(fr_sqlite_use_log(&w->conn, f->path.p, error));
    if (fr_checkpoint_open(w) != FR_OK)
        return fail_open(w, FR_EBACKEND, error);
    FR_TRY(fr_schema_open(db, &w->conn, absent, error));
    FR_TRY(fr_log_open(w, error));
    if (read_versions(w) != SQLITE_OK)
        return fail_open(w, FR_EBACKEND, error);
    FR_TRY(list_live(w));
    w->arena = fr_arena_new(0);
    if (!w->arena || fr_changes_init(&w->changes, db->table_count) != FR_OK)
        return FR_ENOMEM;
    w->hook.by_name = &db->by_name;
    w->hook.changes = &w->changes;
    if (!f->lock.is_changed || !w->had_log)
        return FR_OK;
    w->data_version =
        -1; /* differs from any: what was written while nobody looked is told as a flood */
    return fr_writer_look_around(w) == SQLITE_OK ? FR_OK : fail_open(w, FR_EBUSY, error);
}

fr_err fr_writer_begin(fr_writer *w, bool *absent, char error[512])
{
    fr_err err = begin(w, absent, error);
    if (err != FR_OK)
        fr_sqlite_undo_log(&w->conn);
    return err;
}

fr_err fr_writer_start(fr_writer *w)
{
    w->has_thread = fr_thread_start(&w->thread, work, w, "freshet-writer") == FR_OK;
    return w->has_thread ? FR_OK : FR_EIO;
}

void fr_writer_stop(fr_writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->is_closing = true;
    pthread_mutex_unlock(&w->lock);
    pthread_cond_signal(&w->wake);
    if (w->has_thread)
        pthread_join(w->thread, NULL);
    w->has_thread = false;
}

void fr_writer_close(fr_writer *w)
{
    if (!w)
        return;
    fr_writer_stop(w);
    fr_sqlite_close(&w->conn);
    fr_changes_deinit(&w->changes);
    fr_free(w->commits.at);
    fr_buf_deinit(&w->scratch);
    fr_arena_free(w->arena);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    fr_free(w);
}
