/* The head parser: what is taken, what is refused with which status, whole and byte by byte. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "http/host.h"
#include "http/parser.h"
#include "http/token.h"

enum { FIELDS = 100, LINE = 8192, HEAD = 65536 };
static const fr_head_limits LIMITS = {LINE, HEAD, FIELDS};

/* The text in memory that ends where it ends, so that a read behind it is seen; owned by the caller. */
static uint8_t *exact_copy(fr_str text)
{
    uint8_t *copy = malloc(text.n ? text.n : 1);
    assert_non_null(copy);
    memcpy(copy, text.p, text.n);
    return copy;
}

static fr_head_result parse(fr_head *head, fr_head_field *fields, fr_str text, size_t step)
{
    fr_head_init(head, fields);
    uint8_t *kept = exact_copy(text);
    fr_head_result result = FR_HEAD_MORE;
    for (size_t n = 0; n < text.n && result == FR_HEAD_MORE;) {
        n = n + step < text.n ? n + step : text.n;
        uint8_t *moved = exact_copy((fr_str){(const char *)kept, n}); /* it may stand elsewhere */
        result = fr_head_parse(head, &LIMITS, moved, n);
        memcpy(kept, moved, n);
        free(moved);
    }
    free(kept);
    return result;
}

static void refuses(fr_str text, int status)
{
    fr_head head;
    fr_head_field fields[FIELDS];
    const size_t steps[] = {text.n, 1, 7};
    for (size_t i = 0; i < 3; i++) {
        if (steps[i] == 1 && text.n > 20000)
            continue; /* each step copies all: too slow */
        fr_head_result result = parse(&head, fields, text, steps[i]);
        if (result != FR_HEAD_REFUSED || head.refusal != status)
            fail_msg("\"%.*s\" in steps of %zu: %d, status %d instead of %d",
                     (int)(text.n < 200 ? text.n : 200), text.p, steps[i], (int)result,
                     head.refusal, status);
        assert_non_null(head.why);
    }
}

static void takes(const char *text)
{
    fr_head head;
    fr_head_field fields[FIELDS];
    fr_str s = fr_str_c(text);
    for (size_t step = 1; step <= s.n; step += s.n - 1) {
        if (parse(&head, fields, s, step) != FR_HEAD_DONE)
            fail_msg("\"%s\" in steps of %zu is refused: %d %s", text, step, head.refusal,
                     head.why);
        assert_int_equal(head.bytes, s.n);
    }
}

#define REFUSES(literal, status) refuses(FR_STR(literal), status)
#define LINE_1 "GET / HTTP/1.1\r\nHost: a\r\n"

/* ---- framing: what is read in two ways elsewhere ---- */

static void length_beside_chunks_is_400(void **state)
{
    (void)state;
    REFUSES(LINE_1 "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    REFUSES(LINE_1 "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400);
}

