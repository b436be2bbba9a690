/* Keys as URLs and bodies spell them. */
#ifndef FR_REST_KEY_H
#define FR_REST_KEY_H
#include "db/db.h"

/* The key of `model` that a text names, as its stored value. false: no row can have it (or memory is out). */
bool fr_key_from_text(const fr_model *model, fr_str text, fr_arena *arena, fr_value *out);
/* The key of the row whose field has this value, in the arena of ctx. Errors: FR_ENOTFOUND, those of reads. */
fr_err fr_key_find(fr_ctx *ctx, const fr_model *model, uint16_t field, fr_value value,
                   fr_value *out);
#endif
