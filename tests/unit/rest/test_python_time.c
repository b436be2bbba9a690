/* Dates and times as CPython and Django read them: each text of the recorded table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "rest/python_time.h"
#include "unit.h"

#include "python_times.h"

static void read_as(char kind, fr_str s, char *out, size_t room)
{
    static const char *const FAULTS[] = {"", "-", "over", "large"};
    int64_t value = 0;
    fr_date date = 0;
    fr_py_moment moment;
    fr_span_result result = FR_SPAN_OK;
    if (kind == 'm' && fr_py_moment_parse(s, &moment)) {
        snprintf(out, room, "%" PRId64 " %d %" PRId64, moment.local_us, moment.has_offset,
                 moment.offset_us);
        return;
    }
    switch (kind) {
    case 'd':
        result = fr_py_date_parse(s, &date) ? FR_SPAN_OK : FR_SPAN_BAD;
        value = date;
        break;
    case 't': result = fr_py_clock_parse(s, &value) ? FR_SPAN_OK : FR_SPAN_BAD; break;
    case 'u': result = fr_py_duration_parse(s, &value); break;
    default: result = FR_SPAN_BAD; break;
    }
    if (result)
        snprintf(out, room, "%s", FAULTS[result]);
    else
        snprintf(out, room, "%" PRId64, value);
}

static void dates_and_times_are_read_as_cpython_reads_them(void **state)
{
    (void)state;
    char got[80];
    for (size_t i = 0; i < sizeof PYTHON_TIMES / sizeof *PYTHON_TIMES; i++) {
        read_as(PYTHON_TIMES[i].kind, (fr_str){PYTHON_TIMES[i].text, PYTHON_TIMES[i].n}, got,
                sizeof got);
        if (strcmp(got, PYTHON_TIMES[i].read))
            fail_msg("%c \"%s\": %s, and not %s", PYTHON_TIMES[i].kind, PYTHON_TIMES[i].text, got,
                     PYTHON_TIMES[i].read);
    }
}

static void digits_without_end_are_read_as_far_as_they_mean_something(void **state)
{
    (void)state;
    static char digits[5000];
    memset(digits, '1', sizeof digits);
    fr_date date;
    fr_span span;
    fr_py_moment moment;
    for (size_t n = 101; n < sizeof digits; n += 101) {
        fr_str s = {digits, n};
        assert_false(fr_py_date_parse(s, &date));
        assert_true(fr_py_clock_parse(s, &span)); /* behind six digits come those of a fraction */
        assert_int_equal(span, (11 * 3600 + 11 * 60 + 11) * INT64_C(1000000) + 111111);
        assert_true(fr_py_moment_parse(s, &moment)); /* any character parts a date and a time */
        assert_true(fr_py_duration_parse(s, &span) != FR_SPAN_OK);
    }
}

FR_TESTS(python_time, FR_TEST(dates_and_times_are_read_as_cpython_reads_them),
         FR_TEST(digits_without_end_are_read_as_far_as_they_mean_something))
