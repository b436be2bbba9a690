#include "db/image.h"
#include "db_test.h"

static fr_value text(const char *s)
{
    return FR_VALUE_S(fr_str_c(s));
}

static void put(fr_buf *out, const fr_value *values, size_t count)
{
    fr_image_begin(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        fr_image_value(out, values[i]);
}

static void values_come_back_as_they_were(void **state)
{
    (void)state;
    fr_value values[] = {{.type = FR_VALUE_NULL},
                         FR_VALUE_I(0),
                         FR_VALUE_I(-1),
                         FR_VALUE_I(INT64_MAX),
                         FR_VALUE_I(INT64_MIN),
                         {.type = FR_VALUE_REAL, .as.r = -0.0},
                         {.type = FR_VALUE_REAL, .as.r = 1e300},
                         text(""),
                         text("a\xc3\xa9"),
                         {.type = FR_VALUE_BLOB, .as.s = {"\0\1\2", 3}}};
    enum { COUNT = sizeof values / sizeof *values };
    fr_value back[COUNT];
    fr_buf bytes;
    fr_buf_init(&bytes);
    put(&bytes, values, COUNT);
    assert_true(fr_image_decode(fr_buf_str(&bytes), back, COUNT, NULL));
    for (size_t i = 0; i < COUNT; i++)
        assert_true(fr_value_eq(values[i], back[i]));
    assert_false(fr_image_decode(fr_buf_str(&bytes), back, COUNT - 1, NULL));
    for (size_t n = 0; n < bytes.n; n++)
        assert_false(fr_image_decode((fr_str){bytes.p, n}, back, COUNT, NULL));
    fr_buf_deinit(&bytes);
}

static void a_difference_holds_only_what_differs(void **state)
{
    (void)state;
    fr_value old[] = {
        FR_VALUE_I(7), text("a long text that stays"), text("before"), {.type = FR_VALUE_NULL}};
    fr_value new_[] = {FR_VALUE_I(7), text("a long text that stays"), text("after"), FR_VALUE_I(1)};
    fr_value back[4];
    fr_buf a, b, diff;
    fr_buf_init(&a);
    fr_buf_init(&b);
    fr_buf_init(&diff);
    put(&a, old, 4);
    put(&b, new_, 4);
    fr_image_diff(&diff, fr_buf_str(&a), fr_buf_str(&b));
    assert_int_equal(diff.n, 1 + 1 + 1 + 8 + 1);
    assert_true(fr_image_decode(fr_buf_str(&diff), back, 4, new_));
    for (size_t i = 0; i < 4; i++)
        assert_true(fr_value_eq(old[i], back[i]));
    assert_false(fr_image_decode(fr_buf_str(&diff), back, 4, NULL));
    fr_buf_deinit(&a);
    fr_buf_deinit(&b);
    fr_buf_deinit(&diff);
}

FR_TESTS(image, FR_TEST(values_come_back_as_they_were),
         FR_TEST(a_difference_holds_only_what_differs))
