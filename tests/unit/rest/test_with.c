/* Fields of a model as one serializer has them. The answers are what DRF 3.18 says of the same extra_kwargs. */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/plan.h"
#include "world.h"

static const fr_serializer own = {
    .model = &thing_model,
    .fields = "id,title,body,maybe,number,price,moment,email,slug",
    .declared = FR_DECLARED(
        {"title", FR_WITH(.min_length = 4, .max_length = 6, .label = "What it is",
                          .help_text = "In a few words",
                          .messages = FR_MESSAGES(
                              {"blank", "Say what is wrong."}, {"required", "A title, please."},
                              {"max_length", "At most {max_length}, not {more}."},
                              {"min_length", "Longer."}))},
        {"body", .required = true, .not_empty = true}, {"maybe", .not_null = true},
        {"number", FR_WITH(.default_ = "7", .max_value = 9,
                           .messages = FR_MESSAGES({"max_value", "Up to {max_value}."},
                                                   {"invalid", "{input} is no number."}))},
        {"price", FR_WITH(.as_number = true, .max_value = 100)},
        {"moment", .not_null = true,
         FR_WITH(.format = "%d.%m.%Y", .input_formats = "%d.%m.%Y",
                 .messages = FR_MESSAGES({"null", "Some day."}))},
        {"email", FR_WITH(.secret = true)}, {"slug", FR_WITH(.read_only = true)})};
static const fr_viewset things_of_our_own = {.serializer = &own};

#define OK "\"title\":\"abcd\",\"body\":\"b\",\"moment\":\"05.01.2024\""
#define ROW(id, title, number, price)                                                              \
    "{\"id\":" id ",\"title\":\"" title "\",\"body\":\"b\",\"maybe\":null,\"number\":" number      \
    ",\"price\":" price ",\"moment\":\"05.01.2024\",\"slug\":\"\"}"

static const struct {
    const char *body, *answer;
} CASES[] = {
    {"{" OK "}", ROW("1", "abcd", "7", "null")},
    {"{}", "{\"title\":[\"A title, please.\"],\"body\":[\"This field is required.\"]}"},
    {"{\"title\":\"\",\"body\":\"\",\"maybe\":null}",
     "{\"title\":[\"Say what is wrong.\"],\"body\":[\"This field may not be blank.\"],\"maybe\":["
     "\"This field may not be null.\"]}"},
    {"{\"title\":\"abc\",\"body\":\"x\"}", "{\"title\":[\"Longer.\"]}"},
    {"{\"title\":\"abcdefg\",\"body\":\"x\"}", "{\"title\":[\"At most 6, not {more}.\"]}"},
    {"{" OK ",\"number\":10}", "{\"number\":[\"Up to 9.\"]}"},
    {"{" OK ",\"number\":\"x\"}", "{\"number\":[\"x is no number.\"]}"},
    {"{" OK ",\"price\":\"100.5\"}",
     "{\"price\":[\"Ensure this value is less than or equal to 100.\"]}"},
    {"{" OK ",\"price\":\"1.5\"}", ROW("2", "abcd", "7", "1.5")},
    {"{\"title\":\"abcd\",\"body\":\"b\",\"moment\":\"2024-01-05\"}",
     "{\"moment\":[\"Datetime has wrong format. Use one of these formats instead: "
     "DD.MM.YYYY.\"]}"},
    {"{\"title\":\"abcd\",\"body\":\"b\",\"moment\":null}", "{\"moment\":[\"Some day.\"]}"},
    {"{" OK ",\"email\":\"a@b.io\",\"slug\":\"s\"}", ROW("3", "abcd", "7", "null")},
    {"{" OK ",\"email\":\"x\"}", "{\"email\":[\"Enter a valid email address.\"]}"},
};

static void what_a_serializer_says_stands_for_what_the_model_says(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool is_row = fr_str_starts(fr_str_c(CASES[i].answer), FR_STR("{\"id\""));
        assert_answer(&w, ask(&w, &things_of_our_own, "POST", "/things/", CASES[i].body),
                      is_row ? 201 : 400, CASES[i].answer);
    }
    /* What was read and is not printed is stored all the same. */
    ask(&w, &things, "GET", "/things/3/", NULL);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"email\":\"a@b.io\"")) != SIZE_MAX);
    world_close(&w);
}

