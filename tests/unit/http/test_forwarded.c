/* What is believed of Forwarded and X-Forwarded-…: as lists alone, and over a connection. */
#include "talk.h"

#include <stdio.h>

#include "http/clients/forwarded.h"

/* ---- who is trusted ---- */

static void a_list_of_proxies_is_read(void **state)
{
    (void)state;
    char error[256];
    fr_arena *arena = fr_arena_new(0);
    const fr_trust *trust;
    assert_int_equal(fr_trust_parse(arena, " 10.0.0.0/8, loopback unix,2001:db8::1", &trust, error),
                     FR_OK);
    assert_int_equal(trust->count, 4);
    assert_true(trust->has_unix);
    fr_address address;
    assert_true(fr_address_parse(FR_STR("127.3.2.1"), &address));
    assert_true(fr_trust_has(trust, &address));
    assert_true(fr_address_parse(FR_STR("2001:db8::2"), &address));
    assert_false(fr_trust_has(trust, &address));
    assert_int_equal(fr_trust_parse(arena, " , ", &trust, error), FR_OK);
    assert_null(trust);
    assert_int_equal(fr_trust_parse(arena, NULL, &trust, error), FR_OK);
    assert_null(trust);
    assert_int_equal(fr_trust_parse(arena, "loopback,proxy.example", &trust, error), FR_EINVAL);
    assert_non_null(strstr(error, "\"proxy.example\""));
    fr_arena_free(arena);
}

/* ---- the headers ---- */

/* "client:port scheme host", "-" for what is not said; "none"; or why it is ignored. lines: "name: value\n"… */
static const char *read_lines(const char *lines)
{
    static char told[512];
    char error[256];
    fr_arena *arena = fr_arena_new(0);
    const fr_trust *trust;
    assert_int_equal(fr_trust_parse(arena, "10.0.0.0/8,2001:db8:ffff::/48", &trust, error), FR_OK);
    fr_pair headers[80];
    size_t count = 0;
    fr_str rest = fr_str_c(lines), line;
    while (rest.n) {
        rest = fr_str_cut(rest, '\n', &line);
        fr_str value = fr_str_cut(line, ':', &headers[count].name);
        headers[count++].value = fr_str_trim(value);
    }
    fr_forwarded said;
    const char *why = NULL;
    fr_forwarded_result result = fr_forwarded_read(trust, headers, count, &said, &why);
    if (result == FR_FORWARDED_GIVEN)
        snprintf(told, sizeof told, "%.*s:%u %s %.*s%s%u", FR_FMT(said.client), said.port,
                 said.scheme == FR_SCHEME_HTTPS  ? "https"
                 : said.scheme == FR_SCHEME_HTTP ? "http"
                                                 : "-",
                 FR_FMT(said.host), said.host_port ? "+" : "", said.host_port);
    else
        snprintf(told, sizeof told, "%s", result == FR_FORWARDED_NONE ? "none" : why);
    fr_arena_free(arena);
    return told;
}

typedef struct row {
    const char *lines, *told;
} row;

static void check_rows(const row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(read_lines(rows[i].lines), rows[i].told))
            fail_msg("%s: \"%s\", expected \"%s\"", rows[i].lines, read_lines(rows[i].lines),
                     rows[i].told);
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

