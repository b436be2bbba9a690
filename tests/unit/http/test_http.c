/* The connection: what goes in and what comes out, through the in-memory transport. */
#include "unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "http/http.h"

static fr_err hello(fr_req *req, void *arg)
{
    (void)arg;
    return fr_reply_json(req, 200, FR_STR("{\"message\":\"Hello, World!\"}"));
}

static fr_err echo(fr_req *req, void *arg)
{
    (void)arg;
    return fr_reply_bytes(req, 200, FR_STR("application/octet-stream"), req->body);
}

static fr_err slow(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_sleep(req, 20));
    return fr_reply_text(req, 200, req->path);
}

static fr_err denied(fr_req *req, void *arg)
{
    (void)arg;
    return fr_fail(req, FR_EDENIED, "Not \"you\".");
}

static fr_err silent(fr_req *req, void *arg)
{
    (void)req, (void)arg;
    return FR_OK;
}

/* What a handler is told of the request line. */
static fr_err told(fr_req *req, void *arg)
{
    (void)arg;
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_put(&text, req->method);
    fr_buf_put_char(&text, ' ');
    fr_json_put_str(&text, req->path);
    fr_err err = fr_reply_bytes(req, 200, FR_STR("text/plain"), fr_buf_str(&text));
    fr_buf_deinit(&text);
    return err;
}

static fr_http_target TOLD = {.handle = told};
static fr_http_target HELLO = {.handle = hello, .is_quick = true}, ECHO = {.handle = echo},
                      SLOW = {.handle = slow}, DENIED = {.handle = denied},
                      SILENT = {.handle = silent};

typedef struct fixture {
    fr_arena *arena;
    fr_http http;
    fr_buf answer;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    char error[256];
    f = (fixture){.arena = fr_arena_new(0)};
    fr_router *router = fr_router_new(f.arena);
    struct {
        const char *pattern;
        fr_http_target *target;
    } routes[] = {
        {"json", &HELLO},     {"body", &ECHO},     {"slow/<str:name>", &SLOW},
        {"denied/", &DENIED}, {"silent", &SILENT}, {"told/<path:rest>", &TOLD},
    };
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        assert_int_equal(
            fr_router_add(router, fr_str_c(routes[i].pattern), false, routes[i].target, error),
            FR_OK);
    f.http = (fr_http){.router = router, .append_slash = true};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    fr_buf_deinit(&f->answer);
    fr_arena_free(f->arena);
    return 0;
}

/* The answers to these bytes, without their Date lines. */
static const char *ask_bytes(fixture *f, fr_str request)
{
    fr_buf_clear(&f->answer);
    assert_int_equal(fr_test_http(&f->http, request, &f->answer), FR_OK);
    fr_buf_put_char(&f->answer, '\0');
    for (char *date; (date = strstr(f->answer.p, "\r\nDate: ")) != NULL;)
        memmove(date + 2, strstr(date + 2, "\r\n") + 2, strlen(strstr(date + 2, "\r\n") + 2) + 1);
    return f->answer.p;
}

static const char *ask(fixture *f, const char *request)
{
    return ask_bytes(f, fr_str_c(request));
}

#define HELLO_ANSWER                                                                               \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "                        \
    "27\r\n\r\n{\"message\":\"Hello, World!\"}"

static void a_request_is_answered(void **state)
{
    assert_string_equal(ask(*state, "GET /json HTTP/1.1\r\nHost: a\r\n\r\n"), HELLO_ANSWER);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    assert_string_equal(
        ask(*state, "GET /json HTTP/1.1\r\nHost: a\r\n\r\n"
                    "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                    "GET /slow/1 HTTP/1.1\r\nHost: a\r\n\r\n"
                    "GET /json HTTP/1.1\r\nHost: a\r\n\r\n"),
        HELLO_ANSWER
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 3\r\n\r\nabc"
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
        "7\r\n\r\n/slow/1" HELLO_ANSWER);
}

