/*
 * A *shape* is what two statements that differ only in their values share: a few bytes by which the prepared statement is
 * found, so that text is made only for the first of its shape.
 */
#ifndef FR_DB_SHAPE_H
#define FR_DB_SHAPE_H
#include "db/table.h"
#include "model/query.h"

typedef enum fr_sql_kind {
    FR_SQL_SELECT = 1,
    FR_SQL_SELECT_KEY,
    FR_SQL_FIELDS, /* of the row whose key is ?; set: which */
    FR_SQL_COUNT,
    FR_SQL_ANY,    /* whether a query has a row */
    FR_SQL_EXISTS, /* field: which, or that | FR_SQL_BUT_KEY */
    FR_SQL_INSERT, /* set: the given fields */
    FR_SQL_UPDATE,
    FR_SQL_DELETE,
    FR_SQL_KEYS_BY,   /* the keys of rows whose field is ?; with FR_SQL_BUT_KEY at most one */
    FR_SQL_DELETE_BY, /* delete them */
    FR_SQL_SET_BY     /* set the field to another value in them; bound behind the first */
} fr_sql_kind;
#define FR_SQL_BUT_KEY (UINT32_C(1) << 16) /* beside the number of a field */

enum { FR_SHAPE_MAX = 1024 };

typedef struct fr_shape {
    size_t n;
    bool is_too_deep; /* the tree is deeper than FR_PRED_DEPTH_MAX: refuse it */
    bool is_too_long; /* more than FR_SHAPE_MAX: such a statement is not kept */
    uint64_t told;    /* which rules of the query's sight are in it, by a bit each */
    char bytes[FR_SHAPE_MAX];
} fr_shape;

/* The shape as key of the statement cache; empty if it is not kept. */
static inline fr_str fr_shape_str(const fr_shape *shape)
{
    return (fr_str){shape->bytes, shape->is_too_long ? 0 : shape->n};
}

void fr_shape_query(fr_shape *shape, fr_sql_kind kind, const fr_table *table,
                    const fr_query *query);
/* What is asked of one field, or (0) of none. */
void fr_shape_field(fr_shape *shape, fr_sql_kind kind, const fr_table *table, uint32_t field);
/* What names several. */
void fr_shape_set(fr_shape *shape, fr_sql_kind kind, const fr_table *table, const fr_fieldset *set);

/* IN lists are filled up to the next power of two by repeating the last value: few shapes for many lengths. */
static inline size_t fr_in_count(size_t n)
{
    size_t full = 1;
    while (full < n)
        full *= 2;
    return n ? full : 0;
}

/* Whether a term asks for NULL, or for anything else than it, and so has no value. */
static inline bool fr_pred_is_null_test(const fr_pred *pred)
{
    return pred->lookup == FR_LOOKUP_ISNULL ||
           ((pred->lookup == FR_LOOKUP_EXACT || pred->lookup == FR_LOOKUP_IEXACT) &&
            pred->values[0].type == FR_VALUE_NULL);
}

static inline bool fr_pred_tests_for_null(const fr_pred *pred)
{
    return pred->lookup != FR_LOOKUP_ISNULL || pred->values[0].as.i != 0;
}

static inline bool fr_query_has_limit(const fr_query *query)
{
    return query->limit > 0 || query->offset > 0;
}
#endif
