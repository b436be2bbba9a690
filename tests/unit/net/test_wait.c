/* Waiting, with and without a fiber; sleeping; the text of an error. */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "net/net_int.h"

typedef struct job {
    fr_loop *loop;
    fr_ctx ctx;
    fr_wait *wait; /* on the fiber's stack */
    bool is_over, is_late;
    fr_err result;
    uint64_t ms;
} job;

static void waits(void *arg)
{
    job *j = arg;
    fr_wait wait;
    fr_ctx_init(&j->ctx, NULL, j->loop);
    fr_wait_init(&wait, &j->ctx);
    j->wait = &wait;
    j->result = fr_wait_for(&wait);
    j->is_over = true;
}

static void a_fiber_waits_until_it_is_told_on_its_loop(void **state)
{
    (void)state;
    job j = {.loop = fr_loop_new(0)};
    fr_fiber_start(j.loop, waits, &j);
    assert_ptr_equal(j.ctx.ctx, &j.ctx);
    assert_non_null(j.ctx.fiber);
    fr_loop_run_once(j.loop, 0);
    assert_false(j.is_over);
    fr_wait_done(j.wait, FR_ECONFLICT); /* outside a pass: comes as a task */
    assert_false(j.is_over);
    fr_loop_run_once(j.loop, -1);
    assert_true(j.is_over);
    assert_int_equal(j.result, FR_ECONFLICT);
    fr_loop_free(j.loop);
}

static void is_told_first(void *arg)
{
    job *j = arg;
    fr_wait wait;
    fr_ctx_init(&j->ctx, NULL, j->loop);
    fr_wait_init(&wait, &j->ctx);
    fr_wait_done(&wait, FR_EBUSY);
    j->result = fr_wait_for(&wait);
    j->is_over = true;
}

static void what_is_done_before_waiting_does_not_suspend(void **state)
{
    (void)state;
    job j = {.loop = fr_loop_new(0)};
    fr_fiber_start(j.loop, is_told_first, &j);
    assert_true(j.is_over);
    assert_int_equal(j.result, FR_EBUSY);
    fr_loop_free(j.loop);
}

static void *tell(void *arg)
{
    fr_wait_done(arg, FR_ENOTFOUND);
    return NULL;
}

static void another_thread_ends_a_wait_of_a_fiber(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        job j = {.loop = fr_loop_new(0)};
        fr_fiber_start(j.loop, waits, &j);
        assert_int_equal(pthread_create(&thread, NULL, tell, j.wait), 0);
        while (!j.is_over)
            fr_loop_run_once(j.loop, -1);
        assert_int_equal(j.result, FR_ENOTFOUND);
        pthread_join(thread, NULL);
        fr_loop_free(j.loop);
    }
}

static void without_a_loop_the_thread_blocks(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        fr_ctx ctx;
        fr_wait wait;
        fr_ctx_init(&ctx, NULL, NULL);
        fr_wait_init(&wait, &ctx);
        assert_int_equal(pthread_create(&thread, NULL, tell, &wait), 0);
        assert_int_equal(fr_wait_for(&wait), FR_ENOTFOUND);
        memset(&wait, 0xff, sizeof wait); /* nobody looks at it any more */
        pthread_join(thread, NULL);
    }
}

static bool may_withdraw, was_asked;
static bool withdraw(fr_wait *wait)
{
    (void)wait;
    was_asked = true;
    return may_withdraw;
}

static void waits_with_an_end(void *arg)
{
    job *j = arg;
    fr_wait wait;
    fr_ctx_init(&j->ctx, NULL, j->loop);
    j->ctx.deadline_ms = j->ms;
    fr_wait_init(&wait, &j->ctx);
    j->wait = &wait;
    j->result = fr_wait_until_canceled(&wait, withdraw);
    j->is_over = true;
}

static void a_deadline_or_a_client_that_goes_ends_a_wait(void **state)
{
    (void)state;
    job j = {.loop = fr_loop_new(0), .ms = fr_clock_ms() + 1000};
    may_withdraw = true;
    fr_fiber_start(j.loop, waits_with_an_end, &j);
    fr_test_advance_clock(500);
    fr_loop_run_once(j.loop, 0);
    assert_false(j.is_over);
    fr_test_advance_clock(600);
    fr_loop_run_once(j.loop, 0);
    assert_true(j.is_over);
    assert_int_equal(j.result, FR_ETIMEOUT);

    j = (job){.loop = j.loop};
    fr_fiber_start(j.loop, waits_with_an_end, &j);
    fr_ctx_cancel(&j.ctx);
    assert_false(j.is_over);
    fr_loop_run_once(j.loop, -1);
    assert_true(j.is_over);
    assert_int_equal(j.result, FR_ECANCELED);

    j = (job){.loop = j.loop, .ms = fr_clock_ms() + 1000};
    was_asked = false;
    fr_fiber_start(j.loop, waits_with_an_end, &j);
    fr_wait_done(j.wait, FR_OK);
    fr_loop_run_once(j.loop, -1);
    assert_true(j.is_over);
    assert_int_equal(j.result, FR_OK);
    assert_false(was_asked);
    fr_loop_free(j.loop);
}

