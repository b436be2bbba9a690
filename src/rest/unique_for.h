/* .unique_for_date, _month and _year of fields: DRF's BaseUniqueForValidator. */
#ifndef FR_REST_UNIQUE_FOR_H
#define FR_REST_UNIQUE_FOR_H
#include "rest/field_input.h"

enum { FR_UNIQUE_FOR_PARTS = 3 }; /* date, month, year */

/* The date that the values of a field are unique for, by a part of it; -1: none. */
int fr_unique_for_date(const fr_model *model, uint32_t field, int part);
/* What was read of a body, without a fault until now. The first that is taken is told. May suspend.
 * Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_unique_for_check(fr_ctx *ctx, const fr_model *model, const fr_rest_input *input,
                           fr_errors *errors);
#endif
