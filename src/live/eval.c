#include "live/eval.h"

#include <string.h>

#include "live/eval_int.h"
#include "live/like.h"
#include "model/moment.h"

size_t fr_eval_bytes(const fr_eval *eval)
{
    return eval->bytes;
}

/* ---- values ---- */

static const fr_eval_cell *cells_of(const fr_eval *eval, const fr_eval_op *op)
{
    return (const fr_eval_cell *)((const char *)eval + op->at);
}

static fr_value value_of(const fr_eval *eval, const fr_eval_cell *cell, fr_value_type type)
{
    switch (type) {
    case FR_VALUE_NULL: break;
    case FR_VALUE_INT: return FR_VALUE_I(cell->i);
    case FR_VALUE_REAL: return FR_VALUE_R(cell->r);
    case FR_VALUE_TEXT:
    case FR_VALUE_BLOB:
        return (fr_value){
            .type = type,
            .as.s = {(const char *)eval + cell->text.at, cell->text.n},
        };
    }
    return (fr_value){.type = FR_VALUE_NULL};
}

fr_value fr_eval_constant(const fr_eval *eval, const fr_eval_op *op, unsigned index)
{
    const fr_eval_cell *cells = cells_of(eval, op);
    const uint8_t *types = (const uint8_t *)(cells + op->n);
    return value_of(eval, &cells[index], op->n == 1 ? op->type : types[index]);
}

const fr_zone *fr_eval_zone(const fr_eval *eval)
{
    const fr_zone *zone = NULL;
    size_t at = sizeof *eval + eval->op_count * sizeof *eval->ops;
    if (eval->has_zone)
        memcpy(&zone, (const char *)eval + (at + 7) / 8 * 8, sizeof zone);
    return zone;
}

/* The field's value, or what a transform makes of it, which needs room for its text. */
static fr_value compared(const fr_eval *eval, const fr_eval_op *op, const fr_value *image,
                         char room[FR_TIME_TEXT])
{
    if (op->transform == FR_TRANSFORM_NONE)
        return image[op->field];
    return fr_moment_part((fr_transform)op->transform, image[op->field], fr_eval_zone(eval), room);
}

/* ---- terms ---- */

static bool is_in(const fr_eval *eval, const fr_eval_op *op, fr_value v)
{
    unsigned from = 0, to = op->n;
    while (from < to) {
        unsigned middle = from + (to - from) / 2;
        int order = fr_column_cmp(fr_eval_column(op), fr_eval_constant(eval, op, middle), v);
        if (order == 0)
            return true;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

static bool is_between(const fr_eval *eval, const fr_eval_op *op, fr_value v)
{
    fr_column column = fr_eval_column(op);
    return fr_column_cmp(column, v, fr_eval_constant(eval, op, 0)) >= 0 &&
           fr_column_cmp(column, v, fr_eval_constant(eval, op, 1)) <= 0;
}

/* Numbers are none in the columns that the lookup is proved for. */
static bool is_like(const fr_eval *eval, const fr_eval_op *op, fr_value v)
{
    fr_like like = {
        .text = fr_eval_constant(eval, op, 0).as.s,
        .any_before = op->how & FR_EVAL_ANY_BEFORE,
        .any_behind = op->how & FR_EVAL_ANY_BEHIND,
    };
    bool is_text = v.type == FR_VALUE_TEXT || (v.type == FR_VALUE_BLOB && op->how & FR_EVAL_BLOBS);
    return is_text && fr_like_matches(&like, v.as.s);
}

/* The orders for which a comparison holds: 1 less, 2 equal, 4 more. */
static const uint8_t HOLDS[] = {
    [FR_EVAL_EQ] = 2, [FR_EVAL_LT] = 1, [FR_EVAL_LTE] = 3, [FR_EVAL_GT] = 4, [FR_EVAL_GTE] = 6,
};

static bool holds(const fr_eval_op *op, int order)
{
    return HOLDS[op->code] >> (order < 0 ? 0 : order > 0 ? 2 : 1) & 1;
}

/* v is not NULL. */
static bool compares(const fr_eval *eval, const fr_eval_op *op, fr_value v)
{
    return holds(op, fr_column_cmp(fr_eval_column(op), v, fr_eval_constant(eval, op, 0)));
}

/* Most programs are one term, and most terms compare integers: those cost 20 instructions instead of 80. */
static bool is_of_integers(const fr_eval_op *op, const fr_value *image)
{
    return op->code >= FR_EVAL_EQ && op->code <= FR_EVAL_GTE && op->type == FR_VALUE_INT &&
           op->transform == FR_TRANSFORM_NONE && image[op->field].type == FR_VALUE_INT;
}

static bool compares_integers(const fr_eval *eval, const fr_eval_op *op, const fr_value *image)
{
    int64_t a = image[op->field].as.i, b = cells_of(eval, op)->i;
    return holds(op, (a > b) - (a < b));
}

static fr_truth truth_of(bool is_true)
{
    return is_true ? FR_TRUE : FR_FALSE;
}

__attribute__((noinline)) static fr_truth run_other(const fr_eval *eval, const fr_eval_op *op,
                                                    const fr_value *image)
{
    char room[FR_TIME_TEXT];
    if (op->code == FR_EVAL_KNOWN)
        return (fr_truth)op->type;
    fr_value v = compared(eval, op, image, room);
    if (op->code == FR_EVAL_NULL)
        return truth_of(v.type == FR_VALUE_NULL);
    if (v.type == FR_VALUE_NULL)
        return FR_UNKNOWN;
    switch (op->code) {
    case FR_EVAL_BETWEEN: return truth_of(is_between(eval, op, v));
    case FR_EVAL_LIKE: return truth_of(is_like(eval, op, v));
    case FR_EVAL_IN:
        if (is_in(eval, op, v))
            return FR_TRUE;
        return op->how & FR_EVAL_HAS_NULL ? FR_UNKNOWN : FR_FALSE;
    default: return truth_of(compares(eval, op, v));
    }
}

static inline fr_truth run_term(const fr_eval *eval, const fr_eval_op *op, const fr_value *image)
{
    fr_truth truth = is_of_integers(op, image) ? truth_of(compares_integers(eval, op, image))
                                               : run_other(eval, op, image);
    return op->how & FR_EVAL_NOT ? (fr_truth)(FR_TRUE - truth) : truth;
}

/* ---- trees ---- */

/* whole: an AND or OR. */
static fr_truth run_parts(const fr_eval *eval, const fr_eval_op *whole, const fr_value *image)
{
    bool is_and = whole->code == FR_EVAL_AND;
    fr_truth decided = is_and ? FR_FALSE : FR_TRUE, all = is_and ? FR_TRUE : FR_FALSE;
    const fr_eval_op *op = whole + 1, *end = op + whole->n;
    while (op < end && all != decided) {
        bool is_term = op->code > FR_EVAL_OR;
        fr_truth part = is_term ? run_term(eval, op, image) : run_parts(eval, op, image);
        if (is_and ? part < all : part > all)
            all = part;
        op += is_term ? 1 : 1 + op->n;
    }
    return all;
}

fr_truth fr_eval_run(const fr_eval *eval, const fr_value *image)
{
    const fr_eval_op *first = eval->ops;
    if (!eval->op_count)
        return FR_TRUE;
    return first->code > FR_EVAL_OR ? run_term(eval, first, image) : run_parts(eval, first, image);
}
