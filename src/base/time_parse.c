/*
 * Dates, times and durations from text, by the patterns of Django. Their words:
 *
 *   date      Y{4}-M{1,2}-D{1,2}
 *   time      H{1,2}:M{1,2}[:S{1,2}[(.|,)f{1,6} and up to six digits that are ignored]]
 *   datetime  date, T or one space, time, spaces, [Z | sign HH[[:]MM]]
 *   duration  [[-]D [day[s], ]][-][[H:]M:]S[(.|,)f]               "Django"
 *             [+-]P[nW][nD][T[nH][nM][nS]], n with decimals           "ISO 8601"
 *             [[-]D day[s] ][[+-]H:MM:SS[.f]]                     "PostgreSQL"
 *
 * As in Django, an empty duration is zero (PostgreSQL's form with both parts left out), and so is "P".
 */
#include "base/time.h"

#include <math.h>
#include <string.h>

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

/* After "." or ",": one to six digits that count, up to `more` that do not. */
static bool take_micros(scan *s, size_t more, int64_t *us)
{
    fr_str digits, ignored;
    if (!take_digits(s, 1, 6, &digits) || !take_digits(s, 0, more, &ignored))
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
        if ((take(s, '.') || take(s, ',')) && !take_micros(s, 6, &us))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *out = (hour * 3600 + minute * 60 + second) * FR_SECOND_US + us;
    return true;
}

static void skip_space(scan *s)
{
    fr_str bare = fr_utf8_strip(s->left);
    s->left = fr_str_from(s->left, bare.n ? (size_t)(bare.p - s->left.p) : s->left.n);
}

/* Minutes east of UTC; nothing there is UTC. Python's zones are less than a day away from it. */
static bool take_offset(scan *s, int *minutes)
{
    *minutes = 0;
    skip_space(s);
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

bool fr_moment_parse(fr_str s, int64_t *local_us, bool *has_offset, int64_t *offset_us)
{
    scan in = {s};
    fr_date date;
    fr_span clock;
    int offset_minutes;
    if (!take_date(&in, &date) || (!take(&in, 'T') && !take(&in, ' ')) || !take_clock(&in, &clock))
        return false;
    skip_space(&in);
    bool is_more = in.left.n > 0;
    if (!take_offset(&in, &offset_minutes) || in.left.n)
        return false;
    *local_us = date * FR_DAY_US + clock;
    *has_offset = is_more;
    *offset_us = offset_minutes * (60 * FR_SECOND_US);
    return true;
}

bool fr_time_is_shown(fr_time t)
{
    const fr_time first = -719162 * FR_DAY_US, end = 2932897 * FR_DAY_US;
    return t >= first && t < end;
}

bool fr_time_parse(fr_str s, fr_time *out)
{
    int64_t local_us, offset_us;
    bool has_offset;
    if (!fr_moment_parse(s, &local_us, &has_offset, &offset_us) ||
        !fr_time_is_shown(local_us - offset_us))
        return false;
    *out = local_us - offset_us;
    return true;
}

/* ---- durations ---- */

/*
 * As Python's timedelta adds them up: whole microseconds in an integer, what is less in a double, which is rounded half to
 * even at the end. Each number is a double before, so that what is beyond 2^53 is as inexact as it is there.
 */
__extension__ typedef __int128 wide;

typedef struct sum {
    wide us;
    double less;
    bool is_too_large; /* a number that is no integer of microseconds any more */
} sum;

static const wide MOST_US = (wide)1000000000 * FR_DAY_US; /* what a timedelta stays below */

static void join(sum *s, const sum *other)
{
    s->us += other->us;
    s->less += other->less;
    s->is_too_large |= other->is_too_large;
}

static void add(sum *s, double number, int64_t unit_us)
{
    double whole, rest = modf(number, &whole);
    if (!(fabs(whole) * (double)unit_us < 1e30)) {
        s->is_too_large = true;
        return;
    }
    s->us += (wide)whole * unit_us;
    rest = modf(rest * (double)unit_us, &whole);
    s->us += (wide)whole;
    s->less += rest;
}

/* false: past what a timedelta holds. */
static bool total(const sum *s, wide *out)
{
    double whole = round(s->less);
    if (fabs(whole - s->less) == 0.5) {
        int is_odd = (int)(s->us & 1);
        whole = 2.0 * round((s->less + is_odd) * 0.5) - is_odd;
    }
    *out = s->us + (wide)whole;
    return !s->is_too_large && *out<MOST_US && * out> - MOST_US;
}

/* days and the rest, which may be negative: each is a timedelta, and so is what they come to. */
static fr_span_result finish(const sum *days, const sum *clock, int sign, fr_span *out)
{
    wide first, second;
    if (!total(days, &first) || !total(clock, &second))
        return FR_SPAN_OVERFLOW;
    first += sign * second;
    if (first >= MOST_US || first <= -MOST_US)
        return FR_SPAN_OVERFLOW;
    if (first > INT64_MAX || first < INT64_MIN)
        return FR_SPAN_TOO_LARGE;
    *out = (fr_span)first;
    return FR_SPAN_OK;
}

/* Digits as a double, as Python's float() reads them. */
static double number_of(fr_str digits)
{
    double number;
    return fr_str_double(digits, &number) ? number : (double)INFINITY;
}

/* "[-]D" followed by one of the given words; nothing is taken if that is not there. */
static bool take_days(scan *s, const fr_str *words, size_t count, sum *days)
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
    add(days, sign * number_of(digits), FR_DAY_US);
    return true;
}

