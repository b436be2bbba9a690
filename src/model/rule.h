/*
 * What rows of a model keep to besides the options of each field: sets of fields that no two rows have, of all rows or of those
 * that a condition is true of, and checks. A rule is known by its number: those of .unique_together first, then .constraints.
 */
#ifndef FR_MODEL_RULE_H
#define FR_MODEL_RULE_H
#include "model/fieldset.h"
#include "model/lookup.h"
#include "model/together.h"

enum { FR_WHERE_MAX = 8, FR_RULE_MESSAGE = 256 };

/* field lookup value, of a model's own field; several are all true. */
typedef struct fr_where {
    struct {
        uint16_t field;
        fr_lookup lookup; /* EXACT, LT, LTE, GT, GTE, ISNULL */
        fr_value value;   /* in the arena */
    } terms[FR_WHERE_MAX];
    size_t count;
} fr_where;

typedef struct fr_rule {
    fr_together unique;              /* count 0: a check, which only the database knows */
    fr_str where;                    /* of unique; n = 0: all rows */
    const fr_constraint *constraint; /* NULL: of .unique_together */
} fr_rule;

/* The rule of this number, from 0. false: there are no more. The model is a checked one. */
bool fr_rule_get(const fr_model *model, size_t number, fr_rule *out);
/* Whether two rows may have no value that is in common: fields and those of the condition, as bits. */
fr_fieldset fr_rule_fields(const fr_model *model, const fr_rule *rule);
/* What is said where it is broken: its .message, or DRF's words. */
fr_str fr_rule_message(const fr_model *model, const fr_rule *rule, char buf[FR_RULE_MESSAGE]);

/* "active=true&velocity__gt=0". Errors: FR_EINVAL (an unknown field or lookup, a bad value), FR_ENOMEM. */
fr_err fr_where_parse(const fr_model *model, fr_str text, fr_arena *arena, fr_where *out);
/* Whether it is true of a row's values, as SQL has it: nothing is true of NULL but that it is NULL. */
bool fr_where_holds(const fr_where *condition, const fr_value *values);
#endif
