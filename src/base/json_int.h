/* What the parts of JSON share: finding the next byte of a string that is not copied as it is. */
#ifndef FR_BASE_JSON_INT_H
#define FR_BASE_JSON_INT_H
#include "base/bytes.h"
#include "base/json.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#if defined(__SSE2__)
/* Of sixteen bytes: a bit for each that is not plain. */
static inline unsigned fr_json_marks16_(const char *p, bool is_ascii)
{
    const __m128i control = _mm_set1_epi8(0x1f);
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i marks = _mm_cmpeq_epi8(_mm_min_epu8(v, control), v);
    marks = _mm_or_si128(marks, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
    marks = _mm_or_si128(marks, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    if (is_ascii)
        marks = _mm_or_si128(marks, v); /* the highest bit is what movemask takes */
    return (unsigned)_mm_movemask_epi8(marks);
}
#endif

/* Of eight bytes: high bits mark those that are not plain; above the lowest one marks may be false. */
static inline uint64_t fr_json_marks8_(const char *p, bool is_ascii)
{
    uint64_t word = fr_load64(p);
    uint64_t marks = fr_zero_bytes(word ^ FR_EACH_BYTE('"')) |
                     fr_zero_bytes(word ^ FR_EACH_BYTE('\\')) |
                     ((word - FR_EACH_BYTE(0x20)) & ~word & FR_HIGH_BITS);
    return is_ascii ? marks | (word & FR_HIGH_BITS) : marks;
}

/* How many of the first bytes are neither control bytes nor '"' nor '\\' (nor, if is_ascii, 0x80 and above). Sixteen at a time
 * where the processor can, else eight; the last ones are looked at together with what stands before them. */
static inline size_t fr_json_plain_(const char *p, size_t n, bool is_ascii)
{
    size_t i = 0;
#if defined(__SSE2__)
    while (n >= 16) {
        unsigned marks = fr_json_marks16_(p + i, is_ascii);
        if (marks)
            return i + (unsigned)__builtin_ctz(marks);
        if (i == n - 16)
            return n;
        i = n - i >= 32 ? i + 16 : n - 16;
    }
#endif
    while (n >= 8) {
        uint64_t marks = fr_json_marks8_(p + i, is_ascii);
        if (marks)
            return i + fr_first_mark(marks);
        if (i == n - 8)
            return n;
        i = n - i >= 16 ? i + 8 : n - 8;
    }
    for (; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c < 0x20 || c == '"' || c == '\\' || (is_ascii && c >= 0x80))
            break;
    }
    return i;
}
#endif
