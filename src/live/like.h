/*
 * LIKE as SQLite has it: the letters of ASCII are folded and no others, a text ends at its first NUL, and bytes that are no
 * UTF-8 are read as SQLite reads them. A pattern is a plain text and what may stand around it, which is all that lookups make.
 */
#ifndef FR_LIVE_LIKE_H
#define FR_LIVE_LIKE_H
#include <freshet/base.h>

typedef struct fr_like {
    fr_str text; /* up to its NUL, if it has one: then nothing may stand behind it */
    bool any_before, any_behind;
} fr_like;

fr_like fr_like_of(fr_str text, bool any_before, bool any_behind);
/* s: a stored text or blob, NUL and all. */
bool fr_like_matches(const fr_like *like, fr_str s);
#endif
