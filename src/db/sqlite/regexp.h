/* REGEXP of SQL, which SQLite leaves to the program. A pattern is compiled once a statement. */
#ifndef FR_DB_REGEXP_H
#define FR_DB_REGEXP_H
#include <sqlite3.h>

/* Register the function behind the operator. A result code of SQLite. */
int fr_regexp_register(sqlite3 *h);
#endif
