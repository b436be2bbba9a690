/* Integers as decimal text. */
#include "base/digits.h"

#include <string.h>

static const char PAIRS[201] = "00010203040506070809"
                               "10111213141516171819"
                               "20212223242526272829"
                               "30313233343536373839"
                               "40414243444546474849"
                               "50515253545556575859"
                               "60616263646566676869"
                               "70717273747576777879"
                               "80818283848586878889"
                               "90919293949596979899";

size_t fr_digits_u64(char *out, uint64_t v)
{
    char text[FR_DIGITS_MAX];
    char *p = text + sizeof text;
    while (v >= 100) {
        p -= 2;
        memcpy(p, PAIRS + v % 100 * 2, 2);
        v /= 100;
    }
    if (v >= 10) {
        p -= 2;
        memcpy(p, PAIRS + v * 2, 2);
    } else {
        *--p = (char)('0' + v);
    }
    size_t n = (size_t)(text + sizeof text - p);
    memcpy(out, p, n);
    return n;
}

size_t fr_digits_i64(char *out, int64_t v)
{
    if (v >= 0)
        return fr_digits_u64(out, (uint64_t)v);
    *out = '-';
    return 1 + fr_digits_u64(out + 1, -(uint64_t)v);
}

void fr_digits_pad(char *out, size_t width, uint64_t v)
{
    while (width) {
        out[--width] = (char)('0' + v % 10);
        v /= 10;
    }
}
