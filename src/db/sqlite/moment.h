/* freshet_part(value, 'month') of SQL: what a stored moment is made of, by the clock of the zone that is used here. */
#ifndef FR_DB_MOMENT_H
#define FR_DB_MOMENT_H
#include "db/sqlite/sqlite.h"

/* Register the function. A result code of SQLite. */
int fr_moment_register(sqlite3 *h);
#endif