static void a_second_transfer_encoding_is_400(void **state)
{
    (void)state;
    REFUSES(LINE_1 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    REFUSES(LINE_1 "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400);
    REFUSES(LINE_1 "Transfer-Encoding: chunked, chunked\r\n\r\n", 400);
    REFUSES(LINE_1 "Transfer-Encoding: chunked, gzip\r\n\r\n", 400);
}

static void odd_transfer_encodings_are_400_unknown_ones_501(void **state)
{
    (void)state;
    REFUSES(LINE_1 "Transfer-Encoding:\r\n\r\n", 400);
    REFUSES(LINE_1 "Transfer-Encoding: \"chunked\"\r\n\r\n", 400);
    REFUSES(LINE_1 "Transfer-Encoding: ,chunked\r\n\r\n", 400);
    REFUSES(LINE_1 "Transfer-Encoding: chunked;q=1\r\n\r\n", 400);
    REFUSES(LINE_1 "Transfer-Encoding: \x0b"
                   "chunked\r\n\r\n",
            400);
    REFUSES(LINE_1 "Transfer-Encoding: xchunked\r\n\r\n", 501);
    REFUSES(LINE_1 "Transfer-Encoding: identity\r\n\r\n", 501);
    REFUSES(LINE_1 "Transfer-Encoding: gzip, chunked\r\n\r\n", 501);
    takes(LINE_1 "Transfer-Encoding: Chunked\r\n\r\n");
    takes(LINE_1 "Transfer-Encoding: \tchunked \r\n\r\n");
}

static void chunks_in_http_1_0_are_400(void **state)
{
    (void)state;
    REFUSES("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
}

static void a_second_length_is_400_even_if_the_same(void **state)
{
    (void)state;
    REFUSES(LINE_1 "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400);
    REFUSES(LINE_1 "Content-Length: 3\r\ncontent-length: 4\r\n\r\n", 400);
    REFUSES(LINE_1 "Content-Length: 3, 3\r\n\r\n", 400);
}

static void a_length_is_digits(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "+3",
                                      "-3",
                                      "0x3",
                                      "3 3",
                                      "3,",
                                      "1e3",
                                      "3.0",
                                      " ",
                                      "three",
                                      "18446744073709551616",
                                      "99999999999999999999999",
                                      "\xb2"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        fr_buf text = {0};
        fr_buf_lit(&text, LINE_1 "Content-Length: ");
        fr_buf_put(&text, fr_str_c(BAD[i]));
        fr_buf_lit(&text, "\r\n\r\n");
        refuses(fr_buf_str(&text), 400);
        fr_buf_deinit(&text);
    }
    takes(LINE_1 "Content-Length: 0\r\n\r\n");
    takes(LINE_1 "Content-Length: \t 0010 \t\r\n\r\n");
    takes(LINE_1 "Content-Length: 9223372036854775807\r\n\r\n");
}

/* ---- lines ---- */

static void bare_line_ends_are_400(void **state)
{
    (void)state;
    REFUSES("GET / HTTP/1.1\nHost: a\n\n", 400);
    REFUSES("GET / HTTP/1.1\r\nHost: a\n\r\n", 400);
    REFUSES("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400);
    REFUSES("GET / HTTP/1.1\r\nHost: a\r\n\rX\r\n\r\n", 400);
    REFUSES("GET / HTTP/1.1\rHost: a\r\n\r\n", 400);
    REFUSES("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSES(LINE_1 "\n", 400);
}

static void control_bytes_in_fields_are_400(void **state)
{
    (void)state;
    REFUSES(LINE_1 "X: a\0b\r\n\r\n", 400);
    REFUSES(LINE_1 "X: a\x7f\r\n\r\n", 400);
    REFUSES(LINE_1 "X: \x01\r\n\r\n", 400);
    REFUSES(LINE_1 "X\0: a\r\n\r\n", 400);
    takes(LINE_1 "X: tab\tand \xe4\xb8\x96 bytes\r\n\r\n");
}

static void folded_lines_and_odd_names_are_400(void **state)
{
    (void)state;
    REFUSES(LINE_1 "X: a\r\n b\r\n\r\n", 400);
    REFUSES(LINE_1 "X: a\r\n\tb\r\n\r\n", 400);
    REFUSES("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
    REFUSES(LINE_1 "X : a\r\n\r\n", 400);
    REFUSES(LINE_1 "X\t: a\r\n\r\n", 400);
    REFUSES(LINE_1 ": a\r\n\r\n", 400);
    REFUSES(LINE_1 "no colon\r\n\r\n", 400);
    REFUSES(LINE_1 "X(y): a\r\n\r\n", 400);
    REFUSES(LINE_1 "\xc3\xa4: a\r\n\r\n", 400);
}

static void request_lines_have_three_parts(void **state)
{
    (void)state;
    static const char *const BAD[] = {"GET\r\n\r\n",
                                      "GET /\r\n\r\n",
                                      "GET  / HTTP/1.1\r\n\r\n",
                                      "GET /  HTTP/1.1\r\n\r\n",
                                      "GET / HTTP/1.1 \r\n\r\n",
                                      " GET / HTTP/1.1\r\n\r\n",
                                      "GET\t/ HTTP/1.1\r\n\r\n",
                                      "GET /\tHTTP/1.1\r\n\r\n",
                                      "G(T / HTTP/1.1\r\n\r\n",
                                      "GET / a HTTP/1.1\r\n\r\n",
                                      "GET / http/1.1\r\n\r\n",
                                      "GET / HTTP/1.10\r\n\r\n",
                                      "GET / HTTP/1,1\r\n\r\n",
                                      "GET / HTTP/x.1\r\n\r\n",
                                      "GET / HTTP/1.\r\n\r\n",
                                      "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
                                      "\x16\x03\x01\x02\r\n\r\n"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        refuses(fr_str_c(BAD[i]), 400);
    takes("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void versions_past_1_are_505(void **state)
{
    (void)state;
    REFUSES("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
    REFUSES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    REFUSES("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505);
    takes("GET / HTTP/1.0\r\n\r\n");
    takes("GET / HTTP/1.7\r\nHost: a\r\n\r\n");
}

static void methods_that_no_server_has_are_501(void **state)
{
    (void)state;
    REFUSES("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    REFUSES("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLM / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    takes("M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n");
}

/* ---- targets ---- */

static void targets_have_one_of_three_forms(void **state)
{
    (void)state;
    static const char *const BAD[] = {"a",           "*",           "/a#b",     "/?a#b",
                                      "http:/a",     "http://",     "ftp://a/", "http:///a",
                                      "http://a:x/", "http://u@a/", "//",       "a:80"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        fr_buf text = {0};
        fr_buf_lit(&text, "GET ");
        fr_buf_put(&text, fr_str_c(BAD[i]));
        fr_buf_lit(&text, " HTTP/1.1\r\nHost: a\r\n\r\n");
        if (strcmp(BAD[i], "//") != 0) /* this one is a path */
            refuses(fr_buf_str(&text), 400);
        fr_buf_deinit(&text);
    }
}

static fr_str of(const char *text, fr_span32 span)
{
    return (fr_str){text + span.at, span.n};
}

static void parts_of_a_target_are_told_apart(void **state)
{
    (void)state;
    fr_head head;
    fr_head_field fields[FIELDS];
    const char *text = "GET /a/b%20c?d=e?f HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_int_equal(parse(&head, fields, fr_str_c(text), 1), FR_HEAD_DONE);
    assert_str(of(text, head.method), "GET");
    assert_str(of(text, head.path), "/a/b%20c");
    assert_str(of(text, head.query), "d=e?f");
    assert_false(head.is_plain);
    text = "GET HTTP://Example.org:81?x HTTP/1.1\r\nHost: other\r\n\r\n";
    assert_int_equal(parse(&head, fields, fr_str_c(text), 1), FR_HEAD_DONE);
    assert_str(of(text, head.path), "");
    assert_str(of(text, head.query), "x");
    assert_str(of(text, head.authority), "Example.org:81");
    assert_str(of(text, fields[head.host].value), "Example.org:81"); /* RFC 9112 section 3.2.2 */
    text = "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_int_equal(parse(&head, fields, fr_str_c(text), 1), FR_HEAD_DONE);
    assert_true(head.is_asterisk);
}

/* ---- hosts ---- */

static void host_is_there_once(void **state)
{
    (void)state;
    REFUSES("GET / HTTP/1.1\r\n\r\n", 400);
    REFUSES("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
    REFUSES("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400);
    REFUSES("GET http://a/ HTTP/1.1\r\n\r\n", 400);
}

static void origin_and_content_type_are_there_once_at_most(void **state)
{
    (void)state;
    REFUSES("GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\norigin: http://a\r\n\r\n", 400);
    REFUSES("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nX: y\r\n"
            "content-type: a/c\r\n\r\n",
            400);
}

static void hosts_are_names_addresses_and_ports(void **state)
{
    (void)state;
    static const char *const GOOD[] = {
        "a",           "example.org", "a.b-c.d:8000", "127.0.0.1:1", "[::1]", "[fe80::1]:80",
        "under_score", "A.B",         "localhost:0",  "a:65535",     "a:",    "[::ffff:1.2.3.4]"};
    static const char *const BAD[] = {"",     " ",        ":80",  "a b",   "a/b",  "a@b",
                                      "a,b",  "a:65536",  "a:-1", "a:1x",  "[",    "[]",
                                      "[::1", "[::1]x",   "[g]",  "a:b:c", "a\"b", "a<b>",
                                      "a\\b", "a:000080", "a%41", "a?b",   "a#b",  "\xc3\xa4"};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_true(fr_is_host(fr_str_c(GOOD[i]), (const uint8_t *)GOOD[i] + strlen(GOOD[i])));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (fr_is_host(fr_str_c(BAD[i]), (const uint8_t *)BAD[i] + strlen(BAD[i])))
            fail_msg("\"%s\" counts as a host", BAD[i]);
}

/* The last good host is remembered: only it is let pass unseen. */
static void a_host_is_looked_at_again_when_it_differs(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        fr_head_result result;
    } HEADS[] = {{"a.b", FR_HEAD_DONE},
                 {"a.b", FR_HEAD_DONE},
                 {"a.b,", FR_HEAD_REFUSED},
                 {"a.b", FR_HEAD_DONE},
                 {"a,b", FR_HEAD_REFUSED},
                 {"", FR_HEAD_REFUSED},
                 {"a-name-longer-than-what-is-remembered.example", FR_HEAD_DONE},
                 {"a-name-longer-than-what-is-remembered,example", FR_HEAD_REFUSED}};
    fr_head head;
    fr_head_field fields[FIELDS];
    fr_head_init(&head, fields);
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++) {
        fr_buf text = {0};
        fr_buf_lit(&text, "GET / HTTP/1.1\r\nHost: ");
        fr_buf_put(&text, fr_str_c(HEADS[i].host));
        fr_buf_lit(&text, "\r\n\r\n");
        fr_head_next(&head);
        assert_int_equal(fr_head_parse(&head, &LIMITS, (uint8_t *)text.p, text.n), HEADS[i].result);
        fr_buf_deinit(&text);
    }
}

/* ---- limits ---- */

/* `before`, n times 'a', `after`. */
static fr_str stretched(fr_buf *buf, const char *before, size_t n, const char *after)
{
    fr_buf_clear(buf);
    fr_buf_put(buf, fr_str_c(before));
    for (size_t i = 0; i < n; i++)
        fr_buf_put_char(buf, 'a');
    fr_buf_put(buf, fr_str_c(after));
    return fr_buf_str(buf);
}

static void a_long_request_line_is_414_a_long_header_431(void **state)
{
    (void)state;
    fr_buf buf = {0};
    refuses(stretched(&buf, "GET /", LINE, " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
    refuses(stretched(&buf, "GET /", LINE, ""), 414); /* its end need not have come */
    refuses(stretched(&buf, "GET /?", LINE, ""), 414);
    refuses(stretched(&buf, "", LINE, ""), 414);
    refuses(stretched(&buf, LINE_1 "X: ", LINE, "\r\n\r\n"), 431);
    refuses(stretched(&buf, LINE_1, LINE, ""), 431);
    fr_head head;
    fr_head_field fields[FIELDS];
    fr_str fits = stretched(&buf, "GET /", LINE - 16, " HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(parse(&head, fields, fits, fits.n), FR_HEAD_DONE);
    fr_buf_deinit(&buf);
}

static void many_headers_are_431(void **state)
{
    (void)state;
    fr_buf buf = {0};
    fr_buf_lit(&buf, LINE_1);
    for (int i = 0; i < FIELDS - 1; i++)
        fr_buf_lit(&buf, "X: a\r\n");
    fr_buf more = {0};
    fr_buf_put(&more, fr_buf_str(&buf));
    fr_buf_lit(&buf, "\r\n");
    takes((fr_buf_put_char(&buf, '\0'), buf.p));
    fr_buf_lit(&more, "X: a\r\n\r\n");
    refuses(fr_buf_str(&more), 431);
    fr_buf_deinit(&buf);
    fr_buf_deinit(&more);
}

static void a_large_head_is_431(void **state)
{
    (void)state;
    fr_buf buf = {0}, line = {0};
    fr_buf_lit(&buf, LINE_1);
    while (buf.n < HEAD)
        fr_buf_put(&buf, stretched(&line, "X: ", LINE / 2, "\r\n"));
    refuses(fr_buf_str(&buf), 431);
    fr_buf_deinit(&buf);
    fr_buf_deinit(&line);
}

/* ---- what the fields say ---- */

static void connection_says_whether_it_stays(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_close, is_keep_alive;
    } HEADS[] = {
        {LINE_1 "\r\n", false, false},
        {LINE_1 "Connection: close\r\n\r\n", true, false},
        {LINE_1 "Connection: x, CLOSE\r\n\r\n", true, false},
        {LINE_1 "Connection: x\r\nConnection: close\r\n\r\n", true, false},
        {LINE_1 "Connection: closed\r\n\r\n", false, false},
        {"GET / HTTP/1.0\r\n\r\n", true, false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false, true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", true, false},
    };
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++) {
        fr_head head;
        fr_head_field fields[FIELDS];
        assert_int_equal(parse(&head, fields, fr_str_c(HEADS[i].text), 3), FR_HEAD_DONE);
        assert_int_equal(head.is_close, HEADS[i].is_close);
        assert_int_equal(head.is_keep_alive, HEADS[i].is_keep_alive);
    }
}

static void upgrade_needs_both_fields_and_http_1_1(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_upgrade;
    } HEADS[] = {
        {LINE_1 "Connection: keep-alive, Upgrade\r\nUpgrade: h2c, WebSocket\r\n\r\n", true},
        {LINE_1 "Upgrade: websocket\r\n\r\n", false},
        {LINE_1 "Connection: upgrade\r\n\r\n", false},
        {LINE_1 "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++) {
        fr_head head;
        fr_head_field fields[FIELDS];
        assert_int_equal(parse(&head, fields, fr_str_c(HEADS[i].text), 5), FR_HEAD_DONE);
        assert_int_equal(head.is_upgrade, HEADS[i].is_upgrade);
    }
}

static void an_expectation_other_than_100_is_417(void **state)
{
    (void)state;
    REFUSES(LINE_1 "Expect: 200-ok\r\n\r\n", 417);
    takes(LINE_1 "Expect: 100-Continue\r\n\r\n");
    takes("GET / HTTP/1.0\r\nExpect: anything\r\n\r\n"); /* HTTP/1.0 has none: RFC 9110 10.1.1 */
}

static void names_are_lower_cased_and_values_trimmed(void **state)
{
    (void)state;
    char text[] =
        "GET / HTTP/1.1\r\nHOST: a\r\nX-Long-Name-Of-More-Than-16:  \t Value \t\r\nY:\r\n\r\n";
    fr_head head;
    fr_head_field fields[FIELDS];
    fr_head_init(&head, fields);
    assert_int_equal(fr_head_parse(&head, &LIMITS, (uint8_t *)text, sizeof text - 1), FR_HEAD_DONE);
    assert_int_equal(head.field_count, 3);
    assert_str(of(text, fields[0].name), "host");
    assert_str(of(text, fields[1].name), "x-long-name-of-more-than-16");
    assert_str(of(text, fields[1].value), "Value");
    assert_str(of(text, fields[2].value), "");
}

static void tokens_and_values_are_told_from_others(void **state)
{
    (void)state;
    assert_true(fr_is_token(FR_STR("X-a_1!")));
    assert_false(fr_is_token(FR_STR("")) || fr_is_token(FR_STR("a b")) ||
                 fr_is_token(FR_STR("a:b")) || fr_is_token(FR_STR("a\r")));
    assert_true(fr_is_field_value(FR_STR("")) && fr_is_field_value(FR_STR("a\tb \xff")));
    assert_false(fr_is_field_value(FR_STR("a\r\nb")) ||
                 fr_is_field_value(FR_STR("0123456789abcdef\n")) ||
                 fr_is_field_value(FR_STR("a\0b")) || fr_is_field_value(FR_STR("a\x7f")));
    assert_true(fr_list_has(FR_STR("a, B ,c"), FR_STR("b")));
    assert_false(fr_list_has(FR_STR("ab,bc"), FR_STR("b")) || fr_list_has(FR_STR(""), FR_STR("b")));
}

FR_TESTS(parser, FR_TEST(length_beside_chunks_is_400), FR_TEST(a_second_transfer_encoding_is_400),
         FR_TEST(odd_transfer_encodings_are_400_unknown_ones_501),
         FR_TEST(chunks_in_http_1_0_are_400), FR_TEST(a_second_length_is_400_even_if_the_same),
         FR_TEST(a_length_is_digits), FR_TEST(bare_line_ends_are_400),
         FR_TEST(control_bytes_in_fields_are_400), FR_TEST(folded_lines_and_odd_names_are_400),
         FR_TEST(request_lines_have_three_parts), FR_TEST(versions_past_1_are_505),
         FR_TEST(methods_that_no_server_has_are_501), FR_TEST(targets_have_one_of_three_forms),
         FR_TEST(parts_of_a_target_are_told_apart), FR_TEST(host_is_there_once),
         FR_TEST(origin_and_content_type_are_there_once_at_most),
         FR_TEST(hosts_are_names_addresses_and_ports),
         FR_TEST(a_host_is_looked_at_again_when_it_differs),
         FR_TEST(a_long_request_line_is_414_a_long_header_431), FR_TEST(many_headers_are_431),
         FR_TEST(a_large_head_is_431), FR_TEST(connection_says_whether_it_stays),
         FR_TEST(upgrade_needs_both_fields_and_http_1_1),
         FR_TEST(an_expectation_other_than_100_is_417),
         FR_TEST(names_are_lower_cased_and_values_trimmed),
         FR_TEST(tokens_and_values_are_told_from_others))
