/* The model of the table between of a MANY_TO_MANY that names none of its own: its table and columns as Django makes them. */
#ifndef FR_MODEL_THROUGH_H
#define FR_MODEL_THROUGH_H
#include "model/model.h"

/* Made in the arena: (ID, id), a reference to `model`, one to field->to, and the two together unique. NULL: memory is out. */
const fr_model *fr_through_make(const fr_model *model, const fr_field *field, fr_arena *arena);
/* What Django calls a model: "order_line" → "orderline", with `before` in front of it. NULL when memory is out. */
const char *fr_through_name(const fr_model *model, const char *before, fr_arena *arena);
#endif
