/* Keys of a many-to-many relation, written by the program; and rows that go by a filter. */
#include "base/alloc.h"
#include "db_test.h"

FR_MODEL(skill, (ID, id), (CHAR, name, .max_length = 20));
FR_MODEL(code, (UUID, id, .primary_key = true, .default_ = "random"), (CHAR, name, .max_length = 20));
FR_MODEL(word, (CHAR, text, .max_length = 20, .primary_key = true));
extern const fr_model membership_model;
FR_MODEL(worker,
    (ID,   id),
    (CHAR, name, .max_length = 20),
    (MANY_TO_MANY(skill), skills, .related = "workers"),
    (MANY_TO_MANY(code), codes),
    (MANY_TO_MANY(word), words),
    (MANY_TO_MANY(worker), friends, .symmetric = true),
    (MANY_TO_MANY(skill), taught, .through = &membership_model, .related = "teachers"));
FR_MODEL(membership,
    (ID,   id),
    (FOREIGN_KEY(worker), worker, .related = "memberships"),
    (FOREIGN_KEY(skill), skill, .related = "memberships"),
    (CHAR, role, .max_length = 10, .default_ = "member"));
FR_MODEL(badge_of, (ID, id), (FOREIGN_KEY(worker), worker, .on_delete = FR_PROTECT));
FR_MODEL(boss, (ID, id), (FOREIGN_KEY(boss), above, .null = true, .on_delete = FR_RESTRICT),
    (FOREIGN_KEY(boss), owner, .null = true));

static const fr_model *const models[] = {
    &skill_model,      &code_model,     &word_model, &worker_model,
    &membership_model, &badge_of_model, &boss_model, NULL};
static const bool live[] = {true, true, true, true, true, true, true};

typedef struct scene {
    fr_test_db db;
    size_t changes, commits;
    worker ann, bob;
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
    test_open(&s->db, &(fr_db_opts){.on_commit = on_commit, .arg = s}, models, live);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fr_create(&s->db.ctx, &skill_model, (&(skill){.name = FR_STR("s")})),
                         FR_OK);
    s->ann = (worker){.name = FR_STR("Ann")};
    s->bob = (worker){.name = FR_STR("Bob")};
    assert_int_equal(fr_create(&s->db.ctx, &worker_model, &s->ann), FR_OK);
    assert_int_equal(fr_create(&s->db.ctx, &worker_model, &s->bob), FR_OK);
    s->changes = s->commits = 0;
}

static int64_t number(scene *s, const char *sql)
{
    return test_number(&s->db, sql);
}

#define SKILLS "SELECT count(*) * 100 + total(skill_id) FROM worker_skills WHERE worker_id = 1"

static void keys_come_and_go_and_those_that_stay_are_not_told(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fr_ctx *ctx = &s.db.ctx;
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.ann, "skills", FR_IDS(1, 2, 1)), FR_OK);
    assert_int_equal(number(&s, SKILLS), 203);
    assert_int_equal(s.changes, 2);
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.ann, "skills", FR_IDS(2)), FR_OK);
    assert_int_equal(s.changes, 2); /* it was there */
    assert_int_equal(fr_related_set(ctx, &worker_model, &s.ann, "skills", FR_IDS(2, 3)), FR_OK);
    assert_int_equal(number(&s, SKILLS), 205);
    assert_int_equal(s.changes, 4);
    assert_int_equal(fr_related_remove(ctx, &worker_model, &s.ann, "skills", FR_IDS(3, 1, 99)),
                     FR_OK);
    assert_int_equal(number(&s, SKILLS), 102);
    assert_int_equal(s.changes, 5);
    assert_int_equal(fr_related_clear(ctx, &worker_model, &s.ann, "skills"), FR_OK);
    assert_int_equal(number(&s, SKILLS), 0);
    assert_int_equal(s.changes, 6);
    test_close(&s.db);
}

static void the_other_side_has_the_same_keys(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fr_ctx *ctx = &s.db.ctx;
    skill third = {.id = 3};
    assert_int_equal(fr_related_add(ctx, &skill_model, &third, "workers", FR_IDS(1, 2)), FR_OK);
    assert_int_equal(number(&s, SKILLS), 103);
    assert_int_equal(fr_related_set(ctx, &skill_model, &third, "workers", FR_IDS(2)), FR_OK);
    assert_int_equal(number(&s, SKILLS), 0);
    test_close(&s.db);
}

