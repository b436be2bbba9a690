/* Answers in other forms than JSON, and the versions that a request can ask for. */
#include <stdio.h>
#include <string.h>

#include <freshet/channels.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/http.h"
#include "world.h"

/* ---- renderers ---- */

static fr_err as_text(fr_ctx *ctx, fr_str json, fr_str *out)
{
    *out = fr_arena_printf(ctx->arena, "<%.*s>", FR_FMT(json));
    return out->p ? FR_OK : FR_ENOMEM;
}

/* The values of the first member of each object; an object alone is one line. */
static fr_err as_csv(fr_ctx *ctx, fr_str json, fr_str *out)
{
    const fr_pair *rows, *cells;
    size_t row_count, count;
    FR_TRY(fr_json_pairs(ctx, json, &rows, &row_count));
    *out = FR_STR("");
    if (row_count && rows[0].name.p) {
        *out = fr_arena_printf(ctx->arena, "%.*s\r\n", FR_FMT(fr_json_unquote(ctx, rows[0].value)));
        return FR_OK;
    }
    for (size_t i = 0; i < row_count; i++) {
        FR_TRY(fr_json_pairs(ctx, rows[i].value, &cells, &count));
        *out = fr_arena_printf(ctx->arena, "%.*s%.*s\r\n", FR_FMT(*out),
                               FR_FMT(fr_json_unquote(ctx, cells[0].value)));
    }
    return FR_OK;
}

static fr_err as_nothing(fr_ctx *ctx, fr_str json, fr_str *out)
{
    (void)json;
    (void)out;
    return fr_fail_(ctx, FR_EINVAL, "That cannot be drawn.");
}

static const fr_renderer text = {"text/plain", "txt", "utf-8", as_text, {0}},
                         csv = {"text/csv", "csv", "iso-8859-1", as_csv, {0}},
                         drawing = {"image/svg+xml", "svg", NULL, as_nothing, {0}},
                         levelled = {"application/json; level=2", NULL, NULL, as_text, {0}};

static const fr_serializer name_out = {.model = &author_model, .fields = "name"};
static const fr_viewset names = {.model = &author_model,
                                 .serializer = &name_out,
                                 .renderers =
                                     FR_RENDERERS(&fr_json_renderer, &text, &csv, &drawing)};

static fr_err tell(fr_req *req)
{
    if (fr_str_eq(req->method, FR_STR("POST")))
        return fr_fail(req, FR_EDENIED, "Not today.");
    FR_TRY(fr_reply_header(req, FR_STR("X-Told"), FR_STR("yes")));
    return fr_reply_data(
        req, 201,
        fr_arena_printf(req->ctx->arena, "{\"media\":\"%.*s\"}", FR_FMT(fr_api_media(req))));
}

typedef struct site {
    world w;
    fr_arena *arena;
    fr_router *router;
    fr_http http;
    fr_buf answer;
} site;

static void site_open(site *s)
{
    world_open(&s->w);
    s->arena = fr_arena_new(0);
    fr_buf_init(&s->answer);
    s->router = fr_router_new(s->arena);
    assert_non_null(s->router);
    s->http = (fr_http){.router = s->router, .append_slash = true, .db = s->w.db};
}

static void site_close(site *s)
{
    fr_buf_deinit(&s->answer);
    fr_arena_free(s->arena);
    world_close(&s->w);
}

static void add_viewset(site *s, const char *pattern, const fr_viewset *viewset,
                        fr_version_rule versions)
{
    char error[256] = "";
    fr_viewset_place place = {
        .pattern = fr_str_c(pattern), .viewset = viewset, .versions = versions};
    if (fr_rest_routes(s->arena, s->router, &place, error))
        fail_msg("%s", error);
}

static void add_handler(site *s, const char *pattern, fr_action action, fr_version_rule versions)
{
    char error[256] = "";
    fr_handler_place place = {.pattern = fr_str_c(pattern), .action = action, .versions = versions};
    if (fr_rest_handler(s->arena, s->router, &place, error))
        fail_msg("%s", error);
}

