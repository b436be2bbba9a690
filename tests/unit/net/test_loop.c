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

/* ---- long work ---- */

enum { SLICE_MS = FR_PASS_MS + 1 };

/* Work in parts, each of which takes longer than a pass may. */
static struct {
    fr_pass_hook hook;
    fr_loop *loop;
    int left, done;
    int hurried; /* parts that are urgent */
} work;

static void work_a_part(fr_pass_hook *h)
{
    fr_test_advance_clock(SLICE_MS);
    work.done++;
    if (--work.left)
        fr_loop_in_slices(work.loop, h);
    if (work.hurried && --work.hurried)
        fr_loop_hurry(work.loop, h);
}

static void begin_work(fr_loop *loop, int parts)
{
    memset(&work, 0, sizeof work);
    work.hook.run = work_a_part;
    work.loop = loop;
    work.left = parts;
    fr_loop_in_slices(loop, &work.hook);
    fr_loop_in_slices(loop, &work.hook); /* armed already: once */
}

static void answer(pair *p)
{
    fr_conn_write(p->conn, "a", 1);
}

static void long_work_leaves_others_their_turn(void **state)
{
    (void)state;
    pair p;
    char room[8];
    pair_open(&p, &pair_proto);
    p.then = answer;
    begin_work(p.loop, 5);
    for (int pass = 1; pass <= 3; pass++) {
        pair_say(&p, "?");
        assert_int_equal(work.done, pass);
        assert_str(pair_hear(&p, room, sizeof room, NULL), "a");
    }
    fr_loop_run_once(p.loop, -1); /* does not sleep while some is left */
    fr_loop_run_once(p.loop, -1);
    assert_int_equal(work.done, 5);
    assert_false(fr_loop_has_rest_(p.loop));
    assert_true(p.loop->counts.longest_us.n >= SLICE_MS * 1000);
    pair_close(&p);
}

static int slices;
static void slice_without_end(fr_pass_hook *h)
{
    slices++;
    fr_loop_in_slices(work.loop, h);
}

static void urgent_work_goes_on_until_it_is_not(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    begin_work(p.loop, 9);
    work.hurried = 6;
    fr_loop_hurry(p.loop, &work.hook);
    fr_pass_hook other = {.run = slice_without_end};
    slices = 0;
    fr_loop_in_slices(p.loop, &other);
    pair_pass(&p);
    assert_int_equal(work.done, 6);
    assert_int_equal(slices, 1); /* it is not urgent */
    pair_pass(&p);
    assert_int_equal(work.done, 7);
    assert_int_equal(slices, 2);
    pair_close(&p);
}

/* ---- much output ---- */

enum { CHUNK = 200, MANY = CHUNK + CHUNK / 2 }; /* more than a quarter more */

static struct {
    pair first;         /* has the loop */
    fr_backend backend; /* the loop's, but for the chunk */
    fr_conn *conns[MANY];
    int peers[MANY];
    int heard[MANY];
} many;

static size_t many_ignore(fr_conn *conn, uint8_t *bytes, size_t n)
{
    (void)conn, (void)bytes;
    return n;
}

static void many_closed(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
}

static const fr_proto many_proto = {
    .name = "many", .on_data = many_ignore, .on_close = many_closed};

static void open_many(void)
{
    memset(&many, 0, sizeof many);
    pair_open(&many.first, &pair_proto);
    many.backend = *many.first.loop->backend;
    many.backend.chunk = CHUNK;
    many.first.loop->backend = &many.backend;
    for (int i = 0; i < MANY; i++) {
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
                         0);
        assert_int_equal(fr_loop_adopt(many.first.loop, fds[0], &many_proto, NULL, &many.conns[i]),
                         FR_OK);
        many.peers[i] = fds[1];
    }
}

static void close_many(void)
{
    pair_close(&many.first);
    for (int i = 0; i < MANY; i++)
        close(many.peers[i]);
}

static int hear_many(void)
{
    char room[8];
    int sum = 0;
    for (int i = 0; i < MANY; i++) {
        ssize_t n = read(many.peers[i], room, sizeof room);
        many.heard[i] += n > 0 ? (int)n : 0;
        sum += many.heard[i];
    }
    return sum;
}

static void write_to_all(fr_pass_hook *h)
{
    (void)h;
    fr_test_advance_clock(SLICE_MS);
    for (int i = 0; i < MANY; i++)
        if (many.conns[i])
            assert_int_equal(fr_conn_write(many.conns[i], "m", 1), FR_OK);
}

static void answer_late(pair *p)
{
    answer(p);
    fr_test_advance_clock(SLICE_MS);
}

static void output_that_takes_too_long_is_left_behind_new_answers(void **state)
{
    (void)state;
    open_many();
    char room[8];
    fr_pass_hook all = {.run = write_to_all};
    many.first.then = answer_late;
    fr_loop_at_pass_end(many.first.loop, &all);
    pair_pass(&many.first);
    assert_int_equal(hear_many(), CHUNK);
    assert_true(fr_loop_has_rest_(many.first.loop));
    /* One that waits, and one that does not any more, close meanwhile. */
    for (int i = 0, closed = 0; i < MANY && closed < 2; i++)
        if (many.heard[i] == (closed == 0)) {
            fr_conn_close(many.conns[i], FR_OK);
            many.conns[i] = NULL;
            closed++;
        }
    pair_say(&many.first, "?");
    assert_str(pair_hear(&many.first, room, sizeof room, NULL), "a");
    assert_int_equal(hear_many(), MANY - 1);
    assert_false(fr_loop_has_rest_(many.first.loop));
    for (int i = 0; i < MANY; i++)
        assert_int_equal(many.heard[i], many.conns[i] || many.heard[i]);
    close_many();
}

