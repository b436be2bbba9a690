#include "model/moment.h"

#include <string.h>

#include "base/str.h"
#include "base/time.h"

enum { DAY_S = 86400 };
#define DAY_US (DAY_S * INT64_C(1000000))

/* ---- the calendar ---- */

static int year_of(fr_date date)
{
    int year, month, day;
    fr_date_split(date, &year, &month, &day);
    return year;
}

/* Monday is 1. Day 0 was a Thursday. */
static int iso_week_day(fr_date date)
{
    return (int)(((date + 3) % 7 + 7) % 7) + 1;
}

/* The week's Thursday says whose year it is. */
static fr_date thursday_of(fr_date date)
{
    return date - iso_week_day(date) + 4;
}

static int iso_week(fr_date date)
{
    fr_date thursday = thursday_of(date), new_year = 0;
    fr_date_civil(year_of(thursday), 1, 1, &new_year);
    return (int)(thursday - new_year) / 7 + 1;
}

/* ---- parts ---- */

typedef struct moment {
    fr_date date;
    fr_span clock; /* since midnight */
} moment;

/* A stored DATE, TIME or DATETIME. */
static bool parse(fr_str s, const fr_zone *zone, moment *out)
{
    fr_time time;
    *out = (moment){0};
    if (s.n > 2 && s.p[2] == ':')
        return fr_span_parse_time(s, &out->clock);
    if (s.n <= 10)
        return fr_date_parse(s, &out->date);
    if (!fr_time_parse(s, &time))
        return false;
    time = fr_zone_local(zone, time);
    out->clock = (time % DAY_US + DAY_US) % DAY_US;
    out->date = (fr_date)((time - out->clock) / DAY_US);
    return true;
}

static int number_of(fr_transform part, moment m)
{
    int year, month, day, second = (int)(m.clock / 1000000);
    fr_date_split(m.date, &year, &month, &day);
    switch (part) {
    case FR_TRANSFORM_YEAR: return year;
    case FR_TRANSFORM_ISO_YEAR: return year_of(thursday_of(m.date));
    case FR_TRANSFORM_QUARTER: return (month + 2) / 3;
    case FR_TRANSFORM_MONTH: return month;
    case FR_TRANSFORM_DAY: return day;
    case FR_TRANSFORM_WEEK: return iso_week(m.date);
    case FR_TRANSFORM_WEEK_DAY: return iso_week_day(m.date) % 7 + 1;
    case FR_TRANSFORM_ISO_WEEK_DAY: return iso_week_day(m.date);
    case FR_TRANSFORM_HOUR: return second / 3600;
    case FR_TRANSFORM_MINUTE: return second / 60 % 60;
    default: return second % 60;
    }
}

fr_value fr_moment_part(fr_transform part, fr_value stored, const fr_zone *zone,
                        char room[FR_TIME_TEXT])
{
    moment m;
    fr_value none = {.type = FR_VALUE_NULL};
    if (stored.type != FR_VALUE_TEXT || !stored.as.s.p || !parse(stored.as.s, zone, &m))
        return none;
    switch (part) {
    case FR_TRANSFORM_NONE: return none;
    case FR_TRANSFORM_DATE: return FR_VALUE_S(((fr_str){room, fr_date_iso(m.date, room)}));
    case FR_TRANSFORM_TIME: return FR_VALUE_S(((fr_str){room, fr_span_clock(m.clock, room)}));
    default: return FR_VALUE_I(number_of(part, m));
    }
}

/* ---- years ---- */

static fr_date first_day(int year, bool is_iso)
{
    fr_date date = 0;
    fr_date_civil(year, 1, is_iso ? 4 : 1, &date);
    return is_iso ? date - iso_week_day(date) + 1 : date;
}

/* The next year may be one that has no date of its own. */
static fr_date last_day(int year, bool is_iso)
{
    fr_date date = 0;
    fr_date_civil(year, 12, is_iso ? 28 : 31, &date);
    return is_iso ? date - iso_week_day(date) + 7 : date;
}

/* clock: of the day. */
static void put(char out[40], fr_date date, fr_span clock, bool is_moment, const fr_zone *zone)
{
    fr_time local = date * DAY_US + clock;
    size_t n = is_moment ? fr_time_sql(fr_zone_utc(zone, local), out) : fr_date_iso(date, out);
    out[n] = 0;
}

fr_bounds fr_bounds_of_year(fr_value v, bool is_iso, bool is_moment, const fr_zone *zone)
{
    fr_bounds out = {"", ""};
    double year = v.type == FR_VALUE_INT ? (double)v.as.i : v.type == FR_VALUE_REAL ? v.as.r : 0;
    if (year < 1)
        return out;
    if (year >= 10000) {
        out.first[0] = out.last[0] = '~'; /* behind all digits */
        return out;
    }
    put(out.first, first_day((int)year, is_iso), 0, is_moment, zone);
    put(out.last, last_day((int)year, is_iso), DAY_US - 1, is_moment, zone);
    return out;
}
