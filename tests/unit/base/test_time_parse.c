/* The grammars of dates, times and durations. */
#include "unit.h"

#include "base/time.h"

static const int64_t SECOND = 1000000, MINUTE = 60 * 1000000ll, HOUR = 3600 * 1000000ll,
                     DAY = 86400 * 1000000ll;

static void dates_take_one_or_two_digits(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {"",           "2020",        "20-1-2",   "2020-001-2",
                                          "2020-1-2 ",  " 2020-1-2",   "2020-1-",  "2020-13-01",
                                          "2020-02-30", "0000-01-01",  "20200102", "2020/01/02",
                                          "-020-01-02", "2020-01-02T", NULL};
    fr_date date;
    assert_true(fr_date_parse(FR_STR("2020-1-2"), &date));
    assert_int_equal(date, 18263);
    assert_true(fr_date_parse(FR_STR("2020-01-02"), &date));
    assert_int_equal(date, 18263);
    assert_true(fr_date_parse(FR_STR("9999-12-31"), &date));
    for (size_t i = 0; REFUSED[i]; i++)
        assert_false(fr_date_parse(fr_str_c(REFUSED[i]), &date));
}

static void times_of_day_have_optional_seconds_and_fraction(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {
        "",       "3",    "24:00", "3:60",   "3:4:60", "3:4:", "3:4:5.", "3:4:5.1234567890123",
        "003:04", "3:4Z", "-3:04", "3:4:5 ", NULL};
    fr_span t;
    assert_true(fr_span_parse_time(FR_STR("3:4"), &t));
    assert_int_equal(t, 3 * HOUR + 4 * MINUTE);
    assert_true(fr_span_parse_time(FR_STR("03:04:05.0001"), &t));
    assert_int_equal(t, 3 * HOUR + 4 * MINUTE + 5 * SECOND + 100);
    assert_true(fr_span_parse_time(FR_STR("23:59:59,999999999999"), &t));
    assert_int_equal(t, DAY - 1);
    for (size_t i = 0; REFUSED[i]; i++)
        assert_false(fr_span_parse_time(fr_str_c(REFUSED[i]), &t));
}

static void datetimes_come_with_and_without_an_offset(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } CASES[] = {{"2020-01-02T03:04:05Z", 1577934245},
                 {"2020-1-2 3:4:5", 1577934245},
                 {"2020-01-02T03:04", 1577934240},
                 {"2020-01-02T03:04:05+02:00", 1577927045},
                 {"2020-01-02T03:04:05-0130", 1577939645},
                 {"2020-01-02T03:04:05+02", 1577927045},
                 {"1969-12-31T23:59:59Z", -1},
                 {"2020-01-02T03:04:05+23:59", 1577847905},
                 {"9999-12-31T23:59:59Z", 253402300799},
                 {"0001-01-01T00:00:00", -62135596800}};
    fr_time t;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_true(fr_time_parse(fr_str_c(CASES[i].text), &t));
        assert_int_equal(t, CASES[i].seconds * SECOND);
    }
    assert_true(fr_time_parse(FR_STR("2020-01-02T03:04:05.678Z"), &t));
    assert_int_equal(t, 1577934245678000);
}

static void other_datetimes_are_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {"",
                                          "2020-01-02",
                                          "2020-01-02T",
                                          "2020-01-02t03:04",
                                          "2020-01-02  03:04",
                                          "2020-01-02T03",
                                          "2020-01-02T03:04z",
                                          "2020-01-02T03:04+2",
                                          "2020-01-02T03:04+24:00",
                                          "2020-01-02T03:04+02:0",
                                          "2020-01-02T03:04+02:",
                                          "2020-01-02T03:04+02:000",
                                          "2020-02-30T03:04",
                                          "2020-01-02T25:04",
                                          "0001-01-01T00:00+00:01",
                                          "9999-12-31T23:59-00:01",
                                          NULL};
    fr_time t;
    for (size_t i = 0; REFUSED[i]; i++)
        assert_false(fr_time_parse(fr_str_c(REFUSED[i]), &t));
}

static void durations_come_in_three_grammars(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } CASES[] = {
        {"30", 30000000},
        {"15:30", 930000000},
        {"1:15:30", 4530000000},
        {"100:00:00", 360000000000},
        {"1 02:03:04.5", 93784500000},
        {"4 15:30", 346530000000},
        {"1 day, 0:00:01", 86401000000},
        {"2 days, 1", 172801000000},
        {"-1 00:00:01", -86399000000},
        {"-15:30", -930000000},
        {"-4 15:30", -344670000000},
        {"-1.5", -1500000},
        {"1,000001", 1000001},
        {"15:30.1234567", 930123456},
        {"P1DT2H", 93600000000},
        {"P4D", 345600000000},
        {"PT5S", 5000000},
        {"PT0.000005S", 5},
        {"PT1,5M", 90000000},
        {"P0.5DT1.5H", 48600000000},
        {"-PT1H", -3600000000},
        {"+PT1H", 3600000000},
        {"P", 0},
        {"3 days 02:03:04.05", 266584050000},
        {"1 day", 86400000000},
        {"-2 days -00:00:01", -172801000000},
        {"+01:00:00", 3600000000},
        {"1 day 01:00:00", 90000000000},
        {"", 0},
    };
    fr_span t;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (!fr_span_parse(fr_str_c(CASES[i].text), &t) || t != CASES[i].us)
            fail_msg("\"%s\"", CASES[i].text);
}

static void other_durations_are_refused(void **state)
{
    (void)state;
    static const char *const REFUSED[] = {"a",
                                          "1 ",
                                          "1:2:3:4",
                                          "1.",
                                          "1.a",
                                          "P1",
                                          "PT1",
                                          "P1H",
                                          "PT1S1H",
                                          "1 week",
                                          "1 day 1",
                                          "days",
                                          "--1",
                                          "1 2 3",
                                          "P1.D",
                                          "PT1S ",
                                          "1 day 1:00:0",
                                          "106751992 00:00:00",
                                          "99999999999999999999",
                                          "P99999999999999D",
                                          "2562047789:00:00",
                                          "-",
                                          NULL};
    fr_span t;
    for (size_t i = 0; REFUSED[i]; i++)
        if (fr_span_parse(fr_str_c(REFUSED[i]), &t))
            fail_msg("\"%s\" gives %lld", REFUSED[i], (long long)t);
}

FR_TESTS(time_parse, FR_TEST(dates_take_one_or_two_digits),
         FR_TEST(times_of_day_have_optional_seconds_and_fraction),
         FR_TEST(datetimes_come_with_and_without_an_offset), FR_TEST(other_datetimes_are_refused),
         FR_TEST(durations_come_in_three_grammars), FR_TEST(other_durations_are_refused))
