/* One member of a JSON message; quoting. */
#include "unit.h"

#include <freshet/channels.h>

#include "base/alloc.h"
#include "base/arena.h"

static fr_ctx ctx;

static int set_up(void **state)
{
    (void)state;
    ctx = (fr_ctx){.ctx = &ctx, .arena = fr_arena_new(0)};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fr_arena_free(ctx.arena);
    return 0;
}

static void a_member_is_given_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *json, *value;
    } rows[] = {
        {"{\"a\":\"text\"}", "text"},
        {"{\"a\":\"\"}", ""},
        {"{\"a\":\"gr\\u00fcn \\\"\\n\"}", "gr\xc3\xbcn \"\n"},
        {"{\"a\": 1.50e1 }", "1.50e1"},
        {"{\"a\":true}", "true"},
        {"{\"a\":null}", "null"},
        {"{\"a\": [1, {\"a\": 2}] ,\"b\":3}", "[1, {\"a\": 2}]"},
        {"{\"b\":{\"a\":1},\"a\":2}", "2"},
        {"{\"a\":1,\"a\":2}", "2"},
        {"{\"\\u0061\":1}", "1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fr_str value;
        assert_int_equal(fr_json_member(&ctx, fr_str_c(rows[i].json), FR_STR("a"), &value), FR_OK);
        assert_str(value, rows[i].value);
    }
}

static void what_is_no_object_or_malformed_is_refused_with_a_text(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       "[1]",
                                       "\"a\"",
                                       "1",
                                       "null",
                                       "{",
                                       "{\"a\"",
                                       "{\"a\":1",
                                       "{\"a\":1}x",
                                       "{\"a\":}",
                                       "{\"a\":1,\"b\":[}",
                                       "{\"a\":\"\xff\"}",
                                       "{\"b\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fr_str value = FR_STR("untouched");
        ctx.detail = (fr_str){0};
        assert_int_equal(fr_json_member(&ctx, fr_str_c(rows[i]), FR_STR("a"), &value), FR_EINVAL);
        assert_true(ctx.detail.n > 0);
        assert_str(value, "untouched");
    }
    fr_str value;
    assert_int_equal(fr_json_member(&ctx, FR_STR("{\"b\":1}"), FR_STR("a"), &value), FR_ENOTFOUND);
    assert_str(ctx.detail, "The object has no member \"a\".");
}

static void text_is_quoted(void **state)
{
    (void)state;
    assert_str(fr_json_quote(&ctx, FR_STR("a\"b\\\n\x01 gr\xc3\xbcn")),
               "\"a\\\"b\\\\\\n\\u0001 gr\xc3\xbcn\"");
    assert_str(fr_json_quote(&ctx, FR_STR("")), "\"\"");
}

static void an_object_is_made_from_a_template(void **state)
{
    (void)state;
    assert_str(
        fr_json_object(&ctx,
                       "{action: %s, id:%lld, n:[%d,%zu,%f,%b], x:%J, none:%J, s:%S, \"a b\":true}",
                       "say \"x\"", -7LL, 1, (size_t)2, 0.5, false, FR_STR("{\"y\":1}"),
                       (fr_str){0}, FR_STR("gr\xc3\xbcn")),
        "{\"action\":\"say \\\"x\\\"\",\"id\":-7,\"n\":[1,2,0.5,false],\"x\":{\"y\":1},"
        "\"none\":null,\"s\":\"gr\xc3\xbcn\",\"a b\":true}");
    assert_null(fr_json_object(&ctx, "{a:%q}").p);
    bool is_whole = false;
    FR_TEST_EACH_ALLOC_FAILS()
    is_whole = fr_json_object(&ctx, "{a:%s}", "b").p != NULL;
    assert_true(is_whole);
}

static void without_memory_quoting_gives_nothing(void **state)
{
    (void)state;
    bool is_whole = false;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        fr_str quoted = fr_json_quote(&ctx, FR_STR("text"));
        is_whole = quoted.p != NULL;
    }
    assert_true(is_whole);
}

#define J(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
FR_TESTS(json_helpers, J(a_member_is_given_as_text),
         J(what_is_no_object_or_malformed_is_refused_with_a_text), J(text_is_quoted),
         J(an_object_is_made_from_a_template), J(without_memory_quoting_gives_nothing))
