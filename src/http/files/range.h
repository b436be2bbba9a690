/*
 * The Range field of bytes (RFC 9110 section 14.1.2).
 */
#ifndef FR_HTTP_FILES_RANGE_H
#define FR_HTTP_FILES_RANGE_H
#include <freshet/base.h>

typedef struct fr_range {
    uint64_t start, n; /* n > 0 */
} fr_range;

enum { FR_RANGES_MAX = 8 };

typedef enum fr_ranges_result {
    FR_RANGES_IGNORED, /* the whole is sent */
    FR_RANGES_GIVEN,   /* 206 */
    FR_RANGES_OUTSIDE  /* 416 */
} fr_ranges_result;

/*
 * The ranges of `bytes` bytes that a field asks for, in its order; those past the end are left out.
 *
 * Ignored is what is not well-formed, another unit, more than FR_RANGES_MAX ranges, and ranges that overlap: nobody needs
 * those, and they make a small file a large answer (CVE-2011-3192). An empty file has no ranges and is sent whole.
 */
fr_ranges_result fr_ranges_read(fr_str field, uint64_t bytes, fr_range ranges[FR_RANGES_MAX],
                                uint32_t *count);
#endif
