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
    fr_field from; /* whose default is the value */
} fr_assign;

typedef struct fr_assigns {
    fr_assign *at;
    uint32_t count;
} fr_assigns;

/* "reporter=1&key=NEW-1", as in a URL. text: NULL: none. Errors: FR_EINVAL with one line in error that begins with option. */
fr_err fr_assigns_init(fr_assigns *out, const fr_model *model, const char *option, const char *text,
                       fr_arena *arena, char error[256]);
/* Into values, field_count, and set. Errors: FR_ENOMEM. */
fr_err fr_assigns_take(const fr_assigns *assigns, fr_arena *arena, fr_fieldset *set,
                       fr_value *values);
#endif