/* One request with these headers, each with its end of line. */
static fr_str go(site *s, const char *start, const char *headers, const char *body)
{
    char request[1024];
    snprintf(request, sizeof request,
             "%s HTTP/1.1\r\n%s%sConnection: close\r\nContent-Type: "
             "application/json\r\nContent-Length: %zu\r\n\r\n%s",
             start, strstr(headers, "Host:") ? "" : "Host: testserver\r\n", headers, strlen(body),
             body);
    fr_buf_clear(&s->answer);
    assert_int_equal(fr_test_http(&s->http, fr_str_c(request), &s->answer), FR_OK);
    return fr_buf_str(&s->answer);
}

static void assert_has(fr_str answer, const char *part)
{
    if (fr_str_find(answer, fr_str_c(part)) == SIZE_MAX)
        fail_msg("no \"%s\" in \"%.*s\"", part, FR_FMT(answer));
}

static void assert_ends(fr_str answer, const char *end)
{
    if (!fr_str_ends(answer, fr_str_c(end)))
        fail_msg("\"%.*s\" does not end with \"%s\"", FR_FMT(answer), end);
}

static void assert_status(fr_str answer, const char *status)
{
    if (!fr_str_starts(fr_str_from(answer, 9), fr_str_c(status)))
        fail_msg("not %s: \"%.*s\"", status, FR_FMT(answer));
}

static void open_names(site *s)
{
    site_open(s);
    add_viewset(s, "api/names/", &names, (fr_version_rule){0});
    go(s, "POST /api/names/", "", "{\"name\": \"J\xc3\xb6rg\"}");
    go(s, "POST /api/names/", "", "{\"name\": \"\xce\xa9\"}");
}

static void the_client_chooses_the_renderer(void **state)
{
    (void)state;
    static const struct {
        const char *accept, *type;
    } CASES[] = {
        {"*/*", "application/json"},
        {"text/csv", "text/csv; charset=iso-8859-1"},
        {"text/*", "text/plain; charset=utf-8"},
        {"text/csv, text/plain", "text/plain; charset=utf-8"},
        {"application/*, text/plain", "text/plain; charset=utf-8"},
        {"text/csv; header=present, application/json", "text/csv; charset=iso-8859-1"},
        {"TEXT/CSV", "text/csv; charset=iso-8859-1"},
        {"*/csv", "text/csv; charset=iso-8859-1"},
        {"text/html, text/plain ; q=1", "text/plain; charset=utf-8"},
    };
    site s;
    open_names(&s);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char header[128], type[128];
        snprintf(header, sizeof header, "Accept: %s\r\n", CASES[i].accept);
        snprintf(type, sizeof type, "Content-Type: %s\r\n", CASES[i].type);
        fr_str got = go(&s, "GET /api/names/1/", header, "");
        assert_has(got, type);
        assert_has(got, "Vary: Accept");
    }
    assert_status(go(&s, "GET /api/names/", "Accept: text\r\n", ""), "406");
    assert_status(go(&s, "GET /api/names/", "Accept: ,\r\n", ""), "406");
    site_close(&s);
}

static void a_text_has_the_charset_of_its_renderer(void **state)
{
    (void)state;
    site s;
    open_names(&s);
    assert_ends(go(&s, "GET /api/names/", "Accept: text/csv\r\n", ""), "\r\n\r\nJ\xf6rg\r\n?\r\n");
    assert_ends(go(&s, "GET /api/names/1/", "Accept: text/plain\r\n", ""),
                "\r\n\r\n<{\"name\":\"J\xc3\xb6rg\"}>");
    site_close(&s);
}

