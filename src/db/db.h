/*
 * One database, as those above see it: reads in place on the caller's loop, writes that are members of a group, and the
 * stream of commits. What carries them out is behind backend.h. Everything above works with stored values in the order of
 * the model's fields.
 */
#ifndef FR_DB_DB_H
#define FR_DB_DB_H
#include <freshet/db.h>
#include "model/column.h"
#include "model/fieldset.h"
#include "model/query.h"
#include "model/validate.h"
#include "net/wait.h"

typedef struct fr_db fr_db;

/* A place in the database's history. */
typedef struct fr_place {
    uint64_t number, mark;
} fr_place;

typedef struct fr_change {
    const fr_model *model;
    fr_op op;
    fr_value key;
    /* field_count values in model order; NULL for create. Virtual generated columns are NULL in it. */
    const fr_value *old;
    const fr_value *new_; /* NULL for delete */
} fr_change;

typedef struct fr_commit {
    fr_place place;
    const fr_change *changes;
    size_t change_count;
    const fr_model *const *flooded; /* models whose changes were too many to list (traps B4) */
    size_t flood_count;
} fr_commit;

typedef struct fr_db_opts {
    const char *url; /* "sqlite:notes.db", "sqlite::memory:" is refused with a reason */
    bool is_read_only;
    uint32_t log_keep_ms;    /* 0 = 7 days */
    uint64_t log_keep_bytes; /* 0 = 256 MiB */
    /* How often to look whether another program wrote, while we do not (each of our writes looks too); 0 = 1,000. What it
     * wrote is one commit that floods all live models. UINT32_MAX: only with our writes. */
    uint32_t watch_ms;
    /* Called on the writer's thread after each group's COMMIT, in order, before answers are released. Borrowed data:
     * copy what is kept. Only models registered as live are in it. */
    void (*on_commit)(void *arg, const fr_commit *commits, size_t count);
    /* Called once when the database has gone: its file was deleted, renamed or replaced. What is asked of it fails with
     * FR_EBACKEND from then on. Any thread of the database's; does not wait. May be NULL. */
    void (*on_gone)(void *arg);
    void *arg;
} fr_db_opts;

/* Whether the URL can name a database, before anything is opened. Errors: FR_EINVAL with one line for the user in error. */
fr_err fr_db_url_check(const char *url, char error[512]);
/* Register the models and look whether the database can be opened with them, without making or changing anything. `models`
 * ends with NULL; live[i] says which are logged. A model with is_foreign whose table is absent is reported in
 * absent[i] = true instead of an error (may be NULL: an error then); the array is used again by fr_db_start. Each other
 * difference between a model and its table is logged, with what would mend it.
 * Errors: FR_EINVAL (a URL, a model, a table that does not fit its model), FR_EBACKEND, FR_EIO, FR_EBUSY, FR_ENOMEM, with one
 * line for the user in error. */
fr_err fr_db_prepare(const fr_db_opts *opts, const fr_model *const *models, const bool *live,
                     bool *absent, fr_db **out, char error[512]);
/* Open what was prepared: lock it against a second server, create missing tables, start the writer. On an error db is only
 * good for fr_db_close. Errors: those of fr_db_prepare. */
fr_err fr_db_start(fr_db *db, char error[512]);
/* fr_db_prepare and fr_db_start. Errors: those of fr_db_prepare; there is no database then. */
fr_err fr_db_open(const fr_db_opts *opts, const fr_model *const *models, const bool *live,
                  bool *absent, fr_db **out, char error[512]);
/* End the database's threads: writes that wait are run, but not for another program's lock; long reads are broken off and
 * fail with FR_EBUSY, and so does what is asked afterwards. To be called before the loops
 * end, as its threads let their handlers go on. Again and NULL are fine. */
void fr_db_stop(fr_db *db);
/* Stop and free db. The threads that used db have ended, or use it no more; NULL is fine. */
void fr_db_close(fr_db *db);

/* ---- beside a server: for commands ---- */

typedef struct fr_beside {
    const fr_model *model;
    fr_fieldset set;
    const fr_value *values; /* of the fields in set */
    int by;                 /* the field by which rows are updated; -1: one is inserted */
    fr_value value;         /* what `by` has in them */
    int64_t rows;           /* result: so many */
} fr_beside;
/* Write as another program would: nothing is opened, made, locked or logged, and a server that has the database notices.
 * Errors: FR_ECONFLICT (a constraint), FR_ENOTFOUND (there is no such database), FR_EINVAL, FR_EBACKEND, FR_EBUSY, FR_ENOMEM, with
 * one line for the user in error. */
