/*
 * Dates, times and durations from text, as Django 3.2 and DRF take them. The words of its patterns:
 *
 *   date      Y{4}-M{1,2}-D{1,2}
 *   time      H{1,2}:M{1,2}[:S{1,2}[(.|,)f{1,6} and up to six digits that are ignored]]
 *   datetime  date, T or one space, time, [Z | sign HH[[:]MM]]
 *   duration  [[-]D [day[s], ]][-][[H:]M:]S[(.|,)f]               "Django"
 *             [+-]P[nD][T[nH][nM][nS]], n with decimals           "ISO 8601"
 *             [[-]D day[s] ][[+-]H:MM:SS[.f]]                     "PostgreSQL"
 *
 * As in Django, an empty duration is zero (PostgreSQL's form with both parts left out), and so is "P".
 */
#include "base/time.h"

#include <math.h>

#include "base/str.h"
#include "base/time_int.h"

/* ---- a cursor over the text ---- */

typedef struct scan {
    fr_str left;
} scan;

static bool take(scan *s, char c)
{
    if (s->left.n == 0 || *s->left.p != c)
        return false;
    s->left = fr_str_from(s->left, 1);
    return true;
}

static bool take_word(scan *s, fr_str word)
{
    if (!fr_str_starts(s->left, word))
        return false;
    s->left = fr_str_from(s->left, word.n);
    return true;
}

/* The next min..max digits; more may follow. */
static bool take_digits(scan *s, size_t min, size_t max, fr_str *digits)
{
    size_t n = 0;
    while (n < max && n < s->left.n && s->left.p[n] >= '0' && s->left.p[n] <= '9')
        n++;
    if (n < min)
        return false;
    *digits = fr_str_sub(s->left, 0, n);
    s->left = fr_str_from(s->left, n);
    return true;
}

static bool take_int(scan *s, size_t min, size_t max, int *out)
{
    fr_str digits;
    uint64_t v;
    if (!take_digits(s, min, max, &digits) || !fr_str_u64(digits, &v))
        return false;
    *out = (int)v;
    return true;
}

/* After "." or ",": one to six digits that count, up to six that do not. */
static bool take_micros(scan *s, int64_t *us)
{
    fr_str digits, ignored;
    if (!take_digits(s, 1, 6, &digits) || !take_digits(s, 0, 6, &ignored))
        return false;
    *us = 0;
    for (size_t i = 0; i < 6; i++)
        *us = *us * 10 + (i < digits.n ? digits.p[i] - '0' : 0);
    return true;
}

/* ---- dates and times ---- */

static bool take_date(scan *s, fr_date *out)
{
    int year, month, day;
    return take_int(s, 4, 4, &year) && take(s, '-') && take_int(s, 1, 2, &month) && take(s, '-') &&
           take_int(s, 1, 2, &day) && fr_date_civil(year, month, day, out);
}

