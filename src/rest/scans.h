/* Which parameters of a list cost a walk over the whole table, told at the start: an index helps against some of them. */
#ifndef FR_REST_SCANS_H
#define FR_REST_SCANS_H
#include <freshet/net.h>

#include "rest/viewset.h"

/* A line of the log with the filters that walk the whole table, and one with the orderings that sort it; none if there are none.
 * path: of the viewset. Errors: those of reads; nothing depends on it. */
fr_err fr_scans_tell(fr_ctx *ctx, fr_str path, const fr_viewset_rt *rt);
#endif
