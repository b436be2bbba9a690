/*
 * Intervals of 64-bit numbers, ends included, and who has them: a treap in the order of the lower ends, each node with the
 * greatest upper end beneath it. All that hold a number are found in O(log n) and what is found. Of one thread.
 */
#ifndef FR_LIVE_INTERVAL_H
#define FR_LIVE_INTERVAL_H
#include "base/slab.h"

#include <stdbool.h>

typedef struct fr_interval fr_interval;
struct fr_interval {
    uint64_t low, high;
    uint64_t most; /* the greatest `high` from here on down */
    uint64_t word;
    fr_interval *less, *more; /* by low, then by address */
    uint32_t rank;            /* random: no parent has a lower one */
};

typedef struct fr_intervals {
    fr_interval *root; /* owned */
    size_t count;
} fr_intervals;

/* NULL: memory is out. */
fr_interval *fr_intervals_add(fr_intervals *all, fr_slabs *slabs, uint64_t low, uint64_t high,
                              uint64_t word);
void fr_intervals_remove(fr_intervals *all, fr_slabs *slabs, fr_interval *interval);
/* Call found for each that holds `number`. */
void fr_intervals_find(const fr_intervals *all, uint64_t number,
                       void (*found)(void *arg, uint64_t word), void *arg);
#endif
