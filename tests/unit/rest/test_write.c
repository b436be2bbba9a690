/* Create, update, destroy: statuses, bodies and the order of errors, as the reference answers. */
#include <stdio.h>
#include "base/str.h"

#include "world.h"

static void a_create_answers_201_with_what_is_stored(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_answer(&w,
                  ask(&w, &authors, "POST", "/authors/",
                      "{\"name\": \"  Ann \", \"id\": 77, \"unknown\": 1}"),
                  201, "{\"id\":1,\"name\":\"Ann\"}");
    assert_true(w.answer.has_content && w.answer.has_place && w.answer.place.number > 0);
    assert_str(w.answer.allow, "GET, POST, HEAD, OPTIONS");
    uint64_t first = w.answer.place.number;
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Bob\"}"), 201);
    assert_int_equal(w.answer.place.number, first + 1);
    assert_answer(&w, ask(&w, &authors, "GET", "/authors/", NULL), 200,
                  "[{\"id\":1,\"name\":\"Ann\"},{\"id\":2,\"name\":\"Bob\"}]");
    assert_false(w.answer.has_place);
    world_close(&w);
}

static void the_whole_body_is_judged_first(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
        const char *answer;
    } CASES[] = {
        {"", 400, "{\"name\":[\"This field is required.\"]}"},
        {"{}", 400, "{\"name\":[\"This field is required.\"]}"},
        {"null", 400, "{\"non_field_errors\":[\"No data provided\"]}"},
        {"[]", 400,
         "{\"non_field_errors\":[\"Invalid data. Expected a dictionary, but got list.\"]}"},
        {"1", 400,
         "{\"non_field_errors\":[\"Invalid data. Expected a dictionary, but got int.\"]}"},
        {"1.0", 400,
         "{\"non_field_errors\":[\"Invalid data. Expected a dictionary, but got float.\"]}"},
        {"\"a\"", 400,
         "{\"non_field_errors\":[\"Invalid data. Expected a dictionary, but got str.\"]}"},
        {"true", 400,
         "{\"non_field_errors\":[\"Invalid data. Expected a dictionary, but got bool.\"]}"},
        {"{", 400,
         "{\"detail\":\"JSON parse error - Expecting property name enclosed in double quotes: line "
         "1 column 2 (char 1)\"}"},
        {"{\"name\": NaN}", 400,
         "{\"detail\":\"JSON parse error - Out of range float values are not JSON compliant: "
         "'NaN'\"}"},
        {"{\"name\": \"first\", \"name\": \"second\"}", 201, "{\"id\":1,\"name\":\"second\"}"},
    };
    world w;
    world_open(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_answer(&w, ask(&w, &authors, "POST", "/authors/", CASES[i].body), CASES[i].status,
                      CASES[i].answer);
    world_close(&w);
}

static void another_content_type_is_415_if_there_is_a_body(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    fr_rest_request request = {
        .method = FR_STR("POST"), .content_type = FR_STR("text/plain"), .body = FR_STR("{}")};
    assert_answer(&w, ask_as(&w, &authors, &request), 415,
                  "{\"detail\":\"Unsupported media type \\\"text/plain\\\" in request.\"}");
    request.body = FR_STR("");
    assert_answer(&w, ask_as(&w, &authors, &request), 400,
                  "{\"name\":[\"This field is required.\"]}");
    request.body = FR_STR("{\"name\":\"a\"}");
    request.content_type = (fr_str){0};
    assert_answer(&w, ask_as(&w, &authors, &request), 415,
                  "{\"detail\":\"Unsupported media type \\\"\\\" in request.\"}");
    request.content_type = FR_STR("Application/JSON; charset=utf-8");
    assert_int_equal(ask_as(&w, &authors, &request), 201);
    world_close(&w);
}

static void put_needs_all_required_fields_and_keeps_the_others(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &things, "POST", "/things/",
                         "{\"title\": \"one\", \"number\": 7, \"color\": \"green\"}"),
                     201);
    assert_answer(&w, ask(&w, &things, "PUT", "/things/1/", "{}"), 400,
                  "{\"title\":[\"This field is required.\"]}");
    assert_int_equal(ask(&w, &things, "PUT", "/things/1/", "{\"title\": \"two\"}"), 200);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"title\":\"two\"")) != SIZE_MAX);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"number\":7")) != SIZE_MAX);
    assert_int_equal(ask(&w, &things, "PATCH", "/things/1/", "{\"number\": 8}"), 200);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"title\":\"two\"")) != SIZE_MAX);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"number\":8")) != SIZE_MAX);
    assert_true(w.answer.has_place);
    assert_int_equal(ask(&w, &things, "PATCH", "/things/1/", "{}"), 200);
    assert_answer(&w, ask(&w, &things, "PATCH", "/things/1/", "null"), 400,
                  "{\"non_field_errors\":[\"No data provided\"]}");
    world_close(&w);
}

