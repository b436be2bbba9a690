/* Byte ranges; see range.h. */
#include "http/files/range.h"

#include "base/str.h"

/* Digits. A number past 64 bits is as good as the greatest: it is cut to the file's size anyway. */
static bool read_number(fr_str text, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text.p[i] - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *out = value;
    return text.n > 0;
}

/* "0-499", "500-", "-500". false: not well-formed. out->n is 0 past the end. */
static bool read_one(fr_str text, uint64_t bytes, fr_range *out)
{
    fr_str head;
    uint64_t first, last = UINT64_MAX;
    if (fr_str_find_char(text, '-') == SIZE_MAX)
        return false;
    fr_str tail = fr_str_cut(text, '-', &head);
    if (!head.n) {
        uint64_t n;
        if (!read_number(tail, &n))
            return false;
        n = n < bytes ? n : bytes;
        *out = (fr_range){bytes - n, n};
        return true;
    }
    if (!read_number(head, &first) || (tail.n && !read_number(tail, &last)) || first > last)
        return false;
    uint64_t left = first < bytes ? bytes - first : 0;
    *out = (fr_range){first, last - first < left ? last - first + 1 : left};
    return true;
}

static bool overlaps(const fr_range *ranges, uint32_t count, fr_range one)
{
    for (uint32_t i = 0; i < count; i++)
        if (one.start < ranges[i].start + ranges[i].n && ranges[i].start < one.start + one.n)
            return true;
    return false;
}

fr_ranges_result fr_ranges_read(fr_str field, uint64_t bytes, fr_range ranges[FR_RANGES_MAX],
                                uint32_t *count)
{
    fr_str unit, text;
    uint32_t asked = 0;
    *count = 0;
    fr_str rest = fr_str_cut(field, '=', &unit);
    if (!bytes || !fr_str_eq_nocase(unit, FR_STR("bytes")))
        return FR_RANGES_IGNORED;
    while (rest.n) {
        fr_range one;
        rest = fr_str_cut(rest, ',', &text);
        text = fr_str_trim(text);
        if (!text.n)
            continue;
        if (++asked > FR_RANGES_MAX || !read_one(text, bytes, &one))
            return FR_RANGES_IGNORED;
        if (!one.n)
            continue;
        if (overlaps(ranges, *count, one))
            return FR_RANGES_IGNORED;
        ranges[(*count)++] = one;
    }
    return *count ? FR_RANGES_GIVEN : asked ? FR_RANGES_OUTSIDE : FR_RANGES_IGNORED;
}
