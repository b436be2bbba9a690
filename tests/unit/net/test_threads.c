/* A pool of threads, and fr_blocking on it. */
#include "pair.h"

#include <pthread.h>
#include <sched.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "net/net_int.h"
#include "net/threads.h"

/* ---- what blocks: functions that wait until the gate opens ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int inside, passed;
    bool is_open;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void gate_close(void)
{
    gate.inside = gate.passed = 0;
    gate.is_open = false;
}

static void gate_open(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.moved);
    pthread_mutex_unlock(&gate.lock);
}

static void wait_for_inside(int count)
{
    pthread_mutex_lock(&gate.lock);
    while (gate.inside < count)
        pthread_cond_wait(&gate.moved, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static fr_err pass(fr_ctx *ctx, void *argument)
{
    (void)ctx, (void)argument;
    pthread_mutex_lock(&gate.lock);
    gate.inside++;
    pthread_cond_broadcast(&gate.moved);
    while (!gate.is_open)
        pthread_cond_wait(&gate.moved, &gate.lock);
    gate.passed++;
    pthread_mutex_unlock(&gate.lock);
    return FR_OK;
}

/* ---- handlers that call them ---- */

typedef struct handler {
    fr_ctx ctx;
    fr_err (*function)(fr_ctx *ctx, void *argument);
    void *argument;
    fr_loop *loop;
    fr_arena *arena;
    uint64_t deadline_ms;
    fr_err result;
    bool is_over;
} handler;

static void handle(void *arg)
{
    handler *h = arg;
    fr_ctx_init(&h->ctx, h->arena, h->loop);
    h->ctx.deadline_ms = h->deadline_ms;
    h->result = fr_blocking(&h->ctx, h->function, h->argument);
    h->is_over = true;
}

static fr_threads *pool_new(uint32_t most, uint32_t waiting)
{
    fr_threads *pool;
    fr_threads_opts opts = {.most = most, .waiting = waiting, .name = "test"};
    assert_int_equal(fr_threads_open(&opts, &pool), FR_OK);
    return pool;
}

static fr_loop *loop_new(fr_threads *pool)
{
    fr_loop *loop = fr_loop_new(0);
    loop->blocking = pool;
    return loop;
}

static void end(fr_loop *loop)
{
    fr_threads_free(loop->blocking);
    fr_loop_free(loop);
}

static void run_until_over(handler *handlers, int count)
{
    for (int i = 0; i < count; i++)
        while (!handlers[i].is_over)
            fr_loop_run_once(handlers[i].loop, -1);
}

enum { SLEEPERS = 64 };

static size_t echo(fr_conn *conn, uint8_t *bytes, size_t n)
{
    fr_conn_write(conn, bytes, n);
    return n;
}

static void an_echo_is_answered_while_all_blocking_functions_block(void **state)
{
    (void)state;
    static const fr_proto proto = {.name = "echo", .on_data = echo, .on_close = pair_on_close};
    pair p;
    pair_open(&p, &proto);
    p.loop->blocking = pool_new(SLEEPERS, 0);
    handler handlers[SLEEPERS];
    gate_close();
    for (int i = 0; i < SLEEPERS; i++) {
        handlers[i] = (handler){.loop = p.loop, .function = pass};
        assert_int_equal(fr_fiber_start(p.loop, handle, &handlers[i]), FR_OK);
    }
    wait_for_inside(SLEEPERS);
    char answer[8];
    assert_int_equal(write(p.peer, "hello", 5), 5);
    fr_loop_run_once(p.loop, -1);
    assert_int_equal(read(p.peer, answer, sizeof answer), 5);
    for (int i = 0; i < SLEEPERS; i++)
        assert_false(handlers[i].is_over);
    gate_open();
    run_until_over(handlers, SLEEPERS);
    assert_int_equal(gate.passed, SLEEPERS);
    fr_threads *pool = p.loop->blocking;
    pair_close(&p);
    fr_threads_free(pool);
}

static fr_err fails(fr_ctx *ctx, void *argument)
{
    assert_null(ctx->loop);
    assert_null(fr_loop_current());
    fr_str text = fr_arena_printf(ctx->arena, "the other side says %d", *(int *)argument);
    return fr_fail(ctx, FR_EBACKEND, "%.*s", FR_FMT(text));
}

