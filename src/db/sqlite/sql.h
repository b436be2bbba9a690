/*
 * SQL text from query trees and writes. A *shape* is what two requests that differ only in their values share: a few
 * bytes by which the prepared statement is found, so that text is made only for the first of its shape.
 */
#ifndef FR_DB_SQL_H
#define FR_DB_SQL_H
#include "db/sqlite/table.h"
#include "model/query.h"

typedef enum fr_sql_kind {
    FR_SQL_SELECT = 1,
    FR_SQL_SELECT_KEY,
    FR_SQL_FIELDS, /* of the row whose key is ?; set: which */
    FR_SQL_COUNT,
    FR_SQL_EXISTS, /* field: which, or that | FR_SQL_BUT_KEY */
    FR_SQL_INSERT, /* set: the given fields */
    FR_SQL_UPDATE,
    FR_SQL_DELETE,
    FR_SQL_KEYS_BY,   /* the keys of rows whose field is ?; with FR_SQL_BUT_KEY at most one */
    FR_SQL_DELETE_BY, /* delete them */
    FR_SQL_NULL_BY    /* set the field to NULL in them */
} fr_sql_kind;
#define FR_SQL_BUT_KEY (UINT32_C(1) << 16) /* beside the number of a field */

enum { FR_SHAPE_MAX = 512, FR_PRED_DEPTH_MAX = 64 };

typedef struct fr_shape {
    size_t n;
    bool is_too_deep; /* the tree is deeper than FR_PRED_DEPTH_MAX: refuse it */
    bool is_too_long; /* more than FR_SHAPE_MAX: such a statement is not kept */
    char bytes[FR_SHAPE_MAX];
} fr_shape;

/* The shape as key of the statement cache; empty if it is not kept. */
static inline fr_str fr_shape_str(const fr_shape *shape)
{
    return (fr_str){shape->bytes, shape->is_too_long ? 0 : shape->n};
}

void fr_shape_query(fr_shape *shape, fr_sql_kind kind, const fr_table *table,
                    const fr_query *query);
/* What is asked of one field, or (0) of none. */
void fr_shape_field(fr_shape *shape, fr_sql_kind kind, const fr_table *table, uint32_t field);
/* What names several. */
void fr_shape_set(fr_shape *shape, fr_sql_kind kind, const fr_table *table, const fr_fieldset *set);

void fr_sql_query(fr_buf *out, fr_sql_kind kind, const fr_table *table, const fr_query *query);
void fr_sql_field(fr_buf *out, fr_sql_kind kind, const fr_table *table, uint32_t field);
void fr_sql_set(fr_buf *out, fr_sql_kind kind, const fr_table *table, const fr_fieldset *set);

/* Bind what the query's text asks for. Values are borrowed until release. Returns a result code of SQLite: without memory for a
 * pattern nothing may be asked, since LIKE NULL finds no row. */
int fr_sql_bind_query(fr_stmt *stmt, fr_sql_kind kind, const fr_query *query);

/* Find or prepare. Returns a result code of SQLite; FR_PRED_DEPTH_MAX exceeded is SQLITE_TOOBIG. */
int fr_sql_stmt_query(fr_sqlite *conn, fr_sql_kind kind, const fr_table *table,
                      const fr_query *query, fr_stmt **out);
int fr_sql_stmt_field(fr_sqlite *conn, fr_sql_kind kind, const fr_table *table, uint32_t field,
                      fr_stmt **out);
int fr_sql_stmt_set(fr_sqlite *conn, fr_sql_kind kind, const fr_table *table,
                    const fr_fieldset *set, fr_stmt **out);
#endif
