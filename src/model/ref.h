/*
 * A reference: what a predicate, an ordering or a serializer names, seen from one model. Steps over relations, then a field,
 * then perhaps a transform of its value: project__owner__username, comments__created_at__date, extra__tags__0.
 */
#ifndef FR_MODEL_REF_H
#define FR_MODEL_REF_H
#include "model/graph.h"
#include "model/lookup.h"

/* MANY_TO_MANY takes two. Each step of a query is a join: SQLite takes 64 in one. */
enum { FR_REF_STEPS = 12, FR_REFS_MAX = 4096 };

typedef struct fr_ref {
    const fr_model *model; /* where it begins */
    fr_ref_step steps[FR_REF_STEPS];
    uint8_t step_count;
    uint8_t transform; /* fr_transform */
    uint16_t field;    /* of the model at the end. COUNT: its key */
    bool
        is_relation; /* named by a relation's name, `project`; not `project_id` or `project__name` */
    bool is_to_many; /* several values, of several rows, may be there */
    bool may_miss;   /* or none: a step on the way may */
    fr_str path;     /* KEY: where in the JSON, as SQLite says it: $."a"[0] */
} fr_ref;

/* From text: "project__name", "labels__slug", "moment__date", "extra__tags__0"; "pk" is a key, "project_id" a foreign key's
 * column, the name of a relation alone the key at its end. Errors: FR_EINVAL, with one line that may say what was meant;
 * FR_ENOMEM. The path of a KEY lies in arena. */
fr_err fr_ref_parse(const fr_model *model, fr_str text, fr_arena *arena, fr_ref *out,
                    char error[256]);
/* The same with a lookup behind it, "project__name__icontains"; without one it is EXACT. */
fr_err fr_term_parse(const fr_model *model, fr_str text, fr_arena *arena, fr_ref *out,
                     fr_lookup *lookup, char error[256]);
/* The same as a serializer writes it: "project.owner.username", "tickets.count". */
fr_err fr_ref_parse_source(const fr_model *model, fr_str text, fr_arena *arena, fr_ref *out,
                           char error[256]);
/* "project.members": relations alone. Not shortened to a key that stands nearer, as by the others. The same errors. */
fr_err fr_ref_parse_relations(const fr_model *model, fr_str text, fr_arena *arena, fr_ref *out,
                              char error[256]);

bool fr_ref_eq(const fr_ref *a, const fr_ref *b);
const fr_model *fr_ref_end(const fr_ref *ref);   /* the model at the end */
const fr_field *fr_ref_field(const fr_ref *ref); /* the field of it */
fr_kind fr_ref_kind(const fr_ref *ref);          /* of the value, behind the transform */
bool fr_ref_is_secret(const fr_ref *ref);        /* its field, or a key on the way */

/* ---- the references of a query, by number ---- */

/* Numbers below the model's field_count are its own fields, and stand in no table. */
typedef struct fr_refs {
    const fr_model *model;
    fr_arena *arena; /* borrowed */
    const fr_ref **at;
    uint16_t count, cap;
} fr_refs;

void fr_refs_init(fr_refs *refs, const fr_model *model, fr_arena *arena);
/* The number of a reference; equal ones have one. Copied but for its path. Errors: FR_ENOMEM, FR_ETOOBIG (FR_REFS_MAX). */
fr_err fr_refs_add(fr_refs *refs, const fr_ref *ref, uint16_t *out);

static inline bool fr_ref_is_own(const fr_model *model, uint16_t number)
{
    return number < model->field_count;
}

/* Of a number that is no own field. */
static inline const fr_ref *fr_refs_get(const fr_refs *refs, uint16_t number)
{
    return refs->at[number - refs->model->field_count];
}
#endif
