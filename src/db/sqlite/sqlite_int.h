/* What the files of this wing share: the database in its file, and the ways to run reads and members. */
#ifndef FR_DB_SQLITE_SQLITE_INT_H
#define FR_DB_SQLITE_SQLITE_INT_H
#include <pthread.h>
#include "db/changes.h"
#include "db/db_int.h"
#include "db/history.h"
#include "db/sqlite/files.h"
#include "db/sqlite/fit.h"
#include "db/sqlite/hook.h"
#include "db/sqlite/sql.h"
#include "net/threads.h"

typedef struct fr_writer fr_writer;
typedef struct fr_reader fr_reader;
typedef struct fr_db_txn fr_db_txn; /* of fr_ctx; only its back end looks into it */

enum { FR_LOCK_TEXT = 96 };

typedef struct fr_lock {
    struct fr_lock *next; /* of this process */
    fr_file_id id;        /* of the database */
    int note_fd;          /* -1: there is no note */
    bool is_taken;
    bool is_changed;           /* somebody wrote since our last clean end */
    char before[FR_LOCK_TEXT]; /* what the note held */
} fr_lock;

typedef enum fr_lock_end {
    FR_LOCK_UNUSED, /* the note stays as it was */
    FR_LOCK_CLEAN,  /* it tells what the closed file looks like */
    FR_LOCK_GONE,   /* it tells that this is another file */
} fr_lock_end;

/* A database in a file. */
typedef struct fr_sqlite_db {
    fr_db db;    /* first */
    fr_str path; /* as it was given; NUL-terminated */
    fr_files files;
    fr_lock lock;
    bool has_log;      /* the log's tables are there (a file opened read-only may lack them) */
    fr_writer *writer; /* NULL when read-only */
    fr_threads *pool;  /* owned */
    atomic_int pause;  /* fr_pause */
    pthread_mutex_t readers_lock; /* for the two lists */
    fr_reader *readers;           /* all that are open */
    fr_reader *idle_readers;      /* without a loop and in no use */
} fr_sqlite_db;

static inline fr_sqlite_db *fr_sqlite_db_of(fr_db *db)
{
    return (fr_sqlite_db *)db;
}

/* ---- lock.c ---- */
/* Lock the file that a connection has open; path is for the error. Errors: FR_EBUSY (another server), FR_EIO; one line. */
fr_err fr_lock_open(fr_lock *lock, const fr_files *files, const char *path, char error[512]);
/* Write into the note that this process has the lock. */
void fr_lock_note(fr_lock *lock, const fr_files *files);
/* After the last connection, with which the lock goes. Fine when it is not taken. */
void fr_lock_close(fr_lock *lock, const fr_files *files, fr_lock_end end);

/* ---- watch.c: the writer's thread ---- */
/* Are the files still there? If not, this is logged and told once, and nothing is read or written from then on. */
bool fr_watch_files(fr_writer *writer);

/* ---- look.c ---- */
/* The back end's look. */
fr_err fr_sqlite_look(fr_sqlite_db *file, bool *absent, char error[512]);

/* ---- checkpoint.c: the writer's thread ---- */
/* The connection is open and nothing has been written yet. Errors: FR_EBACKEND. */
fr_err fr_checkpoint_open(fr_writer *writer);
/* After a group, its answers have gone; or (is_idle) after a while without one. */
void fr_checkpoint_tend(fr_writer *writer, bool is_idle);
/* Whether the writer waits for slow reads, so that fr_checkpoint_tend is to be called again soon. */
bool fr_checkpoint_is_waiting(const fr_writer *writer);

/* ---- schema.c ---- */
/* A difference between a model and its table, for the log. */
void fr_schema_log(const fr_table *table, const fr_misfit *misfit);
/* Make what is missing, check what is there, fill the tables' maps. In one transaction of the writer's connection. */
fr_err fr_schema_open(fr_db *db, fr_sqlite *conn, bool *absent, char error[512]);
/* Somebody has altered something: look at each table anew. One that does not fit is in trouble by itself, which is logged
 * once. Errors: FR_ENOMEM, FR_EBACKEND: it could not be looked at, with one line. */
fr_err fr_schema_look(fr_db *db, fr_sqlite *conn, char error[512]);
/* The number of the present shape of all models; a new one if it differs from the last. */
fr_err fr_schema_number(fr_db *db, fr_sqlite *conn, bool is_altered, char error[512]);

