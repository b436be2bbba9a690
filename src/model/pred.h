/*
 * What is asked of a query's predicate as a whole: a copy that lives on, its normal form, whether two are the same, what
 * they read. A tree's references mean something only with its query, so that is what these take.
 */
#ifndef FR_MODEL_PRED_H
#define FR_MODEL_PRED_H
#include "base/buf.h"
#include "model/query.h"

/* The query with its predicate, references, sight and extra columns in arena; all texts too. Errors: FR_ENOMEM, FR_ETOOBIG. */
fr_err fr_pred_copy(fr_arena *arena, const fr_query *query, fr_query *out);

/*
 * Put query->where into its normal form, which finds the same rows, whatever is NULL: NOT stands at terms only; AND and OR
 * have no parts of their own kind, no part twice, and an order that the parts alone decide; IN has its values in order and
 * each once; a range is two comparisons where one value is meant. NULL if it holds for all rows. Values are borrowed.
 * Errors: FR_ENOMEM, FR_ETOOBIG (deeper than FR_PRED_DEPTH_MAX).
 */
fr_err fr_pred_normal(fr_arena *arena, fr_query *query);

/* Of normal forms. Equal ones have one hash, which stays the same over restarts: it is made of names. */
uint64_t fr_pred_hash(const fr_query *query);
/* Append what that hash is made of: equal normal forms, and no others, have the same bytes. */
void fr_pred_put(const fr_query *query, fr_buf *out);
bool fr_pred_eq(const fr_query *a, const fr_query *b);

/* A term whose values are bound later, as parameter `param` (from 0). Before that no statement can be made of it. NULL when
 * memory is out. */
fr_pred *fr_pred_later(fr_arena *arena, uint16_t ref, fr_lookup lookup, uint8_t param);
/* A condition that says nothing of the row: its parameter is true or false, FR_VALUE_I(1) or 0. NULL when memory is out. */
fr_pred *fr_pred_given(fr_arena *arena, uint8_t param);
/* What is bound: NULL is unknown, and as in SQL neither what is compared with it is true, nor what is not. */
typedef struct fr_param {
    const fr_value *values;
    size_t count;
} fr_param;
/* The tree with parameters in their places, and without the parts that are decided by them; NOT may stand before terms,
 * conditions and SOME only. What has no parameter is not copied. Values are borrowed. NULL when memory is out. */
const fr_pred *fr_pred_bind(fr_arena *arena, const fr_pred *pred, const fr_param *params,
                            size_t count);
/* No row. */
static inline bool fr_pred_is_none(const fr_pred *pred)
{
    return pred->op == FR_PRED_OR && !pred->part_count;
}

/* Whether the predicate and the ordering can be judged by the row alone: all else takes the database. */
bool fr_query_is_of_row(const fr_query *query);
/* The models whose rows the query reads: its own, and those that the references in use lead over. How many there are; the
 * first `room` of them are put into out. */
size_t fr_query_models(const fr_query *query, const fr_model **out, size_t room);
#endif
