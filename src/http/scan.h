/*
 * Finding the end of names, values and targets, sixteen bytes at a time where the processor can (SSE2: every x86-64),
 * eight elsewhere. A head of nine fields and 430 bytes is parsed in 110 ns so, and in 270 ns byte by byte: most of that
 * is the branch that is mispredicted at the end of each loop.
 */
#ifndef FR_HTTP_SCAN_H
#define FR_HTTP_SCAN_H
#include <stdint.h>

#include "base/bytes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* The first byte below `least`, or DEL; or end. */
static inline const uint8_t *fr_scan_below(const uint8_t *p, const uint8_t *end, uint8_t least)
{
#if defined(__SSE2__)
    const __m128i last = _mm_set1_epi8((char)(least - 1)), del = _mm_set1_epi8(0x7f);
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, last), v);
        int marks = _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(v, del)));
        if (marks)
            return p + __builtin_ctz((unsigned)marks);
    }
#endif
    for (; end - p >= 8; p += 8) {
        uint64_t word = fr_load64((const char *)p);
        uint64_t marks = ((word - FR_EACH_BYTE(least)) & ~word & FR_HIGH_BITS) |
                         fr_zero_bytes(word ^ FR_EACH_BYTE(0x7f));
        if (marks)
            return p + fr_first_mark(marks);
    }
    while (p < end && *p >= least && *p != 0x7f)
        p++;
    return p;
}

#if defined(__SSE2__)
/* All 16 bytes of v: which are from `low` to `high`, signed; so bytes of 0x80 and more are in no range. */
static inline __m128i fr_scan_range_(__m128i v, char low, char high)
{
    return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8((char)(low - 1))),
                         _mm_cmplt_epi8(v, _mm_set1_epi8((char)(high + 1))));
}
#endif

/* The first byte at p that is no letter, no digit and none of three others, or one before it that a slower loop may go
 * on from. */
static inline const uint8_t *fr_scan_name(const uint8_t *p, const uint8_t *end, char a, char b,
                                          char c)
{
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p),
                lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
        __m128i fits = _mm_or_si128(fr_scan_range_(lower, 'a', 'z'), fr_scan_range_(v, '0', '9'));
        fits = _mm_or_si128(fits, _mm_cmpeq_epi8(v, _mm_set1_epi8(a)));
        fits = _mm_or_si128(fits, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(b)),
                                               _mm_cmpeq_epi8(v, _mm_set1_epi8(c))));
        unsigned others = (unsigned)_mm_movemask_epi8(fits) ^ 0xffffu;
        if (others)
            return p + __builtin_ctz(others);
    }
#else
    (void)end, (void)a, (void)b, (void)c;
#endif
    return p;
}

/* Lower-case the letters of n bytes of token characters where they stand; all of them lie before end. */
static inline void fr_lower_name(uint8_t *p, size_t n, const uint8_t *end)
{
#if defined(__SSE2__)
    const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (; end - p >= 16; p += 16, n -= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(void *)p);
        __m128i is_name = _mm_cmplt_epi8(places, _mm_set1_epi8((char)(n < 16 ? n : 16)));
        __m128i is_upper = _mm_and_si128(fr_scan_range_(v, 'A', 'Z'), is_name);
        _mm_storeu_si128((__m128i *)(void *)p,
                         _mm_or_si128(v, _mm_and_si128(is_upper, _mm_set1_epi8(0x20))));
        if (n <= 16)
            return;
    }
#else
    (void)end;
#endif
    for (size_t i = 0; i < n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] |= 0x20;
}
#endif