static void too_late_to_withdraw_means_waiting_on(void **state)
{
    (void)state;
    job j = {.loop = fr_loop_new(0)};
    may_withdraw = was_asked = false;
    fr_fiber_start(j.loop, waits_with_an_end, &j);
    fr_ctx_cancel(&j.ctx);
    fr_loop_run_once(j.loop, -1);
    assert_true(was_asked);
    assert_false(j.is_over);
    fr_wait_done(j.wait, FR_OK);
    fr_loop_run_once(j.loop, -1);
    assert_true(j.is_over);
    assert_int_equal(j.result, FR_OK);
    fr_loop_free(j.loop);
}

static void a_blocked_thread_honours_its_deadline(void **state)
{
    (void)state;
    fr_ctx ctx;
    fr_wait wait;
    fr_ctx_init(&ctx, NULL, NULL);
    ctx.deadline_ms = fr_clock_ms() - 1;
    fr_wait_init(&wait, &ctx);
    may_withdraw = true;
    assert_int_equal(fr_wait_until_canceled(&wait, withdraw), FR_ETIMEOUT);
    ctx.deadline_ms = fr_clock_ms() + 3;
    fr_wait_init(&wait, &ctx);
    assert_int_equal(fr_wait_until_canceled(&wait, withdraw), FR_ETIMEOUT);
    fr_wait_done(&wait, FR_OK);
    assert_int_equal(fr_wait_until_canceled(&wait, withdraw), FR_OK);
}

static void sleeps(void *arg)
{
    job *j = arg;
    fr_ctx_init(&j->ctx, NULL, j->loop);
    j->ctx.deadline_ms = j->is_late ? fr_clock_ms() + j->ms / 2 : 0;
    j->result = fr_sleep(&j->ctx, j->ms);
    j->is_over = true;
}

static void sleeping_ends_by_time_deadline_or_cancelling(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    job j = {.loop = loop, .ms = 1000}, late = {.loop = loop, .ms = 1000, .is_late = true},
        gone = {.loop = loop, .ms = 1000};
    fr_fiber_start(loop, sleeps, &j);
    fr_fiber_start(loop, sleeps, &late);
    fr_fiber_start(loop, sleeps, &gone);
    fr_ctx_cancel(&gone.ctx);
    fr_loop_run_once(loop, 0);
    assert_true(gone.is_over);
    assert_int_equal(gone.result, FR_ECANCELED);
    fr_test_advance_clock(600);
    fr_loop_run_once(loop, 0);
    assert_true(late.is_over);
    assert_int_equal(late.result, FR_ETIMEOUT);
    assert_false(j.is_over);
    fr_test_advance_clock(500);
    fr_loop_run_once(loop, 0);
    assert_true(j.is_over);
    assert_int_equal(j.result, FR_OK);
    assert_int_equal(fr_wheel_wait_ms_(loop), -1); /* no timer is left */
    assert_int_equal(fr_sleep(&gone.ctx, 1000), FR_ECANCELED);
    fr_loop_free(loop);
}

static void sleeping_without_a_loop_takes_real_time(void **state)
{
    (void)state;
    fr_ctx ctx;
    fr_ctx_init(&ctx, NULL, NULL);
    uint64_t before = fr_clock_ms();
    assert_int_equal(fr_sleep(&ctx, 2), FR_OK);
    assert_true(fr_clock_ms() >= before + 2);
    ctx.deadline_ms = fr_clock_ms() + 1;
    assert_int_equal(fr_sleep(&ctx, 60000), FR_ETIMEOUT);
}

static void an_error_keeps_its_text(void **state)
{
    (void)state;
    fr_ctx ctx;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx_init(&ctx, arena, NULL);
    assert_int_equal(fr_fail(&ctx, FR_EDENIED, "Only %s pins message %d.", "Ann", 7), FR_EDENIED);
    assert_str(ctx.detail, "Only Ann pins message 7.");
    char text[700];
    memset(text, 'x', sizeof text);
    memcpy(text + 510, "\xe2\x82\xac", 3); /* the euro sign would be cut in two */
    text[699] = 0;
    fr_fail(&ctx, FR_EINVAL, "%s", text);
    assert_int_equal(ctx.detail.n, 510);
    text[510] = 'x';
    memcpy(text + 509, "\xe2\x82\xac", 3);
    text[512] = 'y';
    text[511] = '\xac';
    fr_fail(&ctx, FR_EINVAL, "%s", text);
    assert_int_equal(ctx.detail.n, 512);
    fr_fail(&ctx, FR_EINVAL, "%s", "");
    assert_int_equal(ctx.detail.n, 0);
    ctx.arena = NULL;
    assert_int_equal(fr_fail(&ctx, FR_ENOMEM, "no room"), FR_ENOMEM);
    assert_int_equal(ctx.detail.n, 0);
    fr_arena_free(arena);
}

FR_TESTS(wait, FR_TEST(a_fiber_waits_until_it_is_told_on_its_loop),
         FR_TEST(what_is_done_before_waiting_does_not_suspend),
         FR_TEST(another_thread_ends_a_wait_of_a_fiber), FR_TEST(without_a_loop_the_thread_blocks),
         FR_TEST(a_deadline_or_a_client_that_goes_ends_a_wait),
         FR_TEST(too_late_to_withdraw_means_waiting_on),
         FR_TEST(a_blocked_thread_honours_its_deadline),
         FR_TEST(sleeping_ends_by_time_deadline_or_cancelling),
         FR_TEST(sleeping_without_a_loop_takes_real_time), FR_TEST(an_error_keeps_its_text))
