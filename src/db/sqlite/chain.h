/*
 * What is asked of rows of other tables: the tables of a to-many reference as a statement of their own, what may be seen of the
 * rows on the way, and trees about such rows. Text, and what is bound in the order of the text.
 */
#ifndef FR_DB_CHAIN_H
#define FR_DB_CHAIN_H
#include "db/sqlite/join.h"
#include "db/sqlite/sqlite.h"

/* A statement in the making, or one within it. */
typedef struct fr_sql fr_sql;
struct fr_sql {
    fr_buf *out;
    const fr_table *table; /* the query's own */
    const fr_query *query;
    fr_joins joins;
    int *alias; /* the next free one, of all that is within each other */
    int *rc;    /* SQLITE_OK, or why the text is of no use */
    void (*put_tree)(fr_sql *s, const fr_pred *pred);
};

/* What is bound, from index on. */
typedef struct fr_binder fr_binder;
struct fr_binder {
    fr_stmt *stmt;
    const fr_query *query;
    int index;
    int (*bind_tree)(fr_binder *b,
                     const fr_pred *pred); /* a result code of SQLite, as all that bind */
};

/* The tables of a statement: its own, and what is joined, those that are or are not there. Their aliases are the next free ones
 * unless own says so. */
void fr_sql_begin(fr_sql *s, const fr_table *table, const fr_query *query, bool has_rows);
/* ` FROM "note" AS t0 …` */
void fr_sql_from(fr_sql *s);
int fr_bind_from(fr_binder *b, const fr_joins *joins);

/* The last table of a chain. */
typedef struct fr_chain {
    const fr_table *table; /* NULL: it is astray */
    int alias;
} fr_chain;
/* The tables of a reference: ` FROM … WHERE`, and what ties them to the query's row. is_outer: so that what is missing counts as
 * NULL, ` FROM (SELECT 1) LEFT OUTER JOIN … ON … WHERE`. is_raw: whatever may be seen. */
fr_chain fr_chain_put(fr_sql *s, const fr_ref *ref, bool is_raw, bool is_outer);
int fr_chain_bind(fr_binder *b, const fr_ref *ref, bool is_raw, bool is_outer);

/* That one of the rows which a SOME is about fulfils its part. */
void fr_sql_some(fr_sql *s, const fr_pred *pred);
int fr_bind_some(fr_binder *b, const fr_pred *pred);
#endif
