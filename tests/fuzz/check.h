/* What fuzz targets share: facts that must hold, in release builds too, and input that comes in pieces. */
#ifndef FR_FUZZ_CHECK_H
#define FR_FUZZ_CHECK_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(fact) ((fact) ? (void)0 : is_wrong(__LINE__, #fact))

static inline void is_wrong(int line, const char *fact)
{
    fprintf(stderr, "line %d: not %s\n", line, fact);
    abort();
}

/* Small pieces, and now and then a large one. */
static inline size_t piece(uint32_t *seed, size_t left)
{
    *seed = *seed * 1103515245u + 12345u;
    size_t n = *seed >> 28 == 0 ? 1000 : 1 + (*seed >> 16) % 9;
    return n < left ? n : left;
}
#endif
