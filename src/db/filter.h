/* The filter of fr_filter, in the grammar of the URL: "done=false&title__icontains=bank&ordering=-id&limit=20". */
#ifndef FR_DB_FILTER_H
#define FR_DB_FILTER_H
#include "model/query.h"
#include "net/wait.h"

/* Errors: FR_EINVAL with its detail (unknown name or lookup, bad value), FR_ENOMEM. */
fr_err fr_filter_parse(fr_ctx *ctx, const fr_model *model, fr_str text, fr_query *out);
#endif
