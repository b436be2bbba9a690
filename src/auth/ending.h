/* What ends by the clock: a heap, the earliest first. Each stands in its owner's memory, and knows its place. */
#ifndef FR_AUTH_ENDING_H
#define FR_AUTH_ENDING_H
#include <freshet/base.h>
#include "base/vec.h"

/* All zero: in no heap. */
typedef struct fr_ending {
    fr_time at;
    uint32_t place; /* 1 + its index */
} fr_ending;

typedef struct fr_endings {
    FR_VEC(fr_ending *) heap;
} fr_endings;

void fr_endings_deinit(fr_endings *all);
/* Room for one more, so that its fr_endings_put finds it. Errors: FR_ENOMEM. */
fr_err fr_endings_reserve(fr_endings *all);
/* End at this time, in place of an earlier one. Of what is not in the heap yet there must be room. */
void fr_endings_put(fr_endings *all, fr_ending *ending, fr_time at);
/* What is not in it is fine. */
void fr_endings_remove(fr_endings *all, fr_ending *ending);
/* Take the earliest out, if its time has come; NULL: none's has. */
fr_ending *fr_endings_take(fr_endings *all, fr_time now);
#endif
