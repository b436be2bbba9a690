/*
 * The write-ahead log stays small. SQLite begins it anew only in a moment without readers, and under constant ones there is
 * none: so the writer has our own readers pause for one checkpoint. First, and while they read, all that can be is moved into
 * the database; then slow reads pause, whose threads may wait; then the loops, for as long as their passes take and a few
 * pages. Whoever else holds an old state, another program with an open transaction, is told of in the server's log.
 *
 * All of it runs when a group's answers have gone. The writer's thread.
 */
#include "db/sqlite/sqlite_int.h"

#include <stdio.h>
#include <unistd.h>

enum {
    MOVE_FRAMES = 1000, /* SQLite's own measure: 4 MiB */
    FEW_FRAMES = 64,    /* are moved while our loops wait */
    FRAME_HEAD_BYTES = 24,
    ANEW_BYTES = 8 << 20, /* over this without a moment for it, one is made */
    /* of the file, when the log has begun anew: written again, and not made longer each time */
    KEPT_BYTES = 4 << 20,
    /* a read that has yielded once is not broken off again, and takes 5 s at most */
    SLOW_MS = 6000,
    /* a pass takes 2 ms, a read in it 20 ms at most; a handler that computes longer is not waited for */
    LOOPS_MS = 25,
    LOOPS_LOOK_US = 200,
    RETRY_MS = 1000,
    RETRY_SOON_MS = 100,
    TRIES_TOLD = 3, /* a log that is held for a moment only is no news */
};

static int on_commit(void *writer, sqlite3 *h, const char *schema, int frames)
{
    fr_writer *w = writer;
    (void)h, (void)schema;
    w->wal.frames = (uint64_t)frames;
    if (w->wal.frames < w->wal.moved)
        w->wal.moved = 0; /* the log has begun anew */
    return SQLITE_OK;
}

