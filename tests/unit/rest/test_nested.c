/* Nested rows that are known by their keys: those that a body names stay and change, others come, and what is not named goes. */
#include <stdio.h>

#include "base/alloc.h"
#include "world.h"

FR_MODEL(codex, (ID, id), (CHAR, title, .max_length = 20));
FR_MODEL_OPTS(quire, (.ordering = "id", .constraints = FR_CONSTRAINTS(
    {.name = "quire_number", .check = "number < 100", .message = "Too many leaves."})),
    (ID,      id),
    (FOREIGN_KEY(codex), codex, .related = "leaves"),
    (CHAR,    head, .max_length = 20, .unique = true),
    (INTEGER, number),
    (BOOLEAN, is_read, .default_ = "false"),
    (CHAR,    origin, .max_length = 8));
FR_MODEL_OPTS(gloss, (.ordering = "id"),
    (ID,      id),
    (FOREIGN_KEY(quire), quire, .related = "glosses"),
    (CHAR,    text, .max_length = 20));

static const fr_model *const models[] = {&codex_model, &quire_model, &gloss_model, NULL};

static const fr_serializer gloss_in = {.model = &gloss_model, .fields = "id,text"};
static const fr_serializer leaf_in = {
    .model = &quire_model,
    .fields = "id,head,number,is_read,origin,glosses",
    .declared =
        FR_DECLARED({"origin", .value = "pen"}, {"glosses", .nested = &gloss_in, .writable = true,
                                                 .by_key = true, .optional = true})};
static const fr_serializer folio_in = {
    .model = &codex_model,
    .fields = "id,title,leaves",
    .declared = FR_DECLARED(
        {"leaves", .nested = &leaf_in, .writable = true, .by_key = true, .optional = true})};
static const fr_viewset folios = {.serializer = &folio_in}, leaves = {.model = &quire_model};

#define LEAF(id, head, number, is_read, glosses)                                                   \
    "{\"id\":" id ",\"head\":\"" head "\",\"number\":" number ",\"is_read\":" is_read              \
    ",\"glosses\":[" glosses "]}"
#define FOLIO(id, ...) "{\"id\":" id ",\"title\":\"t\",\"leaves\":[" __VA_ARGS__ "]}"

/* A folio with the leaves a and b, of which a has two glosses, and another with c. */
static void open_folios(world *w)
{
    world_open_with(w, models, NULL);
    assert_answer(
        w,
        ask(w, &folios, "POST", "/x/",
            "{\"title\":\"t\",\"leaves\":[{\"id\":77,\"head\":\"a\",\"number\":1,"
            "\"glosses\":[{\"text\":\"x\"},{\"text\":\"y\"}]},{\"head\":\"b\","
            "\"number\":2}]}"),
        201,
        FOLIO("1",
              LEAF("1", "a", "1", "false",
                   "{\"id\":1,\"text\":\"x\"},{\"id\":2,\"text\":\"y\"}") "," LEAF("2", "b", "2",
                                                                                   "false", "")));
    assert_int_equal(ask(w, &folios, "POST", "/x/",
                         "{\"title\":\"t\",\"leaves\":[{\"head\":\"c\",\"number\":3}]}"),
                     201);
}

static void rows_that_are_named_stay_and_others_come_and_go(void **state)
{
    (void)state;
    world w;
    open_folios(&w);
    /* Leaf 3 is another folio's, leaf 99 nobody's: both are new ones here. */
    assert_answer(&w,
                  ask(&w, &folios, "PATCH", "/x/1/",
                      "{\"leaves\":[{\"id\":2,\"is_read\":true},{\"id\":3,\"head\":\"d\","
                      "\"number\":4},{\"id\":99,\"head\":\"e\",\"number\":5}]}"),
                  200,
                  FOLIO("1", LEAF("2", "b", "2", "true", "") "," LEAF(
                                 "4", "d", "4", "false", "") "," LEAF("5", "e", "5", "false", "")));
    assert_answer(&w, ask(&w, &folios, "GET", "/x/2/", NULL), 200,
                  FOLIO("2", LEAF("3", "c", "3", "false", "")));
    /* A key twice is one row; its unique value may stay. */
    assert_answer(&w,
                  ask(&w, &folios, "PUT", "/x/1/",
                      "{\"title\":\"t\",\"leaves\":[{\"id\":2,\"head\":\"b\",\"number\":7},"
                      "{\"id\":\"2\",\"head\":\"b2\",\"number\":8}]}"),
                  200, FOLIO("1", LEAF("2", "b2", "8", "true", "")));
    assert_answer(&w, ask(&w, &folios, "PATCH", "/x/1/", "{\"leaves\":[]}"), 200, FOLIO("1", ""));
    world_close(&w);
}

