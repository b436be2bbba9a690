/* What ends by the clock, against a list that is looked through. */
#include "unit.h"

#include <string.h>

#include "auth/ending.h"

enum { COUNT = 200, STEPS = 20000 };

static fr_ending all[COUNT];
static fr_endings endings;

static fr_time first_of(fr_time now, size_t *count)
{
    fr_time first = 0;
    *count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        if (!all[i].place || all[i].at > now)
            continue;
        (*count)++;
        if (!first || all[i].at < first)
            first = all[i].at;
    }
    return first;
}

static void they_come_in_their_order_whatever_goes_and_is_moved(void **state)
{
    (void)state;
    uint64_t random = 1;
    fr_time now = 1;
    memset(all, 0, sizeof all);
    for (int step = 0; step < STEPS; step++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        fr_ending *one = &all[(random >> 33) % COUNT];
        switch (random >> 60) {
        case 0:
            fr_endings_remove(&endings, one);
            assert_int_equal(one->place, 0);
            break;
        case 1: {
            size_t due;
            now += 50;
            fr_time first = first_of(now, &due);
            fr_ending *got = fr_endings_take(&endings, now);
            assert_int_equal(got != NULL, due > 0);
            if (got)
                assert_int_equal(got->at, first);
            break;
        }
        default:
            assert_int_equal(fr_endings_reserve(&endings), FR_OK);
            fr_endings_put(&endings, one, now + (fr_time)(random >> 40) % 1000);
        }
    }
    size_t due, taken = 0;
    first_of(INT64_MAX, &due);
    for (fr_time last = 0; endings.heap.count; taken++) {
        fr_ending *one = fr_endings_take(&endings, INT64_MAX);
        assert_true(one->at >= last);
        last = one->at;
    }
    assert_int_equal(taken, due);
    fr_endings_deinit(&endings);
}

static void nothing_ends_before_its_time(void **state)
{
    (void)state;
    fr_ending one = {0};
    assert_null(fr_endings_take(&endings, INT64_MAX));
    assert_int_equal(fr_endings_reserve(&endings), FR_OK);
    fr_endings_put(&endings, &one, 10);
    assert_null(fr_endings_take(&endings, 9));
    fr_endings_put(&endings, &one, 20);
    assert_null(fr_endings_take(&endings, 19));
    assert_ptr_equal(fr_endings_take(&endings, 20), &one);
    assert_null(fr_endings_take(&endings, 20));
    fr_endings_deinit(&endings);
}

FR_TESTS(ending, FR_TEST(they_come_in_their_order_whatever_goes_and_is_moved),
         FR_TEST(nothing_ends_before_its_time))