static void the_first_from_the_end_that_is_not_trusted_is_the_client(void **state)
{
    (void)state;
    static const row ROWS[] = {
        {"x-forwarded-for: 203.0.113.1", "203.0.113.1:0 - 0"},
        {"x-forwarded-for: 198.51.100.9, 203.0.113.1", "203.0.113.1:0 - 0"},
        {"x-forwarded-for: 198.51.100.9, 203.0.113.1, 10.1.1.1, 10.2.2.2", "203.0.113.1:0 - 0"},
        {"x-forwarded-for: 198.51.100.9\nx-forwarded-for: 203.0.113.1,,\nx-forwarded-for: 10.1.1.1",
         "203.0.113.1:0 - 0"},
        {"x-forwarded-for: 10.1.1.1, 10.2.2.2", "10.1.1.1:0 - 0"},
        {"x-forwarded-for: 203.0.113.1:4711, 10.2.2.2:1", "203.0.113.1:4711 - 0"},
        {"x-forwarded-for: 2001:DB8::17", "2001:db8::17:0 - 0"},
        {"x-forwarded-for: [2001:db8::17]:80", "2001:db8::17:80 - 0"},
        {"x-forwarded-for: 1.1.1.1, 2001:db8:ffff::2", "1.1.1.1:0 - 0"},
        {"x-forwarded-for: ::ffff:203.0.113.1", "203.0.113.1:0 - 0"},
        {"x-forwarded-for: 1.1.1.1, unknown", "unknown:0 - 0"},
        {"x-forwarded-for: 1.1.1.1, _a.b-c:_d, 10.1.1.1", "_a.b-c:0 - 0"},
        {"x-forwarded-for: <script>, ;;, 203.0.113.1, 10.1.1.1", "203.0.113.1:0 - 0"},
        {"forwarded: for=198.51.100.9, for=203.0.113.1;proto=https;host=a.example:81,For=10.1.1.1",
         "203.0.113.1:0 https a.example:810"},
        {"forwarded: for=\"[2001:db8::17]:4711\"", "2001:db8::17:4711 - 0"},
        {"forwarded: for=1.1.1.1\nforwarded: for=\"_x:_y\" ; proto=http", "_x:0 http 0"},
        {"forwarded: for=[2001:db8::17]:80;host=a:81", "2001:db8::17:80 - a:810"},
        {"forwarded: proto=https", ":0 https 0"},
        {"forwarded: for=1.1.1.1, proto=https, for=10.1.1.1", "10.1.1.1:0 https 0"},
        {"forwarded: for=1.1.1.1;secret=\"a, b; c\";by=_me", "1.1.1.1:0 - 0"},
        {"forwarded: ,; ,", "none"},
        {"x-forwarded-for: ,", "none"},
        {"x-forwarded-server: a", "none"},
    };
    CHECK_ROWS(ROWS);
}

static void the_scheme_and_host_are_those_of_the_clients_entry(void **state)
{
    (void)state;
    static const row ROWS[] = {
        {"x-forwarded-proto: https", ":0 https 0"},
        {"x-forwarded-proto: http, WSS", ":0 https 0"},
        {"x-forwarded-for: 1.1.1.1, 10.1.1.1\nx-forwarded-proto: https, http", "1.1.1.1:0 https 0"},
        {"x-forwarded-for: 9.9.9.9, 1.1.1.1\nx-forwarded-proto: https, http", "1.1.1.1:0 http 0"},
        {"x-forwarded-for: 1.1.1.1, 10.1.1.1\nx-forwarded-proto: http", "1.1.1.1:0 http 0"},
        {"x-forwarded-for: 1.1.1.1\nx-forwarded-proto: https, http", "1.1.1.1:0 http 0"},
        {"x-forwarded-for: 1.1.1.1\nx-forwarded-host: a.example", "1.1.1.1:0 - a.example0"},
        {"x-forwarded-host: a.example\nx-forwarded-port: 8443", ":0 - a.example+8443"},
        {"x-forwarded-port: 443", ":0 - 0"},
        {"x-forwarded-port: 0", "bad port"},
        {"x-forwarded-port: 65536", "bad port"},
    };
    CHECK_ROWS(ROWS);
}

