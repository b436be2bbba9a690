/* A write of several statements: one member, all or nothing. */
#include "base/alloc.h"
#include "db_test.h"

FR_MODEL(order, (ID, id), (CHAR, name, .max_length = 20));
FR_MODEL(line,
    (ID,          id),
    (FOREIGN_KEY(order), order, .on_delete = FR_CASCADE),
    (CHAR,        sku, .max_length = 20, .unique = true));
FR_MODEL(part,
    (ID,          id),
    (FOREIGN_KEY(line), line, .on_delete = FR_CASCADE),
    (INTEGER,     amount));
FR_MODEL(label, (ID, id), (CHAR, name, .max_length = 20));
FR_MODEL(order_labels,
    (ID,          id),
    (FOREIGN_KEY(order), order, .on_delete = FR_CASCADE),
    (FOREIGN_KEY(label), label, .on_delete = FR_CASCADE));

static const fr_model *const models[] = {&order_model, &line_model,         &part_model,
                                         &label_model, &order_labels_model, NULL};
static const bool live[] = {true, true, true, true, true};

typedef struct scene {
    fr_test_db db;
    size_t commits, changes;
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
}

static fr_value text(const char *s)
{
    return FR_VALUE_S(fr_str_c(s));
}

/* An order, its line, the line's two parts, another line. */
enum { ORDER, LINE, PART, PART_TOO, LINE_TOO, COUNT };

static void write_order(fr_write writes[COUNT], const char *sku, const char *sku_too)
{
    static fr_value head[2], lines[2][3], parts[2][3];
    head[order_field_name] = text("first");
    lines[0][line_field_sku] = text(sku);
    lines[1][line_field_sku] = text(sku_too);
    parts[0][part_field_amount] = FR_VALUE_I(5);
    parts[1][part_field_amount] = FR_VALUE_I(6);
    writes[ORDER] = (fr_write){.model = &order_model,
                               .op = FR_WRITE_INSERT,
                               .set = fr_fieldset_of(1 << order_field_name),
                               .values = head};
    writes[LINE] = (fr_write){.model = &line_model,
                              .op = FR_WRITE_INSERT,
                              .set = fr_fieldset_of(1 << line_field_sku),
                              .values = lines[0],
                              .parent = 1 + ORDER,
                              .field = line_field_order};
    writes[LINE_TOO] = writes[LINE];
    writes[LINE_TOO].values = lines[1];
    writes[PART] = (fr_write){.model = &part_model,
                              .op = FR_WRITE_INSERT,
                              .set = fr_fieldset_of(1 << part_field_amount),
                              .values = parts[0],
                              .parent = 1 + LINE,
                              .field = part_field_line};
    writes[PART_TOO] = writes[PART];
    writes[PART_TOO].values = parts[1];
}

static void nested_rows_get_the_keys_just_made_and_are_one_commit(void **state)
{
    (void)state;
    scene s;
    fr_write writes[COUNT];
    open_scene(&s);
    assert_int_equal(
        fr_db_exec_for_test(&s.db.ctx, "INSERT INTO \"order\" VALUES(40, 'other')", false), FR_OK);
    write_order(writes, "a", "b");
    assert_int_equal(fr_db_write_all(&s.db.ctx, writes, COUNT), FR_OK);
    assert_int_equal(writes[ORDER].row[order_field_id].as.i, 41);
    assert_int_equal(writes[LINE_TOO].row[line_field_order].as.i, 41);
    assert_int_equal(writes[PART_TOO].row[part_field_line].as.i,
                     writes[LINE].row[line_field_id].as.i);
    assert_int_equal(writes[PART_TOO].row[part_field_amount].as.i, 6);
    assert_int_equal(writes[ORDER].place.number, writes[LINE_TOO].place.number);
    assert_int_equal(writes[ORDER].place.number, fr_db_committed(s.db.db).number);
    assert_int_equal(s.commits, 2);
    assert_int_equal(s.changes, 1 + COUNT);
    test_close(&s.db);
}

