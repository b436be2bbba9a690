/*
 * The one door to the heap: every malloc of ours goes through here, so that a test can make each
 * allocation fail once. The memory is the C library's: what these return may also be given to
 * free().
 */
#ifndef FR_BASE_ALLOC_H
#define FR_BASE_ALLOC_H
#include <stdbool.h>
#include <stddef.h>

void *fr_malloc(size_t bytes);                          /* not cleared; NULL when memory is out */
void *fr_zalloc(size_t bytes);                          /* cleared */
void *fr_malloc_array(size_t count, size_t item_bytes); /* NULL also when the product overflows */
void *fr_realloc(void *memory, size_t bytes); /* the old memory stays when NULL is returned */
void fr_free(void *memory);                   /* NULL is fine */

/* The same door in the form that zlib asks for: its zalloc and zfree. `nobody` is not used. */
void *fr_zlib_malloc(void *nobody, unsigned count, unsigned item_bytes);
void fr_zlib_free(void *nobody, void *memory);

/* Tests: the n-th allocation of this thread from now fails, once; 0 = never. Returns what was left
 * of the former count, so `fr_test_fail_alloc(0) == 0` says that the failure has happened. */
size_t fr_test_fail_alloc(size_t n);

/* For what gives out memory that it has already: whether this allocation is the one. */
bool fr_alloc_must_fail_(void);

/* Tests: the block runs with the first allocation failing, then with the second, … and at last with
 * none. */
#define FR_TEST_EACH_ALLOC_FAILS()                                                                 \
    for (size_t fr_nth_ = 1; (void)fr_test_fail_alloc(fr_nth_), fr_nth_ != 0;                      \
         fr_nth_ = fr_test_fail_alloc(0) == 0 ? fr_nth_ + 1 : 0)
#endif
