/*
 * Memory straight from the system, aligned to its size and given back to it at once: for slabs. A piece of the heap can be
 * neither while others lie around it, and a slab there would keep what is freed around it from the system.
 */
#ifndef FR_BASE_PAGES_H
#define FR_BASE_PAGES_H
#include <stddef.h>

/* bytes: a power of two, from 4 KiB on. Cleared; what is not touched costs nothing. NULL when memory is out. */
void *fr_pages_new(size_t bytes);
void fr_pages_free(void *pages, size_t bytes); /* NULL is fine */
#endif
