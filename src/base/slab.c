/*
 * Slabs. A slab is aligned to its size, so that the head is found from each of its items:
 *
 *   | head | item | item | free ─┐ item | free ◀┘ | fresh, never touched … |
 *
 * Items are given out again last in first out, and fresh ones only when there are no others. Under AddressSanitizer what is
 * not given out is poisoned, and fresh ones go first: a pointer kept too long is then found before its memory is another's.
 */
#include "base/slab.h"

#include <assert.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/pages.h"
#include "base/poison.h"

enum { SLAB_BYTES = 16 * 1024 };

typedef struct item {
    struct item *next; /* free as well */
} item;

typedef struct fr_slab {
    struct fr_slab *next, **prev_next; /* while it has room */
    item *free;
    uint16_t used, fresh; /* items */
} fr_slab;
static_assert(sizeof(fr_slab) % FR_SLAB_STEP == 0, "items are aligned");

static size_t class_of(size_t bytes)
{
    return bytes ? (bytes - 1) / FR_SLAB_STEP : 0;
}

static size_t item_bytes(size_t size_class)
{
    return (size_class + 1) * FR_SLAB_STEP;
}

static size_t capacity(size_t size_class)
{
    return (SLAB_BYTES - sizeof(fr_slab)) / item_bytes(size_class);
}

static fr_slab *slab_of(void *at)
{
    return (fr_slab *)((uintptr_t)at & ~(uintptr_t)(SLAB_BYTES - 1));
}

/* ---- the list of those with room ---- */

static void link_open(fr_slabs *slabs, fr_slab *slab, size_t size_class)
{
    fr_slab **first = &slabs->open[size_class];
    slab->next = *first;
    slab->prev_next = first;
    if (slab->next)
        slab->next->prev_next = &slab->next;
    *first = slab;
}

static void unlink_open(fr_slab *slab)
{
    *slab->prev_next = slab->next;
    if (slab->next)
        slab->next->prev_next = slab->prev_next;
}

static fr_slab *slab_new(fr_slabs *slabs, size_t size_class)
{
    fr_slab *slab = fr_pages_new(SLAB_BYTES);
    if (!slab)
        return NULL;
    *slab = (fr_slab){.fresh = (uint16_t)capacity(size_class)};
    FR_POISON_(slab + 1, SLAB_BYTES - sizeof *slab);
    link_open(slabs, slab, size_class);
    slabs->bytes += SLAB_BYTES;
    return slab;
}

static void slab_free(fr_slabs *slabs, fr_slab *slab)
{
    unlink_open(slab);
    FR_UNPOISON_(slab, SLAB_BYTES);
    fr_pages_free(slab, SLAB_BYTES);
    slabs->bytes -= SLAB_BYTES;
}

/* ---- items ---- */

static void *take(fr_slab *slab, size_t size_class)
{
    size_t bytes = item_bytes(size_class);
    slab->used++;
    item *it = slab->free;
    if (it && !(FR_HAS_ASAN_ && slab->fresh)) {
        FR_UNPOISON_(it, bytes);
        slab->free = it->next;
        return it;
    }
    char *at = (char *)(slab + 1) + (capacity(size_class) - slab->fresh--) * bytes;
    FR_UNPOISON_(at, bytes);
    return at;
}

void *fr_slabs_alloc(fr_slabs *slabs, size_t bytes)
{
    size_t size_class = class_of(bytes);
    if (bytes > FR_SLAB_ITEM_MAX)
        return fr_malloc(bytes);
    if (fr_alloc_must_fail_())
        return NULL;
    fr_slab *slab = slabs->open[size_class];
    if (!slab && !(slab = slab_new(slabs, size_class)))
        return NULL;
    void *at = take(slab, size_class);
    if (!slab->free && !slab->fresh)
        unlink_open(slab);
    slabs->items++;
    return at;
}

void fr_slabs_free(fr_slabs *slabs, void *at, size_t bytes)
{
    size_t size_class = class_of(bytes);
    if (!at || bytes > FR_SLAB_ITEM_MAX) {
        fr_free(at);
        return;
    }
    fr_slab *slab = slab_of(at);
    if (!slab->free && !slab->fresh)
        link_open(slabs, slab, size_class);
    *(item *)at = (item){slab->free};
    slab->free = at;
    FR_POISON_(at, item_bytes(size_class));
    slabs->items--;
    if (--slab->used == 0 && (slab->next || slabs->open[size_class] != slab))
        slab_free(slabs,
                  slab); /* another one has room: the last is kept, for one that comes and goes */
}

/* ---- all ---- */

void fr_slabs_init(fr_slabs *slabs)
{
    *slabs = (fr_slabs){0};
}

void fr_slabs_deinit(fr_slabs *slabs)
{
    assert(!slabs->items);
    for (size_t i = 0; i < sizeof slabs->open / sizeof *slabs->open; i++)
        while (slabs->open[i])
            slab_free(slabs, slabs->open[i]);
}
