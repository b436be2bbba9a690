/* Viewsets behind http: what goes over the wire, suffixes, extra actions. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/http.h"
#include "logged.h"
#include "rest/url.h"
#include "world.h"

static fr_err shout(fr_req *req)
{
    author a = {0};
    FR_TRY(fr_load(req, &a));
    for (size_t i = 0; i < a.name.n; i++)
        if (a.name.p[i] == '!')
            return fr_fail(req, FR_EDENIED, "Loud enough.");
    FR_SET(&a, name, fr_arena_printf(req->ctx->arena, "%.*s!", FR_FMT(a.name)));
    FR_TRY(fr_store(req, &a));
    return fr_reply(req, &a);
}

/* 51 characters of 50. */
static fr_err grow(fr_req *req)
{
    author a = {0};
    FR_TRY(fr_load(req, &a));
    FR_SET(&a, name, fr_arena_printf(req->ctx->arena, "%051d", 0));
    FR_TRY(fr_store(req, &a));
    return fr_reply(req, &a);
}

static fr_err confuse(fr_req *req)
{
    thing t = {0};
    return fr_load(req, &t);
}

/* Of one object, which it does not ask for. */
static fr_err ring(fr_req *req)
{
    return fr_reply_json(req, 200, FR_STR("{}"));
}

static const fr_viewset people;

static fr_err all(fr_req *req)
{
    fr_rows rows;
    FR_TRY(fr_list(req, &people, &rows));
    return fr_reply_rows(req, &rows);
}

static fr_err some(fr_req *req)
{
    fr_rows rows;
    FR_TRY(fr_list_filtered(req, &rows));
    return fr_reply_rows(req, &rows);
}

/* A plain handler, where no viewset stands behind the route. */
static fr_err misplaced(fr_req *req, void *arg)
{
    (void)arg;
    author a = {0};
    return fr_reply(req, &a);
}

/* Things of one author: another model, by a serializer of its own. */
static fr_err works(fr_req *req)
{
    author a = {0};
    FR_TRY(fr_load(req, &a));
    if (fr_str_eq(req->method, FR_STR("GET"))) {
        fr_rows rows;
        fr_str filter = fr_arena_printf(req->ctx->arena, "author=%lld", (long long)a.id);
        FR_TRY(fr_filter(req, &thing_model, filter, &rows));
        return fr_reply_rows(req, &rows);
    }
    thing t = {0};
    if (!fr_str_eq(req->method, FR_STR("POST")))
        FR_TRY(fr_get(req, &thing_model, 1, &t));
    FR_TRY(fr_read(req, &t));
    FR_SET(&t, author, a.id);
    if (fr_str_eq(t.title, FR_STR("own")))
        FR_SET(&t, title, FR_STR("more than ten characters"));
    return fr_save(req, &t);
}

static fr_err about(fr_req *req)
{
    author a = {0};
    fr_str url;
    FR_TRY(fr_load(req, &a));
    FR_TRY(fr_url_of(req, &people, &a, &url));
    return fr_reply_object(
        req, 201, "{name: %S, by:%s, n:[%d,%lld], ok:%b, url:%S, none:%J, data:%J}", a.name,
        "me \"x\"", 1, 2LL, true, url, (fr_str){0}, fr_req_json(req, NULL));
}

static const fr_serializer work_out = {
    .model = &thing_model, .fields = "id,title,number,author", .read_only = "author"};
static const fr_serializer person_out = {.model = &author_model, .fields = "name"};

static const fr_viewset people = {
    .serializer = &person_out,
    .filter = "name,id__lt",
    .pages = &(const fr_pages){.rows = 1},
    .extra = FR_ACTIONS({.path = "shout", .handler = shout, .methods = "POST", .is_detail = true},
                        {.path = "grow", .handler = grow, .methods = "POST", .is_detail = true},
                        {.path = "confuse", .handler = confuse, .is_detail = true},
                        {.path = "ring", .handler = ring, .is_detail = true},
                        {.path = "works",
                         .handler = works,
                         .methods = "GET,POST,PATCH",
                         .is_detail = true,
                         .serializer = &work_out},
                        {.path = "about", .handler = about, .methods = "POST", .is_detail = true},
                        {.path = "some", .handler = some},
                        {.path = "all", .handler = all, .description = "All of them."})};

