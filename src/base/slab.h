/*
 * Small objects that live long beside others that come and go: what a socket keeps while it is idle. Objects of one size lie
 * side by side in slabs of 16 KiB, with nothing between them, so they cost their size and do not hold memory that was
 * freed around them. A slab whose last object has gone is given back, if another one has room. Of one thread.
 */
#ifndef FR_BASE_SLAB_H
#define FR_BASE_SLAB_H
#include <stddef.h>
#include <stdint.h>

enum {
    FR_SLAB_STEP = 16,       /* sizes and addresses are multiples of this */
    FR_SLAB_ITEM_MAX = 1024, /* larger ones come from the heap */
};

typedef struct fr_slabs {
    struct fr_slab *open[FR_SLAB_ITEM_MAX / FR_SLAB_STEP]; /* owned; of each size those with room */
    size_t items, bytes; /* in use, and from the system for them; without large ones */
} fr_slabs;

void fr_slabs_init(fr_slabs *slabs);
void fr_slabs_deinit(fr_slabs *slabs);               /* all have been freed */
void *fr_slabs_alloc(fr_slabs *slabs, size_t bytes); /* not cleared; NULL when memory is out */
void fr_slabs_free(fr_slabs *slabs, void *item, size_t bytes); /* as allocated; NULL is fine */
#endif
