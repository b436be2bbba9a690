/*
 * Any text as a date, a time, a moment, a duration and a UUID, as Python and Django read them. What is taken is in range, and
 * its ISO text is read as the same again; no text is read past its end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "check.h"
#include "rest/python.h"
#include "rest/python_time.h"

static void read_date(fr_str s)
{
    char text[FR_TIME_TEXT];
    fr_date date, again;
    int year, month, day;
    if (!fr_py_date_parse(s, &date))
        return;
    fr_date_split(date, &year, &month, &day);
    check(year >= 1 && year <= 9999);
    fr_str iso = {text, fr_date_iso(date, text)};
    check(fr_py_date_parse(iso, &again) && again == date);
}

static void read_clock(fr_str s)
{
    char text[FR_TIME_TEXT];
    fr_span clock, again;
    if (!fr_py_clock_parse(s, &clock))
        return;
    check(clock >= 0 && clock < INT64_C(86400000000));
    fr_str iso = {text, fr_span_clock(clock, text)};
    check(fr_py_clock_parse(iso, &again) && again == clock);
}

static void read_moment(fr_str s)
{
    char text[FR_TIME_TEXT];
    fr_py_moment moment, again;
    if (!fr_py_moment_parse(s, &moment))
        return;
    check(moment.has_offset || moment.offset_us == 0);
    check(moment.offset_us > INT64_C(-86400000000) && moment.offset_us < INT64_C(86400000000));
    fr_time time = moment.local_us - moment.offset_us;
    if (!fr_time_is_shown(time))
        return;
    fr_str iso = {text, fr_time_iso(time, text)};
    check(fr_py_moment_parse(iso, &again) && again.has_offset && again.local_us == time);
}

static void read_duration(fr_str s)
{
    char text[FR_TIME_TEXT];
    fr_span span, again;
    if (fr_py_duration_parse(s, &span) != FR_SPAN_OK)
        return;
    fr_str spelled = {text, fr_span_text(span, text)};
    check(fr_py_duration_parse(spelled, &again) == FR_SPAN_OK && again == span);
}

static void read_uuid(fr_str s)
{
    char text[FR_TIME_TEXT];
    fr_uuid uuid, again;
    if (!fr_py_uuid(s, &uuid))
        return;
    fr_str spelled = {text, fr_uuid_text(uuid, text)};
    check(fr_py_uuid(spelled, &again) && memcmp(&uuid, &again, sizeof uuid) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy =
        malloc(size ? size : 1); /* of its own length, so that a byte read behind it is seen */
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    fr_str s = {copy, size};
    read_date(s);
    read_clock(s);
    read_moment(s);
    read_duration(s);
    read_uuid(s);
    free(copy);
    return 0;
}
