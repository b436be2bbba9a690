/* Slips of the pen: which known word somebody may have meant who wrote another. For messages; not for a hot path. */
#ifndef FR_BASE_SLIP_H
#define FR_BASE_SLIP_H
#include <freshet/base.h>

/* How many letters must be added, left out or changed to make one of the other (Levenshtein), whatever their case.
 * SIZE_MAX: one of them is longer than FR_SLIP_BYTES. */
size_t fr_slip_distance(fr_str a, fr_str b);
enum { FR_SLIP_BYTES = 127 };

/* Known words are tried one after the other; nearest is the one that is most alike, or NULL: none is alike enough. */
typedef struct fr_slip {
    const char *nearest; /* borrowed */
    fr_str word;
    size_t least;
} fr_slip;
fr_slip fr_slip_of(fr_str word);
void fr_slip_try(fr_slip *slip, const char *known);
#endif
