/* The connection over time: requests one behind the other, timers, clients that go, protocols that change, memory that
 * is out. */
#include "talk.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"

static int set_up(void **state)
{
    static talk t;
    talk_open(&t, &(fr_http_limits){.body_bytes = 1000000, .pipeline = 8});
    *state = &t;
    return 0;
}

static int tear_down(void **state)
{
    talk_close(*state);
    return 0;
}

#define WAITED(path)                                                                               \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 8\r\n\r\n" path

/* ---- pipelining ---- */

static void what_follows_a_waiting_handler_waits(void **state)
{
    talk *t = *state;
    assert_string_equal(talk_ask(t, GET("/json") GET("/wait/50") GET("/json")), TALK_HELLO);
    assert_int_equal(talk_begun, 2);
    talk_say(t, GET("/wait/60") GET("/json"));
    assert_string_equal(talk_hear(t), "");
    talk_later(t, 100);
    assert_string_equal(talk_hear(t), WAITED("/wait/50") TALK_HELLO);
    talk_later(t, 100);
    assert_string_equal(talk_hear(t), WAITED("/wait/60") TALK_HELLO);
    assert_int_equal(talk_begun, 5);
}

static void a_hundred_requests_of_one_read_are_answered(void **state)
{
    talk *t = *state;
    fr_buf text = {0};
    for (int i = 0; i < 100; i++)
        fr_buf_lit(&text, GET("/json"));
    talk_say_bytes(t, fr_buf_str(&text));
    assert_int_equal(talk_begun, 100);
    assert_int_equal(strlen(talk_hear(t)), 100 * strlen(TALK_HELLO));
    fr_buf_deinit(&text);
}

/* One that waits, and a flood behind it: what is kept of the flood is bounded. */
static void a_flood_behind_a_waiting_handler_stays_outside(void **state)
{
    talk *t = *state;
    talk_say(t, GET("/wait/1000"));
    static char flood[65536];
    memset(flood, 'x', sizeof flood);
    size_t taken = 0;
    for (int i = 0; i < 200; i++) {
        ssize_t n = send(t->fd, flood, sizeof flood, MSG_DONTWAIT | MSG_NOSIGNAL);
        taken += n > 0 ? (size_t)n : 0;
        talk_pass(t);
    }
    assert_true(taken < 2000000); /* 64 KiB, one read, and what the kernel keeps */
    talk_later(t, 1100);
    const char *answer = talk_hear(t);
    assert_non_null(strstr(answer, "/wait/1000"));
    assert_non_null(strstr(answer, "HTTP/1.1 4")); /* the flood was no request */
    assert_true(t->is_over);
}

static void nothing_follows_a_refusal(void **state)
{
    static const char *const BAD[] = {
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1000001\r\n\r\n",
    };
    talk *t = *state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        talk_connect(t);
        talk_begun = 0;
        talk_say(t,
                 fr_arena_printf(t->arena, GET("/json") "%s" GET("/json") GET("/json"), BAD[i]).p);
        const char *answer = talk_hear(t);
        assert_starts(answer, TALK_HELLO "HTTP/1.1 4");
        assert_non_null(strstr(answer, "Connection: close\r\n"));
        assert_null(strstr(answer + strlen(TALK_HELLO) + 9, "HTTP/1.1"));
        assert_int_equal(talk_begun, 1);
        assert_true(t->is_over);
    }
}

