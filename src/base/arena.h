/* Arena allocator with exit hooks. Blocks double from first_bytes to 64 KiB; a reset keeps the
 * first block, so a request on a warm connection allocates nothing. */
#ifndef FR_BASE_ARENA_H
#define FR_BASE_ARENA_H
#include <freshet/base.h>

fr_arena *fr_arena_new(size_t first_bytes);   /* 0 = 4 KiB; NULL when memory is out */
void fr_arena_free(fr_arena *arena);          /* runs hooks; NULL is fine */
void fr_arena_reset(fr_arena *arena);         /* runs hooks, keeps the first block */
size_t fr_arena_bytes(const fr_arena *arena); /* allocated from the system */
/* Whether memory is of the arena. O(chunks). */
bool fr_arena_has(const fr_arena *arena, const void *memory);
/* A string being built at the end of the arena is done with fr_buf; see buf.h. */
#endif