static void the_error_and_its_text_come_back(void **state)
{
    (void)state;
    int number = 42;
    fr_loop *loop = loop_new(pool_new(1, 1));
    fr_arena *arena = fr_arena_new(0);
    handler h = {.loop = loop, .function = fails, .argument = &number, .arena = arena};
    fr_fiber_start(loop, handle, &h);
    run_until_over(&h, 1);
    assert_int_equal(h.result, FR_EBACKEND);
    assert_str(h.ctx.detail, "the other side says 42");
    fr_arena_free(arena);
    end(loop);
}

static void past_its_bound_the_queue_refuses(void **state)
{
    (void)state;
    fr_loop *loop = loop_new(pool_new(1, 2));
    fr_arena *arena = fr_arena_new(0);
    handler handlers[4];
    gate_close();
    for (int i = 0; i < 4; i++) {
        handlers[i] = (handler){.loop = loop, .function = pass, .arena = arena};
        fr_fiber_start(loop, handle, &handlers[i]);
        wait_for_inside(1);
    }
    assert_true(handlers[3].is_over);
    assert_int_equal(handlers[3].result, FR_EBUSY);
    assert_str(handlers[3].ctx.detail, "The server is busy, try again.");
    assert_int_equal(loop->counts.limits[FR_LIMIT_BLOCKING].n, 1);
    gate_open();
    run_until_over(handlers, 3);
    assert_int_equal(gate.passed, 3);
    fr_arena_free(arena);
    end(loop);
}

static fr_err refuses_by_itself(fr_ctx *ctx, void *argument)
{
    (void)ctx, (void)argument;
    return FR_EBUSY;
}

static void a_function_that_is_busy_itself_is_no_full_queue(void **state)
{
    (void)state;
    fr_loop *loop = loop_new(pool_new(1, 1));
    handler h = {.loop = loop, .function = refuses_by_itself};
    fr_fiber_start(loop, handle, &h);
    run_until_over(&h, 1);
    assert_int_equal(h.result, FR_EBUSY);
    assert_int_equal(loop->counts.limits[FR_LIMIT_BLOCKING].n, 0);
    end(loop);
}

static void a_client_that_goes_takes_back_what_has_not_begun(void **state)
{
    (void)state;
    fr_loop *loop = loop_new(pool_new(1, 2));
    handler first = {.loop = loop, .function = pass}, second = first, third = first;
    gate_close();
    fr_fiber_start(loop, handle, &first);
    wait_for_inside(1);
    third.deadline_ms = fr_clock_ms() + 1000;
    fr_fiber_start(loop, handle, &second);
    fr_fiber_start(loop, handle, &third);
    fr_ctx_cancel(&second.ctx);
    fr_loop_run_once(loop, 0);
    assert_true(second.is_over);
    assert_int_equal(second.result, FR_ECANCELED);
    fr_test_advance_clock(1500);
    fr_loop_run_once(loop, 0);
    assert_true(third.is_over);
    assert_int_equal(third.result, FR_ETIMEOUT);
    assert_false(first.is_over);
    gate_open();
    run_until_over(&first, 1);
    assert_int_equal(gate.passed, 1);
    end(loop);
}

/* Until it is told that nobody waits any more. */
static fr_err works_in_parts(fr_ctx *ctx, void *argument)
{
    (void)argument;
    pthread_mutex_lock(&gate.lock);
    gate.inside++;
    pthread_cond_broadcast(&gate.moved);
    pthread_mutex_unlock(&gate.lock);
    while (!fr_is_canceled(ctx))
        sched_yield();
    return fr_sleep(ctx, 3600 * 1000); /* is not begun any more */
}

static void what_has_begun_is_told_and_waited_for(void **state)
{
    (void)state;
    fr_loop *loop = loop_new(pool_new(1, 1));
    handler h = {.loop = loop, .function = works_in_parts};
    gate_close();
    fr_fiber_start(loop, handle, &h);
    wait_for_inside(1);
    assert_false(fr_is_canceled(&h.ctx));
    fr_ctx_cancel(&h.ctx);
    run_until_over(&h, 1);
    assert_int_equal(h.result, FR_ECANCELED);
    end(loop);
}

