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
    block->size = (uint32_t)size;
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

void fr_block_unref(fr_block *block)
{
    /* Release, so that our reads are over before the last one frees; acquire, so that the last one
     * sees that. */
    if (block && atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) == 1)
        fr_free(block);
}
