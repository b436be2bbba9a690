/* The text of a reference's value and of a term of a predicate, and the values that the term's text asks for. */
#ifndef FR_DB_TERM_H
#define FR_DB_TERM_H
#include "db/sqlite/join.h"
#include "db/sqlite/shape.h"
#include "db/sqlite/sqlite.h"

/* A statement in the making. */
typedef struct fr_sql {
    fr_buf *out;
    const fr_table *table; /* the query's own */
    const fr_query *query;
    fr_joins joins;
    int alias;      /* the next free one */
    bool is_astray; /* a table on the way is not this database's */
} fr_sql;

/* The value behind a number; of to-many references only their count is one. */
void fr_sql_value(fr_sql *s, uint16_t ref);
void fr_sql_term(fr_sql *s, const fr_pred *pred);
/* Bind from *index on, and move that. Returns a result code of SQLite. */
int fr_term_bind(fr_stmt *stmt, const fr_query *query, const fr_pred *pred, int *index);
#endif