static bool take_clock(scan *s, fr_span *out)
{
    int hour, minute, second = 0;
    int64_t us = 0;
    if (!take_int(s, 1, 2, &hour) || !take(s, ':') || !take_int(s, 1, 2, &minute))
        return false;
    if (take(s, ':')) {
        if (!take_int(s, 1, 2, &second))
            return false;
        if ((take(s, '.') || take(s, ',')) && !take_micros(s, &us))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *out = (hour * 3600 + minute * 60 + second) * FR_SECOND_US + us;
    return true;
}

/* Minutes east of UTC; nothing there is UTC. Python's zones are less than a day away from it. */
static bool take_offset(scan *s, int *minutes)
{
    *minutes = 0;
    if (s->left.n == 0 || take(s, 'Z'))
        return true;
    bool is_west = take(s, '-');
    int h, m = 0;
    if ((!is_west && !take(s, '+')) || !take_int(s, 2, 2, &h))
        return false;
    if (s->left.n && ((void)take(s, ':'), !take_int(s, 2, 2, &m)))
        return false;
    int away = h * 60 + m;
    *minutes = is_west ? -away : away;
    return away < 24 * 60;
}

bool fr_date_parse(fr_str s, fr_date *out)
{
    scan in = {s};
    fr_date date;
    if (!take_date(&in, &date) || in.left.n)
        return false;
    *out = date;
    return true;
}

bool fr_span_parse_time(fr_str s, fr_span *out)
{
    scan in = {s};
    fr_span span;
    if (!take_clock(&in, &span) || in.left.n)
        return false;
    *out = span;
    return true;
}

bool fr_time_parse(fr_str s, fr_time *out)
{
    scan in = {s};
    fr_date date;
    fr_span clock;
    int offset_minutes;
    if (!take_date(&in, &date) || (!take(&in, 'T') && !take(&in, ' ')) ||
        !take_clock(&in, &clock) || !take_offset(&in, &offset_minutes) || in.left.n)
        return false;
    fr_time t = date * FR_DAY_US + clock - offset_minutes * (60 * FR_SECOND_US);
    /* In UTC it must still be a day of the years 1..9999, or it could not be shown again. */
    const fr_time first = -719162 * FR_DAY_US, end = 2932897 * FR_DAY_US;
    if (t < first || t >= end)
        return false;
    *out = t;
    return true;
}

/* ---- durations ---- */

/* Add count * unit, with a sign, unless it overflows. */
static bool add(fr_span *span, fr_str count, int64_t unit_us, int sign)
{
    uint64_t n;
    int64_t us;
    return fr_str_u64(count, &n) && n <= INT64_MAX &&
           !__builtin_mul_overflow((int64_t)n, unit_us * sign, &us) &&
           !__builtin_add_overflow(*span, us, span);
}

/* "[-]D" followed by one of the given words; nothing is taken if that is not there. */
static bool take_days(scan *s, const fr_str *words, size_t count, fr_span *span, bool *is_too_big)
{
    scan ahead = *s;
    fr_str digits;
    int sign = take(&ahead, '-') ? -1 : 1;
    if (!take_digits(&ahead, 1, SIZE_MAX, &digits) || !take(&ahead, ' '))
        return false;
    bool has_word = count == 0;
    for (size_t i = 0; i < count && !has_word; i++)
        has_word = take_word(&ahead, words[i]);
    if (!has_word)
        return false;
    *s = ahead;
    *is_too_big = !add(span, digits, FR_DAY_US, sign);
    return true;
}

static bool parse_django(fr_str text, fr_span *out)
{
    static const fr_str WORDS[] = {{"days, ", 6}, {"day, ", 5}};
    scan s = {text};
    fr_span days = 0, clock = 0;
    bool is_too_big = false;
    if (!take_days(&s, WORDS, 2, &days, &is_too_big))
        (void)take_days(&s, NULL, 0, &days, &is_too_big);
    int sign = take(&s, '-') ? -1 : 1;
    fr_str part[3];
    size_t parts = 0;
    do {
        if (parts == 3 || !take_digits(&s, 1, SIZE_MAX, &part[parts++]))
            return false;
    } while (take(&s, ':'));
    int64_t us = 0;
    if ((take(&s, '.') || take(&s, ',')) && !take_micros(&s, &us))
        return false;
    if (s.left.n || is_too_big)
        return false;
    int64_t unit = FR_SECOND_US;
    for (size_t i = parts; i-- > 0; unit *= 60)
        if (!add(&clock, part[i], unit, sign))
            return false;
    return !__builtin_add_overflow(clock, sign * us, &clock) &&
           !__builtin_add_overflow(days, clock, out);
}

/* A number with decimals and its letter, if that is what comes next. */
static bool take_amount(scan *s, char letter, int64_t unit_us, fr_span *span,
                        long double *fraction_us, bool *is_too_big)
{
    scan ahead = *s;
    fr_str whole, decimals = {0};
    if (!take_digits(&ahead, 1, SIZE_MAX, &whole))
        return false;
    if ((take(&ahead, '.') || take(&ahead, ',')) && !take_digits(&ahead, 1, SIZE_MAX, &decimals))
        return false;
    if (!take(&ahead, letter))
        return false;
    *s = ahead;
    if (!add(span, whole, unit_us, 1))
        *is_too_big = true;
    long double place = (long double)unit_us;
    for (size_t i = 0; i < decimals.n && place > 1e-6L; i++) {
        place /= 10;
        *fraction_us += place * (decimals.p[i] - '0');
    }
    return true;
}

static bool parse_iso(fr_str text, fr_span *out)
{
    scan s = {text};
    int sign = take(&s, '-') ? -1 : 1;
    if (sign > 0)
        (void)take(&s, '+');
    if (!take(&s, 'P'))
        return false;
    fr_span span = 0;
    long double fraction_us = 0;
    bool is_too_big = false;
    (void)take_amount(&s, 'D', FR_DAY_US, &span, &fraction_us, &is_too_big);
    if (take(&s, 'T')) {
        (void)take_amount(&s, 'H', 3600 * FR_SECOND_US, &span, &fraction_us, &is_too_big);
        (void)take_amount(&s, 'M', 60 * FR_SECOND_US, &span, &fraction_us, &is_too_big);
        (void)take_amount(&s, 'S', FR_SECOND_US, &span, &fraction_us, &is_too_big);
    }
    if (s.left.n || is_too_big ||
        __builtin_add_overflow(span, (int64_t)llrintl(fraction_us), &span))
        return false;
    *out = sign * span;
    return true;
}

static bool parse_postgres(fr_str text, fr_span *out)
{
    static const fr_str WORDS[] = {{"days ", 5}, {"days", 4}, {"day ", 4}, {"day", 3}};
    scan s = {text};
    fr_span days = 0, clock = 0;
    int64_t us = 0;
    bool is_too_big = false;
    (void)take_days(&s, WORDS, 4, &days, &is_too_big);
    if (s.left.n) {
        int sign = take(&s, '-') ? -1 : 1;
        if (sign > 0)
            (void)take(&s, '+');
        fr_str h, m, sec;
        if (!take_digits(&s, 1, SIZE_MAX, &h) || !take(&s, ':') || !take_digits(&s, 2, 2, &m) ||
            !take(&s, ':') || !take_digits(&s, 2, 2, &sec))
            return false;
        if (take(&s, '.') && !take_micros(&s, &us))
            return false;
        if (!add(&clock, h, 3600 * FR_SECOND_US, sign) ||
            !add(&clock, m, 60 * FR_SECOND_US, sign) || !add(&clock, sec, FR_SECOND_US, sign) ||
            __builtin_add_overflow(clock, sign * us, &clock))
            return false;
    }
    return !s.left.n && !is_too_big && !__builtin_add_overflow(days, clock, out);
}

bool fr_span_parse(fr_str s, fr_span *out)
{
    fr_span span = 0;
    if (!parse_django(s, &span) && !parse_iso(s, &span) && !parse_postgres(s, &span))
        return false;
    *out = span;
    return true;
}
