/*
 * The text of a filter as a stored value, by the rules of the form field that django-filter would use for the kind of what is
 * compared: numbers are decimals of Python, text is stripped, booleans that are none are ignored.
 */
#ifndef FR_REST_FILTER_VALUE_H
#define FR_REST_FILTER_VALUE_H
#include <freshet/net.h>

#include "rest/kinds.h"

typedef enum fr_filter_outcome {
    FR_FILTER_TAKEN,
    FR_FILTER_ABSENT,  /* as if the parameter were absent */
    FR_FILTER_REFUSED, /* why: code and message */
    FR_FILTER_ABOVE,   /* an integer above all that a column can hold */
    FR_FILTER_BELOW,
    FR_FILTER_BROKEN /* why: err */
} fr_filter_outcome;

typedef struct fr_filter_text {
    fr_ctx *ctx;
    const fr_field *field; /* what is compared is of its kind */
    bool is_end;           /* of a range, whose form knows no limit */
    bool is_plain;         /* the forms of django_filters, not those of its rest_framework */
    fr_str text;
    /* What came of it: */
    fr_value value;
    bool is_number; /* JSON: and value is its text */
    const char *code;
    fr_str message;
    fr_err err;
} fr_filter_text;

/* The value of the field's kind. */
fr_filter_outcome fr_filter_value(fr_filter_text *t);
/* The key of a row that is there: told as a choice alone, or as one of several. May suspend. */
fr_filter_outcome fr_filter_row(fr_filter_text *t, const fr_model *rows);
fr_filter_outcome fr_filter_row_of_many(fr_filter_text *t, const fr_model *rows);
/* What is wrong with one of several before any of them is looked for: it is no key. */
fr_filter_outcome fr_filter_key_of_many(fr_filter_text *t, const fr_model *rows);
/* A value that was taken: a row has it in `field`. May suspend. */
fr_filter_outcome fr_filter_there(fr_filter_text *t, const fr_model *rows, const fr_field *field);
/* One of the choices. */
fr_filter_outcome fr_filter_choice(fr_filter_text *t, const fr_choice *choices);
fr_filter_outcome fr_filter_boolean(fr_filter_text *t);
/* A regular expression. */
fr_filter_outcome fr_filter_pattern(fr_filter_text *t);
/* What was sent is none of the choices. */
fr_filter_outcome fr_filter_no_choice(fr_filter_text *t);
/* Any text, stripped; an empty one too. */
fr_filter_outcome fr_filter_plain_text(fr_filter_text *t);
/* A text as a JSON string. false: memory is out. */
bool fr_filter_quote(const fr_filter_text *t, fr_str text, fr_value *out);
/* Refuse it: message is borrowed. */
fr_filter_outcome fr_filter_refuse(fr_filter_text *t, const char *code, const char *message);
#endif
