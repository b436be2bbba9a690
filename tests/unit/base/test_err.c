/* The error map. */
#include "unit.h"

#include "base/err.h"

static void each_code_has_its_own_row(void **state)
{
    (void)state;
    for (int code = 0; code < FR_ERR_COUNT_; code++) {
        const fr_err_row *row = fr_err_get((fr_err)code);
        assert_int_equal(row->code, code);
        assert_memory_equal(row->name, code ? "FR_E" : "FR_OK", 4);
        assert_non_null(row->drf_code);
        assert_non_null(row->detail);
        assert_true(row->status >= 200 && row->status < 600);
        assert_true(row->close == 1000 || row->close == 1001 || row->close == 1003 ||
                    row->close == 1009 || row->close == 1011 || row->close == 1013 ||
                    row->close == 4000 + row->status);
    }
}

static void the_shortcuts_read_the_same_rows(void **state)
{
    (void)state;
    assert_string_equal(fr_err_name(FR_ENOTFOUND), "FR_ENOTFOUND");
    assert_int_equal(fr_err_status(FR_EAUTH), 401);
    assert_int_equal(fr_err_close(FR_EAUTH), 4401);
    assert_int_equal(fr_err_status(FR_OK), 200);
    assert_int_equal(fr_err_close(FR_OK), 1000);
}

static void an_unknown_code_is_our_mistake(void **state)
{
    (void)state;
    assert_int_equal(fr_err_get((fr_err)9999)->code, FR_EINTERNAL);
    assert_int_equal(fr_err_get((fr_err)-1)->code, FR_EINTERNAL);
}

FR_TESTS(err, FR_TEST(each_code_has_its_own_row), FR_TEST(the_shortcuts_read_the_same_rows),
         FR_TEST(an_unknown_code_is_our_mistake))
