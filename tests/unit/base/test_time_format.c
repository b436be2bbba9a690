/* Formats of dates and times. The cases are what Python's strptime and strftime say. */
#include "base/time_format.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "unit.h"

/* says: "" is a text of another form. */
static const struct {
    const char *text, *format, *says;
} READ[] = {
    {"05.01.2024 10:11", "%d.%m.%Y %H:%M", "2024-01-05 10:11:00.000000"},
    {"1122020", "%d%m%Y", "2020-02-11 00:00:00.000000"},
    {"112020", "%d%m%Y", "2020-01-01 00:00:00.000000"},
    {"5 JAN 2024", "%d %b %Y", "2024-01-05 00:00:00.000000"},
    {"5  january  24", "%d %B %y", "2024-01-05 00:00:00.000000"},
    {"  ", "%d", ""},
    {"12:30 pm", "%I:%M %p", "1900-01-01 12:30:00.000000"},
    {"12:30 AM", "%I:%M %p", "1900-01-01 00:30:00.000000"},
    {"3:05", "%H:%M", "1900-01-01 03:05:00.000000"},
    {"2024 366", "%Y %j", "2024-12-31 00:00:00.000000"},
    {"2023 366", "%Y %j", "2024-01-01 00:00:00.000000"},
    {"10:11:60", "%H:%M:%S", ""},
    {"1.5", "%S.%f", "1900-01-01 00:00:01.500000"},
    {"2024-01-05 10:11 +0130", "%Y-%m-%d %H:%M %z", "2024-01-05 10:11:00.000000 5400"},
    {"2024-01-05 10:11 -01:30:15", "%Y-%m-%d %H:%M %z", "2024-01-05 10:11:00.000000 -5415"},
    {"2024-01-05 10:11 Z", "%Y-%m-%d %H:%M %z", "2024-01-05 10:11:00.000000 0"},
    {"29.02", "%d.%m", ""},
    {"m 5", "%%m %d", ""},
    {"% 5", "%% %d", "1900-01-05 00:00:00.000000"},
    {" 5", " %d", "1900-01-05 00:00:00.000000"},
    {"x 5", "X %d", "1900-01-05 00:00:00.000000"},
    {"x   5", "X %d", "1900-01-05 00:00:00.000000"},
    {"x  15", "X %d", "1900-01-15 00:00:00.000000"},
    {"69", "%y", "1969-01-01 00:00:00.000000"},
    {"68", "%y", "2068-01-01 00:00:00.000000"},
    {"Fri 5", "%a %d", "1900-01-05 00:00:00.000000"},
    {"5x", "%d", ""},
    {"0000", "%Y", ""},
    {"2024-02-30", "%Y-%m-%d", ""},
    {"24:00", "%H:%M", ""},
    {"1:2:3", "%H:%M:%S", "1900-01-01 01:02:03.000000"},
    {"111", "%d%m", "1900-01-11 00:00:00.000000"},
    {"311", "%d%m", "1900-01-31 00:00:00.000000"},
    {"3113", "%d%m%H", "1900-01-31 03:00:00.000000"},
    {"2024-1-5T", "%Y-%m-%d", ""},
    {"+1", "%d", ""},
    {"10 +2400", "%H %z", ""},
    {"10 +2359", "%H %z", "1900-01-01 10:00:00.000000 86340"},
    {"10 pm", "%H %p", "1900-01-01 10:00:00.000000"},
    {"1900060", "%Y%j", "1900-03-01 00:00:00.000000"},
    {"", "%d", ""},
    {"5", "%d.%m", ""},
    {"Sunday", "%A", "1900-01-01 00:00:00.000000"},
    {"3 4", "%w %d", "1900-01-04 00:00:00.000000"},
    {"10 +01", "%H %z", ""},
};