static fr_err echo(fr_req *req)
{
    if (req->body.n)
        return fr_fail(req, FR_EINVAL, "No body, please.");
    return fr_reply_json(req, 200, FR_STR("{}"));
}

typedef struct site {
    world w;
    fr_arena *arena;
    fr_http http;
    fr_buf answer;
} site;

static void site_open(site *s)
{
    static fr_http_target stray = {.handle = misplaced};
    char error[256] = "";
    world_open(&s->w);
    s->arena = fr_arena_new(0);
    fr_buf_init(&s->answer);
    fr_router *router = fr_router_new(s->arena);
    assert_non_null(router);
    if (fr_rest_routes(s->arena, router,
                       &(fr_viewset_place){.pattern = FR_STR("api/people/"), .viewset = &people},
                       error))
        fail_msg("%s", error);
    assert_int_equal(fr_router_add(router, FR_STR("stray/"), false, &stray, error), FR_OK);
    fr_handler_place place = {.pattern = FR_STR("echo/"),
                              .action = {.path = "Echo Back",
                                         .handler = echo,
                                         .methods = "GET,POST",
                                         .description = "Says it again."}};
    assert_int_equal(fr_rest_handler(s->arena, router, &place, error), FR_OK);
    s->http = (fr_http){.router = router, .append_slash = true, .db = s->w.db};
}

static void site_close(site *s)
{
    fr_buf_deinit(&s->answer);
    fr_arena_free(s->arena);
    world_close(&s->w);
}

/* One request; the answer's head and body are in s->answer. */
static fr_str go_accepting(site *s, const char *start, const char *accept, const char *body)
{
    char request[1024];
    snprintf(request, sizeof request,
             "%s HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\nAccept: %s\r\nContent-Type: "
             "application/json\r\nContent-Length: %zu\r\n\r\n%s",
             start, accept, strlen(body), body);
    fr_buf_clear(&s->answer);
    assert_int_equal(fr_test_http(&s->http, fr_str_c(request), &s->answer), FR_OK);
    return fr_buf_str(&s->answer);
}

static fr_str go(site *s, const char *start, const char *body)
{
    return go_accepting(s, start, "*/*", body);
}

static void assert_has(fr_str answer, const char *part)
{
    if (fr_str_find(answer, fr_str_c(part)) == SIZE_MAX)
        fail_msg("no \"%s\" in \"%.*s\"", part, FR_FMT(answer));
}

static void assert_has_not(fr_str answer, const char *part)
{
    if (fr_str_find(answer, fr_str_c(part)) != SIZE_MAX)
        fail_msg("\"%s\" in \"%.*s\"", part, FR_FMT(answer));
}

/* What the body said was judged when it was read. */
static void what_a_program_sets_is_judged_too(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    assert_has(go(&s, "POST /api/people/1/works/", "{\"title\": \"fine\"}"), " 201 Created\r\n");
    fr_str got = go(&s, "POST /api/people/1/works/", "{\"title\": \"own\"}");
    assert_has(got, " 400 Bad Request\r\n");
    assert_has(got, "title: Ensure this field has no more than 10 characters.");
    site_close(&s);
}

static void a_body_that_is_none_is_the_answer(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    fr_str got = go(&s, "POST /api/people/1/about/", "{");
    assert_has(got, " 400 Bad Request\r\n");
    assert_has(got, "JSON parse error");
    assert_has_not(got, "by:");
    assert_has_not(got, "\"by\"");
    site_close(&s);
}

static void an_action_says_which_object_is_missing(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    assert_has(go(&s, "POST /api/people/9/shout/", ""),
               "{\"detail\":\"No Author matches the given query.\"}");
    assert_has(go(&s, "POST /api/people/x/shout/", ""), "{\"detail\":\"Not found.\"}");
    site_close(&s);
}