/* ---- error.c ---- */
/* Log what SQLite said and make the error with a text for the client. `write` may be NULL; table may be NULL. */
fr_err fr_sqlite_fail(fr_ctx *ctx, const fr_sqlite *conn, int rc, const fr_table *table,
                      fr_write *write);

/* One line a second. */
void fr_sqlite_log_fault(const fr_sqlite *conn, int rc, const fr_table *table);
#define FR_STOPPING_TEXT "The server is shutting down. Try again."

/* ---- run.c: one read, on whatever connection ---- */
fr_err fr_read_run(fr_read *read);
fr_err fr_sqlite_now(fr_ctx *ctx, bool is_anew, fr_now *out);
fr_err fr_sqlite_version(fr_ctx *ctx, int64_t *out);

/* ---- select.c ---- */
/* The read itself, in the connection's transaction or none. Begins anew when it is called again. */
fr_err fr_read_do(fr_read *read, fr_sqlite *conn);
fr_err fr_count_run(fr_read *read, fr_sqlite *conn); /* count.c */
fr_err fr_scan_run(fr_read *read, fr_sqlite *conn);  /* scan.c */
fr_err fr_since_run(fr_read *read, fr_sqlite *conn); /* history.c */

/* The row with a key, if it is one of a query. Points into itself, and to what it was made of. */
typedef struct fr_one_of {
    fr_pred is_key, all;
    const fr_pred *both[2];
    fr_query query;
} fr_one_of;
void fr_one_of_init(fr_one_of *one, const fr_query *query, const fr_table *table,
                    const fr_value *key);

/* ---- read.c ---- */
void fr_read_watch(fr_sqlite *conn, bool is_of_loop); /* once a connection, so that budgets hold */
/* For the statements that follow: at most ms each (0 = no limit), and if has_budget a loop's share. */
void fr_read_budget(fr_sqlite *conn, bool has_budget, uint32_t ms);
/* One more step of a read's statement: SQLITE_ROW, SQLITE_DONE or an error. Marks the shape when over its budget. */
int fr_read_step(fr_sqlite *conn, fr_stmt *stmt);
/* Begin a statement under the connection's budget; false: its shape is known as slow, run it elsewhere. */
bool fr_read_begin(fr_sqlite *conn, fr_stmt *stmt);
fr_err fr_read_fail(fr_read *read, fr_sqlite *conn, int rc);
/* PRAGMA data_version and schema_version, and the like. A result code of SQLite. */
int fr_pragma_read(fr_sqlite *conn, const char *sql, int64_t *out);
/* The last place that this connection's transaction sees. A result code of SQLite. */
int fr_place_read(fr_sqlite *conn, fr_place *out);

/* ---- reader.c ---- */
/* out: the loop's own reader, opened at its first read. */
fr_err fr_reader_of_loop(fr_loop *loop, fr_db *db, fr_reader **out);
/* Look, for fr_db_now. */
fr_err fr_reader_now(fr_reader *reader, fr_ctx *ctx, bool is_anew, fr_now *out);
fr_err fr_reader_version(fr_reader *reader, fr_ctx *ctx, int64_t *out);
/* In the transaction of the loop's pass. *is_over_budget: begin anew on a pool thread. */
fr_err fr_reader_run_in_pass(fr_reader *reader, fr_read *read, bool has_budget,
                             bool *is_over_budget);
/* Outside loops: an open reader that nobody else uses meanwhile. */
fr_err fr_reader_take(fr_db *db, fr_reader **out);
void fr_reader_give(fr_reader *reader);
/* Run in a read transaction of its own, at most ms long (0 = no limit). */
fr_err fr_reader_run(fr_reader *reader, fr_read *read, uint32_t ms);
void fr_readers_close(fr_sqlite_db *f);
/* pause: from now on reads that begin wait, those outside of loops (SLOW) or all; until NONE, or for a bounded time. The
 * writer's thread. */
typedef enum fr_pause { FR_PAUSE_NONE, FR_PAUSE_SLOW, FR_PAUSE_ALL } fr_pause;
void fr_readers_pause(fr_sqlite_db *f, fr_pause pause);
/* Whether none of the readers that this pause stops reads any more. */
bool fr_readers_are_quiet(fr_sqlite_db *f, fr_pause pause);

