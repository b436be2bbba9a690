/* What the functions of an application say of a body: of a field, and of the object as it would be. */
#ifndef FR_REST_VALIDATE_H
#define FR_REST_VALIDATE_H
#include "rest/field_input.h"

/* Both add what is wrong to errors. Errors: FR_ENOMEM, and what the function returned beside FR_EINVAL. */
fr_err fr_validate_field(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *input,
                         const fr_plan_input *of, fr_value value, fr_errors *errors);
/* old: the stored row, field_count values; NULL at a create. What the function sets in the row is written too. */
fr_err fr_validate_object(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *input,
                          const fr_value *old, fr_errors *errors);
/* Of a list of new rows, which are all good: the serializer's .validate_list. What that sets in them is written too. */
fr_err fr_validate_list(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *rows, size_t count,
                        fr_errors *errors);
/* The serializer's .write, within the transaction. row: as it was stored by then. Errors: FR_EINVAL if errors were added. */
fr_err fr_validate_write(fr_ctx *ctx, const fr_plan *plan, fr_rest_input *input,
                         const fr_value *row, const fr_value *old, fr_errors *errors);
/* Of data that is no row: one member, and all of it. The functions are given no row, and look by fr_input_text. */
fr_err fr_validate_data(fr_ctx *ctx, const fr_declared *of, const fr_json *data, fr_errors *errors);
fr_err fr_validate_whole_data(fr_ctx *ctx, const fr_serializer *serializer, const fr_json *data,
                              fr_errors *errors);
#endif
