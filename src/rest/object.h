/*
 * The row that a detail URL names, as DRF's get_object finds it: it has the key, and the filters of the query string let it
 * through. For a read that is one query, and for a write it is judged within the write.
 */
#ifndef FR_REST_OBJECT_H
#define FR_REST_OBJECT_H
#include "db/db.h"
#include "rest/call.h"

/* Read the query string's filters into call->where; what is wrong with them, into errors. May suspend (a reference in a
 * filter is looked up). Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_object_filter(fr_call *call, fr_errors *errors);
/* The row, with the columns that its plan reads besides. Errors: FR_ENOTFOUND, those of reads. May suspend. */
fr_err fr_object_select(fr_ctx *ctx, const fr_call *call, const fr_reader_sink *sink);
/* Whether there is one. May suspend. */
fr_err fr_object_exists(const fr_call *call, bool *out);
#endif
