/* Pages. Mappings of one size follow each other downwards, so the next one is aligned as a rule, and they merge into one. */
#include "base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/poison.h"

#if FR_HAS_ASAN_

/* The search for leaks of AddressSanitizer follows pointers only within what its own malloc has given out. */
static void *map(size_t bytes)
{
    void *pages;
    return posix_memalign(&pages, bytes, bytes) ? NULL : memset(pages, 0, bytes);
}

void fr_pages_free(void *pages, size_t bytes)
{
    (void)bytes;
    free(pages);
}

#else

static void *map_some(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void unmap(uintptr_t from, uintptr_t to)
{
    if (from < to)
        munmap((void *)from, to - from);
}

/* Twice as much, of which the aligned half is kept. */
static void *map_more(size_t bytes)
{
    uintptr_t start = (uintptr_t)map_some(2 * bytes);
    if (!start)
        return NULL;
    uintptr_t aligned = (start + bytes - 1) & ~(uintptr_t)(bytes - 1);
    unmap(start, aligned);
    unmap(aligned + bytes, start + 2 * bytes);
    return (void *)aligned;
}

static void *map(size_t bytes)
{
    void *at = map_some(bytes);
    if (!((uintptr_t)at & (bytes - 1)))
        return at;
    munmap(at, bytes);
    return map_more(bytes);
}

void fr_pages_free(void *pages, size_t bytes)
{
    if (pages)
        munmap(pages, bytes);
}

#endif

void *fr_pages_new(size_t bytes)
{
    return fr_alloc_must_fail_() ? NULL : map(bytes);
}
