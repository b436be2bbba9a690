/* .unique_for_date, _month and _year of fields: DRF's BaseUniqueForValidator. */
#ifndef FR_REST_UNIQUE_FOR_H
#define FR_REST_UNIQUE_FOR_H
#include "rest/field_input.h"

/* What was read of a body, without a fault until now. The first that is taken, or lacks its value or its date, is told. May
 * suspend. Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_unique_for_check(fr_ctx *ctx, const fr_plan *plan, const fr_rest_input *input,
                           fr_errors *errors);
#endif
