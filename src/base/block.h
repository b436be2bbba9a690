/* Immutable bytes shared by many sockets and threads (one encoded frame). DESIGN §5, traps B9: one
 * atomic count for the workers, and a plain count inside each worker (see ws/fan). */
#ifndef FR_BASE_BLOCK_H
#define FR_BASE_BLOCK_H
#ifdef __cplusplus
#include <atomic>
using std::atomic_uint;
#else
#include <stdatomic.h>
#endif
#include <freshet/base.h>

typedef struct fr_block {
    atomic_uint refs;
    uint32_t size;
    char bytes[];
} fr_block;

fr_block *fr_block_new(size_t size); /* one reference; NULL when memory is out or size > 2^31 */
fr_block *fr_block_dup(fr_str bytes);
fr_block *fr_block_ref(fr_block *block); /* any thread */
void fr_block_unref(fr_block *block);    /* any thread; NULL is fine */
static inline fr_str fr_block_str(const fr_block *block)
{
    return (fr_str){block->bytes, block->size};
}
#endif
