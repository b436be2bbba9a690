/*
 * Definitions as Django's migrations make them on SQLite, so that both can use one file: what is made where nothing is, and
 * the statements that would make a table of somebody else what its model says.
 */
#ifndef FR_DB_SQLITE_DEFINE_H
#define FR_DB_SQLITE_DEFINE_H
#include "db/sqlite/table.h"
#include "model/rule.h"

/* What the table says of a reference, "CASCADE"; NULL: nothing */
const char *fr_define_on_delete(fr_on_delete on_delete);
/* varchar(20) */
void fr_define_type(fr_buf *out, const fr_field *field);
/* "name" varchar(20) NOT NULL UNIQUE */
void fr_define_column(fr_buf *out, const fr_table *table, uint32_t field);
/* CREATE TABLE … */
void fr_define_table(fr_buf *out, const fr_table *table);
/* CREATE INDEX IF NOT EXISTS …, or CREATE UNIQUE INDEX … */
void fr_define_index(fr_buf *out, const fr_table *table, uint32_t field, bool is_unique);
/* CREATE UNIQUE INDEX … of a rule of the model over several columns */
void fr_define_unique(fr_buf *out, const fr_table *table, const fr_rule *rule);
/* "; CREATE UNIQUE INDEX …" of each rule that does not stand in the table itself */
void fr_define_uniques(fr_buf *out, const fr_table *table);
/* CREATE INDEX IF NOT EXISTS … of .indexes */
void fr_define_meta_index(fr_buf *out, const fr_table *table, const fr_column_index *index);
/* ALTER TABLE … ADD COLUMN …: what SQLite cannot add to a table with rows is left out, as NOT NULL of a reference. Rows that
 * are there get the default of the field, or the least value of its kind. */
void fr_define_added(fr_buf *out, const fr_table *table, uint32_t field);
/* A column made anew by four statements: add one under another name, copy, drop the old one, rename. false: SQLite cannot
 * drop the old one, or not add what the field says. */
bool fr_define_replaced(fr_buf *out, const fr_table *table, uint32_t field,
                        const fr_column_info *column);
#endif
