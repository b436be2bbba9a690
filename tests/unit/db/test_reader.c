/* Reads in place on a loop, their transaction, their budget and the pool behind it (traps B6, A16, C6). */
#include "db_test.h"
#include "net/server.h"

typedef struct scene {
    fr_test_db db;
    fr_loop *loop;
    fr_arena *arena;
    fr_ctx ctx; /* of the fiber that runs */
    void (*play)(struct scene *s);
    bool is_done;
    size_t rows, begins;
    int64_t last;
    fr_err row_err;
} scene;

static void open_scene(scene *s)
{
    memset(s, 0, sizeof *s);
    test_folder(&s->db);
    test_open(&s->db, NULL, test_models(), test_live);
    s->loop = fr_loop_new(0);
    s->arena = fr_arena_new(0);
}

static void close_scene(scene *s)
{
    fr_loop_free(s->loop);
    fr_arena_free(s->arena);
    test_close(&s->db);
}

static void play(void *arg)
{
    scene *s = arg;
    fr_ctx_init(&s->ctx, s->arena, s->loop);
    s->ctx.db = s->db.db;
    s->play(s);
    s->is_done = true;
}

static void run(scene *s, void (*act)(scene *s))
{
    s->play = act;
    s->is_done = false;
    assert_int_equal(fr_fiber_start(s->loop, play, s), FR_OK);
    while (!s->is_done)
        fr_loop_run_once(s->loop, 1000);
}

static void begin(void *arg)
{
    scene *s = arg;
    s->begins++;
    s->rows = 0;
}

static fr_err row(void *arg, const fr_value *values)
{
    scene *s = arg;
    s->rows++;
    s->last = values[0].as.i;
    return s->row_err;
}

static fr_reader_sink sink(scene *s)
{
    return (fr_reader_sink){begin, row, s};
}

static int64_t insert_author(fr_ctx *ctx, const char *name)
{
    author a = {0};
    FR_SET(&a, name, fr_str_c(name));
    fr_err err = fr_create(ctx, &author_model, &a);
    return err == FR_OK ? a.id : -(int64_t)err;
}

static void fill(scene *s, int n)
{
    char sql[200];
    snprintf(sql, sizeof sql,
             "INSERT INTO author(name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
             "FROM n LIMIT %d) SELECT 'name ' || i FROM n",
             n);
    assert_int_equal(fr_db_exec_for_test(&s->db.ctx, sql, false), FR_OK);
}

/* ---- the transaction ---- */

static void reads_after_a_write(scene *s)
{
    fr_place place, written = fr_db_committed(s->db.db);
    fr_reader_sink to = sink(s);
    assert_int_equal(fr_db_select_key(&s->ctx, &author_model, FR_VALUE_I(1), &to, NULL),
                     FR_ENOTFOUND);
    assert_str(s->ctx.detail, "Not found.");
    assert_int_equal(insert_author(&s->ctx, "a"), 1);
    assert_int_equal(fr_db_select_key(&s->ctx, &author_model, FR_VALUE_I(1), &to, &place), FR_OK);
    assert_int_equal(place.number, written.number + 1);
    assert_int_equal(place.mark, fr_db_committed(s->db.db).mark);
}

static void nobody_reads_what_is_older_than_an_answer(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    run(&s, reads_after_a_write);
    close_scene(&s);
}

/* A commit of another thread between two reads of one pass: the second read sees it, as its answer may have been given. */
static void reads_around_a_foreign_answer(scene *s)
{
    fr_reader_sink to = sink(s);
    fr_query q = {.model = &author_model};
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
    assert_int_equal(s->rows, 0);
    assert_int_equal(insert_author(&s->db.ctx, "b"),
                     1); /* blocks this thread: not a suspension, the pass goes on */
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
    assert_int_equal(s->rows, 1);
}

static void one_pass_reads_anew_after_a_commit(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    run(&s, reads_around_a_foreign_answer);
    close_scene(&s);
}

static void reads_twice(scene *s)
{
    fr_reader_sink to = sink(s);
    fr_query q = {.model = &author_model};
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
    size_t before = s->rows;
    test_stranger(&s->db, "INSERT INTO author(name) SELECT 'stranger ' || count(*) FROM author");
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
    assert_int_equal(s->rows, before); /* one snapshot a pass */
}

