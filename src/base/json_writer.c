/*
 * JSON text as DRF spells it: compact, UTF-8, only what must be escaped is (and U+2028, U+2029,
 * which end a line in older JavaScript), floats as Python's repr. Bytes that are not UTF-8 become
 * U+FFFD: what we send is always valid.
 */
#include "base/json.h"

#include <math.h>
#include <string.h>

#include "base/digits.h"
#include "base/json_int.h"
#include "base/number.h"
#include "base/str.h"

/* ---- strings ---- */

static void put_unicode_escape(fr_buf *buf, uint32_t unit)
{
    static const char HEX[] = "0123456789abcdef";
    char text[6] = {
        '\\', 'u', HEX[unit >> 12 & 15], HEX[unit >> 8 & 15], HEX[unit >> 4 & 15], HEX[unit & 15]};
    fr_buf_put(buf, (fr_str){text, sizeof text});
}

static void put_ascii_escape(fr_buf *buf, char c)
{
    switch (c) {
    case '"': fr_buf_lit(buf, "\\\""); break;
    case '\\': fr_buf_lit(buf, "\\\\"); break;
    case '\n': fr_buf_lit(buf, "\\n"); break;
    case '\r': fr_buf_lit(buf, "\\r"); break;
    case '\t': fr_buf_lit(buf, "\\t"); break;
    case '\b': fr_buf_lit(buf, "\\b"); break;
    case '\f': fr_buf_lit(buf, "\\f"); break;
    default: put_unicode_escape(buf, (unsigned char)c); break;
    }
}

/* What a string may hold, and how it is spelled. */
typedef enum spelling {
    WTF8,  /* halves of surrogates are escaped */
    UTF8,  /* they are no text */
    ASCII, /* as WTF8, and all that is not printable ASCII is escaped */
} spelling;

/* The length of the sequence at p, 0 if there is none; surrogates count (WTF-8), overlong forms do
 * not. */
static size_t sequence(const unsigned char *p, size_t n)
{
    unsigned char c = *p;
    size_t length = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (length == 0 || length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong = (c == 0xe0 && p[1] < 0xa0) || (c == 0xf0 && p[1] < 0x90);
    return is_overlong || (c == 0xf4 && p[1] > 0x8f) ? 0 : length;
}

static bool is_surrogate(const unsigned char *p)
{
    return p[0] == 0xed && p[1] >= 0xa0;
}

/* U+2028 and U+2029. */
static bool ends_line(const unsigned char *p)
{
    return p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9);
}

/* How many of the first bytes are copied as they are: text in other scripts too. */
static size_t plain_bytes(const char *text, size_t n, spelling how)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0, length = 0;
    for (;; i += length) {
        if (i < n && p[i] < 0x80) /* between two letters that are not ASCII there mostly is none */
            i += fr_json_plain_(text + i, n - i, true);
        length = i < n && p[i] >= 0x80 && how != ASCII ? sequence(p + i, n - i) : 0;
        if (!length || is_surrogate(p + i) || ends_line(p + i))
            break;
    }
    const char *del = how == ASCII && i ? memchr(text, 0x7f, i) : NULL;
    return del ? (size_t)(del - text) : i;
}

/* What is not copied, from the first byte of s on. Returns its length there. */
static size_t put_escaped(fr_buf *buf, fr_str s, spelling how)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t pos = 0;
    if (*p < 0x80) {
        put_ascii_escape(buf, *s.p);
        return 1;
    }
    size_t length = sequence(p, s.n);
    bool is_text = length && !(how == UTF8 && is_surrogate(p));
    fr_str text = is_text ? (fr_str){s.p, length} : FR_STR("\xef\xbf\xbd");
    uint32_t c = fr_utf8_next(text, &pos);
    if (!is_text && how != ASCII) {
        fr_buf_put(buf, text);
    } else if (c >= 0x10000) {
        put_unicode_escape(buf, 0xd800 + ((c - 0x10000) >> 10));
        put_unicode_escape(buf, 0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
        put_unicode_escape(buf, c);
    }
    return is_text ? length : 1;
}

/* Out of line, as most texts are ASCII without an escape. */
static __attribute__((noinline)) void put_rest(fr_buf *buf, fr_str s, spelling how)
{
    while (s.n) {
        size_t plain = plain_bytes(s.p, s.n, how);
        fr_buf_put(buf, (fr_str){s.p, plain});
        s = (fr_str){s.p + plain, s.n - plain};
        size_t odd = s.n ? put_escaped(buf, s, how) : 0;
        s = (fr_str){s.p + odd, s.n - odd};
    }
}