static fr_err is_here(fr_ctx *ctx, void *argument)
{
    *(pthread_t *)argument = pthread_self();
    return ctx->loop ? FR_OK : FR_EINTERNAL;
}

static void without_a_pool_or_a_handler_it_runs_at_once(void **state)
{
    (void)state;
    pthread_t thread;
    fr_loop *loop = fr_loop_new(0);
    handler h = {.loop = loop, .function = is_here, .argument = &thread};
    fr_fiber_start(loop, handle, &h);
    assert_true(h.is_over);
    assert_int_equal(h.result, FR_OK);
    assert_true(pthread_equal(thread, pthread_self()));
    fr_loop_free(loop);
}

static void inside_a_transaction_it_is_refused(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, arena, NULL);
    ctx.txn = (struct fr_db_txn *)(void *)&ctx;
    assert_int_equal(fr_blocking(&ctx, pass, NULL), FR_EINVAL);
    assert_str(ctx.detail, "Inside fr_atomic only the database may be waited for.");
    fr_arena_free(arena);
}

/* ---- the pool itself ---- */

static void a_pool_ends_when_all_that_it_took_is_done(void **state)
{
    (void)state;
    fr_loop *loop = loop_new(pool_new(1, 2));
    handler handlers[3];
    gate_close();
    for (int i = 0; i < 3; i++) {
        handlers[i] = (handler){.loop = loop, .function = pass};
        fr_fiber_start(loop, handle, &handlers[i]);
        wait_for_inside(1);
    }
    assert_false(fr_threads_stop(loop->blocking, 1));
    handler late = {.loop = loop, .function = pass};
    fr_fiber_start(loop, handle, &late);
    assert_int_equal(late.result, FR_EBUSY);
    gate_open();
    run_until_over(handlers, 3);
    assert_int_equal(gate.passed, 3);
    end(loop);
}

static void threads_that_rest_go_and_come_again(void **state)
{
    (void)state;
    fr_threads *pool;
    fr_threads_opts opts = {.most = 3, .waiting = 1, .rest_ms = 1, .name = "test"};
    assert_int_equal(fr_threads_open(&opts, &pool), FR_OK);
    fr_loop *loop = loop_new(pool);
    for (int round = 1; round <= 2; round++) {
        handler handlers[3];
        gate_close();
        for (int i = 0; i < 3; i++) {
            handlers[i] = (handler){.loop = loop, .function = pass};
            fr_fiber_start(loop, handle, &handlers[i]);
        }
        wait_for_inside(3);
        gate_open();
        run_until_over(handlers, 3);
        while (fr_threads_alive(pool))
            sched_yield();
    }
    end(loop);
}

static void a_pool_opens_or_fails_whole_when_memory_is_out(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_threads *pool = NULL;
        fr_threads_opts opts = {.least = 2, .most = 2, .waiting = 1, .name = "test"};
        fr_err err = fr_threads_open(&opts, &pool);
        assert_true(err == FR_OK || err == FR_ENOMEM || err == FR_EIO);
        if (err == FR_OK)
            fr_threads_free(pool);
    }
}

FR_TESTS(threads, FR_TEST(an_echo_is_answered_while_all_blocking_functions_block),
         FR_TEST(the_error_and_its_text_come_back), FR_TEST(past_its_bound_the_queue_refuses),
         FR_TEST(a_function_that_is_busy_itself_is_no_full_queue),
         FR_TEST(a_client_that_goes_takes_back_what_has_not_begun),
         FR_TEST(what_has_begun_is_told_and_waited_for),
         FR_TEST(without_a_pool_or_a_handler_it_runs_at_once),
         FR_TEST(inside_a_transaction_it_is_refused),
         FR_TEST(a_pool_ends_when_all_that_it_took_is_done),
         FR_TEST(threads_that_rest_go_and_come_again),
         FR_TEST(a_pool_opens_or_fails_whole_when_memory_is_out))
