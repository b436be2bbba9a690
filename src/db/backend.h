/*
 * The face of a database. What stands above it is the same for all; a back end is a folder of its own beneath, with its
 * connections, threads and locks, and all that it says in SQL.
 *
 * A back end keeps these promises:
 * - What one call of read sees is one snapshot. Its rows may be given to the sink before the call returns, as SQLite does
 *   in place; else the handler is suspended meanwhile. Only those who take a context suspend.
 * - A write is a member of the next group: many share one commit, each fails alone. It returns when it is on disk.
 * - Commits come as a stream, numbered densely, in order, whoever made them: when a group has become visible, the back end
 *   makes its last place known (fr_db_place_set), tells of it (opts.on_commit), and lets the answers go, in this order.
 * - A read tells its place: all commits up to it are seen. Where a database numbers commits after they have become
 *   visible, some that come later are seen, too: they are *ahead* of the place.
 */
#ifndef FR_DB_BACKEND_H
#define FR_DB_BACKEND_H
#include "db/db.h"
#include "db/table.h"

/* What a read saw. */
typedef struct fr_basis {
    fr_place place;
    const struct fr_ahead *ahead; /* of this place; NULL: nothing, as always on SQLite */
} fr_basis;

typedef enum fr_read_kind {
    FR_READ_QUERY, /* rows of `query` */
    FR_READ_KEY, /* the row with `key`, if it is one of `query`, unless that is NULL. FR_ENOTFOUND */
    FR_READ_STORED_KEY, /* the key of that row as it is stored → key, in the ctx's arena. FR_ENOTFOUND */
    FR_READ_COUNT,  /* of `query` → number */
    FR_READ_EXISTS, /* whether `query` has a row; that NULL: whether a row has `key` in `field`, another than that with `not_key` → number */
    FR_READ_SCANS,  /* what running `query` would cost → number: bits of fr_scan_bit */
    FR_READ_SINCE,  /* what the log says of the table after a place → history */
    FR_READ_SNAPSHOT, /* all that fn reads with the context it is given, and nothing else. fn may be called again */
    FR_READ_KINDS_
} fr_read_kind;

enum fr_scan_bit { FR_SCAN_WALKS = 1, FR_SCAN_SORTS = 2 };

typedef struct fr_read {
    fr_read_kind kind;
    fr_ctx *ctx;
    fr_db *db;
    const fr_table *table;
    const fr_query *query;
    fr_value key, not_key; /* not_key NULL: any row */
    uint16_t field;
    const fr_reader_sink *sink; /* of rows; called on whatever thread reads */
    struct fr_history *history; /* history.h */
    fr_err (*fn)(fr_ctx *ctx, void *arg);
    void *arg;
    fr_basis *basis; /* filled also when there is no such key; NULL: not asked for */
    int64_t number;
} fr_read;

typedef struct fr_db_backend {
    const char *scheme;  /* of its URLs, with the colon */
    const char *example; /* a URL, for errors */
    const char *kept;    /* what its own tables' names begin with, in lower case */
    size_t db_bytes;     /* of its struct, which begins with fr_db */
    /* Is the URL behind the scheme one that can be meant? Errors: FR_EINVAL, with one line for the user. */
    fr_err (*check)(fr_str address, const char *url, char error[512]);
    /* Whether open could go well: the database can be reached and written, nobody else serves it, and its tables are what
     * the models say. `address` is the URL behind the scheme. Nothing is made or changed. Errors: FR_EINVAL (a table
     * does not fit its model), and those of open; with one line for the user. Afterwards close is called in any case. */
    fr_err (*look)(fr_db *db, fr_str address, bool *absent, char error[512]);
    /* Tables are made, checked, and numbered (db->schema). Errors: as of look. */
    fr_err (*open)(fr_db *db, bool *absent, char error[512]);
    /* End the threads of db: what waits is written, reads are broken off (db->is_stopping is set). Again is fine. */
    void (*stop)(fr_db *db);
    void (*close)(fr_db *db); /* after stop */
    /* fr_db_write_beside. */
    fr_err (*beside)(fr_str address, fr_beside *write, char error[512]);
    /* Errors: FR_ENOTFOUND, FR_EBUSY, FR_EBACKEND, what the sink returned; all with their detail. Within fr_atomic: the
     * same transaction. */
    fr_err (*read)(fr_read *read);
    fr_err (*now)(fr_ctx *ctx, bool is_anew, fr_now *out); /* fr_db_now */
    fr_err (*version)(fr_ctx *ctx, int64_t *out);          /* fr_db_version */
    /* Errors: those of fr_db_write_all and fr_db_atom. Within fr_atomic: a part that may fail alone. Whether the table still is
     * what its model says (fr_db_check_table) is known when the member runs. */
    fr_err (*write)(fr_ctx *ctx, fr_write *writes, size_t count);
    fr_err (*atomic)(fr_ctx *ctx, fr_atom *member);
    /* fr_db_kept, fr_db_keep. */
    fr_err (*find_kept)(fr_ctx *ctx, fr_str key, fr_kept *out);
    fr_err (*keep)(fr_ctx *ctx, fr_str key, const fr_kept *kept);
    uint64_t (*queued)(const fr_db *db); /* members that wait for a group. Any thread */
} fr_db_backend;

extern const fr_db_backend fr_db_backend_sqlite; /* sqlite/backend.c */
#endif
