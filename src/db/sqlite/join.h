/*
 * The tables that a query's references lead to, over to-one steps: references that begin alike share a join. Joins are outer
 * where Django's are: where a row may be missing, and the predicate does not ask for one. A row that may not be seen is
 * missing, but for references that are read raw. To-many steps are no joins, as those would double rows.
 */
#ifndef FR_DB_JOIN_H
#define FR_DB_JOIN_H
#include "db/sqlite/table.h"
#include "model/query.h"

enum { FR_JOINS_MAX = 60 /* SQLite's limit is 64 tables */, FR_ALIAS_NONE = -1 };

typedef struct fr_join {
    const fr_ref_step *step;   /* borrowed from the query's references */
    const fr_table *table;     /* at its end */
    const fr_sight_rule *rule; /* what may be seen of it; NULL: all */
    int parent;                /* another one's index; -1: the query's own table */
    bool is_outer;
} fr_join;

typedef struct fr_joins {
    const fr_table *table; /* the query's own */
    const fr_sight *sight; /* the query's */
    fr_join at[FR_JOINS_MAX];
    int count;
    int own, first;  /* aliases: of the query's own table, of the first join; the others follow */
    bool is_aliased; /* columns must say whose they are: some reference leads on to another table */
    bool is_too_many;
    bool is_astray; /* a table is not this database's */
} fr_joins;

/* What a statement needs, with aliases from 0 on. has_rows: its extra columns and its ordering too, not the predicate alone. */
void fr_joins_init(fr_joins *joins, const fr_table *table, const fr_query *query, bool has_rows);
/* The join behind the last of a reference's to-one steps; NULL: it has none. is_raw: whatever may be seen. */
const fr_join *fr_joins_find(const fr_joins *joins, const fr_ref *ref, bool is_raw);
/* Its alias: n as in tn. join NULL: that of the query's own table; FR_ALIAS_NONE: names stand alone. */
int fr_joins_alias(const fr_joins *joins, const fr_join *join);
/* Append ` FROM "note"`. */
void fr_joins_from(const fr_joins *joins, fr_buf *out);
/* Append a join, but for its rule. */
void fr_joins_put(const fr_joins *joins, const fr_join *join, fr_buf *out);

/* Append a column, with tn. before it unless alias is FR_ALIAS_NONE. */
void fr_sql_column(fr_buf *out, int alias, fr_str column);
/* Append what ties the table behind a step, `alias`, to that before it, `from`. */
void fr_sql_tie(fr_buf *out, const fr_ref_step *step, const fr_table *from, int from_alias,
                const fr_table *to, int alias);
#endif