static void a_text_is_read_as_pythons_strptime_reads_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof READ / sizeof *READ; i++) {
        fr_civil c;
        char said[64] = "";
        fr_str format = fr_str_c(READ[i].format);
        assert_true(fr_time_format_check(format, true));
        if (fr_time_format_read(fr_str_c(READ[i].text), format, &c)) {
            int n = snprintf(said, sizeof said, "%04d-%02d-%02d %02d:%02d:%02d.%06d", c.year,
                             c.month, c.day, c.hour, c.minute, c.second, c.micros);
            if (c.has_offset)
                snprintf(said + n, sizeof said - (size_t)n, " %d", (int)(c.offset_us / 1000000));
        }
        if (strcmp(said, READ[i].says) != 0)
            fail_msg("%s by %s: %s, not %s", READ[i].text, READ[i].format, said, READ[i].says);
    }
}

/* 2024-01-05 03:04:05.000678 */
static const struct {
    const char *format, *says;
} WRITTEN[] = {
    {"%d.%m.%Y %H:%M", "05.01.2024 03:04"},
    {"%-d.%-m.%y", "5.1.24"},
    {"%A %B %d", "Friday January 05"},
    {"%a %b %e", "Fri Jan  5"},
    {"%f %%", "000678 %"},
    {"%I %p %j %U %w %u %V", "03 AM 005 00 5 5 01"},
    {"%G-W%V-%u", "2024-W01-5"},
    {"%c", "Fri Jan  5 03:04:05 2024"},
    {"%x %X", "01/05/24 03:04:05"},
    {"%D %F %T %R", "01/05/24 2024-01-05 03:04:05 03:04"},
    {"[%_H]", "[ 3]"},
    {"%^a", "FRI"},
};

static void written(const char *format, const fr_civil *c, const char *says)
{
    fr_buf out;
    fr_buf_init(&out);
    assert_true(fr_time_format_check(fr_str_c(format), false));
    fr_time_format_put(&out, fr_str_c(format), c);
    fr_buf_put_char(&out, '\0');
    assert_string_equal(out.p, says);
    fr_buf_deinit(&out);
}

static void a_moment_is_written_as_pythons_strftime_writes_it(void **state)
{
    (void)state;
    const fr_civil c = {2024, 1, 5, 3, 4, 5, 678, false, 0};
    for (size_t i = 0; i < sizeof WRITTEN / sizeof *WRITTEN; i++)
        written(WRITTEN[i].format, &c, WRITTEN[i].says);
}

static void an_offset_is_written_with_as_many_parts_as_it_has(void **state)
{
    (void)state;
    fr_civil c = {2024, 1, 5, 3, 4, 5, 0, true, INT64_C(3600000000)};
    written("%z", &c, "+0100");
    written("%:z", &c, "+01:00");
    c.offset_us = -INT64_C(3208000000);
    written("%z %:z", &c, "-005328 -00:53:28");
    c.has_offset = false;
    written("[%z]", &c, "[]");
    c.year = 5;
    written("%Y", &c, "0005");
}

static void a_format_with_an_unknown_directive_is_none(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"%d %", "%Q", "%Z", "%s", "%Ed", "day"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        assert_false(fr_time_format_check(fr_str_c(WRONG[i]), true));
        assert_false(fr_time_format_check(fr_str_c(WRONG[i]), false));
    }
    assert_false(fr_time_format_check(FR_STR("%d %d"), true));
    assert_true(fr_time_format_check(FR_STR("%d %d"), false));
    assert_false(fr_time_format_check(FR_STR("%U"), true));
    assert_false(fr_time_format_check(FR_STR("%-d"), true));
}

static void a_moment_is_the_same_behind_its_parts(void **state)
{
    (void)state;
    static const int64_t MOMENTS[] = {0, -1, 1704424245000678, -62135596800000000};
    for (size_t i = 0; i < sizeof MOMENTS / sizeof *MOMENTS; i++) {
        fr_civil c = fr_civil_of(MOMENTS[i]);
        int64_t back;
        assert_true(fr_civil_us(&c, &back));
        assert_int_equal(back, MOMENTS[i]);
    }
}

FR_TESTS(time_format, FR_TEST(a_text_is_read_as_pythons_strptime_reads_it),
         FR_TEST(a_moment_is_written_as_pythons_strftime_writes_it),
         FR_TEST(an_offset_is_written_with_as_many_parts_as_it_has),
         FR_TEST(a_format_with_an_unknown_directive_is_none),
         FR_TEST(a_moment_is_the_same_behind_its_parts))
