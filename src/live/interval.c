#include "live/interval.h"

#include "base/str.h"

/* ---- order ---- */

static bool is_less(const fr_interval *a, const fr_interval *b)
{
    return a->low != b->low ? a->low < b->low : (uintptr_t)a < (uintptr_t)b;
}

static void note_most(fr_interval *top)
{
    top->most = top->high;
    if (top->less && top->less->most > top->most)
        top->most = top->less->most;
    if (top->more && top->more->most > top->most)
        top->most = top->more->most;
}

/* ---- adding and removing: as deep as the tree, some 2 log n ---- */

/* What is less than `by` and what is more. */
static void split(fr_interval *top, const fr_interval *by, fr_interval **less, fr_interval **more)
{
    if (!top) {
        *less = *more = NULL;
        return;
    }
    if (is_less(top, by)) {
        *less = top;
        split(top->more, by, &top->more, more);
    } else {
        *more = top;
        split(top->less, by, less, &top->less);
    }
    note_most(top);
}

/* All of less is less than all of more. */
static fr_interval *join(fr_interval *less, fr_interval *more)
{
    if (!less || !more)
        return less ? less : more;
    fr_interval *top = less->rank >= more->rank ? less : more;
    if (top == less)
        less->more = join(less->more, more);
    else
        more->less = join(less, more->less);
    note_most(top);
    return top;
}

static void insert(fr_interval **at, fr_interval *interval)
{
    while (*at && (*at)->rank >= interval->rank) {
        if ((*at)->most < interval->most)
            (*at)->most = interval->most;
        at = is_less(*at, interval) ? &(*at)->more : &(*at)->less;
    }
    split(*at, interval, &interval->less, &interval->more);
    note_most(interval);
    *at = interval;
}

static void take_out(fr_interval **at, fr_interval *interval)
{
    if (*at == interval) {
        *at = join(interval->less, interval->more);
        return;
    }
    fr_interval *top = *at;
    take_out(is_less(top, interval) ? &top->more : &top->less, interval);
    note_most(top);
}

fr_interval *fr_intervals_add(fr_intervals *all, fr_slabs *slabs, uint64_t low, uint64_t high,
                              uint64_t word)
{
    fr_interval *interval = fr_slabs_alloc(slabs, sizeof *interval);
    if (!interval)
        return NULL;
    *interval = (fr_interval){
        .low = low,
        .high = high,
        .most = high,
        .word = word,
        .rank = (uint32_t)fr_u64_hash((uintptr_t)interval, low),
    };
    insert(&all->root, interval);
    all->count++;
    return interval;
}

void fr_intervals_remove(fr_intervals *all, fr_slabs *slabs, fr_interval *interval)
{
    take_out(&all->root, interval);
    fr_slabs_free(slabs, interval, sizeof *interval);
    all->count--;
}

/* ---- finding ---- */

typedef struct search {
    uint64_t number;
    void (*found)(void *arg, uint64_t word);
    void *arg;
} search;

static void find(const search *s, const fr_interval *top)
{
    while (top && top->most >= s->number) {
        find(s, top->less);
        if (top->low > s->number)
            return;
        if (top->high >= s->number)
            s->found(s->arg, top->word);
        top = top->more;
    }
}

void fr_intervals_find(const fr_intervals *all, uint64_t number,
                       void (*found)(void *arg, uint64_t word), void *arg)
{
    search s = {number, found, arg};
    find(&s, all->root);
}
