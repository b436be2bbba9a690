/* Answers: their heads, what handlers may put into them, large ones, and clients that do not read. */
#include "talk.h"

#include "logged.h"

#include <ctype.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"

static int set_up(void **state)
{
    static talk t;
    talk_open(&t, NULL);
    *state = &t;
    return 0;
}

static int tear_down(void **state)
{
    talk_close(*state);
    return 0;
}

/* ---- headers ---- */

static void headers_of_a_handler_are_sent_in_order(void **state)
{
    assert_string_equal(talk_ask(*state, "GET /headers/ HTTP/1.1\r\nHost: a\r\nX-Asked: b\r\n\r\n"),
                        "HTTP/1.1 200 OK\r\nX-Seen: b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
                        "Content-Length: 0\r\n\r\n");
}

static const char *const ONCE[] = {"Content-Type",  "Date",    "ETag",   "Location",
                                   "Last-Modified", "Expires", "Server", "Retry-After"};

static fr_err set_twice(fr_req *req, void *arg)
{
    (void)arg;
    bool is_answered;
    FR_TRY(fr_reply_version(req, &(fr_version){.tag = FR_STR("first")}, &is_answered));
    for (size_t i = 0; i < sizeof ONCE / sizeof *ONCE; i++) {
        FR_TRY(fr_reply_header(req, fr_str_c(ONCE[i]), FR_STR("first")));
        FR_TRY(fr_reply_header(req, FR_STR("Vary"), fr_str_c(ONCE[i])));
        char upper[32] = {0};
        for (size_t c = 0; ONCE[i][c]; c++)
            upper[c] = (char)toupper(ONCE[i][c]);
        FR_TRY(fr_reply_header(req, i % 2 ? fr_str_c(upper) : fr_str_c(ONCE[i]), FR_STR("last")));
    }
    return fr_str_ends(req->path, FR_STR("started")) ? fr_reply_start(req, 200, FR_STR("text/x"))
                                                     : fr_reply_text(req, 200, FR_STR("body"));
}

static size_t count_nocase(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = text; (at = strcasestr(at, what)) != NULL; at++)
        count++;
    return count;
}

/* RFC 9110 5.3: the last one that is given stands, also in the place of ours; lists grow. */
static void a_header_that_stands_once_is_replaced(void **state)
{
    talk *t = *state;
    fr_http_target target = {.handle = set_twice};
    talk_route(t, "twice", false, &target);
    talk_route(t, "started", false, &target);
    for (int round = 0; round < 3; round++) {
        fr_buf_clear(&t->heard);
        talk_say(t, round ? GET("/started") : GET("/twice"));
        fr_buf_put_char(&t->heard, '\0');
        assert_null(strstr(t->heard.p, "first"));
        for (size_t i = 0; i < sizeof ONCE / sizeof *ONCE; i++) {
            const char *line = fr_arena_printf(t->arena, "\r\n%s: ", ONCE[i]).p;
            assert_int_equal(count_nocase(t->heard.p, line), 1);
            assert_int_equal(
                count_nocase(t->heard.p, fr_arena_printf(t->arena, "%slast\r\n", line).p), 1);
        }
        assert_int_equal(count_nocase(t->heard.p, "\r\nVary: "), sizeof ONCE / sizeof *ONCE);
    }
    fr_buf_clear(&t->heard);
    assert_string_equal(talk_ask(t, GET("/json")), TALK_HELLO); /* nothing of it stays */
}

static fr_err begin_a_page_and_fail(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_header(req, FR_STR("Content-Type"), FR_STR("text/html")));
    FR_TRY(fr_reply_header(req, FR_STR("Content-Disposition"), FR_STR("attachment")));
    FR_TRY(fr_reply_header(req, FR_STR("Cache-Control"), FR_STR("public")));
    FR_TRY(fr_reply_header(req, FR_STR("Cache-Control"), FR_STR("max-age=60")));
    FR_TRY(fr_reply_header(req, FR_STR("ETag"), FR_STR("\"a\"")));
    FR_TRY(fr_reply_header(req, FR_STR("Allow"), FR_STR("GET")));
    return fr_fail(req, FR_EINVAL, "<script>");
}

/* An error is not the page that it stands for: as HTML its text could be a script, and it is not to be kept. */
static void an_error_has_no_header_of_the_content_it_stands_for(void **state)
{
    talk *t = *state;
    fr_http_target target = {.handle = begin_a_page_and_fail};
    talk_route(t, "fail", false, &target);
    assert_string_equal(talk_ask(t, GET("/fail")),
                        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
                        "Allow: GET\r\nContent-Length: 21\r\n\r\n{\"detail\":\"<script>\"}");
}

