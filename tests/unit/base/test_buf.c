/* Buffers: growth, numbers, and what is left when memory is out. */
#include "unit.h"

#include "base/alloc.h"
#include "base/buf.h"

static void appends_grow_the_buffer_and_keep_what_was_there(void **state)
{
    (void)state;
    fr_buf buf;
    fr_buf_init(&buf);
    for (int i = 0; i < 1000; i++)
        fr_buf_lit(&buf, "0123456789");
    fr_buf_put_char(&buf, '!');
    assert_int_equal(buf.n, 10001);
    assert_memory_equal(buf.p + 9990, "0123456789!", 11);
    assert_int_equal(fr_buf_check(&buf), FR_OK);
    fr_buf_deinit(&buf);
    assert_null(buf.p);
}

static void a_zeroed_struct_is_an_empty_buffer(void **state)
{
    (void)state;
    fr_buf buf = {0};
    fr_buf_put(&buf, (fr_str){0});
    assert_int_equal(fr_buf_str(&buf).n, 0);
    fr_buf_put_char(&buf, 'a');
    assert_str(fr_buf_str(&buf), "a");
    fr_buf_deinit(&buf);
}

static void clear_keeps_the_memory(void **state)
{
    (void)state;
    fr_buf buf = {0};
    fr_buf_lit(&buf, "abc");
    const char *p = buf.p;
    fr_buf_clear(&buf);
    assert_int_equal(buf.n, 0);
    fr_buf_lit(&buf, "de");
    assert_ptr_equal(buf.p, p);
    assert_str(fr_buf_str(&buf), "de");
    fr_buf_deinit(&buf);
}

static void integers_are_spelled_to_their_limits(void **state)
{
    (void)state;
    static const struct {
        int64_t v;
        const char *text;
    } CASES[] = {{0, "0"},
                 {7, "7"},
                 {10, "10"},
                 {99, "99"},
                 {100, "100"},
                 {999, "999"},
                 {1000, "1000"},
                 {9999, "9999"},
                 {10000, "10000"},
                 {-1, "-1"},
                 {-10, "-10"},
                 {1234567, "1234567"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    fr_buf buf = {0};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        fr_buf_clear(&buf);
        fr_buf_put_i64(&buf, CASES[i].v);
        assert_str(fr_buf_str(&buf), CASES[i].text);
    }
    fr_buf_clear(&buf);
    fr_buf_put_u64(&buf, UINT64_MAX);
    assert_str(fr_buf_str(&buf), "18446744073709551615");
    fr_buf_deinit(&buf);
}

static void printf_appends_also_what_needs_more_room(void **state)
{
    (void)state;
    fr_buf buf = {0};
    fr_buf_printf(&buf, "%d ", 42);
    fr_buf_printf(&buf, "%0300d", 7);
    assert_int_equal(buf.n, 303);
    assert_memory_equal(buf.p, "42 000", 6);
    assert_int_equal(buf.p[302], '7');
    fr_buf_deinit(&buf);
}

static void a_failed_growth_drops_all_later_appends(void **state)
{
    (void)state;
    fr_buf buf = {0};
    fr_buf_lit(&buf, "kept");
    (void)fr_test_fail_alloc(1);
    assert_false(fr_buf_reserve(&buf, 10000));
    fr_buf_lit(&buf, "lost");
    fr_buf_put_u64(&buf, 1);
    fr_buf_printf(&buf, "%s", "lost");
    assert_str(fr_buf_str(&buf), "kept");
    assert_int_equal(fr_buf_check(&buf), FR_ENOMEM);
    fr_buf_clear(&buf);
    assert_int_equal(fr_buf_check(&buf), FR_OK);
    fr_buf_deinit(&buf);
}

static void room_beyond_the_address_space_is_refused(void **state)
{
    (void)state;
    fr_buf buf = {0};
    fr_buf_lit(&buf, "a");
    assert_false(fr_buf_reserve(&buf, SIZE_MAX));
    assert_int_equal(fr_buf_check(&buf), FR_ENOMEM);
    fr_buf_deinit(&buf);
}

static void each_allocation_of_a_buffer_may_fail(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_buf buf = {0};
        for (int i = 0; i < 100; i++)
            fr_buf_printf(&buf, "%d,", i * i);
        assert_true(buf.has_failed || buf.n == 454);
        fr_buf_deinit(&buf);
    }
}

FR_TESTS(buf, FR_TEST(appends_grow_the_buffer_and_keep_what_was_there),
         FR_TEST(a_zeroed_struct_is_an_empty_buffer), FR_TEST(clear_keeps_the_memory),
         FR_TEST(integers_are_spelled_to_their_limits),
         FR_TEST(printf_appends_also_what_needs_more_room),
         FR_TEST(a_failed_growth_drops_all_later_appends),
         FR_TEST(room_beyond_the_address_space_is_refused),
         FR_TEST(each_allocation_of_a_buffer_may_fail))
