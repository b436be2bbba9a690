/* Compressed answers: when, with which headers, whole and as streams. */
#include "talk.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "http/http_int.h"

enum { LONG_BYTES = 700000, PIECES = 400 };

typedef struct fixture {
    talk t;
    fr_buf plain; /* what a coded body holds */
} fixture;

/* ---- handlers: what they answer stands in the query ---- */

static fr_err answer(fr_req *req, void *arg)
{
    (void)arg;
    static const char *const NAMES[] = {"vary", "etag", "content-encoding", "cache-control",
                                        "content-range"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        fr_str value = fr_req_query(req, fr_str_c(NAMES[i]));
        if (value.p)
            FR_TRY(fr_reply_header(req, fr_str_c(NAMES[i]), value));
    }
    fr_str type = fr_req_query(req, FR_STR("type")), status = fr_req_query(req, FR_STR("status"));
    uint64_t code = 200;
    fr_str_u64(status, &code);
    return fr_reply_bytes(req, (int)code, type.p ? type : FR_STR("application/json"),
                          fr_arena_printf(req->ctx->arena, "[%02000d]", 0));
}

/* Random letters: what does not get much smaller. */
static fr_err noise(fr_req *req, void *arg)
{
    (void)arg;
    char text[4000];
    fr_random_bytes(text, sizeof text);
    return fr_reply_text(req, 200, (fr_str){text, sizeof text});
}

static fr_err lines(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_start(req, 200, FR_STR("application/x-ndjson")));
    for (int i = 0; i < 3; i++) {
        FR_TRY(fr_reply_write(req, FR_STR("{\"line\":\"one of three\"}\n")));
        FR_TRY(fr_sleep(req, 1000));
    }
    return FR_OK;
}

static fr_err flood(fr_req *req, void *arg)
{
    (void)arg;
    char piece[10000];
    FR_TRY(fr_reply_start(req, 200, FR_STR("text/csv")));
    for (int i = 0; i < PIECES; i++) {
        memset(piece, 'a' + i % 26, sizeof piece);
        FR_TRY(fr_reply_write(req, (fr_str){piece, sizeof piece}));
    }
    return FR_OK;
}

static fr_err events(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_start(req, 200, FR_STR("text/event-stream")));
    return fr_reply_write(req, FR_STR("data: 1\n\n"));
}

static fr_err broken(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_start(req, 200, FR_STR("text/plain")));
    FR_TRY(fr_reply_write(req, FR_STR("half")));
    return FR_EBACKEND;
}

static fr_err no_start(fr_req *req, void *arg)
{
    (void)arg;
    return fr_reply_start(req, 200, FR_STR("text/plain\x01"));
}

static fr_http_target ANSWER = {.handle = answer}, NOISE = {.handle = noise},
                      LINES = {.handle = lines}, FLOOD = {.handle = flood},
                      EVENTS = {.handle = events}, BROKEN = {.handle = broken},
                      NO_START = {.handle = no_start};

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){0};
    talk_open(&f.t, NULL);
    talk_route(&f.t, "answer", false, &ANSWER);
    talk_route(&f.t, "noise", false, &NOISE);
    talk_route(&f.t, "lines", false, &LINES);
    talk_route(&f.t, "flood", false, &FLOOD);
    talk_route(&f.t, "events", false, &EVENTS);
    talk_route(&f.t, "broken", false, &BROKEN);
    talk_route(&f.t, "no-start", false, &NO_START);
    f.t.http.gzip_level = 6;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    talk_close(&f->t);
    fr_buf_deinit(&f->plain);
    return 0;
}

/* ---- asking ---- */

static void say(fixture *f, const char *method, const char *target, const char *accepts)
{
    fr_buf_clear(&f->t.heard);
    talk_say(&f->t,
             fr_arena_printf(f->t.arena, "%s %s HTTP/1.1\r\nHost: a\r\n%s%s\r\n\r\n", method,
                             target, accepts ? "Accept-Encoding: " : "X: ", accepts ? accepts : "")
                 .p);
}

/* What inflates of the bytes, as far as they go; whether the end has come. */
static bool inflate_bytes(fixture *f, fr_str coded)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)coded.p, .avail_in = (uInt)coded.n};
    fr_buf_clear(&f->plain);
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    int result;
    do {
        assert_true(fr_buf_reserve(&f->plain, 64 * 1024));
        z.next_out = (Bytef *)f->plain.p + f->plain.n;
        z.avail_out = 64 * 1024;
        result = inflate(&z, Z_NO_FLUSH);
        f->plain.n += 64 * 1024 - z.avail_out;
    } while (result == Z_OK && (z.avail_in || !z.avail_out));
    assert_true(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
    inflateEnd(&z);
    return result == Z_STREAM_END;
}

