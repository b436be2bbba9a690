/* fr_spawn, fr_after, fr_every. */
#include "unit.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "net/errand.h"
#include "net/net_int.h"

/* ---- a handler, and what it starts ---- */

typedef struct log {
    char text[64]; /* a letter for each thing that happened */
    size_t n;
    fr_err result; /* of the function, each time */
    fr_ctx *ctx;   /* of the last one */
} log;
static log seen;

static void note(char c)
{
    if (seen.n < sizeof seen.text - 1)
        seen.text[seen.n++] = c;
    seen.text[seen.n] = '\0';
}

static fr_err runs(fr_ctx *ctx, void *argument)
{
    note(*(const char *)argument);
    seen.ctx = ctx;
    return seen.result;
}

static fr_err sleeps(fr_ctx *ctx, void *argument)
{
    note(*(const char *)argument);
    fr_err err = fr_sleep(ctx, 1000);
    note(err == FR_OK ? '.' : err == FR_ECANCELED ? '!' : '?');
    return err;
}

typedef struct handler {
    fr_loop *loop;
    fr_ctx ctx;
    fr_arena *arena;
    void (*run)(fr_ctx *ctx);
} handler;

static void handle(void *arg)
{
    handler *h = arg;
    h->run(&h->ctx);
    note('h');
}

/* Run a handler on a fiber of a new loop. */
static handler *begin(void (*run)(fr_ctx *ctx))
{
    static handler h;
    h = (handler){.loop = fr_loop_new(0), .arena = fr_arena_new(0), .run = run};
    assert_non_null(h.loop);
    fr_ctx_init(&h.ctx, h.arena, h.loop);
    h.ctx.db = (struct fr_db *)(void *)&h; /* handed on */
    memset(&seen, 0, sizeof seen);
    assert_int_equal(fr_fiber_start(h.loop, handle, &h), FR_OK);
    return &h;
}

static void pass(handler *h, uint64_t ms)
{
    fr_test_advance_clock(ms);
    fr_loop_run_once(h->loop, 0);
}

static void end(handler *h)
{
    fr_loop_free(h->loop);
    fr_arena_free(h->arena);
}

/* ---- fr_spawn ---- */

static void spawns(fr_ctx *ctx)
{
    assert_int_equal(fr_spawn(ctx, runs, "s"), FR_OK);
}

static void what_is_spawned_runs_beside_its_handler(void **state)
{
    (void)state;
    handler *h = begin(spawns);
    pass(h, 0);
    assert_string_equal(seen.text, "hs");
    assert_int_equal(h->loop->errands.count, 0);
    assert_int_equal(fr_fibers_used_(h->loop), 0);
    end(h);
}

static fr_err looks_at_its_context(fr_ctx *ctx, void *argument)
{
    handler *h = argument;
    assert_ptr_equal(ctx->loop, h->loop);
    assert_ptr_equal(ctx->db, h->ctx.db);
    assert_ptr_equal(ctx->fiber, fr_fiber_current());
    assert_ptr_not_equal(ctx->arena, h->arena);
    note('c');
    return FR_OK;
}

static void spawns_with_a_look(fr_ctx *ctx)
{
    assert_int_equal(fr_spawn(ctx, looks_at_its_context, (handler *)(void *)ctx->db), FR_OK);
}

static void it_has_a_context_and_memory_of_its_own(void **state)
{
    (void)state;
    handler *h = begin(spawns_with_a_look);
    pass(h, 0);
    assert_string_equal(seen.text, "hc");
    end(h);
}

static void spawns_too_many(fr_ctx *ctx)
{
    uint32_t count = 0;
    while (fr_spawn(ctx, sleeps, "s") == FR_OK)
        count++;
    assert_int_equal(count, ctx->loop->errands.running);
    assert_str(ctx->detail, "The server is busy, try again.");
}

static void past_its_bound_fr_spawn_refuses(void **state)
{
    (void)state;
    handler *h = begin(spawns_too_many);
    pass(h, 0);
    if ((int)FR_FIBERS_HERE_ > (int)FR_ERRANDS_RUNNING) /* else it is these that are out */
        assert_int_equal(fr_errands_running_(h->loop), FR_ERRANDS_RUNNING);
    assert_int_equal(h->loop->counts.limits[FR_LIMIT_BACKGROUND].n, 1);
    pass(h, 1100);
    pass(h, 0);
    assert_int_equal(fr_errands_running_(h->loop), 0);
    end(h);
}

static void spawns_with_memory_of_its_own(fr_ctx *ctx)
{
    char on_stack = 's';
    assert_int_equal(fr_spawn(ctx, runs, &on_stack), FR_EINTERNAL);
    assert_str(ctx->detail,
               "fr_spawn(runs): its argument is memory that ends with this handler; malloc it, "
               "and have the function free it.");
    assert_int_equal(fr_after(ctx, 1, runs, fr_arena_alloc(ctx->arena, 1)), FR_EINTERNAL);
    assert_int_equal(fr_every(ctx, 1, runs, fr_arena_alloc(ctx->arena, 100 * 1000)), FR_EINTERNAL);
    assert_int_equal(fr_every(ctx, 0, runs, "e"), FR_EINVAL);
}

static void an_argument_that_ends_with_the_handler_is_refused(void **state)
{
    (void)state;
    handler *h = begin(spawns_with_memory_of_its_own);
    pass(h, 10);
    assert_string_equal(seen.text, "h");
    end(h);
}