static void a_model_to_itself_has_both_ways(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(fr_related_add(&s.db.ctx, &worker_model, &s.ann, "friends", FR_IDS(2)), FR_OK);
    assert_int_equal(number(&s, "SELECT count(*) FROM worker_friends"), 2);
    assert_int_equal(fr_related_remove(&s.db.ctx, &worker_model, &s.bob, "friends", FR_IDS(1)),
                     FR_OK);
    assert_int_equal(number(&s, "SELECT count(*) FROM worker_friends"), 0);
    test_close(&s.db);
}

static void a_model_of_ones_own_between_gets_its_defaults(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    assert_int_equal(fr_related_add(&s.db.ctx, &worker_model, &s.ann, "taught", FR_IDS(2)), FR_OK);
    assert_int_equal(number(&s, "SELECT count(*) FROM membership WHERE role = 'member'"), 1);
    /* Two rows of one key go together. */
    assert_int_equal(fr_db_exec_for_test(&s.db.ctx,
                                         "INSERT INTO membership(worker_id, skill_id, role)"
                                         " VALUES(1, 2, 'lead')",
                                         false),
                     FR_OK);
    assert_int_equal(fr_related_remove(&s.db.ctx, &worker_model, &s.ann, "taught", FR_IDS(2)),
                     FR_OK);
    assert_int_equal(number(&s, "SELECT count(*) FROM membership"), 0);
    test_close(&s.db);
}

static void keys_are_of_the_kind_that_their_model_has(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fr_ctx *ctx = &s.db.ctx;
    code c = {.name = FR_STR("c")};
    word w = {.text = FR_STR("hello")};
    assert_int_equal(fr_create(ctx, &code_model, &c), FR_OK);
    assert_int_equal(fr_create(ctx, &word_model, &w), FR_OK);
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.ann, "codes",
                                    ((fr_key_list){.uuids = &c.id, .count = 1})),
                     FR_OK);
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.ann, "words",
                                    ((fr_key_list){.texts = &w.text, .count = 1})),
                     FR_OK);
    assert_int_equal(number(&s, "SELECT count(*) FROM worker_codes JOIN code ON code.id = code_id"),
                     1);
    assert_int_equal(number(&s, "SELECT count(*) FROM worker_words WHERE word_id = 'hello'"), 1);
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.ann, "codes", FR_IDS(1)), FR_EINTERNAL);
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.ann, "name", FR_IDS(1)), FR_EINTERNAL);
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.ann, "memberships", FR_IDS(1)),
                     FR_EINTERNAL);
    assert_int_equal(fr_related_add(ctx, &worker_model, &c, "skills", FR_IDS(1)), FR_EINTERNAL);
    test_close(&s.db);
}

static void a_key_of_no_row_is_told_and_nothing_is_stored(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    fr_ctx *ctx = &s.db.ctx;
    worker nobody = {.id = 77};
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.ann, "skills", FR_IDS(1, 99)),
                     FR_ECONFLICT);
    assert_str(ctx->detail, "There is no skill with the key \"99\".");
    assert_int_equal(fr_related_set(ctx, &worker_model, &s.ann, "skills", FR_IDS(98)),
                     FR_ECONFLICT);
    assert_int_equal(number(&s, SKILLS), 0);
    assert_int_equal(fr_related_add(ctx, &worker_model, &nobody, "skills", FR_IDS(1)),
                     FR_ENOTFOUND);
    assert_int_equal(fr_related_clear(ctx, &worker_model, &nobody, "skills"), FR_ENOTFOUND);
    assert_int_equal(s.changes, 0);
    test_close(&s.db);
}

typedef struct whole {
    scene *s;
    fr_err within;
    bool fails;
} whole;

/* Who reads what is wrong can go on. */
static fr_err add_within(fr_ctx *ctx, void *arg)
{
    whole *w = arg;
    FR_TRY(fr_related_add(ctx, &worker_model, &w->s->ann, "skills", FR_IDS(1)));
    w->within = fr_related_add(ctx, &worker_model, &w->s->ann, "skills", FR_IDS(2, 99));
    FR_TRY(fr_related_add(ctx, &worker_model, &w->s->bob, "skills", FR_IDS(3)));
    return w->fails ? fr_fail(ctx, FR_EINVAL, "No.") : FR_OK;
}

static void within_a_transaction_keys_are_a_part_of_it(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    whole w = {.s = &s};
    assert_int_equal(fr_atomic(&s.db.ctx, add_within, &w), FR_OK);
    assert_int_equal(w.within, FR_ECONFLICT);
    assert_int_equal(number(&s, SKILLS), 101);
    assert_int_equal(s.commits, 1);
    assert_int_equal(s.changes, 2);
    assert_int_equal(fr_related_clear(&s.db.ctx, &worker_model, &s.ann, "skills"), FR_OK);
    w.fails = true;
    assert_int_equal(fr_atomic(&s.db.ctx, add_within, &w), FR_EINVAL);
    assert_int_equal(number(&s, SKILLS), 0);
    test_close(&s.db);
}

