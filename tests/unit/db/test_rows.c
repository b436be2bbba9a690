#include "db_test.h"

static void a_row_is_created_read_changed_and_deleted(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);

    book b = {0};
    FR_SET(&b, title, FR_STR("Emma"));
    assert_int_equal(fr_create(&t.ctx, &book_model, &b), FR_OK);
    assert_int_equal(b.id, 1);
    assert_true(b.price == 1.0);
    assert_false(b.done);
    assert_true(FR_IS_NULL(&b, author));
    assert_true(b.updated > 0);

    book read = {0};
    assert_int_equal(fr_get(&t.ctx, &book_model, 1, &read), FR_OK);
    assert_str(read.title, "Emma");

    book change = {.id = 1};
    FR_SET(&change, done, true);
    assert_int_equal(fr_update(&t.ctx, &book_model, &change), FR_OK);
    assert_true(change.done);
    assert_str(change.title, "Emma");

    fr_rows rows;
    assert_int_equal(fr_filter(&t.ctx, &book_model, FR_STR("done=true&title__icontains=MM&ordering=-id&limit=20"), &rows), FR_OK);
    assert_int_equal(rows.count, 1);
    assert_true(fr_rows_next(&rows, &read));
    assert_false(fr_rows_next(&rows, &read));

    assert_int_equal(fr_delete(&t.ctx, &book_model, 1), FR_OK);
    assert_int_equal(fr_delete(&t.ctx, &book_model, 1), FR_ENOTFOUND);
    assert_int_equal(fr_get(&t.ctx, &book_model, 1, &read), FR_ENOTFOUND);
    assert_int_equal(fr_update(&t.ctx, &book_model, &change), FR_ENOTFOUND);
    test_close(&t);
}

FR_TESTS(rows, FR_TEST(a_row_is_created_read_changed_and_deleted))
