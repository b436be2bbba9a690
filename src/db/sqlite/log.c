/*
 * The change log, in the user's database and in the same transaction as what it tells of. One row of freshet_commit per
 * member that changed something, densely numbered, with a random mark that proves the history (traps A8); one row of
 * freshet_change per changed row of a live model (image.h), or one per model in flood. `bytes` counts all that was ever
 * logged up to a commit, so that the log's size is one subtraction.
 */
#include "db/sqlite/sqlite_int.h"

#include <stdio.h>
#include "base/time.h"
#include "db/image.h"

enum {
    PRUNE_EVERY_MS = 1000,
    PRUNE_RETRY_MS = 60 * 1000,
    PRUNE_COMMITS = 256,
    PRUNE_BYTES = 8 << 20,
    ROW_BYTES = 40,
    LOG_TABLES = 3
};
static const uint32_t keep_ms_default = 7u * 24 * 3600 * 1000;
static const uint64_t keep_bytes_default = 256u << 20;

/* ---- its tables ---- */

static int create(fr_sqlite *conn)
{
    return sqlite3_exec(conn->h,
                        "CREATE TABLE IF NOT EXISTS freshet_commit(number INTEGER PRIMARY KEY, "
                        "mark INTEGER NOT NULL,"
                        " at INTEGER NOT NULL, schema INTEGER NOT NULL, bytes INTEGER NOT NULL);"
                        "CREATE TABLE IF NOT EXISTS freshet_change(\"commit\" INTEGER NOT NULL, "
                        "seq INTEGER NOT NULL,"
                        " model TEXT NOT NULL, key, op INTEGER NOT NULL, new BLOB, old BLOB,"
                        " PRIMARY KEY(\"commit\", seq)) WITHOUT ROWID;"
                        "CREATE TABLE IF NOT EXISTS freshet_schema(number INTEGER PRIMARY KEY,"
                        " fingerprint INTEGER NOT NULL, at INTEGER NOT NULL);",
                        NULL, NULL, NULL);
}

static int count_tables(fr_sqlite *conn, int *out)
{
    int64_t count = 0;
    int rc = fr_pragma_read(conn,
                            "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                            " AND name IN ('freshet_commit', 'freshet_change', 'freshet_schema')",
                            &count);
    *out = (int)count;
    return rc;
}

static void warn_of_loss(void)
{
    FR_WARN("db.log",
            FR_KV_C("note", "a table of the change log was dropped: it is made anew, and what "
                            "happened before is forgotten"));
}

/* Of places before the last one nothing is known now: they would be taken for known, with nothing having happened since. */
static int forget(fr_sqlite *conn)
{
    warn_of_loss();
    int rc = fr_sqlite_run(conn, "DELETE FROM freshet_commit WHERE number < (SELECT max(number) "
                                 "FROM freshet_commit)");
    return rc == SQLITE_OK ? fr_sqlite_run(conn, "DELETE FROM freshet_change") : rc;
}

int fr_log_make(fr_sqlite *conn, int *made)
{
    int there = 0, rc = count_tables(conn, &there);
    *made = LOG_TABLES - there;
    if (rc == SQLITE_OK && *made)
        rc = create(conn);
    if (rc == SQLITE_OK)
        rc = fr_kept_make(conn);
    return rc == SQLITE_OK && there && *made ? forget(conn) : rc;
}

int fr_log_mend(fr_writer *w)
{
    int made = 0, rc = fr_log_make(&w->conn, &made);
    if (made == LOG_TABLES)
        warn_of_loss();
    if (rc == SQLITE_OK && made) {
        w->oldest.number = w->place.number;
        w->oldest.bytes_total = w->bytes_total;
    }
    return rc;
}

/* ---- writing ---- */

static uint64_t new_mark(fr_writer *w)
{
    uint64_t mark = 0;
    if (w->random_left < sizeof mark) { /* one system call for 32 of them */
        fr_random_bytes(w->random, sizeof w->random);
        w->random_left = sizeof w->random;
    }
    w->random_left -= sizeof mark;
    for (size_t i = 0; i < sizeof mark; i++)
        mark = mark << 8 | w->random[w->random_left + i];
    return mark;
}

