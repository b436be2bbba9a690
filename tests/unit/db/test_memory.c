/* Memory runs out at each allocation of opening and reading in turn: an error, no crash, no leak, and then it works. */
#include "base/alloc.h"
#include "db_test.h"

static void opening_survives_each_allocation_failing(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    for (size_t n = 1, left = 0; !left; n++) {
        char error[512] = "";
        fr_db *db = NULL;
        fr_test_fail_alloc(n);
        fr_err err =
            fr_db_open(&(fr_db_opts){.url = t.url}, test_models(), test_live, NULL, &db, error);
        left = fr_test_fail_alloc(0);
        if (err != FR_OK && (!*error || db))
            fail_msg("allocation %zu: %s without a line", n, fr_err_name(err));
        fr_db_close(db);
        if (n > 2000)
            fail_msg("allocations do not end");
    }
    test_remove(&t);
}

static fr_err all_reads(fr_test_db *t)
{
    book b = {0};
    fr_rows rows;
    fr_span_changes span;
    FR_TRY(fr_get(&t->ctx, &book_model, 1, &b));
    FR_TRY(fr_filter(&t->ctx, &book_model, FR_STR("title__contains=a&id__in=1,2,3&ordering=-price"),
                     &rows));
    if (rows.count != 3)
        return FR_EINTERNAL;
    return fr_db_log_since(&t->ctx, &book_model, (fr_place){0, (uint64_t)0}, 0, &span);
}

static void reading_survives_each_allocation_failing(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    for (int i = 0; i < 3; i++) {
        book b = {.title = FR_STR("abc")};
        assert_int_equal(fr_create(&t.ctx, &book_model, &b), FR_OK);
    }
    for (size_t n = 1, left = 0; !left; n++) {
        fr_arena_free(t.arena);
        test_ctx(&t);
        fr_test_fail_alloc(n);
        fr_err err = all_reads(&t);
        left = fr_test_fail_alloc(0);
        if (err != FR_OK && err != FR_ENOMEM)
            fail_msg("allocation %zu: %s", n, fr_err_name(err));
        if (n > 2000)
            fail_msg("allocations do not end");
    }
    assert_int_equal(all_reads(&t), FR_OK);
    test_close(&t);
}

FR_TESTS(memory, FR_TEST(opening_survives_each_allocation_failing),
         FR_TEST(reading_survives_each_allocation_failing))
