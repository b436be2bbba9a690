/*
 * The evaluator: whether a row, as its stored values say, is one of those that a query finds. A query's predicate is made
 * into a small program once, and the program is run on images without asking the database.
 *
 * It may never differ from the database: so a program speaks of stored values (five types, the column's affinity and
 * collation), truth has three values, and only pairs of a column and a lookup that a test holds against the database
 * (tests/unit/live/test_eval.c) are made into programs. Of all else fr_eval_compile says why not: that query is run again.
 */
#ifndef FR_LIVE_EVAL_H
#define FR_LIVE_EVAL_H
#include "base/zone.h"
#include "model/column.h"
#include "model/fieldset.h"
#include "model/query.h"

/* As SQL has it. NOT turns them round, AND is the least of its parts, OR the greatest. */
typedef enum fr_truth { FR_FALSE, FR_UNKNOWN, FR_TRUE } fr_truth;

/* A program: one piece of memory that holds no pointers into itself, so that it may be copied byte by byte
 * (fr_eval_bytes) to any address that is a multiple of 8. */
typedef struct fr_eval fr_eval;

/* What a program is made from. All of it is only read while it is made, but for zone. */
typedef struct fr_eval_source {
    const fr_query *query; /* in normal form (fr_pred_normal), values bound */
    const fr_column
        *columns; /* of each field of the model, how its column compares: fr_db_column */
    const fr_fieldset *
        unseen; /* fields whose values images do not have; NULL: none. Secret ones are known by the model */
    const fr_zone *
        zone; /* by whose clock dates and hours are read: fr_zone_here. Must outlive the program; NULL: UTC */
    bool likes_blobs; /* fr_db_likes_blobs */
} fr_eval_source;

enum { FR_EVAL_WHY = 160 };

/*
 * The program of source->query->where; without one it holds for all rows.
 *
 * Errors:   FR_EUNSUPPORTED (not provable: `why` says it in one line, for explain), FR_ENOMEM
 * Owner:    the arena
 * Thread:   any
 * Cost:     O(terms); some 0.3 µs for one
 */
fr_err fr_eval_compile(const fr_eval_source *source, fr_arena *arena, const fr_eval **out,
                       char why[FR_EVAL_WHY]);
size_t fr_eval_bytes(const fr_eval *eval);

/* What the predicate says of a row: field_count values in the model's order. Allocates nothing. Any thread. */
fr_truth fr_eval_run(const fr_eval *eval, const fr_value *image);
/* Whether the row is found; NULL is no row. */
static inline bool fr_eval_holds(const fr_eval *eval, const fr_value *image)
{
    return image && fr_eval_run(eval, image) == FR_TRUE;
}
#endif