static void one_pass_is_one_snapshot_and_ends_with_it(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    run(&s, reads_twice);
    fr_loop_run_once(s.loop, 0);
    run(&s, reads_twice); /* sees the first stranger's row, not the second's */
    assert_int_equal(s.rows, 1);
    fr_loop_run_once(s.loop, 0);
    /* Nothing holds the log back now: a checkpoint gets all of it. */
    assert_int_equal(test_number(&s.db, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    close_scene(&s);
}

/* ---- the budget ---- */

static void reads_too_much(scene *s)
{
    fr_reader_sink to = sink(s);
    fr_query q = {
        .model = &author_model,
        .where = fr_pred_term(s->ctx.arena, 1, FR_LOOKUP_ICONTAINS, FR_VALUE_S(FR_STR("nobody")))};
    int64_t count = -1;
    s->begins = 0;
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
    assert_int_equal(s->rows, 0);
    assert_int_equal(s->begins, 2); /* in place, and anew on the pool */
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
    assert_int_equal(s->begins, 3); /* its shape goes there at once */
    assert_int_equal(fr_db_count(&s->ctx, &q, &count), FR_OK);
    assert_int_equal(count, 0);
    q.where = NULL;
    fr_place place;
    s->begins = 0;
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, &place), FR_OK);
    assert_int_equal(s->rows, 60000);
    assert_int_equal(s->begins, 2);
    assert_int_equal(place.number, 1);
    q.limit = 10;
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
    assert_int_equal(s->begins, 3); /* short ones stay in place */
    s->row_err = FR_ETOOBIG;
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_ETOOBIG);
    assert_int_equal(s->rows, 1);
}

static void a_read_over_its_budget_begins_anew_on_the_pool(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fill(&s, 60000);
    run(&s, reads_too_much);
    close_scene(&s);
}

/* ---- stacks ---- */

static fr_pred *many_terms(fr_arena *arena, size_t n)
{
    fr_pred *pred = fr_arena_zalloc(arena, sizeof *pred);
    const fr_pred **parts = fr_arena_alloc(arena, n * sizeof *parts);
    for (size_t i = 0; i < n; i++)
        parts[i] = fr_pred_term(arena, 0, FR_LOOKUP_EXACT, FR_VALUE_I((int64_t)i));
    *pred = (fr_pred){.op = FR_PRED_OR, .parts = parts, .part_count = n};
    return pred;
}

static void reads_with_many_terms(scene *s)
{
    fr_reader_sink to = sink(s);
    fr_query q = {.model = &author_model, .where = many_terms(s->ctx.arena, 5000)};
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
    assert_int_equal(s->rows, 10);
    static fr_value values[3000]; /* a fiber has 64 KiB */
    for (int i = 0; i < 3000; i++)
        values[i] = FR_VALUE_I(i);
    q.where = fr_pred_in(s->ctx.arena, 0, values, 3000);
    assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
    assert_int_equal(s->rows, 10);
}

static void thousands_of_terms_fit_a_fiber(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fill(&s, 10);
    run(&s, reads_with_many_terms);
    close_scene(&s);
}

static void pages_agree_with_ties(scene *s)
{
    fr_reader_sink to = sink(s);
    fr_query q = {.model = &book_model, .limit = 5};
    assert_int_equal(fr_query_order(&q, FR_STR("-done")), FR_OK);
    for (int64_t page = 0; page < 4; page++) {
        q.offset = page * 5;
        assert_int_equal(fr_db_select(&s->ctx, &q, &to, NULL), FR_OK);
        assert_int_equal(s->last,
                         page * 5 + 5); /* equal by the order asked for: the key, ascending */
    }
}

static void equal_rows_are_in_the_order_of_their_keys(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(
        fr_db_exec_for_test(
            &s.db.ctx,
            "CREATE INDEX i ON book(done DESC); INSERT INTO book(title, price, done, updated)"
            " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20) SELECT i, "
            "i, 1, '' FROM n",
            false),
        FR_OK);
    run(&s, pages_agree_with_ties);
    close_scene(&s);
}

/* ---- counts ---- */

