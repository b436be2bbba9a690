/* A filter of the program's own: what its method says, as a part of the tree of a list. */
#ifndef FR_REST_FILTER_METHOD_H
#define FR_REST_FILTER_METHOD_H
#include "rest/filters.h"

/* filter: as the method gave it, in the grammar of fr_filter. Its references get numbers in found->refs, which is copied if it
 * has to grow. Errors: those of fr_filter. */
fr_err fr_filter_method_add(fr_ctx *ctx, const fr_viewset_rt *rt, fr_str filter, fr_filtered *found,
                            const fr_pred **out);
#endif
