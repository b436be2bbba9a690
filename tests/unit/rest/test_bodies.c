/* What a serializer reads: related rows by name, link and key, rows within rows, values without a column, and its functions. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "rest/url.h"
#include "tracker.h"

static const fr_viewset ventures;

static fr_err no_spam(fr_input *in, const void *value)
{
    const fr_str *title = value;
    return fr_str_eq(*title, FR_STR("spam")) ? fr_invalid(in, "title", "No spam, please.") : FR_OK;
}

static fr_err done_is_assigned(fr_input *in, void *row, const void *old)
{
    deed *t = row;
    if (fr_str_eq(fr_input_text(in, "hush"), FR_STR("true")))
        FR_SET(t, title, FR_STR("hushed"));
    if (old && FR_IS_SET(t, state) && fr_str_eq(((const deed *)old)->state, t->state))
        return fr_fail(in, FR_EINVAL, "It is %.*s already.", FR_FMT(t->state));
    if (fr_str_eq(t->state, FR_STR("done")) && FR_IS_NULL(t, assignee))
        return fr_invalid(in, NULL, "A done ticket needs an assignee.");
    return FR_OK;
}

static const fr_serializer line_in = {.model = &saying_model, .fields = "ticket,author,text"};
static const fr_serializer deed_in = {
    .model = &deed_model,
    .fields = "id,title,state,project,assignee,labels,remarks,hush",
    .declared =
        FR_DECLARED({"title", .validate = no_spam}, {"project", .link = &ventures},
                    {"assignee", .slug = "name"}, {"labels", .slug = "slug"},
                    {"remarks", .nested = &line_in, .writable = true, .optional = true},
                    {"hush", .input = &(const fr_field){.kind = FR_KIND_BOOLEAN, .blank = true}}),
    .validate = done_is_assigned};
static const fr_viewset ventures = {.model = &venture_model};
static const fr_viewset deeds = {.serializer = &deed_in};

static void open_filled(world *w)
{
    tracker_open(w);
    assert_int_equal(fr_url_place(&ventures, FR_STR("api/ventures/"), NULL), FR_OK);
    assert_int_equal(fr_url_place(&plain_members, FR_STR("api/members/"), NULL), FR_OK);
    tracker_make(w, &plain_members, "{\"name\":\"Ann\"}");
    tracker_make(w, &plain_members, "{\"name\":\"Bob\"}");
    tracker_make(w, &plain_projects, "{\"name\":\"Apollo\"}");
    tracker_make(w, &plain_labels, "{\"slug\":\"ui\"}");
    tracker_make(w, &plain_labels, "{\"slug\":\"db\"}");
}

#define LINK "\"project\":\"http://testserver/api/ventures/1/\""
#define MADE                                                                                       \
    "{\"id\":1,\"title\":\"one\",\"state\":\"new\"," LINK ",\"assignee\":\"Bob\",\"labels\":"      \
    "[\"ui\",\"db\"],\"remarks\":[{\"ticket\":1,\"author\":2,\"text\":\"b\"},"                     \
    "{\"ticket\":1,\"author\":1,\"text\":\"a\"}]}"

static void an_object_and_all_within_it_are_made_at_once(void **state)
{
    (void)state;
    world w;
    open_filled(&w);
    assert_answer(&w,
                  ask(&w, &deeds, "POST", "/x/",
                      "{\"title\":\"one\"," LINK ",\"assignee\":\"Bob\",\"labels\":[\"db\",\"ui\"],"
                      "\"remarks\":[{\"author\":1,\"text\":\"a\",\"ticket\":99},{\"author\":2,"
                      "\"text\":\"b\"}],\"id\":77}"),
                  201, MADE);
    assert_answer(&w, ask(&w, &deeds, "GET", "/x/1/", NULL), 200, MADE);
    /* What is not named stays; what is named is replaced as a whole. */
    assert_answer(&w,
                  ask(&w, &deeds, "PATCH", "/x/1/",
                      "{\"labels\":[\"db\"],\"remarks\":[{\"author\":1,\"text\":\"c\"}]}"),
                  200,
                  "{\"id\":1,\"title\":\"one\",\"state\":\"new\"," LINK
                  ",\"assignee\":\"Bob\",\"labels\":[\"db\"],\"remarks\":[{\"ticket\":1,"
                  "\"author\":1,\"text\":\"c\"}]}");
    assert_answer(&w, ask(&w, &deeds, "PATCH", "/x/1/", "{\"labels\":[],\"remarks\":[]}"), 200,
                  "{\"id\":1,\"title\":\"one\",\"state\":\"new\"," LINK
                  ",\"assignee\":\"Bob\",\"labels\":[],\"remarks\":[]}");
    world_close(&w);
}

