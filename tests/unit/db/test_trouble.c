/* What other programs do to tables while we run: one table's trouble is its own, and is told. */
#include "base/alloc.h"
#include "db_test.h"

typedef struct scene {
    fr_test_db db;
    size_t commits, changes, floods, most_floods;
    const fr_model *last_flooded;
} scene;

static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    scene *s = arg;
    fr_test_fail_alloc(0);
    s->commits += count;
    for (size_t i = 0; i < count; i++) {
        s->changes += commits[i].change_count;
        s->floods += commits[i].flood_count;
        if (!commits[i].flood_count)
            continue;
        s->most_floods = commits[i].flood_count;
        s->last_flooded = commits[i].flooded[commits[i].flood_count - 1];
    }
}

static void reopen(scene *s)
{
    test_open(&s->db, &(fr_db_opts){.on_commit = on_commit, .arg = s, .watch_ms = UINT32_MAX},
              test_models(), test_live);
}

static void open_scene(scene *s)
{
    memset(s, 0, sizeof *s);
    test_folder(&s->db);
    reopen(s);
    author a = {0};
    FR_SET(&a, name, FR_STR("Jane"));
    assert_int_equal(fr_create(&s->db.ctx, &author_model, &a), FR_OK);
}

/* Of the table that is well; it makes the writer look. */
static void add_book(scene *s)
{
    book b = {0};
    FR_SET(&b, title, FR_STR("a book"));
    assert_int_equal(fr_create(&s->db.ctx, &book_model, &b), FR_OK);
}

static fr_err add_author(scene *s, const char *name)
{
    author a = {0};
    FR_SET(&a, name, fr_str_c(name));
    return fr_create(&s->db.ctx, &author_model, &a);
}

static void expect_trouble(scene *s, const char *words)
{
    fr_rows rows;
    author a = {.id = 1, .name = FR_STR("x")};
    fr_ctx *ctx = &s->db.ctx;
    const fr_err all[] = {fr_get(ctx, &author_model, 1, &a), fr_all(ctx, &author_model, &rows),
                          add_author(s, "new"), fr_update(ctx, &author_model, &a),
                          fr_delete(ctx, &author_model, 1)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != FR_ESCHEMA)
            fail_msg("call %zu: %s %.*s", i, fr_err_name(all[i]), FR_FMT(ctx->detail));
    assert_str(ctx->detail, words);
}

static void expect_fit(scene *s)
{
    author a;
    assert_int_equal(fr_get(&s->db.ctx, &author_model, 1, &a), FR_OK);
    assert_str(a.name, "Jane");
    static int count;
    char name[32];
    snprintf(name, sizeof name, "author %d", count++);
    assert_int_equal(add_author(s, name), FR_OK);
}

static void a_table_that_is_gone_is_its_own_trouble(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    test_stranger(&s.db, "ALTER TABLE author RENAME TO writer");
    s.floods = 0;
    add_book(&s);
    assert_int_equal(s.floods, 2); /* both: who watches authors reads again, and is told */
    expect_trouble(&s, "The table of model author is not in the database.");
    add_book(&s);
    test_stranger(&s.db,
                  "INSERT INTO book(title, price, done, updated) VALUES('theirs', 1, 0, '')");
    add_book(&s);
    assert_int_equal(s.floods, 4); /* what strangers write elsewhere is still told */
    test_stranger(&s.db, "ALTER TABLE writer RENAME TO author");
    add_book(&s);
    expect_fit(&s);
    test_close(&s.db);
}

static void a_table_that_was_altered_is_its_own_trouble(void **state)
{
    (void)state;
    static const char *const there[] = {
        "ALTER TABLE author RENAME COLUMN name TO label",
        "ALTER TABLE author RENAME TO kept; CREATE VIEW author AS SELECT * FROM kept",
        "ALTER TABLE author RENAME TO kept; CREATE TABLE author(id INT, name TEXT PRIMARY KEY)",
    };
    static const char *const back[] = {
        "ALTER TABLE author RENAME COLUMN label TO name",
        "DROP VIEW author; ALTER TABLE kept RENAME TO author",
        "DROP TABLE author; ALTER TABLE kept RENAME TO author",
    };
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        scene s;
        open_scene(&s);
        test_stranger(&s.db, there[i]);
        add_book(&s);
        expect_trouble(
            &s, "The table of model author does not fit any more: another program has altered it.");
        add_book(&s);
        test_stranger(&s.db, back[i]);
        add_book(&s);
        expect_fit(&s);
        test_close(&s.db);
    }
}

/* As Django does it: a new table, the rows, and the old name. */
static void a_table_that_was_made_anew_goes_on(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    s.floods = 0;
    test_stranger(&s.db, "BEGIN; CREATE TABLE new__author(name varchar(99) NOT NULL, more text,"
                         " id integer NOT NULL PRIMARY KEY AUTOINCREMENT);"
                         "INSERT INTO new__author(id, name) SELECT id, name FROM author;"
                         "DROP TABLE author; ALTER TABLE new__author RENAME TO author; COMMIT");
    expect_fit(&s);
    assert_int_equal(s.floods, 2);
    assert_int_equal(s.changes, 2); /* before and after, in the new order of columns */
    test_close(&s.db);
}

