/* Query strings. */
#include "http/url.h"

#include <string.h>

#include "base/str.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%41" at s.p[at] stands for, or -1. */
static int escaped_byte(fr_str s, size_t at)
{
    if (s.n - at < 3)
        return -1;
    int high = hex_digit(s.p[at + 1]), low = hex_digit(s.p[at + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

fr_str fr_unquote(fr_arena *arena, fr_str s, bool plus_is_space)
{
    if (fr_str_find_char(s, '%') == SIZE_MAX &&
        (!plus_is_space || fr_str_find_char(s, '+') == SIZE_MAX))
        return s.p ? s : FR_STR("");
    char *to = fr_arena_alloc(arena, s.n);
    if (!to)
        return (fr_str){0};
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int byte = s.p[i] == '%' ? escaped_byte(s, i) : -1;
        if (byte >= 0)
            i += 2;
        else
            byte = plus_is_space && s.p[i] == '+' ? ' ' : s.p[i];
        to[n++] = (char)byte;
    }
    return (fr_str){to, n};
}

bool fr_query_next(fr_arena *arena, fr_str *rest, fr_pair *out)
{
    while (rest->n) {
        fr_str part, name;
        *rest = fr_str_cut(*rest, '&', &part);
        if (!part.n)
            continue;
        fr_str value = fr_str_cut(part, '=', &name);
        *out = (fr_pair){fr_unquote(arena, name, true), fr_unquote(arena, value, true)};
        if (!out->value.p)
            out->name.p = NULL;
        return out->name.p;
    }
    *out = (fr_pair){FR_STR(""), FR_STR("")};
    return false;
}

size_t fr_query_count(fr_str text)
{
    size_t count = text.n > 0;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == '&';
    return count;
}

/* Of bytes that are no UTF-8 something is kept, as Django does: the text is refused by the field it is for, if at all. */
static fr_err repair(fr_arena *arena, fr_pair *pair)
{
    pair->name = fr_utf8_repair(arena, pair->name);
    pair->value = fr_utf8_repair(arena, pair->value);
    return pair->name.p && pair->value.p ? FR_OK : FR_ENOMEM;
}

fr_err fr_query_read(fr_arena *arena, fr_str text, fr_pair *out, size_t *count)
{
    fr_pair pair;
    *count = 0;
    while (fr_query_next(arena, &text, &pair)) {
        FR_TRY(repair(arena, &pair));
        out[(*count)++] = pair;
    }
    return pair.name.p ? FR_OK : FR_ENOMEM;
}