static fr_str head(const fixture *f)
{
    return fr_str_sub(fr_buf_str(&f->t.heard), 0,
                      fr_str_find(fr_buf_str(&f->t.heard), FR_STR("\r\n\r\n")) + 2);
}

static fr_str body(const fixture *f)
{
    return fr_str_from(fr_buf_str(&f->t.heard), head(f).n + 2);
}

static bool says(const fixture *f, const char *line)
{
    return fr_str_find(head(f), fr_str_c(line)) != SIZE_MAX;
}

static bool is_coded(const fixture *f)
{
    return says(f, "\r\nContent-Encoding: gzip\r\n");
}

/* The data of the chunks, joined. */
static fr_str joined_chunks(fixture *f)
{
    char *to = fr_arena_alloc(f->t.arena, f->t.heard.n);
    size_t n = 0;
    for (fr_str rest = body(f); rest.n;) {
        char *end;
        size_t bytes = strtoul(rest.p, &end, 16);
        rest = fr_str_from(rest, (size_t)(end - rest.p) + 2);
        assert_true(bytes <= rest.n);
        memcpy(to + n, rest.p, bytes);
        n += bytes;
        rest = fr_str_from(rest, bytes + 2);
    }
    return (fr_str){to, n};
}

/* ---- whole answers ---- */

static void an_answer_is_coded_for_who_takes_it(void **state)
{
    fixture *f = *state;
    say(f, "GET", "/answer", "gzip");
    assert_true(is_coded(f) && says(f, "\r\nVary: Accept-Encoding\r\n"));
    size_t length = body(f).n;
    assert_true(says(f, fr_arena_printf(f->t.arena, "\r\nContent-Length: %zu\r\n", length).p));
    assert_true(length < 200);
    assert_true(inflate_bytes(f, body(f)));
    assert_int_equal(f->plain.n, 2002);
    say(f, "GET", "/answer", NULL);
    assert_true(!is_coded(f) && says(f, "\r\nVary: Accept-Encoding\r\n"));
    assert_int_equal(body(f).n, 2002);
    say(f, "GET", "/answer", "gzip;q=0, br");
    assert_false(is_coded(f));
}

static void head_tells_what_get_would(void **state)
{
    fixture *f = *state;
    say(f, "GET", "/answer?etag=%22v%22", "gzip");
    fr_str got = fr_arena_printf(f->t.arena, "%.*s", FR_FMT(head(f)));
    say(f, "HEAD", "/answer?etag=%22v%22", "gzip");
    assert_int_equal(body(f).n, 0);
    assert_true(fr_str_starts(head(f), fr_str_sub(got, 0, fr_str_find(got, FR_STR("Date")))));
    assert_true(is_coded(f));
}

static void vary_is_merged(void **state)
{
    fixture *f = *state;
    say(f, "GET", "/answer?vary=Accept,+Cookie", "gzip");
    assert_true(says(f, "\r\nvary: Accept, Cookie, Accept-Encoding\r\n"));
    say(f, "GET", "/answer?vary=accept-encoding", "gzip");
    assert_true(says(f, "\r\nvary: accept-encoding\r\n"));
    assert_false(says(f, "Accept-Encoding"));
    say(f, "GET", "/answer?vary=*", "gzip");
    assert_false(says(f, "Accept-Encoding"));
}

static void a_strong_validator_becomes_weak(void **state)
{
    fixture *f = *state;
    say(f, "GET", "/answer?etag=%22v1%22", "gzip");
    assert_true(says(f, "\r\netag: W/\"v1\"\r\n"));
    say(f, "GET", "/answer?etag=W/%22v1%22", "gzip");
    assert_true(says(f, "\r\netag: W/\"v1\"\r\n"));
    say(f, "GET", "/answer?etag=%22v1%22", NULL);
    assert_true(says(f, "\r\netag: \"v1\"\r\n"));
    say(f, "GET", "/answer?etag=%22v1%22&status=304", "gzip");
    assert_true(says(f, "\r\netag: W/\"v1\"\r\n") && !is_coded(f));
}

