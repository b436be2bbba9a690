/* The filters, search fields and orderings of a viewset, from their texts, at the start. */
#ifndef FR_REST_DECLARE_H
#define FR_REST_DECLARE_H
#include "rest/viewset.h"

/* Into rt, what lasts into arena; rt->plan->refs is there. Errors: FR_EINVAL with one line for the developer, FR_ENOMEM. */
fr_err fr_declare_filters(fr_viewset_rt *rt, fr_arena *arena, char error[256]);
fr_err fr_declare_search(fr_viewset_rt *rt, fr_arena *arena, char error[256]);
/* rt->serializer is there, and so are rt->paging and rt->orders. */
fr_err fr_declare_ordering(fr_viewset_rt *rt, fr_arena *arena, char error[256]);
#endif
