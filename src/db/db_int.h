/* What the files of this layer share with its back ends: an open database and what may be asked of it. */
#ifndef FR_DB_DB_INT_H
#define FR_DB_DB_INT_H
#include <assert.h>
#include <stdatomic.h>
#include "base/map.h"
#include "db/backend.h"

struct fr_db {
    uint32_t magic;
    const fr_db_backend *backend;
    fr_db_opts opts;
    fr_arena *arena;   /* owned: what lives as long as the database */
    bool *absent;      /* the caller's, until it is open */
    bool is_looked_at; /* the back end has begun, and must close */
    bool is_open;
    bool likes_blobs;        /* fr_db_likes_blobs; set by look */
    atomic_bool is_stopping; /* nothing waits for a lock, and no read goes on, any more */
    atomic_bool is_gone;     /* the files are not there any more: nothing is read or written */
    fr_table *tables;        /* in the arena */
    size_t table_count, graph_count; /* the first so many stand in the graph of models */
    size_t given_count; /* the first so many are the caller's, others lie between two of them */
    fr_map by_model, by_name; /* model pointer → table; lower-case table name → table */

    /* The last committed place, written by the back end: a sequence lock, as the two belong together. */
    atomic_uint_fast64_t place_turn, number, mark;
    atomic_uint schema;
    atomic_uint_fast64_t watched; /* fr_db_watched */

    struct {
        atomic_uint_fast64_t members, failed, groups, largest, reruns, floods, foreign, refused,
            slow_reads, log_bytes, wal_bytes, wal_anew, wal_held, counts, remembered;
    } stats;
};
enum { FR_DB_MAGIC = 0x66726462 };

static inline void fr_stat_add(atomic_uint_fast64_t *stat, uint64_t n)
{
    atomic_fetch_add_explicit(stat, n, memory_order_relaxed);
}

/* ---- place.c ---- */
fr_table *fr_db_table(const fr_db *db, const fr_model *model); /* NULL: not registered */
void fr_db_place_set(fr_db *db, fr_place place);               /* one thread at a time */
/* The database of a context and the table of a model, or an error with its detail. */
fr_err fr_db_of(fr_ctx *ctx, const fr_model *model, fr_db **db, fr_table **table);

/* ---- error.c: words for the client ---- */
/* FR_OK, or FR_ESCHEMA: the table is not what its model says. Any thread. */
fr_err fr_db_check_table(fr_ctx *ctx, const fr_table *table);
/* The same of all tables that a query (NULL is fine) leads to; FR_EINTERNAL: one is not registered. query.c */
fr_err fr_db_check_query(fr_ctx *ctx, const fr_table *table, const fr_query *query);
/* For all errors but FR_ECONFLICT. */
fr_err fr_db_fail(fr_ctx *ctx, fr_err err);
/* For the constraint that write->constraint and failed_field name. Table and write may be NULL. */
fr_err fr_db_fail_constraint(fr_ctx *ctx, const fr_table *table, const fr_write *write);
#endif
