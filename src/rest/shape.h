/*
 * Data that is no row: a serializer without a model. What it declares is read from a body, and what was understood is JSON
 * again, as DRF's serializer.data has it: for handlers.
 */
#ifndef FR_REST_SHAPE_H
#define FR_REST_SHAPE_H
#include <freshet/rest.h>

#include "base/json.h"
#include "rest/errors.h"

/* How a body is read. */
typedef struct fr_shape_opts {
    bool is_partial; /* PATCH: what is absent is not asked for */
    bool is_form;
} fr_shape_opts;

/* Whether a serializer without a model can be read. Errors: FR_EINVAL with one line for the developer. */
fr_err fr_shape_check(const fr_serializer *serializer, char error[256]);
/* Whether it is an object; else errors says so in DRF's words. */
bool fr_shape_is_object(const fr_json *data, fr_errors *errors);
/* Append what was understood of data; what is wrong is added to errors, and out then means nothing.
 * Errors: FR_ENOMEM, FR_EBACKEND, and what a function of the application returned. May suspend. */
fr_err fr_shape_read(fr_ctx *ctx, const fr_serializer *serializer, const fr_json *data,
                     fr_shape_opts opts, fr_errors *errors, fr_buf *out);
/* Append the fields for OPTIONS, as an object. */
void fr_shape_put_options(const fr_serializer *serializer, fr_buf *out);
#endif
