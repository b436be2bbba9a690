/*
 * UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing over U+10FFFF.
 *
 *   lead      second    then
 *   C2..DF    80..BF
 *   E0        A0..BF    80..BF
 *   E1..EF    80..BF    80..BF      (ED: 80..9F, which leaves the surrogates out)
 *   F0        90..BF    80..BF x2
 *   F1..F3    80..BF    80..BF x2
 *   F4        80..8F    80..BF x2
 */
#include "base/str.h"

#include "base/bytes.h"

/* The state of a cut sequence: how many bytes are still to come, and the range of the next one. 0 =
 * none. */
static uint32_t state_of(unsigned missing, unsigned low, unsigned high)
{
    return missing << 16 | low << 8 | high;
}

/* The state after a lead byte of 0x80 or more; 0 if it cannot begin a sequence. */
static uint32_t after_lead(unsigned char c)
{
    if (c < 0xc2 || c > 0xf4)
        return 0;
    if (c < 0xe0)
        return state_of(1, 0x80, 0xbf);
    if (c < 0xf0)
        return state_of(2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf);
    return state_of(3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf);
}

/* Two words as one: every processor of interest has registers of that size, and the compiler splits them for the others. */
typedef uint64_t pair __attribute__((vector_size(16)));

static inline pair load(const char *p)
{
    pair words;
    memcpy(&words, p, sizeof words);
    return words;
}

/* How many bytes at the start are ASCII; if fewer than eight are left of a short text, they may not have been looked at. */
static size_t ascii_run(const char *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= 64; i += 64) {
        pair seen = (load(p + i) | load(p + i + 16)) | (load(p + i + 32) | load(p + i + 48));
        if ((seen[0] | seen[1]) & FR_HIGH_BITS)
            break;
    }
    while (n - i >= 8 && !(fr_load64(p + i) & FR_HIGH_BITS))
        i += 8;
    if (n - i < 8 && n >= 8 &&
        !(fr_load64(p + n - 8) & FR_HIGH_BITS)) /* the last ones, some of them again */
        return n;
    return i;
}

/* A byte inside a sequence: whether it may stand there, and what may follow then. */
static bool take_next(uint32_t *state, unsigned char c)
{
    if (c < (*state >> 8 & 0xff) || c > (*state & 0xff))
        return false;
    unsigned missing = (*state >> 16) - 1;
    *state = missing ? state_of(missing, 0x80, 0xbf) : 0;
    return true;
}

bool fr_utf8_step(uint32_t *state, fr_str chunk)
{
    const char *p = chunk.p, *end = chunk.n ? chunk.p + chunk.n : chunk.p;
    uint32_t s = *state;
    while (p < end) {
        if (!s)
            p += ascii_run(p, (size_t)(end - p));
        if (p == end)
            break;
        unsigned char c = (unsigned char)*p++;
        if (!s) {
            if (c < 0x80)
                continue;
            s = after_lead(c);
            if (!s)
                return false;
        } else if (!take_next(&s, c)) {
            return false;
        }
    }
    *state = s;
    return true;
}

bool fr_utf8_valid(fr_str s)
{
    uint32_t state = 0;
    return fr_utf8_step(&state, s) && state == 0;
}

uint32_t fr_utf8_next(fr_str s, size_t *pos)
{
    const unsigned char *p = (const unsigned char *)s.p + *pos;
    size_t left = s.n - *pos;
    size_t n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    if (n > left) { /* not valid UTF-8 after all: stay inside the string */
        *pos = s.n;
        return 0xfffd;
    }
    *pos += n;
    switch (n) {
    case 1: return *p;
    case 2: return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    case 3: return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    default:
        return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
    }
}

size_t fr_utf8_put(uint32_t code_point, char out[4])
{
    uint32_t c = code_point;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (c >> 18 & 0x07));
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

size_t fr_utf8_count(fr_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += ((unsigned char)s.p[i] & 0xc0) != 0x80; /* all but continuation bytes */
    return count;
}