fr_err fr_db_write_beside(const char *url, fr_beside *write, char error[512]);
#define FR_DB_GONE_TEXT "The database is not there any more. Try again later."
#define FR_DB_STALE_TEXT "This object was changed by somebody else meanwhile. Try again."
/* NULL is fine. Any thread. */
bool fr_db_is_gone(const fr_db *db);
/* The last place whose group is committed and visible. Any thread. */
fr_place fr_db_committed(const fr_db *db);
uint32_t fr_db_schema_number(const fr_db *db);
/* How the column of a field, and that of the key, compares in the table as it is now. Any thread. */
fr_column fr_db_column(const fr_db *db, const fr_model *model, uint16_t field);
fr_column fr_db_key_column(const fr_db *db, const fr_model *model);
/* The fields whose old values changes do not have. Any thread. */
fr_fieldset fr_db_unseen(const fr_db *db, const fr_model *model);
/* Whether LIKE takes a blob for the text of its bytes: a matter of how the database's library was built. Any thread. */
bool fr_db_likes_blobs(const fr_db *db);

typedef struct fr_db_stats {
    uint64_t members, failed;    /* run by the writer */
    uint64_t groups, largest;    /* commits of the file; members in the largest */
    uint64_t reruns;             /* groups that had to be run again one by one */
    uint64_t floods;             /* models in flood, over all commits */
    uint64_t foreign;            /* times another program had written */
    uint64_t refused;            /* writes for which the queue was full */
    uint64_t queued;             /* now */
    uint64_t slow_reads;         /* went to the pool */
    uint64_t log_bytes;          /* of images kept */
    uint64_t wal_bytes;          /* of the write-ahead log's file, at the last look */
    uint64_t wal_anew;           /* times the log was made to begin anew */
    uint64_t wal_held;           /* times a reader kept the log from that for seconds */
    uint64_t counts, remembered; /* counts asked for, and those that needed no query */
} fr_db_stats;
/* Any thread. */
void fr_db_stats_get(const fr_db *db, fr_db_stats *out);

/* ---- reads: on the caller's loop in place, or inside fr_atomic on the writer's connection ---- */
/* begin may be called again: the read was over its step budget and starts anew on a pool thread (traps B6). row must
 * not touch the loop. An error from row ends the read with it. values are borrowed until row returns: the model's fields, then
 * what query->extra names. */
typedef struct fr_reader_sink {
    void (*begin)(void *arg);
    fr_err (*row)(void *arg, const fr_value *values);
    void *arg;
} fr_reader_sink;
/* Of who asks only whether a row is there. */
extern const fr_reader_sink fr_reader_nothing;
/* *place (may be NULL): a commit at which the rows are exact; for snapshots. One read transaction serves all reads of a
 * loop pass, but none is older than the last commit whose answers were released. */
/* Tests: statements by which this thread has read rows. */
extern _Thread_local uint64_t fr_test_selects;
fr_err fr_db_select(fr_ctx *ctx, const fr_query *query, const fr_reader_sink *sink,
                    fr_place *place);
fr_err fr_db_select_key(fr_ctx *ctx, const fr_model *model, fr_value key,
                        const fr_reader_sink *sink, fr_place *place); /* FR_ENOTFOUND */
/* The same of a query: its .where must hold for the row, and its .extra is read with it. FR_ENOTFOUND */
fr_err fr_db_select_one(fr_ctx *ctx, const fr_query *query, fr_value key,
                        const fr_reader_sink *sink, fr_place *place);
/* The key that `key` names, as it is stored: `ABC` may name the row `abc`, and "007" the row 7. Asked of the table only where
 * the column makes another value of it, or takes unlike ones for equal; else key itself. *out: in the ctx's arena.
 * Errors: FR_ENOTFOUND. Suspends as a read does. */
fr_err fr_db_stored_key(fr_ctx *ctx, const fr_model *model, fr_value key, fr_value *out);
/* Remembered by each loop until somebody commits; limit and offset do not matter. */
fr_err fr_db_count(fr_ctx *ctx, const fr_query *query, int64_t *out);
fr_err fr_db_exists(fr_ctx *ctx, const fr_model *model, uint16_t field, fr_value value,
                    fr_value not_key, bool *out);
/* Whether a query has a row at all; its ordering, limit and offset do not matter. */
fr_err fr_db_any(fr_ctx *ctx, const fr_query *query, bool *out);
/* What running a query would cost, as far as that can be known beforehand. */
typedef struct fr_scan {
    bool walks; /* a whole table, for all that it finds */
    bool sorts; /* all that it finds, for a page of it */
} fr_scan;
fr_err fr_db_scans(fr_ctx *ctx, const fr_query *query, fr_scan *out);
/* Several reads that see one snapshot: all that fn reads with the context it is given. *place (may be NULL) is that
 * snapshot's. fn waits for nothing else and writes nothing; fn returns what a read in it returned as an error. fn may be
 * called again, on a pool thread, when a read in it was over its budget: it begins anew then, as a sink does. Within
 * fr_atomic fn is a part of that. */
