/* Fields of time: dates, times of day, moments, durations. */
#include "rest/field_int.h"

#include "base/str.h"
#include "base/zone.h"
#include "rest/python_time.h"

fr_outcome fr_convert_date(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_date date;
    bool is_date = fr_is_string(r->data) && fr_py_date_parse(r->data->text, &date);
    return is_date ? fr_take_copy(r, text, fr_date_iso(date, text), out) : fr_refuse_invalid(r);
}

fr_outcome fr_convert_time(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_span clock;
    bool is_clock = fr_is_string(r->data) && fr_py_clock_parse(r->data->text, &clock);
    return is_clock ? fr_take_copy(r, text, fr_span_clock(clock, text), out) : fr_refuse_invalid(r);
}

fr_outcome fr_convert_datetime(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_py_moment moment;
    if (!fr_is_string(r->data) || !fr_py_moment_parse(r->data->text, &moment))
        return fr_refuse_invalid(r);
    fr_time time = moment.has_offset ? moment.local_us - moment.offset_us
                                     : fr_zone_utc(fr_zone_here(), moment.local_us);
    return fr_time_is_shown(time) && fr_time_is_shown(fr_zone_local(fr_zone_here(), time))
               ? fr_take_copy(r, text, fr_time_sql(time, text), out)
               : fr_refuse(r, "overflow", "Datetime value out of range.");
}

fr_outcome fr_convert_duration(fr_reading *r, fr_value *out)
{
    fr_str s;
    fr_span span;
    if (!fr_text_of(r, &s))
        return FR_FAILED;
    switch (fr_py_duration_parse(s, &span)) {
    case FR_SPAN_OK: *out = FR_VALUE_I(span); return FR_TAKEN;
    case FR_SPAN_OVERFLOW:
        return fr_refuse(r, "overflow",
                         "The number of days must be between -999999999 and 999999999.");
    case FR_SPAN_TOO_LARGE: /* Django cannot store it either, and fails */
        return fr_refuse(r, "overflow",
                         "The number of days must be between -106751991 and 106751991.");
    default: return fr_refuse_invalid(r);
    }
}
