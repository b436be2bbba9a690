/* What a table is, as SQLite tells it, and the map by which the pre-update hook's columns become fields (traps A4). */
#ifndef FR_DB_SQLITE_TABLE_H
#define FR_DB_SQLITE_TABLE_H
#include "base/vec.h"
#include "db/sqlite/sqlite.h"
#include "db/table.h"

/* How the pre-update hook's columns become fields; the writer's thread (and open). */
typedef struct fr_image_map {
    /* Of each field the index for sqlite3_preupdate_old and _new; FR_IMAGE_NULL, FR_IMAGE_KEY. */
    int16_t column[FR_MODEL_FIELDS_MAX];
    /* The same for _new of an UPDATE: another numbering in WITHOUT ROWID tables. */
    int16_t updated[FR_MODEL_FIELDS_MAX];
    fr_fieldset real; /* REAL affinity: the hook may show 1 where 1.0 is stored */
    fr_fieldset
        fallback; /* NULL means: a record older than its column, which says NOT NULL DEFAULT … */
    fr_fieldset
        doubtful; /* nullable with a default: an old NULL may be either: the model is flooded */
    fr_value *defaults; /* for fallback; field_count, in the arena */
    bool is_blind;      /* a field cannot be told from the rowid: every change is a flood */
    bool is_whole;      /* every column is in the image, so equal images mean: nothing changed */
    bool has_rowid_key; /* the key is the rowid */
} fr_image_map;

enum {
    FR_IMAGE_NULL = -1, /* not in images */
    FR_IMAGE_KEY = -2   /* the rowid, which the hook hands over by itself */
};

/* What only this back end knows of a table; the writer's thread (and open). */
typedef struct fr_sqlite_table {
    fr_image_map map;
    uint64_t digest;    /* of its part of the schema, when that was looked at; 0: there is none */
    uint64_t complaint; /* digest of what was said of it last; 0: nothing */
    /* A column that must be given and that the model does not name: no row can be added. Else empty. */
    char needed[64];
} fr_sqlite_table;

static inline fr_sqlite_table *fr_sqlite_table_of(const fr_table *table)
{
    return table->inner;
}

static inline fr_image_map *fr_image_map_of(const fr_table *table)
{
    return &fr_sqlite_table_of(table)->map;
}

/* Nothing is known yet. Errors: FR_ENOMEM. */
fr_err fr_sqlite_table_new(fr_table *table, fr_arena *arena);

typedef FR_VEC(char *) fr_names;

/* One column as SQLite tells it. */
typedef struct fr_column_info {
    char *name, *type, *default_; /* owned; default_ NULL if none */
    char *collation;              /* owned; "BINARY" … */
    char *refers_table,
        *refers_column; /* owned; of a reference of this column alone. No column: the key */
    char *on_delete;    /* owned; of that reference: "NO ACTION", "CASCADE" … */
    fr_column compares;
    bool is_not_null;
    bool is_indexed; /* in some index */
    bool is_unique;  /* no two rows have values that the column takes for equal */
    int key;         /* place in the primary key from 1, or 0 */
    enum { FR_COLUMN_PLAIN, FR_COLUMN_HIDDEN, FR_COLUMN_VIRTUAL, FR_COLUMN_STORED } kind;
} fr_column_info;

typedef struct fr_table_info {
    FR_VEC(fr_column_info) columns;
    /* Owned: of each unique index of all rows over several columns their names, a line each; the same of those of some rows, of
     * one column too. */
    fr_names unique, unique_some;
    char *sql; /* owned: CREATE TABLE … */
    int rowid; /* the column that is the rowid, or -1 */
    bool is_there, is_view, is_without_rowid, is_strict;
} fr_table_info;

int fr_table_info_read(fr_sqlite *conn, fr_str name,
                       fr_table_info *out); /* a result code of SQLite */
void fr_table_info_deinit(fr_table_info *info);
int fr_table_info_find(const fr_table_info *info,
                       fr_str column); /* ASCII case folded; -1 if none */

/* Fill the map, compares, generated and unseen from what the table is now. Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_table_map(fr_table *table, const fr_table_info *info, fr_arena *arena);
#endif