static void a_missing_object_is_404_before_its_body_is_looked_at(void **state)
{
    (void)state;
    static const struct {
        const char *path, *answer;
    } KEYS[] = {
        {"/authors/9/", "{\"detail\":\"No Author matches the given query.\"}"},
        {"/authors/0/", "{\"detail\":\"No Author matches the given query.\"}"},
        {"/authors/-1/", "{\"detail\":\"No Author matches the given query.\"}"},
        {"/authors/abc/", "{\"detail\":\"Not found.\"}"},
        {"/authors/9223372036854775808/", "{\"detail\":\"No Author matches the given query.\"}"},
    };
    static const char *const METHODS[] = {"GET", "PUT", "PATCH", "DELETE"};
    world w;
    world_open(&w);
    for (size_t k = 0; k < sizeof KEYS / sizeof *KEYS; k++)
        for (size_t m = 0; m < sizeof METHODS / sizeof *METHODS; m++)
            assert_answer(&w, ask(&w, &authors, METHODS[m], KEYS[k].path, "{bad"), 404,
                          KEYS[k].answer);
    assert_str(w.answer.allow, "GET, PUT, PATCH, DELETE, HEAD, OPTIONS");
    world_close(&w);
}

static void a_destroy_answers_204_without_content(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    assert_answer(&w, ask(&w, &authors, "DELETE", "/authors/1/", "{bad"), 204, "");
    assert_true(!w.answer.has_content && w.answer.has_place);
    assert_answer(&w, ask(&w, &authors, "DELETE", "/authors/1/", NULL), 404,
                  "{\"detail\":\"No Author matches the given query.\"}");
    world_close(&w);
}

static void a_unique_value_is_taken_once(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 201);
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Bob\"}"), 201);
    const char *const taken = "{\"name\":[\"author with this name already exists.\"]}";
    assert_answer(&w, ask(&w, &authors, "POST", "/authors/", "{\"name\": \"Ann\"}"), 400, taken);
    assert_answer(&w, ask(&w, &authors, "PUT", "/authors/2/", "{\"name\": \"Ann\"}"), 400, taken);
    assert_answer(&w, ask(&w, &authors, "PUT", "/authors/1/", "{\"name\": \"Ann\"}"), 200,
                  "{\"id\":1,\"name\":\"Ann\"}");
    assert_int_equal(ask(&w, &authors, "POST", "/authors/", "{\"name\": \"ann\"}"), 201);
    world_close(&w);
}

static void a_key_can_be_a_uuid(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_answer(&w,
                  ask(&w, &tags, "POST", "/tags/",
                      "{\"id\": \"01234567-89AB-cdef-0123-456789abcdef\", \"name\": \"a\"}"),
                  201, "{\"id\":\"01234567-89ab-cdef-0123-456789abcdef\",\"name\":\"a\"}");
    assert_answer(&w,
                  ask(&w, &tags, "POST", "/tags/",
                      "{\"id\": \"0123456789abcdef0123456789abcdef\", \"name\": \"b\"}"),
                  400, "{\"id\":[\"tag with this id already exists.\"]}");
    assert_int_equal(ask(&w, &tags, "POST", "/tags/", "{\"name\": \"b\"}"), 201);
    assert_int_equal(ask(&w, &tags, "GET", "/tags/0123456789abcdef0123456789abcdef/", NULL), 200);
    assert_answer(&w,
                  ask(&w, &tags, "PATCH", "/tags/01234567-89ab-cdef-0123-456789abcdef/",
                      "{\"name\": \"c\", \"id\": 1}"),
                  200, "{\"id\":\"01234567-89ab-cdef-0123-456789abcdef\",\"name\":\"c\"}");
    assert_int_equal(ask(&w, &tags, "GET", "/tags/x/", NULL), 404);
    world_close(&w);
}

