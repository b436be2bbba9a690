/* Heap allocation with a failure that tests can aim. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>

static _Thread_local size_t fail_in; /* 0 = never */

bool fr_alloc_must_fail_(void)
{
    return fail_in && --fail_in == 0;
}

void *fr_malloc(size_t bytes)
{
    return fr_alloc_must_fail_() ? NULL : malloc(bytes ? bytes : 1);
}

void *fr_zalloc(size_t bytes)
{
    return fr_alloc_must_fail_() ? NULL : calloc(1, bytes ? bytes : 1);
}

void *fr_malloc_array(size_t count, size_t item_bytes)
{
    if (item_bytes && count > SIZE_MAX / item_bytes)
        return NULL;
    return fr_malloc(count * item_bytes);
}

void *fr_realloc(void *memory, size_t bytes)
{
    return fr_alloc_must_fail_() ? NULL : realloc(memory, bytes ? bytes : 1);
}

void fr_free(void *memory)
{
    free(memory);
}

void *fr_zlib_malloc(void *nobody, unsigned count, unsigned item_bytes)
{
    (void)nobody;
    return fr_malloc_array(count, item_bytes);
}

void fr_zlib_free(void *nobody, void *memory)
{
    (void)nobody;
    fr_free(memory);
}

size_t fr_test_fail_alloc(size_t n)
{
    size_t left = fail_in;
    fail_in = n;
    return left;
}
