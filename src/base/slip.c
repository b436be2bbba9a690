/* See slip.h. */
#include "base/slip.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

size_t fr_slip_distance(fr_str a, fr_str b)
{
    size_t row[FR_SLIP_BYTES + 1];
    if (a.n > FR_SLIP_BYTES || b.n > FR_SLIP_BYTES)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 0; i < a.n; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.n; j++) {
            size_t above = row[j + 1];
            row[j + 1] = least(above + 1, row[j] + 1, corner + (lower(a.p[i]) != lower(b.p[j])));
            corner = above;
        }
    }
    return row[b.n];
}

/* About one slip in three letters is still a slip. */
fr_slip fr_slip_of(fr_str word)
{
    return (fr_slip){.word = word, .least = word.n / 3 + 2};
}

void fr_slip_try(fr_slip *slip, const char *known)
{
    size_t distance = fr_slip_distance(slip->word, fr_str_c(known));
    if (distance >= slip->least)
        return;
    slip->least = distance;
    slip->nearest = known;
}
