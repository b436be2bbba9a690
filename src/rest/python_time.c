/*
 * See python_time.h. What fromisoformat() takes, with the extras of CPython:
 *
 *   date    YYYY-MM-DD  YYYYMMDD  YYYY-Www[-D]  YYYYWww[D]
 *   time    [T]HH[:MM[:SS]][(.|,|:)f…]  [T]HH[MM[SS]][(.|,)f…], then [Z | sign and a time]
 *   moment  a date, any one character, a time
 *
 * A time that ends where an offset begins may have a separator too many: "03:04:05.Z" is 03:04:05Z.
 */
#include "rest/python_time.h"

#include "base/str.h"
#include "base/time_int.h"
#include "rest/python.h"

enum {
    LONGEST =
        256 /* bytes of a date or time by Django's patterns, which have no more than 40 characters */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The byte at i of a C string: NUL behind its end. */
static char at(fr_str s, size_t i)
{
    return i < s.n ? s.p[i] : '\0';
}

/* count digits at *i. */
static bool take_number(fr_str s, size_t *i, size_t count, int *out)
{
    *out = 0;
    for (size_t end = *i + count; *i < end; (*i)++) {
        if (!is_digit(at(s, *i)))
            return false;
        *out = *out * 10 + (s.p[*i] - '0');
    }
    return true;
}

/* ---- dates ---- */

/* Monday is 1. 1970-01-01 was a Thursday. */
static int weekday_of(fr_date date)
{
    int past = (int)((date + 3) % 7);
    return (past < 0 ? past + 7 : past) + 1;
}

/* Day `day` of week `week`: week 1 has the year's first Thursday. */
static bool date_of_week(int year, int week, int day, fr_date *out)
{
    fr_date first;
    int y, m, d;
    if (!fr_date_civil(year, 1, 1, &first) || week < 1 || week > 53 || day < 1 || day > 7)
        return false;
    int begins_on = weekday_of(first), days = 0;
    fr_date end;
    if (fr_date_civil(year, 12, 31, &end))
        days = (int)(end - first) + 1;
    if (week == 53 && begins_on != 4 && !(begins_on == 3 && days == 366))
        return false;
    fr_date monday = first - (begins_on - 1) + (begins_on > 4 ? 7 : 0);
    *out = monday + (week - 1) * 7 + day - 1;
    fr_date_split(*out, &y, &m, &d);
    return y >= 1 && y <= 9999;
}

/* s: all of a date. Of ten bytes without dashes the last ones are not looked at. */
static bool iso_date(fr_str s, fr_date *out)
{
    size_t i = 0;
    int year, month, day = 1;
    if ((s.n != 7 && s.n != 8 && s.n != 10) || !take_number(s, &i, 4, &year))
        return false;
    bool has_dashes = at(s, i) == '-';
    i += has_dashes;
    if (at(s, i) == 'W') {
        int week;
        i++;
        if (!take_number(s, &i, 2, &week))
            return false;
        if (i < s.n && ((has_dashes && at(s, i++) != '-') || !take_number(s, &i, 1, &day)))
            return false;
        return date_of_week(year, week, day, out);
    }
    if (!take_number(s, &i, 2, &month) || (has_dashes && at(s, i++) != '-') ||
        !take_number(s, &i, 2, &day))
        return false;
    return fr_date_civil(year, month, day, out);
}

/* ---- times ---- */

typedef enum ending { WHOLE, MORE, WRONG } ending; /* MORE: something stands behind it */

typedef struct clock_parts {
    int part[3]; /* hours, minutes, seconds */
    int micros;
} clock_parts;

/* s.p[from..to): HH[:?MM[:?SS]] and a fraction of a second. What stands at s.p[to] decides whether a separator in front of it matters. */
static ending clock_part(fr_str s, size_t from, size_t to, clock_parts *out)
{
    size_t i = from;
    bool has_colons = true;
    *out = (clock_parts){{0}, 0};
    for (int k = 0; k < 3; k++) {
        if (!take_number(s, &i, 2, &out->part[k]))
            return WRONG;
        char c = at(s, i++);
        if (k == 0)
            has_colons = c == ':';
        if (i >= to)
            return c == '\0' ? WHOLE : MORE;
        if (has_colons && c == ':')
            continue;
        if (c == '.' || c == ',')
            break;
        if (has_colons)
            return WRONG;
        i--;
    }
    size_t digits = to - i < 6 ? to - i : 6;
    if (!take_number(s, &i, digits, &out->micros))
        return WRONG;
    for (size_t k = digits; k < 6; k++)
        out->micros *= 10;
    while (is_digit(at(s, i)))
        i++;
    return at(s, i) == '\0' ? WHOLE : MORE;
}

static int64_t micros_of(const clock_parts *c)
{
    return (c->part[0] * 3600 + c->part[1] * 60 + c->part[2]) * FR_SECOND_US + c->micros;
}

/* s from `from`: a time with its offset. */
static bool iso_clock(fr_str s, size_t from, fr_py_moment *out)
{
    clock_parts clock, zone;
    size_t end = from;
    if (from >= s.n)
        return false;
    do {
        if (s.p[end] == '+' || s.p[end] == '-' || s.p[end] == 'Z')
            break;
    } while (++end < s.n);
    ending ends = clock_part(s, from, end, &clock);
    if (ends == WRONG || (end == s.n && ends == MORE))
        return false;
    if (clock.part[0] > 23 || clock.part[1] > 59 || clock.part[2] > 59)
        return false;
    *out = (fr_py_moment){.local_us = micros_of(&clock), .has_offset = end < s.n};
    if (end == s.n)
        return true;
    if (s.p[end] == 'Z')
        return at(s, end + 1) == '\0';
    if (clock_part(s, end + 1, s.n, &zone) != WHOLE)
        return false;
    out->offset_us = micros_of(&zone);
    if (out->offset_us < FR_SECOND_US) /* it is UTC as soon as the whole seconds are 0 */
        out->offset_us = 0;
    if (out->offset_us >= FR_DAY_US)
        return false;
    if (s.p[end] == '-')
        out->offset_us = -out->offset_us;
    return true;
}

/* ---- moments ---- */

/* Where the date ends that a moment begins with. s has 8 bytes at least; SIZE_MAX: no date has this form. */
static size_t date_end(fr_str s)
{
    if (s.p[4] == '-' && s.p[5] != 'W')
        return 10;
    if (s.p[4] == '-') {
        if (s.n == 8 || s.p[8] != '-')
            return 8;
        if (s.n == 9)
            return SIZE_MAX;
        return s.n > 10 && is_digit(s.p[10]) ? 8 : 10; /* a dash and two digits are an hour */
    }
    if (s.p[4] != 'W')
        return 8;
    size_t i = 7;
    while (i < s.n && is_digit(s.p[i]))
        i++;
    return i < 9 ? i : i % 2 == 0 ? 7 : 8; /* whether a day of the week stands before the hours */
}

static size_t bytes_of_character(char c)
{
    uint8_t first = (uint8_t)c;
    return first < 0x80 ? 1 : (first & 0xf0) == 0xe0 ? 3 : (first & 0xf0) == 0xf0 ? 4 : 2;
}

static bool iso_moment(fr_str s, fr_py_moment *out)
{
    fr_date date;
    size_t end = s.n < 7 ? SIZE_MAX : s.n == 7 ? 7 : date_end(s);
    if (end > s.n || !iso_date(fr_str_sub(s, 0, end), &date))
        return false;
    *out = (fr_py_moment){0};
    if (s.n > end && !iso_clock(s, end + bytes_of_character(s.p[end]), out))
        return false;
    out->local_us += date * FR_DAY_US;
    return true;
}

/* ---- and by Django's patterns ---- */

/* What its patterns see of s: ASCII digits, and no line's end behind. */
static bool plain(fr_str s, char text[LONGEST], fr_str *out)
{
    size_t n;
    if (!fr_py_plain_digits(s, text, LONGEST, &n))
        return false;
    *out = (fr_str){text, n - (n && text[n - 1] == '\n')};
    return true;
}

bool fr_py_date_parse(fr_str s, fr_date *out)
{
    char text[LONGEST];
    fr_str bare;
    return iso_date(s, out) || (plain(s, text, &bare) && fr_date_parse(bare, out));
}

bool fr_py_clock_parse(fr_str s, fr_span *out)
{
    char text[LONGEST];
    fr_py_moment moment;
    fr_str bare;
    if (iso_clock(s, s.n && s.p[0] == 'T', &moment)) {
        *out = moment.local_us;
        return true;
    }
    return plain(s, text, &bare) && fr_span_parse_time(bare, out);
}

bool fr_py_moment_parse(fr_str s, fr_py_moment *out)
{
    char text[LONGEST];
    fr_str bare;
    if (iso_moment(s, out))
        return true;
    return plain(s, text, &bare) &&
           fr_moment_parse(bare, &out->local_us, &out->has_offset, &out->offset_us);
}

fr_span_result fr_py_duration_parse(fr_str s, fr_span *out)
{
    enum { LONGEST_NUMBER = 1100 };
    char text[LONGEST_NUMBER];
    size_t n;
    if (fr_str_is_ascii(s))
        return fr_span_read((fr_str){s.p, s.n - fr_str_ends(s, FR_STR("\n"))}, out);
    if (!fr_py_plain_digits(s, text, sizeof text, &n))
        return FR_SPAN_BAD;
    return fr_span_read((fr_str){text, n - (n && text[n - 1] == '\n')}, out);
}
