/* Tokens, values and lists; see token.h. */
#include "http/token.h"

#include "base/str.h"

/* clang-format off */
#define ROW(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x

const uint8_t fr_tchars[256] = {
    ROW(0), ROW(0),
    0, '!', 0, '#', '$', '%', '&', '\'', 0, 0, '*', '+', 0, '-', '.', 0,
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 0, 0, 0, 0, 0, 0,
    0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, 0, 0, '^', '_',
    '`', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, '|', 0, '~', 0,
};
#undef ROW
/* clang-format on */

bool fr_is_token(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!fr_is_token_byte((uint8_t)s.p[i]))
            return false;
    return s.n > 0;
}

bool fr_is_field_value(fr_str s)
{
    const uint8_t *end = (const uint8_t *)s.p + s.n;
    return s.n == 0 || fr_value_end((const uint8_t *)s.p, end) == end;
}

bool fr_list_has(fr_str list, fr_str token)
{
    while (list.n) {
        fr_str one;
        list = fr_str_cut(list, ',', &one);
        if (fr_str_eq_nocase(fr_str_trim(one), token))
            return true;
    }
    return false;
}