static void a_format_is_a_parameter_or_a_suffix(void **state)
{
    (void)state;
    site s;
    open_names(&s);
    assert_ends(go(&s, "GET /api/names/?format=csv", "", ""), "\r\n\r\nJ\xf6rg\r\n?\r\n");
    assert_ends(go(&s, "GET /api/names/1.csv", "", ""), "\r\n\r\nJ\xf6rg\r\n");
    assert_ends(go(&s, "GET /api/names.json", "", ""),
                "[{\"name\":\"J\xc3\xb6rg\"},{\"name\":\"\xce\xa9\"}]");
    assert_status(go(&s, "GET /api/names/?format=csv", "Accept: application/json\r\n", ""), "406");
    fr_str got = go(&s, "GET /api/names/1.xml", "", "");
    assert_status(got, "404");
    assert_has(got, "Allow: GET, PUT, PATCH, DELETE, HEAD, OPTIONS\r\n");
    assert_ends(got, "{\"detail\":\"Not found.\"}");
    assert_status(go(&s, "GET /api/names.CSV", "", ""), "404");
    site_close(&s);
}

static void errors_are_rendered_too(void **state)
{
    (void)state;
    site s;
    open_names(&s);
    fr_str got = go(&s, "DELETE /api/names/", "Accept: text/csv\r\n", "");
    assert_status(got, "405");
    assert_ends(got, "\r\n\r\nMethod \"DELETE\" not allowed.\r\n");
    got = go(&s, "POST /api/names/", "Accept: text/plain\r\n", "{}");
    assert_status(got, "400");
    assert_ends(got, "<{\"name\":[\"This field is required.\"]}>");
    got = go(&s, "GET /api/names/9/", "Accept: text/plain\r\n", "");
    assert_status(got, "404");
    assert_has(got, "Content-Type: text/plain; charset=utf-8\r\n");
    got = go(&s, "GET /api/names/?format=nope", "Accept: text/plain\r\n", "");
    assert_has(got, "Content-Type: application/json\r\n");
    site_close(&s);
}

static void a_renderer_that_fails_is_answered_in_json(void **state)
{
    (void)state;
    site s;
    open_names(&s);
    fr_str got = go(&s, "GET /api/names/", "Accept: image/svg+xml\r\n", "");
    assert_status(got, "400");
    assert_has(got, "Content-Type: application/json\r\n");
    assert_ends(got, "{\"detail\":\"That cannot be drawn.\"}");
    site_close(&s);
}

static void options_name_the_renderers(void **state)
{
    (void)state;
    site s;
    open_names(&s);
    assert_has(go(&s, "OPTIONS /api/names/", "", ""),
               "\"renders\":[\"application/json\",\"text/plain\",\"text/csv\",\"image/svg+xml\"],"
               "\"parses\":");
    site_close(&s);
}

static void a_handler_of_the_api_has_renderers(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    add_handler(&s, "tell/",
                (fr_action){.path = "Tell",
                            .handler = tell,
                            .methods = "GET,POST",
                            .renderers = FR_RENDERERS(&fr_json_renderer, &csv, &levelled)},
                (fr_version_rule){0});
    fr_str got = go(&s, "GET /tell/", "Accept: text/csv;x=1\r\n", "");
    assert_status(got, "201");
    assert_has(got, "X-Told: yes\r\n");
    assert_ends(got, "\r\n\r\ntext/csv;x=1\r\n");
    assert_ends(go(&s, "GET /tell/", "Accept: */*; indent=0\r\n", ""),
                "{\"media\":\"application/json; indent=0\"}");
    assert_ends(go(&s, "GET /tell/", "Accept: application/json; indent=1\r\n", ""),
                "{\n \"media\": \"application/json; indent=1\"\n}");
    assert_ends(go(&s, "POST /tell/", "Accept: text/csv\r\n", "{}"), "\r\n\r\nNot today.\r\n");
    site_close(&s);
}

