/* Shared immutable bytes. */
#include "base/block.h"

#include <string.h>

#include "base/alloc.h"

static const size_t SIZE_LIMIT = (size_t)1 << 31;

fr_block *fr_block_new(size_t size)
{
    if (size > SIZE_LIMIT)
        return NULL;
    fr_block *block = fr_malloc(sizeof *block + size);
    if (!block)
        return NULL;
    atomic_init(&block->refs, 1);
    atomic_init(&block->twin, NULL);
    block->size = (uint32_t)size;
    block->mark = 0;
    return block;
}

fr_block *fr_block_dup(fr_str bytes)
{
    fr_block *block = fr_block_new(bytes.n);
    if (block && bytes.n)
        memcpy(block->bytes, bytes.p, bytes.n);
    return block;
}

fr_block *fr_block_ref(fr_block *block)
{
    atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
    return block;
}

/* A block that has itself as twin has none. */
static fr_block *other(const fr_block *block, fr_block *twin)
{
    return twin == block ? NULL : twin;
}

void fr_block_unref(fr_block *block)
{
    /* Release, so that our reads are over before the last one frees; acquire, so that the last one
     * sees that. */
    if (!block || atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) != 1)
        return;
    fr_block_unref(other(block, atomic_load_explicit(&block->twin, memory_order_relaxed)));
    fr_free(block);
}

fr_block *fr_block_twin(fr_block *block, bool *is_known)
{
    fr_block *twin = atomic_load_explicit(&block->twin, memory_order_acquire);
    *is_known = twin;
    return other(block, twin);
}

fr_block *fr_block_twin_take(fr_block *block, fr_block *twin)
{
    fr_block *known = NULL, *ours = twin ? twin : block;
    if (atomic_compare_exchange_strong_explicit(&block->twin, &known, ours, memory_order_acq_rel,
                                                memory_order_acquire))
        return twin;
    fr_block_unref(twin);
    return other(block, known);
}