static void an_error_of_a_handler_is_answered_by_the_error_map(void **state)
{
    assert_string_equal(
        ask(*state, "GET /denied/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n"
        "{\"detail\":\"Not \\\"you\\\".\"}");
    assert_string_equal(ask(*state, "GET /silent HTTP/1.1\r\nHost: a\r\n\r\n"),
                        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: "
                        "application/json\r\nContent-Length: 37\r\n\r\n"
                        "{\"detail\":\"A server error occurred.\"}");
}

static void a_path_without_slash_is_sent_to_the_one_with(void **state)
{
    assert_string_equal(
        ask(*state, "GET /denied?a=b HTTP/1.1\r\nHost: a\r\n\r\n"),
        "HTTP/1.1 301 Moved Permanently\r\nContent-Type: text/html; charset=utf-8\r\nLocation: "
        "/denied/?a=b\r\nContent-Length: 0\r\n\r\n");
}

static void a_write_to_a_path_without_slash_is_sent_there_too(void **state)
{
    static const char *const METHODS[] = {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
        assert_string_equal(
            ask(f, fr_arena_printf(f->arena,
                                   "%s /denied?a=b HTTP/1.1\r\nHost: a\r\n"
                                   "Content-Length: 2\r\n\r\n{}",
                                   METHODS[i])
                       .p),
            "HTTP/1.1 301 Moved Permanently\r\nContent-Type: text/html; charset=utf-8\r\n"
            "Location: /denied/?a=b\r\nContent-Length: 0\r\n\r\n");
    assert_string_equal(ask(f, "HEAD /denied HTTP/1.1\r\nHost: a\r\n\r\n"),
                        "HTTP/1.1 301 Moved Permanently\r\n"
                        "Content-Type: text/html; charset=utf-8\r\nLocation: /denied/\r\n"
                        "Content-Length: 0\r\n\r\n");
}

/* As Django has it: an escape that is none is text, and so are bytes that are no UTF-8; a method is in capitals. */
static void any_path_is_decoded(void **state)
{
    static const char *const ROWS[][2] = {
        {"GET /told/%C3%A9%2F%41", "GET \"/told/\xc3\xa9/A\""},
        {"GET /told/%zz%4", "GET \"/told/%zz%4\""},
        {"GET /told/%", "GET \"/told/%\""},
        {"GET /told/%ff%C3", "GET \"/told/%FF%C3\""},
        {"GET /told/\xff%e2%82x", "GET \"/told/%FF%E2%82x\""},
        {"GET /told/%ed%a0%80", "GET \"/told/%ED%A0%80\""},
        {"GET /told/a%00b", "GET \"/told/a\\u0000b\""},
        {"post /told/a", "POST \"/told/a\""},
        {"Get /told/a", "GET \"/told/a\""},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        fr_str request = fr_arena_printf(
            f->arena, "%s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", ROWS[i][0]);
        assert_string_equal(strstr(ask(f, request.p), "\r\n\r\n") + 4, ROWS[i][1]);
    }
    assert_non_null(strstr(ask(f, "connect /told/a HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 501 "));
}

/* "/denied%00/…" is another path than "/denied". */
static void a_nul_ends_no_path(void **state)
{
    assert_non_null(
        strstr(ask(*state, "GET /denied%00x HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 404 "));
}

static void nothing_is_answered_after_a_bad_request(void **state)
{
    const char *answer = ask(
        *state,
        "GET /json HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /json HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(
        answer,
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 32\r\n"
        "Connection: close\r\n\r\n{\"detail\":\"More than one Host.\"}");
}

static void a_large_body_goes_both_ways(void **state)
{
    fr_buf request;
    fr_buf_init(&request);
    fr_buf_lit(&request, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
    for (int i = 0; i < 250000; i++)
        fr_buf_lit(&request, "12345678");
    fr_buf_lit(&request, "GET /json HTTP/1.1\r\nHost: a\r\n\r\n");
    fixture *f = *state;
    const char *answer = ask_bytes(f, fr_buf_str(&request));
    assert_true(strlen(answer) > 2000000);
    assert_string_equal(answer + strlen(answer) - strlen(HELLO_ANSWER), HELLO_ANSWER);
    fr_buf_deinit(&request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(http, TEST(a_request_is_answered), TEST(pipelined_requests_are_answered_in_order),
         TEST(an_error_of_a_handler_is_answered_by_the_error_map),
         TEST(a_path_without_slash_is_sent_to_the_one_with),
         TEST(a_write_to_a_path_without_slash_is_sent_there_too), TEST(any_path_is_decoded),
         TEST(a_nul_ends_no_path), TEST(nothing_is_answered_after_a_bad_request),
         TEST(a_large_body_goes_both_ways))
