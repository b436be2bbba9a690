/* What a value becomes that is compared with a column: a text may become a number, and a number a text, as the column's affinity
 * says. */
#ifndef FR_LIVE_AFFINITY_H
#define FR_LIVE_AFFINITY_H
#include "model/column.h"

/* The value that the database compares in place of v. Errors: FR_EUNSUPPORTED (only the database's own routine knows its
 * last digit: a decimal of very many digits, a real in a column of texts), FR_ENOMEM. Texts are borrowed, or in arena. */
fr_err fr_affinity_apply(uint8_t affinity, fr_value v, fr_arena *arena, fr_value *out);
#endif
