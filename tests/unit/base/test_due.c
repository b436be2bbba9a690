/* Lines of the log that clients bring about. */
#include "unit.h"

#include <stdio.h>

#include "base/due.h"
#include "base/str.h"

static int set_up(void **state)
{
    (void)state;
    fr_log_due_reset();
    return 0;
}

static bool is_due(const char *cause, uint64_t now_ms)
{
    uint64_t times;
    return fr_log_is_due("test.event", fr_str_c(cause), now_ms, &times);
}

static void a_cause_is_told_once_a_minute_and_how_often_it_came(void **state)
{
    (void)state;
    uint64_t times;
    assert_true(fr_log_is_due("test.event", FR_STR("a"), 1000, &times));
    assert_int_equal(times, 1);
    for (int i = 0; i < 10; i++)
        assert_false(is_due("a", 1000 + (uint64_t)i));
    assert_false(is_due("a", 60999));
    assert_true(fr_log_is_due("test.event", FR_STR("a"), 61000, &times));
    assert_int_equal(times, 12);
    assert_false(is_due("a", 61000));
}

static void each_cause_and_each_event_has_its_own_minute(void **state)
{
    (void)state;
    assert_true(is_due("a", 1000));
    assert_true(is_due("b", 1000));
    assert_true(fr_log_is_due("test.other", FR_STR("a"), 1000, NULL));
    assert_false(is_due("a", 1001));
    assert_false(fr_log_is_due("test.other", FR_STR("a"), 1001, NULL));
}

static void causes_that_are_made_up_are_bounded(void **state)
{
    (void)state;
    char cause[32];
    int told = 0;
    for (int i = 0; i < 10000; i++) {
        snprintf(cause, sizeof cause, "made up %d", i);
        told += is_due(cause, 1000);
    }
    assert_int_equal(told, 16);
    assert_false(is_due("real", 60999));
    assert_true(fr_log_is_due("test.other", FR_STR("real"), 1000,
                              NULL)); /* the event's bound, not the log's */
    assert_true(is_due("real", 61000));
}

FR_TESTS(due, cmocka_unit_test_setup(a_cause_is_told_once_a_minute_and_how_often_it_came, set_up),
         cmocka_unit_test_setup(each_cause_and_each_event_has_its_own_minute, set_up),
         cmocka_unit_test_setup(causes_that_are_made_up_are_bounded, set_up))
