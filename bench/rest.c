/*
 * The program of `./dev bench rest` and `./dev bench rows`: models and viewsets over the tables of bench/rest.sql, as
 * bench/peers/drf.py has them for Django.
 *
 *   /api/notes/    10,000 rows, the newest first, in pages of 20; ?page_size=100
 *   /api/entries/  as many rows as the series wants (bench/rows.sql), in pages by number
 *   /api/feed/     the same rows by cursor
 */
#include <freshet.h>

#define FOREIGN(name) .table = name, .is_foreign = true

/* ---- notes: the rows that floor_sqlite has ---- */

FR_MODEL_OPTS(note, (FOREIGN("note"), .ordering = "-updated_at"),
    (ID,       id),
    (CHAR,     title, .max_length = 200),
    (BOOLEAN,  done, .default_ = "false"),
    (INTEGER,  priority, .default_ = "0"),
    (DATETIME, updated_at, .auto_now = true, .index = true));

static const fr_pages twenty = {.rows = 20, .size_param = "page_size", .max_rows = 100};
static const fr_viewset notes = {.model = &note_model, .pages = &twenty};

/* ---- entries: 10,000 or 1,000,000 ---- */

FR_MODEL_OPTS(entry, (FOREIGN("entry"), .ordering = "id"),
    (ID,       id),
    (CHAR,     room, .max_length = 20, .index = true),
    (CHAR,     text, .max_length = 200),
    (DATETIME, at, .index = true));

static const fr_pages newest = {FR_PAGE_CURSOR, .rows = 20, .ordering = "-at"};
static const fr_viewset entries = {.model = &entry_model, .filter = "room", .pages = &twenty};
static const fr_viewset feed = {.model = &entry_model, .pages = &newest, .ordering = "-at"};

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){
                       .name = "bench-rest",
                       .summary = "what the benchmarks of REST measure",
                       .http = FR_ROUTES({"api/notes/", .viewset = &notes},
                                         {"api/entries/", .viewset = &entries},
                                         {"api/feed/", .viewset = &feed}),
                   });
}
