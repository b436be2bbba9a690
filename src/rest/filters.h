/* The filters of a list from its query string, with django-filter's rules and error texts; and its search. */
#ifndef FR_REST_FILTERS_H
#define FR_REST_FILTERS_H
#include <freshet/net.h>

#include "rest/errors.h"
#include "rest/query_string.h"
#include "rest/viewset.h"

typedef struct fr_filtered {
    const fr_pred *where;           /* NULL: all rows */
    const fr_refs *refs;            /* of where and orders: the viewset's, or those and more */
    fr_order orders[FR_ORDERS_MAX]; /* of a filter that orders, without the key at the end */
    uint8_t order_count;
    bool
        is_of_now; /* where may be another at another time: it counts from today, or a function has made it */
} fr_filtered;

/* Whether a parameter of this name is one of those that are read. */
bool fr_filters_know(const fr_viewset_rt *rt, fr_str name);

/* What the parameters ask for. A search is looked at when no filter is wrong. What is wrong with them is added to errors.
 * May suspend (the target of a foreign key is looked up). Errors: FR_ENOMEM, FR_EBACKEND, those of a filter's method. */
fr_err fr_filters_read(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_params *params,
                       fr_errors *errors, fr_filtered *out);
#endif
