/*
 * Arena: a list of chunks, bump allocation in the newest, hooks run last in first out.
 *
 *   first chunk:  [chunk head][fr_arena][ memory ...................... ]
 *   later ones:   [chunk head][ memory ................................ ]
 *
 * The arena stands in its own first chunk: one allocation makes it, and a reset has nothing to
 * allocate anew. Under AddressSanitizer what is not given out is poisoned, so that a pointer kept
 * past its request is found.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/poison.h"

enum {
    ALIGN = 16,
    FIRST_BYTES = 4 * 1024,
    CHUNK_BYTES_MAX = 64 * 1024,
    FIRST_BYTES_MIN = 256,
};

typedef struct chunk {
    struct chunk *older;
    size_t bytes; /* with this head */
} chunk;
static_assert(sizeof(chunk) % ALIGN == 0, "memory after the head stays aligned");

typedef struct hook {
    struct hook *older;
    void (*run)(void *arg);
    void *arg;
} hook;

struct fr_arena {
    char *at, *end;     /* what is free in the newest chunk */
    chunk *newest;      /* owned, as are the older ones; the first holds this struct */
    hook *hooks;        /* in the arena */
    size_t bytes;       /* of all chunks */
    size_t chunk_bytes; /* of the next chunk */
};

enum { HEAD_BYTES = sizeof(chunk) + (sizeof(struct fr_arena) + ALIGN - 1) / ALIGN * ALIGN };

static chunk *first_chunk(fr_arena *arena)
{
    return (chunk *)((char *)arena - sizeof(chunk));
}

/* Make the arena as it was when new: only its first chunk, all of it free. */
static void begin(fr_arena *arena)
{
    chunk *first = first_chunk(arena);
    arena->at = (char *)first + HEAD_BYTES;
    arena->end = (char *)first + first->bytes;
    arena->newest = first;
    arena->hooks = NULL;
    arena->bytes = first->bytes;
    arena->chunk_bytes = first->bytes * 2 < CHUNK_BYTES_MAX ? first->bytes * 2 : CHUNK_BYTES_MAX;
    FR_POISON_(arena->at, (size_t)(arena->end - arena->at));
}

static void free_chunk(chunk *c)
{
    FR_UNPOISON_(c, c->bytes);
    fr_free(c);
}

/* Run the hooks and free all chunks but the first. A hook may still allocate, and defer
 * more hooks. */
static void finish(fr_arena *arena)
{
    while (arena->hooks) {
        hook *h = arena->hooks;
        arena->hooks = h->older;
        h->run(h->arg);
    }
    chunk *first = first_chunk(arena);
    for (chunk *c = arena->newest, *older; c != first; c = older) {
        older = c->older;
        free_chunk(c);
    }
}

fr_arena *fr_arena_new(size_t first_bytes)
{
    size_t bytes = first_bytes ? first_bytes : FIRST_BYTES;
    if (bytes < FIRST_BYTES_MIN)
        bytes = FIRST_BYTES_MIN;
    chunk *first = fr_malloc(bytes);
    if (!first)
        return NULL;
    *first = (chunk){.bytes = bytes};
    fr_arena *arena = (fr_arena *)(first + 1);
    begin(arena);
    return arena;
}

void fr_arena_free(fr_arena *arena)
{
    if (!arena)
        return;
    finish(arena);
    free_chunk(first_chunk(arena));
}

void fr_arena_reset(fr_arena *arena)
{
    finish(arena);
    begin(arena);
}

bool fr_arena_has(const fr_arena *arena, const void *memory)
{
    const char *p = memory;
    for (const chunk *c = arena->newest; c; c = c->older)
        if (p >= (const char *)c && p < (const char *)c + c->bytes)
            return true;
    return false;
}

size_t fr_arena_bytes(const fr_arena *arena)
{
    return arena->bytes;
}

/* A chunk with so many bytes behind its head: never fewer than that has itself, which the compiler is to see. */
static chunk *add_chunk(fr_arena *arena, size_t behind)
{
    if (behind > PTRDIFF_MAX - sizeof(chunk))
        return NULL;
    size_t bytes = sizeof(chunk) + behind;
    chunk *c = fr_malloc(bytes);
    if (!c)
        return NULL;
    *c = (chunk){arena->newest, bytes};
    arena->newest = c;
    arena->bytes += bytes;
    return c;
}

/* A new chunk. What is large gets one of its own, and the free rest of the present one stays in
 * use. */
static void *alloc_slow(fr_arena *arena, size_t bytes)
{
    bool is_large = bytes + sizeof(chunk) > arena->chunk_bytes / 2;
    chunk *c = add_chunk(arena, is_large ? bytes : arena->chunk_bytes - sizeof(chunk));
    if (!c)
        return NULL;
    if (is_large)
        return c + 1;
    arena->at = (char *)(c + 1) + bytes;
    arena->end = (char *)c + c->bytes;
    if (arena->chunk_bytes < CHUNK_BYTES_MAX)
        arena->chunk_bytes *= 2;
    FR_POISON_(arena->at, (size_t)(arena->end - arena->at));
    return c + 1;
}

void *fr_arena_alloc(fr_arena *arena, size_t bytes)
{
    if (bytes > PTRDIFF_MAX - ALIGN - sizeof(chunk))
        return NULL;
    size_t rounded = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (rounded == 0)
        rounded = ALIGN; /* two allocations never share an address */
    if (rounded > (size_t)(arena->end - arena->at))
        return alloc_slow(arena, rounded);
    char *p = arena->at;
    arena->at += rounded;
    FR_UNPOISON_(p, bytes);
    return p;
}

void *fr_arena_zalloc(fr_arena *arena, size_t bytes)
{
    void *p = fr_arena_alloc(arena, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

fr_str fr_str_dup(fr_arena *arena, fr_str s)
{
    char *p = fr_arena_alloc(arena, s.n + 1);
    if (!p)
        return (fr_str){0};
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (fr_str){p, s.n};
}

fr_str fr_arena_printf(fr_arena *arena, const char *fmt, ...)
{
    char text[512]; /* most fit, and are formatted once */
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0)
        return (fr_str){0};
    if ((size_t)n < sizeof text)
        return fr_str_dup(arena, (fr_str){text, (size_t)n});
    char *p = fr_arena_alloc(arena, (size_t)n + 1);
    if (!p)
        return (fr_str){0};
    va_start(args, fmt);
    n = vsnprintf(p, (size_t)n + 1, fmt, args);
    va_end(args);
    return (fr_str){p, (size_t)n};
}

fr_err fr_arena_defer(fr_arena *arena, void (*run)(void *arg), void *arg)
{
    hook *h = fr_arena_alloc(arena, sizeof *h);
    if (!h) {
        run(arg);
        return FR_ENOMEM;
    }
    *h = (hook){arena->hooks, run, arg};
    arena->hooks = h;
    return FR_OK;
}
