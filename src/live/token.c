/* Tokens as text: a place in the database's history and, for a view, its fingerprint. */
#include "live/live_int.h"

#include <string.h>

#include "base/digits.h"

static size_t put_hex(char *out, uint64_t v, int digits)
{
    for (int i = digits - 1; i >= 0; i--, v >>= 4)
        out[i] = "0123456789abcdef"[v & 15];
    return (size_t)digits;
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