static fr_span_result parse_django(fr_str text, fr_span *out)
{
    static const fr_str WORDS[] = {{"days, ", 6}, {"day, ", 5}};
    scan s = {text};
    sum days = {0}, clock = {0};
    if (!take_days(&s, WORDS, 2, &days))
        (void)take_days(&s, NULL, 0, &days);
    int sign = take(&s, '-') ? -1 : 1;
    fr_str part[3];
    size_t parts = 0;
    do {
        if (parts == 3 || !take_digits(&s, 1, SIZE_MAX, &part[parts++]))
            return FR_SPAN_BAD;
    } while (take(&s, ':'));
    int64_t us = 0;
    if ((take(&s, '.') || take(&s, ',')) && !take_micros(&s, 6, &us))
        return FR_SPAN_BAD;
    if (s.left.n)
        return FR_SPAN_BAD;
    int64_t unit = FR_SECOND_US;
    for (size_t i = parts; i-- > 0; unit *= 60)
        add(&clock, number_of(part[i]), unit);
    add(&clock, (double)us, 1);
    return finish(&days, &clock, sign, out);
}

/* A number with decimals and its letter, if that is what comes next. */
static void take_amount(scan *s, char letter, int64_t unit_us, sum *into)
{
    scan ahead = *s;
    char text[400];
    fr_str whole, decimals = {0};
    if (!take_digits(&ahead, 1, SIZE_MAX, &whole) ||
        ((take(&ahead, '.') || take(&ahead, ',')) &&
         !take_digits(&ahead, 1, SIZE_MAX, &decimals)) ||
        !take(&ahead, letter))
        return;
    *s = ahead;
    size_t n = whole.n + (decimals.n ? 1 + decimals.n : 0);
    if (n > sizeof text) /* the digits behind do not change a double */
        n = sizeof text;
    memcpy(text, whole.p, n);
    if (whole.n < n)
        text[whole.n] = '.';
    add(into, number_of((fr_str){text, n}), unit_us);
}

static fr_span_result parse_iso(fr_str text, fr_span *out)
{
    scan s = {text};
    sum days = {0}, clock = {0};
    int sign = take(&s, '-') ? -1 : 1;
    if (sign > 0)
        (void)take(&s, '+');
    if (!take(&s, 'P'))
        return FR_SPAN_BAD;
    sum weeks = {0};
    take_amount(&s, 'W', 7 * FR_DAY_US, &weeks);
    take_amount(&s, 'D', sign * FR_DAY_US, &days);
    if (take(&s, 'T')) {
        /* timedelta() adds from the smallest unit upwards; the sums of what is less than a microsecond differ otherwise */
        sum hours = {0}, minutes = {0}, seconds = {0};
        take_amount(&s, 'H', 3600 * FR_SECOND_US, &hours);
        take_amount(&s, 'M', 60 * FR_SECOND_US, &minutes);
        take_amount(&s, 'S', FR_SECOND_US, &seconds);
        join(&clock, &seconds);
        join(&clock, &minutes);
        join(&clock, &hours);
    }
    join(&clock, &weeks);
    return s.left.n ? FR_SPAN_BAD : finish(&days, &clock, sign, out);
}

static fr_span_result parse_postgres(fr_str text, fr_span *out)
{
    static const fr_str WORDS[] = {{"days ", 5}, {"days", 4}, {"day ", 4}, {"day", 3}};
    scan s = {text};
    sum days = {0}, clock = {0};
    int64_t us = 0;
    int sign = 1;
    (void)take_days(&s, WORDS, 4, &days);
    if (s.left.n) {
        sign = take(&s, '-') ? -1 : 1;
        if (sign > 0)
            (void)take(&s, '+');
        fr_str h, m, sec;
        if (!take_digits(&s, 1, SIZE_MAX, &h) || !take(&s, ':') || !take_digits(&s, 2, 2, &m) ||
            !take(&s, ':') || !take_digits(&s, 2, 2, &sec))
            return FR_SPAN_BAD;
        if (take(&s, '.') && !take_micros(&s, 0, &us))
            return FR_SPAN_BAD;
        add(&clock, number_of(h), 3600 * FR_SECOND_US);
        add(&clock, number_of(m), 60 * FR_SECOND_US);
        add(&clock, number_of(sec), FR_SECOND_US);
        add(&clock, (double)us, 1);
    }
    return s.left.n ? FR_SPAN_BAD : finish(&days, &clock, sign, out);
}

fr_span_result fr_span_read(fr_str s, fr_span *out)
{
    fr_span_result result = parse_django(s, out);
    if (result == FR_SPAN_BAD)
        result = parse_iso(s, out);
    return result == FR_SPAN_BAD ? parse_postgres(s, out) : result;
}

bool fr_span_parse(fr_str s, fr_span *out)
{
    fr_span span;
    if (fr_span_read(s, &span) != FR_SPAN_OK)
        return false;
    *out = span;
    return true;
}
