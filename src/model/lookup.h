/*
 * Lookups and transforms: what may stand behind a field's name, as in title__icontains and moment__year. One row each; what
 * a back end says for a form is its own.
 */
#ifndef FR_MODEL_LOOKUP_H
#define FR_MODEL_LOOKUP_H
#include "model/model.h"

typedef enum fr_lookup {
    FR_LOOKUP_EXACT,
    FR_LOOKUP_IEXACT,
    FR_LOOKUP_LT,
    FR_LOOKUP_LTE,
    FR_LOOKUP_GT,
    FR_LOOKUP_GTE,
    FR_LOOKUP_IN,
    FR_LOOKUP_RANGE,
    FR_LOOKUP_ISNULL,
    FR_LOOKUP_CONTAINS,
    FR_LOOKUP_ICONTAINS,
    FR_LOOKUP_STARTSWITH,
    FR_LOOKUP_ISTARTSWITH,
    FR_LOOKUP_ENDSWITH,
    FR_LOOKUP_IENDSWITH,
    FR_LOOKUP_REGEX,
    FR_LOOKUP_IREGEX,
    FR_LOOKUP_HAS_KEY,
    FR_LOOKUP_HAS_KEYS,
    FR_LOOKUP_HAS_ANY_KEYS,
    FR_LOOKUP_COUNT_
} fr_lookup;

/* What a lookup asks of the database. */
typedef enum fr_lookup_form {
    FR_FORM_COMPARE, /* with one value */
    FR_FORM_IN,      /* one of several */
    FR_FORM_RANGE,   /* from the first of two to the second, both included */
    FR_FORM_NULL,    /* the value is FR_VALUE_I(1), or 0 for the contrary */
    FR_FORM_PATTERN, /* a text, wherever the row says */
    FR_FORM_REGEX,
    FR_FORM_KEYS /* of a JSON object */
} fr_lookup_form;

/* How a value is written for it. */
typedef enum fr_lookup_reads {
    FR_READS_VALUE,   /* of the field's kind */
    FR_READS_TEXT,    /* any text */
    FR_READS_BOOLEAN, /* true or false */
    FR_READS_LIST,    /* values of the field's kind */
    FR_READS_PAIR,    /* two of them */
    FR_READS_PATTERN, /* a regular expression */
    FR_READS_KEYS     /* texts: of has_key one */
} fr_lookup_reads;

typedef struct fr_lookup_row {
    const char *name;
    fr_lookup_form form;
    fr_lookup_reads reads;
    bool is_folded;                 /* case does not matter */
    bool any_before, any_behind;    /* PATTERN: what may stand around the text */
    bool is_json_only, is_json_too; /* JSON: only there; also there, of a value within */
} fr_lookup_row;

const fr_lookup_row *fr_lookup_row_of(fr_lookup lookup);
bool fr_lookup_find(fr_str name, fr_lookup *out);
/* Whether the lookup can be asked of values of a kind. */
bool fr_lookup_fits(fr_lookup lookup, fr_kind kind);

/* What may be asked instead of a field's value. */
typedef enum fr_transform {
    FR_TRANSFORM_NONE,
    FR_TRANSFORM_DATE, /* of a moment, in the database's time zone, as all below */
    FR_TRANSFORM_TIME,
    FR_TRANSFORM_YEAR,
    FR_TRANSFORM_ISO_YEAR,
    FR_TRANSFORM_QUARTER,
    FR_TRANSFORM_MONTH,
    FR_TRANSFORM_DAY,
    FR_TRANSFORM_WEEK,         /* of ISO 8601 */
    FR_TRANSFORM_WEEK_DAY,     /* Sunday is 1 */
    FR_TRANSFORM_ISO_WEEK_DAY, /* Monday is 1, Sunday 7 */
    FR_TRANSFORM_HOUR,
    FR_TRANSFORM_MINUTE,
    FR_TRANSFORM_SECOND,
    FR_TRANSFORM_KEY,   /* a value within JSON */
    FR_TRANSFORM_COUNT, /* of the rows at the end of the path */
    FR_TRANSFORMS_
} fr_transform;

const char *fr_transform_name(fr_transform transform); /* NULL: it has none */
/* A transform by its name that values of this kind have. */
bool fr_transform_find(fr_str name, fr_kind kind, fr_transform *out);
/* The kind of what it makes. */
fr_kind fr_transform_kind(fr_transform transform, fr_kind of);
#endif