static void what_is_wrong_is_told_where_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *body, *answer;
    } CASES[] = {
        {"{\"title\":\"spam\",\"project\":\"x\",\"assignee\":\"Eve\",\"labels\":[\"ui\",\"nil\"],"
         "\"remarks\":[{\"author\":1,\"text\":\"a\"},{\"author\":9},null,7]}",
         "{\"title\":[\"No spam, please.\"],\"project\":[\"Invalid hyperlink - No URL match.\"],"
         "\"assignee\":[\"Object with name=Eve does not exist.\"],\"labels\":[\"Object with "
         "slug=nil does not exist.\"],\"remarks\":{\"1\":{\"author\":[\"Invalid pk \\\"9\\\" - "
         "object does not exist.\"],\"text\":[\"This field is required.\"]},\"2\":[\"This field "
         "may "
         "not be null.\"],\"3\":{\"non_field_errors\":[\"Invalid data. Expected a dictionary, but "
         "got int.\"]}}}"},
        {"{\"title\":\"a\",\"project\":\"/api/members/1/\",\"labels\":\"ui\",\"remarks\":{}}",
         "{\"project\":[\"Invalid hyperlink - Incorrect URL match.\"],\"labels\":[\"Expected a "
         "list "
         "of items but got type \\\"str\\\".\"],\"remarks\":{\"non_field_errors\":[\"Expected a "
         "list of items but got type \\\"dict\\\".\"]}}"},
        {"{\"title\":\"a\",\"project\":\"https://x.org:1/api/ventures/9/?a#b\"}",
         "{\"project\":[\"Invalid hyperlink - Object does not exist.\"]}"},
        {"{\"title\":\"a\",\"project\":5}",
         "{\"project\":[\"Incorrect type. Expected URL string, received int.\"]}"},
        {"{\"title\":\"a\",\"project\":\"\"}", "{\"project\":[\"This field may not be null.\"]}"},
        {"{\"title\":\"a\"," LINK ",\"state\":\"done\"}",
         "{\"non_field_errors\":[\"A done ticket needs an assignee.\"]}"},
        {"{}",
         "{\"title\":[\"This field is required.\"],\"project\":[\"This field is required.\"]}"},
    };
    world w;
    open_filled(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_answer(&w, ask(&w, &deeds, "POST", "/x/", CASES[i].body), 400, CASES[i].answer);
    assert_answer(&w, ask(&w, &plain_tickets, "GET", "/x/", NULL), 200, "[]");
    assert_answer(&w, ask(&w, &plain_remarks, "GET", "/x/", NULL), 200, "[]");
    world_close(&w);
}

static void the_whole_object_is_judged_as_it_would_be(void **state)
{
    (void)state;
    world w;
    open_filled(&w);
    assert_int_equal(ask(&w, &deeds, "POST", "/x/", "{\"title\":\"one\"," LINK "}"), 201);
    assert_answer(&w, ask(&w, &deeds, "PATCH", "/x/1/", "{\"state\":\"done\"}"), 400,
                  "{\"non_field_errors\":[\"A done ticket needs an assignee.\"]}");
    assert_int_equal(ask(&w, &deeds, "PATCH", "/x/1/", "{\"assignee\":\"Ann\"}"), 200);
    assert_answer(&w, ask(&w, &deeds, "PATCH", "/x/1/", "{\"state\":\"done\",\"hush\":true}"), 200,
                  "{\"id\":1,\"title\":\"hushed\",\"state\":\"done\"," LINK
                  ",\"assignee\":\"Ann\",\"labels\":[],\"remarks\":[]}");
    assert_answer(&w, ask(&w, &deeds, "PATCH", "/x/1/", "{\"state\":\"done\"}"), 400,
                  "{\"non_field_errors\":[\"It is done already.\"]}");
    assert_int_equal(ask(&w, &deeds, "PATCH", "/x/9/", "{\"state\":\"done\"}"), 404);
    world_close(&w);
}

/* ---- a row that fails behind the first one ---- */