static bool is_held(int rc)
{
    return (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED;
}

/* A result code of SQLite. Waits for nobody. */
static int checkpoint(fr_writer *w, int mode)
{
    int frames = 0, moved = 0;
    w->conn.is_hasty = true;
    int rc = sqlite3_wal_checkpoint_v2(w->conn.h, "main", mode, &frames, &moved);
    w->conn.is_hasty = false;
    if (frames >= 0 && moved >= 0) {
        w->wal.frames = (uint64_t)frames;
        w->wal.moved = (uint64_t)moved;
    }
    if (rc != SQLITE_OK && !is_held(rc)) { /* a full disk: not to be asked after each group */
        fr_sqlite_log_fault(&w->conn, rc, NULL);
        w->wal.retry_ms = fr_clock_ms() + RETRY_MS;
    }
    return rc;
}

/* ---- the log is held ---- */

static uint64_t bytes_of(const fr_writer *w)
{
    return w->wal.frames * w->wal.frame_bytes;
}

static void note_held(fr_writer *w, const char *by)
{
    w->wal.retry_ms = fr_clock_ms() + RETRY_MS;
    bool is_large = fr_sqlite_db_of(w->db)->files.log_bytes > ANEW_BYTES;
    if (!is_large || ++w->wal.tries != TRIES_TOLD)
        return;
    fr_stat_add(&w->db->stats.wal_held, 1);
    FR_WARN("db.wal", FR_KV_U("mib", bytes_of(w) >> 20), FR_KV_C("held_by", by),
            FR_KV_C("note", "the write-ahead log cannot begin anew, and grows"));
}

static void note_anew(fr_writer *w, uint64_t bytes)
{
    fr_stat_add(&w->db->stats.wal_anew, 1);
    if (w->wal.tries >= TRIES_TOLD)
        FR_INFO("db.wal", FR_KV_U("mib", bytes >> 20),
                FR_KV_C("note", "nobody holds the write-ahead log any more: it has begun anew"));
    w->wal.tries = 0;
}

/* ---- one that begins anew ---- */

/* Our loops wait while this is tried. */
static int try_anew(fr_writer *w, int mode, bool *are_loops_quiet)
{
    fr_sqlite_db *f = fr_sqlite_db_of(w->db);
    uint64_t until_ms = fr_clock_ms() + LOOPS_MS;
    fr_readers_pause(f, FR_PAUSE_ALL);
    while (!(*are_loops_quiet = fr_readers_are_quiet(f, FR_PAUSE_ALL)) && fr_clock_ms() < until_ms)
        usleep(LOOPS_LOOK_US);
    int rc = *are_loops_quiet ? checkpoint(w, mode) : SQLITE_BUSY;
    fr_readers_pause(f, FR_PAUSE_NONE);
    return rc;
}

static void begin_anew(fr_writer *w, int mode)
{
    uint64_t bytes = bytes_of(w);
    bool are_loops_quiet;
    w->wal.slow_until_ms = 0;
    int rc = try_anew(w, mode, &are_loops_quiet);
    if (rc == SQLITE_OK) {
        w->wal.frames = w->wal.moved = 0;
        if (mode == SQLITE_CHECKPOINT_TRUNCATE)
            fr_sqlite_db_of(w->db)->files.log_bytes = 0;
        note_anew(w, bytes);
    } else if (!are_loops_quiet) {
        w->wal.retry_ms = fr_clock_ms() + RETRY_SOON_MS;
    } else if (is_held(rc)) {
        note_held(w, "another program's transaction");
    }
}

/* Slow reads may take seconds, in which the writer goes on: it looks again after each group, and often without one. */
static void wait_for_slow_reads(fr_writer *w)
{
    uint64_t now = fr_clock_ms();
    if (!w->wal.slow_until_ms) {
        w->wal.slow_until_ms = now + SLOW_MS;
    } else if (now > w->wal.slow_until_ms) {
        fr_readers_pause(fr_sqlite_db_of(w->db), FR_PAUSE_NONE);
        w->wal.slow_until_ms = 0;
        note_held(w, "a read of this server");
    }
}

static void shrink(fr_writer *w, int mode)
{
    fr_sqlite_db *f = fr_sqlite_db_of(w->db);
    bool is_new = !w->wal.slow_until_ms;
    if (is_new && fr_clock_ms() < w->wal.retry_ms)
        return;
    if (is_new)
        fr_readers_pause(f, FR_PAUSE_SLOW);
    bool is_quiet = fr_readers_are_quiet(f, FR_PAUSE_SLOW);
    if (is_new || (is_quiet && w->wal.frames - w->wal.moved > FEW_FRAMES))
        checkpoint(w, SQLITE_CHECKPOINT_PASSIVE);
    if (is_quiet)
        begin_anew(w, mode);
    else
        wait_for_slow_reads(w);
}

/* ---- when ---- */

fr_err fr_checkpoint_open(fr_writer *w)
{
    int64_t page_bytes = 0, limit;
    char keep[48];
    snprintf(keep, sizeof keep, "PRAGMA journal_size_limit = %d", KEPT_BYTES);
    if (fr_pragma_read(&w->conn, "PRAGMA page_size", &page_bytes) != SQLITE_OK ||
        fr_pragma_read(&w->conn, keep, &limit) != SQLITE_OK)
        return FR_EBACKEND;
    w->wal.frame_bytes = (uint64_t)page_bytes + FRAME_HEAD_BYTES;
    /* Instead of SQLite's own hook, which moves before the answers go. */
    sqlite3_wal_hook(w->conn.h, on_commit, w);
    return FR_OK;
}

void fr_checkpoint_tend(fr_writer *w, bool is_idle)
{
    fr_files *files = &fr_sqlite_db_of(w->db)->files;
    atomic_store_explicit(&w->db->stats.wal_bytes, files->log_bytes, memory_order_relaxed);
    if (atomic_load(&w->db->is_gone))
        return;
    if (!w->wal.slow_until_ms && w->wal.frames - w->wal.moved >= MOVE_FRAMES &&
        fr_clock_ms() >= w->wal.retry_ms)
        checkpoint(w, SQLITE_CHECKPOINT_PASSIVE);
    bool is_large = bytes_of(w) > ANEW_BYTES || (is_idle && files->log_bytes > KEPT_BYTES);
    if (w->wal.slow_until_ms || is_large)
        shrink(w, is_idle ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART);
}

bool fr_checkpoint_is_waiting(const fr_writer *w)
{
    return w->wal.slow_until_ms;
}
