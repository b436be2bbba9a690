/* What a serializer reads from bodies: the input side of a plan. Nothing else of a body is looked at. */
#ifndef FR_REST_INPUT_H
#define FR_REST_INPUT_H
#include "model/graph.h"
#include "rest/plan.h"

typedef enum fr_input_kind {
    FR_INPUT_FIELD,  /* a column, by the rules of its kind */
    FR_INPUT_SLUG,   /* a reference, by another field of the row it leads to */
    FR_INPUT_LINK,   /* a reference, by the URL of the row */
    FR_INPUT_MANY,   /* rows of a many-to-many: their keys, or as the two above */
    FR_INPUT_NESTED, /* rows that are made with this one */
    FR_INPUT_KEY,    /* which of them it is, of a row that is there already */
    FR_INPUT_HIDDEN, /* a value that does not come from the body */
    FR_INPUT_EXTRA   /* a value without a column */
} fr_input_kind;

typedef struct fr_plan_input {
    fr_str name;
    fr_input_kind kind;
    uint16_t index;              /* the column; FR_NO_SLOT: there is none */
    const fr_field *field;       /* whose rules hold */
    const fr_declared *declared; /* NULL: simply the model's */
    fr_relation relation;        /* SLUG, LINK, MANY, NESTED */
    uint16_t by;                 /* the field of the rows at its end by which they are named */
    fr_plan *nested;             /* NESTED: of the rows */
    bool is_required;
} fr_plan_input;

/* Whether a create must name the field. */
bool fr_field_is_required(const fr_field *field);
/* Whether the field is never taken from a body. */
bool fr_field_is_read_only(const fr_field *field);
/* The input of a name; NULL: it is not read. */
const fr_plan_input *fr_plan_input_of(const fr_plan *plan, fr_str name);
/* A field that is not the body's to say: what is around the row gives it. */
void fr_plan_drop_input(fr_plan *plan, uint16_t field);
#endif
