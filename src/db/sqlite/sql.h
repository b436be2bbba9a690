/* SQL text from query trees and writes, and the prepared statements of their shapes. */
#ifndef FR_DB_SQL_H
#define FR_DB_SQL_H
#include "db/sqlite/shape.h"
#include "db/sqlite/sqlite.h"

/* Returns a result code of SQLite: SQLITE_TOOBIG with more tables than it can join, SQLITE_SCHEMA if one is not of this
 * database. */
int fr_sql_query(fr_buf *out, fr_sql_kind kind, const fr_table *table, const fr_query *query);
void fr_sql_field(fr_buf *out, fr_sql_kind kind, const fr_table *table, uint32_t field);
void fr_sql_set(fr_buf *out, fr_sql_kind kind, const fr_table *table, const fr_fieldset *set);

/* Bind what the query's text asks for. Values are borrowed until release. Returns a result code of SQLite: without memory for a
 * pattern nothing may be asked, since LIKE NULL finds no row. */
int fr_sql_bind_query(fr_stmt *stmt, fr_sql_kind kind, const fr_table *table,
                      const fr_query *query);

/* Find or prepare. Returns a result code of SQLite; FR_PRED_DEPTH_MAX exceeded is SQLITE_TOOBIG. */
int fr_sql_stmt_query(fr_sqlite *conn, fr_sql_kind kind, const fr_table *table,
                      const fr_query *query, fr_stmt **out);
int fr_sql_stmt_field(fr_sqlite *conn, fr_sql_kind kind, const fr_table *table, uint32_t field,
                      fr_stmt **out);
int fr_sql_stmt_set(fr_sqlite *conn, fr_sql_kind kind, const fr_table *table,
                    const fr_fieldset *set, fr_stmt **out);
#endif