static void a_viewset_answers_over_http(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    fr_str got = go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 201 Created\r\n")));
    assert_has(got, "Allow: GET, POST, HEAD, OPTIONS\r\n");
    assert_has(got, "Content-Type: application/json\r\n");
    assert_has(got, "Content-Length: 14\r\n");
    assert_has(got, "\r\nFreshet-At: 1.");
    assert_has_not(got, "Vary");
    assert_true(fr_str_ends(got, FR_STR("\r\n\r\n{\"name\":\"Ann\"}")));
    go(&s, "POST /api/people/", "{\"name\": \"Bob\"}");
    got = go(&s, "GET /api/people/?page=2", "");
    assert_true(
        fr_str_ends(got, FR_STR("{\"count\":2,\"next\":null,\"previous\":\"http://testserver/api/"
                                "people/\",\"results\":[{\"name\":\"Bob\"}]}")));
    assert_has_not(got, "Freshet-At");
    got = go(&s, "HEAD /api/people/1/", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 200 OK\r\n")) &&
                fr_str_ends(got, FR_STR("\r\n\r\n")));
    assert_has(got, "Content-Length: 14\r\n");
    got = go(&s, "DELETE /api/people/2/", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 204 No Content\r\n")) &&
                fr_str_ends(got, FR_STR("\r\n\r\n")));
    assert_has_not(got, "Content-Type");
    got = go(&s, "PUT /api/people/", "{}");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 405 ")) &&
                fr_str_ends(got, FR_STR("{\"detail\":\"Method \\\"PUT\\\" not allowed.\"}")));
    site_close(&s);
}

