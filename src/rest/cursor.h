/*
 * A cursor as DRF's CursorPagination spells it: base64 of "o=2&r=1&p=2024-03-01+12%3A25", each part only where it is needed.
 * A position is what Python's str() makes of the value of the first field that the list is ordered by.
 */
#ifndef FR_REST_CURSOR_H
#define FR_REST_CURSOR_H
#include "base/buf.h"
#include "model/value.h"

typedef struct fr_cursor {
    int64_t offset;  /* rows to pass over behind the position */
    bool is_reverse; /* read towards the start of the list */
    fr_str position; /* p NULL: none, reading begins at an end of the list */
} fr_cursor;

/* Any text of a URL; base64 and numbers are taken as Python takes them. In the arena. Errors: FR_EINVAL, FR_ENOMEM. */
fr_err fr_cursor_decode(fr_arena *arena, fr_str text, fr_cursor *out);
void fr_cursor_put(fr_arena *arena, const fr_cursor *cursor, fr_buf *out);

/* str() of a stored value that is not NULL. */
void fr_position_put(const fr_field *field, fr_value v, fr_buf *out);
/* The stored value again. Errors: FR_EINVAL (it is none of this field), FR_ENOMEM. */
fr_err fr_position_read(const fr_field *field, fr_str text, fr_arena *arena, fr_value *out);
#endif