static int insert_commit(fr_writer *w, fr_place place)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(&w->conn, "INSERT INTO freshet_commit VALUES(?,?,?,?,?)", &stmt);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(stmt->h, 1, (int64_t)place.number);
    sqlite3_bind_int64(stmt->h, 2, (int64_t)place.mark);
    sqlite3_bind_int64(stmt->h, 3, fr_time_now());
    sqlite3_bind_int64(stmt->h, 4, atomic_load_explicit(&w->db->schema, memory_order_relaxed));
    sqlite3_bind_int64(stmt->h, 5, (int64_t)w->bytes_total);
    rc = sqlite3_step(stmt->h);
    fr_stmt_release(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void bind_blob(fr_stmt *stmt, int index, fr_str bytes)
{
    if (bytes.n)
        sqlite3_bind_blob64(stmt->h, index, bytes.p, bytes.n, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt->h, index);
}

static int insert_change(fr_writer *w, fr_stmt *stmt, fr_place place, size_t seq,
                         const fr_record *record)
{
    const fr_model *model = w->db->tables[record->table].model;
    fr_str old = fr_changes_old(&w->changes, record), new_ = fr_changes_new(&w->changes, record);
    fr_value key = {.type = FR_VALUE_NULL};
    size_t pos = 0;
    if (record->op == FR_FLOOD) {
        old = new_ = (fr_str){0};
        fr_stat_add(&w->db->stats.floods, 1);
    } else {
        fr_image_next(fr_changes_key(&w->changes, record), &pos, &key);
    }
    if (record->op == FR_UPDATE) {
        fr_buf_clear(&w->scratch);
        fr_image_diff(&w->scratch, old, new_);
        if (w->scratch.has_failed)
            return SQLITE_NOMEM;
        old = fr_buf_str(&w->scratch);
    }
    w->bytes_total += old.n + new_.n + ROW_BYTES;
    sqlite3_bind_int64(stmt->h, 1, (int64_t)place.number);
    sqlite3_bind_int64(stmt->h, 2, (int64_t)seq);
    sqlite3_bind_text(stmt->h, 3, model->name, -1, SQLITE_STATIC);
    fr_stmt_bind(stmt, 4, key);
    sqlite3_bind_int(stmt->h, 5, record->op);
    bind_blob(stmt, 6, new_);
    bind_blob(stmt, 7, old);
    int rc = sqlite3_step(stmt->h);
    sqlite3_reset(stmt->h);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int fr_log_member(fr_writer *w, size_t first)
{
    size_t end = w->changes.folded.count;
    if (first == end && w->changes.touched == w->changes.start.touched)
        return SQLITE_OK; /* nothing has changed: no number */
    fr_place place = {w->place.number + 1, new_mark(w)};
    int rc = SQLITE_OK;
    if (first != end) {
        fr_stmt *stmt;
        rc =
            fr_sqlite_constant(&w->conn, "INSERT INTO freshet_change VALUES(?,?,?,?,?,?,?)", &stmt);
        for (size_t i = first; i < end && rc == SQLITE_OK; i++)
            rc = insert_change(w, stmt, place, i - first, &w->changes.folded.at[i]);
    }
    if (rc == SQLITE_OK)
        rc = insert_commit(w, place);
    if (rc != SQLITE_OK)
        return rc;
    if (!fr_vec_push(&w->commits, ((fr_logged){place, first, end})))
        return SQLITE_NOMEM;
    w->place = place;
    return SQLITE_OK;
}

/* ---- pruning ---- */

typedef struct kept {
    uint64_t number, bytes;
    int64_t at;
} kept;

/* The commit with this number or the next one; number 0 of a log's first row is never asked for. */
static int read_commit(fr_writer *w, uint64_t number, kept *out, bool *found)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(
        &w->conn,
        "SELECT number, bytes, at FROM freshet_commit WHERE number >= ? ORDER BY number LIMIT 1",
        &stmt);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(stmt->h, 1, (int64_t)number);
    rc = sqlite3_step(stmt->h);
    *found = rc == SQLITE_ROW;
    if (*found)
        *out = (kept){(uint64_t)sqlite3_column_int64(stmt->h, 0),
                      (uint64_t)sqlite3_column_int64(stmt->h, 1), sqlite3_column_int64(stmt->h, 2)};
    fr_stmt_release(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* How far the log may be cut now: at most PRUNE_COMMITS or about PRUNE_BYTES from the oldest. */
static int find_cut(fr_writer *w, kept *cut, bool *has_more)
{
    const fr_db_opts *opts = &w->db->opts;
    int64_t at_least =
        fr_time_now() - (int64_t)(opts->log_keep_ms ? opts->log_keep_ms : keep_ms_default) * 1000;
    uint64_t bytes_most = opts->log_keep_bytes ? opts->log_keep_bytes : keep_bytes_default;
    *cut = (kept){.number = w->oldest.number, .bytes = w->oldest.bytes_total};
    *has_more = false;
    for (int i = 0; cut->number < w->place.number; i++) {
        kept next;
        bool found;
        int rc = read_commit(w, cut->number + 1, &next, &found);
        if (rc != SQLITE_OK || !found ||
            (next.at >= at_least && w->bytes_total - cut->bytes <= bytes_most))
            return rc;
        *has_more = i == PRUNE_COMMITS || cut->bytes - w->oldest.bytes_total > PRUNE_BYTES;
        if (*has_more)
            return SQLITE_OK;
        *cut = next;
    }
    return SQLITE_OK;
}

/* The commit at the cut stays as a place to begin from; its changes are before that place. */
static int delete_to(fr_writer *w, const char *sql, uint64_t number)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(&w->conn, sql, &stmt);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(stmt->h, 1, (int64_t)number);
    rc = sqlite3_step(stmt->h);
    fr_stmt_release(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int prune(fr_writer *w, kept *cut, bool *has_more)
{
    int rc = find_cut(w, cut, has_more);
    if (rc != SQLITE_OK || cut->number == w->oldest.number)
        return rc;
    rc = delete_to(w, "DELETE FROM freshet_change WHERE \"commit\" <= ?", cut->number);
    return rc == SQLITE_OK
               ? delete_to(w, "DELETE FROM freshet_commit WHERE number < ?", cut->number)
               : rc;
}

/* A log that cannot be cut now is cut later: that is no reason to fail the members. */
int fr_log_prune(fr_writer *w)
{
    assert(fr_writer_is_here());
    uint64_t now = fr_clock_ms();
    if (now < w->prune_ms || !w->commits.count)
        return SQLITE_OK;
    kept cut;
    bool has_more = false;
    w->prune_ms = now + PRUNE_RETRY_MS;
    int rc = fr_sqlite_run(&w->conn, "SAVEPOINT prune");
    if (rc != SQLITE_OK)
        return rc;
    rc = prune(w, &cut, &has_more);
    if (rc == SQLITE_OK) {
        w->oldest.number =
            cut.number; /* if COMMIT fails it is ahead of the file: the next cut deletes from the beginning */
        w->oldest.bytes_total = cut.bytes;
        w->prune_ms = has_more ? now : now + PRUNE_EVERY_MS;
    } else if (sqlite3_get_autocommit(w->conn.h)) {
        return rc;
    } else {
        FR_WARN("db.log", FR_KV_C("note", "the change log could not be pruned"),
                FR_KV_I("code", rc));
        rc = fr_sqlite_run(&w->conn, "ROLLBACK TO prune");
    }
    return rc == SQLITE_OK ? fr_sqlite_run(&w->conn, "RELEASE prune") : rc;
}

/* ---- open ---- */

static int read_ends(fr_writer *w, bool *found)
{
    kept first;
    int rc = read_commit(w, 0, &first, found);
    if (rc != SQLITE_OK || !*found)
        return rc;
    w->oldest.number = first.number;
    w->oldest.bytes_total = first.bytes;
    fr_stmt *stmt;
    rc = fr_sqlite_constant(
        &w->conn, "SELECT number, mark, bytes FROM freshet_commit ORDER BY number DESC LIMIT 1",
        &stmt);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(stmt->h);
    if (rc == SQLITE_ROW) {
        w->place = (fr_place){(uint64_t)sqlite3_column_int64(stmt->h, 0),
                              (uint64_t)sqlite3_column_int64(stmt->h, 1)};
        w->bytes_total = (uint64_t)sqlite3_column_int64(stmt->h, 2);
    }
    fr_stmt_release(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* The schema number of the last commit; a commit of its own begins each, so that places after it can be resumed. */
static int last_schema(fr_writer *w, uint32_t *out)
{
    fr_stmt *stmt;
    *out = 0;
    int rc = fr_sqlite_constant(
        &w->conn, "SELECT schema FROM freshet_commit ORDER BY number DESC LIMIT 1", &stmt);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(stmt->h);
    if (rc == SQLITE_ROW)
        *out = (uint32_t)sqlite3_column_int64(stmt->h, 0);
    fr_stmt_release(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

fr_err fr_log_open(fr_writer *w, char error[512])
{
    bool found = false;
    uint32_t schema = 0;
    int rc = fr_sqlite_run(&w->conn, "BEGIN IMMEDIATE");
    if (rc == SQLITE_OK)
        rc = read_ends(w, &found);
    if (rc == SQLITE_OK)
        rc = last_schema(w, &schema);
    if (rc == SQLITE_OK && (!found || schema != atomic_load(&w->db->schema))) {
        fr_place place = {found ? w->place.number + 1 : 0, new_mark(w)};
        rc = insert_commit(w, place);
        w->place = place;
    }
    if (rc == SQLITE_OK)
        rc = fr_sqlite_run(&w->conn, "COMMIT");
    if (rc == SQLITE_OK) {
        fr_sqlite_db_of(w->db)->has_log = true;
        w->had_log = found;
        fr_db_place_set(w->db, w->place);
        return FR_OK;
    }
    snprintf(error, 512, "cannot use the change log of %s: %s", fr_sqlite_db_of(w->db)->path.p,
             sqlite3_errmsg(w->conn.h));
    fr_err err = fr_sqlite_err(&w->conn, rc);
    return err == FR_EINTERNAL ? FR_EBACKEND : err;
}
