/*
 * The tables that a query's references lead to, over to-one steps: references that begin alike share a join. Joins are outer
 * where Django's are: where a row may be missing, and the predicate does not ask for one. To-many steps are no joins, as
 * those would double rows.
 */
#ifndef FR_DB_JOIN_H
#define FR_DB_JOIN_H
#include "db/sqlite/table.h"
#include "model/query.h"

enum { FR_JOINS_MAX = 60 /* SQLite's limit is 64 tables */, FR_ALIAS_NONE = -1 };

typedef struct fr_join {
    const fr_ref_step *step; /* borrowed from the query's references */
    const fr_table *table;   /* at its end */
    int parent;              /* another one's index; -1: the query's own table */
    bool is_outer;
} fr_join;

typedef struct fr_joins {
    const fr_table *table; /* the query's own */
    fr_join at[FR_JOINS_MAX];
    int count;
    bool is_aliased; /* columns must say whose they are: some reference leads on to another table */
    bool is_too_many;
    bool is_astray; /* a table is not this database's */
} fr_joins;

/* What a statement needs. has_rows: its extra columns and its ordering too, not the predicate alone. */
void fr_joins_init(fr_joins *joins, const fr_table *table, const fr_query *query, bool has_rows);
/* The alias of the table at the end of a reference's to-one steps: n as in tn. FR_ALIAS_NONE: names stand alone. */
int fr_joins_alias(const fr_joins *joins, const fr_ref *ref);
/* Append ` FROM "note"`, with its joins. */
void fr_joins_sql(const fr_joins *joins, fr_buf *out);

/* Append a column, with tn. before it unless alias is FR_ALIAS_NONE. */
void fr_sql_column(fr_buf *out, int alias, fr_str column);
/* Append what ties the table behind a step, `alias`, to that before it, `from`. */
void fr_sql_tie(fr_buf *out, const fr_ref_step *step, const fr_table *from, int from_alias,
                const fr_table *to, int alias);
#endif
