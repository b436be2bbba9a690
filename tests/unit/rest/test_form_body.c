/* Bodies that are forms. The answers are those of DRF to the same requests over the same models. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "rest/form_body.h"
#include "world.h"

#define URLENCODED "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=B"
#define INT_BAD "[\"A valid integer is required.\"]"
#define NUM_BAD "[\"A valid number is required.\"]"
#define JSON_BAD "[\"Value must be valid JSON.\"]"
#define MISSING "[\"This field is required.\"]"

static const fr_choice tints[] = {{"red", "Red"}, {"green", "Green"}, {0}},
                       levels[] = {{"1", "One"}, {"2", "Two"}, {0}};

/* Fields that must be given, or that differ in what an empty text means. */
FR_MODEL(strict,
    (ID,          id),
    (BOOLEAN,     flag),
    (INTEGER,     number),
    (FLOAT,       real),
    (DECIMAL,     price, .max_digits = 6, .decimal_places = 2),
    (DATE,        day),
    (UUID,        uid),
    (IP,          ip),
    (JSON,        data),
    (CHAR,        color, .max_length = 10, .choices = tints),
    (CHAR,        tint, .max_length = 10, .blank = true, .choices = tints),
    (CHAR,        nick, .max_length = 10, .null = true),
    (CHAR,        both, .max_length = 10, .null = true, .blank = true),
    (INTEGER,     level, .null = true, .choices = levels),
    (BOOLEAN,     lit, .default_ = "true"),
    (FOREIGN_KEY(author), author, .on_delete = FR_CASCADE));
static const fr_viewset stricts = {.model = &strict_model};

static void open_all(world *w)
{
    static const fr_model *const models[] = {&author_model, &thing_model, &tag_model, &strict_model,
                                             NULL};
    world_open_with(w, models, NULL);
    assert_int_equal(ask(w, &authors, "POST", "/authors/", "{\"name\":\"Ann\"}"), 201);
}

static int send_form(world *w, const fr_viewset *viewset, const char *method, const char *key,
                     const char *type, const char *body)
{
    return ask_as(w, viewset,
                  &(fr_rest_request){.method = fr_str_c(method),
                                     .key = key ? fr_str_c(key) : (fr_str){0},
                                     .origin = FR_STR("http://testserver"),
                                     .path = FR_STR("/x/"),
                                     .content_type = fr_str_c(type),
                                     .body = fr_str_c(body)});
}

#define GIVEN                                                                                      \
    "real=1&price=1&day=2020-01-02&uid=00000000-0000-0000-0000-000000000001&ip=1.2.3.4&color=red"  \
    "&author=1"
#define SHOWN                                                                                      \
    "\"real\":1.0,\"price\":\"1.00\",\"day\":\"2020-01-02\",\"uid\":\"00000000-0000-0000-0000-"    \
    "000000000001\",\"ip\":\"1.2.3.4\","

static void fields_that_must_be_given(void **state)
{
    (void)state;
    world w;
    open_all(&w);
    /* An empty form is a form: what is not checked is false, also there. */
    assert_answer(&w, send_form(&w, &stricts, "POST", NULL, URLENCODED, ""), 400,
                  "{\"number\":" MISSING ",\"real\":" MISSING ",\"price\":" MISSING
                  ",\"day\":" MISSING ",\"uid\":" MISSING ",\"ip\":" MISSING ",\"data\":" MISSING
                  ",\"color\":" MISSING ",\"author\":" MISSING "}");
    assert_answer(
        &w,
        send_form(&w, &stricts, "POST", NULL, URLENCODED,
                  "flag=&number=&real=&price=&day=&uid=&ip=&data=&color=&tint=&nick=&both=&level="
                  "&author=&lit="),
        400,
        "{\"flag\":[\"Must be a valid boolean.\"],\"number\":" INT_BAD ",\"real\":" NUM_BAD
        ",\"price\":" NUM_BAD
        ",\"day\":[\"Date has wrong format. Use one of these formats instead: YYYY-MM-DD.\"],"
        "\"uid\":[\"Must be a valid UUID.\"],\"ip\":[\"This field may not be blank.\"],"
        "\"data\":" JSON_BAD ",\"color\":[\"\\\"\\\" is not a valid choice.\"],"
        "\"author\":[\"This field may not be null.\"]}");
    world_close(&w);
}

