/* See strptime.h. Of Python's directives those that the formats use (%u is its %f, micros); a blank is any white space. */
#include "rest/strptime.h"

#include <string.h>

#include "base/str.h"
#include "base/time.h"

typedef struct civil {
    int year, month, day, hour, minute, second, micros;
} civil;

/* ---- directives ---- */

static const char *const MONTHS[] = {"january",   "february", "march",    "april",
                                     "may",       "june",     "july",     "august",
                                     "september", "october",  "november", "december"};

/* min to max digits. */
static bool take_number(fr_str *left, size_t min, size_t max, int *out)
{
    size_t n = 0;
    *out = 0;
    for (; n < max && n < left->n && left->p[n] >= '0' && left->p[n] <= '9'; n++)
        *out = *out * 10 + (left->p[n] - '0');
    *left = fr_str_from(*left, n);
    return n >= min;
}

static bool take_month(fr_str *left, bool is_short, int *out)
{
    for (int i = 0; i < 12; i++) {
        size_t n = is_short ? 3 : strlen(MONTHS[i]);
        if (fr_str_eq_nocase(fr_str_sub(*left, 0, n), (fr_str){MONTHS[i], n})) {
            *left = fr_str_from(*left, n);
            *out = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_micros(fr_str *left, int *out)
{
    size_t before = left->n;
    if (!take_number(left, 1, 6, out))
        return false;
    for (size_t digits = before - left->n; digits < 6; digits++)
        *out *= 10;
    return true;
}

static bool take_short_year(fr_str *left, int *out)
{
    bool is_taken = take_number(left, 2, 2, out);
    *out += *out < 69 ? 2000 : 1900;
    return is_taken;
}

static bool take_blanks(fr_str *left)
{
    size_t pos = 0, end = 0;
    while (pos < left->n && fr_utf8_is_space(fr_utf8_next(*left, &pos)))
        end = pos;
    *left = fr_str_from(*left, end);
    return end > 0;
}

static bool take_directive(fr_str *left, char directive, civil *out)
{
    switch (directive) {
    case 'Y': return take_number(left, 4, 4, &out->year);
    case 'y': return take_short_year(left, &out->year);
    case 'm': return take_number(left, 1, 2, &out->month);
    case 'b': return take_month(left, true, &out->month);
    case 'B': return take_month(left, false, &out->month);
    case 'd': return take_number(left, 1, 2, &out->day);
    case 'H': return take_number(left, 1, 2, &out->hour);
    case 'M': return take_number(left, 1, 2, &out->minute);
    case 'S': return take_number(left, 1, 2, &out->second);
    case 'u': return take_micros(left, &out->micros);
    default: return false;
    }
}

/* The whole text has to match. */
static bool parse(fr_str text, const char *format, civil *out)
{
    *out = (civil){0};
    for (const char *p = format; *p; p++) {
        bool is_taken = false;
        if (*p == '%') {
            is_taken = take_directive(&text, *++p, out);
        } else if (*p == ' ') {
            is_taken = take_blanks(&text);
        } else if (text.n && *text.p == *p) {
            text = fr_str_from(text, 1);
            is_taken = true;
        }
        if (!is_taken)
            return false;
    }
    return !text.n;
}

/* ---- formats, in Django's order; NULL ends a list ---- */

static const char *const DATES[] = {"%Y-%m-%d",  "%m/%d/%Y", "%m/%d/%y",  "%b %d %Y",
                                    "%b %d, %Y", "%d %b %Y", "%d %b, %Y", "%B %d %Y",
                                    "%B %d, %Y", "%d %B %Y", "%d %B, %Y", NULL};
static const char *const TIMES[] = {"%H:%M:%S", "%H:%M:%S.%u", "%H:%M", NULL};
static const char *const MOMENTS[] = {"%Y-%m-%d %H:%M:%S",
                                      "%Y-%m-%d %H:%M:%S.%u",
                                      "%Y-%m-%d %H:%M",
                                      "%m/%d/%Y %H:%M:%S",
                                      "%m/%d/%Y %H:%M:%S.%u",
                                      "%m/%d/%Y %H:%M",
                                      "%m/%d/%y %H:%M:%S",
                                      "%m/%d/%y %H:%M:%S.%u",
                                      "%m/%d/%y %H:%M",
                                      "%Y-%m-%d",
                                      NULL};

/* Of a date and a time those parts that the format has; the others are of the year 1, or 0. */
static bool parse_one_of(const char *const *formats, fr_str text, fr_date *date, fr_span *clock)
{
    civil c;
    text = fr_utf8_strip(text);
    for (; *formats; formats++) {
        if (!parse(text, *formats, &c))
            continue;
        bool has_date = strchr(*formats, 'd') != NULL;
        *clock = ((c.hour * 60 + c.minute) * 60 + c.second) * (fr_span)1000000 + c.micros;
        *date = 0;
        if (c.hour < 24 && c.minute < 60 && c.second < 60 &&
            (!has_date || fr_date_civil(c.year, c.month, c.day, date)))
            return true;
    }
    return false;
}

bool fr_form_date(fr_str text, fr_date *out)
{
    fr_span clock;
    return parse_one_of(DATES, text, out, &clock);
}

bool fr_form_time(fr_str text, fr_span *out)
{
    fr_date date;
    return parse_one_of(TIMES, text, &date, out);
}

bool fr_form_datetime(fr_str text, fr_time *out)
{
    fr_date date;
    fr_span clock;
    if (!parse_one_of(MOMENTS, text, &date, &clock) && !parse_one_of(DATES, text, &date, &clock))
        return false;
    *out = date * (86400 * (fr_time)1000000) + clock;
    return true;
}
