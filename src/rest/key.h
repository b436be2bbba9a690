/* Keys as URLs and bodies spell them. */
#ifndef FR_REST_KEY_H
#define FR_REST_KEY_H
#include "model/model.h"

/* The key of `model` that a text names, as its stored value. false: no row can have it (or memory is out). */
bool fr_key_from_text(const fr_model *model, fr_str text, fr_arena *arena, fr_value *out);
#endif