static void what_a_form_leaves_out_or_empty(void **state)
{
    (void)state;
    static const struct {
        const char *method, *body, *answer;
    } CASES[] = {
        {"POST", GIVEN "&number=1&data={\"a\":1}&level=&nick=&both=+&tint=",
         "{\"id\":1,\"flag\":false,\"number\":1," SHOWN
         "\"data\":{\"a\":1},\"color\":\"red\",\"tint\":\"\",\"nick\":null,\"both\":\"\","
         "\"level\":null,\"lit\":false,\"author\":1}"},
        {"PATCH", "flag=on&lit=true&number=+7+&nick=x&level=2&tint=green",
         "{\"id\":1,\"flag\":true,\"number\":7," SHOWN
         "\"data\":{\"a\":1},\"color\":\"red\",\"tint\":\"green\",\"nick\":\"x\",\"both\":\"\","
         "\"level\":2,\"lit\":true,\"author\":1}"},
        /* A whole update unchecks what is not there, and keeps what else is left out. */
        {"PUT", GIVEN "&number=1&data=[1,\"a\"]",
         "{\"id\":1,\"flag\":false,\"number\":1," SHOWN
         "\"data\":[1,\"a\"],\"color\":\"red\",\"tint\":\"green\",\"nick\":\"x\",\"both\":\"\","
         "\"level\":2,\"lit\":false,\"author\":1}"},
        {"PATCH", "lit=1&both=&nick=&tint=&data=\"text\"",
         "{\"id\":1,\"flag\":false,\"number\":1," SHOWN
         "\"data\":\"text\",\"color\":\"red\",\"tint\":\"\",\"nick\":null,\"both\":\"\","
         "\"level\":2,\"lit\":true,\"author\":1}"},
        {"PATCH",
         "lit=&data=true&data=false", /* "" for one that has a default: as if it was absent */
         "{\"id\":1,\"flag\":false,\"number\":1," SHOWN
         "\"data\":false,\"color\":\"red\",\"tint\":\"\",\"nick\":null,\"both\":\"\","
         "\"level\":2,\"lit\":true,\"author\":1}"},
        {"PATCH", "number=", "{\"number\":" INT_BAD "}"},
        {"PATCH", "data=text", "{\"data\":" JSON_BAD "}"},
        {"PATCH", "data=NaN", "{\"data\":" JSON_BAD "}"},
        {"PATCH", "data=1e400", "{\"data\":" JSON_BAD "}"},
        {"PATCH", "data=null", "{\"data\":[\"This field may not be null.\"]}"},
    };
    world w;
    open_all(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool is_create = strcmp(CASES[i].method, "POST") == 0;
        int status = send_form(&w, &stricts, CASES[i].method, is_create ? NULL : "1", URLENCODED,
                               CASES[i].body);
        assert_str(fr_buf_str(&w.body), CASES[i].answer);
        bool is_good = strncmp(CASES[i].answer, "{\"id\"", 5) == 0;
        assert_int_equal(status, is_good ? is_create ? 201 : 200 : 400);
    }
    assert_answer(&w, send_form(&w, &stricts, "PUT", "99", URLENCODED, "number="), 404,
                  "{\"detail\":\"No Strict matches the given query.\"}");
    world_close(&w);
}

#define THING(middle)                                                                              \
    ",\"title\":\"ab\",\"body\":\"\",\"done\":false," middle                                       \
    "\"email\":\"\",\"link\":\"\",\"slug\":\"\",\"ip\":null,\"color\":\"red\","
#define NUMBERS "\"small\":5,\"number\":0,\"big\":0,"
#define TIMES "\"day\":null,\"clock\":null,\"moment\":null,\"period\":null,\"uid\":null,"

