/*
 * A group: all members that wait, each in a savepoint of one transaction. All answers go, refusals too,
 * after the one COMMIT (traps A1, A2); while it syncs, the next group gathers. When SQLite has ended the
 * transaction, or COMMIT fails, the members are run again, each in a transaction of its own. Nothing ever
 * interrupts this connection.
 */
#include "db/sqlite/sqlite_int.h"

#include <string.h>
#include "base/arena.h"
#include "db/image.h"

/* ---- what a commit tells ---- */

static bool decode_record(fr_writer *w, const fr_record *record, fr_change *out)
{
    const fr_model *model = w->db->tables[record->table].model;
    size_t pos = 0, count = model->field_count;
    fr_str old = fr_changes_old(&w->changes, record), new_ = fr_changes_new(&w->changes, record);
    fr_value *values = fr_arena_alloc(w->arena, count * sizeof *values * 2);
    out->model = model;
    out->op = record->op;
    out->old = old.n ? values : NULL;
    out->new_ = new_.n ? values + count : NULL;
    return values && fr_image_next(fr_changes_key(&w->changes, record), &pos, &out->key) &&
           (!old.n || fr_image_decode(old, values, count, NULL)) &&
           (!new_.n || fr_image_decode(new_, values + count, count, NULL));
}

/* false when memory is out: the commit is then told as a flood, which needs none of it. */
static bool decode_commit(fr_writer *w, const fr_logged *logged, fr_commit *out)
{
    size_t count = logged->end - logged->first;
    fr_change *changes = fr_arena_alloc(w->arena, (count + 1) * sizeof *changes);
    const fr_model **flooded = fr_arena_alloc(w->arena, (w->db->table_count + 1) * sizeof *flooded);
    *out = (fr_commit){.place = logged->place, .changes = changes, .flooded = flooded};
    if (!changes || !flooded)
        return false;
    for (size_t i = logged->first; i < logged->end; i++) {
        const fr_record *record = &w->changes.folded.at[i];
        if (record->op == FR_FLOOD)
            flooded[out->flood_count++] = w->db->tables[record->table].model;
        else if (!decode_record(w, record, &changes[out->change_count++]))
            return false;
    }
    return true;
}

/* All that memory allows when it is out. */
static void tell_of_flood(fr_writer *w)
{
    fr_commit commit = {.place = w->place, .flooded = w->live, .flood_count = w->live_count};
    w->db->opts.on_commit(w->db->opts.arg, &commit, 1);
}

/* After COMMIT: make the new place known, then tell of the commits. Answers may go after this. */
static void publish(fr_writer *w)
{
    fr_db_place_set(w->db, w->place);
    fr_stat_add(&w->db->stats.groups, 1);
    if (w->changes.is_watched)
        atomic_fetch_add_explicit(&w->db->watched, 1, memory_order_release);
    w->changes.is_watched = false;
    atomic_store_explicit(&w->db->stats.log_bytes, w->bytes_total - w->oldest.bytes_total,
                          memory_order_relaxed);
    if (!w->commits.count || !w->db->opts.on_commit || !fr_writer_is_here())
        return; /* nobody listens while we open */
    fr_commit *commits = fr_arena_alloc(w->arena, w->commits.count * sizeof *commits);
    bool is_ok = commits != NULL;
    for (size_t i = 0; i < w->commits.count && is_ok; i++)
        is_ok = decode_commit(w, &w->commits.at[i], &commits[i]);
    if (is_ok)
        w->db->opts.on_commit(w->db->opts.arg, commits, w->commits.count);
    else
        tell_of_flood(w);
}

/* ---- a group ---- */

typedef struct before {
    fr_place place;
    uint64_t bytes_total;
    int64_t data_version, schema_version;
} before;

static before now(const fr_writer *w)
{
    return (before){w->place, w->bytes_total, w->data_version, w->schema_version};
}

static void begin_group(fr_writer *w)
{
    fr_changes_clear(&w->changes);
    w->commits.count = 0;
    fr_arena_reset(w->arena);
}