static fr_err say_it(fr_input *in, void *row, const void *old)
{
    const deed *t = row;
    saying s = {.ticket = t->id, .author = 1};
    (void)old;
    FR_SET(&s, ticket, t->id);
    FR_SET(&s, author, 1);
    FR_SET(&s, text, t->title);
    if (fr_str_eq(t->title, FR_STR("never")))
        return fr_invalid(in, "title", "Never.");
    return fr_create(in, &saying_model, &s);
}

static const fr_serializer said_in = {
    .model = &deed_model, .fields = "id,title,project,labels", .write = say_it};
static const fr_viewset said = {.serializer = &said_in};

static void a_write_of_the_application_is_part_of_the_transaction(void **state)
{
    (void)state;
    world w;
    open_filled(&w);
    assert_answer(&w,
                  ask(&w, &said, "POST", "/x/", "{\"title\":\"a\",\"project\":1,\"labels\":[1]}"),
                  201, "{\"id\":1,\"title\":\"a\",\"project\":1,\"labels\":[1]}");
    assert_answer(&w, ask(&w, &plain_remarks, "GET", "/x/1/", NULL), 200,
                  "{\"id\":1,\"text\":\"a\",\"ticket\":1,\"author\":1}");
    assert_answer(&w, ask(&w, &said, "POST", "/x/", "{\"title\":\"never\",\"project\":1}"), 400,
                  "{\"title\":[\"Never.\"]}");
    assert_answer(&w, ask(&w, &plain_tickets, "GET", "/x/2/", NULL), 404,
                  "{\"detail\":\"No Deed matches the given query.\"}");
    world_close(&w);
}

static void keys_that_are_none_are_refused_and_nothing_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *labels, *answer;
    } CASES[] = {
        {"[9]", "{\"labels\":[\"Invalid pk \\\"9\\\" - object does not exist.\"]}"},
        {"[1,true]", "{\"labels\":[\"Incorrect type. Expected pk value, received bool.\"]}"},
        {"[\"1\",null]", "{\"labels\":[\"Invalid pk \\\"None\\\" - object does not exist.\"]}"},
        {"[99999999999999999999]",
         "{\"labels\":[\"Invalid pk \\\"99999999999999999999\\\" - object does not exist.\"]}"},
        {"null", "{\"labels\":[\"This field may not be null.\"]}"},
        {"7", "{\"labels\":[\"Expected a list of items but got type \\\"int\\\".\"]}"},
    };
    world w;
    open_filled(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"title\":\"a\",\"project\":1,\"labels\":%s}",
                 CASES[i].labels);
        assert_answer(&w, ask(&w, &plain_tickets, "POST", "/x/", body), 400, CASES[i].answer);
    }
    assert_answer(&w,
                  ask(&w, &plain_tickets, "POST", "/x/",
                      "{\"title\":\"a\",\"project\":1,\"labels\":[2,\"1\",2]}"),
                  201,
                  "{\"id\":1,\"title\":\"a\",\"state\":\"new\",\"project\":1,\"assignee\":null,"
                  "\"parent\":null,\"labels\":[1,2]}");
    world_close(&w);
}

static const fr_serializer guarded = {
    .model = &deed_model,
    .fields = "id,title,state,project,assignee",
    .read_only = "assignee",
    .declared = FR_DECLARED({"state", .value = "new"}, {"project", .nested = NULL})};
static const fr_viewset guarded_view = {.serializer = &guarded};

static void a_hundred_thousand_keys_are_looked_for_together(void **state)
{
    (void)state;
    enum { KEYS = 100000 };
    world w;
    fr_buf body;
    open_filled(&w);
    fr_buf_init(&body);
    fr_buf_lit(&body, "{\"title\":\"a\",\"project\":1,\"labels\":[1");
    for (int i = 1; i < KEYS; i++)
        fr_buf_printf(&body, ",%d", 1 + i % 2);
    fr_buf_lit(&body, "]}");
    fr_buf_put_char(&body, '\0');
    uint64_t before = fr_test_selects;
    assert_answer(&w, ask(&w, &plain_tickets, "POST", "/x/", body.p), 201,
                  "{\"id\":1,\"title\":\"a\",\"state\":\"new\",\"project\":1,\"assignee\":null,"
                  "\"parent\":null,\"labels\":[1,2]}");
    assert_true(fr_test_selects - before < 10);
    fr_buf_clear(&body);
    fr_buf_lit(&body, "{\"title\":\"a\",\"project\":1,\"labels\":[1");
    for (int i = 1; i < KEYS; i++)
        fr_buf_printf(&body, ",%d", 1 + i);
    fr_buf_lit(&body, "]}");
    fr_buf_put_char(&body, '\0');
    assert_answer(&w, ask(&w, &plain_tickets, "POST", "/x/", body.p), 400,
                  "{\"labels\":[\"Invalid pk \\\"3\\\" - object does not exist.\"]}");
    fr_buf_deinit(&body);
    world_close(&w);
}

