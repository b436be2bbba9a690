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

FR_TESTS(block, FR_TEST(a_block_holds_the_bytes_and_one_reference),
         FR_TEST(a_block_too_large_is_refused), FR_TEST(threads_may_share_a_block))
