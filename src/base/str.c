/* Borrowed strings. */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

fr_str fr_str_c(const char *text)
{
    return text ? (fr_str){text, strlen(text)} : (fr_str){"", 0};
}

bool fr_str_eq(fr_str a, fr_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool fr_str_eq_nocase(fr_str a, fr_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (fr_char_lower(a.p[i]) != fr_char_lower(b.p[i]))
            return false;
    return true;
}

bool fr_str_has_nocase(fr_str s, fr_str part)
{
    for (size_t i = 0; i + part.n <= s.n; i++)
        if (fr_str_eq_nocase((fr_str){s.p + i, part.n}, part))
            return true;
    return false;
}

bool fr_str_starts(fr_str s, fr_str prefix)
{
    return s.n >= prefix.n && fr_str_eq((fr_str){s.p, prefix.n}, prefix);
}

bool fr_str_ends(fr_str s, fr_str suffix)
{
    return s.n >= suffix.n && fr_str_eq(fr_str_from(s, s.n - suffix.n), suffix);
}

int fr_str_cmp(fr_str a, fr_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

size_t fr_str_find_char(fr_str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? (size_t)(at - s.p) : SIZE_MAX;
}

size_t fr_str_find(fr_str s, fr_str needle)
{
    if (needle.n == 0)
        return 0;
    if (needle.n == 1) /* 70 instructions for the 180 of memmem */
        return fr_str_find_char(s, *needle.p);
    if (needle.n > s.n)
        return SIZE_MAX;
    const char *at = memmem(s.p, s.n, needle.p, needle.n);
    return at ? (size_t)(at - s.p) : SIZE_MAX;
}

fr_str fr_str_from(fr_str s, size_t start)
{
    if (start == 0)
        return s;
    if (start >= s.n)
        return (fr_str){s.n ? s.p + s.n : "", 0};
    return (fr_str){s.p + start, s.n - start};
}

fr_str fr_str_sub(fr_str s, size_t start, size_t n)
{
    fr_str tail = fr_str_from(s, start);
    return (fr_str){tail.p, n < tail.n ? n : tail.n};
}

fr_str fr_str_trim(fr_str s)
{
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    while (s.n && is_space(*s.p)) {
        s.p++;
        s.n--;
    }
    return s;
}

fr_str fr_str_cut(fr_str s, char sep, fr_str *head)
{
    size_t at = fr_str_find_char(s, sep);
    *head = fr_str_sub(s, 0, at);
    return at == SIZE_MAX ? fr_str_from(s, s.n) : fr_str_from(s, at + 1);
}

bool fr_str_is_ascii(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] >= 0x80)
            return false;
    return true;
}

fr_str fr_str_cut_parameter(fr_str s, fr_str *head)
{
    bool is_quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '"' && !(i > 0 && s.p[i - 1] == '\\'))
            is_quoted = !is_quoted;
        if (c != ';' || is_quoted)
            continue;
        *head = fr_str_sub(s, 0, i);
        return fr_str_from(s, i + 1);
    }
    *head = s;
    return fr_str_from(s, s.n);
}

/* A multiply whose high and low halves are folded: every input bit reaches every output bit. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Two odd constants without pattern (the fractions of the square roots of 2 and 3). What is multiplied by depends on the
 * seed, so that colliding keys cannot be made without knowing it. */
#define K1 UINT64_C(0x6a09e667f3bcc909)
#define K2 UINT64_C(0xbb67ae8584caa73b)

uint64_t fr_str_hash(fr_str s, uint64_t seed)
{
    uint64_t secret = fold(seed ^ K2, K1) | 1;
    uint64_t h = seed ^ s.n * K1;
    const char *p = s.p;
    size_t n = s.n;
    for (; n >= 8; p += 8, n -= 8)
        h = fold(h ^ fr_load64(p), secret) + K2;
    if (n) {
        uint64_t tail = 0;
        memcpy(&tail, p, n);
        h = fold(h ^ tail, secret) + K2;
    }
    return fold(h ^ K1, secret ^ K2);
}

uint64_t fr_u64_hash(uint64_t v, uint64_t seed)
{
    return fold(fold(v ^ seed, K1), seed ^ K2);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = fr_char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool fr_url_decode(fr_arena *arena, fr_str s, bool plus_is_space, fr_str *out)
{
    if (fr_str_find_char(s, '%') == SIZE_MAX &&
        (!plus_is_space || fr_str_find_char(s, '+') == SIZE_MAX)) {
        *out = s;
        return true;
    }
    char *to = fr_arena_alloc(arena, s.n);
    if (!to)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%') {
            if (s.n - i < 3)
                return false;
            int high = hex_digit(s.p[i + 1]), low = hex_digit(s.p[i + 2]);
            if (high < 0 || low < 0)
                return false;
            to[n++] = (char)(high << 4 | low);
            i += 2;
        } else {
            to[n++] = plus_is_space && s.p[i] == '+' ? ' ' : s.p[i];
        }
    }
    *out = (fr_str){to, n};
    return true;
}

/* The length without a UTF-8 sequence that was cut at the end. */
static size_t whole_utf8(const char *text, size_t n)
{
    size_t start = n;
    while (start > 0 && n - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return n;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return n - (start - 1) < length ? start - 1 : n;
}

fr_str fr_str_vformat(char *text, size_t room, const char *fmt, va_list args)
{
    int length = vsnprintf(text, room, fmt, args);
    size_t n = length < 0 ? 0 : (size_t)length;
    return (fr_str){text, n < room ? n : whole_utf8(text, room - 1)};
}
