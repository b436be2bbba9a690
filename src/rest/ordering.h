/* The ordering of a list from its query string. */
#ifndef FR_REST_ORDERING_H
#define FR_REST_ORDERING_H
#include "rest/query_string.h"
#include "rest/viewset.h"

/* Add what a name stands for, turned round if is_reverse; what is ordered by already is left out, and what is too much. The last
 * place is kept for the key. */
void fr_order_name_add(const fr_order_name *name, bool is_reverse, fr_order orders[FR_ORDERS_MAX],
                       uint8_t *count);
/* By ?ordering=; else by the viewset's own; else by `orders` of a filter; else by the model's. With the key at the end. */
void fr_ordering_apply(const fr_viewset_rt *rt, const fr_params *params, const fr_order *orders,
                       uint8_t order_count, fr_query *query);
#endif