/* Between the alteration and the writer's look it is the statement that fails. */
static void an_alteration_that_nobody_has_seen_yet_is_told_in_words(void **state)
{
    (void)state;
    static const char *const alterations[] = {"ALTER TABLE author RENAME TO writer",
                                              "ALTER TABLE author RENAME COLUMN name TO label"};
    for (size_t i = 0; i < sizeof alterations / sizeof *alterations; i++) {
        scene s;
        author a;
        open_scene(&s);
        test_stranger(&s.db, alterations[i]);
        assert_int_equal(fr_get(&s.db.ctx, &author_model, 1, &a), FR_ESCHEMA);
        assert_str(
            s.db.ctx.detail,
            "The tables of the database do not fit any more: another program has altered them.");
        test_close(&s.db);
    }
}

static void expect_creates_refused(scene *s)
{
    author a = {.id = 1};
    fr_ctx *ctx = &s->db.ctx;
    assert_int_equal(add_author(s, "new"), FR_ESCHEMA);
    assert_str(ctx->detail,
               "No author can be added: its table has a column that must be given, and "
               "this program does not know it.");
    FR_SET(&a, name, FR_STR("Joan"));
    assert_int_equal(fr_update(ctx, &author_model, &a), FR_OK);
    assert_int_equal(fr_get(ctx, &author_model, 1, &a), FR_OK);
    assert_int_equal(fr_delete(ctx, &author_model, 1), FR_OK);
    add_book(s);
}

static void a_column_that_must_be_given_refuses_creates_alone(void **state)
{
    (void)state;
    static const char remade[] =
        "CREATE TABLE a(id INTEGER PRIMARY KEY, name TEXT UNIQUE, age INT NOT NULL);"
        "INSERT INTO a SELECT id, name, 7 FROM author; DROP TABLE author; ALTER TABLE a RENAME TO "
        "author";
    scene s;
    open_scene(&s);
    test_stranger(&s.db, remade); /* while it runs */
    expect_creates_refused(&s);
    test_shut(&s.db);
    test_stranger(&s.db, "INSERT INTO author VALUES(1, 'Jane', 7)");
    reopen(&s); /* and at the start */
    expect_creates_refused(&s);
    test_stranger(&s.db,
                  "ALTER TABLE author DROP COLUMN age; INSERT INTO author VALUES(1, 'Jane')");
    expect_fit(&s);
    test_close(&s.db);
}

static void rows_can_be_deleted_though_a_table_that_refers_is_gone(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    test_stranger(&s.db, "DROP TABLE book");
    assert_int_equal(fr_delete(&s.db.ctx, &author_model, 1), FR_OK);
    assert_int_equal(add_author(&s, "next"), FR_OK);
    test_close(&s.db);
}

/* ---- the log ---- */

static fr_span_changes since(scene *s, fr_place place)
{
    fr_span_changes span;
    assert_int_equal(fr_db_log_since(&s->db.ctx, &book_model, place, 0, &span), FR_OK);
    return span;
}

static void expect_history_anew(scene *s, fr_place before)
{
    add_book(s);
    fr_place from = fr_db_committed(s->db.db);
    fr_span_changes span = since(s, before);
    assert_false(span.is_known);
    add_book(s);
    span = since(s, from);
    assert_true(span.is_known);
    assert_int_equal(span.change_count, 1);
    assert_int_equal(fr_db_committed(s->db.db).number, from.number + 1);
}

static const char *const drops[] = {
    "DROP TABLE freshet_change", "DROP TABLE freshet_commit", "DROP TABLE freshet_schema",
    "DROP TABLE freshet_change; DROP TABLE freshet_commit; DROP TABLE freshet_schema"};

static void a_log_that_was_dropped_by_hand_is_made_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
        scene s;
        open_scene(&s);
        fr_place before = fr_db_committed(s.db.db);
        add_book(&s);
        uint64_t last = fr_db_committed(s.db.db).number;
        test_stranger(&s.db, drops[i]);
        expect_history_anew(&s, before);
        assert_true(fr_db_committed(s.db.db).number > last);
        assert_int_equal(test_number(&s.db, "SELECT count(*) FROM book"), 3);
        test_close(&s.db);
    }
}

static void a_log_that_was_dropped_while_nobody_ran_is_made_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
        scene s;
        open_scene(&s);
        fr_place before = fr_db_committed(s.db.db);
        add_book(&s);
        test_shut(&s.db);
        test_stranger(&s.db, drops[i]);
        reopen(&s);
        expect_history_anew(&s, before);
        test_close(&s.db);
    }
}

/* ---- memory ---- */

static size_t fail_at;

