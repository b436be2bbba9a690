/* Data that is no row: lists, dictionaries, several choices and objects, by serializers without a model. */
#include "rest/shape.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/extra.h"
#include "rest/options.h"
#include "shape_bench.h"
#include "world.h"

static const fr_choice colors[] = {{"red", "Red"}, {"green", "Green"}, {0}};
static const fr_field TAG = {.kind = FR_KIND_CHAR, .max_length = 5},
                      COUNT = {.kind = FR_KIND_INTEGER, .has_min = true},
                      REAL = {.kind = FR_KIND_FLOAT},
                      COLOR = {.kind = FR_KIND_CHAR, .max_length = 10, .choices = colors},
                      MAYBE = {.kind = FR_KIND_BOOLEAN, .null = true},
                      LEVEL = {.kind = FR_KIND_INTEGER, .default_ = "3"},
                      WORD = {.kind = FR_KIND_CHAR,
                              .max_length = 20,
                              .blank = true,
                              .secret = true},
                      STREET = {.kind = FR_KIND_CHAR, .max_length = 20};

static fr_err somewhere(fr_input *in, void *row, const void *old)
{
    assert_null(row);
    assert_null(old);
    return fr_str_eq(fr_input_text(in, "street"), FR_STR("Nowhere"))
               ? fr_invalid(in, NULL, "There is no such street.")
               : FR_OK;
}

static const fr_serializer address = {.declared = FR_DECLARED({"street", .input = &STREET}),
                                      .validate = somewhere};
static const fr_declared reals = {.shape = FR_LIST, .input = &REAL};
static const fr_serializer lab = {
    .declared = FR_DECLARED(
        {"tags", .shape = FR_LIST, .input = &TAG, .min_items = 1, .max_items = 3, .optional = true},
        {"numbers", .shape = FR_LIST, .input = &COUNT, .not_empty = true, .optional = true},
        {"matrix", .shape = FR_LIST, .each = &reals, .optional = true},
        {"options", .shape = FR_DICT, .input = &COUNT, .optional = true},
        {"anything", .shape = FR_DICT, .not_empty = true, .optional = true},
        {"colors", .shape = FR_CHOICES, .input = &COLOR, .not_empty = true, .optional = true},
        {"maybe", .input = &MAYBE}, {"level", .input = &LEVEL}, {"word", .input = &WORD},
        {"address", .nested = &address, .optional = true, .null = true},
        {"contacts", .shape = FR_LIST, .nested = &address, .max_items = 2, .not_empty = true,
         .optional = true})};

/* What was understood, or the errors. */
static fr_err understand(bench *b, const char *text)
{
    return bench_understand(b, &lab, (fr_shape_opts){0}, text);
}

#define REST ",\"maybe\":null,\"level\":3,\"address\":null}"

static const struct {
    const char *body, *answer;
} CASES[] = {
    {"{\"tags\":[\" a \",\"b\"]}", "{\"tags\":[\"a\",\"b\"]" REST},
    {"{\"tags\":[]}", "{\"tags\":[\"Ensure this field has at least 1 elements.\"]}"},
    {"{\"tags\":[1,2,3,4]}", "{\"tags\":[\"Ensure this field has no more than 3 elements.\"]}"},
    {"{\"tags\":[\"toolong\",\"\",\"ok\",null]}",
     "{\"tags\":{\"0\":[\"Ensure this field has no more than 5 characters.\"],\"1\":[\"This field "
     "may not be blank.\"],\"3\":[\"This field may not be null.\"]}}"},
    {"{\"tags\":\"a\"}", "{\"tags\":[\"Expected a list of items but got type \\\"str\\\".\"]}"},
    {"{\"tags\":null}", "{\"tags\":[\"This field may not be null.\"]}"},
    {"{\"numbers\":[]}", "{\"numbers\":[\"This list may not be empty.\"]}"},
    {"{\"numbers\":[1,\"2\"]}", "{\"numbers\":[1,2]" REST},
    {"{\"matrix\":[[1,2.5],[\"3\"],[]]}", "{\"matrix\":[[1.0,2.5],[3.0],[]]" REST},
    {"{\"matrix\":[[1,\"x\"],5,[null]]}",
     "{\"matrix\":{\"0\":{\"1\":[\"A valid number is required.\"]},\"1\":[\"Expected a list of "
     "items but got type \\\"int\\\".\"],\"2\":{\"0\":[\"This field may not be null.\"]}}}"},
    {"{\"options\":{\"a\":1,\"\":\"2\"}}", "{\"options\":{\"a\":1,\"\":2}" REST},
    {"{\"options\":{\"a\":\"x\",\"b\":1,\"c\":null}}",
     "{\"options\":{\"a\":[\"A valid integer is required.\"],\"c\":[\"This field may not be "
     "null.\"]}}"},
    {"{\"options\":[]}",
     "{\"options\":[\"Expected a dictionary of items but got type \\\"list\\\".\"]}"},
    {"{\"anything\":{}}", "{\"anything\":[\"This dictionary may not be empty.\"]}"},
    {"{\"anything\":{\"a\":[1,{\"b\":null}]}}", "{\"anything\":{\"a\":[1,{\"b\":null}]}" REST},
    {"{\"colors\":[\"green\",\"red\",\"green\"]}", "{\"colors\":[\"green\",\"red\"]" REST},
    {"{\"colors\":{\"red\":1}}", "{\"colors\":[\"red\"]" REST},
    {"{\"colors\":[\"pink\",\"x\"]}", "{\"colors\":[\"\\\"pink\\\" is not a valid choice.\"]}"},
    {"{\"colors\":[]}", "{\"colors\":[\"This selection may not be empty.\"]}"},
    {"{\"colors\":\"red\"}",
     "{\"colors\":[\"Expected a list of items but got type \\\"str\\\".\"]}"},
    {"{\"maybe\":true,\"level\":\"7\",\"word\":\"w\",\"other\":1}",
     "{\"maybe\":true,\"level\":7,\"address\":null}"},
    {"{\"address\":{\"street\":\"Main\"}}",
     "{\"maybe\":null,\"level\":3,\"address\":{\"street\":\"Main\"}}"},
    {"{\"address\":{\"street\":\"Nowhere\"}}",
     "{\"address\":{\"non_field_errors\":[\"There is no such street.\"]}}"},
    {"{\"address\":{}}", "{\"address\":{\"street\":[\"This field is required.\"]}}"},
    {"{\"address\":5}", "{\"address\":{\"non_field_errors\":[\"Invalid data. Expected a "
                        "dictionary, but got int.\"]}}"},
    {"{\"contacts\":[{\"street\":\"a\"},{}]}",
     "{\"contacts\":{\"1\":{\"street\":[\"This field is required.\"]}}}"},
    {"{\"contacts\":[{},{},{}]}",
     "{\"contacts\":{\"non_field_errors\":[\"Ensure this field has no more than 2 "
     "elements.\"]}}"},
    {"{\"contacts\":[]}",
     "{\"contacts\":{\"non_field_errors\":[\"This list may not be empty.\"]}}"},
    {"{\"contacts\":{}}", "{\"contacts\":{\"non_field_errors\":[\"Expected a list of items but got "
                          "type \\\"dict\\\".\"]}}"},
    {"[]", "{\"non_field_errors\":[\"Invalid data. Expected a dictionary, but got list.\"]}"},
};

