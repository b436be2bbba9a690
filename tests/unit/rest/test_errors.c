/* What is wrong with a body, as a tree. */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/errors.h"
#include "unit.h"

typedef struct bench {
    fr_arena *arena;
    fr_buf out;
    fr_errors errors;
} bench;

static void bench_init(bench *b)
{
    b->arena = fr_arena_new(0);
    fr_buf_init(&b->out);
    fr_errors_init(&b->errors, b->arena);
}

static void bench_deinit(bench *b)
{
    fr_buf_deinit(&b->out);
    fr_arena_free(b->arena);
}

static fr_str printed(bench *b)
{
    fr_buf_clear(&b->out);
    fr_errors_put(&b->errors, &b->out);
    return fr_buf_str(&b->out);
}

static void messages_of_one_field_stay_in_their_order(void **state)
{
    (void)state;
    bench b;
    bench_init(&b);
    assert_false(fr_errors_any(&b.errors));
    fr_errors_add(&b.errors, FR_STR("title"), "max_length", FR_STR("Too \"long\"."));
    fr_errors_add(&b.errors, FR_STR("body"), "required", FR_STR("This field is required."));
    fr_errors_addf(&b.errors, FR_STR("title"), "invalid", "Not %s.", "good");
    assert_true(fr_errors_any(&b.errors));
    assert_str(printed(&b), "{\"title\":[\"Too \\\"long\\\".\",\"Not good.\"],"
                            "\"body\":[\"This field is required.\"]}");
    assert_str(fr_errors_first(&b.errors), "title: Too \"long\".");
    bench_deinit(&b);
}

static void fields_are_printed_in_the_order_of_the_serializer(void **state)
{
    (void)state;
    static const fr_str NAMES[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    bench b;
    bench_init(&b);
    fr_errors_order(&b.errors, NAMES, 3);
    fr_errors_add(&b.errors, FR_STR("c"), "invalid", FR_STR("3"));
    fr_errors_add(&b.errors, FR_STR("non_field_errors"), "invalid", FR_STR("4"));
    fr_errors_add(&b.errors, FR_STR("a"), "invalid", FR_STR("1"));
    fr_errors_add(&b.errors, FR_STR("zz"), "invalid", FR_STR("5"));
    fr_errors_add(&b.errors, FR_STR("b"), "invalid", FR_STR("2"));
    assert_str(printed(&b), "{\"a\":[\"1\"],\"b\":[\"2\"],\"c\":[\"3\"],\"non_field_errors\":"
                            "[\"4\"],\"zz\":[\"5\"]}");
    bench_deinit(&b);
}

static void objects_and_items_nest_and_empty_ones_are_left_out(void **state)
{
    (void)state;
    bench b;
    bench_init(&b);
    fr_errors *lines = fr_errors_field(&b.errors, FR_STR("lines"));
    fr_errors *third = fr_errors_item(lines, 12);
    fr_errors_add(third, FR_STR("sku"), "blank", FR_STR("This field may not be blank."));
    (void)fr_errors_item(lines, 5);
    fr_errors_add(fr_errors_item(lines, 3), (fr_str){0}, "null",
                  FR_STR("This field may not be null."));
    (void)fr_errors_field(&b.errors, FR_STR("empty"));
    assert_str(printed(&b), "{\"lines\":{\"3\":[\"This field may not be null.\"],"
                            "\"12\":{\"sku\":[\"This field may not be blank.\"]}}}");
    assert_str(fr_errors_first(&b.errors), "lines.3: This field may not be null.");
    assert_ptr_equal(fr_errors_item(lines, 12), third);
    bench_deinit(&b);
}

static void a_message_that_finds_no_memory_is_told_of(void **state)
{
    (void)state;
    bench b;
    char large[8192];
    bench_init(&b);
    memset(large, 'x', sizeof large);
    fr_test_fail_alloc(1);
    fr_errors_add(fr_errors_field(&b.errors, FR_STR("a")), FR_STR("b"), "invalid",
                  (fr_str){large, sizeof large});
    (void)fr_test_fail_alloc(0);
    assert_true(fr_errors_any(&b.errors));
    assert_int_equal(fr_errors_check(&b.errors), FR_ENOMEM);
    assert_null(fr_errors_field(NULL, FR_STR("a")));
    fr_errors_add(NULL, FR_STR("a"), "invalid", FR_STR("x"));
    bench_deinit(&b);
}

static void lists_of_objects_are_lists_where_the_application_says_so(void **state)
{
    (void)state;
    bench b;
    bench_init(&b);
    fr_errors *lines = fr_errors_field(&b.errors, FR_STR("lines"));
    fr_errors_rows(lines, 4);
    fr_errors_add(fr_errors_item(lines, 1), FR_STR("sku"), "blank", FR_STR("Blank."));
    (void)fr_errors_item(lines, 0);
    fr_errors_add(fr_errors_item(lines, 2), (fr_str){0}, "null", FR_STR("Null."));
    fr_errors_add(fr_errors_item(fr_errors_field(&b.errors, FR_STR("tags")), 1), (fr_str){0}, "x",
                  FR_STR("Of values."));
    assert_str(printed(&b), "{\"lines\":{\"1\":{\"sku\":[\"Blank.\"]},\"2\":[\"Null.\"]},"
                            "\"tags\":{\"1\":[\"Of values.\"]}}");
    fr_errors_use_lists(true);
    assert_str(printed(&b), "{\"lines\":[{},{\"sku\":[\"Blank.\"]},[\"Null.\"],{}],"
                            "\"tags\":{\"1\":[\"Of values.\"]}}");
    fr_errors_add(lines, FR_STR("non_field_errors"), "max_length", FR_STR("Too long."));
    assert_str(fr_str_sub(printed(&b), 0, 11), "{\"lines\":{\"");
    fr_errors_use_lists(false);
    bench_deinit(&b);
}

FR_TESTS(errors, FR_TEST(lists_of_objects_are_lists_where_the_application_says_so),
         FR_TEST(messages_of_one_field_stay_in_their_order),
         FR_TEST(fields_are_printed_in_the_order_of_the_serializer),
         FR_TEST(objects_and_items_nest_and_empty_ones_are_left_out),
         FR_TEST(a_message_that_finds_no_memory_is_told_of))