static void roll_back(fr_writer *w, before was)
{
    if (!sqlite3_get_autocommit(w->conn.h))
        fr_sqlite_run(&w->conn, "ROLLBACK");
    w->place = was.place;
    w->bytes_total = was.bytes_total;
    w->data_version = was.data_version;
    w->schema_version = was.schema_version;
    fr_changes_clear(&w->changes);
    w->commits.count = 0;
}

/* false: said already. */
static bool is_new_refusal(fr_writer *w, int64_t version)
{
    bool is_new = version != w->schema_refused;
    w->schema_refused = version;
    return is_new;
}

/* Tables may have been altered: images are by position, so the maps are made anew (traps D1). A table that does not fit any
 * more is in trouble by itself: with the flood that follows its watchers read again, and are told. */
static int look_at_schema(fr_writer *w)
{
    char error[512] = "";
    int64_t version = 0;
    int rc = fr_pragma_read(&w->conn, "PRAGMA schema_version", &version);
    if (rc != SQLITE_OK || version == w->schema_version)
        return rc;
    rc = fr_log_mend(w);
    if (rc != SQLITE_OK)
        return rc;
    if (fr_schema_look(w->db, &w->conn, error) != FR_OK ||
        fr_schema_number(w->db, &w->conn, true, error) != FR_OK) {
        if (is_new_refusal(w, version))
            FR_ERROR("db.schema", FR_KV_C("message", error));
        return SQLITE_SCHEMA;
    }
    FR_WARN("db.schema", FR_KV_C("note", "tables were altered by another program"));
    return fr_pragma_read(&w->conn, "PRAGMA schema_version", &w->schema_version);
}

/* What other programs wrote since our last look is one commit, before ours, that floods what is live (traps A7). */
static int look_at_strangers(fr_writer *w)
{
    int64_t version = 0;
    int rc = fr_pragma_read(&w->conn, "PRAGMA data_version", &version);
    if (rc != SQLITE_OK || version == w->data_version)
        return rc;
    rc = look_at_schema(w);
    if (rc != SQLITE_OK)
        return rc;
    w->data_version = version;
    fr_stat_add(&w->db->stats.foreign, 1);
    fr_changes_begin(&w->changes, w->db->table_count);
    w->changes.touched++;
    w->changes.is_watched = true;
    for (size_t i = 0; i < w->db->table_count; i++)
        if (w->db->tables[i].is_live)
            fr_changes_flood(&w->changes, (uint16_t)i);
    size_t first = w->changes.folded.count;
    return fr_changes_fold(&w->changes, w->db->table_count) == FR_OK ? fr_log_member(w, first)
                                                                     : SQLITE_NOMEM;
}

static int begin_transaction(fr_writer *w)
{
    if (atomic_load(&w->db->is_gone))
        return SQLITE_READONLY_DBMOVED;
    int rc = fr_sqlite_run(&w->conn, "BEGIN IMMEDIATE");
    return rc == SQLITE_OK ? look_at_strangers(w) : rc;
}

/* A commit into files that nobody finds any more is none. */
static int commit(fr_writer *w)
{
    int rc = fr_sqlite_run(&w->conn, "COMMIT");
    return rc == SQLITE_OK && !fr_watch_files(w) ? SQLITE_READONLY_DBMOVED : rc;
}

/* Run one member; what it did is undone if it fails. false: the transaction is gone, with all members before it. */
static bool run_member(fr_writer *w, fr_txn_member *member, bool in_savepoint)
{
    before was = now(w);
    size_t commits = w->commits.count, folded = w->changes.folded.count;
    if (in_savepoint && fr_sqlite_run(&w->conn, "SAVEPOINT s") != SQLITE_OK)
        return false;
    fr_changes_begin(&w->changes, w->db->table_count);
    fr_mark mark = w->changes.start;
    member->result = fr_txn_run(w, member);
    if (sqlite3_get_autocommit(w->conn.h))
        return false;
    if (member->result == FR_OK)
        return !in_savepoint || fr_sqlite_run(&w->conn, "RELEASE s") == SQLITE_OK;
    if (!in_savepoint)
        return false;
    if (fr_sqlite_run(&w->conn, "ROLLBACK TO s") != SQLITE_OK ||
        fr_sqlite_run(&w->conn, "RELEASE s") != SQLITE_OK)
        return false;
    w->place = was.place;
    w->bytes_total = was.bytes_total;
    w->commits.count = commits;
    w->changes.folded.count = folded;
    w->changes.bytes.n = mark.bytes;
    w->changes.touched = mark.touched;
    return true;
}

