/* Answers that are kept for a repeat: written with what they answer, let go in time. */
#include "db_test.h"

typedef struct asked {
    const char *key;
    fr_str answer;
    bool fails;
    fr_kept found;
    fr_err err;
} asked;

static fr_err find(fr_ctx *ctx, void *arg)
{
    asked *a = arg;
    a->err = fr_db_kept(ctx, fr_str_c(a->key), &a->found);
    if (a->err == FR_OK)
        return FR_OK;
    author one = {.name = fr_str_c(a->key)};
    return fr_create(ctx, &author_model, &one);
}

static fr_err keep(fr_ctx *ctx, void *arg, fr_place place)
{
    asked *a = arg;
    if (a->err == FR_OK)
        return FR_OK;
    fr_kept kept = {.digest = FR_STR("digest"), .answer = a->answer, .place = place};
    FR_TRY(fr_db_keep(ctx, fr_str_c(a->key), &kept));
    return a->fails ? fr_fail(ctx, FR_EINVAL, "after it was kept") : FR_OK;
}

static fr_err ask(fr_test_db *t, asked *a)
{
    return fr_db_atom(&t->ctx, &(fr_atom){.fn = find, .numbered = keep, .arg = a});
}

static void a_repeat_finds_what_was_answered_also_after_a_restart(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    asked a = {.key = "one", .answer = FR_STR("{\"id\":1}")};
    assert_int_equal(ask(&t, &a), FR_OK);
    assert_int_equal(a.err, FR_ENOTFOUND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(&t, &a), FR_OK);
        assert_int_equal(a.err, FR_OK);
        assert_str(a.found.answer, "{\"id\":1}");
        assert_str(a.found.digest, "digest");
        assert_int_equal(a.found.place.number, 1);
        assert_int_equal(a.found.place.mark, fr_db_committed(t.db).mark);
        test_shut(&t);
        test_open(&t, NULL, test_models(), test_live);
    }
    assert_int_equal(test_number(&t, "SELECT count(*) FROM author"), 1);
    test_close(&t);
}

static void nothing_is_kept_of_a_member_that_fails(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    asked a = {.key = "one", .answer = FR_STR("1"), .fails = true};
    assert_int_equal(ask(&t, &a), FR_EINVAL);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM freshet_answer"), 0);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM author"), 0);
    a.fails = false;
    assert_int_equal(ask(&t, &a), FR_OK);
    assert_int_equal(a.err, FR_ENOTFOUND);
    static char large[FR_KEPT_ANSWER + 1];
    asked b = {.key = "two", .answer = {large, sizeof large}};
    assert_int_equal(ask(&t, &b), FR_ETOOBIG);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM author"), 1);
    assert_int_equal(fr_db_kept(&t.ctx, FR_STR("one"), &a.found), FR_EINTERNAL);
    test_close(&t);
}

static void what_is_old_is_forgotten_and_what_is_too_much_is_let_go(void **state)
{
    (void)state;
    fr_test_db t;
    static char large[FR_KEPT_ANSWER];
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    asked a = {.key = "one", .answer = FR_STR("1")}, b = {.key = "two", .answer = FR_STR("2")};
    assert_int_equal(ask(&t, &a), FR_OK);
    test_stranger(&t,
                  "UPDATE freshet_answer SET at = at - 24 * 3600 * 1000000; DELETE FROM author");
    assert_int_equal(ask(&t, &a), FR_OK);
    assert_int_equal(a.err, FR_ENOTFOUND); /* a day has passed: it is asked anew */
    assert_int_equal(test_number(&t, "SELECT count(*) FROM freshet_answer"), 1);
    test_stranger(&t, "UPDATE freshet_answer SET at = at - 24 * 3600 * 1000000");
    assert_int_equal(ask(&t, &b), FR_OK);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM freshet_answer WHERE key = 'two'"), 1);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM freshet_answer"), 1);
    for (int i = 0; i < FR_KEPT_BYTES / FR_KEPT_ANSWER + 3; i++) {
        char key[16];
        snprintf(key, sizeof key, "l%d", i);
        asked c = {.key = key, .answer = {large, sizeof large}};
        assert_int_equal(ask(&t, &c), FR_OK);
    }
    assert_in_range(test_number(&t, "SELECT sum(length(answer)) FROM freshet_answer"), 1,
                    FR_KEPT_BYTES);
    assert_int_equal(ask(&t, &b), FR_ECONFLICT); /* forgotten, so asked again: the name is taken */
    assert_int_equal(b.err, FR_ENOTFOUND);
    test_close(&t);
}

static void the_table_is_made_again_when_somebody_drops_it(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    asked a = {.key = "one", .answer = FR_STR("1")};
    assert_int_equal(ask(&t, &a), FR_OK);
    test_stranger(&t, "DROP TABLE freshet_answer; DELETE FROM author");
    assert_int_equal(ask(&t, &a), FR_OK);
    assert_int_equal(a.err, FR_ENOTFOUND);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM freshet_answer"), 1);
    test_close(&t);
}

FR_TESTS(kept, FR_TEST(a_repeat_finds_what_was_answered_also_after_a_restart),
         FR_TEST(nothing_is_kept_of_a_member_that_fails),
         FR_TEST(what_is_old_is_forgotten_and_what_is_too_much_is_let_go),
         FR_TEST(the_table_is_made_again_when_somebody_drops_it))