static void one_that_fails_leaves_nothing_of_the_others(void **state)
{
    (void)state;
    scene s;
    fr_write writes[COUNT];
    open_scene(&s);
    write_order(writes, "same", "same");
    assert_int_equal(fr_db_write_all(&s.db.ctx, writes, COUNT), FR_ECONFLICT);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(writes[i].has_failed, i == LINE_TOO);
    assert_int_equal(writes[LINE_TOO].constraint, FR_CONSTRAINT_UNIQUE);
    assert_int_equal(writes[LINE_TOO].failed_field, line_field_sku);
    assert_int_equal(
        test_number(&s.db, "SELECT (SELECT count(*) FROM \"order\") + (SELECT count(*) FROM line)"
                           " + (SELECT count(*) FROM part)"),
        0);
    assert_int_equal(s.commits, 0);
    test_close(&s.db);
}

static fr_err write_inside(fr_ctx *ctx, void *arg)
{
    fr_write *writes = arg;
    order o = {.name = FR_STR("before")};
    FR_TRY(fr_create(ctx, &order_model, &o));
    fr_err err = fr_db_write_all(ctx, writes, COUNT);
    return err == FR_ECONFLICT ? FR_OK : err;
}

static void inside_a_transaction_they_fail_together_and_the_rest_is_kept(void **state)
{
    (void)state;
    scene s;
    fr_write writes[COUNT];
    open_scene(&s);
    write_order(writes, "same", "same");
    assert_int_equal(fr_atomic(&s.db.ctx, write_inside, writes), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM \"order\""), 1);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM line"), 0);
    assert_int_equal(s.changes, 1);
    write_order(writes, "a", "b");
    assert_int_equal(fr_atomic(&s.db.ctx, write_inside, writes), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM line"), 2);
    test_close(&s.db);
}

static void a_reference_that_leads_nowhere_is_named_with_its_write(void **state)
{
    (void)state;
    scene s;
    fr_write writes[COUNT];
    open_scene(&s);
    write_order(writes, "a", "b");
    fr_value nowhere[3] = {{0}, FR_VALUE_I(99), text("c")};
    writes[LINE_TOO].parent = 0;
    writes[LINE_TOO].values = nowhere;
    fr_fieldset_add(&writes[LINE_TOO].set, line_field_order);
    assert_int_equal(fr_db_write_all(&s.db.ctx, writes, COUNT), FR_ECONFLICT);
    assert_true(writes[LINE_TOO].has_failed);
    assert_int_equal(writes[LINE_TOO].constraint, FR_CONSTRAINT_FOREIGN_KEY);
    assert_int_equal(writes[LINE_TOO].failed_field, line_field_order);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM \"order\""), 0);
    test_close(&s.db);
}

static void rows_by_a_field_go_with_what_points_to_them(void **state)
{
    (void)state;
    scene s;
    fr_write writes[COUNT];
    open_scene(&s);
    write_order(writes, "a", "b");
    assert_int_equal(fr_db_write_all(&s.db.ctx, writes, COUNT), FR_OK);
    fr_value sku[3] = {{0}, FR_VALUE_I(1), text("new")};
    fr_write replace[] = {{.model = &line_model,
                           .op = FR_WRITE_DELETE_BY,
                           .field = line_field_order,
                           .key = FR_VALUE_I(1)},
                          {.model = &line_model,
                           .op = FR_WRITE_INSERT,
                           .set = fr_fieldset_of(1 << line_field_order | 1 << line_field_sku),
                           .values = sku}};
    assert_int_equal(fr_db_write_all(&s.db.ctx, replace, 2), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM part"), 0);
    assert_int_equal(test_number(&s.db, "SELECT count(*) = 1 AND min(sku) = 'new' FROM line"), 1);
    replace[0].key = FR_VALUE_I(77); /* there are none: no error */
    assert_int_equal(fr_db_write_all(&s.db.ctx, replace, 1), FR_OK);
    test_close(&s.db);
}

static void rows_by_a_field_stay_where_their_key_is_named(void **state)
{
    (void)state;
    scene s;
    fr_write writes[COUNT];
    open_scene(&s);
    write_order(writes, "a", "b");
    assert_int_equal(fr_db_write_all(&s.db.ctx, writes, COUNT), FR_OK);
    const fr_value kept[] = {FR_VALUE_I(1), FR_VALUE_I(50), FR_VALUE_I(1)};
    fr_write go = {.model = &line_model,
                   .op = FR_WRITE_DELETE_BY,
                   .field = line_field_order,
                   .key = FR_VALUE_I(1),
                   .keys = kept,
                   .key_count = 3};
    assert_int_equal(fr_db_write_all(&s.db.ctx, &go, 1), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) = 1 AND min(sku) = 'a' FROM line"), 1);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM part"), 2);
    /* Without keys of tables that others point at, too. */
    go = (fr_write){.model = &part_model,
                    .op = FR_WRITE_DELETE_BY,
                    .field = part_field_line,
                    .key = FR_VALUE_I(1),
                    .keys = kept,
                    .key_count = 1};
    assert_int_equal(fr_db_write_all(&s.db.ctx, &go, 1), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT min(id) + 10 * count(*) FROM part"), 11);
    test_close(&s.db);
}

