#include "live/like.h"

#include <string.h>

#include "base/str.h"

static fr_str up_to_nul(fr_str s)
{
    size_t nul = fr_str_find_char(s, 0);
    return nul == SIZE_MAX ? s : (fr_str){s.p, nul};
}

fr_like fr_like_of(fr_str text, bool any_before, bool any_behind)
{
    fr_str ended = up_to_nul(text);
    return (fr_like){ended, any_before, any_behind && ended.n == text.n};
}

/* Where reading stands; at `end` it reads the NUL that SQLite has there. */
typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

/* The next character, 0 at the end. What is no UTF-8 becomes what SQLite's own reader makes of it: a byte of the middle
 * stands for itself, a long form or a surrogate is U+FFFD. */
static uint32_t next(cursor *c)
{
    if (c->at == c->end)
        return 0;
    uint32_t first = *c->at++;
    if (first < 0xc0)
        return first;
    uint32_t code = first < 0xe0   ? first & 0x1f
                    : first < 0xf0 ? first & 0x0f
                    : first < 0xf8 ? first & 0x07
                    : first < 0xfc ? first & 0x03
                    : first < 0xfe ? first & 0x01
                                   : 0;
    while (c->at < c->end && (*c->at & 0xc0) == 0x80)
        code = (code << 6) + (*c->at++ & 0x3f);
    bool is_none = code < 0x80 || (code & 0xfffff800) == 0xd800 || (code & 0xfffffffe) == 0xfffe;
    return is_none ? 0xfffd : code;
}

static uint32_t lower(uint32_t code)
{
    return code >= 'A' && code <= 'Z' ? code | 0x20 : code;
}

static cursor cursor_of(fr_str s)
{
    return (cursor){(const uint8_t *)s.p, (const uint8_t *)s.p + s.n};
}

/* Whether s goes on with the text, and ends there if it must. */
static bool goes_on(const fr_like *like, cursor text, cursor s)
{
    while (text.at < text.end)
        if (lower(next(&text)) != lower(next(&s)))
            return false;
    return like->any_behind || s.at == s.end;
}

static bool stands_somewhere(const fr_like *like, cursor s)
{
    cursor rest = cursor_of(like->text);
    uint32_t first = lower(next(&rest));
    while (s.at < s.end) {
        /* SQLite looks for a letter of ASCII byte by byte, for any other by characters. */
        uint32_t code = first < 0x80 ? *s.at++ : next(&s);
        if (lower(code) == first && goes_on(like, rest, s))
            return true;
    }
    return false;
}

bool fr_like_matches(const fr_like *like, fr_str s)
{
    cursor at = cursor_of(up_to_nul(s));
    if (!like->any_before)
        return goes_on(like, cursor_of(like->text), at);
    if (!like->text.n)
        return true;
    return stands_somewhere(like, at);
}
