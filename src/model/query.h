/*
 * The query tree: what a list request or an fr_filter means, before SQL. Back ends make SQL of
 * the tree (db/sqlite/sql.c).
 */
#ifndef FR_MODEL_QUERY_H
#define FR_MODEL_QUERY_H
#include "model/model.h"

typedef enum fr_lookup {
    FR_LOOKUP_EXACT,
    FR_LOOKUP_LT,
    FR_LOOKUP_LTE,
    FR_LOOKUP_GT,
    FR_LOOKUP_GTE,
    FR_LOOKUP_IN,
    FR_LOOKUP_ISNULL,
    FR_LOOKUP_CONTAINS,
    FR_LOOKUP_ICONTAINS,
    FR_LOOKUP_STARTSWITH,
    FR_LOOKUP_ISTARTSWITH
} fr_lookup;

typedef enum fr_pred_op {
    FR_PRED_TRUE,
    FR_PRED_TERM,
    FR_PRED_AND,
    FR_PRED_OR,
    FR_PRED_NOT
} fr_pred_op;

typedef struct fr_pred fr_pred;
struct fr_pred {
    fr_pred_op op;
    /* TERM */
    uint16_t field; /* index in the model */
    fr_lookup lookup;
    const fr_value *values; /* stored form; one, or several for IN */
    size_t value_count;
    /* AND, OR, NOT */
    const fr_pred *const *parts;
    size_t part_count;
};

typedef struct fr_order {
    uint16_t field;
    bool is_descending;
} fr_order;
enum { FR_ORDERS_MAX = 8 };

typedef struct fr_query {
    const fr_model *model;
    const fr_pred *where; /* NULL = all */
    fr_order orders[FR_ORDERS_MAX];
    uint8_t order_count; /* SQL ends with the key in any case, ascending (traps A16) */
    int64_t limit;       /* 0 = none */
    int64_t offset;
} fr_query;

/* "-updated_at,name" → orders, with the key, ascending, behind them if it is not among them. "pk" is the key. Empty:
 * model->ordering. Errors: FR_EINVAL (unknown name, or more than FR_ORDERS_MAX - 1); query is then as it was. */
fr_err fr_query_order(fr_query *query, fr_str ordering);
/* Trees, from their leaves. All return NULL when memory is out. The value of ISNULL is FR_VALUE_I(1) or 0. */
fr_pred *fr_pred_term(fr_arena *arena, uint16_t field, fr_lookup lookup, fr_value value);
/* values are copied, their texts borrowed. */
fr_pred *fr_pred_in(fr_arena *arena, uint16_t field, const fr_value *values, size_t count);
fr_pred *fr_pred_and(fr_arena *arena, const fr_pred *a, const fr_pred *b); /* either may be NULL */
/* AND of all; parts is copied, what it points to is borrowed. */
fr_pred *fr_pred_all(fr_arena *arena, const fr_pred *const *parts, size_t count);
#endif
