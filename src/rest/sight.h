/*
 * What may be seen of rows wherever they are read: the .visible of the application's model rules, bound to whoever asks, once a
 * request. Queries of rest take it along (fr_query.sight), and keys that a client names are looked for by it: one that may not
 * be seen does not exist. Without such rules nothing is done.
 */
#ifndef FR_REST_SIGHT_H
#define FR_REST_SIGHT_H
#include "db/db.h"

/* *out NULL: all may be seen. Errors: those of finding out who asks, and of reads. Suspends as those do. */
fr_err fr_sight_get(fr_ctx *ctx, const fr_sight **out);
/* `where` of rows that may be seen: and-ed to *where (NULL: any row), of the query's own rows or of those that a reference of it
 * leads to. *where stays as it was if the model has no rule. The query has refs. Errors: FR_ENOMEM. */
fr_err fr_sight_narrow(fr_arena *arena, const fr_sight *sight, const fr_model *model, uint16_t ref,
                       const fr_pred **where);
/* Make a query one of rows that may be seen. Errors: as fr_sight_get. */
fr_err fr_sight_query(fr_ctx *ctx, fr_query *query);
/* Whether there is a row with this value that may be seen. Errors: as fr_sight_get, and those of reads. */
fr_err fr_sight_exists(fr_ctx *ctx, const fr_model *model, uint16_t field, fr_value value,
                       bool *out);
/* With strict rules, when a value was found to be taken by the rows of a query: whether that may be told. seen: of their model, the
 * rows that may be seen; NULL: what the model's rules say. Errors: FR_ECONFLICT, in words that tell neither value nor row, if none of
 * them may be seen; those of reads. */
fr_err fr_sight_taken(fr_ctx *ctx, const fr_query *by, const fr_query *seen);
/* In those words. */
fr_err fr_sight_conflict(fr_ctx *ctx);
#endif