static int64_t count(scene *s, const fr_pred *where)
{
    fr_query q = {.model = &author_model, .where = where};
    int64_t n = -1;
    assert_int_equal(fr_db_count(&s->ctx, &q, &n), FR_OK);
    return n;
}

static uint64_t remembered(scene *s)
{
    fr_db_stats stats;
    fr_db_stats_get(s->db.db, &stats);
    return stats.remembered;
}

static void counts_twice(scene *s)
{
    fr_value values[] = {FR_VALUE_I(1), FR_VALUE_I(2), FR_VALUE_I(3), FR_VALUE_I(99)};
    const fr_pred *three = fr_pred_in(s->ctx.arena, 0, values, 3),
                  *four = fr_pred_in(s->ctx.arena, 0, values + 1, 3);
    assert_int_equal(count(s, NULL), 5);
    assert_int_equal(count(s, three), 3);
    assert_int_equal(count(s, four), 2);
    assert_int_equal(remembered(s), 0);
    assert_int_equal(count(s, NULL), 5);
    assert_int_equal(count(s, three), 3);
    assert_int_equal(count(s, four), 2);
    assert_int_equal(remembered(s), 3);
    assert_int_equal(insert_author(&s->ctx, "six"), 6);
    assert_int_equal(count(s, NULL), 6);
    assert_int_equal(remembered(s), 3);
}

static void counts_again(scene *s)
{
    assert_int_equal(count(s, NULL), 7); /* with the stranger's */
}

static void counts_are_remembered_until_somebody_commits(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fill(&s, 5);
    run(&s, counts_twice);
    fr_loop_run_once(s.loop, 0);
    test_stranger(&s.db, "INSERT INTO author(name) VALUES('stranger')");
    run(&s, counts_again);
    close_scene(&s);
}

/* ---- several reads ---- */

typedef struct several {
    scene *s;
    bool is_slow; /* one of them is for a pool thread */
    int runs;
    int64_t before, after;
    fr_place place;
} several;

static fr_err counts_before_and_after_others_write(fr_ctx *ctx, void *arg)
{
    several *v = arg;
    scene *s = v->s;
    fr_reader_sink to = sink(s);
    fr_query q = {.model = &author_model}, slow = q;
    char name[32];
    v->runs++;
    FR_TRY(fr_db_count(ctx, &q, &v->before));
    slow.where = fr_pred_term(ctx->arena, 1, FR_LOOKUP_ICONTAINS, FR_VALUE_S(FR_STR("nobody")));
    if (v->is_slow)
        FR_TRY(fr_db_select(ctx, &slow, &to, NULL));
    snprintf(name, sizeof name, "behind %lld", (long long)v->before);
    assert_true(insert_author(&s->db.ctx, name) > 0); /* committed, and its answer given */
    test_stranger(&s->db, "INSERT INTO author(name) SELECT 'stranger ' || count(*) FROM author");
    FR_TRY(fr_db_count(ctx, &q, &v->after));
    fr_place here;
    q.limit = 1;
    q.offset = v->before;
    FR_TRY(fr_db_select(ctx, &q, &to, &here)); /* one past the last: nothing */
    assert_int_equal(s->rows, 0);
    v->place = here;
    return FR_OK;
}

static void reads_several(scene *s, several *v, fr_ctx *ctx)
{
    fr_place place, was = fr_db_committed(s->db.db);
    int64_t count = -1;
    fr_query q = {.model = &author_model};
    *v = (several){.s = s, .is_slow = v->is_slow};
    assert_int_equal(fr_db_snapshot(ctx, counts_before_and_after_others_write, v, &place), FR_OK);
    assert_int_equal(v->before, v->after);
    assert_int_equal(place.number, v->place.number);
    assert_int_equal(place.mark, v->place.mark);
    assert_int_equal(place.number, was.number);
    assert_int_equal(fr_db_count(ctx, &q, &count), FR_OK);
    assert_int_equal(count, v->before + 2); /* and the next read sees what came meanwhile */
}

static void several_in_place(scene *s)
{
    several v = {0};
    reads_several(s, &v, &s->ctx);
    assert_int_equal(v.runs, 1);
}

static void several_on_the_pool(scene *s)
{
    several v = {.is_slow = true};
    reads_several(s, &v, &s->ctx);
    assert_int_equal(v.runs, 2); /* all of it begins anew there */
}

