/* The pre-update hook: old and new image of each row that our own connection changes, corrected (traps A4), appended to
 * the running member's changes. */
#ifndef FR_DB_HOOK_H
#define FR_DB_HOOK_H
#include "base/map.h"
#include "db/changes.h"
#include "db/sqlite/sqlite.h"

typedef struct fr_update_hook {
    fr_changes *changes;   /* NULL: not told yet (the tables are being made) */
    const fr_map *by_name; /* lower-case table name → fr_table */
} fr_update_hook;

fr_sqlite_hook fr_hook_fired;

/* Whether the loaded library's hook shows rows as this file expects: tried on a database in memory with added, REAL and
 * generated columns. Errors: FR_EBACKEND with a line for the user. */
fr_err fr_hook_check(char error[512]);
#endif
