/* Dynamic arrays. */
#include "unit.h"

#include "base/alloc.h"
#include "base/vec.h"

static void pushed_items_stay_in_order(void **state)
{
    (void)state;
    FR_VEC(int) numbers = {0};
    for (int i = 0; i < 1000; i++)
        assert_true(fr_vec_push(&numbers, i));
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers.at[i], i);
    fr_vec_swap_remove(&numbers, 3);
    assert_int_equal(numbers.count, 999);
    assert_int_equal(numbers.at[3], 999);
    fr_vec_deinit(&numbers);
    assert_int_equal(numbers.cap, 0);
}

static void a_failed_push_changes_nothing(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        FR_VEC(long) numbers = {0};
        size_t pushed = 0;
        for (long i = 0; i < 50; i++) {
            pushed += fr_vec_push(&numbers, i);
            assert_int_equal(numbers.count, pushed);
        }
        fr_vec_deinit(&numbers);
    }
}

FR_TESTS(vec, FR_TEST(pushed_items_stay_in_order), FR_TEST(a_failed_push_changes_nothing))
