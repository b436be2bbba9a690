#include "rest/period.h"

#include "base/time.h"
#include "base/zone.h"

static const fr_time DAY_US = 86400 * (fr_time)1000000;

static fr_date first_of(int year, int month)
{
    fr_date date = 0;
    fr_date_civil(year, month, 1, &date);
    return date;
}

/* The first day, and the one behind the last. */
static bool days_of(fr_str word, fr_date today, fr_date *first, fr_date *end)
{
    int year, month, day;
    fr_date_split(today, &year, &month, &day);
    *first = today;
    *end = today + 1;
    if (fr_str_eq(word, FR_STR("today")))
        return true;
    if (fr_str_eq(word, FR_STR("yesterday"))) {
        *first = today - 1;
        *end = today;
        return true;
    }
    if (fr_str_eq(word, FR_STR("week"))) {
        *first = today - 7;
        return true;
    }
    if (fr_str_eq(word, FR_STR("month"))) {
        *first = first_of(year, month);
        *end = first_of(year + month / 12, month % 12 + 1);
        return true;
    }
    *first = first_of(year, 1);
    *end = first_of(year + 1, 1);
    return fr_str_eq(word, FR_STR("year"));
}

static bool put(fr_date date, bool is_moment, fr_arena *arena, fr_value *out)
{
    char text[FR_TIME_TEXT];
    size_t n = is_moment ? fr_time_sql(fr_zone_utc(fr_zone_here(), date * DAY_US), text)
                         : fr_date_iso(date, text);
    return fr_value_dup(arena, FR_VALUE_S(((fr_str){text, n})), out);
}

fr_err fr_period_find(fr_str word, bool is_moment, fr_time now, fr_arena *arena, fr_value ends[2])
{
    fr_date first, end, today = (fr_date)(now / DAY_US - (now % DAY_US < 0));
    if (!days_of(word, today, &first, &end))
        return FR_EINVAL;
    bool is_put = put(first, is_moment, arena, &ends[0]) && put(end, is_moment, arena, &ends[1]);
    return is_put ? FR_OK : FR_ENOMEM;
}
