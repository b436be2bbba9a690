#include "live/affinity.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* ---- texts that are numbers, as SQLite reads them ---- */

/* Digits without the point: value = digits × 10^exponent. */
typedef struct number {
    fr_str text; /* without the spaces around it */
    uint64_t digits;
    int digit_count; /* that matter */
    int exponent;
    bool is_negative, is_integer, has_too_many;
} number;

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(fr_str s, size_t at)
{
    return at < s.n && s.p[at] >= '0' && s.p[at] <= '9';
}

static fr_str trim(fr_str s)
{
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    while (s.n && is_space(s.p[0]))
        s = (fr_str){s.p + 1, s.n - 1};
    return s;
}

enum { DIGITS_MAX = 19 }; /* of 64 bits */

static void add_digit(number *n, int digit, bool is_behind_point)
{
    n->exponent -= is_behind_point;
    n->has_too_many |= n->digit_count == DIGITS_MAX;
    if (n->has_too_many)
        return;
    n->digits = n->digits * 10 + (unsigned)digit;
    n->digit_count += n->digits != 0;
}

/* [eE][+-]digits; false: it has none. */
static bool take_exponent(number *n, size_t *at)
{
    size_t i = *at + 1;
    int exponent = 0;
    bool is_below = i < n->text.n && n->text.p[i] == '-';
    i += i < n->text.n && (n->text.p[i] == '-' || n->text.p[i] == '+');
    if (!is_digit(n->text, i))
        return false;
    for (; is_digit(n->text, i); i++)
        exponent = exponent < 10000 ? exponent * 10 + (n->text.p[i] - '0') : exponent;
    n->exponent += is_below ? -exponent : exponent;
    *at = i;
    return true;
}

/* Whether the whole of text is a number. */
static bool read_number(fr_str text, number *n)
{
    size_t at = 0, digits = 0;
    *n = (number){.text = trim(text), .is_integer = true};
    fr_str s = n->text;
    n->is_negative = s.n && s.p[0] == '-';
    at += s.n && (s.p[0] == '-' || s.p[0] == '+');
    for (; is_digit(s, at); at++, digits++)
        add_digit(n, s.p[at] - '0', false);
    if (at < s.n && s.p[at] == '.') {
        n->is_integer = false;
        for (at++; is_digit(s, at); at++, digits++)
            add_digit(n, s.p[at] - '0', true);
    }
    if (digits && at < s.n && (s.p[at] == 'e' || s.p[at] == 'E')) {
        n->is_integer = false;
        if (!take_exponent(n, &at))
            return false;
    }
    return digits && at == s.n;
}

/* ---- numbers ---- */

static fr_err integer_of(const number *n, fr_value *out)
{
    uint64_t most = (uint64_t)INT64_MAX + n->is_negative;
    if (n->has_too_many || n->digits > most)
        return FR_EUNSUPPORTED;
    *out = FR_VALUE_I((int64_t)(n->is_negative ? 0 - n->digits : n->digits));
    return FR_OK;
}

/*
 * The nearest double is certain where two ways lead to it: that of the C library, which is exact, and that of SQLite up to
 * 3.41, one operation of long doubles that is rounded twice. Later versions stand between the two.
 */
static fr_err real_of(number *n, fr_value *out)
{
    double nearest;
    for (; n->digits && n->digits % 10 == 0 && n->exponent < 0; n->exponent++)
        n->digits /= 10;
    if (!n->digits)
        n->exponent = 0;
    if (n->has_too_many || n->digits > INT64_MAX / 10 || n->exponent > 27 || n->exponent < -27 ||
        !fr_str_double(n->text, &nearest))
        return FR_EUNSUPPORTED;
    long double scale = 1;
    for (int i = 0; i < (n->exponent < 0 ? -n->exponent : n->exponent); i++)
        scale *= 10; /* exact up to 10^27 */
    long double digits = (long double)n->digits;
    double twice = (double)(n->exponent < 0 ? digits / scale : digits * scale);
    if ((n->is_negative ? -twice : twice) != nearest)
        return FR_EUNSUPPORTED;
    *out = FR_VALUE_R(nearest);
    return FR_OK;
}

static fr_err as_number(fr_str text, fr_value *out)
{
    number n;
    if (!read_number(text, &n))
        return FR_OK;
    return n.is_integer ? integer_of(&n, out) : real_of(&n, out);
}

fr_err fr_affinity_apply(uint8_t affinity, fr_value v, fr_arena *arena, fr_value *out)
{
    *out = v;
    if (v.type == FR_VALUE_REAL && isnan(v.as.r)) /* is bound as NULL */
        *out = (fr_value){.type = FR_VALUE_NULL};
    else if (v.type == FR_VALUE_TEXT && affinity >= FR_AFFINITY_NUMERIC)
        return as_number(v.as.s, out);
    else if (v.type == FR_VALUE_REAL && affinity == FR_AFFINITY_TEXT)
        return FR_EUNSUPPORTED;
    else if (v.type == FR_VALUE_INT && affinity == FR_AFFINITY_TEXT) {
        *out = FR_VALUE_S(fr_arena_printf(arena, "%lld", (long long)v.as.i));
        return out->as.s.p ? FR_OK : FR_ENOMEM;
    }
    return FR_OK;
}
