/* Fields of time: dates, times of day, moments, durations. */
#include "rest/field_int.h"

#include "base/str.h"
#include "base/time_format.h"
#include "base/time_int.h"
#include "base/zone.h"
#include "model/spelling.h"
#include "rest/python_time.h"

/* ---- formats of one field ---- */

static bool read_iso(fr_kind kind, fr_str text, fr_py_moment *out)
{
    fr_date date;
    *out = (fr_py_moment){0};
    if (kind == FR_KIND_DATETIME)
        return fr_py_moment_parse(text, out);
    if (kind == FR_KIND_TIME)
        return fr_py_clock_parse(text, &out->local_us);
    if (!fr_py_date_parse(text, &date))
        return false;
    out->local_us = date * FR_DAY_US;
    return true;
}

static bool read_formatted(fr_str text, fr_str format, fr_py_moment *out)
{
    fr_civil civil;
    if (!fr_time_format_read(text, format, &civil))
        return false;
    *out = (fr_py_moment){.has_offset = civil.has_offset, .offset_us = civil.offset_us};
    return fr_civil_us(&civil, &out->local_us);
}

/* By the first of the field's formats that the text has. */
static bool read_text(const fr_reading *r, fr_py_moment *out)
{
    fr_str rest = fr_str_c(r->field->input_formats), format;
    if (!fr_is_string(r->data))
        return false;
    if (!rest.n)
        return read_iso(r->field->kind, r->data->text, out);
    while (fr_input_format_next(&rest, &format))
        if (fr_format_is_iso(format) ? read_iso(r->field->kind, r->data->text, out)
                                     : read_formatted(r->data->text, format, out))
            return true;
    return false;
}

/* ---- what is said of another form: the formats in DRF's letters ---- */

static const struct {
    char directive;
    const char *letters;
} LETTERS[] = {{'Y', "YYYY"},
               {'y', "YY"},
               {'m', "MM"},
               {'b', "[Jan-Dec]"},
               {'B', "[January-December]"},
               {'d', "DD"},
               {'H', "hh"},
               {'I', "hh"},
               {'M', "mm"},
               {'S', "ss"},
               {'f', "uuuuuu"},
               {'a', "[Mon-Sun]"},
               {'A', "[Monday-Sunday]"},
               {'p', "[AM|PM]"},
               {'z', "[+HHMM|-HHMM]"}};

static const char *letters_of(char directive)
{
    for (size_t i = 0; i < sizeof LETTERS / sizeof *LETTERS; i++)
        if (LETTERS[i].directive == directive)
            return LETTERS[i].letters;
    return NULL;
}

static void put_letters(fr_buf *out, fr_str format)
{
    for (size_t i = 0; i < format.n; i++) {
        const char *letters =
            format.p[i] == '%' && i + 1 < format.n ? letters_of(format.p[i + 1]) : NULL;
        if (letters) {
            fr_buf_put(out, fr_str_c(letters));
            i++;
        } else {
            fr_buf_put_char(out, format.p[i]);
        }
    }
}

/* "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.", with the field's own behind the colon. */
static fr_outcome refuse_form(fr_reading *r)
{
    fr_str usual = fr_str_c(fr_field_invalid_text(r->field));
    size_t start = fr_str_find(usual, FR_STR("instead: ")) + sizeof "instead: " - 1;
    fr_str iso = fr_str_sub(usual, start, usual.n - start - 1), rest, format;
    if (!r->field->input_formats)
        return fr_refuse_invalid(r);
    rest = fr_str_c(r->field->input_formats);
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_put(&text, fr_str_sub(usual, 0, start));
    for (bool is_first = true; fr_input_format_next(&rest, &format); is_first = false) {
        fr_buf_put(&text, is_first ? FR_STR("") : FR_STR(", "));
        if (fr_str_eq(format, FR_STR("iso-8601")))
            fr_buf_put(&text, iso);
        else
            put_letters(&text, format);
    }
    fr_buf_put_char(&text, '.');
    bool has_failed = text.has_failed;
    fr_reading_say(r, "invalid", fr_buf_str(&text));
    fr_buf_deinit(&text);
    return has_failed ? fr_failed(r, FR_ENOMEM) : FR_REFUSED;
}

/* ---- kinds ---- */

fr_outcome fr_convert_date(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_py_moment m;
    if (!read_text(r, &m))
        return refuse_form(r);
    int64_t clock = (m.local_us % FR_DAY_US + FR_DAY_US) % FR_DAY_US;
    fr_date date = (fr_date)((m.local_us - clock) / FR_DAY_US);
    return fr_take_copy(r, text, fr_date_iso(date, text), out);
}

fr_outcome fr_convert_time(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_py_moment m;
    if (!read_text(r, &m))
        return refuse_form(r);
    fr_span clock = (m.local_us % FR_DAY_US + FR_DAY_US) % FR_DAY_US;
    return fr_take_copy(r, text, fr_span_clock(clock, text), out);
}

fr_outcome fr_convert_datetime(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_py_moment moment;
    if (!read_text(r, &moment))
        return refuse_form(r);
    const fr_zone *zone = fr_field_zone(r->field);
    fr_time time =
        moment.has_offset ? moment.local_us - moment.offset_us : fr_zone_utc(zone, moment.local_us);
    if (!fr_time_is_shown(time) || !fr_time_is_shown(fr_zone_local(zone, time)))
        return fr_refuse(r, "overflow", "Datetime value out of range.");
    r->ahead = moment.has_offset ? fr_zone_offset(zone, time)
                                 : (int32_t)((moment.local_us - time) / FR_SECOND_US);
    return fr_take_copy(r, text, fr_time_sql(time, text), out);
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
