/* The change log: what a commit leaves there, what is told of it, and what can be read back (traps A8, B4, D1, D2). */
#include <time.h>
#include "db_test.h"

typedef struct scene {
    fr_test_db db;
    fr_place last;
    size_t commits, changes, floods;
    bool secret_seen;
} scene;

static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    scene *s = arg;
    for (size_t i = 0; i < count; i++) {
        s->last = commits[i].place;
        s->changes += commits[i].change_count;
        s->floods += commits[i].flood_count;
        for (size_t k = 0; k < commits[i].change_count; k++) {
            const fr_change *c = &commits[i].changes[k];
            if (c->model == &book_model)
                s->secret_seen |= (c->new_ && c->new_[book_field_note].type != FR_VALUE_NULL) ||
                                  (c->old && c->old[book_field_note].type != FR_VALUE_NULL);
        }
    }
    s->commits += count;
}

static void open_with(scene *s, fr_db_opts opts, const bool *live)
{
    memset(s, 0, sizeof *s);
    test_folder(&s->db);
    opts.on_commit = on_commit;
    opts.arg = s;
    test_open(&s->db, &opts, test_models(), live);
}

static void run(scene *s, const char *sql)
{
    fr_err err = fr_db_exec_for_test(&s->db.ctx, sql, false);
    if (err != FR_OK)
        fail_msg("%s: %.*s", sql, FR_FMT(s->db.ctx.detail));
}

static fr_span_changes since(scene *s, const fr_model *model, fr_place place, size_t max)
{
    fr_span_changes span;
    assert_int_equal(fr_db_log_since(&s->db.ctx, model, place, max, &span), FR_OK);
    return span;
}

static void numbers_are_dense_and_only_for_what_changed(void **state)
{
    (void)state;
    scene s;
    open_with(&s, (fr_db_opts){0}, (const bool[]){true, false});
    fr_place first = fr_db_committed(s.db.db);
    assert_int_equal(first.number, 0);
    assert_int_not_equal(first.mark, 0);
    author a = {0};
    FR_SET(&a, name, FR_STR("x"));
    assert_int_equal(fr_create(&s.db.ctx, &author_model, &a), FR_OK);
    assert_int_equal(s.last.number, 1);
    assert_int_equal(fr_update(&s.db.ctx, &author_model, &a), FR_OK); /* as it was */
    assert_int_equal(fr_db_committed(s.db.db).number, 1);
    fr_value none = {.type = FR_VALUE_NULL};
    fr_write w = {
        .model = &author_model, .op = FR_WRITE_UPDATE, .key = FR_VALUE_I(1), .values = &none};
    assert_int_equal(fr_db_write(&s.db.ctx, &w), FR_OK);
    assert_int_equal(w.place.number, 1);
    assert_int_equal(w.place.mark, s.last.mark);
    run(&s,
        "INSERT INTO book(title, price, done, updated) VALUES('t', 1, 0, '')"); /* not live: numbered, not told */
    assert_int_equal(s.last.number, 2);
    assert_int_equal(s.changes, 1);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM freshet_commit"), 3);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM freshet_change"), 1);
    assert_int_equal(test_number(&s.db, "SELECT number FROM freshet_commit WHERE mark = (SELECT "
                                        "mark FROM freshet_commit WHERE number = 2)"),
                     2);
    test_close(&s.db);
}

static void secrets_are_neither_told_nor_logged(void **state)
{
    (void)state;
    scene s;
    open_with(&s, (fr_db_opts){0}, test_live);
    run(&s, "INSERT INTO book(title, note, price, done, updated) VALUES('t', 'hunter2', 1, 0, '')");
    run(&s, "UPDATE book SET title = 'u', note = 'hunter3'");
    run(&s,
        "UPDATE book SET note = 'hunter4'"); /* changes only what nobody may see: a number, no change */
    assert_int_equal(s.changes, 2);
    assert_int_equal(s.last.number, 3);
    assert_false(s.secret_seen);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM freshet_change WHERE instr(new, "
                                        "'hunter') OR instr(old, 'hunter')"),
                     0);
    test_close(&s.db);
}

