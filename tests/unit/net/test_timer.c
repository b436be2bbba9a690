/* The timer wheel, against a plain list. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "net/net_int.h"

typedef struct alarm {
    fr_timer timer;
    fr_loop *loop;
    uint64_t want_ms; /* 0: not armed */
    int fired;
    uint64_t fired_ms;
} alarm;

static void ring(fr_timer *timer)
{
    alarm *a = FR_CONTAINER_(timer, alarm, timer);
    a->fired++;
    a->fired_ms = fr_loop_now_ms(a->loop);
    assert_true(a->want_ms && a->want_ms <= a->fired_ms); /* never early, never after cancelling */
    a->want_ms = 0;
}

static alarm alarm_of(fr_loop *loop)
{
    return (alarm){.timer.run = ring, .loop = loop};
}

static void set(alarm *a, uint64_t at_ms)
{
    a->want_ms = at_ms;
    fr_timer_set(a->loop, &a->timer, at_ms);
}

static void pass_after(fr_loop *loop, uint64_t ms)
{
    fr_test_advance_clock(ms);
    fr_loop_run_once(loop, 0);
}

static void a_timer_rings_once_at_its_time(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    alarm a = alarm_of(loop);
    assert_int_equal(fr_wheel_wait_ms_(loop), -1);
    set(&a, fr_clock_ms() + 1000);
    assert_in_range(fr_wheel_wait_ms_(loop), 1, 1100);
    pass_after(loop, 500);
    assert_int_equal(a.fired, 0);
    pass_after(loop, 600);
    assert_int_equal(a.fired, 1);
    pass_after(loop, 60000);
    assert_int_equal(a.fired, 1);
    assert_int_equal(fr_wheel_wait_ms_(loop), -1);
    fr_loop_free(loop);
}

static void moving_later_earlier_and_cancelling(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    alarm a = alarm_of(loop);
    uint64_t now_ms = fr_clock_ms();
    set(&a, now_ms + 1000);
    set(&a, now_ms + 40000);
    pass_after(loop, 2000);
    assert_int_equal(a.fired, 0);
    set(&a, now_ms + 3000);
    pass_after(loop, 2000);
    assert_int_equal(a.fired, 1);
    set(&a, fr_clock_ms() + 10);
    fr_timer_cancel(loop, &a.timer);
    fr_timer_cancel(loop, &a.timer);
    a.want_ms = 0;
    assert_int_equal(fr_wheel_wait_ms_(loop), -1);
    pass_after(loop, 1000);
    assert_int_equal(a.fired, 1);
    set(&a, fr_clock_ms() - 5); /* the past: soon */
    pass_after(loop, 16);
    assert_int_equal(a.fired, 2);
    fr_loop_free(loop);
}

static void a_timer_of_a_hundred_days_is_not_lost(void **state)
{
    (void)state;
    enum { HOUR = 3600000 };
    fr_loop *loop = fr_loop_new(0);
    alarm a = alarm_of(loop);
    set(&a, fr_clock_ms() + 2400ull * HOUR);
    for (int hours = 0; hours < 2399; hours += 7)
        pass_after(loop, 7ull * HOUR * (hours + 7 < 2399));
    assert_int_equal(a.fired, 0);
    pass_after(loop, 24ull * HOUR);
    assert_int_equal(a.fired, 1);
    fr_loop_free(loop);
}

static alarm *chain[2];
static void ring_and_change(fr_timer *timer)
{
    ring(timer);
    fr_timer_cancel(chain[0]->loop, &chain[1]->timer); /* of the same slot */
    chain[1]->want_ms = 0;
    set(chain[0], fr_clock_ms() + 20);
}

static void a_callback_may_cancel_and_arm(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    alarm a = alarm_of(loop), b = alarm_of(loop);
    a.timer.run = ring_and_change;
    chain[0] = &a;
    chain[1] = &b;
    uint64_t at_ms = fr_clock_ms() + 50;
    set(&b, at_ms);
    set(&a, at_ms); /* linked in front: runs first */
    pass_after(loop, 200);
    assert_int_equal(a.fired, 1);
    assert_int_equal(b.fired, 0);
    pass_after(loop, 50);
    assert_int_equal(a.fired, 2);
    fr_timer_cancel(loop, &a.timer);
    fr_loop_free(loop);
}

static void random_timers_ring_when_a_list_says_so(void **state)
{
    (void)state;
    enum { COUNT = 300, STEPS = 20000 };
    fr_loop *loop = fr_loop_new(0);
    alarm *alarms = calloc(COUNT, sizeof *alarms);
    assert_non_null(alarms);
    for (int i = 0; i < COUNT; i++)
        alarms[i] = alarm_of(loop);
    unsigned seed = 7;
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1664525u + 1013904223u;
        alarm *a = &alarms[(seed >> 8) % COUNT];
        unsigned span = seed >> 24 & 3;
        uint64_t far = (seed >> 10) % (span == 0   ? 100u
                                       : span == 1 ? 5000u
                                       : span == 2 ? 200000u
                                                   : 20000000u);
        switch (seed >> 28) {
        case 0:
            fr_timer_cancel(loop, &a->timer);
            a->want_ms = 0;
            break;
        case 1:
        case 2:
            pass_after(loop, far % 3000);
            for (int i = 0; i < COUNT; i++) /* none that is due by a tick is left */
                assert_true(!alarms[i].want_ms ||
                            alarms[i].want_ms + FR_TICK_MS > fr_loop_now_ms(loop));
            break;
        case 3:
            if (step % 50 == 0)
                pass_after(loop, far);
            break;
        default: set(a, fr_clock_ms() + far);
        }
        if (a->want_ms) { /* the loop does not sleep past it */
            uint64_t rest =
                a->want_ms > fr_loop_now_ms(loop) ? a->want_ms - fr_loop_now_ms(loop) : 0;
            assert_in_range(fr_wheel_wait_ms_(loop), 0, rest + 2 * FR_TICK_MS);
        }
    }
    for (int i = 0; i < COUNT; i++)
        fr_timer_cancel(loop, &alarms[i].timer);
    assert_int_equal(fr_wheel_wait_ms_(loop), -1);
    free(alarms);
    fr_loop_free(loop);
}

static void soon_is_exact_and_later_is_rounded(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    for (uint64_t ms = 1; ms < FR_WHEEL_SLOTS; ms++) {
        alarm a = alarm_of(loop);
        fr_loop_run_once(loop, 0);
        set(&a, fr_loop_now_ms(loop) + ms);
        assert_int_equal(fr_wheel_wait_ms_(loop), ms);
        fr_timer_cancel(loop, &a.timer);
    }
    alarm b = alarm_of(loop), c = alarm_of(loop);
    uint64_t at_ms = (fr_loop_now_ms(loop) + 1000) / FR_TICK_MS * FR_TICK_MS;
    set(&b, at_ms + 1);
    set(&c, at_ms + 3);
    pass_after(loop, at_ms + FR_TICK_MS - fr_clock_ms());
    assert_int_equal(b.fired + c.fired, 2);
    fr_loop_free(loop);
}

FR_TESTS(timer, FR_TEST(soon_is_exact_and_later_is_rounded),
         FR_TEST(a_timer_rings_once_at_its_time), FR_TEST(moving_later_earlier_and_cancelling),
         FR_TEST(a_timer_of_a_hundred_days_is_not_lost), FR_TEST(a_callback_may_cancel_and_arm),
         FR_TEST(random_timers_ring_when_a_list_says_so))