static void fields_that_need_not_be_given(void **state)
{
    (void)state;
    static const struct {
        const char *body, *part; /* of the answer, which begins with its id if it is good */
    } CASES[] = {
        {"title=ab",
         THING("\"maybe\":null," NUMBERS "\"real\":null,\"price\":null," TIMES "\"data\":null,")},
        {"title=ab&body=&done=&maybe=&small=&number=&big=&real=&price=&day=&clock=&moment=&period="
         "&uid=&email=&link=&slug=&ip=&color=&author=",
         THING("\"maybe\":null," NUMBERS "\"real\":null,\"price\":null," TIMES "\"data\":null,")},
        {"title=ab&data=null&real=+1.5+&price=1.5",
         THING("\"maybe\":null," NUMBERS "\"real\":1.5,\"price\":\"1.50\"," TIMES
               "\"data\":null,")},
        {"title=x&title=ab&maybe=null&done=f&data={}",
         THING("\"maybe\":null," NUMBERS "\"real\":null,\"price\":null," TIMES "\"data\":{},")},
        {"title=ab&data=", "{\"data\":" JSON_BAD "}"},
        {"title=ab&title=&author=1", "{\"title\":[\"This field may not be blank.\"]}"},
        {"title=ab&author=x",
         "{\"author\":[\"Incorrect type. Expected pk value, received str.\"]}"},
        {"title=ab&author=17", "{\"author\":[\"Invalid pk \\\"17\\\" - object does not exist.\"]}"},
        {"title=ab%00", "{\"title\":[\"Null characters are not allowed.\"]}"},
        {"body=%C3%A9", "{\"title\":" MISSING "}"},
        {"&=&title=%ff%zz", "\"title\":\"\xef\xbf\xbd%zz\""},
    };
    world w;
    open_all(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool is_good = CASES[i].part[0] != '{';
        int status =
            send_form(&w, &things, "POST", NULL, URLENCODED "; charset=utf-8", CASES[i].body);
        if (fr_str_find(fr_buf_str(&w.body), fr_str_c(CASES[i].part)) == SIZE_MAX)
            fail_msg("%s: %.*s", CASES[i].body, FR_FMT(fr_buf_str(&w.body)));
        assert_int_equal(status, is_good ? 201 : 400);
    }
    world_close(&w);
}

static void a_file_is_no_value_of_a_field(void **state)
{
    (void)state;
    static const struct {
        const char *field, *answer;
    } CASES[] = {
        {"title", "[\"Not a valid string.\"]"},
        {"done", "[\"Must be a valid boolean.\"]"},
        {"maybe", "[\"Must be a valid boolean.\"]"},
        {"number", INT_BAD},
        {"real", NUM_BAD},
        {"price", NUM_BAD},
        {"day", "[\"Date has wrong format. Use one of these formats instead: YYYY-MM-DD.\"]"},
        {"clock",
         "[\"Time has wrong format. Use one of these formats instead: hh:mm[:ss[.uuuuuu]].\"]"},
        {"moment", "[\"Datetime has wrong format. Use one of these formats instead: "
                   "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].\"]"},
        {"period", "[\"Duration has wrong format. Use one of these formats instead: [DD] "
                   "[HH:[MM:]]ss[.uuuuuu].\"]"},
        {"uid", "[\"Must be a valid UUID.\"]"},
        {"data", JSON_BAD},
        {"email", "[\"Enter a valid email address.\"]"},
        {"link", "[\"Enter a valid URL.\"]"},
        {"slug", "[\"Enter a valid \\\"slug\\\" consisting of letters, numbers, underscores or "
                 "hyphens.\"]"},
        {"ip", "[\"Enter a valid IPv4 or IPv6 address.\"]"},
        {"color", "[\"\\\"x.txt\\\" is not a valid choice.\"]"},
        {"author", "[\"Incorrect type. Expected pk value, received InMemoryUploadedFile.\"]"},
    };
    world w;
    char body[1024], answer[512];
    open_all(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(body, sizeof body,
                 "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nab\r\n"
                 "--B\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"a/x.txt\"\r\n\r\n"
                 "content\r\n"
                 "--B\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n1\r\n--B--\r\n",
                 CASES[i].field, CASES[i].field);
        snprintf(answer, sizeof answer, "{\"%s\":%s}", CASES[i].field, CASES[i].answer);
        assert_answer(&w, send_form(&w, &things, "POST", NULL, MULTIPART, body), 400, answer);
    }
    world_close(&w);
}

