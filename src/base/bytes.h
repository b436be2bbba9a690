/* Looking at eight bytes at a time, in memory order: byte i of the text is bits 8i..8i+7 of the
 * word. */
#ifndef FR_BASE_BYTES_H
#define FR_BASE_BYTES_H
#include <stdint.h>
#include <string.h>

/* In each of these words every byte is the same. */
#define FR_EACH_BYTE(b) ((uint64_t)(b)*0x0101010101010101u)
#define FR_HIGH_BITS FR_EACH_BYTE(0x80)

static inline uint64_t fr_load64(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* High bits mark the bytes that are zero; above the lowest marked byte marks may be false. */
static inline uint64_t fr_zero_bytes(uint64_t word)
{
    return (word - FR_EACH_BYTE(1)) & ~word & FR_HIGH_BITS;
}

/* The index of the lowest marked byte; marks not 0. */
static inline unsigned fr_first_mark(uint64_t marks)
{
    return (unsigned)__builtin_ctzll(marks) / 8;
}
#endif