static void rows_within_rows_are_kept_as_well(void **state)
{
    (void)state;
    world w;
    open_folios(&w);
    assert_answer(&w,
                  ask(&w, &folios, "PATCH", "/x/1/",
                      "{\"leaves\":[{\"id\":1,\"glosses\":[{\"id\":2,\"text\":\"z\"},"
                      "{\"text\":\"new\"}]}]}"),
                  200,
                  FOLIO("1", LEAF("1", "a", "1", "false",
                                  "{\"id\":2,\"text\":\"z\"},{\"id\":3,\"text\":\"new\"}")));
    /* What does not name them leaves them alone; a row that turns out to be new has none of another's. */
    assert_answer(&w,
                  ask(&w, &folios, "PATCH", "/x/2/",
                      "{\"leaves\":[{\"id\":1,\"head\":\"f\",\"number\":6,\"glosses\":[{\"id\":2,"
                      "\"text\":\"own\"}]},{\"id\":3}]}"),
                  200,
                  FOLIO("2", LEAF("3", "c", "3", "false", "") "," LEAF(
                                 "4", "f", "6", "false", "{\"id\":4,\"text\":\"own\"}")));
    assert_answer(&w, ask(&w, &folios, "GET", "/x/1/", NULL), 200,
                  FOLIO("1", LEAF("1", "a", "1", "false",
                                  "{\"id\":2,\"text\":\"z\"},{\"id\":3,\"text\":\"new\"}")));
    world_close(&w);
}

static fr_err numbers_rise(fr_input *in, void *rows, size_t count)
{
    const quire *q = rows;
    for (size_t i = 1; i < count; i++)
        if (q[i].number <= q[i - 1].number)
            return fr_invalid(in, NULL, "Numbers rise.");
    return FR_OK;
}
static const fr_serializer rising = {
    .model = &quire_model, .fields = "head,number", .validate_list = numbers_rise};
static const fr_serializer limited = {
    .model = &codex_model,
    .fields = "id,title,leaves",
    .declared = FR_DECLARED({"leaves", .nested = &rising, .writable = true, .not_empty = true,
                             .min_items = 2, .max_items = 3})};

static void a_nested_list_has_limits_and_is_judged_as_a_whole(void **state)
{
    (void)state;
#define ROW(head, number) "{\"head\":\"" head "\",\"number\":" number "}"
    static const fr_viewset bounded = {.serializer = &limited};
    static const struct {
        const char *leaves, *answer;
    } CASES[] = {
        {"", "This list may not be empty."},
        {ROW("g", "1"), "Ensure this field has at least 2 elements."},
        {ROW("g", "1") "," ROW("h", "2") "," ROW("i", "3") "," ROW("j", "4"),
         "Ensure this field has no more than 3 elements."},
        {ROW("g", "1") "," ROW("h", "1"), "Numbers rise."},
    };
    world w;
    open_folios(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char body[256], answer[128];
        snprintf(body, sizeof body, "{\"title\":\"t\",\"leaves\":[%s]}", CASES[i].leaves);
        snprintf(answer, sizeof answer, "{\"leaves\":{\"non_field_errors\":[\"%s\"]}}",
                 CASES[i].answer);
        assert_answer(&w, ask(&w, &bounded, "POST", "/x/", body), 400, answer);
    }
    world_close(&w);
}

static void a_row_that_fails_in_the_database_undoes_all(void **state)
{
    (void)state;
    static const struct {
        const char *body, *answer;
    } CASES[] = {
        {"{\"title\":\"u\",\"leaves\":[{\"id\":2,\"number\":9},{\"head\":\"g\",\"number\":1},"
         "{\"head\":\"h\",\"number\":100}]}",
         "{\"leaves\":{\"2\":{\"non_field_errors\":[\"Too many leaves.\"]}}}"},
        {"{\"title\":\"u\",\"leaves\":[{\"head\":\"g\",\"number\":1},{\"id\":2,\"number\":100}]}",
         "{\"leaves\":{\"1\":{\"non_field_errors\":[\"Too many leaves.\"]}}}"},
        {"{\"title\":\"u\",\"leaves\":[{\"head\":\"g\",\"number\":1},{\"head\":\"g\",\"number\":1}]"
         "}",
         "{\"leaves\":{\"1\":{\"head\":[\"quire with this head already exists.\"]}}}"},
        /* Only the write knows that it is new. */
        {"{\"title\":\"u\",\"leaves\":[{\"head\":\"g\",\"number\":1},{\"id\":98,\"head\":\"h\"}]}",
         "{\"leaves\":{\"1\":{\"number\":[\"This field may not be null.\"]}}}"},
    };
    world w;
    open_folios(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_answer(&w, ask(&w, &folios, "PATCH", "/x/1/", CASES[i].body), 400, CASES[i].answer);
        assert_answer(
            &w, ask(&w, &folios, "GET", "/x/1/", NULL), 200,
            FOLIO("1",
                  LEAF("1", "a", "1", "false",
                       "{\"id\":1,\"text\":\"x\"},{\"id\":2,\"text\":\"y\"}") "," LEAF("2", "b",
                                                                                       "2", "false",
                                                                                       "")));
    }
    world_close(&w);
}

