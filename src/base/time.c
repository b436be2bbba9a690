/*
 * Civil time. The calendar is the proleptic Gregorian one, counted in eras of 400 years that begin
 * on 1 March, so that the leap day is the last of its year and the month lengths follow one
 * formula.
 */
#include "base/time.h"

#include <string.h>
#include <time.h>

#include "base/digits.h"
#include "base/str.h"
#include "base/time_int.h"

enum {
    ERA_YEARS = 400,
    ERA_DAYS = 146097,
    EPOCH_DAY = 719468, /* 1970-01-01, counted from 0000-03-01 */
};

static int64_t clock_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

fr_time fr_time_now(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000;
}

uint64_t fr_mono_ns(void)
{
    return (uint64_t)clock_ns(CLOCK_MONOTONIC);
}

uint64_t fr_mono_tick_ns(void)
{
    return (uint64_t)clock_ns(CLOCK_MONOTONIC_COARSE);
}

/* ---- days ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int month_days(int year, int month)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return DAYS[month - 1] + (month == 2 && is_leap);
}

bool fr_date_civil(int year, int month, int day, fr_date *out)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > month_days(year, month))
        return false;
    int y = year - (month <= 2); /* years begin in March */
    int m = (month + 9) % 12;    /* March is 0 */
    int era = y / ERA_YEARS, yoe = y % ERA_YEARS;
    int doy = (153 * m + 2) / 5 + day - 1; /* 153 days in each five months from March */
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    *out = era * ERA_DAYS + doe - EPOCH_DAY;
    return true;
}

/* The date of any day, also outside the years 1..9999. */
static void split_day(int64_t day_number, int64_t *year, int *month, int *day)
{
    int64_t z = day_number + EPOCH_DAY;
    int64_t era = floor_div(z, ERA_DAYS);
    int doe = (int)(z - era * ERA_DAYS);
    /* Leap days are taken out (one each 1460 days, but for 36524, and at last for the era's last
     * day). */
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int m = (5 * doy + 2) / 153;
    *day = doy - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = era * ERA_YEARS + yoe + (*month <= 2);
}

void fr_date_split(fr_date date, int *year, int *month, int *day)
{
    int64_t y;
    split_day(date, &y, month, day);
    *year = (int)y;
}

/* ---- formats ---- */

static char *put_day(char *p, int64_t day_number)
{
    int64_t year;
    int month, day;
    split_day(day_number, &year, &month, &day);
    if (year < 0) {
        *p++ = '-';
        year = -year;
    }
    if (year < 10000) {
        fr_digits_pad(p, 4, (uint64_t)year);
        p += 4;
    } else {
        p += fr_digits_u64(p, (uint64_t)year);
    }
    *p = '-';
    fr_digits_pad(p + 1, 2, (uint64_t)month);
    p[3] = '-';
    fr_digits_pad(p + 4, 2, (uint64_t)day);
    return p + 6;
}

/* HH:MM:SS of microseconds within a day. */
static char *put_clock(char *p, int64_t us)
{
    uint64_t s = (uint64_t)us / 1000000;
    fr_digits_pad(p, 2, s / 3600);
    p[2] = ':';
    fr_digits_pad(p + 3, 2, s / 60 % 60);
    p[5] = ':';
    fr_digits_pad(p + 6, 2, s % 60);
    return p + 8;
}

/* As Python: nothing, or all six digits. */
static char *put_fraction(char *p, int64_t us)
{
    uint64_t fraction = (uint64_t)us % 1000000;
    if (!fraction)
        return p;
    *p = '.';
    fr_digits_pad(p + 1, 6, fraction);
    return p + 7;
}

/* The day that t is in, and the microseconds since it began. Without a product: it could overflow
 * near INT64_MIN. */
static int64_t day_of(int64_t t, int64_t *us)
{
    int64_t rest = t % FR_DAY_US;
    *us = rest < 0 ? rest + FR_DAY_US : rest;
    return t / FR_DAY_US - (rest < 0);
}

static char *put_time(char *p, fr_time t, char between)
{
    int64_t us, day = day_of(t, &us);
    p = put_day(p, day);
    *p++ = between;
    return put_fraction(put_clock(p, us), us);
}

size_t fr_date_iso(fr_date date, char *out)
{
    return (size_t)(put_day(out, date) - out);
}

size_t fr_time_iso(fr_time t, char *out)
{
    char *p = put_time(out, t, 'T');
    *p++ = 'Z';
    return (size_t)(p - out);
}

size_t fr_time_iso_at(fr_time t, int32_t offset, char *out)
{
    size_t n = fr_time_iso(t + offset * INT64_C(1000000), out) - 1; /* the Z goes */
    int32_t east = offset < 0 ? -offset : offset;
    if (!offset)
        return n + 1;
    out[n++] = offset < 0 ? '-' : '+';
    for (int32_t unit = 3600; unit; unit = unit == 3600 ? 60 : unit == 60 && east % 60 ? 1 : 0) {
        if (unit != 3600)
            out[n++] = ':';
        fr_digits_pad(out + n, 2, (uint64_t)(unit == 3600 ? east / unit : east / unit % 60));
        n += 2;
    }
    return n;
}

