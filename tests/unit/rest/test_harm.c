/* What is sent to do harm, in every place where a client may send something: no 500, nothing half written, nothing unreadable. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "rest/url.h"
#include "tracker.h"

static const fr_viewset ventures = {.model = &venture_model};
static const fr_serializer line_in = {.model = &saying_model, .fields = "author,text"};
static const fr_serializer deed_in = {
    .model = &deed_model,
    .fields = "id,title,state,project,assignee,labels,remarks",
    .declared = FR_DECLARED({"project", .link = &ventures}, {"assignee", .slug = "name"},
                            {"labels", .slug = "slug"},
                            {"remarks", .nested = &line_in, .writable = true, .optional = true})};
static const fr_viewset deeds = {.serializer = &deed_in,
                                 .filter = "title,title__icontains,title__in,state,project,"
                                           "project__name,labels__slug,assignee__isnull",
                                 .search = "title,project__name",
                                 .ordering_fields = "title,project__name",
                                 .pages = &(const fr_pages){.rows = 5, .size_param = "page_size"}};

#define LINK "http://testserver/api/ventures/1/"
#define WHOLE "\"title\":\"a\",\"project\":\"" LINK "\""

static void open_filled(world *w)
{
    tracker_open(w);
    assert_int_equal(fr_url_place(&ventures, FR_STR("api/ventures/"), NULL), FR_OK);
    tracker_make(w, &plain_members, "{\"name\":\"Ann\"}");
    tracker_make(w, &plain_projects, "{\"name\":\"Apollo\"}");
    tracker_make(w, &plain_labels, "{\"slug\":\"ui\"}");
}

/* That what is stored is still a list of JSON in UTF-8. */
static void assert_readable(world *w, const fr_viewset *viewset)
{
    fr_json all;
    assert_int_equal(ask(w, viewset, "GET", "/x/", NULL), 200);
    assert_true(fr_utf8_valid(fr_buf_str(&w->body)));
    assert_int_equal(fr_json_parse(w->ctx.arena, fr_buf_str(&w->body), &all, NULL), FR_OK);
}

static void nul_and_halves_of_characters_are_harmless_everywhere(void **state)
{
    (void)state;
    static const char *const PLACES[] = {
        "{\"title\":\"%s\",\"project\":\"" LINK "\"}",
        "{\"%s\":1," WHOLE "}",
        "{" WHOLE ",\"state\":\"%s\"}",
        "{" WHOLE ",\"assignee\":\"%s\"}",
        "{\"title\":\"a\",\"project\":\"%s\"}",
        "{\"title\":\"a\",\"project\":\"" LINK "%s\"}",
        "{\"title\":\"a\",\"project\":\"http://testserver/api/ventures/%s/\"}",
        "{" WHOLE ",\"labels\":\"%s\"}",
        "{" WHOLE ",\"labels\":[\"%s\"]}",
        "{" WHOLE ",\"labels\":[\"ui\",{\"%s\":1}]}",
        "{" WHOLE ",\"remarks\":\"%s\"}",
        "{" WHOLE ",\"remarks\":[\"%s\"]}",
        "{" WHOLE ",\"remarks\":{\"%s\":{}}}",
        "{" WHOLE ",\"remarks\":[{\"author\":\"%s\",\"text\":\"a\"}]}",
        "{" WHOLE ",\"remarks\":[{\"author\":1,\"text\":\"%s\"}]}",
        "{" WHOLE ",\"remarks\":[{\"author\":1,\"text\":\"a\",\"%s\":1}]}",
        "[\"%s\"]",
        "\"%s\"",
    };
    static const char *const TEXTS[] = {"\\u0000",   "a\\u0000b",      "\\ud800",       "\\udfff",
                                        "x\\ud800y", "\\udc00\\ud800", "\\ud800\\u0000"};
    world w;
    open_filled(&w);
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++)
        for (size_t k = 0; k < sizeof TEXTS / sizeof *TEXTS; k++) {
            fr_str place = fr_str_c(PLACES[i]);
            size_t at = fr_str_find(place, FR_STR("%s"));
            char body[512];
            snprintf(body, sizeof body, "%.*s%s%s", (int)at, place.p, TEXTS[k], place.p + at + 2);
            int status = ask(&w, &deeds, "POST", "/x/", body);
            if (status != 201 && status != 400)
                fail_msg("%s: %d %.*s", body, status, FR_FMT(fr_buf_str(&w.body)));
            assert_true(fr_utf8_valid(fr_buf_str(&w.body)));
        }
    assert_readable(&w, &deeds);
    assert_readable(&w, &plain_remarks);
    world_close(&w);
}

static void nul_and_broken_bytes_in_a_url_are_harmless(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"title",        "title__icontains",
                                        "title__in",    "state",
                                        "project",      "project__name",
                                        "labels__slug", "assignee__isnull",
                                        "search",       "page",
                                        "page_size",    "ordering",
                                        "format",       "%00",
                                        "title%00",     "%ff"};
    static const char *const VALUES[] = {"%00",   "a%00b", "%ff", "%ed%a0%80",
                                         "a,%00", "1%00",  "-%00"};
    world w;
    open_filled(&w);
    assert_int_equal(ask(&w, &deeds, "POST", "/x/", "{" WHOLE "}"), 201);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        for (size_t k = 0; k < sizeof VALUES / sizeof *VALUES; k++) {
            char path[128];
            snprintf(path, sizeof path, "/x/?%s=%s", NAMES[i], VALUES[k]);
            int status = ask(&w, &deeds, "GET", path, NULL);
            if (status != 200 && status != 400 && status != 404)
                fail_msg("%s: %d", path, status);
            assert_true(fr_utf8_valid(fr_buf_str(&w.body)));
        }
    assert_readable(&w, &deeds);
    world_close(&w);
}

