#include "talk.h"

#include "http/cookies.h"

static void a_cookie_is_found_by_its_name(void **state)
{
    (void)state;
    fr_str header = FR_STR("a=1; session=x=y ;b = 2;ab=3");
    assert_str(fr_cookie_find(header, FR_STR("a")), "1");
    assert_str(fr_cookie_find(header, FR_STR("session")), "x=y");
    assert_str(fr_cookie_find(header, FR_STR("b")), "2");
    assert_null(fr_cookie_find(header, FR_STR("c")).p);
    assert_null(fr_cookie_find(header, FR_STR("A")).p);
    assert_null(fr_cookie_find(FR_STR(""), FR_STR("a")).p);
}

static void of_several_the_last_counts(void **state)
{
    (void)state;
    assert_str(fr_cookie_find(FR_STR("a=1; a=2"), FR_STR("a")), "2");
}

static const char *unquoted(fr_arena *arena, const char *text)
{
    fr_str s = fr_cookie_unquote(arena, fr_str_c(text));
    return fr_arena_printf(arena, "%.*s", FR_FMT(s)).p;
}

/* As Python's http.cookies._unquote. */
static void quotes_and_escapes_are_taken_off(void **state)
{
    (void)state;
    static const char *const ROWS[][2] = {
        {"\"1 2\"", "1 2"},
        {"\"", "\""},
        {"\"\"", ""},
        {"x\"y", "x\"y"},
        {"a\\054b", "a\\054b"},
        {"\"a\\054b\"", "a,b"},
        {"\"\\\"q\\\"\"", "\"q\""},
        {"\"a\\\\b\"", "a\\b"},
        {"\"\\303\"", "\xc3\x83"},
        {"\"\\400\"", "400"},
        {"\"\\07\"", "07"},
        {"\"a\\\"", "a\\"},
        {"\"\\101\\x\\102\"", "AxB"},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_string_equal(unquoted(arena, ROWS[i][0]), ROWS[i][1]);
    fr_str zero = fr_cookie_unquote(arena, FR_STR("\"a\\000b\""));
    assert_int_equal(zero.n, 3);
    assert_null(fr_cookie_unquote(arena, (fr_str){0}).p);
    fr_arena_free(arena);
}

static void parts_without_a_name_are_nobodys(void **state)
{
    (void)state;
    assert_null(fr_cookie_find(FR_STR("a; b"), FR_STR("a")).p);
    assert_null(fr_cookie_find(FR_STR(";;;="), FR_STR("a")).p);
    assert_str(fr_cookie_find(FR_STR("a;a=;"), FR_STR("a")), "");
}

/* ---- setting ---- */

static fr_cookie asked;
static fr_err result;

static fr_err set(fr_req *req, void *arg)
{
    (void)arg;
    result = fr_reply_cookie(req, &asked);
    if (result == FR_OK)
        result = fr_reply_cookie(req, &(fr_cookie){.name = FR_STR("second"), .value = FR_STR("2")});
    return fr_reply_text(req, 200, fr_req_cookie(req, FR_STR("back")));
}

static fr_http_target SET = {.handle = set};

static int set_up(void **state)
{
    static talk t;
    talk_open(&t, NULL);
    talk_route(&t, "set", false, &SET);
    *state = &t;
    return 0;
}

static int tear_down(void **state)
{
    talk_close(*state);
    return 0;
}

/* The Set-Cookie lines of the answer. */
static const char *lines_of(talk *t, fr_cookie cookie)
{
    asked = cookie;
    const char *answer = talk_ask(t, GET("/set")), *line = strstr(answer, "Set-Cookie: ");
    if (!line)
        return "";
    const char *end = strstr(line, "Content-Length");
    return fr_arena_printf(t->arena, "%.*s", (int)(end - line), line).p;
}

#define SECOND "Set-Cookie: second=2; HttpOnly; Path=/; SameSite=Lax\r\n"
#define ROW(n_, v_, ...)                                                                           \
    {                                                                                              \
        .name = {n_, sizeof n_ - 1}, .value = {v_, sizeof v_ - 1}, __VA_ARGS__                     \
    }
#define NAMED(n_, v_, ...) ((fr_cookie)ROW(n_, v_, __VA_ARGS__))
#define COOKIE(...) NAMED("a", "1", __VA_ARGS__)

static void zero_is_safe(void **state)
{
    assert_string_equal(lines_of(*state, COOKIE()),
                        "Set-Cookie: a=1; HttpOnly; Path=/; SameSite=Lax\r\n" SECOND);
    assert_string_equal(lines_of(*state, NAMED("a", "")),
                        "Set-Cookie: a=; HttpOnly; Path=/; SameSite=Lax\r\n" SECOND);
}

static void each_attribute_is_said(void **state)
{
    const char *lines = lines_of(
        *state, COOKIE(.path = FR_STR("/api"), .domain = FR_STR("a.example"), .max_age_s = 60,
                       .same_site = FR_SAME_SITE_NONE, .is_secure = true, .is_for_scripts = true));
    assert_starts(lines, "Set-Cookie: a=1; Domain=a.example; expires=");
    assert_non_null(strstr(lines, " GMT; Max-Age=60; Path=/api; SameSite=None; Secure\r\n" SECOND));
    assert_string_equal(lines_of(*state, COOKIE(.max_age_s = -1, .same_site = FR_SAME_SITE_STRICT)),
                        "Set-Cookie: a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; "
                        "Max-Age=0; Path=/; SameSite=Strict\r\n" SECOND);
}

/* Of two that a browser takes for one the last counts; of another path or domain it is another. */
static void one_that_is_set_again_takes_the_place_of_the_first(void **state)
{
    assert_string_equal(lines_of(*state, NAMED("second", "1")), SECOND);
    assert_string_equal(lines_of(*state, NAMED("second", "1", .path = FR_STR("/a"))),
                        "Set-Cookie: second=1; HttpOnly; Path=/a; SameSite=Lax\r\n" SECOND);
    assert_string_equal(
        lines_of(*state, NAMED("second", "1", .domain = FR_STR("b.example"))),
        "Set-Cookie: second=1; Domain=b.example; HttpOnly; Path=/; SameSite=Lax\r\n" SECOND);
    assert_string_equal(lines_of(*state, NAMED("secon", "1")),
                        "Set-Cookie: secon=1; HttpOnly; Path=/; SameSite=Lax\r\n" SECOND);
}

/* CWE-113, and what browsers would refuse. */
static void what_would_break_out_is_refused(void **state)
{
    static const fr_cookie BAD[] = {
        ROW("", "x"),
        ROW("a b", "1"),
        ROW("a=b", "1"),
        ROW("a\r\nX: y", "1"),
        ROW("a", "1\r\nX: y"),
        ROW("a", "1; Domain=x"),
        ROW("a", "1,2"),
        ROW("a", "1 2"),
        ROW("a", "\"1\""),
        ROW("a", "1\\"),
        ROW("a", "\0"),
        ROW("a", "\xc3\xa4"),
        ROW("a", "\x7f"),
        ROW("a", "1", .path = {"x", 1}),
        ROW("a", "1", .path = {"/;x", 3}),
        ROW("a", "1", .path = {"/\r\nX: y", 7}),
        ROW("a", "1", .domain = {"a;b", 3}),
        ROW("a", "1", .domain = {"a\n", 2}),
        ROW("a", "1", .max_age_s = INT64_MAX),
        ROW("a", "1", .same_site = FR_SAME_SITE_NONE),
        ROW("a", "1", .same_site = (fr_same_site)7),
        ROW("__Secure-a", "1"),
        ROW("__host-a", "1", .is_secure = true, .domain = {"a", 1}),
        ROW("__Host-a", "1", .is_secure = true, .path = {"/x", 2}),
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        const char *lines = lines_of(*state, BAD[i]);
        if (result != FR_EINVAL || *lines)
            fail_msg("row %zu: %s %s", i, fr_err_name(result), lines);
    }
    char *value = fr_arena_alloc(((talk *)*state)->arena, 4097);
    memset(value, 'x', 4097);
    lines_of(*state, (fr_cookie){.name = FR_STR("a"), .value = {value, 4096}});
    assert_int_equal(result, FR_ETOOBIG);
    lines_of(*state, (fr_cookie){.name = FR_STR("a"), .value = {value, 4095}});
    assert_int_equal(result, FR_OK);
    assert_starts(lines_of(*state, NAMED("__Host-a", "1", .is_secure = true)),
                  "Set-Cookie: __Host-a=1; HttpOnly; Path=/; SameSite=Lax; Secure\r\n");
}

static void a_request_brings_it_back(void **state)
{
    const char *answer =
        talk_ask(*state, "GET /set HTTP/1.1\r\nHost: a\r\nCookie: x=1; back=old\r\n"
                         "Cookie: back=\"a\\073b\"\r\n\r\n");
    assert_non_null(strstr(answer, "\r\n\r\na;b"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(cookies, FR_TEST(a_cookie_is_found_by_its_name), FR_TEST(of_several_the_last_counts),
         FR_TEST(quotes_and_escapes_are_taken_off), FR_TEST(parts_without_a_name_are_nobodys),
         TEST(zero_is_safe), TEST(one_that_is_set_again_takes_the_place_of_the_first),
         TEST(each_attribute_is_said), TEST(what_would_break_out_is_refused),
         TEST(a_request_brings_it_back))