static void what_a_serializer_only_prints_or_hides_cannot_be_sent(void **state)
{
    (void)state;
    world w;
    open_filled(&w);
    assert_answer(&w,
                  ask(&w, &guarded_view, "POST", "/x/",
                      "{\"title\":\"a\",\"project\":1,\"state\":\"done\",\"assignee\":1,\"parent\":"
                      "5,\"project_id\":7,\"labels\":[1]}"),
                  201, "{\"id\":1,\"title\":\"a\",\"project\":1,\"assignee\":null}");
    assert_answer(&w, ask(&w, &plain_tickets, "GET", "/x/1/", NULL), 200,
                  "{\"id\":1,\"title\":\"a\",\"state\":\"new\",\"project\":1,\"assignee\":null,"
                  "\"parent\":null,\"labels\":[]}");
    world_close(&w);
}

static void each_allocation_of_a_nested_write_may_fail(void **state)
{
    (void)state;
    static const char BODY[] =
        "{\"title\":\"one\"," LINK ",\"assignee\":\"Bob\",\"labels\":[\"db\"],\"remarks\":[{"
        "\"author\":1,\"text\":\"a\"}],\"hush\":true}";
    world w;
    open_filled(&w);
    bool has_failed = true;
    for (size_t n = 1; n < 2000 && has_failed; n++) {
        fr_buf_deinit(&w.body);
        fr_buf_init(&w.body);
        fr_test_fail_alloc(n);
        int status = ask(&w, &deeds, "POST", "/x/", BODY);
        has_failed = fr_test_fail_alloc(0) == 0;
        assert_true(status == 201 || (has_failed && (status == -(int)FR_ENOMEM || status >= 500)));
    }
    assert_false(has_failed);
    world_close(&w);
}

static void a_list_makes_all_of_its_rows_or_none(void **state)
{
    (void)state;
    static const fr_serializer out = {.model = &patron_model, .fields = "id,name"};
    static const fr_viewset bulk = {.serializer = &out, .bulk_create = true};
    world w;
    tracker_open(&w);
    assert_answer(&w, ask(&w, &bulk, "POST", "/x/", "[{\"name\":\"Ann\"},{\"name\":\"Bob\"}]"), 201,
                  "[{\"id\":1,\"name\":\"Ann\"},{\"id\":2,\"name\":\"Bob\"}]");
    assert_answer(&w, ask(&w, &bulk, "POST", "/x/", "[]"), 201, "[]");
    assert_answer(&w, ask(&w, &bulk, "POST", "/x/", "{\"name\":\"Eve\"}"), 201,
                  "{\"id\":3,\"name\":\"Eve\"}");
    assert_answer(
        &w, ask(&w, &bulk, "POST", "/x/", "[{\"name\":\"Dan\"},{\"name\":\"Ann\"},null,7,{}]"), 400,
        "{\"1\":{\"name\":[\"patron with this name already exists.\"]},\"2\":[\"This field "
        "may not be null.\"],\"3\":{\"non_field_errors\":[\"Invalid data. Expected a "
        "dictionary, but got int.\"]},\"4\":{\"name\":[\"This field is required.\"]}}");
    /* What only the database notices: the same name twice in one list. */
    assert_answer(&w, ask(&w, &bulk, "POST", "/x/", "[{\"name\":\"Dan\"},{\"name\":\"Dan\"}]"), 400,
                  "{\"1\":{\"name\":[\"patron with this name already exists.\"]}}");
    assert_int_equal(ask(&w, &bulk, "GET", "/x/4/", NULL), 404);
    assert_int_equal(ask(&w, &plain_members, "POST", "/x/", "[]"), 400);
    world_close(&w);
}

static fr_err names_differ(fr_input *in, void *rows, size_t count)
{
    patron *p = rows;
    assert_null(fr_input_text(in, "name").p);
    if (fr_str_eq(p[0].name, FR_STR("first")))
        FR_SET(&p[0], name, FR_STR("changed"));
    for (size_t i = 1; i < count; i++)
        if (fr_str_eq(p[i].name, p[i - 1].name))
            return fr_invalid(in, NULL, "Names must differ.");
    return FR_OK;
}

