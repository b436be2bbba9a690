/* What the files that read a body share: input_read.c and input_relation.c. */
#ifndef FR_REST_INPUT_INT_H
#define FR_REST_INPUT_INT_H
#include "rest/field_int.h"
#include "rest/validate.h"

/* Read what a body says of one input into input->values, or input->given. Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_input_read_reference(fr_reading *r, const fr_plan_input *in, fr_value *out);
fr_err fr_input_read_many(fr_reading *r, const fr_plan_input *in, fr_given *out);
fr_err fr_input_read_nested(fr_reading *r, const fr_plan_input *in, fr_given *out);
#endif
