/* The query tree. */
#include "model/query.h"

#include "base/arena.h"
#include "note.h"
#include "unit.h"

static void every_ordering_ends_with_the_key(void **state)
{
    (void)state;
    fr_query query = {.model = &note_model};
    assert_int_equal(fr_query_order(&query, FR_STR("-due, title")), FR_OK);
    assert_int_equal(query.order_count, 3);
    assert_true(query.orders[0].ref == note_field_due && query.orders[0].is_descending);
    assert_true(query.orders[1].ref == note_field_title && !query.orders[1].is_descending);
    assert_true(query.orders[2].ref == note_field_id && !query.orders[2].is_descending);
    assert_int_equal(fr_query_order(&query, FR_STR("-pk,-id")), FR_OK);
    assert_int_equal(query.order_count, 1);
    assert_true(query.orders[0].ref == note_field_id && query.orders[0].is_descending);
}

static void the_model_s_ordering_is_the_default(void **state)
{
    (void)state;
    fr_query query = {.model = &every_model};
    assert_int_equal(fr_query_order(&query, (fr_str){"", 0}), FR_OK);
    assert_int_equal(query.order_count, 2);
    assert_true(query.orders[0].ref == every_field_char_ && query.orders[0].is_descending);
    query = (fr_query){.model = &note_model};
    assert_int_equal(fr_query_order(&query, (fr_str){"", 0}), FR_OK);
    assert_int_equal(query.order_count, 1);
    assert_int_equal(query.orders[0].ref, note_field_id);
}

static void an_unknown_name_leaves_the_query_as_it_was(void **state)
{
    (void)state;
    fr_query query = {.model = &note_model};
    assert_int_equal(fr_query_order(&query, FR_STR("title")), FR_OK);
    assert_int_equal(fr_query_order(&query, FR_STR("done,nothing")), FR_EINVAL);
    assert_int_equal(query.order_count, 2);
    assert_int_equal(query.orders[0].ref, note_field_title);
}

static void predicates_are_built_in_the_arena(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_pred *done = fr_pred_term(arena, note_field_done, FR_LOOKUP_EXACT, FR_VALUE_I(1));
    const fr_value ids[] = {FR_VALUE_I(1), FR_VALUE_I(2)};
    fr_pred *in = fr_pred_in(arena, note_field_id, ids, 2);
    fr_pred *both = fr_pred_and(arena, done, in);
    assert_int_equal(both->op, FR_PRED_AND);
    assert_int_equal(both->part_count, 2);
    assert_ptr_equal(both->parts[1], in);
    assert_int_equal(in->value_count, 2);
    assert_int_equal(fr_pred_and(arena, NULL, done)->part_count, 1);
    assert_int_equal(fr_pred_and(arena, NULL, NULL)->op, FR_PRED_TRUE);
    fr_arena_free(arena);
}

FR_TESTS(query, FR_TEST(every_ordering_ends_with_the_key),
         FR_TEST(the_model_s_ordering_is_the_default),
         FR_TEST(an_unknown_name_leaves_the_query_as_it_was),
         FR_TEST(predicates_are_built_in_the_arena))
