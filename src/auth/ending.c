/* See ending.h. A binary heap: none ends before the one above it. */
#include "auth/ending.h"

#include <assert.h>

void fr_endings_deinit(fr_endings *all)
{
    fr_vec_deinit(&all->heap);
}

fr_err fr_endings_reserve(fr_endings *all)
{
    if (!fr_vec_push(&all->heap, NULL))
        return FR_ENOMEM;
    all->heap.count--;
    return FR_OK;
}

static void put_at(fr_endings *all, size_t i, fr_ending *ending)
{
    all->heap.at[i] = ending;
    ending->place = (uint32_t)i + 1;
}

/* Those above it that end later come down, and it takes the last one's place. */
static size_t rise(fr_endings *all, size_t i, const fr_ending *ending)
{
    for (size_t up; i > 0 && all->heap.at[up = (i - 1) / 2]->at > ending->at; i = up)
        put_at(all, i, all->heap.at[up]);
    return i;
}

/* Of two beneath it the earlier one comes up, as long as that ends before it. */
static size_t sink(fr_endings *all, size_t i, const fr_ending *ending)
{
    for (size_t down; (down = 2 * i + 1) < all->heap.count; i = down) {
        if (down + 1 < all->heap.count && all->heap.at[down + 1]->at < all->heap.at[down]->at)
            down++;
        if (all->heap.at[down]->at >= ending->at)
            break;
        put_at(all, i, all->heap.at[down]);
    }
    return i;
}

static void settle(fr_endings *all, size_t i, fr_ending *ending)
{
    size_t risen = rise(all, i, ending);
    put_at(all, risen == i ? sink(all, i, ending) : risen, ending);
}

void fr_endings_put(fr_endings *all, fr_ending *ending, fr_time at)
{
    ending->at = at;
    if (!ending->place) {
        assert(all->heap.count < all->heap.cap);
        ending->place = (uint32_t)++all->heap.count;
    }
    settle(all, ending->place - 1, ending);
}

void fr_endings_remove(fr_endings *all, fr_ending *ending)
{
    if (!ending->place)
        return;
    size_t hole = ending->place - 1;
    fr_ending *last = all->heap.at[--all->heap.count];
    ending->place = 0;
    if (last != ending)
        settle(all, hole, last);
}

fr_ending *fr_endings_take(fr_endings *all, fr_time now)
{
    fr_ending *first = all->heap.count ? all->heap.at[0] : NULL;
    if (!first || first->at > now)
        return NULL;
    fr_endings_remove(all, first);
    return first;
}