static void the_log_folds_what_happened_since(void **state)
{
    (void)state;
    scene s;
    open_with(&s, (fr_db_opts){0}, test_live);
    run(&s, "INSERT INTO author VALUES(1, 'one'), (2, 'two'), (3, 'three')");
    fr_place from = s.last;
    run(&s, "UPDATE author SET name = 'ONE' WHERE id = 1");
    run(&s, "UPDATE author SET name = 'uno' WHERE id = 1");
    run(&s, "DELETE FROM author WHERE id = 2");
    run(&s, "INSERT INTO author VALUES(4, 'four')");
    run(&s, "UPDATE author SET id = 5 WHERE id = 4");
    run(&s, "UPDATE author SET name = 'x' WHERE id = 3");
    run(&s, "UPDATE author SET name = 'three' WHERE id = 3");
    run(&s, "INSERT INTO book(title, price, done, updated) VALUES('t', 1, 0, '')");
    fr_span_changes span = since(&s, &author_model, from, 0);
    assert_true(span.is_known);
    assert_int_equal(span.place.number, s.last.number);
    assert_int_equal(span.place.mark, s.last.mark);
    assert_int_equal(span.change_count, 3);
    assert_int_equal(span.changes[0].op, FR_UPDATE);
    assert_int_equal(span.changes[0].key.as.i, 1);
    assert_str(span.changes[0].old[1].as.s, "one");
    assert_str(span.changes[0].new_[1].as.s, "uno");
    assert_int_equal(span.changes[1].op, FR_DELETE);
    assert_str(span.changes[1].old[1].as.s, "two");
    assert_null(span.changes[1].new_);
    assert_int_equal(span.changes[2].op, FR_CREATE);
    assert_int_equal(span.changes[2].key.as.i, 5);
    span = since(&s, &author_model, s.last, 0);
    assert_true(span.is_known);
    assert_int_equal(span.change_count, 0);
    span = since(&s, &author_model, from, 2);
    assert_false(span.is_known);
    assert_string_equal(span.reason, "too many changes");
    test_close(&s.db);
}

static void a_place_of_another_history_is_refused(void **state)
{
    (void)state;
    scene s;
    open_with(&s, (fr_db_opts){0}, test_live);
    run(&s, "INSERT INTO author VALUES(1, 'one')");
    fr_place from = s.last;
    from.mark ^= 1;
    assert_string_equal(since(&s, &author_model, from, 0).reason, "other history");
    from = s.last;
    from.number = 99;
    assert_string_equal(since(&s, &author_model, from, 0).reason, "other history");
    from = s.last;
    test_shut(&s.db);
    test_open(&s.db, NULL, (const fr_model *[]){&author_model, NULL}, test_live);
    assert_string_equal(since(&s, &author_model, from, 0).reason, "other schema");
    from = fr_db_committed(s.db.db);
    test_shut(&s.db);
    test_open(&s.db, NULL, (const fr_model *[]){&author_model, NULL},
              test_live); /* a restart alone changes nothing */
    assert_true(since(&s, &author_model, from, 0).is_known);
    test_close(&s.db);
}

static void a_restored_copy_is_another_history(void **state)
{
    (void)state;
    scene s;
    char sql[600], copy[200];
    open_with(&s, (fr_db_opts){0}, test_live);
    run(&s, "INSERT INTO author VALUES(1, 'one')");
    snprintf(copy, sizeof copy, "%s/copy.db", s.db.folder);
    snprintf(sql, sizeof sql, "VACUUM INTO '%s'", copy);
    test_stranger(&s.db, sql);
    run(&s, "INSERT INTO author VALUES(2, 'two')");
    fr_place from = s.last;
    test_shut(&s.db);
    snprintf(sql, sizeof sql, "rm %s %s-*", s.db.url + 7, s.db.url + 7);
    (void)!system(sql);
    assert_int_equal(rename(copy, s.db.url + 7), 0);
    test_open(&s.db, NULL, test_models(), test_live);
    /* Number 2 again, with another mark: the file is not the one that was closed. */
    assert_int_equal(fr_db_committed(s.db.db).number, from.number);
    assert_int_not_equal(fr_db_committed(s.db.db).mark, from.mark);
    run(&s, "INSERT INTO author VALUES(3, 'three')");
    assert_string_equal(since(&s, &author_model, from, 0).reason, "other history");
    test_close(&s.db);
}

static void a_commit_too_large_is_a_flood(void **state)
{
    (void)state;
    scene s;
    open_with(&s, (fr_db_opts){0}, test_live);
    fr_place from = fr_db_committed(s.db.db);
    run(&s, "INSERT INTO author(name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
            "n LIMIT 10000) SELECT i FROM n");
    assert_int_equal(s.floods, 0);
    assert_int_equal(s.changes, 10000);
    assert_true(since(&s, &author_model, from, 0).is_known);
    run(&s, "INSERT INTO author(name) VALUES('one more'); UPDATE author SET name = name || '!'; "
            "UPDATE book SET done = 1");
    assert_int_equal(s.floods, 1);
    assert_int_equal(s.changes, 10000);
    assert_string_equal(since(&s, &author_model, from, 20000).reason, "flood");
    assert_true(since(&s, &book_model, from, 0).is_known);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM freshet_change WHERE \"commit\" = 2"),
                     1);
    run(&s, "INSERT INTO author(name) VALUES(printf('%.*c', 9000000, 'x')); UPDATE author SET name "
            "= name || 'y' WHERE length(name) > 100");
    assert_int_equal(s.floods, 2); /* by bytes */
    from = s.last;
    run(&s, "INSERT INTO author(name) VALUES('small again')");
    assert_int_equal(since(&s, &author_model, from, 0).change_count, 1);
    test_close(&s.db);
}

