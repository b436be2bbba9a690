/*
 * A registered model on its table: quoted names for SQL, which columns the database computes, who points here, and the
 * map by which the pre-update hook's columns become fields (traps A4).
 */
#ifndef FR_DB_TABLE_H
#define FR_DB_TABLE_H
#include <stdatomic.h>
#include "base/vec.h"
#include "db/sqlite/sqlite.h"
#include "model/model.h"

typedef struct fr_table fr_table;

/* A foreign key of another model that points here. */
typedef struct fr_link {
    fr_table *from;
    uint16_t field;
} fr_link;

struct fr_table {
    const fr_model *model; /* borrowed */
    uint16_t index;        /* in the database's list */
    uint16_t key;          /* field index of the primary key */
    bool is_live;          /* logged and delivered */
    bool is_absent;        /* a foreign model without a table */
    bool has_rowid_key;    /* the key is the rowid */
    fr_str name;           /* as in the database */
    fr_str quoted;         /* "note" */
    fr_str list;           /* the fields' columns, quoted, in model order, joined by commas */
    fr_str *columns;       /* of each field, quoted; field_count of them */
    fr_link *links;        /* owned by the arena */
    size_t link_count;
    uint64_t generated; /* bit i: field i is computed by the database: never written */
    atomic_uint_fast64_t
        unseen; /* virtual ones, which the hook does not see: NULL in images; asked from any thread */

    /* The hook's map; the writer's thread (and open). */
    struct fr_image_map {
        int16_t column
            [FR_MODEL_FIELDS_MAX]; /* index for sqlite3_preupdate_old and _new; FR_IMAGE_NULL, FR_IMAGE_KEY */
        int16_t updated
            [FR_MODEL_FIELDS_MAX]; /* for _new of an UPDATE: another numbering in WITHOUT ROWID tables */
        uint64_t real;             /* REAL affinity: the hook may show 1 where 1.0 is stored */
        uint64_t
            fallback; /* NULL means: a record older than its column, which says NOT NULL DEFAULT … */
        uint64_t
            doubtful; /* nullable with a default: an old NULL may mean either, so the model is flooded */
        fr_value *defaults; /* for fallback; field_count, in the arena */
        bool is_blind;      /* a field cannot be told from the rowid: every change is a flood */
        bool is_whole; /* every column is in the image, so equal images mean: nothing changed */
    } map;
};

/* Names and links of the table. Errors: FR_ENOMEM. */
fr_err fr_table_init(fr_table *table, const fr_model *model, fr_arena *arena);

enum {
    FR_IMAGE_NULL = -1,
    FR_IMAGE_KEY = -2
}; /* not in images; the rowid, which the hook hands over by itself */

/* One column as PRAGMA table_xinfo tells it. */
typedef struct fr_column_info {
    char *name, *type, *default_; /* owned; default_ NULL if none */
    bool is_not_null;
    int key; /* place in the primary key from 1, or 0 */
    enum { FR_COLUMN_PLAIN, FR_COLUMN_HIDDEN, FR_COLUMN_VIRTUAL, FR_COLUMN_STORED } kind;
} fr_column_info;

typedef struct fr_table_info {
    FR_VEC(fr_column_info) columns;
    int rowid; /* the column that is the rowid, or -1 */
    bool is_there, is_view, is_without_rowid;
} fr_table_info;

int fr_table_info_read(fr_sqlite *conn, fr_str name,
                       fr_table_info *out); /* a result code of SQLite */
void fr_table_info_deinit(fr_table_info *info);
int fr_table_info_find(const fr_table_info *info,
                       fr_str column); /* ASCII case folded; -1 if none */

/* Fill map, generated, unseen and has_rowid_key from what the table is now. Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_table_map(fr_table *table, const fr_table_info *info, fr_arena *arena);

/* "name" with its quotes doubled. */
void fr_sql_quote(fr_buf *out, fr_str name);
#endif
