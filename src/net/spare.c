/*
 * Memory that a loop keeps for the next time it is needed: queues of output and chunks. Each kind has a bound. What was not
 * needed for a second is freed, and when a loop that rests has freed much, the C library is told to give it back to the
 * system: what it came to in a rush does not stay for ever.
 */
#include <malloc.h>

#include "net/net_int.h"

enum {
    TRIM_MS = 1000,
    /* Freed memory that is worth the walk over what is free, which may take milliseconds. */
    RETURN_BYTES = 128 * 1024,
};

/* Queues for a fan-out of 1,024; chunks of 1, 1 and 2 MiB in all. Sizes of chunks are odd multiples of a cache line:
 * neighbours begin in different sets. MEDIUM holds the largest reservation, LARGE four of them. */
const struct fr_spare_kind fr_spare_kinds_[FR_SPARE_KINDS] = {
    [FR_SPARE_OUTS] = {sizeof(fr_out), 1024},
    [FR_SPARE_CHUNKS + FR_CHUNK_SMALL] = {4 * 1024 + 64, 256},
    [FR_SPARE_CHUNKS + FR_CHUNK_MEDIUM] = {FR_CHUNK_MEDIUM_BYTES, 64},
    [FR_SPARE_CHUNKS + FR_CHUNK_LARGE] = {65 * 1024 + 64, 32},
};
_Static_assert(FR_CHUNK_MEDIUM_BYTES - FR_CHUNK_ALLOCATOR_BYTES - (int)sizeof(fr_chunk) >=
                   FR_CONN_RESERVE_BYTES,
               "fits MEDIUM");

static void free_some(fr_loop *loop, int kind, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        fr_free(fr_spare_take_(loop, kind));
    loop->spares.freed += (size_t)count * fr_spare_kinds_[kind].bytes;
}

/* Free what lay idle since the last time. Returns whether more than a few are left. */
static bool free_idle(fr_loop *loop)
{
    bool has_more = false;
    for (int kind = 0; kind < FR_SPARE_KINDS; kind++) {
        fr_spare *spare = &loop->spares.of[kind];
        if (spare->least > FR_SPARE_LEAST)
            free_some(loop, kind, spare->least - FR_SPARE_LEAST);
        spare->least = spare->count;
        has_more = has_more || spare->count > FR_SPARE_LEAST;
    }
    return has_more;
}

/* Returns whether freed memory is still to be given back. */
static bool give_back(fr_loop *loop)
{
    if (loop->spares.freed < RETURN_BYTES)
        return false;
    if (fr_polling_had_events_(loop))
        return true; /* somebody would wait for the walk */
    malloc_trim(0);
    loop->spares.freed = 0;
    return false;
}

static void trim(fr_timer *timer)
{
    fr_loop *loop = FR_CONTAINER_(timer, fr_loop, spares.trim);
    bool has_more = free_idle(loop);
    if (give_back(loop) || has_more)
        fr_timer_set(loop, timer, loop->now_ms + TRIM_MS);
}

void fr_spares_watch_(fr_loop *loop)
{
    for (int kind = 0; kind < FR_SPARE_KINDS; kind++)
        loop->spares.of[kind].least = loop->spares.of[kind].count;
    loop->spares.trim.run = trim;
    fr_timer_set(loop, &loop->spares.trim, loop->now_ms + TRIM_MS);
}

void fr_spares_free_(fr_loop *loop)
{
    fr_timer_cancel(loop, &loop->spares.trim);
    for (int kind = 0; kind < FR_SPARE_KINDS; kind++)
        free_some(loop, kind, loop->spares.of[kind].count);
}
