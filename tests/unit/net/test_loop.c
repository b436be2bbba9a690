/* The pass: its order, its hooks, its slots. */
#include "pair.h"

#include "base/alloc.h"
#include "net/net_int.h"

static char trace[64];
static void note(char c)
{
    size_t n = strlen(trace);
    trace[n] = c;
    trace[n + 1] = 0;
}

static pair *shared;
static void hook_ran(fr_pass_hook *hook)
{
    (void)hook;
    note('h');
    fr_conn_write(shared->conn, "h", 1);
}
static fr_pass_hook hook = {.run = hook_ran};

static void fiber_ran(void *arg)
{
    (void)arg;
    note('f');
}
static void in_fiber(void *arg)
{
    fr_fiber_start(arg, fiber_ran, NULL); /* from a fiber: later in the pass */
}
static void task_ran(fr_task *task)
{
    (void)task;
    note('t');
    fr_fiber_start(shared->loop, in_fiber, shared->loop);
}
static fr_task task = {.run = task_ran};

static void timer_ran(fr_timer *timer)
{
    (void)timer;
    note('a');
}
static void data_came(pair *p)
{
    char room[8];
    note('d');
    fr_loop_at_pass_end(p->loop, &hook);
    fr_loop_at_pass_end(p->loop, &hook); /* armed already: once */
    fr_conn_write(p->conn, "d", 1);
    assert_int_equal(pair_hear(p, room, sizeof room, NULL).n, 0);
}

static void a_pass_runs_data_timers_tasks_fibers_hooks_then_sends(void **state)
{
    (void)state;
    pair p;
    char room[8];
    pair_open(&p, &pair_proto);
    shared = &p;
    trace[0] = 0;
    p.then = data_came;
    fr_timer timer = {.run = timer_ran};
    fr_timer_set(p.loop, &timer, fr_clock_ms());
    fr_test_advance_clock(20);
    fr_loop_post(p.loop, &task);
    pair_say(&p, "x");
    assert_string_equal(trace, "datfh");
    assert_str(pair_hear(&p, room, sizeof room, NULL), "dh");
    assert_false(hook.is_armed);
    pair_close(&p);
}

static int rounds;
static void arm_again(fr_pass_hook *self)
{
    rounds++;
    fr_loop_at_pass_end(shared->loop, self);
}

static void a_hook_that_arms_itself_does_not_hold_the_loop(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    shared = &p;
    rounds = 0;
    fr_pass_hook again = {.run = arm_again};
    fr_loop_at_pass_end(p.loop, &again);
    pair_pass(&p);
    assert_in_range(rounds, 1, 100);
    int before = rounds;
    fr_loop_run_once(p.loop, -1); /* does not sleep while one is armed */
    assert_true(rounds > before);
    pair_close(&p);
}

static void fiber_that_writes(void *arg)
{
    (void)arg;
    fr_conn_write(shared->conn, "fiber", 5);
}
static void hook_starts_a_fiber(fr_pass_hook *self)
{
    (void)self;
    fr_fiber_start(shared->loop, fiber_that_writes, NULL);
}

static void what_a_hook_starts_still_leaves_in_this_pass(void **state)
{
    (void)state;
    pair p;
    char room[8];
    pair_open(&p, &pair_proto);
    shared = &p;
    fr_pass_hook starter = {.run = hook_starts_a_fiber};
    fr_loop_at_pass_end(p.loop, &starter);
    pair_pass(&p);
    assert_str(pair_hear(&p, room, sizeof room, NULL), "fiber");
    pair_close(&p);
}

static void free_slot(void *value)
{
    assert_non_null(fr_loop_current());
    ++*(int *)value;
}

static void slots_are_freed_with_their_loop(void **state)
{
    (void)state;
    int freed = 0;
    fr_loop *loop = fr_loop_new(3);
    assert_int_equal(fr_loop_index(loop), 3);
    assert_null(fr_loop_current());
    assert_null(fr_loop_slot_get(loop, FR_SLOT_TEST));
    fr_loop_slot_set(loop, FR_SLOT_TEST, &freed, free_slot);
    assert_ptr_equal(fr_loop_slot_get(loop, FR_SLOT_TEST), &freed);
    fr_loop_free(loop);
    assert_int_equal(freed, 1);
}

static void much_output_ends_the_pass_but_loses_no_event(void **state)
{
    (void)state;
    enum { COUNT = 40, BYTES = 16 * 1024 };
    static char bytes[BYTES];
    static pair pairs[COUNT];
    fr_loop *loop = fr_loop_new(0);
    for (int i = 0; i < COUNT; i++) {
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        pairs[i] = (pair){.loop = loop, .peer = fds[1], .consume = SIZE_MAX};
        assert_int_equal(fr_loop_adopt(loop, fds[0], &pair_proto, &pairs[i], &pairs[i].conn),
                         FR_OK);
        assert_int_equal(write(fds[1], "x", 1), 1);
    }
    for (int pass = 0; pass < 4; pass++) {
        for (int i = 0; i < COUNT; i++)
            pairs[i].then = NULL;
        fr_loop_run_once(loop, 0);
    }
    size_t got = 0, calls = 0;
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(fr_conn_write(pairs[i].conn, bytes, BYTES), FR_OK);
        calls += pairs[i].calls;
    }
    assert_int_equal(calls, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(write(pairs[i].peer, "y", 1), 1);
    fr_loop_run_once(loop, 0); /* 640 KiB wait to be sent: events come after that */
    fr_loop_run_once(loop, 0);
    for (int i = 0; i < COUNT; i++) {
        ssize_t n = read(pairs[i].peer, bytes, BYTES);
        got += n > 0 ? (size_t)n : 0;
        assert_int_equal(pairs[i].calls, 2);
        close(pairs[i].peer);
    }
    assert_int_equal(got, COUNT * BYTES);
    fr_loop_free(loop);
}

FR_TESTS(loop, FR_TEST(a_pass_runs_data_timers_tasks_fibers_hooks_then_sends),
         FR_TEST(a_hook_that_arms_itself_does_not_hold_the_loop),
         FR_TEST(what_a_hook_starts_still_leaves_in_this_pass),
         FR_TEST(slots_are_freed_with_their_loop),
         FR_TEST(much_output_ends_the_pass_but_loses_no_event))