static void a_new_row_of_a_patch_has_to_be_whole_but_for_texts(void **state)
{
    (void)state;
    static const struct {
        const char *leaves, *answer;
    } CASES[] = {
        {"[{\"head\":\"g\"}]", "{\"leaves\":{\"0\":{\"number\":[\"This field is required.\"]}}}"},
        {"[{\"id\":\"x\"}]", "{\"leaves\":{\"0\":{\"id\":[\"A valid integer is required.\"]}}}"},
        {"[{\"id\":null,\"head\":\"\"}]",
         "{\"leaves\":{\"0\":{\"id\":[\"This field may not be null.\"],\"head\":[\"This field may "
         "not be blank.\"]}}}"},
        {"[{\"id\":2,\"head\":\"a\"}]",
         "{\"leaves\":{\"0\":{\"head\":[\"quire with this head already exists.\"]}}}"},
    };
    world w;
    open_folios(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"leaves\":%s}", CASES[i].leaves);
        assert_answer(&w, ask(&w, &folios, "PATCH", "/x/1/", body), 400, CASES[i].answer);
    }
    assert_answer(&w, ask(&w, &folios, "PATCH", "/x/1/", "{\"leaves\":[{\"number\":5}]}"), 200,
                  FOLIO("1", LEAF("4", "", "5", "false", "")));
    /* What the serializer hides is given to new rows only. */
    assert_answer(&w, ask(&w, &leaves, "GET", "/x/4/", NULL), 200,
                  "{\"id\":4,\"head\":\"\",\"number\":5,\"is_read\":false,\"origin\":\"pen\","
                  "\"codex\":1}");
    world_close(&w);
}

static void thousand_rows_at_most(void **state)
{
    (void)state;
    world w;
    fr_buf body;
    open_folios(&w);
    fr_buf_init(&body);
    for (int count = 1000; count <= 1001; count++) {
        fr_buf_clear(&body);
        fr_buf_lit(&body, "{\"leaves\":[{\"id\":2}");
        for (int i = 1; i < count; i++)
            fr_buf_printf(&body, ",{\"head\":\"h%d\",\"number\":9}", i + count * 1000);
        fr_buf_lit(&body, "]}");
        fr_buf_put_char(&body, '\0');
        assert_int_equal(ask(&w, &folios, "PATCH", "/x/1/", body.p), count == 1000 ? 200 : 400);
    }
    assert_str(fr_buf_str(&w.body), "{\"leaves\":{\"non_field_errors\":[\"Ensure this field has no "
                                    "more than 1000 elements.\"]}}");
    fr_buf_deinit(&body);
    world_close(&w);
}

static void each_allocation_of_such_a_write_may_fail(void **state)
{
    (void)state;
    world w;
    open_folios(&w);
    bool has_failed = true;
    for (size_t n = 1; n < 3000 && has_failed; n++) {
        char body[160];
        snprintf(body, sizeof body,
                 "{\"leaves\":[{\"id\":2,\"is_read\":true},{\"head\":\"n%zu\",\"number\":1}]}", n);
        fr_buf_deinit(&w.body);
        fr_buf_init(&w.body);
        fr_test_fail_alloc(n);
        int status = ask(&w, &folios, "PATCH", "/x/1/", body);
        has_failed = fr_test_fail_alloc(0) == 0;
        assert_true(status == 200 || (has_failed && (status == -(int)FR_ENOMEM || status >= 500)));
    }
    assert_false(has_failed);
    world_close(&w);
}

static const fr_serializer bare = {.model = &quire_model, .fields = "head"};
static const fr_serializer over_bare = {
    .model = &codex_model,
    .fields = "id,leaves",
    .declared = FR_DECLARED({"leaves", .nested = &bare, .writable = true, .by_key = true})};

static void a_serializer_without_the_key_cannot_keep_rows(void **state)
{
    (void)state;
    static const fr_viewset wrong = {.serializer = &over_bare};
    char error[256] = "";
    world w;
    world_open_with(&w, models, NULL);
    assert_int_equal(fr_viewset_check(&wrong, error), FR_EINVAL);
    assert_string_equal(error, "by_key: \"leaves\" has a serializer without the key of its rows");
    world_close(&w);
}

FR_TESTS(nested, FR_TEST(rows_that_are_named_stay_and_others_come_and_go),
         FR_TEST(rows_within_rows_are_kept_as_well),
         FR_TEST(a_nested_list_has_limits_and_is_judged_as_a_whole),
         FR_TEST(a_row_that_fails_in_the_database_undoes_all),
         FR_TEST(a_new_row_of_a_patch_has_to_be_whole_but_for_texts),
         FR_TEST(thousand_rows_at_most), FR_TEST(each_allocation_of_such_a_write_may_fail),
         FR_TEST(a_serializer_without_the_key_cannot_keep_rows))
