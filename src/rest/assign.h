/*
 * Values that a viewset writes by itself, whatever a body says: of a new row, or in place of a DELETE. DRF's perform_create and
 * perform_destroy, as far as they are plain data.
 */
#ifndef FR_REST_ASSIGN_H
#define FR_REST_ASSIGN_H
#include <freshet/rest.h>

#include "model/fieldset.h"
#include "model/value.h"

typedef struct fr_assign {
    uint16_t field;
    const char *said;
} fr_assign;

typedef struct fr_assigns {
    const fr_model *model;
    fr_assign *at;
    uint32_t count;
} fr_assigns;

/* The value that a declaration says: "now", "$user" (the key of who asks; of nobody NULL), or a literal. Errors: FR_ENOMEM. */
fr_err fr_said_value(fr_ctx *ctx, const fr_field *field, const char *said, fr_value *out);
/* Whether a field can have it; else why. */
bool fr_said_is_of(const fr_field *field, const char *said, fr_arena *arena, const char **why);

/* "reporter=$user&key=NEW-1", as in a URL. text: NULL: none. Errors: FR_EINVAL with one line in error that begins with option. */
fr_err fr_assigns_init(fr_assigns *out, const fr_model *model, const char *option, const char *text,
                       fr_arena *arena, char error[256]);
/* Into values, field_count, and set. Errors: FR_ENOMEM. */
fr_err fr_assigns_take(const fr_assigns *assigns, fr_ctx *ctx, fr_fieldset *set, fr_value *values);
#endif
