/*
 * The one thread that writes. It takes all members that wait, runs each in a savepoint of one transaction, and lets all
 * answers go, refusals too, after the one COMMIT (traps A1, A2); while it syncs, the next group gathers. When SQLite has
 * ended the transaction, or COMMIT fails, the members are run again, each in a transaction of its own. Nothing ever
 * interrupts this connection.
 */
#include "db/db_int.h"

#include <string.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "base/time.h"
#include "db/image.h"

static _Thread_local bool is_here;

bool fr_writer_is_here(void)
{
    return is_here;
}

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
           (!old.n || fr_image_decode(old, values, count, NULL)) && (!new_.n || fr_image_decode(new_, values + count, count, NULL));
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
    const fr_model *live[64];
    size_t count = 0;
    for (size_t i = 0; i < w->db->table_count && count < 64; i++)
        if (w->db->tables[i].is_live)
            live[count++] = w->db->tables[i].model;
    fr_commit commit = {.place = w->place, .flooded = live, .flood_count = count};
    w->db->opts.on_commit(w->db->opts.arg, &commit, 1);
}

/* After COMMIT: make the new place known, then tell of the commits. Answers may go after this. */
static void publish(fr_writer *w)
{
    fr_db_place_set(w->db, w->place);
    if (!w->commits.count || !w->db->opts.on_commit)
        return;
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
    int schema_version;
} before;

static before now(const fr_writer *w)
{
    return (before){w->place, w->bytes_total, w->schema_version};
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
    w->schema_version = was.schema_version;
    fr_changes_clear(&w->changes);
    w->commits.count = 0;
}

static int read_schema_version(fr_writer *w, int *out)
{
    fr_stmt *stmt;
    int rc = fr_sqlite_constant(&w->conn, "PRAGMA schema_version", &stmt);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(stmt->h);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int(stmt->h, 0);
    fr_stmt_release(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* Somebody altered the schema: images are by position, so what is watched is caught up (traps D1). */
static int look_at_schema(fr_writer *w)
{
    char error[512] = "";
    int version = 0, rc = read_schema_version(w, &version);
    if (rc != SQLITE_OK || version == w->schema_version)
        return rc;
    if (fr_schema_map(w->db, &w->conn, error) != FR_OK || fr_schema_number(w->db, &w->conn, true, error) != FR_OK) {
        if (version != w->schema_refused)
            FR_ERROR("db.schema", FR_KV_C("message", error));
        w->schema_refused = version;
        return SQLITE_SCHEMA;
    }
    FR_WARN("db.schema", FR_KV_C("note", "tables were altered by another program; live views are caught up"));
    w->schema_version = version;
    fr_changes_begin(&w->changes, w->db->table_count);
    for (size_t i = 0; i < w->db->table_count; i++)
        if (w->db->tables[i].is_live)
            fr_changes_flood(&w->changes, (uint16_t)i);
    size_t first = w->changes.folded.count;
    return fr_changes_fold(&w->changes, w->db->table_count) == FR_OK ? fr_log_member(w, first) : SQLITE_NOMEM;
}

static int begin_transaction(fr_writer *w)
{
    int rc = fr_sqlite_run(&w->conn, "BEGIN IMMEDIATE");
    return rc == SQLITE_OK ? look_at_schema(w) : rc;
}

/* Run one member; what it did is undone if it fails. false: the transaction is gone, with all members before it. */
static bool run_member(fr_writer *w, fr_member *member, bool in_savepoint)
{
    before was = now(w);
    size_t commits = w->commits.count, folded = w->changes.folded.count;
    if (in_savepoint && fr_sqlite_run(&w->conn, "SAVEPOINT s") != SQLITE_OK)
        return false;
    fr_changes_begin(&w->changes, w->db->table_count);
    fr_mark mark = w->changes.start;
    member->result = fr_member_run(w, member);
    if (sqlite3_get_autocommit(w->conn.h))
        return false;
    if (member->result == FR_OK)
        return !in_savepoint || fr_sqlite_run(&w->conn, "RELEASE s") == SQLITE_OK;
    if (!in_savepoint)
        return false;
    if (fr_sqlite_run(&w->conn, "ROLLBACK TO s") != SQLITE_OK || fr_sqlite_run(&w->conn, "RELEASE s") != SQLITE_OK)
        return false;
    w->place = was.place;
    w->bytes_total = was.bytes_total;
    w->commits.count = commits;
    w->changes.folded.count = folded;
    w->changes.bytes.n = mark.bytes;
    w->changes.touched = mark.touched;
    return true;
}

static void fail_member(fr_writer *w, fr_member *member, int rc)
{
    member->result = fr_db_fail(member->ctx, &w->conn, rc, NULL, member->write);
}

/* One member, one transaction: the last resort, and the way of a group of one. Its error is its own. */
static void run_alone(fr_writer *w, fr_member *member)
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
            member->result = fr_fail(member->ctx, FR_EBACKEND, "The database ended the transaction.");
        roll_back(w, was);
        return;
    }
    rc = fr_log_prune(w);
    if (rc == SQLITE_OK)
        rc = fr_sqlite_run(&w->conn, "COMMIT");
    if (rc != SQLITE_OK) {
        fail_member(w, member, rc);
        roll_back(w, was);
        return;
    }
    publish(w);
}

