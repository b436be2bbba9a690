/* The failure that tests can aim. */
#include "unit.h"

#include "base/alloc.h"

static void the_nth_allocation_fails_once(void **state)
{
    (void)state;
    (void)fr_test_fail_alloc(2);
    void *first = fr_malloc(1), *second = fr_zalloc(1), *third = fr_malloc(0);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    assert_int_equal(fr_test_fail_alloc(0), 0);
    fr_free(first);
    fr_free(third);
}

static void a_failed_realloc_leaves_the_memory(void **state)
{
    (void)state;
    char *p = fr_malloc(1);
    *p = 'x';
    (void)fr_test_fail_alloc(1);
    assert_null(fr_realloc(p, 100));
    assert_int_equal(*p, 'x');
    p = fr_realloc(p, 100);
    assert_int_equal(*p, 'x');
    fr_free(p);
}

static void an_array_too_large_to_count_is_refused(void **state)
{
    (void)state;
    assert_null(fr_malloc_array(SIZE_MAX / 2, 3));
    void *p = fr_malloc_array(3, 8);
    assert_non_null(p);
    fr_free(p);
}

static void the_loop_reaches_each_allocation(void **state)
{
    (void)state;
    int runs = 0, failures = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        void *a = fr_malloc(1), *b = fr_malloc(1);
        runs++;
        failures += !a + !b;
        fr_free(a);
        fr_free(b);
    }
    assert_int_equal(runs, 3);
    assert_int_equal(failures, 2);
}

FR_TESTS(alloc, FR_TEST(the_nth_allocation_fails_once), FR_TEST(a_failed_realloc_leaves_the_memory),
         FR_TEST(an_array_too_large_to_count_is_refused), FR_TEST(the_loop_reaches_each_allocation))