static void put_string(fr_buf *buf, fr_str s, spelling how)
{
    if (s.n > PTRDIFF_MAX - 2 || !fr_buf_reserve(buf, s.n + 2)) {
        buf->has_failed = true;
        return;
    }
    size_t plain = how == ASCII ? 0 : fr_json_plain_(s.p, s.n, true);
    buf->p[buf->n] = '"';
    if (plain)
        memcpy(buf->p + buf->n + 1, s.p, plain);
    buf->n += plain + 1;
    if (plain < s.n)
        put_rest(buf, (fr_str){s.p + plain, s.n - plain}, how);
    fr_buf_put_char(buf, '"');
}

void fr_json_put_str(fr_buf *buf, fr_str s)
{
    put_string(buf, s, WTF8);
}

void fr_json_put_utf8(fr_buf *buf, fr_str s)
{
    put_string(buf, s, UTF8);
}

void fr_json_put_str_ascii(fr_buf *buf, fr_str s)
{
    put_string(buf, s, ASCII);
}

void fr_json_put_bool(fr_buf *buf, bool v)
{
    if (v)
        fr_buf_lit(buf, "true");
    else
        fr_buf_lit(buf, "false");
}

/* ---- doubles ---- */

/* digits x 10^(point - count): "15" with point 1 is 1.5. Python's repr turns to exponents outside
 * 1e-4 .. 1e16. */
static void put_repr(fr_buf *buf, const char *digits, int count, int point)
{
    char text[40];
    int n = 0;
    if (point > 16 || point < -3) {
        text[n++] = digits[0];
        if (count > 1) {
            text[n++] = '.';
            memcpy(text + n, digits + 1, (size_t)count - 1);
            n += count - 1;
        }
        int exponent = point - 1;
        text[n++] = 'e';
        text[n++] = exponent < 0 ? '-' : '+';
        exponent = exponent < 0 ? -exponent : exponent;
        if (exponent < 10)
            text[n++] = '0';
        n += (int)fr_digits_u64(text + n, (uint64_t)exponent);
    } else if (point <= 0) {
        n = 2 - point;
        memset(text, '0', (size_t)n);
        text[1] = '.';
        memcpy(text + n, digits, (size_t)count);
        n += count;
    } else {
        for (int i = 0; i < point; i++)
            text[n++] = i < count ? digits[i] : '0';
        text[n++] = '.';
        if (count > point) {
            memcpy(text + n, digits + point, (size_t)(count - point));
            n += count - point;
        } else {
            text[n++] = '0';
        }
    }
    fr_buf_put(buf, (fr_str){text, (size_t)n});
}

static bool reads_back(const char *digits, int count, int point, double v)
{
    char text[48];
    memcpy(text, "0.", 2);
    memcpy(text + 2, digits, (size_t)count);
    int n = 2 + count;
    text[n++] = 'e';
    text[n++] = point < 0 ? '-' : '+';
    n += (int)fr_digits_u64(text + n, (uint64_t)(point < 0 ? -point : point));
    text[n] = '\0';
    return fr_strtod_(text) == v;
}

/* Most floats of real data are a few decimals long: found by scaling, 15 ns instead of 460. The
 * quotient of two exact doubles is rounded once, so if it gives v again, those digits read back as
 * v; under 16 digits they are the shortest. */
static bool put_short(fr_buf *buf, double v)
{
    static const double TEN[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    if (v < 1e-4 || v >= 1e15)
        return false;
    for (int decimals = 0; decimals < (int)(sizeof TEN / sizeof *TEN); decimals++) {
        double scaled = v * TEN[decimals];
        if (scaled >= 1e15)
            return false;
        uint64_t whole = (uint64_t)(scaled + 0.5);
        if ((double)whole / TEN[decimals] != v)
            continue;
        char digits[FR_DIGITS_MAX];
        int count = (int)fr_digits_u64(digits, whole);
        int point = count - decimals;
        while (count > 1 && digits[count - 1] == '0')
            count--;
        put_repr(buf, digits, count, point);
        return true;
    }
    return false;
}

void fr_json_put_double(fr_buf *buf, double v)
{
    if (!isfinite(v)) {
        fr_buf_lit(buf, "null");
        return;
    }
    if (signbit(v)) {
        fr_buf_put_char(buf, '-');
        v = -v;
    }
    if (v == 0) {
        fr_buf_lit(buf, "0.0");
        return;
    }
    if (put_short(buf, v))
        return;
    char digits[24] = {0};
    /* Fifteen digits always survive, so a shorter text that reads back is those with zeros cut off;
     * subnormals have fewer to begin with. */
    int count = fpclassify(v) == FP_SUBNORMAL ? 1 : 15;
    int point = fr_double_digits_(v, count, digits);
    while (count < 17 && !reads_back(digits, count, point, v))
        point = fr_double_digits_(v, ++count, digits);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    put_repr(buf, digits, count, point);
}
