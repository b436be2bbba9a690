/* What the other layers ask of a model's description. */
#ifndef FR_MODEL_MODEL_H
#define FR_MODEL_MODEL_H
#include "model/value.h"

/* The primary key; never NULL for a checked model. */
const fr_field *fr_model_key(const fr_model *model);
int fr_model_key_index(const fr_model *model);
int fr_model_field_index(const fr_model *model, fr_str name); /* -1 if none */
const char *fr_model_table(const fr_model *model);
fr_str fr_field_column(const fr_field *field, char buf[128]);
fr_str fr_field_label(const fr_field *field, char buf[128]); /* "updated at" */
fr_str fr_model_label(const fr_model *model, char buf[128]);
uint32_t fr_field_max_length(const fr_field *field); /* with the kind's default: EMAIL 254 … */
/* The field whose values `field` holds: itself, or of a foreign key the key at the end of its references (a key may be a
 * reference, too). NULL: the references go in a circle, or lead nowhere. */
const fr_field *fr_field_origin(const fr_field *field);
/* Whether no two rows have the same value: .unique, a primary key, ONE_TO_ONE. */
bool fr_field_is_unique(const fr_field *field);
/* Whether the values of a field are integers: of the integer kinds, and of references to those. */
bool fr_field_is_integer(const fr_field *field);
/* Whether integers of a field are printed as JSON strings: .as_text of its own, or of the key it leads to. */
bool fr_field_is_as_text(const fr_field *field);
/* A wrong description (no key, CHAR without max_length, unknown .to, two of one name …) in one line for the developer. */
fr_err fr_model_check(const fr_model *model, char error[256]);
/* Number that changes when the description's shape does: part of a view's fingerprint. */
uint32_t fr_model_fingerprint(const fr_model *model);
/* The default of a field as a stored value (auto_now, auto_now_add, default_, '' for blank text, NULL for null);
 * false if it has none. `now` is the time of the write. */
bool fr_field_default(const fr_field *field, fr_time now, fr_arena *arena, fr_value *out);

/* One field of a model struct, with its bits in row.null and row.set; fr_row_store writes both bits. */
fr_err fr_row_value(const fr_model *model, int index, const void *row, fr_arena *arena,
                    fr_value *out);
fr_err fr_row_store(const fr_model *model, int index, fr_value v, fr_arena *arena, void *row);
/* All fields: values has field_count elements, in the model's order. */
fr_err fr_row_values(const fr_model *model, const void *row, fr_arena *arena, fr_value *values);
fr_err fr_row_store_all(const fr_model *model, const fr_value *values, fr_arena *arena, void *row);
#endif