static void a_method_without_an_action_is_405(void **state)
{
    (void)state;
    static const fr_viewset reading = {.model = &author_model, .read_only = true},
                            adding = {.model = &author_model, .actions = "create, list"};
    world w;
    world_open(&w);
    assert_answer(&w, ask(&w, &authors, "PUT", "/authors/", "{}"), 405,
                  "{\"detail\":\"Method \\\"PUT\\\" not allowed.\"}");
    assert_str(w.answer.allow, "GET, POST, HEAD, OPTIONS");
    assert_answer(&w, ask(&w, &authors, "POST", "/authors/1/", "{}"), 405,
                  "{\"detail\":\"Method \\\"POST\\\" not allowed.\"}");
    assert_answer(&w, ask(&w, &authors, "FOO", "/authors/", "{}"), 405,
                  "{\"detail\":\"Method \\\"FOO\\\" not allowed.\"}");
    assert_int_equal(ask(&w, &reading, "POST", "/authors/", "{}"), 405);
    assert_str(w.answer.allow, "GET, HEAD, OPTIONS");
    assert_int_equal(ask(&w, &adding, "POST", "/authors/", "{\"name\":\"a\"}"), 201);
    assert_int_equal(ask(&w, &adding, "GET", "/authors/1/", NULL), 405);
    assert_str(w.answer.allow, "OPTIONS");
    world_close(&w);
}

static void a_secret_field_is_taken_but_never_shown(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_int_equal(
        ask(&w, &things, "POST", "/things/", "{\"title\": \"one\", \"secret_word\": \"hush\"}"),
        201);
    assert_int_equal(fr_str_find(fr_buf_str(&w.body), FR_STR("secret")), SIZE_MAX);
    assert_int_equal(fr_str_find(fr_buf_str(&w.body), FR_STR("hush")), SIZE_MAX);
    assert_answer(&w,
                  ask(&w, &things, "PATCH", "/things/1/",
                      "{\"secret_word\": \"far too long for this field\"}"),
                  400, "{\"secret_word\":[\"Ensure this field has no more than 20 characters.\"]}");
    world_close(&w);
}

static void only_the_viewset_s_fields_are_taken(void **state)
{
    (void)state;
    static const fr_serializer few_out = {.model = &thing_model, .fields = "title, id"};
    static const fr_viewset few = {.serializer = &few_out};
    world w;
    world_open(&w);
    assert_answer(&w,
                  ask(&w, &few, "POST", "/few/",
                      "{\"title\": \"one\", \"number\": 9, \"secret_word\": \"x\"}"),
                  201, "{\"title\":\"one\",\"id\":1}");
    assert_int_equal(ask(&w, &things, "GET", "/things/1/", NULL), 200);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"number\":0")) != SIZE_MAX);
    world_close(&w);
}

/* get_object of DRF filters: what the query string does not let through is not there. */
static void an_object_that_the_filters_leave_out_is_404(void **state)
{
    (void)state;
    static const struct {
        const char *method, *body;
    } CASES[] = {{"GET", NULL},
                 {"PUT", "{\"title\": \"two\"}"},
                 {"PUT", "{\"title\": 5, \"number\": \"x\"}"},
                 {"PATCH", "{\"title\": \"two\"}"},
                 {"PATCH", "{"},
                 {"DELETE", NULL}};
    static const char *const OUT[] = {"number=8", "number__in=1,2&done=false", "done=1",
                                      "title__icontains=zzz"};
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &things, "POST", "/things/", "{\"title\": \"one\", \"number\": 7}"),
                     201);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        for (size_t k = 0; k < sizeof OUT / sizeof *OUT; k++) {
            char path[100];
            snprintf(path, sizeof path, "/things/1/?%s", OUT[k]);
            assert_answer(&w, ask(&w, &things, CASES[i].method, path, CASES[i].body), 404,
                          "{\"detail\":\"No Thing matches the given query.\"}");
        }
        /* What is wrong with a filter comes before what is wrong with the key and the body. */
        assert_answer(&w, ask(&w, &things, CASES[i].method, "/things/1/?number=x", CASES[i].body),
                      400, "{\"number\":[\"Enter a number.\"]}");
        assert_answer(&w, ask(&w, &things, CASES[i].method, "/things/abc/?number=x", CASES[i].body),
                      400, "{\"number\":[\"Enter a number.\"]}");
        assert_answer(&w, ask(&w, &things, CASES[i].method, "/things/9/?number=7", CASES[i].body),
                      404, "{\"detail\":\"No Thing matches the given query.\"}");
    }
    assert_int_equal(ask(&w, &things, "GET", "/things/1/?number=7&page=3&x=y&ordering=-id", NULL),
                     200);
    assert_int_equal(ask(&w, &things, "PATCH", "/things/1/?number__lt=8&done=0",
                         "{\"title\": \"two\", \"number\": 9}"),
                     200);
    assert_int_equal(ask(&w, &things, "GET", "/things/1/?title=two&number=9", NULL), 200);
    assert_int_equal(ask(&w, &things, "DELETE", "/things/1/?title=two", NULL), 204);
    world_close(&w);
}

