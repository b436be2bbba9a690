/* What the files that make a plan share: plan.c, declared.c and the input side of it, input_plan.c. */
#ifndef FR_REST_PLAN_INT_H
#define FR_REST_PLAN_INT_H
#include "rest/plan.h"

/* One plan in the making, with those within it. */
typedef struct fr_making {
    fr_arena *arena;
    char *error; /* 256 bytes */
    fr_plan *root;
} fr_making;

/* From where names are seen. */
typedef struct fr_vantage {
    fr_making *making;
    fr_plan *plan;                   /* whose query reads the row that the steps begin at */
    fr_ref_step steps[FR_REF_STEPS]; /* each to one row */
    uint8_t step_count;
    const fr_model *model;           /* at their end */
    const fr_serializer *serializer; /* NULL: all fields */
    uint8_t depth, nest;
    bool is_input; /* names are read from bodies, too */
} fr_vantage;

/* FR_EINVAL with `fields: "nmae" is not a field of the model`. */
fr_err fr_plan_wrong(const fr_vantage *s, const char *option, fr_str name, const char *what);
/* As fr_plan_init, of a plan that is nested so deep. */
fr_err fr_plan_make(fr_plan *plan, const fr_model *model, const fr_serializer *serializer,
                    fr_arena *arena, uint8_t nest, char error[256]);
/* Room for all that a plan may hold; false: memory is out. */
bool fr_plan_room(fr_plan *plan, const fr_model *model, fr_arena *arena);

/* Where a field of the scope's model stands among the values, or a number of related rows. */
fr_err fr_vantage_slot(const fr_vantage *s, uint16_t field, uint16_t *slot);
fr_err fr_vantage_count(const fr_vantage *s, const fr_relation *relation, uint16_t *slot);
/* And all of its fields. */
fr_err fr_vantage_row(const fr_vantage *s, fr_row_place *out);
/* The scope after further steps, each to one row. */
fr_err fr_vantage_enter(const fr_vantage *s, const fr_ref_step *steps, uint8_t count,
                        fr_vantage *out);
/* Begin another serializer there; NULL: all fields, a level of depth less. */
fr_err fr_vantage_nest(fr_vantage *s, const fr_serializer *nested);
/* A batch of related rows: *rows is the scope of each of them. */
fr_err fr_vantage_batch(const fr_vantage *s, const fr_relation *relation, uint16_t *index,
                        fr_vantage *rows);

/* All names of the scope's serializer. */
fr_err fr_items_fill(const fr_vantage *s, fr_items *items);
/* One more item; there is room for one a name. NULL: memory is out. */
fr_item *fr_items_add(const fr_vantage *s, fr_items *items, fr_str name, fr_item_kind kind);
fr_err fr_items_add_value(const fr_vantage *s, fr_items *items, fr_str name, uint16_t field);
/* What field's value an item prints, and how. */
void fr_item_set_field(fr_item *item, const fr_field *field);
fr_err fr_items_add_object(const fr_vantage *s, fr_items *items, fr_str name,
                           const fr_relation *relation, const fr_serializer *nested);
fr_err fr_items_add_many(const fr_vantage *s, fr_items *items, fr_str name,
                         const fr_relation *relation, fr_vantage *rows);
/* A name that nobody declared: a field of the model, or a relation. */
fr_err fr_items_add_plain(const fr_vantage *s, fr_items *items, fr_str name);
/* The one item of a list of bare values. */
fr_item *fr_items_bare(const fr_vantage *rows, fr_item_kind kind);

/* ---- declared.c ---- */
fr_err fr_declared_add(const fr_vantage *s, fr_items *items, fr_str name,
                       const fr_declared *declared);
const fr_declared *fr_declared_find(const fr_serializer *serializer, fr_str name);

/* ---- input_plan.c ---- */
bool fr_plan_input_room(const fr_vantage *s, uint32_t names);
fr_err fr_plan_add_input(const fr_vantage *s, fr_str name, const fr_declared *declared);
/* What is read although it stands among no fields: secret ones, where the serializer does not pick. */
fr_err fr_plan_end_input(const fr_vantage *s);
#endif
