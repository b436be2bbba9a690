/* Shared blocks. */
#include "unit.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/block.h"

static void a_block_holds_the_bytes_and_one_reference(void **state)
{
    (void)state;
    fr_block *block = fr_block_dup(fr_str_c("frame"));
    assert_str(fr_block_str(block), "frame");
    assert_int_equal(atomic_load(&block->refs), 1);
    assert_ptr_equal(fr_block_ref(block), block);
    fr_block_unref(block);
    assert_str(fr_block_str(block), "frame");
    fr_block_unref(block);
    fr_block_unref(NULL);
}

static void a_block_too_large_is_refused(void **state)
{
    (void)state;
    assert_null(fr_block_new(((size_t)1 << 31) + 1));
    (void)fr_test_fail_alloc(1);
    assert_null(fr_block_dup(fr_str_c("frame")));
}

static void *take_and_drop(void *arg)
{
    for (int i = 0; i < 10000; i++)
        fr_block_unref(fr_block_ref(arg));
    fr_block_unref(arg);
    return NULL;
}

static void threads_may_share_a_block(void **state)
{
    (void)state;
    fr_block *block = fr_block_dup(fr_str_c("shared"));
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_drop, fr_block_ref(block)), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&block->refs), 1);
    fr_block_unref(block);
}

static void a_twin_is_freed_with_its_block_and_may_be_known_to_be_none(void **state)
{
    (void)state;
    bool is_known = true;
    fr_block *block = fr_block_dup(fr_str_c("frame")), *twin = fr_block_dup(fr_str_c("other"));
    assert_null(fr_block_twin(block, &is_known));
    assert_false(is_known);
    assert_ptr_equal(fr_block_twin_take(block, twin), twin);
    assert_ptr_equal(fr_block_twin_take(block, fr_block_dup(fr_str_c("late"))), twin);
    assert_ptr_equal(fr_block_twin(block, &is_known), twin);
    assert_true(is_known);
    fr_block_unref(block);
    block = fr_block_dup(fr_str_c("frame"));
    assert_null(fr_block_twin_take(block, NULL));
    assert_null(fr_block_twin_take(block, fr_block_dup(fr_str_c("late"))));
    assert_null(fr_block_twin(block, &is_known));
    assert_true(is_known);
    fr_block_unref(block);
}

static void *twin_and_drop(void *arg)
{
    bool is_known;
    fr_block *block = arg, *twin = fr_block_twin(block, &is_known);
    if (!is_known)
        twin = fr_block_twin_take(block, fr_block_dup(fr_str_c("other")));
    assert_str(fr_block_str(twin), "other");
    fr_block_unref(block);
    return NULL;
}

static void threads_agree_on_one_twin(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        fr_block *block = fr_block_dup(fr_str_c("shared"));
        pthread_t threads[3];
        for (int i = 0; i < 3; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, twin_and_drop, fr_block_ref(block)),
                             0);
        fr_block_unref(block);
        for (int i = 0; i < 3; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

FR_TESTS(block, FR_TEST(a_block_holds_the_bytes_and_one_reference),
         FR_TEST(a_block_too_large_is_refused), FR_TEST(threads_may_share_a_block),
         FR_TEST(a_twin_is_freed_with_its_block_and_may_be_known_to_be_none),
         FR_TEST(threads_agree_on_one_twin))