static void its_default_is_for_put_too_and_not_for_patch(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    ask(&w, &things_of_our_own, "POST", "/things/", "{" OK ",\"number\":3}");
    assert_answer(&w, ask(&w, &things_of_our_own, "PATCH", "/things/1/", "{\"title\":\"wxyz\"}"),
                  200, ROW("1", "wxyz", "3", "null"));
    assert_answer(&w, ask(&w, &things_of_our_own, "PUT", "/things/1/", "{" OK "}"), 200,
                  ROW("1", "abcd", "7", "null"));
    world_close(&w);
}

static void options_tell_what_the_serializer_says(void **state)
{
    (void)state;
    static const char *const PARTS[] = {
        "\"title\":{\"type\":\"string\",\"required\":true,\"read_only\":false,\"label\":\"What it "
        "is\",\"help_text\":\"In a few words\",\"min_length\":4,\"max_length\":6}",
        "\"body\":{\"type\":\"string\",\"required\":true,",
        "\"number\":{\"type\":\"integer\",\"required\":false,\"read_only\":false,\"label\":"
        "\"Number\",\"min_value\":-9223372036854775808,\"max_value\":9}",
        "\"price\":{\"type\":\"decimal\",\"required\":false,\"read_only\":false,\"label\":"
        "\"Price\",\"max_value\":100,\"max_digits\":6,\"decimal_places\":2}",
        "\"email\":{\"type\":\"email\",\"required\":false,\"read_only\":false,\"label\":\"Email\"",
        "\"slug\":{\"type\":\"slug\",\"required\":false,\"read_only\":true,\"label\":\"Slug\"}",
    };
    world w;
    world_open(&w);
    ask(&w, &things_of_our_own, "OPTIONS", "/things/", NULL);
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        if (fr_str_find(fr_buf_str(&w.body), fr_str_c(PARTS[i])) == SIZE_MAX)
            fail_msg("no %s in %.*s", PARTS[i], FR_FMT(fr_buf_str(&w.body)));
    world_close(&w);
}

static void what_is_the_models_to_say_is_refused(void **state)
{
    (void)state;
    const struct {
        fr_declared declared;
        const char *error;
    } WRONG[] = {
        {{"title", FR_WITH(.column = "t")}, "with: \"title\" says what column the field is"},
        {{"title", FR_WITH(.unique = true)}, "with: \"title\" says what the table is to see to"},
        {{"title", FR_WITH(.secret = true, .read_only = true)},
         "with: \"title\" is neither printed nor read"},
        {{"nothing", FR_WITH(.null = true)}, "with: \"nothing\" is not a field of the model"},
        {{"number", FR_WITH(.default_ = "x")}, "with: \"number\" has no such .default_"},
        {{"moment", FR_WITH(.zone = "Nowhere")}, "with: \"moment\" there is no time zone"},
        {{"title", FR_WITH(.pattern = "(")}, "with: \"title\" "},
        {{"title", FR_WITH(.as_number = true)}, "with: \"title\" only DECIMAL has .as_number"},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        const fr_declared declared[] = {WRONG[i].declared, {0}};
        const fr_serializer wrong = {.model = &thing_model, .declared = declared};
        char error[256] = "";
        fr_plan plan;
        assert_int_equal(fr_plan_init(&plan, &thing_model, &wrong, arena, error), FR_EINVAL);
        if (!fr_str_starts(fr_str_c(error), fr_str_c(WRONG[i].error)))
            fail_msg("%s, not %s", error, WRONG[i].error);
    }
    fr_arena_free(arena);
}

static void each_allocation_of_such_a_plan_may_fail(void **state)
{
    (void)state;
    bool has_failed = true;
    for (size_t n = 1; n < 400 && has_failed; n++) {
        fr_arena *arena = fr_arena_new(64);
        char error[256] = "";
        fr_plan plan;
        fr_test_fail_alloc(n);
        fr_err err = fr_plan_init(&plan, &thing_model, &own, arena, error);
        has_failed = fr_test_fail_alloc(0) == 0;
        assert_true(err == FR_OK || (has_failed && err == FR_ENOMEM));
        fr_arena_free(arena);
    }
    assert_false(has_failed);
}

FR_TESTS(with, FR_TEST(what_a_serializer_says_stands_for_what_the_model_says),
         FR_TEST(its_default_is_for_put_too_and_not_for_patch),
         FR_TEST(options_tell_what_the_serializer_says),
         FR_TEST(what_is_the_models_to_say_is_refused),
         FR_TEST(each_allocation_of_such_a_plan_may_fail))
