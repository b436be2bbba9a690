/*
 * How models refer to each other, by name: `project` of a ticket is its foreign key, `tickets` of a project are the rows
 * whose key leads here. Nothing is stored twice: a relation is read off the fields of the models that are known.
 */
#ifndef FR_MODEL_GRAPH_H
#define FR_MODEL_GRAPH_H
#include "model/model.h"

/* From a row to those at the other end of one reference. */
typedef struct fr_ref_step {
    const fr_model *from, *to;
    uint16_t field;  /* the reference: of `from`, or if is_reverse of `to` */
    bool is_reverse; /* the key at the other end leads here */
    bool is_to_many; /* several rows may be there */
    bool may_miss;   /* or none */
} fr_ref_step;

enum { FR_RELATION_STEPS = 2 }; /* of a MANY_TO_MANY: to the table between, and on from it */

/* A name seen from a model. */
typedef struct fr_relation {
    fr_str name; /* borrowed from the models */
    fr_ref_step steps[FR_RELATION_STEPS];
    uint8_t step_count;
    bool is_to_many;
} fr_relation;

/* Make a model and all that it refers to known; again counts. Before anything reads the reverse of its references.
 * Errors: FR_EINVAL (two relations of one name), FR_ENOMEM, with one line for the developer. Any thread. */
fr_err fr_graph_add(const fr_model *model, char error[256]);
/* Undo one fr_graph_add: what is known by no other way is forgotten. The model is still there. Any thread. */
void fr_graph_remove(const fr_model *model);

/* A relation by its name: a field that refers to another model, or the reverse of one: its .related, else the other
 * model's name if no other has it. false: there is none. Any thread. */
bool fr_graph_find(const fr_model *model, fr_str name, fr_relation *out);
/* The model of the table between of a MANY_TO_MANY of `model`, which is known: .through, or the one that was made when the
 * model became known. It lives as long as that. Its references are its fields *source, back to `model`, and *target. */
const fr_model *fr_graph_through(const fr_model *model, const fr_field *field, uint16_t *source,
                                 uint16_t *target);
/* Walk all relations that fr_graph_find knows. *pos starts at 0. false: the end. Any thread. */
bool fr_graph_next(const fr_model *model, size_t *pos, fr_relation *out);
#endif
