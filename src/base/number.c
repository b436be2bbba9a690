/* Numbers from text. */
#include "base/number.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool fr_str_u64(fr_str s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

bool fr_str_i64(fr_str s, int64_t *out)
{
    bool is_negative = s.n && *s.p == '-';
    if (s.n && (*s.p == '-' || *s.p == '+'))
        s = fr_str_from(s, 1);
    uint64_t v;
    if (!fr_str_u64(s, &v) || v > (uint64_t)INT64_MAX + is_negative)
        return false;
    *out = is_negative ? (int64_t)-v : (int64_t)v;
    return true;
}

/* ---- doubles ---- */

static locale_t c_locale;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        abort(); /* the C locale needs no file: only a start without any memory gets here */
}

double fr_strtod_(const char *text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_c_locale);
    return strtod_l(text, NULL, c_locale);
}

int fr_double_digits_(double v, int count, char *digits)
{
    char text[48];
    int n = snprintf(text, sizeof text, "%.*e", count - 1, v);
    int found = 0, exponent = 0, i = 0;
    /* The locale's decimal point, which may be several bytes, is whatever stands between the
     * digits. */
    for (; i < n && text[i] != 'e'; i++)
        if (is_digit(text[i]))
            digits[found++] = text[i];
    bool is_negative = text[i + 1] == '-';
    for (i += 2; i < n; i++)
        exponent = exponent * 10 + (text[i] - '0');
    return (is_negative ? -exponent : exponent) + 1;
}

/* A decimal number taken apart: digits x 10^exponent. */
typedef struct decimal {
    uint64_t digits; /* good while digit_count <= 19 */
    int digit_count; /* significant ones */
    int64_t exponent;
} decimal;

static size_t take_digits(fr_str s, size_t i, decimal *d, bool is_fraction)
{
    for (; i < s.n && is_digit(s.p[i]); i++) {
        if (d->digit_count || s.p[i] != '0') {
            if (d->digit_count < 20)
                d->digit_count++;
            if (d->digit_count <= 19)
                d->digits = d->digits * 10 + (uint64_t)(s.p[i] - '0');
        }
        d->exponent -= is_fraction;
    }
    return i;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or after the point. */
static bool read_decimal(fr_str s, decimal *d)
{
    size_t i = s.n && (*s.p == '-' || *s.p == '+');
    size_t start = i, digits;
    *d = (decimal){0};
    i = take_digits(s, i, d, false);
    digits = i - start;
    if (i < s.n && s.p[i] == '.') {
        start = ++i;
        i = take_digits(s, i, d, true);
        digits += i - start;
    }
    if (!digits)
        return false;
    if (i < s.n && (s.p[i] | 0x20) == 'e') {
        bool is_negative = ++i < s.n && s.p[i] == '-';
        if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
            i++;
        int64_t exponent = 0;
        start = i;
        for (; i < s.n && is_digit(s.p[i]); i++)
            if (exponent < 100000)
                exponent = exponent * 10 + (s.p[i] - '0');
        if (i == start)
            return false;
        d->exponent += is_negative ? -exponent : exponent;
    }
    return i == s.n;
}

/* The C library reads s, from a copy that ends with NUL. */
static bool read_slow(fr_str s, double *out)
{
    char small[128];
    char *text = s.n < sizeof small ? small : fr_malloc(s.n + 1);
    if (!text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = fr_strtod_(text);
    if (text != small)
        fr_free(text);
    return true;
}

bool fr_str_double(fr_str s, double *out)
{
    static const double TEN[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    decimal d;
    if (!read_decimal(s, &d))
        return false;
    /* Both factors are exact doubles, so one operation rounds once, as the full algorithm would. */
    if (d.digit_count <= 15 && d.exponent >= -22 && d.exponent <= 22) {
        double v = (double)d.digits;
        v = d.exponent < 0 ? v / TEN[-d.exponent] : v * TEN[d.exponent];
        *out = *s.p == '-' ? -v : v;
        return true;
    }
    return read_slow(s, out);
}
