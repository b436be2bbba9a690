/*
 * The query tree: what a list request or an fr_filter means, before SQL. Back ends make SQL of
 * the tree (db/sqlite/sql.c).
 */
#ifndef FR_MODEL_QUERY_H
#define FR_MODEL_QUERY_H
#include "model/ref.h"

typedef enum fr_pred_op {
    FR_PRED_TRUE,
    FR_PRED_TERM,
    FR_PRED_AND,
    FR_PRED_OR,
    FR_PRED_NOT,
    FR_PRED_SOME /* of the rows at the end of a path one fulfils its part; the path of an own field: the row itself does */
} fr_pred_op;

typedef struct fr_pred fr_pred;
struct fr_pred {
    fr_pred_op op;
    bool
        is_raw; /* TERM, SOME: read whatever the query's sight says; of rules, which say themselves what may be seen */
    /* TERM, and ref: SOME */
    uint16_t ref; /* a field of the model, or a reference of the query's table */
    fr_lookup lookup;
    uint8_t
        param; /* 0; or 1 + the number of the parameter that takes the place of values: fr_pred_bind */
    const fr_value *values; /* stored form; one, or several: IN, RANGE, HAS_KEYS */
    size_t value_count;
    /* AND, OR, NOT, SOME */
    const fr_pred *const *parts;
    size_t part_count;
    const fr_refs *refs; /* SOME: of its part, which is about the model at the end */
};

/* What may be seen of the rows of some models, by whoever asks. Other rows of theirs are not there for the references of a query:
 * over to-one steps their fields are NULL, over to-many steps they are neither found nor counted. The query's own rows are not
 * concerned, nor are keys that stand in a column of a row that may be seen. */
typedef struct fr_sight_rule {
    const fr_model *model;
    const fr_refs *refs;
    const fr_pred *where; /* bound, all of it raw */
} fr_sight_rule;
enum { FR_SIGHT_MAX = 64 };
typedef struct fr_sight {
    const fr_sight_rule *rules;
    size_t count; /* at most FR_SIGHT_MAX */
} fr_sight;

/* The rule of a model. NULL: all of its rows may be seen. sight may be NULL. */
static inline const fr_sight_rule *fr_sight_find(const fr_sight *sight, const fr_model *model)
{
    for (size_t i = 0; sight && i < sight->count; i++)
        if (sight->rules[i].model == model)
            return &sight->rules[i];
    return NULL;
}

typedef struct fr_order {
    uint16_t ref; /* over to-one steps */
    bool is_descending;
} fr_order;
enum { FR_ORDERS_MAX = 8, FR_EXTRA_MAX = 256, FR_PRED_DEPTH_MAX = 64 };

typedef struct fr_query {
    const fr_model *model;
    const fr_refs *refs;   /* what numbers past the model's fields mean; NULL: there are none */
    const fr_pred *where;  /* NULL = all */
    const fr_sight *sight; /* NULL: all rows of other tables may be seen */
    fr_order orders[FR_ORDERS_MAX];
    uint8_t order_count; /* SQL ends with the key in any case, ascending (traps A16) */
    int64_t limit;       /* 0 = none */
    int64_t offset;
    const uint16_t *extra; /* references that the same statement reads, behind the model's fields */
    uint16_t extra_count;  /* at most FR_EXTRA_MAX. Over to-one steps, or a COUNT */
} fr_query;

/* "-updated_at,project__name" → orders, with the key, ascending, behind them if it is not among them. "pk" is the key; a
 * relation stands for the ordering of its model. Empty: model->ordering. References are added to refs.
 * Errors: FR_EINVAL (unknown or to-many name, or more than FR_ORDERS_MAX - 1), FR_ENOMEM; *count is then as it was. */
fr_err fr_refs_order(fr_refs *refs, fr_str ordering, fr_order orders[FR_ORDERS_MAX],
                     uint8_t *count);
/* The same for a query that goes by the model's own fields alone. */
fr_err fr_query_order(fr_query *query, fr_str ordering);
/* The field behind a number. */
const fr_field *fr_query_field(const fr_query *query, uint16_t ref);
/* Trees, from their leaves. All return NULL when memory is out. The value of ISNULL is FR_VALUE_I(1) or 0. */
fr_pred *fr_pred_term(fr_arena *arena, uint16_t ref, fr_lookup lookup, fr_value value);
/* values are copied, their texts borrowed. */
fr_pred *fr_pred_many(fr_arena *arena, uint16_t ref, fr_lookup lookup, const fr_value *values,
                      size_t count);
fr_pred *fr_pred_in(fr_arena *arena, uint16_t ref, const fr_value *values, size_t count);
fr_pred *fr_pred_and(fr_arena *arena, const fr_pred *a, const fr_pred *b); /* either may be NULL */
/* AND of all; parts is copied, what it points to is borrowed. */
fr_pred *fr_pred_all(fr_arena *arena, const fr_pred *const *parts, size_t count);
fr_pred *fr_pred_any(fr_arena *arena, const fr_pred *const *parts,
                     size_t count); /* OR; of none: no row */
/* Whether one of the rows at the end of a path, `ref`, fulfils `part`, which is about their model and has refs for numbers. Read
 * whatever may be seen. */
fr_pred *fr_pred_some(fr_arena *arena, uint16_t ref, const fr_refs *refs, const fr_pred *part);
/* As SQL has it: what is NULL in `pred` is in neither of both. */
fr_pred *fr_pred_not(fr_arena *arena, const fr_pred *pred);
#endif
