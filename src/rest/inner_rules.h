/*
 * What the rules of models say of rows that are written within another: by nested lists, and by keys of a many-to-many. Within
 * the transaction. Whoever writes says nothing of what he may not see: such rows stay, and their keys name none.
 */
#ifndef FR_REST_INNER_RULES_H
#define FR_REST_INNER_RULES_H
#include "db/db.h"

/* Whether there are rules that a write has to be judged by. */
bool fr_inner_is_ruled(const fr_write *write);
/* Before the writes, of which this is the i-th: what may not be seen is kept by it, what may not be written refuses it.
 * Errors: FR_EDENIED with DRF's words; those of reads. */
fr_err fr_inner_before(fr_ctx *ctx, fr_write *writes, size_t i);
/* And after: what the row has to be. Errors: likewise. */
fr_err fr_inner_after(fr_ctx *ctx, const fr_write *write);
#endif