/* Each pass marks all of them anew, and has time for a chunk. */
static void no_output_is_put_off_for_ever(void **state)
{
    (void)state;
    open_many();
    fr_pass_hook all = {.run = write_to_all};
    for (int pass = 0; pass < 10; pass++) {
        fr_loop_at_pass_end(many.first.loop, &all);
        pair_pass(&many.first);
    }
    hear_many();
    for (int i = 0; i < MANY; i++)
        assert_in_range(many.heard[i], 8, 10);
    close_many();
}

/* The same with many chunks of them: those in the middle have their turn too. */
static void no_output_waits_behind_what_comes_later_again_and_again(void **state)
{
    (void)state;
    open_many();
    many.backend.chunk = MANY / 15;
    fr_pass_hook all = {.run = write_to_all};
    for (int pass = 0; pass < 3 * 15; pass++) {
        fr_loop_at_pass_end(many.first.loop, &all);
        pair_pass(&many.first);
    }
    hear_many();
    for (int i = 0; i < MANY; i++)
        assert_in_range(many.heard[i], 2, 3 * 15);
    close_many();
}

/* Each stands there once, and knows where. */
static void check_dirty(const fr_loop *loop)
{
    for (uint32_t i = 0; i < loop->dirty.count; i++)
        assert_int_equal(loop->dirty.list[i]->dirty_slot, i + 1);
}

static void drained_one_writes(fr_conn *conn)
{
    fr_conn_write(conn, "d", 1);
}

static void drained_one_closes(fr_conn *conn)
{
    fr_conn_close(conn, FR_OK);
}

/* How many of these bytes have come to one. */
static int count_heard(int i, char what)
{
    char room[4096];
    int count = 0;
    for (ssize_t n; (n = read(many.peers[i], room, sizeof room)) > 0;)
        for (ssize_t at = 0; at < n; at++)
            count += room[at] == what;
    return count;
}

/* One of many takes nothing; what is written to it then is left to a later pass. Before that comes, it takes all. */
static void drain_while_output_is_left(void (*on_drain)(fr_conn *conn))
{
    enum { SLOW = MANY / 2 };
    static const char bytes[64 * 1024];
    open_many();
    many.backend.chunk = MANY / 15;
    fr_proto proto = many_proto;
    proto.on_drain = on_drain;
    fr_conn *slow = many.conns[SLOW];
    fr_conn_set_proto(slow, &proto, NULL);
    while (!fr_conn_is_blocked(slow)) {
        assert_int_equal(fr_conn_write(slow, bytes, sizeof bytes), FR_OK);
        pair_pass(&many.first);
    }
    fr_pass_hook all = {.run = write_to_all};
    fr_loop_at_pass_end(many.first.loop, &all);
    pair_pass(&many.first);
    assert_int_equal(count_heard(SLOW, 'm'), 0);
    many.first.then = answer_late; /* there is no time in this pass either */
    pair_say(&many.first, "?");
    check_dirty(many.first.loop);
    for (int pass = 0; pass < 30; pass++)
        pair_pass(&many.first);
    assert_false(fr_loop_has_rest_(many.first.loop));
    assert_int_equal(count_heard(SLOW, 'd'), on_drain == drained_one_writes);
    close_many();
}

static void a_blocked_one_may_drain_while_its_output_is_left(void **state)
{
    (void)state;
    drain_while_output_is_left(drained_one_writes);
}

static void a_blocked_one_may_close_while_its_output_is_left(void **state)
{
    (void)state;
    drain_while_output_is_left(drained_one_closes);
}

static void write_much_and_close(pair *p)
{
    static char bytes[300 * 1024];
    assert_int_equal(fr_conn_write(p->conn, bytes, sizeof bytes), FR_OK);
    fr_conn_close(p->conn, FR_OK);
}

static void much_output_that_is_dropped_does_not_hold_up_events(void **state)
{
    (void)state;
    open_many();
    many.first.then = write_much_and_close;
    pair other = {.loop = many.first.loop, .consume = SIZE_MAX};
    fr_conn_set_proto(many.conns[0], &pair_proto, &other);
    pair_say(&many.first, "?");
    assert_int_equal(write(many.peers[0], "x", 1), 1);
    pair_pass(&many.first);
    pair_pass(&many.first);
    assert_int_equal(other.calls, 1);
    close_many();
}

FR_TESTS(loop, FR_TEST(a_pass_runs_data_timers_tasks_fibers_hooks_then_sends),
         FR_TEST(a_hook_that_arms_itself_does_not_hold_the_loop),
         FR_TEST(what_a_hook_starts_still_leaves_in_this_pass),
         FR_TEST(slots_are_freed_with_their_loop),
         FR_TEST(much_output_ends_the_pass_but_loses_no_event),
         FR_TEST(long_work_leaves_others_their_turn), FR_TEST(urgent_work_goes_on_until_it_is_not),
         FR_TEST(output_that_takes_too_long_is_left_behind_new_answers),
         FR_TEST(no_output_is_put_off_for_ever),
         FR_TEST(no_output_waits_behind_what_comes_later_again_and_again),
         FR_TEST(a_blocked_one_may_drain_while_its_output_is_left),
         FR_TEST(a_blocked_one_may_close_while_its_output_is_left),
         FR_TEST(much_output_that_is_dropped_does_not_hold_up_events))