size_t fr_time_sql(fr_time t, char *out)
{
    return (size_t)(put_time(out, t, ' ') - out);
}

size_t fr_span_clock(fr_span t, char *out)
{
    int64_t us;
    (void)day_of(t, &us);
    return (size_t)(put_fraction(put_clock(out, us), us) - out);
}

size_t fr_span_text(fr_span t, char *out)
{
    int64_t us, days = day_of(t, &us);
    char *p = out;
    if (days) {
        p += fr_digits_i64(p, days);
        *p++ = ' ';
    }
    return (size_t)(put_fraction(put_clock(p, us), us) - out);
}

/* ---- HTTP dates (RFC 9110, 5.6.7) ---- */

static const char WEEKDAYS[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Names are three letters each. */
static char *put_name(char *p, const char *names, size_t index)
{
    memcpy(p, names + 3 * index, 3);
    return p + 3;
}

size_t fr_time_http(fr_time t, char *out)
{
    int64_t us, year, day_number = day_of(t, &us);
    int month, day;
    split_day(day_number, &year, &month, &day);
    char *p = put_name(out, WEEKDAYS, (size_t)(day_number - floor_div(day_number, 7) * 7));
    *p++ = ',';
    *p++ = ' ';
    fr_digits_pad(p, 2, (uint64_t)day);
    p[2] = ' ';
    p = put_name(p + 3, MONTHS, (size_t)month - 1);
    *p++ = ' ';
    fr_digits_pad(p, 4, (uint64_t)year);
    p[4] = ' ';
    p = put_clock(p + 5, us);
    *p++ = ' ';
    p = put_name(p, "GMT", 0);
    return (size_t)(p - out);
}

static int name_index(const char *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(names + 3 * i, name, 3) == 0)
            return (int)i;
    return -1;
}

/* The three forms that a recipient must read. In a shape 0 stands for a digit, a for a letter, _ for a digit or a blank;
 * the others are the places of its parts. */
static const struct {
    const char *shape;
    uint8_t day, month, year, clock;
    bool has_century;
} HTTP_DATES[] = {
    {"aaa, 00 aaa 0000 00:00:00 GMT", 5, 8, 12, 17, true},
    {"aaa aaa _0 00:00:00 0000", 8, 4, 20, 11, true},
    {", 00-aaa-00 00:00:00 GMT", 2, 5, 9, 12, false}, /* behind a day's whole name */
};

static bool has_shape(fr_str s, const char *shape)
{
    for (size_t i = 0; i < s.n; i++) {
        bool is_digit = s.p[i] >= '0' && s.p[i] <= '9';
        bool fits = shape[i] == '0'   ? is_digit
                    : shape[i] == '_' ? is_digit || s.p[i] == ' '
                                      : shape[i] == 'a' || shape[i] == s.p[i];
        if (!fits)
            return false;
    }
    return true;
}

static int two_digits(const char *p)
{
    return (p[0] == ' ' ? 0 : p[0] - '0') * 10 + p[1] - '0';
}

/* Of two digits: the year that ends so and is at most 50 years from now. */
static int full_year(int two)
{
    int64_t us, year;
    int month, day;
    split_day(day_of(fr_time_now(), &us), &year, &month, &day);
    int century = (int)(year - year % 100), full = century + two;
    return full > (int)year + 50 ? full - 100 : full;
}

/* Does the text begin with a day's name, of three letters or whole? Returns its length, or 0. */
static size_t weekday_bytes(fr_str s)
{
    static const char *const ENDINGS[] = {"rsday", "day", "urday", "day", "day", "sday", "nesday"};
    int index = s.n < 3 ? -1 : name_index(WEEKDAYS, 7, s.p);
    if (index < 0)
        return 0;
    return fr_str_starts(fr_str_from(s, 3), fr_str_c(ENDINGS[index])) ? 3 + strlen(ENDINGS[index])
                                                                      : 3;
}

bool fr_time_parse_http(fr_str s, fr_time *out)
{
    size_t name = weekday_bytes(s), form = 0;
    if (!name)
        return false;
    if (name > 3) {
        s = fr_str_from(s, name);
        form = 2;
    } else if (s.n == strlen(HTTP_DATES[1].shape)) {
        form = 1;
    }
    if (s.n != strlen(HTTP_DATES[form].shape) || !has_shape(s, HTTP_DATES[form].shape))
        return false;
    const char *clock = s.p + HTTP_DATES[form].clock, *years = s.p + HTTP_DATES[form].year;
    int hour = two_digits(clock), minute = two_digits(clock + 3), second = two_digits(clock + 6);
    int year = HTTP_DATES[form].has_century ? two_digits(years) * 100 + two_digits(years + 2)
                                            : full_year(two_digits(years));
    int month = name_index(MONTHS, 12, s.p + HTTP_DATES[form].month) + 1;
    fr_date date;
    if (hour > 23 || minute > 59 || second > 59 ||
        !fr_date_civil(year, month, two_digits(s.p + HTTP_DATES[form].day), &date))
        return false;
    *out = date * FR_DAY_US + (hour * 3600 + minute * 60 + second) * FR_SECOND_US;
    return true;
}
