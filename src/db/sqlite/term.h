/* The text of a reference's value and of a term of a predicate, and the values that the term's text asks for. */
#ifndef FR_DB_TERM_H
#define FR_DB_TERM_H
#include "db/sqlite/chain.h"
#include "db/sqlite/shape.h"

/* The value behind a number; of to-many references only their count is one. */
void fr_sql_value(fr_sql *s, uint16_t ref);
void fr_sql_term(fr_sql *s, const fr_pred *pred);
int fr_bind_value(fr_binder *b, uint16_t ref);
int fr_bind_term(fr_binder *b, const fr_pred *pred);
#endif