static void nothing_follows_a_close(void **state)
{
    talk *t = *state;
    talk_say(t, "GET /json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET("/json"));
    assert_int_equal(talk_begun, 1);
    assert_true(t->is_over);
}

/* ---- bodies ---- */

static void a_body_in_many_pieces_is_one(void **state)
{
    talk *t = *state;
    talk_say(t, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    assert_string_equal(talk_hear(t), "");
    talk_say(t, "ll");
    assert_string_equal(
        talk_ask(t, "o" GET("/json")),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello" TALK_HELLO);
}

static void a_body_that_grows_past_the_limit_is_413(void **state)
{
    talk *t = *state;
    fr_buf text = {0};
    fr_buf_lit(&text, "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 70; i++) {
        fr_buf_lit(&text, "4000\r\n");
        for (int j = 0; j < 1024; j++)
            fr_buf_lit(&text, "0123456789abcdef");
        fr_buf_lit(&text, "\r\n");
    }
    talk_say_bytes(t, fr_buf_str(&text));
    assert_starts(talk_hear(t), "HTTP/1.1 413 Content Too Large\r\n");
    assert_int_equal(talk_begun, 0);
    fr_buf_deinit(&text);
}

/* CWE-409 */
static void compressed_bodies_are_415(void **state)
{
    assert_starts(talk_ask(*state, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n"
                                   "Content-Length: 5\r\n\r\nhello"),
                  "HTTP/1.1 415 Unsupported Media Type\r\n");
    talk_connect(*state);
    assert_starts(talk_ask(*state,
                           "POST /body HTTP/1.1\r\nHost: a\r\nContent-Encoding: identity\r\n"
                           "Content-Length: 5\r\n\r\nhello"),
                  "HTTP/1.1 200 OK\r\n");
}

static void http_1_0_needs_a_length(void **state)
{
    assert_starts(talk_ask(*state, "POST /body HTTP/1.0\r\n\r\nhello"), "HTTP/1.1 411 ");
}

static void a_client_that_expects_100_gets_it_once(void **state)
{
    talk *t = *state;
    static const char HEAD[] =
        "POST /body HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    assert_string_equal(talk_ask(t, HEAD), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_starts(talk_ask(t, "ok"), "HTTP/1.1 200 OK\r\n");
    /* The body is there already: nobody waits. */
    assert_starts(talk_ask(t, fr_arena_printf(t->arena, "%sok", HEAD).p), "HTTP/1.1 200 OK\r\n");
    assert_starts(talk_ask(t, "POST /body HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                              "Content-Length: 0\r\n\r\n"),
                  "HTTP/1.1 200 OK\r\n");
    assert_starts(talk_ask(t, "POST /body HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                              "Content-Length: 99999999\r\n\r\n"),
                  "HTTP/1.1 413 ");
}

/* ---- timers ---- */

/* CVE-2007-6750: however steadily the bytes drip. */
static void a_slow_head_is_408(void **state)
{
    talk *t = *state;
    talk_say(t, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 9; i++) {
        talk_later(t, 1000);
        talk_say(t, "X: a\r\n");
    }
    assert_string_equal(talk_hear(t), "");
    talk_later(t, 1100);
    const char *answer = talk_hear(t);
    assert_starts(answer, "HTTP/1.1 408 Request Timeout\r\n");
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    assert_true(t->is_over);
}

static void a_slow_head_behind_an_answer_is_408_too(void **state)
{
    talk *t = *state;
    talk_say(t, GET("/json") "GET /json HT");
    assert_string_equal(talk_hear(t), TALK_HELLO);
    talk_later(t, 10100);
    assert_starts(talk_hear(t), "HTTP/1.1 408 ");
}

static void a_body_that_stops_is_408(void **state)
{
    talk *t = *state;
    talk_say(t, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx");
    talk_later(t, 30100);
    assert_starts(talk_hear(t), "HTTP/1.1 408 ");
    assert_true(t->is_over);
}

static void a_body_below_the_least_rate_is_408(void **state)
{
    talk *t = *state;
    talk_say(t, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx");
    for (int i = 0; i < 7 && !t->is_over; i++) {
        talk_later(t, 10000);
        talk_say(t, "0123456789");
    }
    assert_starts(talk_hear(t), "HTTP/1.1 408 ");
}

static void a_body_that_flows_has_the_time_it_needs(void **state)
{
    talk *t = *state;
    char piece[10000];
    memset(piece, 'x', sizeof piece);
    talk_say(t, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 10; i++) {
        talk_later(t, 10000);
        talk_say_bytes(t, (fr_str){piece, sizeof piece});
    }
    assert_starts(talk_hear(t), "HTTP/1.1 200 OK\r\n");
}

static void chunk_extensions_are_no_progress(void **state)
{
    talk *t = *state;
    talk_say(t, "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    for (int i = 0; i < 8 && !t->is_over; i++) {
        talk_later(t, 10000);
        talk_say(t, "abcdefgh");
    }
    assert_starts(talk_hear(t), "HTTP/1.1 408 ");
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    talk *t = *state;
    talk_say(t, GET("/json"));
    talk_hear(t);
    talk_later(t, 70000);
    assert_false(t->is_over);
    talk_later(t, 7000);
    assert_string_equal(talk_hear(t), "");
    assert_true(t->is_over);
}

static void a_connection_that_says_nothing_is_closed(void **state)
{
    talk *t = *state;
    talk_later(t, 10100);
    assert_string_equal(talk_hear(t), "");
    assert_true(t->is_over);
}

/* All of them other than their defaults, and told apart by their number. */
static void the_timers_are_settings(void **state)
{
    (void)state;
    static const fr_http_limits limits = {
        .head_ms = 200, .body_ms = 400, .idle_ms = 800, .send_ms = 1600, .rate = 1000};
    talk talks[4];
    for (int i = 0; i < 4; i++)
        talk_open(&talks[i], &limits);
    talk *head = &talks[0], *body = &talks[1], *idle = &talks[2], *send_to = &talks[3];
    static const char BIG[] = GET("/big/2000000");
    talk_say(head, "GET / HTTP/1.1\r\n");
    talk_say(body, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx");
    talk_ask(idle, GET("/json"));
    assert_int_equal(send(send_to->fd, BIG, sizeof BIG - 1, 0), sizeof BIG - 1);
    for (int i = 0; i < 5; i++)
        talk_pass(send_to);
    size_t unread = fr_conn_pending(send_to->conn);
    assert_true(unread > 100000);
    fr_test_advance_clock(300);
    for (int i = 0; i < 3; i++)
        talk_settle(talks + i);
    talk_pass(send_to);
    assert_starts(talk_hear(head), "HTTP/1.1 408 ");
    assert_string_equal(talk_hear(body), "");
    fr_test_advance_clock(200);
    for (int i = 1; i < 3; i++)
        talk_settle(talks + i);
    assert_starts(talk_hear(body), "HTTP/1.1 408 ");
    assert_false(idle->is_over);
    fr_test_advance_clock(400);
    talk_settle(idle);
    assert_true(idle->is_over);
    talk_pass(send_to);
    assert_int_equal(fr_conn_pending(send_to->conn), unread);
    for (int i = 0; i < 3; i++) {
        fr_test_advance_clock(1700);
        talk_pass(send_to);
    }
    talk_settle(send_to); /* now it reads: what the kernel had, and the end */
    assert_true(send_to->is_over);
    assert_true(send_to->heard.n < 2000000);
    for (int i = 0; i < 4; i++)
        talk_close(&talks[i]);
}

/* The rate is what counts, not that something comes. */
static void the_least_rate_is_a_setting(void **state)
{
    (void)state;
    static const fr_http_limits limits = {.body_ms = 1000, .rate = 100};
    for (int is_slow = 0; is_slow < 2; is_slow++) {
        talk t;
        talk_open(&t, &limits);
        talk_say(&t, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
        for (int i = 0; i < 10 && !t.is_over && !t.heard.n; i++) {
            char piece[200];
            memset(piece, 'x', sizeof piece);
            talk_say_bytes(&t, (fr_str){piece, is_slow ? 20 : 200});
            talk_later(&t, 300);
        }
        assert_starts(talk_hear(&t), is_slow ? "HTTP/1.1 408 " : "HTTP/1.1 200 ");
        talk_close(&t);
    }
}

static void a_handler_may_take_longer_than_any_timer(void **state)
{
    talk *t = *state;
    talk_say(t, GET("/wait/900000"));
    for (int i = 0; i < 8; i++)
        talk_later(t, 100000);
    assert_string_equal(talk_hear(t), "");
    talk_later(t, 110000);
    assert_starts(talk_hear(t), "HTTP/1.1 200 OK\r\n");
}

/* ---- clients that go ---- */

static void a_client_that_goes_ends_the_wait(void **state)
{
    talk *t = *state;
    talk_say(t, GET("/wait/50000"));
    talk_hang_up(t);
    assert_int_equal(talk_slept, FR_ECANCELED);
    talk_connect(t);
    assert_string_equal(talk_ask(t, GET("/json")), TALK_HELLO);
}

static void a_client_that_ends_its_half_ends_the_wait(void **state)
{
    talk *t = *state;
    talk_say(t, GET("/wait/50000") GET("/json"));
    talk_end_half(t);
    assert_int_equal(talk_slept, FR_ECANCELED);
    assert_true(t->is_over);
    assert_int_equal(talk_begun, 1);
}

static void a_client_that_ends_in_a_request_is_left(void **state)
{
    static const char *const CUT[] = {
        "GET / HT", "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe", ""};
    talk *t = *state;
    for (size_t i = 0; i < sizeof CUT / sizeof *CUT; i++) {
        talk_connect(t);
        talk_say(t, CUT[i]);
        talk_end_half(t);
        assert_string_equal(talk_hear(t), "");
        assert_true(t->is_over);
        assert_int_equal(talk_begun, 0);
    }
}

/* ---- another protocol ---- */

static struct {
    fr_conn *conn;
    char heard[64];
    size_t n;
    int closes;
} upgraded;

static size_t on_upgraded_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    (void)conn;
    assert_true(upgraded.n + n < sizeof upgraded.heard);
    memcpy(upgraded.heard + upgraded.n, bytes, n);
    upgraded.n += n;
    upgraded.heard[upgraded.n] = '\0';
    return n;
}

static void on_upgraded_close(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
    upgraded.closes++;
}

static const fr_proto UPGRADED = {
    .name = "upgraded", .on_data = on_upgraded_data, .on_close = on_upgraded_close};

static fr_err upgrade(fr_req *req, void *arg)
{
    (void)arg;
    if (fr_str_eq(req->path, FR_STR("/denied")))
        return fr_fail(req, FR_EDENIED, "Not here.");
    if (fr_str_eq(req->path, FR_STR("/refused")))
        return fr_http_refuse(req, 403, FR_STR("Access denied"));
    if (fr_str_eq(req->path, FR_STR("/later"))) {
        talk_slept = fr_sleep(req, 50);
        if (talk_slept != FR_OK)
            return fr_http_upgrade(req, &UPGRADED, NULL, &upgraded.conn);
    }
    FR_TRY(fr_reply_header(req, FR_STR("X-Accept"), FR_STR("yes")));
    FR_TRY(fr_http_upgrade(req, &UPGRADED, NULL, &upgraded.conn));
    assert_null(fr_req_conn(req));
    assert_str(fr_req_header(req, FR_STR("host")), "a"); /* still there */
    return FR_OK;
}

static talk *open_upgrades(void **state)
{
    talk *t = *state;
    memset(&upgraded, 0, sizeof upgraded);
    t->http.upgrade = upgrade;
    return t;
}

#define UPGRADE(path)                                                                              \
    "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define SWITCHED                                                                                   \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "X-Accept: yes\r\n\r\n"

static void bytes_behind_an_upgrade_are_the_other_protocols(void **state)
{
    talk *t = open_upgrades(state);
    assert_string_equal(talk_ask(t, GET("/json") UPGRADE("/now") "hello"), TALK_HELLO SWITCHED);
    assert_string_equal(upgraded.heard, "hello");
    talk_say(t, " again");
    assert_string_equal(upgraded.heard, "hello again");
    fr_conn_write(upgraded.conn, "bye", 3);
    talk_settle(t);
    assert_string_equal(talk_hear(t), "bye");
    talk_hang_up(t);
    assert_int_equal(upgraded.closes, 1);
}

static void an_upgrade_that_waits_keeps_what_comes_meanwhile(void **state)
{
    talk *t = open_upgrades(state);
    talk_say(t, UPGRADE("/later") "one ");
    talk_say(t, "two ");
    assert_int_equal(upgraded.n, 0);
    talk_later(t, 100);
    assert_string_equal(talk_hear(t), SWITCHED);
    assert_string_equal(upgraded.heard, "one two ");
}

static void an_upgrade_whose_client_has_gone_fails(void **state)
{
    talk *t = open_upgrades(state);
    talk_say(t, UPGRADE("/later"));
    talk_hang_up(t);
    assert_int_equal(talk_slept, FR_ECANCELED);
    assert_null(upgraded.conn);
}

static void an_upgrade_that_is_refused_closes(void **state)
{
    talk *t = open_upgrades(state);
    assert_string_equal(
        talk_ask(t, UPGRADE("/refused") GET("/json")),
        "HTTP/1.1 403 Access denied\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_true(t->is_over);
    talk_connect(t);
    const char *answer = talk_ask(t, UPGRADE("/denied") GET("/json"));
    assert_starts(answer, "HTTP/1.1 403 Forbidden\r\n");
    assert_null(strstr(answer, "Hello"));
    assert_true(t->is_over);
}

static void without_a_hook_an_upgrade_is_a_plain_request(void **state)
{
    assert_string_equal(talk_ask(*state, UPGRADE("/json")), TALK_HELLO);
}

/* ---- memory ---- */

/* Each allocation that serving takes fails once. Whatever comes back is whole and well-formed, and the next client is
 * served. */
static void without_memory_a_client_is_refused_and_the_server_goes_on(void **state)
{
    static const char *const ASKED[] = {
        GET("/json") GET("/headers/"),
        "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        GET("/nowhere") GET("/slash") GET("/%73lash/"),
        GET("/big/100000"),
        GET("/taken/100000"),
        GET("/wait/1") GET("/json"),
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTT",
    };
    talk *t = *state;
    for (size_t i = 0; i < sizeof ASKED / sizeof *ASKED; i++) {
        FR_TEST_EACH_ALLOC_FAILS()
        {
            size_t left = fr_test_fail_alloc(0);
            talk_close(t); /* a new loop has no exchange and no buffers to begin with */
            talk_open(t, NULL);
            fr_buf_reserve(&t->heard, 400000);
            fr_test_fail_alloc(left);
            talk_say(t, ASKED[i]);
            talk_later(t, 20);
            left = fr_test_fail_alloc(0);
            if (t->heard.n)
                assert_starts(talk_hear(t), "HTTP/1.1 ");
            talk_connect(t);
            assert_string_equal(talk_ask(t, GET("/json")), TALK_HELLO);
            fr_test_fail_alloc(left);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
FR_TESTS(pipeline, TEST(what_follows_a_waiting_handler_waits),
         TEST(a_hundred_requests_of_one_read_are_answered),
         TEST(a_flood_behind_a_waiting_handler_stays_outside), TEST(nothing_follows_a_refusal),
         TEST(nothing_follows_a_close), TEST(a_body_in_many_pieces_is_one),
         TEST(a_body_that_grows_past_the_limit_is_413), TEST(compressed_bodies_are_415),
         TEST(http_1_0_needs_a_length), TEST(a_client_that_expects_100_gets_it_once),
         TEST(a_slow_head_is_408), TEST(a_slow_head_behind_an_answer_is_408_too),
         TEST(a_body_that_stops_is_408), TEST(a_body_below_the_least_rate_is_408),
         TEST(a_body_that_flows_has_the_time_it_needs), TEST(chunk_extensions_are_no_progress),
         TEST(an_idle_connection_is_closed_without_a_word),
         TEST(a_connection_that_says_nothing_is_closed), FR_TEST(the_timers_are_settings),
         FR_TEST(the_least_rate_is_a_setting), TEST(a_handler_may_take_longer_than_any_timer),
         TEST(a_client_that_goes_ends_the_wait), TEST(a_client_that_ends_its_half_ends_the_wait),
         TEST(a_client_that_ends_in_a_request_is_left),
         TEST(bytes_behind_an_upgrade_are_the_other_protocols),
         TEST(an_upgrade_that_waits_keeps_what_comes_meanwhile),
         TEST(an_upgrade_whose_client_has_gone_fails), TEST(an_upgrade_that_is_refused_closes),
         TEST(without_a_hook_an_upgrade_is_a_plain_request),
         TEST(without_memory_a_client_is_refused_and_the_server_goes_on))
