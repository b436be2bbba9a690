/* Answers in chunks: their bytes, their end, their bound. */
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/http.h"

enum { LONG_PIECES = 500, LONG_PIECE_BYTES = 10000, PENDING_MAX = 256 * 1024 };

static size_t most_pending;

static fr_err two_pieces(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_start(req, 200, FR_STR("text/plain")));
    FR_TRY(fr_reply_write(req, FR_STR("hello, ")));
    FR_TRY(fr_sleep(req, 2));
    FR_TRY(fr_reply_write(req, FR_STR("")));
    FR_TRY(fr_reply_write(req, FR_STR("world")));
    return fr_reply_end(req);
}

static fr_err left_open(fr_req *req, void *arg)
{
    (void)arg;
    return fr_reply_start(req, 201, FR_STR("text/plain"));
}

static fr_err broken(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_start(req, 200, FR_STR("text/plain")));
    FR_TRY(fr_reply_write(req, FR_STR("half")));
    return FR_EBACKEND;
}

static fr_err twice(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_start(req, 200, FR_STR("")));
    assert_int_equal(fr_reply_start(req, 200, FR_STR("")), FR_EINTERNAL);
    assert_int_equal(fr_reply_text(req, 200, FR_STR("x")), FR_EINTERNAL);
    FR_TRY(fr_reply_end(req));
    assert_int_equal(fr_reply_write(req, FR_STR("x")), FR_EINTERNAL);
    assert_int_equal(fr_reply_end(req), FR_EINTERNAL);
    return FR_OK;
}

static fr_err long_result;

static fr_err write_long(fr_req *req)
{
    static char piece[LONG_PIECE_BYTES];
    memset(piece, 'x', sizeof piece);
    FR_TRY(fr_reply_start(req, 200, FR_STR("text/plain")));
    for (int i = 0; i < LONG_PIECES; i++) {
        FR_TRY(fr_reply_write(req, (fr_str){piece, sizeof piece}));
        size_t pending = fr_conn_pending(fr_req_conn(req));
        most_pending = pending > most_pending ? pending : most_pending;
    }
    return FR_OK;
}

static fr_err long_one(fr_req *req, void *arg)
{
    (void)arg;
    return long_result = write_long(req);
}

static fr_http_target TWO = {.handle = two_pieces}, OPEN = {.handle = left_open},
                      BROKEN = {.handle = broken}, TWICE = {.handle = twice},
                      LONG = {.handle = long_one}, QUICK = {.handle = left_open, .is_quick = true};

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
    fr_http_target *targets[] = {&TWO, &OPEN, &BROKEN, &TWICE, &LONG, &QUICK};
    const char *names[] = {"two", "open", "broken", "twice", "long", "quick"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(fr_router_add(router, fr_str_c(names[i]), false, targets[i], error),
                         FR_OK);
    f.http = (fr_http){.router = router};
    fr_buf_init(&f.answer);
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

static fr_str ask(fixture *f, const char *request)
{
    fr_buf_clear(&f->answer);
    assert_int_equal(fr_test_http(&f->http, fr_str_c(request), &f->answer), FR_OK);
    return fr_buf_str(&f->answer);
}

static bool has(fr_str text, const char *part)
{
    return fr_str_find(text, fr_str_c(part)) != SIZE_MAX;
}

static void pieces_come_as_chunks_and_the_connection_stays(void **state)
{
    fr_str got =
        ask(*state, "GET /two HTTP/1.1\r\nHost: a\r\n\r\nGET /open HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(has(got, "Transfer-Encoding: chunked\r\n"));
    assert_false(has(got, "Content-Length"));
    assert_true(has(got, "\r\n\r\n7\r\nhello, \r\n5\r\nworld\r\n0\r\n\r\nHTTP/1.1 201 "));
    assert_true(fr_str_ends(got, FR_STR("\r\n\r\n0\r\n\r\n")));
}

static void an_old_client_reads_to_the_end_of_the_connection(void **state)
{
    fr_str got = ask(*state, "GET /two HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_false(has(got, "chunked"));
    assert_true(has(got, "Connection: close\r\n"));
    assert_true(fr_str_ends(got, FR_STR("\r\n\r\nhello, world")));
}

static void head_shows_no_chunk(void **state)
{
    fr_str got =
        ask(*state, "HEAD /two HTTP/1.1\r\nHost: a\r\n\r\nHEAD /open HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(has(got, "Transfer-Encoding: chunked\r\n"));
    assert_false(has(got, "hello"));
    assert_true(has(got, "\r\n\r\nHTTP/1.1 201 "));
    assert_true(fr_str_ends(got, FR_STR("GMT\r\n\r\n")));
}

static void half_an_answer_is_cut_off(void **state)
{
    fr_str got =
        ask(*state, "GET /broken HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_false(has(got, "0\r\n\r\n"));
    assert_false(has(got, "world"));
}

static void one_answer_a_request(void **state)
{
    fr_str got = ask(*state, "GET /twice HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(fr_str_ends(got, FR_STR("GMT\r\n\r\n0\r\n\r\n")));
}

static void what_cannot_wait_cannot_stream(void **state)
{
    assert_true(fr_str_starts(ask(*state, "GET /quick HTTP/1.1\r\nHost: a\r\n\r\n"),
                              FR_STR("HTTP/1.1 500 ")));
}

static void a_long_answer_is_whole_and_waits_for_its_reader(void **state)
{
    most_pending = 0;
    fr_str got = ask(*state, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(got.n > (size_t)LONG_PIECES * LONG_PIECE_BYTES);
    assert_true(fr_str_ends(got, FR_STR("x\r\n0\r\n\r\n")));
    assert_true(most_pending <= PENDING_MAX);
}

static void run_passes(fr_loop *loop)
{
    for (int i = 0; i < 20; i++)
        fr_loop_run_once(loop, 0);
}

/* One look sees where it stands, the next that nothing has moved since. */
static void who_does_not_read_loses_the_stream(void **state)
{
    fixture *f = *state;
    int ends[2];
    char byte;
    fr_conn *conn;
    fr_loop *loop = fr_loop_new(0);
    assert_int_equal(fr_http_start(loop, &f->http), FR_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    assert_int_equal(fr_loop_adopt(loop, ends[1], &(fr_proto){.name = "new"}, NULL, &conn), FR_OK);
    assert_int_equal(fr_http_accept(conn, &f->http), FR_OK);
    static const char REQUEST[] = "GET /long HTTP/1.1\r\nHost: a\r\n\r\n";
    long_result = FR_OK;
    assert_int_equal(send(ends[0], REQUEST, sizeof REQUEST - 1, 0), sizeof REQUEST - 1);
    run_passes(loop);
    assert_int_equal(recv(ends[0], &byte, 1, MSG_PEEK), 1);
    for (int i = 0; i < 4; i++) {
        fr_test_advance_clock(80 * 1000);
        run_passes(loop);
    }
    assert_int_equal(long_result, FR_ECANCELED);
    close(ends[0]);
    run_passes(loop);
    fr_loop_free(loop);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
FR_TESTS(stream, WITH(pieces_come_as_chunks_and_the_connection_stays),
         WITH(an_old_client_reads_to_the_end_of_the_connection), WITH(head_shows_no_chunk),
         WITH(half_an_answer_is_cut_off), WITH(one_answer_a_request),
         WITH(what_cannot_wait_cannot_stream),
         WITH(a_long_answer_is_whole_and_waits_for_its_reader),
         WITH(who_does_not_read_loses_the_stream))
