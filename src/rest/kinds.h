/* What DRF and django-filter do with each kind of field: one row each. What the kind itself is: model/kind.h. */
#ifndef FR_REST_KINDS_H
#define FR_REST_KINDS_H
#include "model/kind.h"
#include "rest/field_int.h"

/* Django's form field that reads a filter's value. */
typedef enum fr_filter_form {
    FR_FORM_TEXT,
    FR_FORM_NUMBER,
    FR_FORM_BOOLEAN,
    FR_FORM_DATE,
    FR_FORM_DATETIME,
    FR_FORM_TIME,
    FR_FORM_DURATION,
    FR_FORM_UUID,
    FR_FORM_ROW /* the key of a row that is there */
} fr_filter_form;

typedef struct fr_rest_kind {
    fr_converter convert; /* JSON of a body to the stored value */
    fr_filter_form form;
    const char *type;   /* in the answer to OPTIONS */
    bool is_characters; /* a CharField or a child of it: .blank and lengths are its */
    bool has_range;     /* .min_value and .max_value are told by OPTIONS */
} fr_rest_kind;

extern const fr_rest_kind fr_rest_kinds[FR_KIND_COUNT_];

static inline const fr_rest_kind *fr_rest_kind_of(const fr_field *field)
{
    return &fr_rest_kinds[field->kind];
}

/* Whether the field is a ChoiceField; of a reference .choices only say what people read. */
static inline bool fr_field_has_choices(const fr_field *field)
{
    return (field->choices || field->folder) && !fr_field_is_reference(field);
}
#endif
