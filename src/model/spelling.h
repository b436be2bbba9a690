/*
 * How a field is printed that says so itself: by a format, in a zone, as a number. fr_value_json prints what its kind says,
 * and is for all others.
 */
#ifndef FR_MODEL_SPELLING_H
#define FR_MODEL_SPELLING_H
#include "model/value.h"

struct fr_zone;

/* Whether the field says how it is printed. */
bool fr_field_is_spelled(const fr_field *field);
/* Whether its own .format, .input_formats, .zone and so on can be followed. Errors: FR_EINVAL with one line that begins with
 * the option, FR_ENOMEM. */
fr_err fr_spelling_check(const fr_field *field, char error[256]);
/* Append a value as the field says, whether it is spelled or not. */
void fr_value_spell(const fr_field *field, fr_value v, fr_buf *out);
/* The same of a moment that a clock shows which is so many seconds ahead of UTC. */
void fr_moment_spell(const fr_field *field, fr_time t, int32_t offset, fr_buf *out);
/* The zone that moments of the field are shown and understood in. */
const struct fr_zone *fr_field_zone(const fr_field *field);
/* A hash of what the field says, added to another. */
uint32_t fr_spelling_hash(uint32_t hash, const fr_field *field);
/* The next of .input_formats; false: there was none. */
bool fr_input_format_next(fr_str *rest, fr_str *format);
/* "iso-8601", in letters of any case. */
bool fr_format_is_iso(fr_str format);
#endif
