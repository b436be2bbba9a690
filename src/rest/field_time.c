/* Fields of time: dates, times of day, moments, durations. */
#include "rest/field_int.h"

#include <string.h>

#include "base/str.h"
#include "base/time.h"

fr_outcome fr_convert_date(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_date date;
    bool is_date = fr_is_string(r->data) && fr_date_parse(r->data->text, &date);
    return is_date ? fr_take_copy(r, text, fr_date_iso(date, text), out) : fr_refuse_invalid(r);
}

/* The index behind at most `max` digits at s.p[i]. */
static size_t skip_digits(fr_str s, size_t i, size_t max)
{
    size_t end = i;
    while (end < s.n && end - i < max && s.p[end] >= '0' && s.p[end] <= '9')
        end++;
    return end;
}

/* The part of a text that looks like a time of day. Django 3.2 does not look at what follows: "10:11:12Z" is 10:11:12. */
static fr_str clock_part(fr_str s)
{
    size_t end = skip_digits(s, 0, 2), next;
    for (int part = 0; part < 2 && end < s.n && s.p[end] == ':'; part++, end = next)
        if ((next = skip_digits(s, end + 1, 2)) == end + 1)
            return fr_str_sub(s, 0, end);
    if (end < s.n && (s.p[end] == '.' || s.p[end] == ',') &&
        (next = skip_digits(s, end + 1, 12)) > end + 1)
        end = next;
    return fr_str_sub(s, 0, end);
}

fr_outcome fr_convert_time(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_span clock;
    bool is_clock = fr_is_string(r->data) && fr_span_parse_time(clock_part(r->data->text), &clock);
    return is_clock ? fr_take_copy(r, text, fr_span_clock(clock, text), out) : fr_refuse_invalid(r);
}

/* "+02", "+0200" or "+02:00", as behind any other moment. */
static bool is_offset(fr_str s)
{
    static const fr_str MOMENT = {"2000-01-01T00:00", 16};
    char text[24];
    fr_time time;
    if (s.n > sizeof text - 16)
        return false;
    memcpy(text, MOMENT.p, MOMENT.n);
    memcpy(text + MOMENT.n, s.p, s.n);
    return fr_time_parse((fr_str){text, MOMENT.n + s.n}, &time);
}

/* Whether s is a moment whose offset leads past the years 1 to 9999. */
static bool is_out_of_range(fr_str s)
{
    fr_time time;
    size_t end = s.n;
    while (end > 16 && s.p[end - 1] != '+' && s.p[end - 1] != '-')
        end--;
    return end > 16 && fr_time_parse(fr_str_sub(s, 0, end - 1), &time) &&
           is_offset(fr_str_from(s, end - 1));
}

fr_outcome fr_convert_datetime(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_time time;
    if (!fr_is_string(r->data))
        return fr_refuse_invalid(r);
    if (fr_time_parse(r->data->text, &time))
        return fr_take_copy(r, text, fr_time_sql(time, text), out);
    return is_out_of_range(r->data->text) ? fr_refuse(r, "overflow", "Datetime value out of range.")
                                          : fr_refuse_invalid(r);
}

fr_outcome fr_convert_duration(fr_reading *r, fr_value *out)
{
    fr_str s;
    fr_span span;
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    if (!fr_span_parse(s, &span))
        return fr_refuse_invalid(r);
    *out = FR_VALUE_I(span);
    return FR_TAKEN;
}