static void what_may_not_be_coded_is_let_be(void **state)
{
    fixture *f = *state;
    static const char *const TARGETS[] = {
        "/answer?content-encoding=br",
        "/answer?cache-control=private,+no-transform",
        "/answer?content-range=bytes+0-2001/9999",
        "/answer?status=206",
        "/answer?status=204",
        "/answer?type=image/png",
        "/answer?type=text/event-stream",
        "/answer?type=TEXT/Event-Stream;+charset=utf-8",
        "/answer?type=application/octet-stream",
        "/json",
        "/big/1023",
        "/noise",
    };
    for (size_t i = 0; i < sizeof TARGETS / sizeof *TARGETS; i++) {
        say(f, "GET", TARGETS[i], "gzip");
        if (is_coded(f))
            fail_msg("%s", TARGETS[i]);
    }
    static const char *const CODED[] = {"/answer?type=text/html;+charset=utf-8",
                                        "/answer?type=image/svg%2bxml",
                                        "/answer?type=application/problem%2bjson",
                                        "/answer?status=400",
                                        "/answer?status=500",
                                        "/answer?type=APPLICATION/JSON",
                                        "/big/1024"};
    for (size_t i = 0; i < sizeof CODED / sizeof *CODED; i++) {
        say(f, "GET", CODED[i], "gzip");
        if (!is_coded(f))
            fail_msg("%s", CODED[i]);
    }
}

static void it_is_off_unless_a_level_is_set(void **state)
{
    fixture *f = *state;
    f->t.http.gzip_level = 0;
    say(f, "GET", "/answer", "gzip");
    assert_true(!is_coded(f) && !says(f, "Vary"));
    f->t.http.gzip_level = 1;
    f->t.http.gzip_from = 3000;
    say(f, "GET", "/answer", "gzip");
    assert_false(is_coded(f));
    say(f, "GET", "/big/3000", "gzip");
    assert_true(is_coded(f));
}

/* Between its parts the loop goes on. */
static void a_long_answer_does_not_hold_the_loop(void **state)
{
    fixture *f = *state;
    static const char ASK[] =
        "GET /taken/700000 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
    assert_int_equal(send(f->t.fd, ASK, sizeof ASK - 1, 0), sizeof ASK - 1);
    int passes = 0;
    while (f->t.heard.n == 0 && passes < 100) {
        talk_pass(&f->t);
        char bytes[65536];
        ssize_t n = recv(f->t.fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n > 0)
            fr_buf_put(&f->t.heard, (fr_str){bytes, (size_t)n});
        passes++;
    }
    talk_settle(&f->t);
    assert_true(passes >= LONG_BYTES / (64 * 1024));
    assert_true(is_coded(f) && inflate_bytes(f, body(f)));
    assert_int_equal(f->plain.n, LONG_BYTES);
}

static void a_client_that_goes_meanwhile_ends_the_coding(void **state)
{
    fixture *f = *state;
    static const char ASK[] =
        "GET /taken/700000 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
    assert_int_equal(send(f->t.fd, ASK, sizeof ASK - 1, 0), sizeof ASK - 1);
    talk_pass(&f->t);
    talk_hang_up(&f->t);
    talk_connect(&f->t);
    fr_http_loop *of = fr_http_loop_get(f->t.loop);
    assert_int_equal(of->gzips.lent, 0);
    assert_int_equal(of->running, 0);
}

static void without_a_context_it_is_sent_as_it_is(void **state)
{
    fixture *f = *state;
    fr_gzip_pool *pool = &fr_http_loop_get(f->t.loop)->gzips;
    fr_gzip *taken[FR_GZIPS_MAX];
    for (int i = 0; i < FR_GZIPS_MAX; i++)
        assert_non_null(taken[i] = fr_gzip_take(pool, 1 + i % 9));
    assert_null(fr_gzip_take(pool, 6));
    say(f, "GET", "/answer", "gzip");
    assert_true(!is_coded(f) && says(f, "\r\nVary: Accept-Encoding\r\n"));
    assert_int_equal(body(f).n, 2002);
    for (int i = 0; i < FR_GZIPS_MAX; i++)
        fr_gzip_give_back(pool, taken[i]);
    assert_int_equal(pool->free_count, FR_GZIPS_KEPT);
    say(f, "GET", "/answer", "gzip");
    assert_true(is_coded(f));
}

/* ---- streams ---- */

