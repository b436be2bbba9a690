/* Conditional requests to handlers: fr_reply_version. Those to files are in test_static.c. */
#include "talk.h"

#include <stdlib.h>

static fr_version version;
static int worked;

static fr_err work(fr_req *req, void *arg)
{
    (void)arg;
    bool is_answered;
    FR_TRY(fr_reply_header(req, FR_STR("Cache-Control"), FR_STR("private")));
    FR_TRY(fr_reply_version(req, &version, &is_answered));
    if (is_answered)
        return FR_OK;
    worked++;
    return fr_reply_text(req, 200, FR_STR("work"));
}

static fr_err twice(fr_req *req, void *arg)
{
    (void)arg;
    bool is_answered;
    FR_TRY(fr_reply_text(req, 200, FR_STR("first")));
    assert_int_equal(fr_reply_version(req, &version, &is_answered), FR_EINTERNAL);
    return FR_OK;
}

static fr_http_target WORK = {.handle = work}, TWICE = {.handle = twice};

static int set_up(void **state)
{
    static talk t;
    talk_open(&t, NULL);
    talk_route(&t, "work", false, &WORK);
    talk_route(&t, "twice", false, &TWICE);
    version = (fr_version){.tag = FR_STR("v7"), .modified = (fr_time)784111777 * 1000000 + 999999};
    worked = 0;
    *state = &t;
    return 0;
}

static int tear_down(void **state)
{
    talk_close(*state);
    return 0;
}

static const char *ask(talk *t, const char *method, const char *headers)
{
    return talk_ask(
        t, fr_arena_printf(t->arena, "%s /work HTTP/1.1\r\nHost: a\r\n%s\r\n", method, headers).p);
}

static void the_version_is_said(void **state)
{
    assert_string_equal(
        ask(*state, "GET", ""),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Cache-Control: private\r\nETag: \"v7\"\r\n"
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 4\r\n\r\nwork");
    version = (fr_version){.tag = FR_STR("a!#~\xff"), .is_weak = true};
    assert_non_null(strstr(ask(*state, "GET", ""), "\r\nETag: W/\"a!#~\xff\"\r\nContent-Length"));
    version = (fr_version){0};
    assert_null(strstr(ask(*state, "GET", ""), "ETag"));
}

static void what_the_client_has_costs_no_work(void **state)
{
    const char *answer = ask(*state, "GET", "If-None-Match: W/\"v7\"\r\n");
    assert_string_equal(answer,
                        "HTTP/1.1 304 Not Modified\r\nCache-Control: private\r\nETag: \"v7\"\r\n"
                        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
    assert_starts(ask(*state, "GET", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
                  "HTTP/1.1 304 ");
    assert_int_equal(worked, 0);
    assert_starts(ask(*state, "GET", "If-None-Match: \"v6\"\r\n"), "HTTP/1.1 200 ");
    assert_starts(ask(*state, "GET", "If-None-Match: \"v7\"x\r\n"), "HTTP/1.1 200 "); /* no tag */
    worked = 1;
    assert_int_equal(worked, 1);
}

/* The lost update: section 13.1.1. */
static void a_write_over_another_version_is_412(void **state)
{
    const char *answer = ask(*state, "PUT", "If-Match: \"v6\"\r\nContent-Length: 0\r\n");
    assert_string_equal(answer, "HTTP/1.1 412 Precondition Failed\r\nContent-Type: text/html; "
                                "charset=utf-8\r\nCache-Control: private\r\n"
                                "Content-Length: 0\r\n\r\n");
    assert_starts(ask(*state, "PUT", "If-None-Match: *\r\nContent-Length: 0\r\n"), "HTTP/1.1 412 ");
    assert_starts(ask(*state, "PUT", "If-None-Match: \"v7\"\r\nContent-Length: 0\r\n"),
                  "HTTP/1.1 412 ");
    assert_starts(
        ask(*state, "DELETE",
            "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\nContent-Length: 0\r\n"),
        "HTTP/1.1 412 ");
    assert_int_equal(worked, 0);
    answer = ask(*state, "PUT", "If-Match: \"v6\", \"v7\"\r\nContent-Length: 0\r\n");
    assert_starts(answer, "HTTP/1.1 200 ");
    assert_null(strstr(answer, "ETag")); /* of the version that it replaces */
    assert_starts(ask(*state, "PUT",
                      "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n"),
                  "HTTP/1.1 200 ");
}

static void what_is_not_there_yet_matches_nothing(void **state)
{
    version = (fr_version){.is_missing = true};
    assert_starts(ask(*state, "PUT", "If-Match: *\r\nContent-Length: 0\r\n"), "HTTP/1.1 412 ");
    assert_starts(ask(*state, "PUT", "If-None-Match: *\r\nContent-Length: 0\r\n"), "HTTP/1.1 200 ");
    assert_int_equal(worked, 1);
}

static void a_tag_that_is_none_is_refused(void **state)
{
    version = (fr_version){.tag = FR_STR("a\"b")};
    assert_starts(ask(*state, "GET", ""), "HTTP/1.1 400 ");
    version = (fr_version){.tag = FR_STR("a\r\nX: y")};
    assert_starts(ask(*state, "GET", ""), "HTTP/1.1 400 ");
    assert_int_equal(worked, 0);
}

static void it_comes_before_the_answer(void **state)
{
    assert_non_null(strstr(talk_ask(*state, GET("/twice")), "first"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(conditions, TEST(the_version_is_said), TEST(what_the_client_has_costs_no_work),
         TEST(a_write_over_another_version_is_412), TEST(what_is_not_there_yet_matches_nothing),
         TEST(a_tag_that_is_none_is_refused), TEST(it_comes_before_the_answer))
