/* ?search= over the fields that a viewset names, as DRF's SearchFilter has it. */
#ifndef FR_REST_SEARCH_H
#define FR_REST_SEARCH_H
#include <freshet/net.h>

#include "rest/errors.h"
#include "rest/query_string.h"
#include "rest/viewset.h"

/* Every term is in at least one of the fields. *out: NULL if nothing is searched. What is wrong is a message of `errors` itself,
 * not of a field. Errors: FR_ENOMEM. */
fr_err fr_search_read(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_params *params,
                      fr_errors *errors, const fr_pred **out);
#endif
