#include "db_test.h"

static fr_table table;
static fr_arena *arena;

static void set_up(void)
{
    arena = fr_arena_new(0);
    memset(&table, 0, sizeof table);
    assert_int_equal(fr_table_init(&table, &book_model, arena), FR_OK);
}

static fr_str text_of(fr_sql_kind kind, const fr_query *query)
{
    fr_buf out;
    fr_buf_init(&out);
    fr_sql_query(&out, kind, &table, query);
    fr_str text = fr_str_dup(arena, fr_buf_str(&out));
    fr_buf_deinit(&out);
    return text;
}

#define LIST                                                                                       \
    "SELECT \"id\",\"title\",\"author_id\",\"price\",\"done\",\"note\",\"updated\" FROM \"book\""

static void every_order_ends_with_the_key(void **state)
{
    (void)state;
    set_up();
    fr_query q = {.model = &book_model};
    assert_str(text_of(FR_SQL_SELECT, &q), LIST " ORDER BY \"id\"");
    q.order_count = 1;
    q.orders[0] = (fr_order){book_field_title, true};
    q.limit = 20;
    assert_str(text_of(FR_SQL_SELECT, &q), LIST " ORDER BY \"title\" DESC,\"id\" LIMIT ? OFFSET ?");
    assert_int_equal(fr_query_order(&q, FR_STR("-id,title")), FR_OK);
    assert_str(text_of(FR_SQL_SELECT, &q), LIST " ORDER BY \"id\" DESC LIMIT ? OFFSET ?");
    assert_str(text_of(FR_SQL_COUNT, &q), "SELECT COUNT(*) FROM \"book\"");
    fr_arena_free(arena);
}

static void lookups_are_what_django_makes_of_them(void **state)
{
    (void)state;
    set_up();
    fr_value values[3] = {FR_VALUE_I(1), FR_VALUE_I(2), FR_VALUE_I(3)};
    fr_pred parts_[7] = {
        {.op = FR_PRED_TERM,
         .ref = book_field_done,
         .lookup = FR_LOOKUP_EXACT,
         .values = values,
         .value_count = 1},
        {.op = FR_PRED_TERM,
         .ref = book_field_title,
         .lookup = FR_LOOKUP_ICONTAINS,
         .values = values,
         .value_count = 1},
        {.op = FR_PRED_TERM,
         .ref = book_field_author,
         .lookup = FR_LOOKUP_IN,
         .values = values,
         .value_count = 3},
        {.op = FR_PRED_TERM,
         .ref = book_field_author,
         .lookup = FR_LOOKUP_ISNULL,
         .values = &FR_VALUE_I(0),
         .value_count = 1},
        {.op = FR_PRED_TERM,
         .ref = book_field_author,
         .lookup = FR_LOOKUP_EXACT,
         .values = &(fr_value){0},
         .value_count = 1},
        {.op = FR_PRED_TERM,
         .ref = book_field_price,
         .lookup = FR_LOOKUP_GTE,
         .values = values,
         .value_count = 1},
        {.op = FR_PRED_TERM,
         .ref = book_field_author,
         .lookup = FR_LOOKUP_IN,
         .values = values,
         .value_count = 0},
    };
    const fr_pred *parts[7];
    for (int i = 0; i < 7; i++)
        parts[i] = &parts_[i];
    fr_pred and = {.op = FR_PRED_AND, .parts = parts, .part_count = 7};
    fr_query q = {.model = &book_model, .where = &and};
    assert_str(
        text_of(FR_SQL_COUNT, &q),
        "SELECT COUNT(*) FROM \"book\" WHERE ((\"done\" = ? AND (\"title\" LIKE ? ESCAPE '\\' AND "
        "\"author_id\" IN (?,?,?,?)))"
        " AND ((\"author_id\" IS NOT NULL AND \"author_id\" IS NULL) AND (\"price\" >= ? AND 0)))");
    fr_pred not_ = {.op = FR_PRED_NOT, .parts = parts, .part_count = 1};
    q.where = &not_;
    assert_str(text_of(FR_SQL_COUNT, &q), "SELECT COUNT(*) FROM \"book\" WHERE NOT (\"done\" = ?)");
    fr_arena_free(arena);
}

static fr_shape shape_of(const fr_query *query)
{
    fr_shape shape;
    fr_shape_query(&shape, FR_SQL_SELECT, &table, query);
    return shape;
}

static void shapes_differ_where_texts_do(void **state)
{
    (void)state;
    set_up();
    fr_query a = {.model = &book_model,
                  .where = fr_pred_term(arena, book_field_done, FR_LOOKUP_EXACT, FR_VALUE_I(1))};
    fr_query b = a, c = a, d = a, e = a;
    b.where = fr_pred_term(arena, book_field_done, FR_LOOKUP_EXACT, FR_VALUE_I(0));
    c.limit = 20;
    d.where = fr_pred_term(arena, book_field_done, FR_LOOKUP_EXACT, (fr_value){0});
    e.orders[0] = (fr_order){1, true};
    e.order_count = 1;
    fr_shape x = shape_of(&a), y = shape_of(&b);
    assert_true(fr_str_eq(fr_shape_str(&x), fr_shape_str(&y)));
    y = shape_of(&c);
    assert_false(fr_str_eq(fr_shape_str(&x), fr_shape_str(&y)));
    y = shape_of(&d);
    assert_false(fr_str_eq(fr_shape_str(&x), fr_shape_str(&y)));
    y = shape_of(&e);
    assert_false(fr_str_eq(fr_shape_str(&x), fr_shape_str(&y)));
    fr_value in[9] = {{0}};
    a.where = fr_pred_in(arena, 0, in, 5);
    b.where = fr_pred_in(arena, 0, in, 8);
    c.where = fr_pred_in(arena, 0, in, 9);
    c.limit = 0;
    x = shape_of(&a);
    y = shape_of(&b);
    assert_true(fr_str_eq(fr_shape_str(&x), fr_shape_str(&y)));
    y = shape_of(&c);
    assert_false(fr_str_eq(fr_shape_str(&x), fr_shape_str(&y)));
    fr_arena_free(arena);
}

static void a_tree_too_deep_is_refused(void **state)
{
    (void)state;
    set_up();
    fr_pred *pred = fr_pred_term(arena, 0, FR_LOOKUP_EXACT, FR_VALUE_I(1));
    for (int i = 0; i < 200; i++) {
        fr_pred *not_ = fr_arena_zalloc(arena, sizeof *not_);
        const fr_pred **part = fr_arena_alloc(arena, sizeof *part);
        *part = pred;
        *not_ = (fr_pred){.op = FR_PRED_NOT, .parts = part, .part_count = 1};
        pred = not_;
    }
    fr_query q = {.model = &book_model, .where = pred};
    fr_shape shape = shape_of(&q);
    assert_true(shape.is_too_deep);
    fr_arena_free(arena);
}

static void names_are_quoted(void **state)
{
    (void)state;
    fr_buf out;
    fr_buf_init(&out);
    fr_sql_quote(&out, FR_STR("a\"; DROP"));
    assert_str(fr_buf_str(&out), "\"a\"\"; DROP\"");
    fr_buf_deinit(&out);
}

FR_TESTS(sql, FR_TEST(every_order_ends_with_the_key),
         FR_TEST(lookups_are_what_django_makes_of_them), FR_TEST(shapes_differ_where_texts_do),
         FR_TEST(a_tree_too_deep_is_refused), FR_TEST(names_are_quoted))