static void data_without_a_model_is_understood_or_told_of(void **state)
{
    (void)state;
    bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(understand(&b, CASES[i].body), FR_OK);
        assert_str(fr_buf_str(&b.out), CASES[i].answer);
    }
    bench_deinit(&b);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool has_failed = true;
        for (size_t n = 1; n < 300 && has_failed; n++) {
            bench b;
            bench_init(&b);
            fr_test_fail_alloc(n);
            fr_err err = understand(&b, CASES[i].body);
            has_failed = fr_test_fail_alloc(0) == 0;
            assert_true(err == FR_OK || (has_failed && err == FR_ENOMEM));
            bench_deinit(&b);
        }
        assert_false(has_failed);
    }
}

static fr_err nothing(fr_req *req)
{
    (void)req;
    return FR_OK;
}

static void wrong_declarations_are_named(void **state)
{
    (void)state;
    const struct {
        fr_serializer serializer;
        const char *error;
    } WRONG[] = {
        {{0}, "route, action \"x\": a serializer without a model says its fields in .declared"},
        {{.declared = FR_DECLARED({"a", .optional = true})},
         "route, action \"x\": declared: \"a\" says neither .input, .nested, .each nor .value"},
        {{.declared = FR_DECLARED({"a", .shape = FR_CHOICES, .input = &TAG})},
         "route, action \"x\": declared: \"a\" has to have .input with .choices"},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        fr_extra extra = {0};
        char error[256] = "";
        fr_action action = {.path = "x", .handler = nothing, .serializer = &WRONG[i].serializer};
        assert_int_equal(fr_extra_init(&extra, &action, arena, "route", error), FR_EINVAL);
        assert_string_equal(error, WRONG[i].error);
    }
    fr_arena_free(arena);
}

static void options_tell_of_lists_and_objects(void **state)
{
    (void)state;
    bench b;
    bench_init(&b);
    fr_shape_put_options(&lab, &b.out);
    fr_str text = fr_buf_str(&b.out);
    static const char *const PARTS[] = {
        "{\"tags\":{\"type\":\"list\",\"required\":false,\"read_only\":false,\"label\":\"Tags\","
        "\"min_length\":1,\"max_length\":3,\"child\":{\"type\":\"string\",\"required\":true,\"read_"
        "only\":false,\"max_length\":5}}",
        "\"colors\":{\"type\":\"multiple choice\",\"required\":false,\"read_only\":false,\"label\":"
        "\"Colors\",\"choices\":[{\"value\":\"red\",\"display_name\":\"Red\"}",
        "\"anything\":{\"type\":\"nested object\",\"required\":false,\"read_only\":false,"
        "\"label\":\"Anything\",\"child\":{\"type\":\"field\",\"required\":true,"
        "\"read_only\":false}}",
        "\"address\":{\"type\":\"nested object\",\"required\":false,\"read_only\":false,\"label\":"
        "\"Address\",\"children\":{\"street\":{\"type\":\"string\",\"required\":true,",
    };
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        if (fr_str_find(text, fr_str_c(PARTS[i])) == SIZE_MAX)
            fail_msg("no %s in %.*s", PARTS[i], FR_FMT(text));
    bench_deinit(&b);
}

FR_TESTS(shape, FR_TEST(data_without_a_model_is_understood_or_told_of),
         FR_TEST(each_allocation_may_fail), FR_TEST(wrong_declarations_are_named),
         FR_TEST(options_tell_of_lists_and_objects))