static void a_row_is_put_over_that_with_its_key_or_added(void **state)
{
    (void)state;
    scene s;
    fr_write writes[COUNT];
    open_scene(&s);
    write_order(writes, "a", "b");
    assert_int_equal(fr_db_write_all(&s.db.ctx, writes, COUNT), FR_OK);
    fr_value put[3] = {{0}, FR_VALUE_I(1), text("new")}, piece[3] = {{0}, {0}, FR_VALUE_I(8)};
    fr_write puts[] = {{.model = &line_model,
                        .op = FR_WRITE_PUT,
                        .key = FR_VALUE_I(2),
                        .field = line_field_order,
                        .values = put,
                        .fill = fr_fieldset_of(1 << line_field_sku)},
                       {.model = &part_model,
                        .op = FR_WRITE_PUT,
                        .key = FR_VALUE_I(1), /* of another line: a new one */
                        .parent = 1,
                        .field = part_field_line,
                        .set = fr_fieldset_of(1 << part_field_amount),
                        .values = piece}};
    /* What is there keeps what is only filled in. */
    assert_int_equal(fr_db_write_all(&s.db.ctx, puts, 2), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM line WHERE sku IN ('a', 'b')"), 2);
    assert_int_equal(test_number(&s.db, "SELECT line_id FROM part WHERE amount = 8"), 2);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM part"), 3);
    puts[0].key = FR_VALUE_I(60);
    puts[1].key = (fr_value){.type = FR_VALUE_NULL};
    assert_int_equal(fr_db_write_all(&s.db.ctx, puts, 2), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT max(id) FROM line WHERE sku = 'new'"), 3);
    assert_int_equal(test_number(&s.db, "SELECT max(line_id) FROM part WHERE amount = 8"), 3);
    assert_true(fr_fieldset_is_empty(&puts[0].set));
    test_close(&s.db);
}

/* ---- many to many ---- */

static fr_write many(const fr_value *keys, size_t count)
{
    return (fr_write){.model = &order_labels_model,
                      .op = FR_WRITE_MANY,
                      .field = order_labels_field_order,
                      .other = order_labels_field_label,
                      .key = FR_VALUE_I(1),
                      .keys = keys,
                      .key_count = count};
}

static void open_labels(scene *s)
{
    open_scene(s);
    assert_int_equal(
        fr_db_exec_for_test(
            &s->db.ctx,
            "INSERT INTO \"order\" VALUES(1, 'one'), (2, 'two');"
            "INSERT INTO label VALUES(1, 'a'), (2, 'b'), (3, 'c');"
            "INSERT INTO order_labels(order_id, label_id) VALUES(1, 1), (1, 2), (2, 1);",
            false),
        FR_OK);
    s->changes = 0;
}

static void a_set_of_keys_touches_only_what_differs(void **state)
{
    (void)state;
    scene s;
    const fr_value keys[] = {FR_VALUE_I(3), FR_VALUE_I(2), FR_VALUE_I(3)};
    open_labels(&s);
    fr_write write = many(keys, 3);
    assert_int_equal(fr_db_write_all(&s.db.ctx, &write, 1), FR_OK);
    assert_int_equal(
        test_number(&s.db,
                    "SELECT count(*) FROM order_labels WHERE order_id = 1 AND (id, label_id) IN"
                    " (VALUES(2, 2), (4, 3))"),
        2);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM order_labels"), 3);
    assert_int_equal(s.changes, 2); /* one went, one came */
    write.many = FR_MANY_ADD;
    write.key_count = 1;
    write.keys = &FR_VALUE_I(1);
    assert_int_equal(fr_db_write_all(&s.db.ctx, &write, 1), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM order_labels WHERE order_id = 1"), 3);
    write = many(NULL, 0);
    assert_int_equal(fr_db_write_all(&s.db.ctx, &write, 1), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM order_labels"), 1);
    test_close(&s.db);
}

static void a_key_of_no_row_is_named_by_its_place(void **state)
{
    (void)state;
    scene s;
    const fr_value keys[] = {FR_VALUE_I(3), FR_VALUE_I(99)};
    open_labels(&s);
    fr_write write = many(keys, 2);
    assert_int_equal(fr_db_write_all(&s.db.ctx, &write, 1), FR_ECONFLICT);
    assert_int_equal(write.constraint, FR_CONSTRAINT_FOREIGN_KEY);
    assert_int_equal(write.failed_field, order_labels_field_label);
    assert_int_equal(write.failed_key, 1);
    assert_int_equal(
        test_number(&s.db, "SELECT sum(label_id) FROM order_labels WHERE order_id = 1"), 3);
    test_close(&s.db);
}

static void a_new_row_and_its_keys_are_one_write(void **state)
{
    (void)state;
    scene s;
    static fr_value keys[1000];
    open_labels(&s);
    assert_int_equal(
        fr_db_exec_for_test(&s.db.ctx,
                            "WITH n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 1009)"
                            " INSERT INTO label SELECT i, 'l' FROM n",
                            false),
        FR_OK);
    for (int i = 0; i < 1000; i++)
        keys[i] = FR_VALUE_I(10 + i);
    fr_write writes[] = {{.model = &order_model,
                          .op = FR_WRITE_INSERT,
                          .set = fr_fieldset_of(1 << order_field_name),
                          .values = (fr_value[]){{0}, text("three")}},
                         many(keys, 1000)};
    writes[1].parent = 1;
    assert_int_equal(fr_db_write_all(&s.db.ctx, writes, 2), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM order_labels WHERE order_id = 3"),
                     1000);
    test_close(&s.db);
}

static void a_hundred_thousand_keys_are_one_write_and_told_as_a_flood(void **state)
{
    (void)state;
    enum { COUNT_OF_KEYS = 100000 };
    scene s;
    fr_value *keys = calloc(COUNT_OF_KEYS, sizeof *keys);
    open_labels(&s);
    assert_int_equal(fr_db_exec_for_test(
                         &s.db.ctx,
                         "WITH n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 100008)"
                         " INSERT INTO label SELECT i, 'l' FROM n",
                         false),
                     FR_OK);
    for (int i = 0; i < COUNT_OF_KEYS; i++)
        keys[i] = FR_VALUE_I(10 + i);
    fr_write write = many(keys, COUNT_OF_KEYS); /* the last one is nobody's */
    assert_int_equal(fr_db_write_all(&s.db.ctx, &write, 1), FR_ECONFLICT);
    assert_int_equal(write.failed_key, COUNT_OF_KEYS - 1);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM order_labels"), 3);
    write.key_count--;
    size_t commits = s.commits;
    s.changes = 0;
    assert_int_equal(fr_db_write_all(&s.db.ctx, &write, 1), FR_OK);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM order_labels WHERE order_id = 1"),
                     COUNT_OF_KEYS - 1);
    assert_int_equal(s.commits, commits + 1);
    assert_int_equal(s.changes, 0);
    free(keys);
    test_close(&s.db);
}

/* ---- the row that was judged ---- */

static fr_err keep_row(void *arg, const fr_value *values)
{
    memcpy(arg, values, 2 * sizeof *values);
    return FR_OK;
}

static void a_row_that_was_changed_meanwhile_is_not_written(void **state)
{
    (void)state;
    scene s;
    fr_value was[2];
    open_labels(&s);
    assert_int_equal(fr_db_select_key(&s.db.ctx, &order_model, FR_VALUE_I(1),
                                      &(fr_reader_sink){.row = keep_row, .arg = was}, NULL),
                     FR_OK);
    was[1] = text("one");
    fr_write write = {.model = &order_model,
                      .op = FR_WRITE_UPDATE,
                      .key = FR_VALUE_I(1),
                      .set = fr_fieldset_of(1 << order_field_name),
                      .values = (fr_value[]){{0}, text("first")},
                      .was = was};
    assert_int_equal(fr_db_write(&s.db.ctx, &write), FR_OK);
    assert_int_equal(fr_db_write(&s.db.ctx, &write), FR_ECONFLICT);
    assert_true(write.is_stale);
    assert_str(s.db.ctx.detail, FR_DB_STALE_TEXT);
    write.op = FR_WRITE_DELETE;
    assert_int_equal(fr_db_write(&s.db.ctx, &write), FR_ECONFLICT);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM \"order\" WHERE name = 'first'"), 1);
    was[1] = text("first");
    assert_int_equal(fr_db_write(&s.db.ctx, &write), FR_OK);
    assert_false(write.is_stale);
    assert_int_equal(fr_db_write(&s.db.ctx, &write), FR_ENOTFOUND);
    test_close(&s.db);
}

/* ---- a function with its place ---- */

static fr_err add_label(fr_ctx *ctx, void *arg)
{
    label l = {.name = FR_STR("new")};
    *(fr_place *)arg = (fr_place){0};
    return fr_create(ctx, &label_model, &l);
}

static fr_err note_place(fr_ctx *ctx, void *arg, fr_place place)
{
    *(fr_place *)arg = place;
    return place.number % 2 ? fr_fail(ctx, FR_EINVAL, "odd") : FR_OK;
}

static void a_member_s_function_hears_its_number_before_the_commit(void **state)
{
    (void)state;
    scene s;
    fr_place place;
    open_scene(&s);
    fr_atom atom = {.fn = add_label, .numbered = note_place, .arg = &place};
    assert_int_equal(fr_db_atom(&s.db.ctx, &atom), FR_EINVAL); /* the first is odd: undone */
    assert_int_equal(place.number, 1);
    assert_int_equal(test_number(&s.db, "SELECT count(*) FROM label"), 0);
    assert_int_equal(fr_db_committed(s.db.db).number, 0);
    assert_int_equal(fr_atomic(&s.db.ctx, add_label, &place), FR_OK);
    assert_int_equal(fr_db_atom(&s.db.ctx, &atom), FR_OK);
    assert_int_equal(atom.place.number, 2);
    assert_int_equal(place.mark, fr_db_committed(s.db.db).mark);
    test_close(&s.db);
}

/* ---- memory ---- */

typedef struct failing {
    fr_write *writes;
    size_t nth, left;
} failing;

/* Allocations fail on the thread that asks for it: here the writer's. */
static fr_err write_without_memory(fr_ctx *ctx, void *arg)
{
    failing *f = arg;
    fr_test_fail_alloc(f->nth);
    fr_err err = fr_db_write_all(ctx, f->writes, COUNT + 1);
    f->left = fr_test_fail_alloc(0);
    return err;
}

static void each_allocation_that_fails_leaves_all_or_nothing(void **state)
{
    (void)state;
    scene s;
    const fr_value keys[] = {FR_VALUE_I(3), FR_VALUE_I(2)};
    static const char rows[] = "SELECT (SELECT count(*) FROM line) + (SELECT count(*) FROM part) +"
                               " (SELECT count(*) FROM order_labels WHERE order_id > 2)";
    size_t failed = 0;
    open_labels(&s);
    for (failing f = {.nth = 1}; !f.left; f.nth++) {
        fr_write writes[COUNT + 1];
        write_order(writes, "a", "b");
        writes[COUNT] = many(keys, 2);
        writes[COUNT].parent = 1 + ORDER;
        f.writes = writes;
        fr_arena_free(s.db.arena);
        test_ctx(&s.db);
        fr_err err = fr_atomic(&s.db.ctx, write_without_memory, &f);
        assert_int_equal(test_number(&s.db, rows), err == FR_OK ? 6 : 0);
        failed += err != FR_OK;
        assert_true(err == FR_OK || err == FR_ENOMEM);
        assert_true(f.nth < 2000);
        assert_int_equal(fr_db_exec_for_test(&s.db.ctx,
                                             "DELETE FROM part; DELETE FROM line;"
                                             "DELETE FROM order_labels WHERE order_id > 2",
                                             false),
                         FR_OK);
    }
    assert_true(failed > 0);
    test_close(&s.db);
}

/* `where` is judged within the member: of the row as it is then, and before anything else of that write. */
static void a_row_that_is_not_meant_counts_as_missing(void **state)
{
    (void)state;
    scene s;
    fr_value values[2];
    open_scene(&s);
    assert_int_equal(
        fr_db_exec_for_test(&s.db.ctx, "INSERT INTO \"order\" VALUES(1, 'a'),(2, 'b')", false),
        FR_OK);
    const fr_pred *named_a = fr_pred_term(s.db.arena, order_field_name, FR_LOOKUP_EXACT, text("a"));
    values[order_field_name] = text("c");
    fr_write writes[] = {
        {.model = &order_model,
         .op = FR_WRITE_UPDATE,
         .key = FR_VALUE_I(1),
         .where = named_a,
         .set = fr_fieldset_of(1 << order_field_name),
         .values = values},
        /* The write before it has changed that. */
        {.model = &order_model, .op = FR_WRITE_DELETE, .key = FR_VALUE_I(1), .where = named_a}};
    assert_int_equal(fr_db_write_all(&s.db.ctx, writes, 2), FR_ENOTFOUND);
    assert_true(writes[1].has_failed && !writes[0].has_failed);
    writes[1].key = FR_VALUE_I(2);
    assert_int_equal(fr_db_write(&s.db.ctx, &writes[1]), FR_ENOTFOUND);
    assert_int_equal(s.changes, 2); /* the two rows made */
    assert_int_equal(fr_db_write(&s.db.ctx, &writes[0]), FR_OK);
    assert_int_equal(fr_db_write(&s.db.ctx, &writes[0]), FR_ENOTFOUND);
    assert_int_equal(s.changes, 3);
    test_close(&s.db);
}

FR_TESTS(several, FR_TEST(nested_rows_get_the_keys_just_made_and_are_one_commit),
         FR_TEST(one_that_fails_leaves_nothing_of_the_others),
         FR_TEST(inside_a_transaction_they_fail_together_and_the_rest_is_kept),
         FR_TEST(a_reference_that_leads_nowhere_is_named_with_its_write),
         FR_TEST(rows_by_a_field_go_with_what_points_to_them),
         FR_TEST(rows_by_a_field_stay_where_their_key_is_named),
         FR_TEST(a_row_is_put_over_that_with_its_key_or_added),
         FR_TEST(a_set_of_keys_touches_only_what_differs),
         FR_TEST(a_key_of_no_row_is_named_by_its_place),
         FR_TEST(a_new_row_and_its_keys_are_one_write),
         FR_TEST(a_hundred_thousand_keys_are_one_write_and_told_as_a_flood),
         FR_TEST(a_row_that_was_changed_meanwhile_is_not_written),
         FR_TEST(a_row_that_is_not_meant_counts_as_missing),
         FR_TEST(a_member_s_function_hears_its_number_before_the_commit),
         FR_TEST(each_allocation_that_fails_leaves_all_or_nothing))
