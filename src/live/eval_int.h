/* How a program is laid out: what makes it, what runs it, and what picks its access path (index.c) share. */
#ifndef FR_LIVE_EVAL_INT_H
#define FR_LIVE_EVAL_INT_H
#include "live/eval.h"

/*
 *     ┌──────┬────────────┬──────┬───────────────────────────────┬───────┐
 *     │ head │ operations │ zone │ constants, 8 bytes each       │ texts │
 *     └──────┴────────────┴──────┴───────────────────────────────┴───────┘
 *
 * Operations are the tree in the order in which it is written: an AND or OR stands before its parts. NOT is a bit of the
 * terms. Values are as the column compares: what is bound has become what its affinity makes of it.
 */
typedef enum fr_eval_code {
    FR_EVAL_AND, /* of the `n` operations behind it, each with its own parts */
    FR_EVAL_OR,
    FR_EVAL_KNOWN, /* the truth is `type`, whatever the row says */
    FR_EVAL_NULL,  /* IS NULL */
    FR_EVAL_EQ,
    FR_EVAL_LT,
    FR_EVAL_LTE,
    FR_EVAL_GT,
    FR_EVAL_GTE,
    FR_EVAL_BETWEEN, /* two constants, both included */
    FR_EVAL_IN,      /* `n` constants in the column's order; their types are bytes behind them */
    FR_EVAL_LIKE     /* a text, and what may stand around it */
} fr_eval_code;

enum fr_eval_how {
    FR_EVAL_NOT = 1,
    FR_EVAL_HAS_NULL = 2,   /* IN: a NULL is among the values */
    FR_EVAL_ANY_BEFORE = 2, /* LIKE */
    FR_EVAL_ANY_BEHIND = 4,
    FR_EVAL_BLOBS = 8,   /* LIKE: they are texts */
    FR_EVAL_NOCASE = 16, /* collation of the comparison: fr_collation, times 16 */
    FR_EVAL_RTRIM = 32,
};

typedef struct fr_eval_op {
    uint8_t code;
    uint8_t how;
    uint8_t type;      /* fr_value_type of a lone constant; of KNOWN an fr_truth */
    uint8_t transform; /* fr_transform: what is compared instead of the field's value */
    uint16_t field;
    uint16_t n;  /* see the codes */
    uint32_t at; /* of the first constant, in bytes from the head */
} fr_eval_op;

typedef union fr_eval_cell {
    int64_t i;
    double r;
    struct {
        uint32_t at, n; /* from the head */
    } text;
} fr_eval_cell;

struct fr_eval {
    uint32_t bytes;
    uint16_t op_count;
    uint16_t has_zone; /* a pointer to it stands behind the operations */
    fr_eval_op ops[];
};
_Static_assert(sizeof(fr_eval) == 8 && sizeof(fr_eval_op) == 12, "what a view costs");

static inline fr_column fr_eval_column(const fr_eval_op *op)
{
    return (fr_column){FR_AFFINITY_BLOB, (uint8_t)(op->how >> 4)};
}
/* By whose clock its moments are read. */
const fr_zone *fr_eval_zone(const fr_eval *eval);
/* The operation's constant `index`. Texts are the program's. */
fr_value fr_eval_constant(const fr_eval *eval, const fr_eval_op *op, unsigned index);
#endif