static void a_list_has_limits_and_is_judged_as_a_whole(void **state)
{
    (void)state;
    static const fr_serializer in = {
        .model = &patron_model, .fields = "id,name", .validate_list = names_differ};
    static const fr_viewset bulk = {.serializer = &in,
                                    .bulk_create = true,
                                    .bulk_not_empty = true,
                                    .bulk_min = 2,
                                    .bulk_max = 3};
    static const struct {
        const char *body, *answer;
    } CASES[] = {
        {"[]", "{\"non_field_errors\":[\"This list may not be empty.\"]}"},
        {"[{}]", "{\"non_field_errors\":[\"Ensure this field has at least 2 elements.\"]}"},
        {"[{},{},{},{}]",
         "{\"non_field_errors\":[\"Ensure this field has no more than 3 elements.\"]}"},
        {"[{\"name\":\"a\"},{\"name\":\"a\"}]", "{\"non_field_errors\":[\"Names must differ.\"]}"},
        {"[{\"name\":\"a\"},{\"name\":\"a\"},{}]",
         "{\"2\":{\"name\":[\"This field is required.\"]}}"},
    };
    world w;
    tracker_open(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_answer(&w, ask(&w, &bulk, "POST", "/x/", CASES[i].body), 400, CASES[i].answer);
    assert_answer(&w, ask(&w, &bulk, "POST", "/x/", "[{\"name\":\"first\"},{\"name\":\"b\"}]"), 201,
                  "[{\"id\":1,\"name\":\"changed\"},{\"id\":2,\"name\":\"b\"}]");
    /* One object is no list. */
    assert_int_equal(ask(&w, &bulk, "POST", "/x/", "{\"name\":\"c\"}"), 201);
    world_close(&w);
}

static const fr_serializer outer = {
    .model = &venture_model,
    .fields = "id,tickets",
    .declared = FR_DECLARED({"tickets", .nested = &said_in, .writable = true})};

static void a_list_runs_the_write_of_each_row(void **state)
{
    (void)state;
    static const fr_viewset many = {.serializer = &said_in, .bulk_create = true};
    static const fr_viewset wrong = {.serializer = &outer};
    char error[256] = "";
    world w;
    open_filled(&w);
    assert_int_equal(
        ask(&w, &many, "POST", "/x/",
            "[{\"title\":\"a\",\"project\":1},{\"title\":\"b\",\"project\":1,\"labels\":[1]}]"),
        201);
    assert_answer(&w, ask(&w, &plain_remarks, "GET", "/x/", NULL), 200,
                  "[{\"id\":2,\"text\":\"b\",\"ticket\":2,\"author\":1},{\"id\":1,\"text\":\"a\","
                  "\"ticket\":1,\"author\":1}]");
    assert_answer(&w,
                  ask(&w, &many, "POST", "/x/",
                      "[{\"title\":\"c\",\"project\":1},{\"title\":\"never\",\"project\":1}]"),
                  400, "{\"1\":{\"title\":[\"Never.\"]}}");
    assert_int_equal(ask(&w, &plain_tickets, "GET", "/x/3/", NULL), 404);
    assert_int_equal(fr_viewset_check(&wrong, error), FR_EINVAL);
    assert_string_equal(error,
                        "writable: \"tickets\" has a serializer with .write, which is for the "
                        "outer one");
    world_close(&w);
}

/* ---- what a viewset writes by itself ---- */

static void a_viewset_gives_values_to_new_rows_and_marks_what_is_deleted(void **state)
{
    (void)state;
    static const fr_serializer out = {.model = &deed_model, .fields = "id,title,state"};
    static const fr_viewset marked = {.serializer = &out,
                                      .bulk_create = true,
                                      .create_with = "state=done&project=1&assignee=2",
                                      .destroy_with = "state=new&title=gone%20now"};
    static const struct {
        fr_viewset viewset;
        const char *error;
    } WRONG[] = {
        {{.serializer = &out, .create_with = "nope=1"},
         "create_with: \"nope\" is not a field of the model"},
        {{.serializer = &out, .destroy_with = "project=x"},
         "destroy_with: \"project\" cannot have that value"},
    };
    world w;
    open_filled(&w);
    assert_answer(&w, ask(&w, &marked, "POST", "/x/", "{\"title\":\"a\",\"state\":\"new\"}"), 201,
                  "{\"id\":1,\"title\":\"a\",\"state\":\"done\"}");
    assert_answer(&w, ask(&w, &marked, "POST", "/x/", "[{\"title\":\"b\"},{\"title\":\"c\"}]"), 201,
                  "[{\"id\":2,\"title\":\"b\",\"state\":\"done\"},{\"id\":3,\"title\":\"c\","
                  "\"state\":\"done\"}]");
    /* Only new ones. */
    assert_answer(&w, ask(&w, &marked, "PUT", "/x/1/", "{\"title\":\"d\",\"state\":\"new\"}"), 200,
                  "{\"id\":1,\"title\":\"d\",\"state\":\"new\"}");
    assert_answer(&w, ask(&w, &marked, "DELETE", "/x/2/", NULL), 204, "");
    assert_answer(&w, ask(&w, &plain_tickets, "GET", "/x/2/", NULL), 200,
                  "{\"id\":2,\"title\":\"gone now\",\"state\":\"new\",\"project\":1,"
                  "\"assignee\":2,\"parent\":null,\"labels\":[]}");
    assert_int_equal(ask(&w, &marked, "DELETE", "/x/9/", NULL), 404);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        char error[256] = "";
        assert_int_equal(fr_viewset_check(&WRONG[i].viewset, error), FR_EINVAL);
        assert_string_equal(error, WRONG[i].error);
    }
    world_close(&w);
}

