/* fr_atomic: one member whose function runs on the writer's thread (traps B5). */
#include <time.h>
#include "db_test.h"

typedef struct scene {
    fr_test_db db;
    size_t commits, changes;
    int runs;
    fr_err inner, outer;
} scene;

static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    scene *s = arg;
    s->commits += count;
    for (size_t i = 0; i < count; i++)
        s->changes += commits[i].change_count;
}

static void open_scene(scene *s)
{
    memset(s, 0, sizeof *s);
    test_folder(&s->db);
    test_open(&s->db, &(fr_db_opts){.on_commit = on_commit, .arg = s}, test_models(), test_live);
}

static fr_err create(fr_ctx *ctx, const char *name)
{
    author a = {0};
    FR_SET(&a, name, fr_str_c(name));
    return fr_create(ctx, &author_model, &a);
}

static fr_err transfer(fr_ctx *ctx, void *arg)
{
    (void)arg;
    author a = {0};
    fr_rows rows;
    FR_TRY(create(ctx, "one"));
    FR_TRY(fr_get(ctx, &author_model, 1, &a)); /* sees what this transaction wrote */
    FR_SET(&a, name, FR_STR("changed"));
    FR_TRY(fr_update(ctx, &author_model, &a));
    FR_TRY(create(ctx, "two"));
    FR_TRY(fr_filter(ctx, &author_model, FR_STR("name=changed"), &rows));
    return rows.count == 1 ? FR_OK : FR_EINTERNAL;
}

static void it_is_one_commit(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(fr_atomic(&s.db.ctx, transfer, NULL), FR_OK);
    assert_int_equal(s.commits, 1);
    assert_int_equal(s.changes, 2); /* one's update is folded into its create */
    assert_int_equal(fr_db_committed(s.db.db).number, 1);
    test_close(&s.db);
}

static fr_err gives_up(fr_ctx *ctx, void *arg)
{
    (void)arg;
    FR_TRY(create(ctx, "one"));
    return fr_fail(ctx, FR_EDENIED, "Changed my mind.");
}

static void an_error_rolls_everything_back(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(fr_atomic(&s.db.ctx, gives_up, NULL), FR_EDENIED);
    assert_str(s.db.ctx.detail, "Changed my mind.");
    assert_int_equal(s.commits, 0);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM author"), 0);
    assert_int_equal(fr_db_committed(s.db.db).number, 0);
    test_close(&s.db);
}

static fr_err with_parts(fr_ctx *ctx, void *arg)
{
    scene *s = arg;
    FR_TRY(create(ctx, "kept"));
    s->inner = fr_atomic(ctx, gives_up, NULL);
    s->outer = create(ctx, "kept"); /* refused; its statement leaves nothing */
    return create(ctx, "last");
}

static void a_part_that_fails_is_undone_alone(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(fr_atomic(&s.db.ctx, with_parts, &s), FR_OK);
    assert_int_equal(s.inner, FR_EDENIED);
    assert_int_equal(s.outer, FR_ECONFLICT);
    assert_int_equal(s.changes, 2);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM author"), 2);
    test_close(&s.db);
}

static fr_err too_slow(fr_ctx *ctx, void *arg)
{
    scene *s = arg;
    FR_TRY(create(ctx, "one"));
    nanosleep(&(struct timespec){0, 130 * 1000000}, NULL);
    s->inner = create(ctx, "two");
    return FR_OK; /* not even then */
}

static void it_has_100_ms(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(fr_atomic(&s.db.ctx, too_slow, &s), FR_ETIMEOUT);
    assert_int_equal(s.inner, FR_ETIMEOUT);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM author"), 0);
    test_close(&s.db);
}

static fr_err wrong_context(fr_ctx *ctx, void *arg)
{
    scene *s = arg;
    (void)ctx;
    author a;
    s->inner = create(&s->db.ctx, "one");
    s->outer = fr_get(&s->db.ctx, &author_model, 1, &a);
    return FR_OK;
}

static fr_err sleeps(fr_ctx *ctx, void *arg)
{
    (void)arg;
    return fr_sleep(ctx, 1);
}

static void only_its_own_context_works_and_nothing_else_waits(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(fr_atomic(&s.db.ctx, wrong_context, &s), FR_OK);
    assert_int_equal(s.inner, FR_EINVAL);
    assert_int_equal(s.outer, FR_EINVAL);
    assert_int_equal(fr_atomic(&s.db.ctx, sleeps, NULL), FR_EINVAL);
    test_close(&s.db);
}

static int commits_to_refuse;
static int refuse_commit(void *arg)
{
    (void)arg;
    return commits_to_refuse > 0 && commits_to_refuse-- > 0;
}

static fr_err adds(fr_ctx *ctx, void *arg)
{
    ((scene *)arg)->runs++;
    return create(ctx, "x");
}

static void one_whose_commit_fails_is_told(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    sqlite3_commit_hook(fr_sqlite_db_of(s.db.db)->writer->conn.h, refuse_commit, NULL);
    commits_to_refuse = 1;
    assert_int_equal(fr_atomic(&s.db.ctx, adds, &s), FR_ECONFLICT);
    assert_int_equal(s.runs, 1);
    assert_int_equal(fr_db_committed(s.db.db).number, 0);
    assert_int_equal(fr_atomic(&s.db.ctx, adds, &s), FR_OK);
    assert_int_equal(s.commits, 1);
    test_close(&s.db);
}

static fr_err dangles(fr_ctx *ctx, void *arg)
{
    (void)arg;
    book b = {0};
    FR_SET(&b, title, FR_STR("t"));
    FR_SET(&b, author, 5);
    FR_TRY(fr_create(ctx, &book_model, &b)); /* deferred: nothing is said yet */
    if (arg)
        return fr_db_exec_for_test(ctx, "INSERT INTO author(id, name) VALUES(5, 'five')", false);
    return FR_OK;
}

static void an_open_reference_may_be_repaired_before_the_end(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(fr_atomic(&s.db.ctx, dangles, NULL), FR_ECONFLICT);
    assert_int_equal(fr_atomic(&s.db.ctx, dangles, &s), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM book"), 1);
    test_close(&s.db);
}

static fr_err after_the_end(fr_ctx *ctx, void *arg)
{
    scene *s = arg;
    FR_TRY(create(ctx, "one"));
    s->inner = fr_db_exec_for_test(ctx, "INSERT OR ROLLBACK INTO author(name) VALUES('one')", true);
    s->outer = create(ctx, "alone"); /* must not commit by itself */
    return FR_OK;
}

static void nothing_runs_after_the_transaction_is_gone(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_not_equal(fr_atomic(&s.db.ctx, after_the_end, &s), FR_OK);
    assert_int_not_equal(s.outer, FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM author"), 0);
    assert_int_equal(create(&s.db.ctx, "later"), FR_OK);
    test_close(&s.db);
}

FR_TESTS(atomic, FR_TEST(it_is_one_commit), FR_TEST(an_error_rolls_everything_back),
         FR_TEST(a_part_that_fails_is_undone_alone), FR_TEST(it_has_100_ms),
         FR_TEST(only_its_own_context_works_and_nothing_else_waits),
         FR_TEST(one_whose_commit_fails_is_told),
         FR_TEST(an_open_reference_may_be_repaired_before_the_end),
         FR_TEST(nothing_runs_after_the_transaction_is_gone))