static void fail_member(fr_writer *w, fr_txn_member *member, int rc)
{
    member->result = fr_sqlite_fail(member->ctx, &w->conn, rc, NULL, member->writes);
}

/* One member, one transaction: the last resort, and the way of a group of one. Its error is its own. */
static void run_alone(fr_writer *w, fr_txn_member *member)
{
    before was = now(w);
    begin_group(w);
    int rc = begin_transaction(w);
    if (rc != SQLITE_OK) {
        fail_member(w, member, rc);
        roll_back(w, was);
        return;
    }
    if (!run_member(w, member, false)) {
        if (member->result == FR_OK)
            member->result =
                fr_fail(member->ctx, FR_EBACKEND, "The database ended the transaction.");
        roll_back(w, was);
        return;
    }
    rc = fr_log_prune(w);
    if (rc == SQLITE_OK)
        rc = commit(w);
    if (rc != SQLITE_OK) {
        fail_member(w, member, rc);
        roll_back(w, was);
        return;
    }
    publish(w);
}

/* false: nothing of it is committed, run them one by one. */
static bool run_together(fr_writer *w, fr_txn_member *first)
{
    before was = now(w);
    begin_group(w);
    int rc = begin_transaction(w);
    bool is_there = rc == SQLITE_OK,
         is_busy = (rc & 0xff) == SQLITE_BUSY; /* waited for 5 s: none of them waits again */
    for (fr_txn_member *member = first; member && is_busy; member = member->next)
        fail_member(w, member, rc);
    for (fr_txn_member *member = first; member && is_there; member = member->next)
        is_there = run_member(w, member, true);
    if (!is_there || fr_log_prune(w) != SQLITE_OK || commit(w) != SQLITE_OK) {
        roll_back(w, was);
        return is_busy;
    }
    publish(w);
    return true;
}

static void answer(fr_db *db, fr_txn_member *member)
{
    while (member) {
        fr_txn_member *next = member->next; /* the member is on the stack of the one that waits */
        fr_stat_add(&db->stats.members, 1);
        fr_stat_add(&db->stats.failed, member->result != FR_OK);
        fr_wait_done(&member->wait, member->result);
        member = next;
    }
}

void fr_writer_run_group(fr_writer *w, fr_txn_member *first)
{
    assert(fr_writer_is_here());
    if (!first->next) {
        run_alone(w, first);
        answer(w->db, first);
    } else if (run_together(w, first)) {
        answer(w->db, first);
    } else {
        fr_stat_add(&w->db->stats.reruns, 1);
        while (first) {
            fr_txn_member *next = first->next;
            first->next = NULL;
            run_alone(w, first);
            answer(w->db, first);
            first = next;
        }
    }
}

/* Nobody writes with us: say what others wrote. A failure is looked at again next time. */
int fr_writer_look_around(fr_writer *w)
{
    int64_t version = 0;
    if (!fr_watch_files(w))
        return SQLITE_READONLY_DBMOVED;
    int rc = fr_pragma_read(&w->conn, "PRAGMA data_version", &version);
    if (rc != SQLITE_OK || version == w->data_version)
        return rc;
    before was = now(w);
    begin_group(w);
    rc = begin_transaction(w);
    if (rc == SQLITE_OK)
        rc = commit(w);
    if (rc == SQLITE_OK)
        publish(w);
    else
        roll_back(w, was);
    return rc;
}
