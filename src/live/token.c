/* Tokens as text: a place in the database's history and, for a view, its fingerprint. */
#include "live/live_int.h"

#include <string.h>

#include "base/digits.h"
#include "base/str.h"

static size_t put_hex(char *out, uint64_t v, int digits)
{
    for (int i = digits - 1; i >= 0; i--, v >>= 4)
        out[i] = "0123456789abcdef"[v & 15];
    return (size_t)digits;
}

static bool read_hex(fr_str text, size_t digits, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return false;
        *out = *out << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return text.n == digits;
}

bool fr_token_read(fr_str text, fr_place *place, uint32_t *fingerprint)
{
    fr_str number, mark;
    uint64_t print;
    fr_str rest = fr_str_cut(fr_str_cut(text, '.', &number), '.', &mark);
    if (!fr_str_u64(number, &place->number) || !read_hex(mark, 16, &place->mark) ||
        !read_hex(rest, 8, &print))
        return false;
    *fingerprint = (uint32_t)print;
    return true;
}

size_t fr_place_put(char out[FR_TOKEN_TEXT], fr_place place)
{
    size_t n = fr_digits_u64(out, place.number);
    out[n++] = '.';
    n += put_hex(out + n, place.mark, 16);
    out[n] = 0;
    return n;
}

size_t fr_token_put(char out[FR_TOKEN_TEXT], fr_place place, uint32_t fingerprint)
{
    size_t n = fr_place_put(out, place);
    out[n++] = '.';
    n += put_hex(out + n, fingerprint, 8);
    out[n] = 0;
    return n;
}