fr_err fr_db_snapshot(fr_ctx *ctx, fr_err (*fn)(fr_ctx *ctx, void *arg), void *arg,
                      fr_place *place);

/* Count writes that may have changed or deleted rows of this model: ours by their tables, strangers' all. Between fr_db_prepare and
 * fr_db_start; a model that is not registered is none. */
void fr_db_watch(fr_db *db, const fr_model *model);
/* How many there were: another number than before, and rows may be others. They can be read by then. Any thread. */
uint64_t fr_db_watched(const fr_db *db);

/* What a loop sees when it looks anew. */
typedef struct fr_now {
    fr_place place; /* the last commit that can be read */
    int64_t
        version; /* the same as at an earlier look of this loop: nobody has committed since, no stranger either */
} fr_now;
/* Look; with is_anew by a transaction that begins now, so that it sees all that anybody has been told up to now, and so do
 * the loop's later reads. On a loop only. Does not suspend. */
fr_err fr_db_now(fr_ctx *ctx, bool is_anew, fr_now *out);

/* The version alone, of the transaction that the loop's next reads are a part of: what was read in this version is so still. On a loop and not
 * within fr_atomic. Does not suspend. */
fr_err fr_db_version(fr_ctx *ctx, int64_t *out);

/* ---- the change log: what happened to one model after a place, folded by key ---- */
typedef struct fr_span_changes {
    bool is_known;      /* false: the log cannot tell, `reason` says why; read a snapshot */
    const char *reason; /* "other history", "pruned", "other schema", "flood", "too many changes" */
    fr_place place;     /* where the changes end: the last commit that the read sees */
    const fr_change *changes; /* first old and last new image of each key; in the ctx's arena */
    size_t change_count;
} fr_span_changes;
/* At most changes_max keys (0 = 10,000), else "too many changes". Suspends as a read does. */
fr_err fr_db_log_since(fr_ctx *ctx, const fr_model *model, fr_place since, size_t changes_max,
                       fr_span_changes *out);

/* ---- writes: one member of a group commit each ---- */
typedef enum fr_write_op {
    FR_WRITE_INSERT = 1,
    FR_WRITE_UPDATE,
    FR_WRITE_DELETE,
    /* All rows whose `field` is `key`, none too, with what ON DELETE says; but not those whose own key is one of `keys`. */
    FR_WRITE_DELETE_BY,
    /* All rows whose own key is one of `keys`, as they are stored; none too. Each goes with the others in mind. */
    FR_WRITE_DELETE_ALL,
    /* The row `key`, if its `field` is what values have there: an UPDATE. There is none, or it has another: an INSERT of those in
     * `fill` too, whose key is not `key`. */
    FR_WRITE_PUT,
    /* Rows of a through model, so that those whose `field` is `key` have exactly `keys` in `other`: rows of other keys go,
     * those of missing keys come, in order; the rest stay untouched. */
    FR_WRITE_MANY
} fr_write_op;

/* What MANY does: nothing but `keys` stays; nothing goes; nothing but `keys` goes, and nothing comes. */
typedef enum fr_many { FR_MANY_SET, FR_MANY_ADD, FR_MANY_REMOVE } fr_many;