static void the_log_is_cut_by_size_and_age(void **state)
{
    (void)state;
    scene s;
    char sql[100];
    open_with(&s, (fr_db_opts){.log_keep_bytes = 20000}, test_live);
    fr_place first = fr_db_committed(s.db.db);
    for (int i = 0; i < 600; i++) {
        fr_sqlite_db_of(s.db.db)->writer->prune_ms = 0;
        snprintf(sql, sizeof sql, "INSERT INTO author(name) VALUES('%d%050d')", i, 0);
        run(&s, sql);
    }
    int64_t kept = test_number(&s.db, "SELECT count(*) FROM freshet_change");
    assert_true(kept > 100 && kept < 300);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM freshet_commit"), kept + 1);
    assert_string_equal(since(&s, &author_model, first, 0).reason, "pruned");
    fr_place oldest = {
        600 - (uint64_t)kept,
        (uint64_t)test_number(&s.db, "SELECT mark FROM freshet_commit ORDER BY number LIMIT 1")};
    assert_int_equal(since(&s, &author_model, oldest, 0).change_count, kept);
    test_shut(&s.db);

    test_open(&s.db, &(fr_db_opts){.log_keep_ms = 1}, test_models(), test_live);
    fr_sqlite_db_of(s.db.db)->writer->prune_ms = 0;
    run(&s, "INSERT INTO author(name) VALUES('late')");
    while (test_number(&s.db, "SELECT count(*) FROM freshet_change") > 2) {
        fr_sqlite_db_of(s.db.db)->writer->prune_ms = 0;
        run(&s, "UPDATE author SET name = name || 'x' WHERE id = 1");
    }
    test_close(&s.db);
}

static void an_alteration_by_a_stranger_is_a_flood(void **state)
{
    (void)state;
    scene s;
    open_with(&s, (fr_db_opts){0}, test_live);
    run(&s, "INSERT INTO author VALUES(1, 'one')");
    fr_place from = s.last;
    uint32_t schema = fr_db_schema_number(s.db.db);
    test_stranger(&s.db, "ALTER TABLE author ADD COLUMN age INT DEFAULT 3");
    author a = {0};
    FR_SET(&a, name, FR_STR("two"));
    assert_int_equal(fr_create(&s.db.ctx, &author_model, &a), FR_OK);
    assert_int_equal(s.floods, 2); /* both live models */
    assert_int_equal(s.last.number, from.number + 2);
    assert_int_equal(fr_db_schema_number(s.db.db), schema + 1);
    assert_string_equal(since(&s, &author_model, from, 0).reason, "other schema");
    test_stranger(&s.db, "ALTER TABLE author RENAME COLUMN name TO label");
    assert_int_equal(fr_create(&s.db.ctx, &author_model, &a),
                     FR_ESCHEMA); /* and the log says why */
    test_close(&s.db);
}

static void what_strangers_wrote_is_a_flood_before_our_next_write(void **state)
{
    (void)state;
    scene s;
    open_with(&s, (fr_db_opts){.watch_ms = UINT32_MAX}, test_live);
    run(&s, "INSERT INTO author VALUES(1, 'one')");
    test_stranger(&s.db, "UPDATE author SET name = 'ONE'; INSERT INTO author VALUES(2, 'two')");
    assert_int_equal(s.last.number, 1);
    run(&s, "UPDATE author SET name = 'uno' WHERE id = 1");
    assert_int_equal(s.last.number, 3);
    assert_int_equal(s.floods, 2);
    assert_int_equal(s.changes, 2);
    fr_db_stats stats;
    fr_db_stats_get(s.db.db, &stats);
    assert_int_equal(stats.foreign, 1);
    assert_int_equal(stats.members, 2);
    assert_int_equal(stats.floods, 2);
    test_close(&s.db);
}