static void reads_of_a_snapshot_see_one_moment(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fill(&s, 10);
    run(&s, several_in_place);
    fr_loop_run_once(s.loop, 0);
    run(&s, several_in_place);
    close_scene(&s);
}

static void reads_of_a_snapshot_see_one_moment_on_the_pool_too(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fill(&s, 60000);
    run(&s, several_on_the_pool);
    close_scene(&s);
}

static void reads_of_a_snapshot_see_one_moment_outside_loops(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fill(&s, 10);
    several v = {0};
    fr_ctx ctx;
    fr_ctx_init(&ctx, s.arena, NULL);
    ctx.db = s.db.db;
    reads_several(&s, &v, &ctx);
    close_scene(&s);
}

static fr_err writes_in_a_snapshot(fr_ctx *ctx, void *arg)
{
    (void)arg;
    author a = {0};
    FR_SET(&a, name, FR_STR("never"));
    assert_int_equal(fr_create(ctx, &author_model, &a), FR_EINVAL);
    assert_int_equal(fr_atomic(ctx, writes_in_a_snapshot, NULL), FR_EINVAL);
    assert_int_equal(fr_sleep(ctx, 1), FR_EINVAL);
    return fr_fail(ctx, FR_EDENIED, "no");
}

static fr_err reads_a_snapshot_as_a_member(fr_ctx *ctx, void *arg)
{
    several *v = arg;
    fr_place place;
    fr_query q = {.model = &author_model};
    assert_true(insert_author(ctx, "ours") > 0);
    assert_int_equal(fr_db_snapshot(ctx, writes_in_a_snapshot, NULL, &place), FR_EDENIED);
    return fr_db_count(ctx, &q, &v->before); /* and writing goes on */
}

static void a_snapshot_is_only_read_and_may_be_part_of_a_member(void **state)
{
    (void)state;
    scene s;
    several v = {.s = &s};
    open_scene(&s);
    assert_int_equal(fr_db_snapshot(&s.db.ctx, writes_in_a_snapshot, NULL, NULL), FR_EDENIED);
    assert_str(s.db.ctx.detail, "no");
    assert_int_equal(fr_atomic(&s.db.ctx, reads_a_snapshot_as_a_member, &v), FR_OK);
    assert_int_equal(v.before, 1);
    close_scene(&s);
}

static void looks(scene *s)
{
    fr_now first, second, third;
    assert_int_equal(fr_db_now(&s->ctx, false, &first), FR_OK);
    assert_int_equal(first.place.number, fr_db_committed(s->db.db).number);
    assert_int_equal(fr_db_now(&s->ctx, true, &second), FR_OK);
    assert_int_equal(second.version, first.version);
    test_stranger(&s->db, "INSERT INTO author(name) VALUES('stranger')");
    assert_int_equal(fr_db_now(&s->ctx, false, &second), FR_OK); /* the pass's transaction */
    assert_int_equal(second.version, first.version);
    assert_int_equal(fr_db_now(&s->ctx, true, &third), FR_OK);
    assert_int_not_equal(third.version, first.version);
    assert_int_equal(count(s, NULL), 1); /* later reads of the pass see it too */
}

static void a_look_anew_sees_what_anybody_has_committed(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    run(&s, looks);
    close_scene(&s);
}

/* ---- else ---- */

static void a_read_inside_a_read(scene *s)
{
    fr_reader_sink to = sink(s);
    assert_int_equal(fr_db_select_key(&s->ctx, &author_model, FR_VALUE_I(1), &to, NULL), FR_OK);
}

static fr_err nested_row(void *arg, const fr_value *values)
{
    (void)values;
    scene *s = arg;
    fr_reader_sink to = sink(s);
    return fr_db_select_key(&s->ctx, &author_model, FR_VALUE_I(1), &to, NULL);
}

static void nested(scene *s)
{
    fr_reader_sink to = {.row = nested_row, .arg = s};
    assert_int_equal(fr_db_select_key(&s->ctx, &author_model, FR_VALUE_I(1), &to, NULL),
                     FR_EINTERNAL);
}