/* How many bytes at s.p[i] are one code point, or the longest start of one; *is_valid says which. */
static size_t sequence_at(fr_str s, size_t i, bool *is_valid)
{
    unsigned char first = (unsigned char)s.p[i];
    uint32_t state = first < 0x80 ? 0 : after_lead(first);
    size_t n = 1;
    *is_valid = first < 0x80 || state;
    while (state && *is_valid) {
        *is_valid = i + n < s.n && take_next(&state, (unsigned char)s.p[i + n]);
        n += *is_valid;
    }
    return n;
}

fr_str fr_utf8_repair(fr_arena *arena, fr_str s)
{
    if (fr_utf8_valid(s))
        return s.p ? s : FR_STR("");
    char *clean = fr_arena_alloc(arena, s.n * 3 + 1);
    size_t n = 0, step;
    for (size_t i = 0; clean && i < s.n; i += step) {
        bool is_valid;
        step = sequence_at(s, i, &is_valid);
        memcpy(clean + n, is_valid ? s.p + i : "\xef\xbf\xbd", is_valid ? step : 3);
        n += is_valid ? step : 3;
    }
    return (fr_str){clean, n};
}

fr_str fr_utf8_escape(fr_arena *arena, fr_str s)
{
    static const char HEX[] = "0123456789ABCDEF";
    if (fr_utf8_valid(s))
        return s.p ? s : FR_STR("");
    char *text = fr_arena_alloc(arena, s.n * 3);
    size_t n = 0, step;
    for (size_t i = 0; text && i < s.n; i += step) {
        bool is_valid;
        step = sequence_at(s, i, &is_valid);
        for (size_t k = i; k < i + step; k++) {
            uint8_t c = (uint8_t)s.p[k];
            char escape[3] = {'%', HEX[c >> 4], HEX[c & 15]};
            memcpy(text + n, is_valid ? s.p + k : escape, is_valid ? 1 : 3);
            n += is_valid ? 1 : 3;
        }
    }
    return (fr_str){text, n};
}

fr_str fr_utf8_from_latin1(fr_arena *arena, fr_str s)
{
    char *text = fr_arena_alloc(arena, 2 * s.n + 1);
    size_t n = 0;
    for (size_t i = 0; text && i < s.n; i++)
        n += fr_utf8_put((uint8_t)s.p[i], text + n);
    return (fr_str){text, n};
}

/* ---- white space ---- */

bool fr_utf8_is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

/* How many bytes of white space s begins with; 0: none. It has three at most, and leads of C2, E1, E2 and E3. */
size_t fr_utf8_space_at(fr_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (s.n >= 1 && p[0] < 0x80)
        return fr_utf8_is_space(p[0]);
    if (s.n >= 2 && p[0] == 0xc2)
        return fr_utf8_is_space(0x80 | (p[1] & 0x3fu)) ? 2 : 0;
    bool is_three = s.n >= 3 && p[0] >= 0xe1 && p[0] <= 0xe3;
    uint32_t c = is_three ? (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu) : 0;
    return is_three && fr_utf8_is_space(c) ? 3 : 0;
}

fr_str fr_utf8_strip(fr_str s)
{
    for (size_t n; (n = fr_utf8_space_at(s));)
        s = fr_str_from(s, n);
    for (size_t n = 1; n <= 3 && n <= s.n;) {
        bool is_space = fr_utf8_space_at(fr_str_from(s, s.n - n)) == n;
        s.n -= is_space ? n : 0;
        n = is_space ? 1 : n + 1;
    }
    return s;
}

/* ---- digits ---- */

/* The zeros of Unicode's decimal digits (general category Nd) past ASCII; each is followed by its 1 to 9. */
static const uint32_t ZEROS[] = {
    0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66,
    0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,
    0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,
    0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0,
    0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950,
    0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};

int fr_utf8_digit(uint32_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
    for (size_t i = 0; i < sizeof ZEROS / sizeof *ZEROS && ZEROS[i] <= c; i++)
        if (c < ZEROS[i] + 10)
            return (int)(c - ZEROS[i]);
    return -1;
}