static void what_is_malformed_is_ignored_as_a_whole(void **state)
{
    (void)state;
    static const row ROWS[] = {
        {"x-forwarded-for: 1.1.1.1, x", "bad address"},
        {"x-forwarded-for: 1.1.1.1:", "bad address"},
        {"x-forwarded-for: 1.1.1.1:65536", "bad address"},
        {"x-forwarded-for: [1.1.1.1]", "bad address"},
        {"x-forwarded-for: [::1", "bad address"},
        {"x-forwarded-for: [::1]80", "bad address"},
        {"x-forwarded-for: _", "bad address"},
        {"x-forwarded-for: _<b>", "bad address"},
        {"x-forwarded-for: x, 10.1.1.1", "bad address"},
        {"x-forwarded-for: 1.1.1.1\nx-forwarded-proto: ftp", "bad scheme"},
        {"x-forwarded-for: 1.1.1.1\nx-forwarded-host: a b", "bad host"},
        {"x-forwarded-host: a/b", "bad host"},
        {"forwarded: for=1.1.1.1;host=\"a@b\"", "bad host"},
        {"forwarded: for=\"\"", "bad address"},
        {"forwarded: for=1.1.1.1;proto=ftp", "bad scheme"},
        {"forwarded: for=1.1.1.1;for=2.2.2.2", "bad Forwarded"},
        {"forwarded: for=\"1.1.1.1", "bad Forwarded"},
        {"forwarded: for=\"1.1.1.\\1\"", "bad Forwarded"},
        {"forwarded: for", "bad Forwarded"},
        {"forwarded: for=", "bad Forwarded"},
        {"forwarded: =1.1.1.1", "bad Forwarded"},
        {"forwarded: for=1.1.1.1 x", "bad Forwarded"},
        {"forwarded: for = 1.1.1.1", "bad Forwarded"},
        {"forwarded: for=1.1.1.1/8", "bad Forwarded"},
        /* An open quote of the client must not swallow what the proxy adds. */
        {"forwarded: for=\"9.9.9.9, for=1.1.1.1", "bad Forwarded"},
    };
    CHECK_ROWS(ROWS);
}

static void a_nul_is_no_part_of_a_name(void **state)
{
    (void)state;
    fr_pair header = {FR_STR("x-forwarded-for"), FR_STR("_a\0b")};
    fr_trust nobody = {.count = 0};
    fr_forwarded said;
    const char *why;
    assert_int_equal(fr_forwarded_read(&nobody, &header, 1, &said, &why), FR_FORWARDED_IGNORED);
}

static void both_kinds_must_say_the_same(void **state)
{
    (void)state;
    static const row ROWS[] = {
        {"forwarded: for=1.1.1.1;proto=https\nx-forwarded-for: 1.1.1.1\nx-forwarded-proto: https",
         "1.1.1.1:0 https 0"},
        {"forwarded: for=6.6.6.6\nx-forwarded-for: 1.1.1.1",
         "Forwarded and X-Forwarded-... differ"},
        {"forwarded: for=1.1.1.1;proto=https\nx-forwarded-for: 1.1.1.1",
         "Forwarded and X-Forwarded-... differ"},
        {"forwarded: for=1.1.1.1;host=evil.example\nx-forwarded-for: 1.1.1.1",
         "Forwarded and X-Forwarded-... differ"},
        {"forwarded: proto=https\nx-forwarded-for: 1.1.1.1",
         "Forwarded and X-Forwarded-... differ"},
        {"forwarded: for=1.1.1.1\nx-forwarded-for: x", "bad address"},
        {"forwarded: for\nx-forwarded-for: 1.1.1.1", "bad Forwarded"},
    };
    CHECK_ROWS(ROWS);
}

static void no_more_than_32_hops_are_followed(void **state)
{
    (void)state;
    char lines[2048] = "x-forwarded-for: 6.6.6.6, 1.1.1.1";
    for (int i = 0; i < FR_FORWARDED_HOPS - 1; i++)
        strcat(lines, ", 10.1.1.1");
    assert_string_equal(read_lines(lines), "1.1.1.1:0 - 0");
    strcat(lines, ", 10.1.1.1");
    assert_string_equal(read_lines(lines), "too many hops");
    /* What a client writes before the first proxy costs it nothing. */
    strcat(lines, ", 2.2.2.2, 10.1.1.1");
    assert_string_equal(read_lines(lines), "2.2.2.2:0 - 0");
}