/* ---- pool.c: a few threads for reads that are over their budget ---- */
fr_err fr_pool_open(fr_threads **out);
fr_err fr_pool_run(fr_threads *pool, fr_read *read); /* suspends the handler */

/* ---- writer.c ---- */
typedef struct fr_txn_member fr_txn_member;
struct fr_txn_member {
    fr_txn_member *next;
    fr_wait wait;
    fr_ctx *ctx;      /* of the handler that waits; its arena may be used meanwhile */
    fr_write *writes; /* data, or */
    size_t write_count;
    fr_atom *of;                /* a function */
    const struct fr_zone *zone; /* that its handler uses */
    fr_err result;
};

/* What database calls find in their context: inside fr_atomic the member that runs, inside fr_db_snapshot its reads. */
struct fr_db_txn {
    fr_db *db;
    fr_writer *writer; /* NULL: a snapshot, in which nothing is written */
    fr_sqlite *conn;   /* the writer's, or the snapshot's */
    uint64_t until_ms; /* 0 = no limit */
    uint32_t ms;       /* of that limit, in all */
    fr_err failed;     /* FR_OK, or why nothing more can be done in this member */
    bool is_gone;      /* SQLite ended the transaction */
    bool is_checked;   /* each part's references are in order at its end */
};

struct fr_writer {
    fr_db *db;
    fr_sqlite conn;
    fr_update_hook hook;
    fr_changes changes;
    fr_arena *arena; /* of the running group */
    FR_VEC(struct fr_logged) commits;
    fr_buf scratch;
    fr_place place;       /* of the last member, committed or not */
    uint64_t bytes_total; /* of all change rows ever logged; in each commit row */
    struct {
        uint64_t number, bytes_total;
    } oldest;               /* of what is kept */
    uint64_t prune_ms;      /* when to look again */
    int64_t data_version;   /* differs when another connection has committed */
    int64_t schema_version; /* SQLite's own count of alterations */
    int64_t schema_refused; /* the one that could not be looked at and has been complained of */
    const fr_model **live;  /* in the database's arena */
    size_t live_count;
    struct {
        uint64_t frames, moved; /* of the write-ahead log: in it, and of them in the database too */
        uint64_t frame_bytes;
        uint64_t retry_ms;
        uint64_t slow_until_ms; /* the writer waits for slow reads until then; 0: it does not */
        uint32_t tries;         /* to begin anew, in a row */
    } wal;
    uint8_t random[256]; /* marks, drawn ahead */
    size_t random_left;
    /* the queue */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    fr_txn_member *first, **last;
    size_t count;
    bool is_waiting, is_closing, has_thread;
    bool had_log; /* before this start */
};

/* A commit of the running group: its records are folded[first..end). */
typedef struct fr_logged {
    fr_place place;
    size_t first, end;
} fr_logged;

enum { FR_QUEUE_MEMBERS = 16384, FR_GROUP_MEMBERS = 256, FR_ATOMIC_MS = 100 };

/* The writer's connection, and the lock against a second server; nothing is read or changed. A file that is not there is made. */
fr_err fr_writer_open(fr_db *db, fr_writer **out, char error[512]);
/* Write-ahead logging, tables, the change log: all but the thread. On an error the file has no more log than before. */
fr_err fr_writer_begin(fr_writer *writer, bool *absent, char error[512]);
fr_err fr_writer_start(fr_writer *writer);
void fr_writer_stop(fr_writer *writer);  /* its thread runs what waits and ends; NULL is fine */
void fr_writer_close(fr_writer *writer); /* NULL is fine */
uint64_t fr_writer_queued(fr_writer *writer);
fr_err fr_writer_run(fr_db *db, fr_txn_member *member); /* waits for it */

/* ---- group.c ---- */
/* Run the members, commit, tell of the commits, let the answers go. The writer's thread. */
void fr_writer_run_group(fr_writer *writer, fr_txn_member *first);
/* Nobody writes with us: number what others wrote. A result code of SQLite. */
int fr_writer_look_around(fr_writer *writer);

/* ---- txn.c ---- */
bool fr_writer_is_here(void); /* this thread is a writer's */
void fr_writer_enter(void);   /* this thread is one from now on */
/* A statement of a member, bound: runs it to its end. On failure changes are cut back. A result code of SQLite:
 * SQLITE_DONE, SQLITE_ROW (then the caller reads and releases) or an error. The writer's thread. */
