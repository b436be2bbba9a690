/* The calendar, the texts of times, and the clocks. */
#include "unit.h"

#include <time.h>

#include "base/time.h"

static void every_day_of_ten_thousand_years_splits_and_joins(void **state)
{
    (void)state;
    fr_date expected;
    assert_true(fr_date_civil(1, 1, 1, &expected));
    assert_int_equal(expected, -719162);
    int last_year = 0, last_month = 0, last_day = 0;
    for (;; expected++) {
        int year, month, day;
        fr_date back;
        fr_date_split(expected, &year, &month, &day);
        if (year == 10000)
            break;
        assert_true(fr_date_civil(year, month, day, &back));
        assert_int_equal(back, expected);
        bool is_next = (year == last_year && month == last_month && day == last_day + 1) ||
                       (day == 1 && year == last_year && month == last_month + 1) ||
                       (day == 1 && month == 1 && year == last_year + 1);
        assert_true(is_next);
        last_year = year;
        last_month = month;
        last_day = day;
    }
    assert_int_equal(expected, 2932897);
}

static void days_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const int REFUSED[][3] = {{0, 1, 1},     {10000, 1, 1}, {2020, 0, 1},  {2020, 13, 1},
                                     {2020, 1, 0},  {2020, 1, 32}, {2020, 4, 31}, {2021, 2, 29},
                                     {1900, 2, 29}, {2000, 2, 30}};
    fr_date date;
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        assert_false(fr_date_civil(REFUSED[i][0], REFUSED[i][1], REFUSED[i][2], &date));
    assert_true(fr_date_civil(2000, 2, 29, &date));
    assert_int_equal(date, 11016);
}

typedef size_t format(int64_t t, char *out);

static void check_format(format *f, int64_t t, const char *expected)
{
    char text[FR_TIME_TEXT];
    assert_str(((fr_str){text, f(t, text)}), expected);
}

static void times_are_spelled_as_drf_and_django_do(void **state)
{
    (void)state;
    check_format(fr_time_iso, 0, "1970-01-01T00:00:00Z");
    check_format(fr_time_iso, 1577930645678000, "2020-01-02T02:04:05.678000Z");
    check_format(fr_time_iso, -1, "1969-12-31T23:59:59.999999Z");
    check_format(fr_time_sql, 1577930645678000, "2020-01-02 02:04:05.678000");
    check_format(fr_time_sql, 1577930645000000, "2020-01-02 02:04:05");
    check_format(fr_time_iso, INT64_MAX, "294247-01-10T04:00:54.775807Z");
    check_format(fr_time_iso, INT64_MIN, "-290308-12-21T19:59:05.224192Z");
    char text[FR_TIME_TEXT];
    assert_str(((fr_str){text, fr_date_iso(-719162, text)}), "0001-01-01");
}

static void spans_are_spelled_as_drf_does(void **state)
{
    (void)state;
    check_format(fr_span_clock, 0, "00:00:00");
    check_format(fr_span_clock, 11045000100, "03:04:05.000100");
    check_format(fr_span_text, 93784500000, "1 02:03:04.500000");
    check_format(fr_span_text, -1000000, "-1 23:59:59");
    check_format(fr_span_text, -86399000000, "-1 00:00:01");
    check_format(fr_span_text, 3600000000, "01:00:00");
    check_format(fr_span_text, INT64_MIN, "-106751992 19:59:05.224192");
}

static void http_dates_are_written_and_read(void **state)
{
    (void)state;
    fr_time t;
    check_format(fr_time_http, 784111777000000, "Sun, 06 Nov 1994 08:49:37 GMT");
    check_format(fr_time_http, 0, "Thu, 01 Jan 1970 00:00:00 GMT");
    check_format(fr_time_http, -1000000, "Wed, 31 Dec 1969 23:59:59 GMT");
    assert_true(fr_time_parse_http(FR_STR("Sun, 06 Nov 1994 08:49:37 GMT"), &t));
    assert_true(t == 784111777000000);
    assert_true(fr_time_parse_http(FR_STR("Sunday, 06-Nov-94 08:49:37 GMT"), &t));
    assert_true(t == 784111777000000);
    assert_true(fr_time_parse_http(FR_STR("Sun Nov  6 08:49:37 1994"), &t));
    assert_true(t == 784111777000000);
    assert_true(fr_time_parse_http(FR_STR("Wed Dec 31 23:59:59 1969"), &t));
    assert_true(t == -1000000);
}

static void other_http_dates_are_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {"",
                                          "Su",
                                          "Sunday",
                                          "Sunnday, 06-Nov-94 08:49:37 GMT",
                                          "Sunday, 06-Nov-1994 08:49:37 GMT",
                                          "Sunday, 31-Nov-94 08:49:37 GMT",
                                          "Sun, 06-Nov-94 08:49:37 GMT",
                                          "Sun Nov 6 08:49:37 1994",
                                          "Sun Nov  0 08:49:37 1994",
                                          "Sun Nov  6 08:49:37 19 4",
                                          "Sun, 06 Nov 1994 08:49:37 UTC",
                                          "Sun, 31 Nov 1994 08:49:37 GMT",
                                          "Sun, 06 Foo 1994 08:49:37 GMT",
                                          "Foo, 06 Nov 1994 08:49:37 GMT",
                                          "Sun, 06 Nov 1994 24:49:37 GMT",
                                          "Sun, 06 Nov 1994 08:49:60 GMT",
                                          "Sun, 6 Nov 1994 08:49:37 GMT "};
    fr_time t;
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        assert_false(fr_time_parse_http(fr_str_c(REFUSED[i]), &t));
}

static void the_clocks_go_forward(void **state)
{
    (void)state;
    uint64_t before = fr_mono_ns();
    assert_true(fr_mono_ns() >= before);
    fr_time now = fr_time_now();
    assert_true(now > 1700000000000000);
    assert_true(now - (fr_time)time(NULL) * 1000000 < 2000000);
}

FR_TESTS(time, FR_TEST(every_day_of_ten_thousand_years_splits_and_joins),
         FR_TEST(days_that_do_not_exist_are_refused),
         FR_TEST(times_are_spelled_as_drf_and_django_do), FR_TEST(spans_are_spelled_as_drf_does),
         FR_TEST(http_dates_are_written_and_read), FR_TEST(other_http_dates_are_refused),
         FR_TEST(the_clocks_go_forward))
