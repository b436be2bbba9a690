/*
 * A connection to SQLite with its prepared statements, kept by shape. One thread at a time. The library is set up once
 * a process, before the first connection: no mutexes of its own, no memory statistics.
 */
#ifndef FR_DB_SQLITE_H
#define FR_DB_SQLITE_H
#ifndef SQLITE_ENABLE_PREUPDATE_HOOK
#define SQLITE_ENABLE_PREUPDATE_HOOK /* Debian's library has it; this declares it */
#endif
#include <sqlite3.h>
#include <stdatomic.h>
#include "base/map.h"
#include "model/value.h"

typedef struct fr_stmt fr_stmt;
struct fr_stmt {
    sqlite3_stmt *h;
    fr_str shape;           /* owned, behind this struct; empty: of a constant, or not kept */
    fr_stmt *newer, *older; /* by last use; of constants NULL */
    uint16_t tied;          /* page.c: uses to go before it is tried again */
    bool is_kept;           /* reset when released; else finalized */
    bool is_slow;           /* went over its budget once: runs on a pool thread from then on */
};

typedef struct fr_sqlite {
    sqlite3 *h;
    fr_map stmts;     /* shape → fr_stmt */
    fr_map constants; /* where its text stands → fr_stmt */
    fr_stmt *newest, *oldest;
    size_t count;
    /* Budget of the read that runs (reader.c); the writer has none. */
    uint32_t steps_left; /* in units of FR_BUDGET_UNIT */
    uint64_t until_ms;
    uint64_t cpu_until_ns;
    bool has_budget, is_over_budget;
    const atomic_int *yields_to; /* a pause (reader.c) that breaks off a read; NULL: none */
    bool has_yielded;
    uint64_t waits_since_ns;        /* for another's lock */
    bool is_hasty;                  /* waits for no lock now */
    const atomic_bool *is_stopping; /* true: waits for no lock any more; NULL: never */
    const atomic_bool *is_gone;     /* true: closing touches no file by its name; NULL: never */
    bool has_turned;                /* to write-ahead logging: the file had none before */
    struct fr_counts *counts; /* owned by reader.c: what this connection remembers; NULL: nothing */
} fr_sqlite;

enum { FR_STMTS_MAX = 384, FR_BUDGET_UNIT = 1000 };

typedef enum fr_sqlite_role {
    FR_SQLITE_WRITER,
    FR_SQLITE_READER,
    FR_SQLITE_READER_ONLY
} fr_sqlite_role;

/* Errors: FR_EBACKEND (also FR_EBUSY, FR_ENOSPACE) with one line for the user in error. READER_ONLY: the file itself is
 * opened read-only. `hook` (may be NULL) is set before anything is prepared (traps A3). */
typedef void fr_sqlite_hook(void *arg, sqlite3 *h, int op, const char *schema, const char *table,
                            sqlite3_int64 key1, sqlite3_int64 key2);
fr_err fr_sqlite_open(fr_sqlite *conn, const char *path, fr_sqlite_role role, fr_sqlite_hook *hook,
                      void *hook_arg, char error[512]);
/* A writer's connection has read and changed nothing until then: write-ahead logging from now on, if it is not so already.
 * Errors: as of open. */
fr_err fr_sqlite_use_log(fr_sqlite *conn, const char *path, char error[512]);
/* The start has failed: the file is as it was before. */
void fr_sqlite_undo_log(fr_sqlite *conn);
void fr_sqlite_close(fr_sqlite *conn);

/* The kept statement of a shape, or NULL: there is none, or it is in the midst of its rows. */
fr_stmt *fr_sqlite_find(fr_sqlite *conn, fr_str shape);
/* Prepare and keep; an empty shape is not kept. Returns a result code of SQLite. */
int fr_sqlite_prepare(fr_sqlite *conn, fr_str shape, fr_str sql, fr_stmt **out);
/* A constant statement: sql is a literal, by whose place it is found (half the instructions of finding it by its text), and it is kept as
 * long as the connection. Returns a result code of SQLite. */
int fr_sqlite_constant(fr_sqlite *conn, const char *sql, fr_stmt **out);
/* Reset after use (the text of an error is lost by it). */
void fr_stmt_release(fr_stmt *stmt);
/* Run a constant statement without results. Returns SQLITE_OK or the error. */
int fr_sqlite_run(fr_sqlite *conn, const char *sql);

void fr_stmt_bind(fr_stmt *stmt, int index,
                  fr_value value);                   /* borrowed until the statement is released */
fr_value fr_stmt_value(sqlite3_stmt *h, int column); /* borrowed until the next step */
/* The first columns of the row at hand; borrowed likewise. */
void fr_stmt_row(sqlite3_stmt *h, int columns, fr_value *out);
fr_value fr_value_from_sqlite(sqlite3_value *value); /* of the hook; borrowed */

/* The code of ours for a result code. */
fr_err fr_sqlite_err(const fr_sqlite *conn, int rc);
#endif
