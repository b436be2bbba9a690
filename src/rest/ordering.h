/* The ordering of a list from its query string. */
#ifndef FR_REST_ORDERING_H
#define FR_REST_ORDERING_H
#include "rest/query_string.h"
#include "rest/viewset.h"

void fr_ordering_apply(const fr_viewset_rt *rt, const fr_params *params, fr_query *query);
#endif