static void a_line_leaves_when_it_is_written(void **state)
{
    fixture *f = *state;
    static const char LINE[] = "{\"line\":\"one of three\"}\n";
    say(f, "GET", "/lines", "gzip");
    assert_true(is_coded(f) && says(f, "\r\nTransfer-Encoding: chunked\r\n"));
    for (size_t i = 1; i <= 3; i++) {
        assert_false(inflate_bytes(f, joined_chunks(f)));
        assert_int_equal(f->plain.n, i * (sizeof LINE - 1));
        talk_later(&f->t, 1100);
    }
    assert_true(inflate_bytes(f, joined_chunks(f)));
    assert_true(fr_str_ends(body(f), FR_STR("\r\n0\r\n\r\n")));
    say(f, "GET", "/json", NULL);
    assert_true(fr_str_ends(body(f), FR_STR("World!\"}")));
}

static void a_long_stream_is_whole(void **state)
{
    fixture *f = *state;
    say(f, "GET", "/flood", "gzip");
    assert_true(is_coded(f) && inflate_bytes(f, joined_chunks(f)));
    assert_int_equal(f->plain.n, PIECES * 10000);
    assert_true(body(f).n < PIECES * 10000 / 50);
    say(f, "HEAD", "/flood", "gzip");
    assert_true(is_coded(f));
    assert_int_equal(body(f).n, 0);
    assert_int_equal(fr_http_loop_get(f->t.loop)->gzips.lent, 0);
}

static void an_old_client_gets_its_stream_coded_too(void **state)
{
    fixture *f = *state;
    talk_say(&f->t, "GET /flood HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_true(is_coded(f) && inflate_bytes(f, body(f)));
    assert_int_equal(f->plain.n, PIECES * 10000);
    assert_true(f->t.is_over);
}

static void events_are_not_coded(void **state)
{
    fixture *f = *state;
    say(f, "GET", "/events", "gzip");
    assert_false(is_coded(f));
}

static void a_broken_stream_is_cut_off(void **state)
{
    fixture *f = *state;
    say(f, "GET", "/broken", "gzip");
    assert_true(f->t.is_over);
    assert_false(fr_str_ends(fr_buf_str(&f->t.heard), FR_STR("0\r\n\r\n")));
    assert_int_equal(fr_http_loop_get(f->t.loop)->gzips.lent, 0);
}

static void the_error_instead_of_a_stream_is_not_called_coded(void **state)
{
    fixture *f = *state;
    say(f, "GET", "/no-start", "gzip");
    assert_true(says(f, "HTTP/1.1 500 ") && !is_coded(f));
}

/* ---- memory ---- */

/* Whatever allocation fails: what is said to be coded and whole is; else the connection ends. */
static void without_memory_nothing_wrong_is_sent(void **state)
{
    static const char *const ASKED[] = {
        "GET /taken/200000 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n",
        "GET /flood HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n",
    };
    static const size_t PLAIN[] = {200000, PIECES * 10000};
    fixture *f = *state;
    for (size_t i = 0; i < 2; i++)
        FR_TEST_EACH_ALLOC_FAILS()
        {
            size_t left = fr_test_fail_alloc(0); /* of what serves, not of the test's own */
            tear_down(state);
            set_up(state);
            fr_buf_reserve(&f->t.heard, 5000000);
            fr_test_fail_alloc(left);
            talk_say(&f->t, ASKED[i]);
            left = fr_test_fail_alloc(0);
            if (f->t.heard.n && is_coded(f) && !f->t.is_over) {
                assert_true(inflate_bytes(f, i ? joined_chunks(f) : body(f)));
                assert_int_equal(f->plain.n, PLAIN[i]);
            }
            assert_int_equal(fr_http_loop_get(f->t.loop)->gzips.lent, 0);
            fr_test_fail_alloc(left);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(compress, TEST(an_answer_is_coded_for_who_takes_it), TEST(head_tells_what_get_would),
         TEST(vary_is_merged), TEST(a_strong_validator_becomes_weak),
         TEST(what_may_not_be_coded_is_let_be), TEST(it_is_off_unless_a_level_is_set),
         TEST(a_long_answer_does_not_hold_the_loop),
         TEST(a_client_that_goes_meanwhile_ends_the_coding),
         TEST(without_a_context_it_is_sent_as_it_is), TEST(a_line_leaves_when_it_is_written),
         TEST(a_long_stream_is_whole), TEST(an_old_client_gets_its_stream_coded_too),
         TEST(events_are_not_coded), TEST(a_broken_stream_is_cut_off),
         TEST(the_error_instead_of_a_stream_is_not_called_coded),
         TEST(without_memory_nothing_wrong_is_sent))