static void what_strangers_wrote_while_we_were_away_is_a_flood(void **state)
{
    (void)state;
    scene s;
    open_with(&s, (fr_db_opts){0}, test_live);
    run(&s, "INSERT INTO author VALUES(1, 'one')");
    fr_place from = s.last;
    test_shut(&s.db);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM author"), 1); /* only looks */
    test_open(&s.db, NULL, test_models(), test_live);
    assert_int_equal(fr_db_committed(s.db.db).number, from.number);
    test_shut(&s.db);
    test_stranger(&s.db, "UPDATE author SET name = 'other'");
    test_open(&s.db, NULL, test_models(), test_live);
    assert_int_equal(fr_db_committed(s.db.db).number, from.number + 1);
    assert_string_equal(since(&s, &author_model, from, 0).reason, "flood");
    from = fr_db_committed(s.db.db);
    test_shut(&s.db);
    test_open(&s.db, NULL, test_models(), test_live);
    assert_int_equal(fr_db_committed(s.db.db).number, from.number);
    test_close(&s.db);
}

static void what_strangers_wrote_is_seen_without_a_write_of_ours(void **state)
{
    (void)state;
    scene s;
    open_with(&s, (fr_db_opts){.watch_ms = 10}, test_live);
    fr_place from = fr_db_committed(s.db.db);
    test_stranger(&s.db, "INSERT INTO author VALUES(2, 'two')");
    while (fr_db_committed(s.db.db).number == from.number)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    assert_string_equal(since(&s, &author_model, from, 0).reason, "flood");
    test_close(&s.db);
}

static void tables_of_the_log_cannot_be_models(void **state)
{
    (void)state;
    fr_test_db t;
    fr_db *db = NULL;
    char error[512];
    fr_model own = author_model;
    own.table = "freshet_commit";
    test_folder(&t);
    assert_int_equal(fr_db_open(&(fr_db_opts){.url = t.url}, (const fr_model *[]){&own, NULL}, NULL,
                                NULL, &db, error),
                     FR_EINVAL);
    test_remove(&t);
}

static void a_table_of_200_columns_is_told_whole_from_the_log(void **state)
{
    (void)state;
    enum { COUNT = 200, LAST = COUNT - 1 };
    static char names[COUNT][16];
    static fr_field fields[COUNT] = {{.name = "id", .kind = FR_KIND_ID}};
    static const fr_model wide_model = {.name = "wide", .fields = fields, .field_count = COUNT};
    for (int i = 1; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i);
        fields[i] = (fr_field){.name = names[i], .kind = FR_KIND_INTEGER, .null = true};
    }
    scene s = {0};
    test_folder(&s.db);
    test_open(&s.db, &(fr_db_opts){.on_commit = on_commit, .arg = &s},
              (const fr_model *[]){&wide_model, NULL}, test_live);
    fr_value values[COUNT] = {FR_VALUE_I(1)};
    fr_write write = {.model = &wide_model,
                      .op = FR_WRITE_INSERT,
                      .set = fr_fieldset_first(COUNT),
                      .values = values};
    for (int i = 1; i < COUNT; i++)
        values[i] = FR_VALUE_I(i);
    assert_int_equal(fr_db_write(&s.db.ctx, &write), FR_OK);
    fr_place place = write.place;
    values[LAST] = FR_VALUE_I(-1);
    write = (fr_write){
        .model = &wide_model, .op = FR_WRITE_UPDATE, .key = FR_VALUE_I(1), .values = values};
    fr_fieldset_add(&write.set, LAST);
    assert_int_equal(fr_db_write(&s.db.ctx, &write), FR_OK);
    fr_span_changes span = since(&s, &wide_model, place, 0);
    assert_true(span.is_known);
    assert_int_equal(span.change_count, 1);
    assert_int_equal(span.changes[0].op, FR_UPDATE);
    for (int i = 1; i < COUNT; i++) {
        assert_int_equal(span.changes[0].old[i].as.i, i);
        assert_int_equal(span.changes[0].new_[i].as.i, i == LAST ? -1 : i);
    }
    assert_int_equal(s.changes, 2);
    test_close(&s.db);
}

FR_TESTS(log, FR_TEST(numbers_are_dense_and_only_for_what_changed),
         FR_TEST(secrets_are_neither_told_nor_logged), FR_TEST(the_log_folds_what_happened_since),
         FR_TEST(a_place_of_another_history_is_refused),
         FR_TEST(a_restored_copy_is_another_history), FR_TEST(a_commit_too_large_is_a_flood),
         FR_TEST(the_log_is_cut_by_size_and_age), FR_TEST(an_alteration_by_a_stranger_is_a_flood),
         FR_TEST(what_strangers_wrote_is_a_flood_before_our_next_write),
         FR_TEST(what_strangers_wrote_while_we_were_away_is_a_flood),
         FR_TEST(what_strangers_wrote_is_seen_without_a_write_of_ours),
         FR_TEST(tables_of_the_log_cannot_be_models),
         FR_TEST(a_table_of_200_columns_is_told_whole_from_the_log))