/* ---- sets of fields ---- */

FR_MODEL_OPTS(armchair, (.unique_together = "hall,number"), (ID, id),
    (CHAR, hall, .max_length = 5, .blank = true), (INTEGER, number, .null = true),
    (CHAR, note, .max_length = 5, .blank = true));

static void fields_of_a_unique_set_have_to_be_given(void **state)
{
    (void)state;
    static const fr_model *const models[] = {&armchair_model, NULL};
    static const fr_serializer part = {.model = &armchair_model, .fields = "id,hall"};
    static const fr_viewset seats = {.model = &armchair_model}, halls = {.serializer = &part};
    world w;
    world_open_with(&w, models, NULL);
    assert_answer(
        &w, ask(&w, &seats, "POST", "/x/", "{\"note\":\"a\"}"), 400,
        "{\"hall\":[\"This field is required.\"],\"number\":[\"This field is required.\"]}");
    assert_int_equal(ask(&w, &seats, "POST", "/x/", "{\"hall\":\"A\",\"number\":1}"), 201);
    assert_answer(&w, ask(&w, &seats, "POST", "/x/", "{\"hall\":\"A\",\"number\":1}"), 400,
                  "{\"non_field_errors\":[\"The fields hall, number must make a unique set.\"]}");
    assert_int_equal(ask(&w, &seats, "POST", "/x/", "{\"hall\":\"A\",\"number\":2}"), 201);
    assert_answer(&w, ask(&w, &seats, "PATCH", "/x/2/", "{\"number\":1}"), 400,
                  "{\"non_field_errors\":[\"The fields hall, number must make a unique set.\"]}");
    /* A serializer without all of them does not look at the set. */
    assert_int_equal(ask(&w, &halls, "POST", "/x/", "{}"), 201);
    world_close(&w);
}

FR_TESTS(bodies, FR_TEST(a_viewset_gives_values_to_new_rows_and_marks_what_is_deleted),
         FR_TEST(a_list_runs_the_write_of_each_row),
         FR_TEST(fields_of_a_unique_set_have_to_be_given),
         FR_TEST(a_list_makes_all_of_its_rows_or_none),
         FR_TEST(a_list_has_limits_and_is_judged_as_a_whole),
         FR_TEST(an_object_and_all_within_it_are_made_at_once),
         FR_TEST(what_is_wrong_is_told_where_it_stands),
         FR_TEST(the_whole_object_is_judged_as_it_would_be),
         FR_TEST(a_write_of_the_application_is_part_of_the_transaction),
         FR_TEST(keys_that_are_none_are_refused_and_nothing_is_written),
         FR_TEST(what_a_serializer_only_prints_or_hides_cannot_be_sent),
         FR_TEST(a_hundred_thousand_keys_are_looked_for_together),
         FR_TEST(each_allocation_of_a_nested_write_may_fail))
