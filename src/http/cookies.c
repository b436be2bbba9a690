/* Cookies. */
#include "http/cookies.h"

#include "base/str.h"

static fr_str without_quotes(fr_str value)
{
    if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
        return fr_str_sub(value, 1, value.n - 2);
    return value;
}

fr_str fr_cookie_find(fr_str header, fr_str name)
{
    fr_str found = {0};
    while (header.n) {
        fr_str part, key;
        header = fr_str_cut(header, ';', &part);
        if (fr_str_find_char(part, '=') == SIZE_MAX)
            continue; /* a value without a name is nobody's */
        fr_str value = fr_str_cut(part, '=', &key);
        if (fr_str_eq(fr_str_trim(key), name))
            found = without_quotes(fr_str_trim(value));
    }
    return found;
}
