/* Fibers: starting, suspending, the ready list, the loop's stack, the pool. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/zone.h"
#include "net/fiber.h"
#include "net/net_int.h"

static char trace[64];
static void note(char c)
{
    size_t n = strlen(trace);
    trace[n] = c;
    trace[n + 1] = 0;
}

static fr_fiber *held;
static void hold(void *arg)
{
    (void)arg;
    note('1');
    held = fr_fiber_current();
    fr_fiber_suspend();
    note('2');
    fr_fiber_suspend();
    note('3');
}

static void a_fiber_runs_until_it_suspends_and_goes_on_when_resumed(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    trace[0] = 0;
    assert_null(fr_fiber_current());
    assert_int_equal(fr_fiber_start(loop, hold, NULL), FR_OK);
    assert_null(fr_fiber_current());
    note('a');
    fr_fiber_resume(held);
    note('b');
    assert_int_equal(loop->fibers.used, 1);
    fr_fiber_resume(held);
    assert_string_equal(trace, "1a2b3");
    assert_int_equal(loop->fibers.used, 0);
    assert_int_equal(loop->fibers.pool_count, 1);
    fr_loop_free(loop);
}

static const fr_zone *seen[4];
static fr_fiber *zoned[2];

static void uses_a_zone(void *arg)
{
    const fr_zone *zone = arg;
    size_t i = zoned[0] != NULL;
    zoned[i] = fr_fiber_current();
    fr_fiber_use_zone(zone);
    fr_fiber_suspend();
    seen[i] = fr_zone_here();
}

static void looks_at_its_zone(void *arg)
{
    seen[2] = fr_zone_here();
    (void)arg;
}

static void a_fiber_keeps_the_time_zone_that_it_uses(void **state)
{
    (void)state;
    char error[256];
    const fr_zone *berlin, *kolkata;
    assert_int_equal(fr_zone_named(FR_STR("Europe/Berlin"), &berlin, error), FR_OK);
    assert_int_equal(fr_zone_named(FR_STR("Asia/Kolkata"), &kolkata, error), FR_OK);
    fr_loop *loop = fr_loop_new(0);
    zoned[0] = zoned[1] = NULL;
    fr_fiber_start(loop, uses_a_zone, (void *)berlin);
    fr_fiber_start(loop, uses_a_zone, (void *)kolkata);
    assert_null(fr_zone_here());
    fr_fiber_resume(zoned[0]);
    fr_fiber_resume(zoned[1]);
    assert_true(seen[0] == berlin && seen[1] == kolkata);
    assert_null(fr_zone_here());
    seen[2] = berlin;
    fr_fiber_start(loop, looks_at_its_zone, NULL); /* on one of the pool's */
    assert_null(seen[2]);
    fr_loop_free(loop);
}

static void second(void *arg)
{
    (void)arg;
    note('s');
}
static void first(void *arg)
{
    note('f');
    fr_fiber_start(arg, second, NULL);
    fr_fiber_resume(held);
    note('g');
}

static void within_a_fiber_others_wait_for_the_pass(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    fr_fiber_start(loop, hold, NULL);
    trace[0] = 0;
    fr_fiber_start(loop, first, loop);
    assert_string_equal(trace, "fg");
    fr_fiber_resume(held); /* it is in the list already: its turn comes */
    assert_string_equal(trace, "fg");
    fr_loop_run_once(loop, -1);
    assert_string_equal(trace, "fgs2");
    fr_fiber_resume(held);
    fr_loop_free(loop);
}

static uintptr_t stack_of_call;
static void on_loop(void *arg)
{
    int here;
    stack_of_call = (uintptr_t)&here;
    assert_null(fr_fiber_current());
    note('l');
    fr_fiber_start(arg, second, NULL); /* at once: this is the loop's stack */
}
static void asks(void *arg)
{
    int here;
    fr_fiber *self = fr_fiber_current();
    fr_fiber_on_loop_stack(on_loop, arg);
    note('r');
    assert_ptr_equal(fr_fiber_current(), self);
    uintptr_t distance = (uintptr_t)&here > stack_of_call ? (uintptr_t)&here - stack_of_call
                                                          : stack_of_call - (uintptr_t)&here;
    assert_true(distance > FR_FIBER_STACK_BYTES);
}

static void a_fiber_may_call_on_the_loops_stack(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    trace[0] = 0;
    fr_fiber_start(loop, asks, loop);
    assert_string_equal(trace, "lsr");
    trace[0] = 0;
    fr_fiber_on_loop_stack(on_loop, loop); /* outside a fiber: a plain call */
    assert_string_equal(trace, "ls");
    fr_loop_free(loop);
}

static unsigned deep(unsigned depth)
{
    volatile char room[1000];
    memset((char *)room, (int)depth, sizeof room);
    return depth ? deep(depth - 1) + (unsigned)room[depth % sizeof room] : 0;
}
static void goes_deep(void *arg)
{
    *(unsigned *)arg = deep(40) + 1;
}

static void forty_kilobytes_of_stack_are_fine(void **state)
{
    (void)state;
    unsigned result = 0;
    fr_loop *loop = fr_loop_new(0);
    fr_fiber_start(loop, goes_deep, &result);
    assert_true(result);
    fr_loop_free(loop);
}

static fr_fiber *crowd[FR_FIBERS_MAX];
static int crowd_count;
static double sum;
static void stand(void *arg)
{
    int number = crowd_count;
    double x = (double)number; /* kept in a register or on the stack: both must survive */
    crowd[crowd_count++] = fr_fiber_current();
    fr_fiber_suspend();
    assert_ptr_equal(crowd[number], fr_fiber_current());
    sum += x + *(double *)arg;
}

static void ten_thousand_fibers_and_not_one_more(void **state)
{
    (void)state;
    double half = 0.5;
    fr_loop *loop = fr_loop_new(0);
    crowd_count = 0;
    sum = 0;
    fr_err err;
    while ((err = fr_fiber_start(loop, stand, &half)) == FR_OK)
        ;
    assert_int_equal(err, FR_EBUSY);
    int count = crowd_count;
    assert_int_equal(count, FR_FIBERS_HERE_);
    for (int i = 0; i < count; i++)
        fr_fiber_resume(crowd[i]);
    assert_true(sum == (count - 1.0) * count / 2 + count * 0.5);
    assert_int_equal(loop->fibers.pool_count, count);
    for (int second_ = 0; second_ < 30; second_++) { /* what nobody needs is given back */
        fr_test_advance_clock(1100);
        fr_loop_run_once(loop, 0);
    }
    assert_in_range(loop->fibers.pool_count, 1, 64);
    assert_int_equal(fr_fiber_start(loop, second, NULL), FR_OK);
    fr_loop_free(loop);
}

FR_TESTS(fiber, FR_TEST(a_fiber_runs_until_it_suspends_and_goes_on_when_resumed),
         FR_TEST(a_fiber_keeps_the_time_zone_that_it_uses),
         FR_TEST(within_a_fiber_others_wait_for_the_pass),
         FR_TEST(a_fiber_may_call_on_the_loops_stack), FR_TEST(forty_kilobytes_of_stack_are_fine),
         FR_TEST(ten_thousand_fibers_and_not_one_more))