int fr_txn_step(fr_db_txn *txn, fr_stmt *stmt, fr_mark mark);
/* FR_OK, or why database calls of this member fail from now on (its time is over, the transaction is gone). */
fr_err fr_txn_check(fr_ctx *ctx);
/* Run fn in a savepoint of its own. The writer's thread. */
fr_err fr_txn_part(fr_ctx *ctx, fr_err (*fn)(fr_ctx *ctx, void *arg), void *arg);

/* ---- member.c: the writer's thread ---- */
fr_err fr_txn_run(fr_writer *writer, fr_txn_member *member);
/* Inside a member, in a savepoint of their own. */
fr_err fr_txn_write(fr_ctx *ctx, fr_write *writes, size_t count);

/* ---- put.c: the writer's thread ---- */
/* key (may be NULL): that of a parent, which goes into write->field. The row as it is stored comes into write->row if it
 * reads_back. Errors: FR_ECONFLICT, FR_ESCHEMA. */
fr_err fr_put_insert(fr_ctx *ctx, const fr_table *table, fr_write *write, const fr_value *key,
                     bool reads_back);
fr_err fr_put_update(fr_ctx *ctx, const fr_table *table, fr_write *write); /* FR_ENOTFOUND */
/* One of these two, as FR_WRITE_PUT says. parent: what the row's `field` has to be. */
fr_err fr_put(fr_ctx *ctx, const fr_table *table, fr_write *write, const fr_value *parent);
/* The row with this key as it is stored, in the arena of ctx. Errors: FR_ENOTFOUND. */
fr_err fr_put_read(fr_ctx *ctx, const fr_table *table, fr_write *write, fr_value key,
                   const fr_value **row);

/* ---- many.c: the writer's thread ---- */
/* FR_WRITE_MANY; write->key is known. */
fr_err fr_many_set(fr_ctx *ctx, fr_table *table, fr_write *write);
/* The first of write->keys that refers to no row: its place; -1: none. */
int64_t fr_many_dangling(fr_ctx *ctx, const fr_table *table, const fr_write *write);

/* ---- cascade.c: the writer's thread ---- */
/* Delete the row with write->key, or those that DELETE_BY and DELETE_ALL name, and carry out what ON DELETE says.
 * Errors: FR_ENOTFOUND (the one row), FR_ECONFLICT (protected). */
fr_err fr_cascade_delete(fr_ctx *ctx, fr_table *table, fr_write *write);

/* ---- unseen.c: the writer's thread ---- */
/* Put what the hook does not see into the new images of the running member's folded records [first..). A result code of
 * SQLite. */
int fr_unseen_fill(fr_writer *writer, size_t first);

/* ---- kept.c ---- */
int fr_kept_make(fr_sqlite *conn); /* its table, if it is not there. A result code of SQLite */
/* The writer's thread. */
fr_err fr_sqlite_kept(fr_ctx *ctx, fr_str key, fr_kept *out);
fr_err fr_sqlite_keep(fr_ctx *ctx, fr_str key, const fr_kept *kept);

/* ---- log.c ---- */
fr_err fr_log_open(fr_writer *writer,
                   char error[512]); /* the log's tables, its first row, the last place */
/* Make its tables, and that of kept.c. If only some of its own are missing, somebody has dropped them: what happened before the last commit is forgotten.
 * *made: how many. A result code of SQLite. */
int fr_log_make(fr_sqlite *conn, int *made);
int fr_log_mend(fr_writer *writer); /* the same while the writer runs */
/* Number the running member's folded records [first..) and write them. A result code of SQLite. */
int fr_log_member(fr_writer *writer, size_t first);
int fr_log_prune(fr_writer *writer); /* now and then a range; a result code of SQLite */

/* ---- write.c ---- */
fr_err fr_sqlite_write(fr_ctx *ctx, fr_write *writes, size_t count);
fr_err fr_sqlite_atomic(fr_ctx *ctx, fr_atom *of);
/* Test only: run SQL text, statement by statement, as a member (or inside the present one). With goes_on each
 * statement is a part of its own, and one that fails does not end the script. */
fr_err fr_db_exec_for_test(fr_ctx *ctx, const char *sql, bool goes_on);

/* ---- beside.c ---- */
fr_err fr_sqlite_beside(fr_str address, fr_beside *write, char error[512]);
#endif