/* false: nothing of it is committed, run them one by one. */
static bool run_together(fr_writer *w, fr_member *first)
{
    before was = now(w);
    begin_group(w);
    int rc = begin_transaction(w);
    bool is_there = rc == SQLITE_OK, is_busy = (rc & 0xff) == SQLITE_BUSY; /* after 5 s: for none of them again */
    for (fr_member *member = first; member && is_busy; member = member->next)
        fail_member(w, member, rc);
    for (fr_member *member = first; member && is_there; member = member->next)
        is_there = run_member(w, member, true);
    if (!is_there || fr_log_prune(w) != SQLITE_OK || fr_sqlite_run(&w->conn, "COMMIT") != SQLITE_OK) {
        roll_back(w, was);
        return is_busy;
    }
    publish(w);
    return true;
}

static void answer(fr_member *member)
{
    while (member) {
        fr_member *next = member->next; /* who waits may be gone with it after this */
        fr_wait_done(&member->wait, member->result);
        member = next;
    }
}

static void run_group(fr_writer *w, fr_member *first)
{
    if (!first->next) {
        run_alone(w, first);
        answer(first);
    } else if (run_together(w, first)) {
        answer(first);
    } else {
        while (first) {
            fr_member *next = first->next;
            first->next = NULL;
            run_alone(w, first);
            answer(first);
            first = next;
        }
    }
}

/* ---- the queue ---- */

/* All that wait, at most FR_GROUP_MEMBERS; NULL: closing, and nothing is left. */
static fr_member *take_group(fr_writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->is_closing) {
        w->is_waiting = true;
        pthread_cond_wait(&w->wake, &w->lock);
        w->is_waiting = false;
    }
    fr_member *first = w->first, *last = first;
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
    pthread_mutex_unlock(&w->lock);
    return first;
}

static void *work(void *arg)
{
    fr_writer *w = arg;
    fr_member *first;
    is_here = true;
    while ((first = take_group(w)))
        run_group(w, first);
    return NULL;
}

static bool enqueue(fr_writer *w, fr_member *member)
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

fr_err fr_writer_run(fr_db *db, fr_member *member)
{
    fr_ctx *ctx = member->ctx;
    if (!db->writer)
        return fr_fail(ctx, FR_EDENIED, "The database is open for reading only.");
    if (is_here)
        return fr_fail(ctx, FR_EINVAL, "Inside fr_atomic use the context that the function was given.");
    fr_wait_init(&member->wait, ctx);
    if (!enqueue(db->writer, member))
        return fr_fail(ctx, FR_EBUSY, "Too many writes are waiting. Try again.");
    return fr_wait_for(&member->wait); /* to the end: the writer holds our memory (traps A21) */
}

/* ---- open and close ---- */

static fr_err open_connection(fr_writer *w, bool *absent, char error[512])
{
    fr_db *db = w->db;
    FR_TRY(fr_sqlite_open(&w->conn, db->path.p, FR_SQLITE_WRITER, fr_hook_fired, &w->hook, error));
    FR_TRY(fr_schema_open(db, &w->conn, absent, error));
    FR_TRY(fr_log_open(w, error));
    if (read_schema_version(w, &w->schema_version) != SQLITE_OK)
        return FR_EBACKEND;
    w->arena = fr_arena_new(0);
    if (!w->arena || fr_changes_init(&w->changes, db->table_count) != FR_OK)
        return FR_ENOMEM;
    w->hook.by_name = &db->by_name;
    w->hook.changes = &w->changes;
    return FR_OK;
}

fr_err fr_writer_open(fr_db *db, fr_writer **out, bool *absent, char error[512])
{
    fr_writer *w = fr_zalloc(sizeof *w);
    if (!w)
        return FR_ENOMEM;
    w->db = db;
    w->last = &w->first;
    fr_buf_init(&w->scratch);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    fr_err err = open_connection(w, absent, error);
    if (err != FR_OK) {
        fr_writer_close(w);
        return err;
    }
    *out = w;
    return FR_OK;
}

fr_err fr_writer_start(fr_writer *w)
{
    w->has_thread = pthread_create(&w->thread, NULL, work, w) == 0;
    return w->has_thread ? FR_OK : FR_EIO;
}

void fr_writer_close(fr_writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->is_closing = true;
    pthread_mutex_unlock(&w->lock);
    pthread_cond_signal(&w->wake);
    if (w->has_thread)
        pthread_join(w->thread, NULL);
    fr_sqlite_close(&w->conn);
    fr_changes_deinit(&w->changes);
    fr_free(w->commits.at);
    fr_buf_deinit(&w->scratch);
    fr_arena_free(w->arena);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    fr_free(w);
}
