/*
 * Immutable bytes shared by many sockets and threads (one encoded frame), with one atomic count. A broadcast holds one
 * reference on each worker, however many members it goes to; a connection holds one while the block waits in its output
 * (traps B9).
 */
#ifndef FR_BASE_BLOCK_H
#define FR_BASE_BLOCK_H
#ifdef __cplusplus
#include <atomic>
using std::atomic_uint;
#define FR_ATOMIC_(type) std::atomic<type>
#else
#define FR_ATOMIC_(type) _Atomic(type)
#include <stdatomic.h>
#endif
#include <freshet/base.h>

typedef struct fr_block {
    atomic_uint refs;
    uint32_t size;
    FR_ATOMIC_(struct fr_block *) twin; /* private: see fr_block_twin */
    uint32_t mark;                      /* the maker's own; 0 at first */
    char bytes[];
} fr_block;

fr_block *fr_block_new(size_t size); /* one reference; NULL when memory is out or size > 2^31 */
fr_block *fr_block_dup(fr_str bytes);
fr_block *fr_block_ref(fr_block *block); /* any thread */
void fr_block_unref(fr_block *block);    /* any thread; NULL is fine */
/* The twin of block: the same in another form, made when it is first needed, freed with the block. Any thread. *is_known
 * false: not made yet. NULL though *is_known: block has no twin. */
fr_block *fr_block_twin(fr_block *block, bool *is_known);
/* Make twin known, and take it over; NULL: block has none. Returns the twin that counts: another thread may have been first.
 * Any thread. */
fr_block *fr_block_twin_take(fr_block *block, fr_block *twin);
static inline fr_str fr_block_str(const fr_block *block)
{
    return (fr_str){block->bytes, block->size};
}
#endif