static void where_there_is_no_server_it_is_refused(void **state)
{
    (void)state;
    fr_ctx ctx;
    fr_ctx_init(&ctx, NULL, NULL);
    assert_int_equal(fr_spawn(&ctx, runs, "s"), FR_EINVAL);
    handler *h = begin(spawns);
    pass(h, 0);
    h->ctx.txn = (struct fr_db_txn *)(void *)h;
    assert_int_equal(fr_after(&h->ctx, 1, runs, "a"), FR_EINVAL);
    end(h);
}

/* ---- fr_after and fr_every ---- */

static void puts_off(fr_ctx *ctx)
{
    assert_int_equal(fr_after(ctx, 2000, runs, "b"), FR_OK);
    assert_int_equal(fr_after(ctx, 1000, runs, "a"), FR_OK);
}

static void what_is_put_off_runs_at_its_time_and_once(void **state)
{
    (void)state;
    handler *h = begin(puts_off);
    pass(h, 900);
    assert_string_equal(seen.text, "h");
    pass(h, 110);
    assert_string_equal(seen.text, "ha");
    pass(h, 1000);
    pass(h, 5000);
    assert_string_equal(seen.text, "hab");
    assert_int_equal(h->loop->errands.count, 0);
    end(h);
}

static void repeats(fr_ctx *ctx)
{
    assert_int_equal(fr_every(ctx, 1000, runs, "e"), FR_OK);
}

static void a_series_goes_on_after_an_error_and_ends_when_it_says_so(void **state)
{
    (void)state;
    handler *h = begin(repeats);
    pass(h, 1010);
    seen.result = FR_EBACKEND;
    pass(h, 1000);
    seen.result = FR_ECANCELED;
    pass(h, 1000);
    pass(h, 1000);
    assert_string_equal(seen.text, "heee");
    assert_int_equal(h->loop->errands.count, 0);
    end(h);
}

static void times_that_were_missed_are_left_out(void **state)
{
    (void)state;
    handler *h = begin(repeats);
    pass(h, 10 * 1000);
    pass(h, 0);
    assert_string_equal(seen.text, "he");
    pass(h, 1010);
    assert_string_equal(seen.text, "hee");
    end(h);
}

static void repeats_slowly(fr_ctx *ctx)
{
    assert_int_equal(fr_every(ctx, 300, sleeps, "s"), FR_OK);
}

static void a_series_never_runs_beside_itself(void **state)
{
    (void)state;
    handler *h = begin(repeats_slowly);
    for (int i = 0; i < 4; i++)
        pass(h, 310);
    assert_string_equal(seen.text, "hs"); /* it sleeps for a second */
    pass(h, 310);
    pass(h, 310);
    assert_string_equal(seen.text, "hs.s");
    fr_errands_cancel_(h->loop);
    h->loop->is_draining = true;
    pass(h, 0);
    assert_string_equal(seen.text, "hs.s!");
    assert_int_equal(h->loop->errands.count, 0);
    end(h);
}

static void puts_off_too_many(fr_ctx *ctx)
{
    for (int i = 0; i < FR_ERRANDS_MAX; i++)
        assert_int_equal(fr_after(ctx, 1000, runs, "a"), FR_OK);
    assert_int_equal(fr_after(ctx, 1000, runs, "a"), FR_EBUSY);
}

static void what_waits_is_bounded_and_given_up_at_the_end(void **state)
{
    (void)state;
    handler *h = begin(puts_off_too_many);
    fr_errands_drain_(h->loop);
    assert_int_equal(h->loop->errands.count, 0);
    pass(h, 2000);
    assert_string_equal(seen.text, "h");
    h->loop->is_draining = true;
    assert_int_equal(fr_after(&h->ctx, 1, runs, "a"), FR_EBUSY);
    assert_str(h->ctx.detail, "The server is stopping.");
    end(h);
}

static void tries_all(fr_ctx *ctx)
{
    seen.result = fr_spawn(ctx, runs, "s");
    seen.result = fr_after(ctx, 1000, runs, "a");
    seen.result = FR_OK;
}

static void without_memory_it_is_refused_or_done_later(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        size_t left = fr_test_fail_alloc(0);
        handler *h = begin(repeats); /* its own memory is there */
        fr_test_fail_alloc(left);
        h->run = tries_all;
        assert_in_range(fr_fiber_start(h->loop, handle, h), FR_OK, FR_ERR_COUNT_);
        pass(h, 1010);
        pass(h, 20);
        left = fr_test_fail_alloc(0);
        end(h);
        fr_test_fail_alloc(left);
    }
}

FR_TESTS(errand, FR_TEST(what_is_spawned_runs_beside_its_handler),
         FR_TEST(it_has_a_context_and_memory_of_its_own), FR_TEST(past_its_bound_fr_spawn_refuses),
         FR_TEST(an_argument_that_ends_with_the_handler_is_refused),
         FR_TEST(where_there_is_no_server_it_is_refused),
         FR_TEST(what_is_put_off_runs_at_its_time_and_once),
         FR_TEST(a_series_goes_on_after_an_error_and_ends_when_it_says_so),
         FR_TEST(times_that_were_missed_are_left_out), FR_TEST(a_series_never_runs_beside_itself),
         FR_TEST(what_waits_is_bounded_and_given_up_at_the_end),
         FR_TEST(without_memory_it_is_refused_or_done_later))
