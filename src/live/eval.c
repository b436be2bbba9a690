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

/* Blobs are not text to LIKE where fr_eval_compile found the lookup proved. */
static bool is_like(const fr_eval *eval, const fr_eval_op *op, fr_value v)
{
    fr_like like = {
        .text = fr_eval_constant(eval, op, 0).as.s,
        .any_before = op->how & FR_EVAL_ANY_BEFORE,
        .any_behind = op->how & FR_EVAL_ANY_BEHIND,
    };
    return v.type == FR_VALUE_TEXT && fr_like_matches(&like, v.as.s);
}

/* v is not NULL. */
static bool compares(const fr_eval *eval, const fr_eval_op *op, fr_value v)
{
    int order;
    fr_value constant = fr_eval_constant(eval, op, 0);
    if (v.type == FR_VALUE_INT && constant.type == FR_VALUE_INT)
        order = (v.as.i > constant.as.i) - (v.as.i < constant.as.i);
    else
        order = fr_column_cmp(fr_eval_column(op), v, constant);
    switch (op->code) {
    case FR_EVAL_EQ: return order == 0;
    case FR_EVAL_LT: return order < 0;
    case FR_EVAL_LTE: return order <= 0;
    case FR_EVAL_GT: return order > 0;
    default: return order >= 0;
    }
}

static fr_truth truth_of(bool is_true)
{
    return is_true ? FR_TRUE : FR_FALSE;
}

static fr_truth run_term(const fr_eval *eval, const fr_eval_op *op, const fr_value *image)
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

/* ---- trees ---- */

/* *at moves behind the operation and its parts. */
static fr_truth run(const fr_eval *eval, const fr_eval_op **at, const fr_value *image)
{
    const fr_eval_op *op = (*at)++;
    if (op->code > FR_EVAL_OR) {
        fr_truth truth = run_term(eval, op, image);
        return op->how & FR_EVAL_NOT ? (fr_truth)(FR_TRUE - truth) : truth;
    }
    const fr_eval_op *end = op + 1 + op->n;
    bool is_and = op->code == FR_EVAL_AND;
    fr_truth decided = is_and ? FR_FALSE : FR_TRUE, all = is_and ? FR_TRUE : FR_FALSE;
    while (*at < end && all != decided) {
        fr_truth part = run(eval, at, image);
        if (is_and ? part < all : part > all)
            all = part;
    }
    *at = end;
    return all;
}

fr_truth fr_eval_run(const fr_eval *eval, const fr_value *image)
{
    const fr_eval_op *at = eval->ops;
    return eval->op_count ? run(eval, &at, image) : FR_TRUE;
}
