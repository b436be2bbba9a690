#include "db/sqlite/moment.h"

#include "base/str.h"
#include "model/moment.h"

static fr_transform part_of(sqlite3_value *name)
{
    fr_transform part = FR_TRANSFORM_NONE;
    fr_str text = {(const char *)sqlite3_value_text(name), (size_t)sqlite3_value_bytes(name)};
    fr_transform_find(text, FR_KIND_DATETIME, &part);
    return part;
}

static void run(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    char room[FR_TIME_TEXT];
    fr_transform part = part_of(values[1]);
    fr_value made = fr_moment_part(part, fr_value_from_sqlite(values[0]), fr_zone_here(), room);
    if (made.type == FR_VALUE_TEXT)
        sqlite3_result_text(context, made.as.s.p, (int)made.as.s.n, SQLITE_TRANSIENT);
    else if (made.type == FR_VALUE_INT)
        sqlite3_result_int64(context, made.as.i);
}

int fr_moment_register(sqlite3 *h)
{
    return sqlite3_create_function_v2(h, "freshet_part", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                      NULL, run, NULL, NULL, NULL);
}
