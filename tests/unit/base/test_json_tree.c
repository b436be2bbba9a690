/* The JSON tree, and spelling it again. */
#include "unit.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/json.h"

static fr_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = fr_arena_new(0);
    return arena ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    fr_arena_free(arena);
    return 0;
}

static fr_json parse(const char *text)
{
    fr_json json = {0};
    fr_str error = {0};
    assert_int_equal(fr_json_parse(arena, fr_str_c(text), &json, &error), FR_OK);
    return json;
}

static void members_are_found_by_name_and_items_by_place(void **state)
{
    (void)state;
    fr_json json =
        parse("{\"a\": [1, {\"b\": \"x\\n\"}, null], \"c\" : true, \"d\": {}, \"e\": []}");
    assert_int_equal(json.type, FR_JSON_OBJECT);
    assert_int_equal(json.count, 4);
    const fr_json *a = fr_json_get(&json, FR_STR("a"));
    assert_int_equal(a->type, FR_JSON_ARRAY);
    assert_int_equal(a->count, 3);
    assert_str(a->raw, "[1, {\"b\": \"x\\n\"}, null]");
    assert_str(a->items[0].text, "1");
    assert_str(a->items[1].raw, "{\"b\": \"x\\n\"}");
    assert_str(fr_json_get(&a->items[1], FR_STR("b"))->text, "x\n");
    assert_int_equal(a->items[2].type, FR_JSON_NULL);
    assert_int_equal(fr_json_get(&json, FR_STR("c"))->type, FR_JSON_TRUE);
    assert_int_equal(fr_json_get(&json, FR_STR("d"))->count, 0);
    assert_null(fr_json_get(&json, FR_STR("z")));
    assert_null(fr_json_get(a, FR_STR("a")));
}

static void a_key_that_comes_twice_keeps_its_place_and_its_last_value(void **state)
{
    (void)state;
    fr_json json = parse("{\"a\":1,\"b\":2,\"\\u0061\":3}");
    assert_int_equal(json.count, 2);
    assert_str(json.keys[0], "a");
    assert_str(json.items[0].text, "3");
    fr_buf buf = {0};
    fr_buf_put_char(&buf, '{');
    for (int i = 0; i < 60; i++) /* enough for the map instead of pairs */
        fr_buf_printf(&buf, "\"k%d\":%d,", i % 20, i);
    fr_buf_lit(&buf, "\"k5\":\"last\"}");
    fr_str error = {0};
    assert_int_equal(fr_json_parse(arena, fr_buf_str(&buf), &json, &error), FR_OK);
    assert_int_equal(json.count, 20);
    assert_str(json.keys[5], "k5");
    assert_str(json.items[5].text, "last");
    assert_str(json.items[6].text, "46");
    fr_buf_deinit(&buf);
}

static void a_fault_is_told(void **state)
{
    (void)state;
    fr_json json;
    fr_str error = {0};
    assert_int_equal(fr_json_parse(arena, FR_STR("[1,"), &json, &error), FR_EINVAL);
    assert_str(error, "Expecting value: line 1 column 4 (char 3)");
    assert_int_equal(fr_json_parse(arena, FR_STR(""), &json, NULL), FR_EINVAL);
}

static void a_tree_is_spelled_as_drf_or_as_python_does(void **state)
{
    (void)state;
    fr_json json =
        parse("{\"a\" : [1.10, -0, 1E400, 1e5, 12345678901234567890],\"\xc3\xa9\":\"\xc3\xa9\","
              "\"n\":null,\"t\":[true,false],\"o\":{},\"l\":[]}");
    fr_buf buf = {0};
    fr_json_put(&buf, &json, false);
    assert_str(fr_buf_str(&buf),
               "{\"a\":[1.1,0,1E400,100000.0,12345678901234567890],\"\xc3\xa9\":\"\xc3\xa9\","
               "\"n\":null,\"t\":[true,false],\"o\":{},\"l\":[]}");
    fr_buf_clear(&buf);
    fr_json_put(&buf, &json, true);
    assert_str(fr_buf_str(&buf),
               "{\"a\": [1.1, 0, 1E400, 100000.0, 12345678901234567890], \"\\u00e9\": \"\\u00e9\", "
               "\"n\": null, \"t\": [true, false], \"o\": {}, \"l\": []}");
    fr_buf_clear(&buf);
    json = parse(" \"scalar\" ");
    fr_json_put(&buf, &json, false);
    assert_str(fr_buf_str(&buf), "\"scalar\"");
    fr_buf_deinit(&buf);
}

static void the_deepest_tree_is_spelled(void **state)
{
    (void)state;
    fr_buf text = {0}, again = {0};
    for (int i = 0; i < FR_JSON_DEPTH; i++)
        fr_buf_put_char(&text, '[');
    for (int i = 0; i < FR_JSON_DEPTH; i++)
        fr_buf_put_char(&text, ']');
    fr_json json;
    assert_int_equal(fr_json_parse(arena, fr_buf_str(&text), &json, NULL), FR_OK);
    fr_json_put(&again, &json, false);
    assert_true(fr_str_eq(fr_buf_str(&text), fr_buf_str(&again)));
    fr_buf_deinit(&text);
    fr_buf_deinit(&again);
}

static void each_allocation_of_the_tree_may_fail(void **state)
{
    (void)state;
    fr_buf text = {0};
    fr_buf_put_char(&text, '{');
    for (int i = 0; i < 40; i++)
        fr_buf_printf(&text, "\"k\\n%d\":[%d,{\"x\":[]}],", i, i);
    fr_buf_lit(&text, "\"end\":1}");
    int failures = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_arena *small = fr_arena_new(256);
        fr_json json = {0};
        fr_str error = {0};
        fr_err err = small ? fr_json_parse(small, fr_buf_str(&text), &json, &error) : FR_ENOMEM;
        assert_true(err == FR_ENOMEM || (err == FR_OK && json.count == 41));
        failures += err == FR_ENOMEM;
        fr_arena_free(small);
    }
    assert_true(failures > 5);
    fr_buf_deinit(&text);
}

#define WITH_ARENA(function) cmocka_unit_test_setup_teardown(function, open_arena, close_arena)
FR_TESTS(json_tree, WITH_ARENA(members_are_found_by_name_and_items_by_place),
         WITH_ARENA(a_key_that_comes_twice_keeps_its_place_and_its_last_value),
         WITH_ARENA(a_fault_is_told), WITH_ARENA(a_tree_is_spelled_as_drf_or_as_python_does),
         WITH_ARENA(the_deepest_tree_is_spelled), FR_TEST(each_allocation_of_the_tree_may_fail))
