/* What the files that read a body share: input_read.c and input_relation.c. */
#ifndef FR_REST_INPUT_INT_H
#define FR_REST_INPUT_INT_H
#include "rest/field_int.h"
#include "rest/validate.h"

/* Read what a body says of one input into input->values, or input->given. Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_input_read_reference(fr_reading *r, const fr_plan_input *in, fr_value *out);
fr_err fr_input_read_many(fr_reading *r, const fr_plan_input *in, fr_given *out);
fr_err fr_input_read_nested(fr_reading *r, const fr_plan_input *in, fr_given *out);
/* Of a nested row in a PATCH, whose body need not say all: what it gets if it is a new one. What that lacks even so is added to
 * errors, unless the row names a key: then only the write knows whether it is new. */
fr_err fr_input_fill(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *row, fr_errors *errors);
#endif
