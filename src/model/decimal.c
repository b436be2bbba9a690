/*
 * Decimal text with a fixed number of places: digits in, digits out, rounded. No floating point beyond
 * the printing of a stored REAL.
 */
#include "model/value.h"

#include <math.h>

#include "base/digits.h"
#include "base/number.h"
#include "base/str.h"

/* A number as its digits: 0.d1d2d3… × 10^point. Without leading zeros; none at all is zero. */
typedef struct digits {
    bool is_negative, has_more; /* some behind those that there is room for are not 0 */
    int count, point, total;    /* total: with those that there is no room for */
    char at[FR_DECIMAL_TEXT];
} digits;

/* What Django gives decimals read from SQLite: Context(prec=15). */
enum { STORED_DIGITS = 15 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void add_digit(digits *d, char c)
{
    if (d->count == 0 && c == '0')
        return;
    d->total++;
    if (d->count < (int)sizeof d->at)
        d->at[d->count++] = c;
    else
        d->has_more |= c != '0';
}

/* [sign] digits [. digits] [e [sign] digits]; at least one digit. */
static bool read_text(fr_str s, digits *d)
{
    size_t i = 0, seen = 0;
    int whole = 0;
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        d->is_negative = s.p[i++] == '-';
    for (; i < s.n && is_digit(s.p[i]); i++, seen++) {
        add_digit(d, s.p[i]);
        whole = d->total;
    }
    d->point = whole;
    if (i < s.n && s.p[i] == '.') {
        for (i++; i < s.n && is_digit(s.p[i]); i++, seen++) {
            if (d->count == 0 && s.p[i] == '0')
                d->point--;
            add_digit(d, s.p[i]);
        }
    }
    if (seen && i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        int64_t exponent = 0;
        if (!fr_str_i64(fr_str_from(s, i + 1), &exponent) || exponent > 1000000 ||
            exponent < -1000000)
            return false;
        d->point += (int)exponent;
        i = s.n;
    }
    return seen > 0 && i == s.n;
}

/* What is cut off behind the first `keep` digits, against half of the last one kept: below 0, 0, above 0; nothing but zeros: -2. */
static int compare_rest(const digits *d, int keep)
{
    bool has_more = false;
    for (int i = keep < 0 ? 0 : keep; i < d->count; i++)
        has_more |= d->at[i] != '0' && (i > keep || keep < 0);
    char first = keep >= 0 ? d->at[keep] : '0';
    if (first == '0' && !has_more)
        return -2;
    if (first != '5')
        return first < '5' ? -1 : 1;
    return has_more ? 1 : 0;
}

static bool is_rounded_up(const digits *d, int keep, fr_rounding rounding)
{
    int rest = compare_rest(d, keep);
    char last = keep > 0 ? d->at[keep - 1] : '0';
    bool is_something = rest != -2;
    switch (rounding) {
    case FR_ROUND_HALF_UP: return rest >= 0;
    case FR_ROUND_HALF_DOWN: return rest > 0;
    case FR_ROUND_UP: return is_something;
    case FR_ROUND_DOWN: return false;
    case FR_ROUND_CEILING: return is_something && !d->is_negative;
    case FR_ROUND_FLOOR: return is_something && d->is_negative;
    case FR_ROUND_05UP: return is_something && (last == '0' || last == '5');
    default: return rest > 0 || (rest == 0 && (last - '0') % 2 == 1);
    }
}

/* Keep the first `keep` digits (may be 0 or negative). */
static void round_at(digits *d, int keep, fr_rounding rounding)
{
    if (keep >= d->count)
        return;
    bool is_up = is_rounded_up(d, keep, rounding);
    d->count = keep < 0 ? 0 : keep;
    if (!is_up)
        return;
    int i = d->count - 1;
    for (; i >= 0 && d->at[i] == '9'; i--)
        d->at[i] = '0';
    if (i >= 0) {
        d->at[i]++;
        return;
    }
    /* 9.99 → 10.00: the zeros behind the new 1 are implied. */
    d->at[0] = '1';
    d->count = 1;
    d->point += 1 - (keep < 0 ? keep : 0);
}

static bool read_int(int64_t i, digits *d)
{
    char text[FR_DIGITS_MAX];
    (void)read_text((fr_str){text, fr_digits_i64(text, i)}, d);
    round_at(d, STORED_DIGITS, FR_ROUND_HALF_EVEN);
    return true;
}

/* false: r is infinite or NaN. */
static bool read_real(double r, digits *d)
{
    if (!isfinite(r))
        return false;
    d->is_negative = signbit(r);
    if (r != 0) {
        d->count = STORED_DIGITS;
        d->point = fr_double_digits_(fabs(r), STORED_DIGITS, d->at);
    }
    return true;
}

static bool read_value(fr_value v, digits *d)
{
    switch (v.type) {
    case FR_VALUE_TEXT: return read_text(v.as.s, d);
    case FR_VALUE_INT: return read_int(v.as.i, d);
    case FR_VALUE_REAL: return read_real(v.as.r, d);
    default: return false;
    }
}

bool fr_decimal_quantise(fr_value v, int places, fr_rounding rounding, char out[FR_DECIMAL_TEXT],
                         size_t *n)
{
    digits d = {.count = 0};
    if (!read_value(v, &d) || d.total > (int)sizeof d.at)
        return false;
    if (d.count == 0)
        d.point = 0;
    round_at(&d, d.point + places, rounding);
    if (d.count == 0)
        d.point = 0;
    int whole = d.point > 0 ? d.point : 0;
    if (whole + places + 3 > FR_DECIMAL_TEXT)
        return false;
    char *p = out;
    if (d.is_negative)
        *p++ = '-';
    if (whole == 0)
        *p++ = '0';
    for (int i = 0; i < whole; i++)
        *p++ = i < d.count ? d.at[i] : '0';
    if (places > 0)
        *p++ = '.';
    for (int i = d.point; i < d.point + places; i++)
        *p++ = i >= 0 && i < d.count ? d.at[i] : '0';
    *n = (size_t)(p - out);
    return true;
}

static bool is_zero(const digits *d)
{
    for (int i = 0; i < d->count; i++)
        if (d->at[i] != '0')
            return false;
    return true;
}

/* Without their signs; neither is zero. */
static int compare_sizes(const digits *a, const digits *b)
{
    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    for (int i = 0; i < a->count || i < b->count; i++) {
        char mine = i < a->count ? a->at[i] : '0', theirs = i < b->count ? b->at[i] : '0';
        if (mine != theirs)
            return mine < theirs ? -1 : 1;
    }
    return a->has_more - b->has_more;
}

int fr_decimal_cmp(fr_value a, fr_value b)
{
    digits mine = {.count = 0}, theirs = {.count = 0};
    if (!read_value(a, &mine))
        mine.count = 0;
    if (!read_value(b, &theirs))
        theirs.count = 0;
    int sign = is_zero(&mine) ? 0 : mine.is_negative ? -1 : 1;
    int other = is_zero(&theirs) ? 0 : theirs.is_negative ? -1 : 1;
    if (sign != other || sign == 0)
        return sign - other;
    return sign * compare_sizes(&mine, &theirs);
}