static void a_read_within_a_read_is_refused(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fill(&s, 1);
    run(&s, a_read_inside_a_read);
    run(&s, nested);
    close_scene(&s);
}

static void exists_looks_past_the_row_itself(void **state)
{
    (void)state;
    scene s;
    bool found;
    open_scene(&s);
    fill(&s, 3);
    fr_ctx *ctx = &s.db.ctx;
    fr_value none = {.type = FR_VALUE_NULL}, name = FR_VALUE_S(FR_STR("name 2"));
    assert_int_equal(fr_db_exists(ctx, &author_model, 1, name, none, &found), FR_OK);
    assert_true(found);
    assert_int_equal(fr_db_exists(ctx, &author_model, 1, name, FR_VALUE_I(2), &found), FR_OK);
    assert_false(found);
    assert_int_equal(fr_db_exists(ctx, &author_model, 1, name, FR_VALUE_I(3), &found), FR_OK);
    assert_true(found);
    close_scene(&s);
}

static void a_database_may_close_before_its_loops(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fill(&s, 1);
    run(&s, a_read_inside_a_read);
    test_close(&s.db);
    fr_loop_run_once(s.loop, 0);
    fr_loop_free(s.loop);
    fr_arena_free(s.arena);
}

/* ---- a read within a read of one snapshot ---- */

typedef struct doll {
    fr_ctx *ctx;
    int depth;
    size_t rows, inner;
} doll;

static fr_err count_row(void *arg, const fr_value *values)
{
    (void)values;
    ((doll *)arg)->inner++;
    return FR_OK;
}

static fr_err read_again(void *arg, const fr_value *values)
{
    doll *n = arg;
    fr_query query = {.model = &author_model};
    doll within = {.ctx = n->ctx, .depth = n->depth + 1};
    assert_int_equal(values[author_field_id].as.i, (int64_t)++n->rows);
    FR_TRY(fr_db_select(n->ctx, &query,
                        &(fr_reader_sink){.row = n->depth ? count_row : read_again, .arg = &within},
                        NULL));
    n->inner += within.inner;
    return FR_OK;
}

static fr_err read_nested(fr_ctx *ctx, void *arg)
{
    doll *n = arg;
    fr_query query = {.model = &author_model};
    *n = (doll){.ctx = ctx};
    return fr_db_select(ctx, &query, &(fr_reader_sink){.row = read_again, .arg = n}, NULL);
}

static void reads_of_one_shape_go_on_within_each_other(void **state)
{
    (void)state;
    scene s;
    doll n;
    open_scene(&s);
    assert_int_equal(
        fr_db_exec_for_test(&s.db.ctx, "INSERT INTO author(name) VALUES('a'), ('b'), ('c')", false),
        FR_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fr_db_snapshot(&s.db.ctx, read_nested, &n, NULL), FR_OK);
        assert_int_equal(n.rows, 3);
        assert_int_equal(n.inner, 27);
    }
    assert_int_equal(fr_atomic(&s.db.ctx, read_nested, &n), FR_OK);
    assert_int_equal(n.inner, 27);
    close_scene(&s);
}

FR_TESTS(
    reader, FR_TEST(nobody_reads_what_is_older_than_an_answer),
    FR_TEST(one_pass_reads_anew_after_a_commit), FR_TEST(one_pass_is_one_snapshot_and_ends_with_it),
    FR_TEST(a_read_over_its_budget_begins_anew_on_the_pool),
    FR_TEST(thousands_of_terms_fit_a_fiber), FR_TEST(equal_rows_are_in_the_order_of_their_keys),
    FR_TEST(reads_of_a_snapshot_see_one_moment),
    FR_TEST(reads_of_a_snapshot_see_one_moment_on_the_pool_too),
    FR_TEST(reads_of_a_snapshot_see_one_moment_outside_loops),
    FR_TEST(a_snapshot_is_only_read_and_may_be_part_of_a_member),
    FR_TEST(a_look_anew_sees_what_anybody_has_committed), FR_TEST(a_read_within_a_read_is_refused),
    FR_TEST(reads_of_one_shape_go_on_within_each_other), FR_TEST(exists_looks_past_the_row_itself),
    FR_TEST(counts_are_remembered_until_somebody_commits),
    FR_TEST(a_database_may_close_before_its_loops))