/* A value that would be SQL, had it not been bound, by each name that there is. */
static void sql_is_a_value_in_every_parameter(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"title",    "title__icontains", "title__in",    "state",
                                        "project",  "project__name",    "labels__slug", "search",
                                        "ordering", "page_size"};
    static const char *const VALUES[] = {"x'%20OR%20'1'='1", "x%22%20OR%201=1%20--",
                                         "x')%20OR%20('1'='1", "0%20UNION%20SELECT%201"};
    world w;
    open_filled(&w);
    assert_int_equal(ask(&w, &deeds, "POST", "/x/", "{" WHOLE "}"), 201);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        for (size_t k = 0; k < sizeof VALUES / sizeof *VALUES; k++) {
            char path[128];
            snprintf(path, sizeof path, "/x/?%s=%s", NAMES[i], VALUES[k]);
            int status = ask(&w, &deeds, "GET", path, NULL);
            bool is_filter = i + 2 < sizeof NAMES / sizeof *NAMES;
            bool finds_nothing =
                fr_str_find(fr_buf_str(&w.body), FR_STR("\"count\":0")) != SIZE_MAX;
            assert_true(is_filter ? status == 400 || finds_nothing : status == 200);
        }
    world_close(&w);
}

static void a_thousand_nested_rows_are_written_with_their_parent(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    world w;
    fr_buf body;
    open_filled(&w);
    fr_buf_init(&body);
    fr_buf_lit(&body, "{" WHOLE ",\"remarks\":[");
    for (int i = 0; i < ROWS; i++)
        fr_buf_printf(&body, "%s{\"author\":1,\"text\":\"%d\"}", i ? "," : "", i);
    fr_buf_lit(&body, "]}");
    fr_buf_put_char(&body, '\0');
    assert_int_equal(ask(&w, &deeds, "POST", "/x/", body.p), 201);
    assert_int_equal(ask(&w, &plain_remarks, "GET", "/x/", NULL), 200);
    size_t count = 0;
    for (fr_str rest = fr_buf_str(&w.body); fr_str_find(rest, FR_STR("\"ticket\":1,")) != SIZE_MAX;
         count++)
        rest = fr_str_from(rest, fr_str_find(rest, FR_STR("\"ticket\":1,")) + 1);
    assert_int_equal(count, ROWS);
    fr_buf_deinit(&body);
    world_close(&w);
}

/* Another program's rule, of which no check knows. */
static void forbid_a_text(const world *w)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/test.db", w->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TRIGGER rule BEFORE INSERT ON saying WHEN NEW.text = "
                                  "'no' BEGIN SELECT RAISE(ABORT, 'not that'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

static void a_nested_row_that_the_database_refuses_leaves_nothing(void **state)
{
    (void)state;
    world w;
    open_filled(&w);
    forbid_a_text(&w);
    int status = ask(&w, &deeds, "POST", "/x/",
                     "{" WHOLE ",\"labels\":[\"ui\"],\"remarks\":[{\"author\":1,\"text\":\"yes\"},"
                     "{\"author\":1,\"text\":\"no\"},{\"author\":1,\"text\":\"more\"}]}");
    assert_true(status == 400 || status == 409);
    assert_answer(&w, ask(&w, &plain_tickets, "GET", "/x/", NULL), 200, "[]");
    assert_answer(&w, ask(&w, &plain_remarks, "GET", "/x/", NULL), 200, "[]");
    assert_int_equal(ask(&w, &deeds, "POST", "/x/",
                         "{" WHOLE ",\"labels\":[\"ui\"],\"remarks\":[{\"author\":1,\"text\":"
                         "\"yes\"}]}"),
                     201);
    fr_buf before;
    fr_buf_init(&before);
    assert_int_equal(ask(&w, &deeds, "GET", "/x/", NULL), 200);
    fr_buf_put(&before, fr_buf_str(&w.body));
    status = ask(&w, &deeds, "PATCH", "/x/1/",
                 "{\"title\":\"b\",\"labels\":[],\"remarks\":[{\"author\":1,\"text\":\"no\"}]}");
    assert_true(status == 400 || status == 409);
    assert_int_equal(ask(&w, &deeds, "GET", "/x/", NULL), 200);
    assert_true(fr_str_eq(fr_buf_str(&w.body), fr_buf_str(&before)));
    fr_buf_deinit(&before);
    world_close(&w);
}

FR_TESTS(harm, FR_TEST(nul_and_halves_of_characters_are_harmless_everywhere),
         FR_TEST(nul_and_broken_bytes_in_a_url_are_harmless),
         FR_TEST(sql_is_a_value_in_every_parameter),
         FR_TEST(a_thousand_nested_rows_are_written_with_their_parent),
         FR_TEST(a_nested_row_that_the_database_refuses_leaves_nothing))