/* Its group commits nothing, so the failure waits for the next: for the look at what strangers did. */
static fr_err fails_and_leaves_little_memory(fr_ctx *ctx, void *arg)
{
    (void)ctx, (void)arg;
    fr_test_fail_alloc(fail_at);
    return FR_EDENIED;
}

static void a_look_that_runs_out_of_memory_is_made_again(void **state)
{
    (void)state;
    static const char *const alterations[] = {
        "ALTER TABLE author RENAME TO writer",
        "ALTER TABLE writer RENAME TO author",
        "ALTER TABLE book RENAME COLUMN title TO label",
        "ALTER TABLE book RENAME COLUMN label TO title",
        "ALTER TABLE book DROP COLUMN price",
        "ALTER TABLE book ADD COLUMN price REAL NOT NULL DEFAULT 7"};
    scene s;
    open_scene(&s);
    for (fail_at = 1; fail_at <= 60; fail_at++) {
        size_t at = (fail_at - 1) % (sizeof alterations / sizeof *alterations);
        book b = {0};
        author a;
        assert_int_equal(fr_atomic(&s.db.ctx, fails_and_leaves_little_memory, NULL), FR_EDENIED);
        test_stranger(&s.db, alterations[at]);
        fr_err err = add_author(&s, "now or never");
        assert_int_not_equal(err, FR_EINTERNAL);
        size_t wanted = fail_at;
        fail_at = 0;
        fr_atomic(&s.db.ctx, fails_and_leaves_little_memory, NULL);
        fail_at = wanted;
        FR_SET(&b, title, FR_STR("a book"));
        err = fr_create(&s.db.ctx, &book_model, &b);
        assert_int_equal(err, at == 2 || at == 4 ? FR_ESCHEMA : FR_OK);
        assert_int_equal(fr_get(&s.db.ctx, &author_model, 1, &a), at == 0 ? FR_ESCHEMA : FR_OK);
        if (err == FR_OK)
            assert_int_equal(fr_delete(&s.db.ctx, &book_model, b.id), FR_OK);
    }
    test_close(&s.db);
}

enum { MANY = 70, ROWS = 400 };

static fr_err leaves_little_memory(fr_ctx *ctx, void *arg)
{
    (void)arg;
    FR_TRY(fr_db_exec_for_test(ctx,
                               "DELETE FROM m69; INSERT INTO m69(name) WITH RECURSIVE n(i) AS"
                               " (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 400)"
                               " SELECT 'name ' || i FROM n",
                               false));
    fr_test_fail_alloc(fail_at); /* of the writer's thread: from here to telling of the commit */
    return FR_OK;
}

static void no_commit_of_many_models_is_lost_when_memory_is_out(void **state)
{
    (void)state;
    static fr_model all[MANY];
    static char names[MANY][16];
    const fr_model *models[MANY + 1] = {NULL};
    bool live[MANY];
    size_t flooded = 0;
    scene s = {0};
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "m%d", i);
        all[i] = author_model;
        all[i].name = all[i].table = names[i];
        models[i] = &all[i];
        live[i] = true;
    }
    test_folder(&s.db);
    test_open(&s.db, &(fr_db_opts){.on_commit = on_commit, .arg = &s}, models, live);
    for (fail_at = 1; fail_at < 40; fail_at++) {
        s.commits = s.changes = s.floods = 0;
        fr_err err = fr_atomic(&s.db.ctx, leaves_little_memory, NULL);
        if (err != FR_OK && err != FR_ENOMEM && err != FR_ETIMEOUT) /* a busy machine */
            fail_msg("allocation %zu: %s %.*s", fail_at, fr_err_name(err), FR_FMT(s.db.ctx.detail));
        assert_int_equal(s.commits, err == FR_OK);
        assert_true(err != FR_OK || s.floods || s.changes >= ROWS);
        if (!s.floods)
            continue;
        flooded++;
        assert_int_equal(s.most_floods, MANY);
        assert_ptr_equal(s.last_flooded, models[MANY - 1]);
    }
    assert_true(flooded > 0);
    test_close(&s.db);
}

FR_TESTS(trouble, FR_TEST(a_table_that_is_gone_is_its_own_trouble),
         FR_TEST(a_table_that_was_altered_is_its_own_trouble),
         FR_TEST(a_table_that_was_made_anew_goes_on),
         FR_TEST(an_alteration_that_nobody_has_seen_yet_is_told_in_words),
         FR_TEST(a_column_that_must_be_given_refuses_creates_alone),
         FR_TEST(rows_can_be_deleted_though_a_table_that_refers_is_gone),
         FR_TEST(a_log_that_was_dropped_by_hand_is_made_again),
         FR_TEST(a_log_that_was_dropped_while_nobody_ran_is_made_again),
         FR_TEST(a_look_that_runs_out_of_memory_is_made_again),
         FR_TEST(no_commit_of_many_models_is_lost_when_memory_is_out))