typedef struct fr_write {
    const fr_model *model;
    fr_write_op op;
    fr_value key; /* UPDATE, DELETE, PUT: of the row. DELETE_BY, MANY: what `field` has */
    /* 1 + the place of an earlier INSERT or PUT among the writes of the same call, 0: none. The key which that got is the value
     * of `field` in an INSERT and a PUT, and the `key` of any other. */
    uint32_t parent;
    uint16_t field, other;
    const fr_value *keys; /* MANY, DELETE_BY, DELETE_ALL; one that stands there twice counts once */
    size_t key_count;
    fr_many many; /* MANY */
    /* MANY: a key of no row is told at once, FR_ENOTFOUND of `key` itself; else when references are looked at. */
    bool asks_keys;
    bool
        is_mirrored; /* MANY of a model to itself: each row goes and comes with the one the other way round */
    /* The row as it was when it was judged (field_count values, of a read): if the stored one is another by now, nothing is
     * written, and is_stale says why. NULL: whatever it is. UPDATE, DELETE. */
    const fr_value *was;
    /* The row has to be one of these as the writer sees it, else it counts as missing. NULL: any. UPDATE, DELETE. */
    const fr_pred *where;
    const fr_refs *refs;   /* of where; NULL: it has none */
    const fr_sight *sight; /* by which where goes; NULL: all may be seen */
    /* Which of values are given. INSERT fills the rest by fr_field_default, UPDATE those with auto_now. */
    fr_fieldset set, fill;
    const fr_value *values; /* field_count, model order; must live until fr_db_write returns */
    /* result, in the ctx's arena */
    const fr_value *row; /* as stored, after INSERT and UPDATE */
    fr_place place;
    bool has_failed;   /* this one of several is why the call failed */
    bool is_stale;     /* FR_ECONFLICT, as the row is not what `was` says */
    size_t failed_key; /* MANY with a failed_field: which of keys refers to nothing */
    int failed_field;  /* constraint failure on one column: its index, else -1 */
    int64_t gone;      /* the DELETEs: rows that went, those too that refer to them */
    int failed_rule; /* 1 + the number of the model's rule that is broken (model/rule.h); 0: none of those */
    enum {
        FR_CONSTRAINT_NONE,
        FR_CONSTRAINT_UNIQUE,
        FR_CONSTRAINT_FOREIGN_KEY,
        FR_CONSTRAINT_NOT_NULL,
        FR_CONSTRAINT_CHECK
    } constraint;
} fr_write;
/* Errors: FR_ENOTFOUND (no such key, or not where), FR_ECONFLICT (constraint; see failed_field), FR_EBUSY, FR_ENOSPACE, FR_EBACKEND. */
fr_err fr_db_write(fr_ctx *ctx, fr_write *write);
/* Several, in order, as one member: all of them or none. They are data: the writer runs them where they lie. Within fr_atomic
 * they are one part of that. Errors: those of the one that has_failed. */
fr_err fr_db_write_all(fr_ctx *ctx, fr_write *writes, size_t count);

/* A function as one member, as fr_atomic's. */
typedef struct fr_atom {
    fr_err (*fn)(fr_ctx *ctx, void *arg); /* may run twice */
    /* Runs in the same transaction when fn has ended well and the member has its place in the history; NULL: nothing. For
     * what is no model's: rows that it changes would be told to nobody. */
    fr_err (*numbered)(fr_ctx *ctx, void *arg, fr_place place);
    void *arg;
    uint32_t ms; /* for fn; 0: as long as fr_atomic has */
    /* Each write within fn must leave its own references in order, so that it is the one that fails; else they may lead
     * nowhere until fn ends. */
    bool is_checked;
    fr_place place; /* result: its own, or that before it if it changed nothing */
} fr_atom;
/* Errors: what fn or numbered returned, and those of fr_atomic. Within fr_atomic fn is a part of that, without a number. */
fr_err fr_db_atom(fr_ctx *ctx, fr_atom *member);
/* ---- answers that are kept, so that a repeat gets the same: only within fr_db_atom ---- */

typedef struct fr_kept {
    fr_str digest; /* of what was asked */
    fr_str answer;
    fr_place place; /* of the member that wrote it */
} fr_kept;

enum {
    FR_KEPT_MS = 24 * 3600 * 1000,
    FR_KEPT_ROWS = 100000,
    FR_KEPT_BYTES = 64 << 20, /* of all */
    FR_KEPT_ANSWER = 4 << 20  /* of one */
};

/* What was kept under this key within FR_KEPT_MS, in the ctx's arena. Errors: FR_ENOTFOUND, FR_EBACKEND, FR_ENOMEM. */
fr_err fr_db_kept(fr_ctx *ctx, fr_str key, fr_kept *out);
/* Keep an answer, in place of one that is empty, and let go of the oldest beyond the bounds. Errors: FR_ETOOBIG (over FR_KEPT_ANSWER), FR_ENOSPACE, FR_EBACKEND. */
fr_err fr_db_keep(fr_ctx *ctx, fr_str key, const fr_kept *kept);

/* ---- row.c: a model struct. mark: FR_ROW_MARK_ of it ---- */

/* Errors: FR_EINTERNAL (it is one of another model, or the model has none), with a text that names both and the call. */
fr_err fr_row_check(fr_ctx *ctx, const char *call, const fr_model *model, uint64_t mark);
/* The same where there is no context: it is logged. */
bool fr_row_is_of(const fr_model *model, uint64_t mark);
/* fr_value_check_pattern from any stack, a fiber's too. */
fr_err fr_row_check_pattern(const fr_field *field, fr_value value, fr_faults *faults);
/* The values of the fields in `set` (bits as in fr_row) as they are stored, in the arena of ctx; those in `judged` as a
 * serializer would have them.
 * Errors: FR_EINVAL with a text that names each field and its faults, FR_ENOMEM. */
fr_err fr_row_take(fr_ctx *ctx, const fr_model *model, const void *row, uint64_t set,
                   uint64_t judged, const fr_value **out);
#endif
