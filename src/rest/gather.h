/*
 * Rows with all that is printed of them: those of a query, and for all of them together the related rows of each batch, and
 * theirs, by WHERE key IN (…).
 */
#ifndef FR_REST_GATHER_H
#define FR_REST_GATHER_H
#include "db/db.h"
#include "rest/plan.h"

enum {
    FR_GATHER_KEYS = 1000,   /* in one statement */
    FR_GATHER_CHUNK = 500,   /* rows of a list without an end that are gathered at once */
    FR_GATHER_ROWS = 1000000 /* related rows of one page: past them the request is too large */
};

typedef struct fr_gathered fr_gathered;

/* The rows of one batch, in order of the rows that they belong to. */
typedef struct fr_batch_rows {
    fr_gathered *rows;
    uint32_t *first, *count; /* of each row of the page */
} fr_batch_rows;

struct fr_gathered {
    const fr_plan *plan;
    fr_arena *arena;
    fr_value *values; /* count × fr_plan_width */
    size_t count, room;
    fr_batch_rows *groups; /* one a batch */
};

/* Rows are kept in arena, which may be emptied between pages. */
void fr_gathered_init(fr_gathered *rows, const fr_plan *plan, fr_arena *arena);
/* query, with the columns that the plan reads besides. */
fr_query fr_plan_query(const fr_plan *plan, const fr_query *query);
/* Read the rows of a query; several batches of them are read by fr_gather_related. All within fr_db_snapshot, so that they are
 * of one state. Errors: FR_ETOOBIG, FR_ENOMEM, FR_EBACKEND and its kin. Suspends as a read does. */
fr_err fr_gather(fr_ctx *ctx, fr_gathered *rows, const fr_query *query);
/* Read one row by its key, with the columns that the plan reads besides. Errors: FR_ENOTFOUND; as above. */
fr_err fr_plan_select_key(fr_ctx *ctx, const fr_plan *plan, fr_value key,
                          const fr_reader_sink *sink);
/* The row with this key. Errors: FR_ENOTFOUND; as above. */
fr_err fr_gather_key(fr_ctx *ctx, fr_gathered *rows, fr_value key);
/* What fr_gather has called, for a caller that reads by itself: begin and row of an fr_reader_sink with arg = rows. */
void fr_gathered_begin(void *rows);
fr_err fr_gathered_add(void *rows, const fr_value *values);
/* The related rows of all that was gathered. Errors: as above. */
fr_err fr_gather_related(fr_ctx *ctx, fr_gathered *rows);

static inline const fr_value *fr_gathered_row(const fr_gathered *rows, size_t index)
{
    return rows->values + index * fr_plan_width(rows->plan);
}
#endif