static fr_err keep_alive(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_header(req, FR_STR("Connection"), FR_STR("Keep-Alive")));
    return fr_reply_bytes(req, 200, FR_STR(""), FR_STR(""));
}

static void whether_the_connection_stays_is_said_once(void **state)
{
    talk *t = *state;
    fr_http_target target = {.handle = keep_alive};
    talk_route(t, "keep", false, &target);
    assert_string_equal(talk_ask(t, GET("/keep")), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_string_equal(talk_ask(t, "GET /keep HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static fr_err join(fr_req *req, void *arg)
{
    (void)arg;
    fr_str lists[] = {fr_req_header(req, FR_STR("accept")), fr_req_header(req, FR_STR("cookie")),
                      fr_req_header(req, FR_STR("x-empty"))};
    return fr_reply_bytes(req, 200, FR_STR(""),
                          fr_arena_printf(req->ctx->arena, "%.*s|%.*s|%.*s", FR_FMT(lists[0]),
                                          FR_FMT(lists[1]), FR_FMT(lists[2])));
}

static void lines_of_one_name_are_one_list(void **state)
{
    talk *t = *state;
    fr_http_target target = {.handle = join};
    talk_route(t, "join", false, &target);
    const char *answer = talk_ask(t, "GET /join HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n"
                                     "Cookie: a=1\r\naccept: application/json\r\nX-Empty:\r\n"
                                     "Cookie: b=2\r\nACCEPT: */*\r\nX-Empty:\r\n\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n") + 4,
                        "text/html, application/json, */*|a=1; b=2|, ");
}

static struct {
    const char *name;
    fr_str value;
    fr_err expected;
} tried[] = {
    {"X", {"a\r\nSet-Cookie: b", 16}, FR_EINVAL},
    {"X", {"a\nb", 3}, FR_EINVAL},
    {"X", {"a\0b", 3}, FR_EINVAL},
    {"X\r\nY", {"a", 1}, FR_EINVAL},
    {"X ", {"a", 1}, FR_EINVAL},
    {"", {"a", 1}, FR_EINVAL},
    {"X:", {"a", 1}, FR_EINVAL},
    {"Content-Length", {"5", 1}, FR_EINVAL},
    {"transfer-encoding", {"chunked", 7}, FR_EINVAL},
    {"X", {"fine\t\xc3\xa4", 7}, FR_OK},
};

static fr_err try_headers(fr_req *req, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++)
        assert_int_equal(fr_reply_header(req, fr_str_c(tried[i].name), tried[i].value),
                         tried[i].expected);
    char large[20000];
    memset(large, 'x', sizeof large);
    assert_int_equal(fr_reply_header(req, FR_STR("Y"), (fr_str){large, sizeof large}), FR_OK);
    assert_int_equal(fr_reply_header(req, FR_STR("Z"), (fr_str){large, sizeof large}), FR_ETOOBIG);
    assert_int_equal(fr_reply_bytes(req, 200, FR_STR("text/plain\r\nX: y"), FR_STR("")),
                     FR_EINTERNAL);
    return fr_reply_bytes(req, 200, FR_STR(""), FR_STR(""));
}

/* CWE-113: what a handler reflects cannot begin a header, or an answer, of its own. */
static void headers_that_would_split_the_answer_are_refused(void **state)
{
    talk *t = *state;
    fr_http_target target = {.handle = try_headers};
    talk_route(t, "try", false, &target);
    const char *answer = talk_ask(t, GET("/try"));
    assert_starts(answer, "HTTP/1.1 200 OK\r\nX: fine\t\xc3\xa4\r\nY: xxxx");
    assert_null(strstr(answer, "Z: "));
    assert_null(strstr(answer, "Set-Cookie"));
}

static fr_err answer_twice(fr_req *req, void *arg)
{
    (void)arg;
    assert_int_equal(fr_reply_text(req, 200, FR_STR("one")), FR_OK);
    assert_true(fr_req_is_answered(req));
    assert_int_equal(fr_reply_text(req, 200, FR_STR("two")), FR_EINTERNAL);
    assert_int_equal(fr_reply_header(req, FR_STR("X"), FR_STR("y")), FR_EINTERNAL);
    return FR_EDENIED; /* too late: it is answered */
}

static void one_answer_a_request(void **state)
{
    talk *t = *state;
    fr_http_target target = {.handle = answer_twice};
    talk_route(t, "twice", false, &target);
    assert_string_equal(talk_ask(t, GET("/twice") GET("/json")),
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "Content-Length: 3\r\n\r\none" TALK_HELLO);
}

static fr_err fail_late(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_text(req, 201, FR_STR("made")));
    return fr_fail(req, FR_EBACKEND, "it was not");
}

static void what_comes_behind_an_answer_is_logged(void **state)
{
    talk *t = *state;
    fr_http_target twice = {.handle = answer_twice}, late = {.handle = fail_late};
    talk_route(t, "twice/<int:n>", false, &twice);
    talk_route(t, "late", false, &late);
    log_begin();
    talk_ask(t, GET("/twice/1") GET("/twice/2"));
    assert_int_equal(
        log_count("ERROR http.late route=twice/<int:n> answered=200 what=\"a second answer\""), 1);
    assert_starts(talk_ask(t, GET("/late")), "HTTP/1.1 201 Created\r\n");
    assert_int_equal(log_count("ERROR http.late route=late answered=201 what=\"an error\" "
                               "error=FR_EBACKEND detail=\"it was not\""),
                     1);
    log_end();
}

static fr_err odd_status(fr_req *req, void *arg)
{
    (void)arg;
    assert_int_equal(fr_reply_text(req, 99, FR_STR("")), FR_EINTERNAL);
    assert_int_equal(fr_reply_text(req, 101, FR_STR("")), FR_EINTERNAL);
    assert_int_equal(fr_reply_text(req, 600, FR_STR("")), FR_EINTERNAL);
    return fr_reply_text(req, 299, FR_STR("x"));
}

static void a_status_is_between_200_and_599(void **state)
{
    talk *t = *state;
    fr_http_target target = {.handle = odd_status};
    talk_route(t, "odd", false, &target);
    assert_starts(talk_ask(t, GET("/odd")), "HTTP/1.1 299 OK\r\n");
}

static fr_err empty(fr_req *req, void *arg)
{
    return fr_reply_text(req, (int)(intptr_t)arg, FR_STR("not to be seen"));
}

static void a_status_without_body_has_none(void **state)
{
    talk *t = *state;
    fr_http_target no_content = {.handle = empty, .arg = (void *)(intptr_t)204},
                   reset = {.handle = empty, .arg = (void *)(intptr_t)205},
                   not_modified = {.handle = empty, .arg = (void *)(intptr_t)304};
    talk_route(t, "204", false, &no_content);
    talk_route(t, "205", false, &reset);
    talk_route(t, "304", false, &not_modified);
    assert_string_equal(talk_ask(t, GET("/205")),
                        "HTTP/1.1 205 Reset Content\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "Content-Length: 0\r\n\r\n"); /* RFC 9110 15.3.6 */
    const char *answer = talk_ask(t, GET("/204") GET("/304") GET("/json"));
    assert_null(strstr(answer, "not to be seen"));
    assert_string_equal(
        strstr(answer, "HTTP/1.1 304"),
        "HTTP/1.1 304 Not Modified\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" TALK_HELLO);
}

/* ---- HEAD ---- */

static void head_has_the_length_and_no_body(void **state)
{
    static const char *const PATHS[] = {"/json", "/big/100000", "/taken/100000", "/nowhere",
                                        "/wait/1"};
    talk *t = *state;
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        fr_str text =
            fr_arena_printf(t->arena, "HEAD %s HTTP/1.1\r\nHost: a\r\n\r\n" GET("/json"), PATHS[i]);
        talk_say(t, text.p);
        talk_later(t, 100);
        const char *answer = talk_hear(t), *end = strstr(answer, "\r\n\r\n");
        assert_non_null(end);
        assert_non_null(strstr(answer, "Content-Length: "));
        assert_null(strstr(answer, "Content-Length: 0\r\n"));
        assert_string_equal(end + 4, TALK_HELLO);
    }
}

/* ---- large answers ---- */

static void an_answer_past_the_output_bound_comes_whole(void **state)
{
    static const char *const PATHS[] = {"/big/5000000", "/taken/5000000"};
    talk *t = *state;
    for (size_t i = 0; i < 2; i++) {
        talk_say(t, fr_arena_printf(t->arena, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n" GET("/json"),
                                    PATHS[i])
                        .p);
        const char *answer = talk_hear(t), *body = strstr(answer, "\r\n\r\n") + 4;
        assert_non_null(strstr(answer, "Content-Length: 5000000\r\n"));
        assert_int_equal(strspn(body, "x"), 5000000);
        assert_string_equal(body + 5000000, TALK_HELLO);
    }
}

/* Closing does not cut it: a slow reader has the time that it needs. */
static void an_answer_before_close_comes_whole_to_a_slow_reader(void **state)
{
    talk *t = *state;
    static const char ASK[] = "GET /big/3000000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_int_equal(send(t->fd, ASK, sizeof ASK - 1, 0), sizeof ASK - 1);
    size_t got = 0;
    char bytes[100000];
    for (ssize_t n = 1; n != 0;) {
        for (int i = 0; i < 3; i++)
            talk_pass(t);
        n = recv(t->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
        fr_test_advance_clock(1500); /* 30 reads: far past the time in which a connection lingers */
        assert_true(got < 4000000);
    }
    assert_true(got > 3000000);
}

static void a_client_that_does_not_read_costs_one_answer(void **state)
{
    talk *t = *state;
    for (int i = 0; i < 20; i++) {
        static const char ASK[] = GET("/big/1000000");
        assert_int_equal(send(t->fd, ASK, sizeof ASK - 1, MSG_DONTWAIT), sizeof ASK - 1);
        talk_pass(t);
    }
    for (int i = 0; i < 10; i++)
        talk_pass(t);
    assert_int_equal(talk_begun, 1);
    assert_true(fr_conn_pending(t->conn) < 1100000);
    talk_settle(t); /* it reads again: all are answered */
    assert_int_equal(talk_begun, 20);
    assert_true(t->heard.n > 20000000);
}

static void a_client_that_never_reads_is_cut_off(void **state)
{
    talk *t = *state;
    static const char ASK[] = GET("/big/1000000");
    assert_int_equal(send(t->fd, ASK, sizeof ASK - 1, 0), sizeof ASK - 1);
    for (int i = 0; i < 40; i++) {
        fr_test_advance_clock(10000);
        talk_pass(t);
    }
    char bytes[1000];
    size_t got = 0;
    for (ssize_t n; (n = recv(t->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        got += (size_t)n;
    assert_true(got < 1000000);
    assert_int_equal(recv(t->fd, bytes, sizeof bytes, MSG_DONTWAIT), 0);
}

/* ---- redirects ---- */

static const char *location(talk *t, const char *target)
{
    const char *answer =
        talk_ask(t, fr_arena_printf(t->arena, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target).p);
    assert_starts(answer, "HTTP/1.1 301 Moved Permanently\r\n");
    const char *start = strstr(answer, "Location: ") + 10;
    return fr_str_dup(t->arena, (fr_str){start, (size_t)(strchr(start, '\r') - start)}).p;
}

/* CWE-601: the redirect to the path with a slash leads to this server. */
static void a_redirect_never_leads_to_another_host(void **state)
{
    talk *t = *state;
    assert_string_equal(location(t, "/slash?a=b&c"), "/slash/?a=b&c");
    assert_string_equal(location(t, "//evil.example/end"), "/%2Fevil.example/end/");
    assert_string_equal(location(t, "/\\evil.example/end"), "/%5Cevil.example/end/");
    assert_string_equal(location(t, "/%2Fevil.example/end"), "/%2Fevil.example/end/");
    assert_string_equal(location(t, "/a%0d%0aX:%20y/end"), "/a%0d%0aX:%20y/end/");
    assert_string_equal(location(t, "http://evil.example/slash"), "/slash/");
}

/* ---- errors ---- */

static fr_err secret(fr_req *req, void *arg)
{
    (void)arg;
    return fr_fail(req, FR_EINTERNAL, "no such column: password in /srv/app/notes.db");
}

/* CWE-209 */
static void of_our_own_faults_nothing_is_told(void **state)
{
    talk *t = *state;
    fr_http_target target = {.handle = secret};
    talk_route(t, "secret", false, &target);
    const char *answer = talk_ask(t, GET("/secret"));
    assert_starts(answer, "HTTP/1.1 500 Internal Server Error\r\n");
    assert_null(strstr(answer, "password"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(response, TEST(headers_of_a_handler_are_sent_in_order),
         TEST(a_header_that_stands_once_is_replaced),
         TEST(an_error_has_no_header_of_the_content_it_stands_for),
         TEST(whether_the_connection_stays_is_said_once), TEST(lines_of_one_name_are_one_list),
         TEST(headers_that_would_split_the_answer_are_refused), TEST(one_answer_a_request),
         TEST(what_comes_behind_an_answer_is_logged), TEST(a_status_is_between_200_and_599),
         TEST(a_status_without_body_has_none), TEST(head_has_the_length_and_no_body),
         TEST(an_answer_past_the_output_bound_comes_whole),
         TEST(an_answer_before_close_comes_whole_to_a_slow_reader),
         TEST(a_client_that_does_not_read_costs_one_answer),
         TEST(a_client_that_never_reads_is_cut_off), TEST(a_redirect_never_leads_to_another_host),
         TEST(of_our_own_faults_nothing_is_told))