static void an_action_cannot_store_what_the_serializer_refuses(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    fr_str got = go(&s, "POST /api/people/1/grow/", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 400 ")));
    assert_true(fr_str_ends(
        got, FR_STR("{\"detail\":\"name: Ensure this field has no more than 50 characters.\"}")));
    assert_true(fr_str_ends(go(&s, "GET /api/people/1/", ""), FR_STR("{\"name\":\"Ann\"}")));
    site_close(&s);
}

static void an_action_with_a_struct_of_another_model_is_500(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    log_begin();
    assert_true(fr_str_starts(go(&s, "GET /api/people/1/confuse/", ""), FR_STR("HTTP/1.1 500 ")));
    assert_int_equal(log_count("fr_load: the struct is one of model thing, not of author."), 1);
    log_end();
    site_close(&s);
}

static void an_action_may_have_the_rows_that_the_filters_let_through(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    for (int i = 0; i < 3; i++)
        go(&s, "POST /api/people/",
           (const char *[]){"{\"name\":\"Cid\"}", "{\"name\":\"Bob\"}", "{\"name\":\"Ann\"}"}[i]);
    assert_true(fr_str_ends(go(&s, "GET /api/people/some/", ""),
                            FR_STR("[{\"name\":\"Cid\"},{\"name\":\"Bob\"},{\"name\":\"Ann\"}]")));
    assert_true(fr_str_ends(go(&s, "GET /api/people/some/?id__lt=3&page=9", ""),
                            FR_STR("\r\n\r\n[{\"name\":\"Cid\"},{\"name\":\"Bob\"}]")));
    fr_str got = go(&s, "GET /api/people/some/?id__lt=x", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 400 ")) &&
                fr_str_ends(got, FR_STR("{\"id__lt\":[\"Enter a number.\"]}")));
    site_close(&s);
}

static void a_suffix_names_the_format(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    assert_true(
        fr_str_ends(go(&s, "GET /api/people/1.json", ""), FR_STR("\r\n\r\n{\"name\":\"Ann\"}")));
    assert_has(go(&s, "GET /api/people.json?page=1", ""), "\"results\":[{\"name\":\"Ann\"}]");
    assert_has(go(&s, "GET /api/people/all.json", ""), "[{\"name\":\"Ann\"}]");
    site_close(&s);
}

static const fr_viewset linked;
static const fr_serializer linked_out = {.model = &author_model,
                                         .fields = "url,name",
                                         .declared = FR_DECLARED({"url", .link = &linked})};
static const fr_viewset linked = {.serializer = &linked_out};

static void add_viewset(site *s, const char *pattern, const fr_viewset *viewset)
{
    char error[256] = "";
    fr_router *router = (fr_router *)(uintptr_t)s->http.router;
    fr_viewset_place place = {.pattern = fr_str_c(pattern), .viewset = viewset};
    if (fr_rest_routes(s->arena, router, &place, error))
        fail_msg("%s", error);
}

static void assert_answers(site *s, const char *start, const char *status)
{
    fr_str got = go(s, start, "{\"name\": \"Bob\"}");
    if (!fr_str_starts(got, fr_str_c(status)))
        fail_msg("%s: %.*s", start, FR_FMT(got));
}

/* As of DRF's SimpleRouter(trailing_slash=False). */
static void a_path_without_a_slash_stands_for_urls_without(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    add_viewset(&s, "flat/people", &people);
    assert_answers(&s, "POST /flat/people", "HTTP/1.1 201 ");
    static const struct {
        const char *start, *status;
    } ROWS[] = {
        {"GET /flat/people", "HTTP/1.1 200 "},      {"GET /flat/people/1", "HTTP/1.1 200 "},
        {"GET /flat/people/all", "HTTP/1.1 200 "},  {"POST /flat/people/1/shout", "HTTP/1.1 200 "},
        {"GET /flat/people/", "HTTP/1.1 404 "},     {"GET /flat/people/1/", "HTTP/1.1 404 "},
        {"GET /flat/people1", "HTTP/1.1 404 "},     {"GET /flat/people1/", "HTTP/1.1 404 "},
        {"GET /flat/people.json", "HTTP/1.1 404 "}, {"DELETE /flat/people/1", "HTTP/1.1 204 "}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_answers(&s, ROWS[i].start, ROWS[i].status);
    add_viewset(&s, "flat/linked", &linked);
    fr_str key = {0};
    assert_has(go(&s, "POST /flat/linked", "{\"name\": \"Ann\"}"),
               "{\"url\":\"http://testserver/flat/linked/2\",\"name\":\"Ann\"}");
    static const struct {
        const char *path;
        fr_url_found found;
    } URLS[] = {{"/flat/linked/2", FR_URL_ROW},   {"/flat/linked", FR_URL_OTHER},
                {"/flat/linked/2/", FR_URL_NONE}, {"/flat/linked2", FR_URL_NONE},
                {"/flat/linked/", FR_URL_NONE},   {"/flat/linked/2.json", FR_URL_NONE}};
    for (size_t i = 0; i < sizeof URLS / sizeof *URLS; i++)
        assert_int_equal(fr_url_match(&linked, NULL, FR_STR(""), fr_str_c(URLS[i].path), &key),
                         URLS[i].found);
    site_close(&s);
}

/* DRF's router makes no URL that no action is behind. */
static void a_url_without_an_action_is_404(void **state)
{
    (void)state;
    static const fr_viewset made = {.serializer = &person_out, .actions = "create"},
                            shown = {.serializer = &person_out, .actions = "retrieve,destroy"};
    site s;
    site_open(&s);
    add_viewset(&s, "made/", &made);
    add_viewset(&s, "shown/", &shown);
    assert_answers(&s, "POST /made/", "HTTP/1.1 201 ");
    assert_answers(&s, "GET /made/", "HTTP/1.1 405 ");
    assert_answers(&s, "GET /made/1/", "HTTP/1.1 404 ");
    assert_answers(&s, "GET /shown/1/", "HTTP/1.1 200 ");
    assert_answers(&s, "PUT /shown/1/", "HTTP/1.1 405 ");
    assert_answers(&s, "GET /shown/", "HTTP/1.1 404 ");
    site_close(&s);
}

static void extra_actions_load_store_and_reply(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    fr_str got = go(&s, "POST /api/people/1/shout/", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 200 OK\r\n")) &&
                fr_str_ends(got, FR_STR("\r\n\r\n{\"name\":\"Ann!\"}")));
    assert_has(got, "Freshet-At: 2.");
    assert_has(got, "Allow: POST, OPTIONS\r\n");
    got = go(&s, "POST /api/people/1/shout/", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 403 ")) &&
                fr_str_ends(got, FR_STR("{\"detail\":\"Loud enough.\"}")));
    assert_true(fr_str_starts(go(&s, "POST /api/people/9/shout/", ""), FR_STR("HTTP/1.1 404 ")));
    assert_true(fr_str_starts(go(&s, "POST /api/people/x/shout/", ""), FR_STR("HTTP/1.1 404 ")));
    assert_true(fr_str_starts(go(&s, "GET /api/people/1/shout/", ""), FR_STR("HTTP/1.1 405 ")));
    got = go(&s, "OPTIONS /api/people/all/", "");
    assert_has(got, "Allow: GET, HEAD, OPTIONS\r\n");
    assert_true(fr_str_ends(
        got, FR_STR("{\"name\":\"All\",\"description\":\"All of them.\",\"renders\":[\"application/"
                    "json\"],\"parses\":[\"application/json\",\"application/"
                    "x-www-form-urlencoded\",\"multipart/form-data\"]}")));
    assert_true(fr_str_starts(go(&s, "GET /stray/", ""), FR_STR("HTTP/1.1 500 ")));
    assert_true(
        fr_str_ends(go(&s, "GET /api/people/all/", ""), FR_STR("\r\n\r\n[{\"name\":\"Ann!\"}]")));
    site_close(&s);
}

#define HEAD(name, text)                                                                           \
    "{\"name\":\"" name "\",\"description\":\"" text                                               \
    "\",\"renders\":[\"application/json\"],\"parses\":[\"application/json\",\"application/"        \
    "x-www-form-urlencoded\",\"multipart/form-data\"]"

static void extra_actions_are_negotiated_as_the_others(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    assert_true(fr_str_starts(go_accepting(&s, "GET /api/people/all/", "text/html", ""),
                              FR_STR("HTTP/1.1 406 ")));
    fr_str got = go(&s, "GET /api/people/all/?format=xml", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 404 ")));
    assert_has(got, "Allow: GET, HEAD, OPTIONS\r\n");
    got = go_accepting(&s, "GET /api/people/all/", "application/json; indent=1", "");
    assert_true(fr_str_ends(got, FR_STR("\r\n\r\n[\n {\n  \"name\": \"Ann\"\n }\n]")));
    got = go_accepting(&s, "POST /api/people/1/shout/", "application/json; indent=1", "");
    assert_true(fr_str_ends(got, FR_STR("\r\n\r\n{\n \"name\": \"Ann!\"\n}")));
    got = go_accepting(&s, "POST /api/people/1/shout/", "application/json; indent=1", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 403 ")) &&
                fr_str_ends(got, FR_STR("{\n \"detail\": \"Loud enough.\"\n}")));
    site_close(&s);
}

static void options_of_an_action_tell_what_may_be_sent(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    fr_str got = go(&s, "OPTIONS /api/people/1/shout/", "");
    assert_has(got, "Allow: POST, OPTIONS\r\n");
    assert_true(fr_str_ends(
        got, FR_STR(HEAD("Shout", "") ",\"actions\":{\"POST\":{\"name\":{\"type\":\"string\","
                                      "\"required\":true,\"read_only\":false,\"label\":\"Name\","
                                      "\"max_length\":50}}}}")));
    site_close(&s);
}

static void a_plain_handler_of_the_api_goes_the_same_way(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    assert_true(fr_str_ends(go(&s, "GET /echo/", ""), FR_STR("\r\n\r\n{}")));
    assert_true(
        fr_str_starts(go_accepting(&s, "GET /echo/", "text/html", ""), FR_STR("HTTP/1.1 406 ")));
    fr_str got = go(&s, "PUT /echo/", "");
    assert_has(got, "Allow: GET, POST, HEAD, OPTIONS\r\n");
    assert_true(fr_str_ends(got, FR_STR("{\"detail\":\"Method \\\"PUT\\\" not allowed.\"}")));
    got = go(&s, "OPTIONS /echo/", "");
    assert_true(fr_str_ends(got, FR_STR(HEAD("Echo Back", "Says it again.") "}")));
    got = go_accepting(&s, "POST /echo/", "application/json; indent=2", "{}");
    assert_true(fr_str_ends(got, FR_STR("{\n  \"detail\": \"No body, please.\"\n}")));
    site_close(&s);
}

static void an_action_reads_and_saves_by_its_own_serializer(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    fr_str got =
        go(&s, "POST /api/people/1/works/", "{\"title\":\"one\",\"author\":7,\"number\":\"4\"}");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 201 ")));
    assert_has(got, "\r\nFreshet-At: 2.");
    assert_true(
        fr_str_ends(got, FR_STR("\r\n\r\n{\"id\":1,\"title\":\"one\",\"number\":4,\"author\":1}")));
    got = go(&s, "POST /api/people/1/works/", "{\"number\":\"x\"}");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 400 ")));
    assert_true(fr_str_ends(got, FR_STR("{\"title\":[\"This field is required.\"],\"number\":[\"A "
                                        "valid integer is required.\"]}")));
    got = go_accepting(&s, "POST /api/people/1/works/", "application/json; indent=1", "{");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 400 ")));
    assert_has(got, "{\n \"detail\": \"JSON parse error");
    got = go(&s, "PATCH /api/people/1/works/", "{\"number\":5}");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 200 ")));
    assert_true(fr_str_ends(got, FR_STR("{\"id\":1,\"title\":\"one\",\"number\":5,\"author\":1}")));
    assert_true(
        fr_str_ends(go(&s, "GET /api/people/1/works/", ""),
                    FR_STR("\r\n\r\n[{\"id\":1,\"title\":\"one\",\"number\":5,\"author\":1}]")));
    got = go(&s, "OPTIONS /api/people/1/works/", "");
    assert_has(got, "\"actions\":{\"POST\":{\"id\":{\"type\":\"integer\",\"required\":false,");
    assert_has(got, "\"author\":{\"type\":\"field\",\"required\":false,\"read_only\":true,");
    site_close(&s);
}

static void an_object_is_answered_from_a_template(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    fr_str got = go(&s, "POST /api/people/1/about/", "{\"a\": [1]}");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 201 ")));
    assert_true(
        fr_str_ends(got, FR_STR("\r\n\r\n{\"name\":\"Ann\",\"by\":\"me \\\"x\\\"\",\"n\":[1,2],"
                                "\"ok\":true,\"url\":\"http://testserver/api/people/1/\",\"none\":"
                                "null,\"data\":{\"a\":[1]}}")));
    site_close(&s);
}

/* ---- the root of a table of viewsets ---- */

static const fr_viewset coded = {
    .model = &tag_model, .lookup = "name", .lookup_pattern = "[a-z.]+"};

static void root_open(site *s)
{
    static const fr_str paths[] = {{"people/", 7}, {"tags/", 5}, {"gone/", 5}};
    char error[256] = "";
    site_open(s);
    fr_router *router = (fr_router *)(uintptr_t)s->http.router;
    fr_viewset_place tag_place = {.pattern = FR_STR("api/tags/"), .viewset = &coded};
    fr_root_place place = {.pattern = FR_STR("api/"), .paths = paths, .count = 3};
    if (fr_rest_routes(s->arena, router, &tag_place, error) ||
        fr_rest_root(s->arena, router, &place, error))
        fail_msg("%s", error);
}

static void a_root_links_to_its_lists(void **state)
{
    (void)state;
    site s;
    root_open(&s);
    fr_str got = go(&s, "GET /api/", "");
    assert_has(got, "Allow: GET, HEAD, OPTIONS\r\n");
    assert_true(fr_str_ends(got, FR_STR("\r\n\r\n{\"people\":\"http://testserver/api/people/\","
                                        "\"tags\":\"http://testserver/api/tags/\"}")));
    assert_true(
        fr_str_ends(go(&s, "GET /api/.json", ""),
                    FR_STR("\r\n\r\n{\"people\":\"http://testserver/api/people.json\",\"tags\":"
                           "\"http://testserver/api/tags.json\"}")));
    assert_true(
        fr_str_ends(go(&s, "OPTIONS /api/", ""),
                    FR_STR(HEAD("Api Root", "The default basic root view for DefaultRouter") "}")));
    assert_true(fr_str_starts(go(&s, "POST /api/", "{}"), FR_STR("HTTP/1.1 405 ")));
    assert_true(fr_str_starts(go(&s, "GET /api/.xml", ""), FR_STR("HTTP/1.1 404 ")));
    got = go(&s, "GET /api", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 301 ")));
    assert_has(got, "Location: /api/\r\n");
    site_close(&s);
}

static void a_suffix_that_is_no_format_is_404_of_its_url(void **state)
{
    (void)state;
    site s;
    root_open(&s);
    go(&s, "POST /api/people/", "{\"name\": \"Ann\"}");
    fr_str got = go(&s, "GET /api/people.xml", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 404 ")));
    assert_has(got, "Allow: GET, POST, HEAD, OPTIONS\r\n");
    got = go(&s, "GET /api/people/1.xml", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 404 ")));
    assert_has(got, "Allow: GET, PUT, PATCH, DELETE, HEAD, OPTIONS\r\n");
    /* A key has no dot: what follows is the format, and with a slash behind it there is nothing. */
    assert_true(fr_str_starts(go(&s, "OPTIONS /api/people/1.5/", ""), FR_STR("HTTP/1.1 404 ")));
    assert_true(fr_str_starts(go(&s, "GET /api/people/1.5/", ""), FR_STR("HTTP/1.1 404 ")));
    site_close(&s);
}

static void a_lookup_pattern_says_what_names_a_row(void **state)
{
    (void)state;
    site s;
    root_open(&s);
    go(&s, "POST /api/tags/", "{\"name\": \"red\"}");
    fr_str got = go(&s, "GET /api/tags/red/", "");
    assert_true(fr_str_starts(got, FR_STR("HTTP/1.1 200 ")));
    assert_has(got, "\"name\":\"red\"");
    assert_true(fr_str_starts(go(&s, "GET /api/tags/r.d/", ""), FR_STR("HTTP/1.1 404 ")));
    assert_true(fr_str_starts(go(&s, "GET /api/tags/Red/", ""), FR_STR("HTTP/1.1 404 ")));
    got = go(&s, "PATCH /api/tags/red/", "{\"name\": \"blue\"}");
    assert_has(got, "\"name\":\"blue\"");
    assert_true(fr_str_starts(go(&s, "DELETE /api/tags/blue/", ""), FR_STR("HTTP/1.1 204 ")));
    site_close(&s);
}

static void a_wrong_viewset_makes_no_routes(void **state)
{
    (void)state;
    static const fr_viewset wrong = {.model = &author_model, .filter = "nmae"};
    char error[256] = "";
    fr_arena *arena = fr_arena_new(0);
    assert_int_equal(
        fr_rest_routes(arena, fr_router_new(arena),
                       &(fr_viewset_place){.pattern = FR_STR("api/wrong/"), .viewset = &wrong},
                       error),
        FR_EINVAL);
    assert_string_equal(
        error,
        "viewset at api/wrong/: filter: \"nmae\": author has no field nmae; did you mean name?");
    fr_arena_free(arena);
}

static void fr_load_goes_through_the_filters(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    assert_has(go(&s, "POST /api/people/", "{\"name\": \"Ann\"}"), "201");
    assert_has(go(&s, "POST /api/people/1/shout/?name=Bob", ""), "404");
    assert_has(go(&s, "POST /api/people/1/shout/?id__lt=x", ""),
               "\r\n\r\n{\"id__lt\":[\"Enter a number.\"]}");
    assert_has(s.answer.p ? fr_buf_str(&s.answer) : FR_STR(""), "HTTP/1.1 400");
    assert_has(go(&s, "GET /api/people/1/", ""), "{\"name\":\"Ann\"}");
    assert_has(go(&s, "GET /api/people/1/ring/?id__lt=x", ""), "200");
    assert_has(go(&s, "POST /api/people/1/shout/?name=Ann&id__lt=2", ""), "200");
    assert_has_not(go(&s, "GET /api/people/1/", ""), "{\"name\":\"Ann\"}");
    site_close(&s);
}

FR_TESTS(handler, FR_TEST(what_a_program_sets_is_judged_too),
         FR_TEST(a_body_that_is_none_is_the_answer),
         FR_TEST(an_action_says_which_object_is_missing), FR_TEST(a_viewset_answers_over_http),
         FR_TEST(an_action_cannot_store_what_the_serializer_refuses),
         FR_TEST(an_action_with_a_struct_of_another_model_is_500),
         FR_TEST(an_action_may_have_the_rows_that_the_filters_let_through),
         FR_TEST(a_path_without_a_slash_stands_for_urls_without),
         FR_TEST(a_url_without_an_action_is_404), FR_TEST(a_suffix_names_the_format),
         FR_TEST(extra_actions_load_store_and_reply),
         FR_TEST(extra_actions_are_negotiated_as_the_others),
         FR_TEST(options_of_an_action_tell_what_may_be_sent),
         FR_TEST(a_plain_handler_of_the_api_goes_the_same_way), FR_TEST(a_root_links_to_its_lists),
         FR_TEST(an_action_reads_and_saves_by_its_own_serializer),
         FR_TEST(an_object_is_answered_from_a_template),
         FR_TEST(a_suffix_that_is_no_format_is_404_of_its_url),
         FR_TEST(a_lookup_pattern_says_what_names_a_row), FR_TEST(a_wrong_viewset_makes_no_routes),
         FR_TEST(fr_load_goes_through_the_filters))