/* ---- over a connection ---- */

static fr_err tell(fr_req *req, void *arg)
{
    (void)arg;
    fr_str client = fr_req_client(req), host = fr_req_host(req), origin = fr_req_origin(req);
    FR_TRY(fr_reply_cookie(req, &(fr_cookie){.name = FR_STR("c"), .value = FR_STR("v")}));
    return fr_reply_text(req, 200,
                         fr_arena_printf(req->ctx->arena, "<%.*s:%u %d %.*s %.*s>", FR_FMT(client),
                                         fr_req_client_port(req), req->is_secure, FR_FMT(host),
                                         FR_FMT(origin)));
}

#define ASK "GET /tell HTTP/1.1\r\nHost: me\r\n"

static void open_trusting(talk *t, const char *list)
{
    static fr_http_target target = {.handle = tell, .is_quick = true};
    char error[256];
    talk_open(t, NULL);
    talk_route(t, "tell", false, &target);
    assert_int_equal(fr_trust_parse(t->arena, list, &t->http.trust, error), FR_OK);
}

static bool heard(const talk *t, const char *text)
{
    return t->heard.n && memmem(t->heard.p, t->heard.n, text, strlen(text));
}

static void a_trusted_peer_is_believed_for_this_request_alone(void **state)
{
    (void)state;
    talk t;
    open_trusting(&t, "unix");
    talk_say(&t, ASK "X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Proto: https\r\n"
                     "X-Forwarded-Host: [2001:db8::1]\r\nX-Forwarded-Port: 8443\r\n\r\n");
    assert_true(heard(&t, "<203.0.113.1:0 1 [2001:db8::1]:8443 https://[2001:db8::1]:8443>"));
    assert_true(heard(&t, "; Secure"));
    fr_buf_clear(&t.heard);
    talk_say(&t, ASK "X-Forwarded-Port: 8443\r\n\r\n" ASK "\r\n");
    assert_true(heard(&t, "<:0 0 me:8443 http://me:8443>"));
    assert_true(heard(&t, "<:0 0 me http://me>"));
    assert_false(heard(&t, "; Secure"));
    talk_close(&t);
}

static void others_are_not(void **state)
{
    (void)state;
    static const char *const LISTS[] = {"", "loopback,0.0.0.0/0,::/0"};
    for (size_t i = 0; i < 2; i++) {
        talk t;
        open_trusting(&t, LISTS[i]);
        talk_say(&t, ASK "X-Forwarded-For: 203.0.113.1\r\nForwarded: for=203.0.113.1\r\n"
                         "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n\r\n");
        assert_true(heard(&t, "<:0 0 me http://me>"));
        talk_close(&t);
    }
}

static void what_cannot_be_believed_is_counted(void **state)
{
    (void)state;
    talk t;
    fr_http_stats before, after;
    open_trusting(&t, "unix");
    fr_http_stats_get(&before);
    talk_say(&t, ASK "X-Forwarded-Proto: https\r\nX-Forwarded-For: x\r\n\r\n" ASK
                     "Forwarded: a\r\n\r\n");
    assert_true(heard(&t, "<:0 0 me http://me>"));
    fr_http_stats_get(&after);
    assert_int_equal(after.forwarded_ignored - before.forwarded_ignored, 2);
    talk_close(&t);
}

FR_TESTS(forwarded, FR_TEST(a_list_of_proxies_is_read),
         FR_TEST(the_first_from_the_end_that_is_not_trusted_is_the_client),
         FR_TEST(the_scheme_and_host_are_those_of_the_clients_entry),
         FR_TEST(what_is_malformed_is_ignored_as_a_whole), FR_TEST(a_nul_is_no_part_of_a_name),
         FR_TEST(both_kinds_must_say_the_same), FR_TEST(no_more_than_32_hops_are_followed),
         FR_TEST(a_trusted_peer_is_believed_for_this_request_alone), FR_TEST(others_are_not),
         FR_TEST(what_cannot_be_believed_is_counted))
