/* Slabs, against a plain list of what is in use. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/slab.h"

typedef struct use {
    unsigned char *at; /* filled with its mark */
    size_t bytes;
    unsigned char mark;
} use;

static void check(const use *u)
{
    for (size_t i = 0; i < u->bytes; i++)
        assert_int_equal(u->at[i], u->mark);
}

static use take(fr_slabs *slabs, size_t bytes)
{
    use u = {fr_slabs_alloc(slabs, bytes), bytes, (unsigned char)random()};
    assert_non_null(u.at);
    assert_int_equal((uintptr_t)u.at % FR_SLAB_STEP, 0);
    memset(u.at, u.mark, bytes);
    return u;
}

static void nothing_overlaps_whatever_comes_and_goes(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static use uses[MANY];
    fr_slabs slabs;
    fr_slabs_init(&slabs);
    memset(uses, 0, sizeof uses);
    for (int step = 0; step < 60000; step++) {
        use *u = &uses[random() % MANY];
        if (u->at) {
            check(u);
            fr_slabs_free(&slabs, u->at, u->bytes);
            u->at = NULL;
        } else {
            static const size_t sizes[] = {1, 16, 17, 112, 120, 512, 1024, 1025};
            *u = take(&slabs, sizes[random() % 8]);
        }
    }
    for (size_t i = 0; i < MANY; i++)
        if (uses[i].at) {
            check(&uses[i]);
            fr_slabs_free(&slabs, uses[i].at, uses[i].bytes);
        }
    assert_int_equal(slabs.items, 0);
    fr_slabs_deinit(&slabs);
}

static void items_cost_their_size_and_empty_slabs_are_given_back(void **state)
{
    (void)state;
    enum { MANY = 2000, BYTES = 112 };
    static void *at[MANY];
    fr_slabs slabs;
    fr_slabs_init(&slabs);
    for (size_t i = 0; i < MANY; i++)
        at[i] = fr_slabs_alloc(&slabs, BYTES);
    assert_int_equal(slabs.items, MANY);
    assert_in_range(slabs.bytes, MANY * BYTES, MANY * BYTES * 104 / 100);
    size_t most = slabs.bytes;
    for (size_t i = 0; i < MANY / 2; i++)
        fr_slabs_free(&slabs, at[i], BYTES);
    assert_in_range(slabs.bytes, most / 2, most * 6 / 10);
    for (size_t i = MANY / 2; i < MANY; i++)
        fr_slabs_free(&slabs, at[i], BYTES);
    assert_in_range(slabs.bytes, 1, most / MANY * 200); /* one is kept */
    fr_slabs_deinit(&slabs);
    assert_int_equal(slabs.bytes, 0);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    fr_slabs slabs;
    fr_slabs_init(&slabs);
    size_t got = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        void *one = fr_slabs_alloc(&slabs, 64), *large = fr_slabs_alloc(&slabs, 5000);
        got += one && large;
        fr_slabs_free(&slabs, one, 64);
        fr_slabs_free(&slabs, large, 5000);
    }
    assert_int_equal(got, 1);
    fr_slabs_deinit(&slabs);
}

FR_TESTS(slab, FR_TEST(nothing_overlaps_whatever_comes_and_goes),
         FR_TEST(items_cost_their_size_and_empty_slabs_are_given_back),
         FR_TEST(each_allocation_may_fail))
