/* The filters of a list from its query string, with django-filter's rules and error texts. */
#ifndef FR_REST_FILTERS_H
#define FR_REST_FILTERS_H
#include <freshet/net.h>

#include "rest/errors.h"
#include "rest/query_string.h"
#include "rest/viewset.h"

/* "title__icontains" of a viewset's .filter. Errors: FR_EINVAL with the reason in error. */
fr_err fr_filter_item_parse(const fr_model *model, fr_str name, fr_filter_item *out,
                            char error[256]);

/* The predicate that the parameters ask for, NULL for none. What is wrong with them is added to errors.
 * May suspend (the target of a foreign key is looked up). Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_filters_read(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_params *params,
                       fr_errors *errors, const fr_pred **out);
#endif
