/* Pages. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pages.h"

static void pages_are_aligned_to_their_size_cleared_and_apart(void **state)
{
    (void)state;
    enum { MANY = 200 };
    static const size_t sizes[] = {4096, 16384, 65536};
    char *at[MANY];
    size_t bytes[MANY];
    for (size_t i = 0; i < MANY; i++) {
        bytes[i] = sizes[random() % 3];
        at[i] = fr_pages_new(bytes[i]);
        assert_non_null(at[i]);
        assert_int_equal((uintptr_t)at[i] % bytes[i], 0);
        for (size_t k = 0; k < bytes[i]; k += 512)
            assert_int_equal(at[i][k], 0);
        memset(at[i], (int)i, bytes[i]);
        if (i % 3 == 2) { /* holes, which later ones may find */
            fr_pages_free(at[i - 1], bytes[i - 1]);
            at[i - 1] = NULL;
        }
    }
    for (size_t i = 0; i < MANY; i++) {
        for (size_t k = 0; at[i] && k < bytes[i]; k += 512)
            assert_int_equal(at[i][k], (char)i);
        fr_pages_free(at[i], bytes[i]);
    }
}

static void without_memory_there_are_none(void **state)
{
    (void)state;
    (void)fr_test_fail_alloc(1);
    assert_null(fr_pages_new(16384));
}

FR_TESTS(pages, FR_TEST(pages_are_aligned_to_their_size_cleared_and_apart),
         FR_TEST(without_memory_there_are_none))
