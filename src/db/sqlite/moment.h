/* What a stored date, time or moment is made of, by the clock of the zone that is used here (base/zone.h): freshet_part(value, 'month') of SQL, and where a year begins and ends. */
#ifndef FR_DB_MOMENT_H
#define FR_DB_MOMENT_H
#include "base/zone.h"
#include "db/sqlite/sqlite.h"

/* Between these, both included, lie the stored texts of a year. */
typedef struct fr_bounds {
    char first[40], last[40];
} fr_bounds;

/* is_iso: the year of ISO 8601's weeks. is_moment: of a DATETIME, else of a DATE. A year that no date has is before all or
 * behind all. */
fr_bounds fr_bounds_of_year(fr_value year, bool is_iso, bool is_moment, const fr_zone *zone);

/* Register the function. A result code of SQLite. */
int fr_moment_register(sqlite3 *h);
#endif
