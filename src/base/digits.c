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

static size_t count_digits(uint64_t v)
{
    size_t n = 1;
    for (; v >= 10000; v /= 10000)
        n += 4;
    return n + (v >= 10) + (v >= 100) + (v >= 1000);
}

size_t fr_digits_u64(char *out, uint64_t v)
{
    size_t n = count_digits(v);
    char *p = out + n;
    while (v >= 100) {
        p -= 2;
        memcpy(p, PAIRS + v % 100 * 2, 2);
        v /= 100;
    }
    if (v >= 10)
        memcpy(out, PAIRS + v * 2, 2);
    else
        *out = (char)('0' + v);
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

size_t fr_base64(char *out, const void *bytes, size_t n)
{
    static const char ALPHABET[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *from = bytes;
    char *at = out;
    for (size_t i = 0; i < n; i += 3, at += 4) {
        size_t left = n - i;
        uint32_t group = (uint32_t)from[i] << 16;
        group |= left > 1 ? (uint32_t)from[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)from[i + 2] : 0;
        at[0] = ALPHABET[group >> 18];
        at[1] = ALPHABET[group >> 12 & 63];
        at[2] = left > 1 ? ALPHABET[group >> 6 & 63] : '=';
        at[3] = left > 2 ? ALPHABET[group & 63] : '=';
    }
    return (size_t)(at - out);
}

/* -1: not of the alphabet. */
static int base64_value(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

bool fr_base64_decode(fr_str text, char *out, size_t *n)
{
    size_t filling = 0, at = 0;
    while (filling < 2 && filling < text.n && text.p[text.n - 1 - filling] == '=')
        filling++;
    if (text.n % 4)
        return false;
    for (size_t i = 0; i < text.n; i += 4) {
        uint32_t group = 0;
        for (size_t k = i; k < i + 4; k++) {
            int value = k < text.n - filling ? base64_value(text.p[k]) : 0;
            if (value < 0)
                return false;
            group = group << 6 | (uint32_t)value;
        }
        for (int shift = 16; shift >= 0; shift -= 8)
            out[at++] = (char)(group >> shift & 0xff);
    }
    *n = at - filling;
    return true;
}
