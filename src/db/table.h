/* A registered model on its table: quoted names for SQL, which columns the database computes, who points here. */
#ifndef FR_DB_TABLE_H
#define FR_DB_TABLE_H
#include <stdatomic.h>
#include "base/buf.h"
#include "model/column.h"
#include "model/fieldset.h"
#include "model/graph.h"

typedef struct fr_table fr_table;

/* A foreign key of another model that points here. */
typedef struct fr_link {
    fr_table *from;
    uint16_t field;
} fr_link;

/* Whether the table is what its model says. What does not fit is its own trouble: other tables are served. */
typedef enum fr_table_state {
    FR_TABLE_FITS,
    FR_TABLE_ABSENT, /* another program has renamed or dropped it; of a foreign model it may never have been there */
    FR_TABLE_ALTERED, /* another program has made something else of it */
} fr_table_state;

struct fr_table {
    const fr_model *model; /* borrowed */
    uint16_t index;        /* in the database's list */
    uint16_t key;          /* field index of the primary key */
    bool is_live;          /* logged and delivered */
    bool is_watched;       /* fr_db_watch */
    atomic_uint state;     /* an fr_table_state; asked from any thread */
    fr_str name;           /* as in the database */
    fr_str quoted;         /* "note" */
    fr_str list;           /* the fields' columns, quoted, in model order, joined by commas */
    fr_str *columns;       /* of each field, quoted; field_count of them */
    fr_table **to;         /* of each field the table that it refers to; NULL: none */
    fr_link *links;        /* owned by the arena */
    size_t link_count;
    _Atomic(fr_column) *compares; /* how each field's column compares; asked from any thread */
    fr_fieldset generated;        /* computed by the database: never written. The writer's thread */
    fr_fieldset
        unseen; /* of those the virtual ones, which the hook does not see: NULL in old images */
    atomic_uint_fast64_t unseen_words[FR_FIELDSET_WORDS]; /* the same; asked from any thread */
    void *inner; /* what only the back end knows of the table */
};

/* Names of the table. Errors: FR_ENOMEM. */
fr_err fr_table_init(fr_table *table, const fr_model *model, fr_arena *arena);

static inline fr_table_state fr_table_state_get(const fr_table *table)
{
    return (fr_table_state)atomic_load_explicit(&table->state, memory_order_acquire);
}

/* The table at the end of a step from this one; NULL: the database does not have it. */
const fr_table *fr_table_behind(const fr_table *table, const fr_ref_step *step);

/* The field of a column, ASCII case folded; -1: the model does not name it. */
int fr_table_find(const fr_table *table, fr_str column);

/* "name" with its quotes doubled. */
void fr_sql_quote(fr_buf *out, fr_str name);
/* 'text', the same. */
void fr_sql_quote_text(fr_buf *out, fr_str text);
#endif