/* ---- rows that go by a filter ---- */

static void all_that_a_filter_finds_goes_with_what_refers_to_it(void **state)
{
    (void)state;
    scene s;
    int64_t gone = -1;
    open_scene(&s);
    fr_ctx *ctx = &s.db.ctx;
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.ann, "skills", FR_IDS(1, 2)), FR_OK);
    assert_int_equal(fr_related_add(ctx, &worker_model, &s.bob, "taught", FR_IDS(1)), FR_OK);
    assert_int_equal(fr_delete_all(ctx, &worker_model, FR_STR("name=Zoe"), &gone), FR_OK);
    assert_int_equal(gone, 0);
    assert_int_equal(fr_delete_all(ctx, &worker_model, FR_STR("name=Ann"), &gone), FR_OK);
    assert_int_equal(gone, 3); /* the row, and two of the table between */
    assert_int_equal(fr_delete_all(ctx, &worker_model, FR_STR(""), NULL), FR_OK);
    assert_int_equal(
        number(&s, "SELECT (SELECT count(*) FROM worker) + (SELECT count(*) FROM membership)"), 0);
    assert_int_equal(fr_delete_all(ctx, &worker_model, FR_STR("nothing=1"), &gone), FR_EINTERNAL);
    test_close(&s.db);
}

static void a_protected_row_keeps_all_of_them(void **state)
{
    (void)state;
    scene s;
    int64_t gone = -1;
    open_scene(&s);
    assert_int_equal(fr_create(&s.db.ctx, &badge_of_model, (&(badge_of){.worker = 2})), FR_OK);
    assert_int_equal(fr_delete_all(&s.db.ctx, &worker_model, FR_STR(""), &gone), FR_ECONFLICT);
    assert_int_equal(gone, -1);
    assert_int_equal(number(&s, "SELECT count(*) FROM worker"), 2);
    test_close(&s.db);
}

/* Django's RESTRICT: who goes too does not keep anybody. One by one the first would be refused. */
static void rows_that_restrict_each_other_go_together(void **state)
{
    (void)state;
    scene s;
    int64_t gone = 0;
    open_scene(&s);
    assert_int_equal(
        fr_db_exec_for_test(&s.db.ctx,
                            "INSERT INTO boss VALUES(1, NULL, NULL), (2, 1, NULL), (3, NULL, NULL)",
                            false),
        FR_OK);
    assert_int_equal(fr_delete_all(&s.db.ctx, &boss_model, FR_STR("id=1"), &gone), FR_ECONFLICT);
    assert_int_equal(fr_delete_all(&s.db.ctx, &boss_model, FR_STR("id__in=1,2"), &gone), FR_OK);
    assert_int_equal(gone, 2);
    test_close(&s.db);
}

static void without_memory_nothing_is_half_done(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_err err = fr_related_set(&s.db.ctx, &worker_model, &s.ann, "skills", FR_IDS(1, 3));
        assert_true(err == FR_OK || err == FR_ENOMEM || err == FR_EBACKEND);
    }
    assert_int_equal(number(&s, SKILLS), 204);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_err err = fr_delete_all(&s.db.ctx, &worker_model, FR_STR("name=Ann"), NULL);
        assert_true(err == FR_OK || err == FR_ENOMEM || err == FR_EBACKEND);
    }
    assert_int_equal(number(&s, "SELECT count(*) FROM worker"), 1);
    test_close(&s.db);
}

FR_TESTS(related, FR_TEST(keys_come_and_go_and_those_that_stay_are_not_told),
         FR_TEST(the_other_side_has_the_same_keys), FR_TEST(a_model_to_itself_has_both_ways),
         FR_TEST(a_model_of_ones_own_between_gets_its_defaults),
         FR_TEST(keys_are_of_the_kind_that_their_model_has),
         FR_TEST(a_key_of_no_row_is_told_and_nothing_is_stored),
         FR_TEST(within_a_transaction_keys_are_a_part_of_it),
         FR_TEST(all_that_a_filter_finds_goes_with_what_refers_to_it),
         FR_TEST(a_protected_row_keeps_all_of_them),
         FR_TEST(rows_that_restrict_each_other_go_together),
         FR_TEST(without_memory_nothing_is_half_done))