static void options_of_an_object_that_is_filtered_out_offer_nothing(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &things, "POST", "/things/", "{\"title\": \"one\"}"), 201);
    static const char *const PATHS[] = {"/things/1/?number=8", "/things/1/?number=x", "/things/9/"};
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        assert_int_equal(ask(&w, &things, "OPTIONS", PATHS[i], NULL), 200);
        assert_int_equal(fr_str_find(fr_buf_str(&w.body), FR_STR("\"actions\"")), SIZE_MAX);
    }
    assert_int_equal(ask(&w, &things, "OPTIONS", "/things/1/?number=0", NULL), 200);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"actions\"")) != SIZE_MAX);
    world_close(&w);
}

static const fr_viewset open_things = {.model = &thing_model, .visible = "done=false"};

static void rows_that_are_not_visible_are_in_no_list_and_404(void **state)
{
    (void)state;
    static const char *const METHODS[] = {"GET", "PUT", "PATCH", "DELETE"};
    world w;
    world_open(&w);
    assert_int_equal(ask(&w, &things, "POST", "/things/", "{\"title\": \"open\"}"), 201);
    assert_int_equal(ask(&w, &things, "POST", "/things/", "{\"title\": \"over\", \"done\": true}"),
                     201);
    assert_int_equal(ask(&w, &open_things, "GET", "/things/", NULL), 200);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"open\"")) != SIZE_MAX);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"over\"")) == SIZE_MAX);
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
        assert_answer(&w, ask(&w, &open_things, METHODS[i], "/things/2/", "{\"title\": \"new\"}"),
                      404, "{\"detail\":\"No Thing matches the given query.\"}");
    assert_int_equal(ask(&w, &things, "GET", "/things/2/", NULL), 200);
    assert_true(fr_str_find(fr_buf_str(&w.body), FR_STR("\"over\"")) != SIZE_MAX);
    assert_int_equal(ask(&w, &open_things, "PATCH", "/things/1/", "{\"title\": \"new\"}"), 200);
    world_close(&w);
}

static void what_is_visible_is_checked_at_the_start(void **state)
{
    (void)state;
    static const fr_viewset unknown = {.model = &thing_model, .visible = "nope=1"},
                            over = {.model = &thing_model, .visible = "author.name=Ann"};
    char error[256];
    assert_int_equal(fr_viewset_check(&unknown, error), FR_EINVAL);
    assert_non_null(strstr(error, "visible"));
    assert_int_equal(fr_viewset_check(&over, error), FR_EINVAL);
    assert_non_null(strstr(error, "a value is missing"));
}

FR_TESTS(write, FR_TEST(a_create_answers_201_with_what_is_stored),
         FR_TEST(the_whole_body_is_judged_first),
         FR_TEST(another_content_type_is_415_if_there_is_a_body),
         FR_TEST(put_needs_all_required_fields_and_keeps_the_others),
         FR_TEST(a_missing_object_is_404_before_its_body_is_looked_at),
         FR_TEST(a_destroy_answers_204_without_content), FR_TEST(a_unique_value_is_taken_once),
         FR_TEST(a_key_can_be_a_uuid), FR_TEST(a_method_without_an_action_is_405),
         FR_TEST(a_secret_field_is_taken_but_never_shown),
         FR_TEST(only_the_viewset_s_fields_are_taken),
         FR_TEST(an_object_that_the_filters_leave_out_is_404),
         FR_TEST(options_of_an_object_that_is_filtered_out_offer_nothing),
         FR_TEST(rows_that_are_not_visible_are_in_no_list_and_404),
         FR_TEST(what_is_visible_is_checked_at_the_start))