static void multipart_bodies_are_forms_too(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
        int status;
        const char *answer;
    } CASES[] = {
        {MULTIPART,
         "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nBob\r\n"
         "--B\r\nContent-Disposition: form-data; name=\"unknown\"; "
         "filename=\"f\"\r\n\r\nx\r\n--B--",
         201, "{\"id\":2,\"name\":\"Bob\"}"},
        {MULTIPART, "--B\r\nbroken", 400, "{\"name\":" MISSING "}"},
        {"multipart/form-data", "x", 400,
         "{\"detail\":\"Multipart form parse error - Invalid boundary in multipart: None\"}"},
        {MULTIPART, "x", 400, "{\"name\":" MISSING "}"},
        {MULTIPART,
         "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\nQm8=",
         400,
         "{\"detail\":\"Multipart form parse error - A part has a Content-Transfer-Encoding.\"}"},
        {"multipart/mixed; boundary=B", "x", 415,
         "{\"detail\":\"Unsupported media type \\\"multipart/mixed; boundary=B\\\" in request.\"}"},
    };
    world w;
    open_all(&w);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_answer(&w, send_form(&w, &authors, "POST", NULL, CASES[i].type, CASES[i].body),
                      CASES[i].status, CASES[i].answer);
    world_close(&w);
}

static void limits_of_forms_hold(void **state)
{
    (void)state;
    static const fr_form_limits LIMITS = {.fields = 2, .field_bytes = 20};
    world w;
    open_all(&w);
    fr_rest_request request = {.method = FR_STR("POST"),
                               .path = FR_STR("/x/"),
                               .content_type = FR_STR(URLENCODED),
                               .body = FR_STR("a=1&b=2&name=Bob"),
                               .form_limits = &LIMITS};
    assert_answer(&w, ask_as(&w, &authors, &request), 400,
                  "{\"detail\":\"The form has too many fields.\"}");
    request.body = FR_STR("name=Bob&a=0123456789abc");
    assert_answer(&w, ask_as(&w, &authors, &request), 413,
                  "{\"detail\":\"The request is too large.\"}");
    request.body = FR_STR("name=Bob&a=1");
    assert_int_equal(ask_as(&w, &authors, &request), 201);
    world_close(&w);
}

static void assert_names(fr_err (*read)(fr_arena *, const fr_json *, fr_str, fr_json *),
                         const char *body, const char *name, const char *expected)
{
    fr_arena *arena = fr_arena_new(0);
    const fr_form *parsed;
    fr_json form, made;
    const char *why;
    fr_buf text;
    fr_buf_init(&text);
    assert_int_equal(fr_form_parse(arena, NULL, FR_STR(URLENCODED), fr_str_c(body), &parsed, &why),
                     FR_OK);
    assert_int_equal(fr_form_body_tree(arena, parsed, &form), FR_OK);
    assert_int_equal(read(arena, &form, fr_str_c(name), &made), FR_OK);
    fr_json_put(&text, &made, false);
    assert_str(fr_buf_str(&text), expected);
    fr_buf_deinit(&text);
    fr_arena_free(arena);
}

/* The answers are those of rest_framework.utils.html. */
static void names_say_lists_and_objects(void **state)
{
    (void)state;
    assert_names(fr_form_rows, "l[0]sku=A&l[0]n=1&l[1]sku=B&x=1", "l",
                 "[{\"sku\":\"A\",\"n\":\"1\"},{\"sku\":\"B\"}]");
    assert_names(fr_form_rows, "l[10]=c&l[9]=b&l[007]=a", "l", "[\"a\",\"b\",\"c\"]");
    assert_names(fr_form_rows, "l[x]=1&l[]=2&l[-1]=3&l=4&ll[0]=5&l[0=6&[0]=7", "l", "[]");
    assert_names(fr_form_rows, "l[0]=x&l[0]sku=A", "l", "[{\"sku\":\"A\"}]");
    assert_names(fr_form_rows, "l[0]sku=A&l[0]=x", "l", "[\"x\"]");
    assert_names(fr_form_rows, "l[0][1]=a&l[0][0]=b", "l", "[{\"[1]\":\"a\",\"[0]\":\"b\"}]");
    assert_names(fr_form_rows, "l[99999999999999999999]=x", "l", "[]");
    assert_names(fr_form_members, "a.b=1&a.c.d=2&a.=3&ab.c=4&a=5", "a",
                 "{\"b\":\"1\",\"c.d\":\"2\"}");
    assert_names(fr_form_values, "a=1&b=2&a=&a=3", "a", "[\"1\",\"\",\"3\"]");
}

FR_TESTS(form_body, FR_TEST(fields_that_must_be_given), FR_TEST(what_a_form_leaves_out_or_empty),
         FR_TEST(fields_that_need_not_be_given), FR_TEST(a_file_is_no_value_of_a_field),
         FR_TEST(multipart_bodies_are_forms_too), FR_TEST(limits_of_forms_hold),
         FR_TEST(names_say_lists_and_objects))
