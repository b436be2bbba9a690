/* Arenas: alignment, reset, hooks, and memory running out. */
#include "unit.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"

static void allocations_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    char *at[300];
    for (size_t i = 0; i < 300; i++) {
        at[i] = fr_arena_alloc(arena, i);
        assert_int_equal((uintptr_t)at[i] % 16, 0);
        memset(at[i], (int)i, i);
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal((unsigned char)at[i][k], i & 0xff);
    fr_arena_free(arena);
}

static void large_allocations_leave_the_rest_of_the_chunk_in_use(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(4096);
    char *before = fr_arena_alloc(arena, 16);
    char *large = fr_arena_alloc(arena, 1 << 20);
    char *after = fr_arena_alloc(arena, 16);
    memset(large, 1, 1 << 20);
    assert_ptr_equal(after, before + 16);
    fr_arena_free(arena);
}

static void a_reset_keeps_only_the_first_chunk(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(1024);
    void *first = fr_arena_alloc(arena, 100);
    for (int i = 0; i < 1000; i++)
        assert_non_null(fr_arena_alloc(arena, 100));
    assert_true(fr_arena_bytes(arena) >= 100000);
    fr_arena_reset(arena);
    assert_int_equal(fr_arena_bytes(arena), 1024);
    assert_ptr_equal(fr_arena_alloc(arena, 100), first);
    fr_arena_free(arena);
}

static void a_warm_arena_allocates_nothing(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(4096);
    (void)fr_test_fail_alloc(1);
    for (int i = 0; i < 100; i++) {
        assert_non_null(fr_arena_alloc(arena, 3000));
        fr_arena_reset(arena);
    }
    assert_int_equal(fr_test_fail_alloc(0), 1);
    fr_arena_free(arena);
}

static void sizes_that_cannot_be_give_null(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    assert_null(fr_arena_alloc(arena, SIZE_MAX));
    assert_null(fr_arena_alloc(arena, SIZE_MAX / 2));
    assert_non_null(fr_arena_alloc(arena, 1));
    fr_arena_free(arena);
    fr_arena_free(NULL);
}

static char order[16];

static void note(void *arg)
{
    strncat(order, arg, sizeof order - strlen(order) - 1);
}

static void hooks_run_last_in_first_out(void **state)
{
    (void)state;
    order[0] = '\0';
    fr_arena *arena = fr_arena_new(0);
    assert_int_equal(fr_arena_defer(arena, note, "a"), FR_OK);
    assert_int_equal(fr_arena_defer(arena, note, "b"), FR_OK);
    fr_arena_reset(arena);
    assert_string_equal(order, "ba");
    assert_int_equal(fr_arena_defer(arena, note, "c"), FR_OK);
    fr_arena_free(arena);
    assert_string_equal(order, "bac");
}

static void defer_more(void *arg)
{
    note("x");
    assert_int_equal(fr_arena_defer(arg, note, "y"), FR_OK);
}

static void a_hook_may_defer_another(void **state)
{
    (void)state;
    order[0] = '\0';
    fr_arena *arena = fr_arena_new(0);
    assert_int_equal(fr_arena_defer(arena, defer_more, arena), FR_OK);
    fr_arena_free(arena);
    assert_string_equal(order, "xy");
}

static void a_hook_that_cannot_be_kept_is_run_at_once(void **state)
{
    (void)state;
    order[0] = '\0';
    fr_arena *arena = fr_arena_new(256);
    (void)fr_test_fail_alloc(1);
    fr_err err = FR_OK;
    for (int i = 0; i < 100 && err == FR_OK; i++)
        err = fr_arena_defer(arena, note, "");
    assert_int_equal(err, FR_ENOMEM);
    (void)fr_test_fail_alloc(1);
    while (fr_arena_alloc(arena, 16)) {}
    (void)fr_test_fail_alloc(1);
    assert_int_equal(fr_arena_defer(arena, note, "z"), FR_ENOMEM);
    assert_string_equal(order, "z");
    fr_arena_free(arena);
    assert_string_equal(order, "z");
}

static void copies_end_with_nul(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_str copy = fr_str_dup(arena, fr_str_c("hello"));
    assert_string_equal(copy.p, "hello");
    assert_int_equal(copy.n, 5);
    copy = fr_str_dup(arena, (fr_str){0});
    assert_string_equal(copy.p, "");
    fr_arena_free(arena);
}

static void printf_takes_short_and_long_texts(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    assert_str(fr_arena_printf(arena, "%d-%s", 5, "x"), "5-x");
    fr_str text = fr_arena_printf(arena, "%02000d", 1);
    assert_int_equal(text.n, 2000);
    assert_int_equal(text.p[1999], '1');
    fr_arena_free(arena);
}

static void zalloc_clears_memory_that_was_used_before(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    memset(fr_arena_alloc(arena, 500), 0xff, 500);
    fr_arena_reset(arena);
    const char *p = fr_arena_zalloc(arena, 500);
    for (int i = 0; i < 500; i++)
        assert_int_equal(p[i], 0);
    fr_arena_free(arena);
}

static void each_allocation_of_an_arena_may_fail(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_arena *arena = fr_arena_new(256);
        for (size_t i = 1; arena && i < 2000; i *= 3) {
            char *p = fr_arena_zalloc(arena, i);
            fr_str copy = fr_str_dup(arena, FR_STR("some text"));
            fr_str text = fr_arena_printf(arena, "%0*d", (int)i, 1);
            assert_true(!p || p[i - 1] == 0);
            assert_true(!copy.p || copy.n == 9);
            assert_true(!text.p || text.n == i);
        }
        fr_arena_free(arena);
    }
}

FR_TESTS(arena, FR_TEST(allocations_are_aligned_and_do_not_overlap),
         FR_TEST(large_allocations_leave_the_rest_of_the_chunk_in_use),
         FR_TEST(a_reset_keeps_only_the_first_chunk), FR_TEST(a_warm_arena_allocates_nothing),
         FR_TEST(sizes_that_cannot_be_give_null), FR_TEST(hooks_run_last_in_first_out),
         FR_TEST(a_hook_may_defer_another), FR_TEST(a_hook_that_cannot_be_kept_is_run_at_once),
         FR_TEST(copies_end_with_nul), FR_TEST(printf_takes_short_and_long_texts),
         FR_TEST(zalloc_clears_memory_that_was_used_before),
         FR_TEST(each_allocation_of_an_arena_may_fail))