static void a_renderer_with_parameters_wants_them_named(void **state)
{
    (void)state;
    site s;
    site_open(&s);
    add_handler(&s, "tell/",
                (fr_action){.path = "Tell", .handler = tell, .renderers = FR_RENDERERS(&levelled)},
                (fr_version_rule){0});
    assert_status(go(&s, "GET /tell/", "Accept: application/json\r\n", ""), "406");
    assert_status(go(&s, "GET /tell/", "Accept: */*\r\n", ""), "406");
    assert_status(go(&s, "GET /tell/", "", ""), "406");
    assert_status(go(&s, "GET /tell/", "Accept: application/json;level=2\r\n", ""), "201");
    site_close(&s);
}

static void a_wrong_renderer_is_told_at_the_start(void **state)
{
    (void)state;
    static const fr_renderer starred = {.media_type = "text/*"},
                             shouting = {.media_type = "text/csv", .format = "CSV"},
                             unknown = {.media_type = "text/csv", .charset = "klingon"};
    static const struct {
        const fr_renderer *renderer;
        const char *error;
    } CASES[] = {
        {&starred, "renderer \"text/*\": .media_type has to be like \"text/csv\""},
        {&shouting, "renderer \"text/csv\": .format has to be of the letters a to z and digits"},
        {&unknown, "renderer \"text/csv\": .charset is not known to this system's iconv"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char error[256] = "";
        const fr_viewset wrong = {.model = &author_model,
                                  .renderers = FR_RENDERERS(CASES[i].renderer)};
        assert_int_equal(fr_viewset_check(&wrong, error), FR_EINVAL);
        assert_string_equal(error, CASES[i].error);
    }
}

/* ---- conditions ---- */

static fr_err version_of_name(fr_req *req, fr_version *version)
{
    author shown = {0};
    fr_str key = fr_req_arg(req, FR_STR("pk"));
    version->is_missing =
        key.p && fr_get(req, &author_model, fr_req_arg_int(req, FR_STR("pk")), &shown);
    version->tag = fr_str_sub(fr_digest(req, shown.name), 0, 8);
    return FR_OK;
}

static void a_viewset_says_which_version_its_objects_are_of(void **state)
{
    (void)state;
    static const fr_viewset cards = {.model = &author_model, .condition = version_of_name};
    site s;
    site_open(&s);
    add_viewset(&s, "cards/", &cards, (fr_version_rule){0});
    go(&s, "POST /cards/", "", "{\"name\": \"Ann\"}");
    fr_str got = go(&s, "GET /cards/1/", "", "");
    assert_status(got, "200");
    assert_has(got, "ETag: \"17239b6e\"\r\n");
    got = go(&s, "GET /cards/1/", "If-None-Match: W/\"17239b6e\"\r\n", "");
    assert_status(got, "304");
    assert_has(got, "ETag: \"17239b6e\"\r\n");
    got = go(&s, "PATCH /cards/1/", "If-Match: \"other\"\r\n", "{\"name\": \"Bob\"}");
    assert_status(got, "412");
    assert_status(go(&s, "PATCH /cards/9/", "If-Match: *\r\n", "{}"), "412");
    got = go(&s, "PATCH /cards/1/", "If-Match: \"17239b6e\"\r\n", "{\"name\": \"Bob\"}");
    assert_status(got, "200");
    assert_int_equal(fr_str_find(got, FR_STR("ETag")), SIZE_MAX);
    assert_status(go(&s, "PATCH /cards/1/", "If-Match: \"17239b6e\"\r\n", "{}"), "412");
    site_close(&s);
}

/* ---- versions ---- */

static fr_err tell_version(fr_req *req)
{
    fr_str version = fr_api_version(req), url, other;
    FR_TRY(fr_api_url(req, NULL, &url));
    FR_TRY(fr_api_url(req, "/api/<version>/notes/", &other));
    return fr_reply_data(req, 200,
                         fr_arena_printf(req->ctx->arena, "[\"%.*s\",\"%.*s\",\"%.*s\"]",
                                         FR_FMT(version), FR_FMT(url), FR_FMT(other)));
}

static void versioned(site *s, const char *pattern, const fr_versioning *versioning,
                      const char *namespaces)
{
    add_handler(s, pattern, (fr_action){.path = "Version", .handler = tell_version},
                (fr_version_rule){versioning, fr_str_c(namespaces)});
}

static void a_version_stands_in_the_path(void **state)
{
    (void)state;
    static const fr_versioning v = {FR_VERSION_PATH, "v1,v2", "v1", NULL, {0}};
    site s;
    site_open(&s);
    versioned(&s, "api/<version>/here/", &v, "");
    assert_ends(go(&s, "GET /api/v2/here/", "", ""),
                "[\"v2\",\"http://testserver/api/v2/here/\",\"http://testserver/api/v2/notes/\"]");
    fr_str got = go(&s, "OPTIONS /api/V1/here/", "", "");
    assert_status(got, "404");
    assert_ends(got, "{\"detail\":\"Invalid version in URL path.\"}");
    assert_has(got, "Allow: GET, HEAD, OPTIONS\r\n");
    assert_status(go(&s, "POST /api/v9/here/", "", "{}"), "404");
    assert_status(go(&s, "POST /api/v1/here/", "", "{}"), "405");
    site_close(&s);
}

static void a_version_is_a_parameter_of_the_query(void **state)
{
    (void)state;
    static const fr_versioning v = {FR_VERSION_QUERY, "a,b", "a", "v", {0}};
    site s;
    site_open(&s);
    versioned(&s, "q/", &v, "");
    assert_ends(
        go(&s, "GET /q/", "", ""),
        "[\"a\",\"http://testserver/q/?v=a\",\"http://testserver/api/<version>/notes/?v=a\"]");
    assert_has(go(&s, "GET /q/?v=b", "", ""), "[\"b\",");
    assert_ends(go(&s, "GET /q/?v=", "", ""),
                "{\"detail\":\"Invalid version in query parameter.\"}");
    assert_status(go(&s, "GET /q/?v=B", "", ""), "404");
    site_close(&s);
}

static void a_version_is_a_parameter_of_accept(void **state)
{
    (void)state;
    static const fr_versioning v = {FR_VERSION_ACCEPT, "1.0,2.0", "1.0", NULL, {0}};
    site s;
    site_open(&s);
    versioned(&s, "a/", &v, "");
    assert_has(go(&s, "GET /a/", "", ""), "[\"1.0\",");
    assert_has(go(&s, "GET /a/", "Accept: application/json; version=2.0\r\n", ""), "[\"2.0\",");
    assert_has(go(&s, "GET /a/", "Accept: */*; version=\"2.0\"\r\n", ""), "[\"2.0\",");
    fr_str got = go(&s, "GET /a/", "Accept: application/json; version=3\r\n", "");
    assert_status(got, "406");
    assert_ends(got, "{\"detail\":\"Invalid version in \\\"Accept\\\" header.\"}");
    site_close(&s);
}

static void a_version_is_the_first_label_of_the_host(void **state)
{
    (void)state;
    static const fr_versioning v = {FR_VERSION_HOST, "v1,v2", NULL, NULL, {0}};
    site s;
    site_open(&s);
    versioned(&s, "h/", &v, "");
    assert_has(go(&s, "GET /h/", "Host: v2.example.com:8000\r\n", ""),
               "[\"v2\",\"http://v2.example.com:8000/h/\"");
    fr_str got = go(&s, "GET /h/", "Host: v3.example.com\r\n", "");
    assert_status(got, "404");
    assert_ends(got, "{\"detail\":\"Invalid version in hostname.\"}");
    assert_status(go(&s, "GET /h/", "Host: example.com\r\n", ""), "404");
    assert_status(go(&s, "GET /h/", "Host: v1.a-b.com\r\n", ""), "404");
    site_close(&s);
}

static void a_version_is_a_namespace_of_routes(void **state)
{
    (void)state;
    static const fr_versioning v = {FR_VERSION_NAMESPACE, "v1,v2", "v1", NULL, {0}};
    site s;
    site_open(&s);
    versioned(&s, "n1/", &v, "v1");
    versioned(&s, "n2/", &v, "desk:v2");
    versioned(&s, "n9/", &v, "v9");
    versioned(&s, "n/", &v, "");
    assert_has(go(&s, "GET /n1/", "", ""), "[\"v1\",\"http://testserver/n1/\"");
    assert_has(go(&s, "GET /n2/", "", ""), "[\"v2\",");
    assert_has(go(&s, "GET /n/", "", ""), "[\"v1\",");
    fr_str got = go(&s, "GET /n9/", "", "");
    assert_status(got, "404");
    assert_ends(got, "{\"detail\":\"Invalid version in URL path. Does not match any version "
                     "namespace.\"}");
    site_close(&s);
}

static void viewsets_have_versions_as_handlers_do(void **state)
{
    (void)state;
    static const fr_versioning v = {FR_VERSION_QUERY, "1,2", NULL, NULL, {0}};
    site s;
    site_open(&s);
    add_viewset(&s, "names/", &names, (fr_version_rule){&v, FR_STR("")});
    assert_status(go(&s, "GET /names/", "", ""), "404");
    assert_status(go(&s, "GET /names/?version=2", "", ""), "200");
    assert_ends(go(&s, "GET /names/7/?version=3", "Accept: text/csv\r\n", ""),
                "Invalid version in query parameter.\r\n");
    site_close(&s);
}

static const fr_viewset linked;
static const fr_serializer linked_out = {.model = &author_model,
                                         .fields = "url,name",
                                         .declared = FR_DECLARED({"url", .link = &linked})};
static const fr_viewset linked = {.serializer = &linked_out};

static void links_of_rows_carry_the_version(void **state)
{
    (void)state;
    static const fr_versioning v = {FR_VERSION_PATH, "v1,v2", "v1", NULL, {0}};
    site s;
    site_open(&s);
    add_viewset(&s, "api/<version>/linked/", &linked, (fr_version_rule){&v, FR_STR("")});
    fr_str got = go(&s, "POST /api/v2/linked/", "", "{\"name\": \"Ann\"}");
    assert_status(got, "201");
    assert_has(got, "Location: http://testserver/api/v2/linked/1/\r\n");
    assert_ends(got, "{\"url\":\"http://testserver/api/v2/linked/1/\",\"name\":\"Ann\"}");
    assert_ends(go(&s, "GET /api/v1/linked.json", "", ""),
                "[{\"url\":\"http://testserver/api/v1/linked/1.json\",\"name\":\"Ann\"}]");
    site_close(&s);
}

FR_TESTS(renderers, FR_TEST(links_of_rows_carry_the_version),
         FR_TEST(the_client_chooses_the_renderer), FR_TEST(a_text_has_the_charset_of_its_renderer),
         FR_TEST(a_format_is_a_parameter_or_a_suffix), FR_TEST(errors_are_rendered_too),
         FR_TEST(a_renderer_that_fails_is_answered_in_json), FR_TEST(options_name_the_renderers),
         FR_TEST(a_handler_of_the_api_has_renderers),
         FR_TEST(a_renderer_with_parameters_wants_them_named),
         FR_TEST(a_wrong_renderer_is_told_at_the_start),
         FR_TEST(a_viewset_says_which_version_its_objects_are_of),
         FR_TEST(a_version_stands_in_the_path), FR_TEST(a_version_is_a_parameter_of_the_query),
         FR_TEST(a_version_is_a_parameter_of_accept),
         FR_TEST(a_version_is_the_first_label_of_the_host),
         FR_TEST(a_version_is_a_namespace_of_routes),
         FR_TEST(viewsets_have_versions_as_handlers_do))
