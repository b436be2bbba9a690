/* A handler that holds its loop is told with its name, once a minute. */
#include "logged.h"

#include "net/net_int.h"

typedef struct work {
    fr_loop *loop;
    fr_str name;
    uint64_t ms; /* so long it holds the loop, by the tests' clock, twice */
    fr_ctx ctx;
} work;

static void holds(void *arg)
{
    work *w = arg;
    fr_fiber_name(NULL, &w->name);
    fr_test_advance_clock(w->ms);
    fr_ctx_init(&w->ctx, NULL, w->loop);
    fr_wait_turn(&w->ctx);
    fr_test_advance_clock(w->ms);
}

static void run(work *w)
{
    fr_loop_run_once(w->loop, 0);
    assert_int_equal(fr_fiber_start(w->loop, holds, w), FR_OK);
    fr_loop_run_once(w->loop, 0);
    fr_loop_run_once(w->loop, 0);
}

static void a_handler_that_holds_its_loop_is_told_once_a_minute(void **state)
{
    (void)state;
    work slow = {.loop = fr_loop_new(0), .name = FR_STR("reports/<int:pk>/"), .ms = 150};
    work quick = {.loop = slow.loop, .name = FR_STR("notes/"), .ms = 40};
    log_begin();
    run(&quick);
    assert_int_equal(log_count("handler.held"), 0);
    run(&slow); /* before it waits, and after */
    assert_int_equal(log_count("handler.held route=reports/<int:pk>/ ms=1"), 1);
    run(&slow);
    assert_int_equal(log_count("handler.held"), 0);
    fr_test_advance_clock(60 * 1000);
    run(&slow);
    assert_int_equal(log_count("handler.held"), 1);
    log_end();
    fr_loop_free(slow.loop);
}

static void each_handler_has_its_own_minute(void **state)
{
    (void)state;
    work works[] = {{.name = FR_STR("a/"), .ms = 150}, {.name = FR_STR("b/"), .ms = 150}};
    fr_loop *loop = fr_loop_new(0);
    log_begin();
    for (int i = 0; i < 4; i++) {
        works[i % 2].loop = loop;
        run(&works[i % 2]);
    }
    assert_int_equal(log_count("handler.held route="), 2);
    log_end();
    fr_loop_free(loop);
}

FR_TESTS(held, FR_TEST(a_handler_that_holds_its_loop_is_told_once_a_minute),
         FR_TEST(each_handler_has_its_own_minute))
