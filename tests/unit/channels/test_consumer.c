/* Consumers: connect, receive, disconnect; every row of the table of mistakes; the order of events; what is left over. */
#include "channels/app.h"
#include "logged.h"

#include "channels/channels_int.h"
#include "http/clients/trust.h"
#include "net/fiber.h"
#include "net/net_int.h"
#include "net/wait.h"

static app a;
static fr_buf told; /* what handlers saw, in order */

static int set_up(void **state)
{
    (void)state;
    app_start(&a, NULL);
    fr_buf_init(&told);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    app_stop(&a);
    fr_buf_deinit(&told);
    return 0;
}

#define TELL(...) fr_buf_printf(&told, __VA_ARGS__)
#define expect_told(text)                                                                          \
    do {                                                                                           \
        assert_str(fr_buf_str(&told), (text));                                                     \
        fr_buf_clear(&told);                                                                       \
    } while (0)

static void tell_disconnect(fr_sock *sock, uint16_t code)
{
    (void)sock;
    TELL("gone %u;", code);
}

/* ---- the plain way ---- */

static fr_err echo_text(fr_sock *sock, fr_str text)
{
    return fr_send(sock, text);
}
static fr_err echo_bytes(fr_sock *sock, fr_str bytes)
{
    return fr_send_bytes(sock, bytes);
}
static const fr_consumer echo = {
    .receive = echo_text, .receive_bytes = echo_bytes, .disconnect = tell_disconnect};

static void a_consumer_without_connect_accepts_by_itself(void **state)
{
    (void)state;
    app_route(&a, "ws/echo/", &echo);
    peer p;
    app_open(&a, &p, "/ws/echo/");
    peer_text(&p, "hello");
    expect_text(&p, "hello");
    peer_send(&p, BINARY, FR_STR("\xff"));
    expect_frame(&p, BINARY, "\xff");
    peer_text(&p, "");
    expect_text(&p, "");
    peer_send(&p, BINARY, FR_STR(""));
    expect_frame(&p, BINARY, "");
    peer_close(&p, 1000, "");
    expect_close(&p, 1000);
    expect_told("gone 1000;");
    peer_end(&p);
    expect_told("");
}

static void disconnect_gets_the_code_once(void **state)
{
    (void)state;
    app_route(&a, "e/", &echo);
    peer p;
    app_open(&a, &p, "/e/");
    peer_close(&p, 0, "");
    expect_told("gone 1005;");
    peer_end(&p);
    app_open(&a, &p, "/e/");
    peer_close(&p, 3001, "");
    expect_told("gone 3001;");
    peer_end(&p);
    app_open(&a, &p, "/e/");
    peer_end(&p);
    expect_told("gone 1006;");
}

static void routes_may_be_written_with_and_without_a_leading_slash(void **state)
{
    (void)state;
    app_route(&a, "/with/", &echo);
    app_route(&a, "without/", &echo);
    peer p;
    app_open(&a, &p, "/with/");
    peer_end(&p);
    app_open(&a, &p, "/without/");
    peer_end(&p);
}

static void an_unknown_path_is_404(void **state)
{
    (void)state;
    app_route(&a, "ws/echo/", &echo);
    peer p;
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/ws/nothing/") "\r\n"), 404);
    peer_end(&p);
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/ws/echo") "\r\n"), 404);
    peer_end(&p);
    assert_int_equal(app_ask(&a, &p, "GET /ws/echo/ HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
    peer_end(&p);
}

static const fr_consumer deaf = {.disconnect = tell_disconnect};

static void messages_without_a_handler_are_ignored(void **state)
{
    (void)state;
    app_route(&a, "d/", &deaf);
    peer p;
    app_open(&a, &p, "/d/");
    peer_text(&p, "hello");
    peer_send(&p, BINARY, FR_STR("\1"));
    expect_nothing(&p);
    peer_close(&p, 1000, "");
    expect_close(&p, 1000);
    peer_end(&p);
}

/* ---- connect ---- */

static fr_err connect_undecided(fr_sock *sock)
{
    (void)sock;
    return FR_OK;
}
static fr_err connect_close(fr_sock *sock)
{
    fr_err err = fr_close(sock, 4003, FR_STR("no"));
    assert_int_equal(fr_accept(sock), FR_EINVAL);
    return err;
}
static fr_err connect_denied(fr_sock *sock)
{
    return fr_fail(sock, FR_EDENIED, "not you");
}
static fr_err connect_unknown(fr_sock *sock)
{
    return fr_fail(sock, FR_EAUTH, "who are you");
}
static fr_err connect_fails(fr_sock *sock)
{
    return fr_fail(sock, FR_EINVAL, "bad luck");
}
static fr_err connect_sends_first(fr_sock *sock)
{
    fr_err err = fr_send(sock, FR_STR("too early"));
    assert_int_equal(err, FR_EINVAL);
    assert_non_null(strstr(sock->ctx->detail.p, "fr_accept"));
    return err;
}
static fr_err connect_twice(fr_sock *sock)
{
    FR_TRY(fr_accept(sock));
    assert_int_equal(fr_accept(sock), FR_EINVAL);
    return fr_send(sock, FR_STR("once"));
}
static fr_err connect_then_fails(fr_sock *sock)
{
    FR_TRY(fr_accept(sock));
    return fr_fail(sock, FR_EDENIED, "only members");
}

static void what_connect_decides_is_answered_at_once(void **state)
{
    (void)state;
    static const struct {
        fr_err (*connect)(fr_sock *sock);
        int status;
        const char *line;
    } rows[] = {
        {connect_undecided, 500, "HTTP/1.1 500 Internal server error"},
        {connect_close, 403, "HTTP/1.1 403 Access denied"},
        {connect_denied, 403, "HTTP/1.1 403 Access denied"},
        {connect_unknown, 403, "HTTP/1.1 403 Access denied"},
        {connect_fails, 500, "HTTP/1.1 500 Internal server error"},
        {connect_sends_first, 500, "HTTP/1.1 500 Internal server error"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[16];
        fr_consumer *consumer = fr_arena_zalloc(a.arena, sizeof *consumer);
        *consumer = (fr_consumer){
            .connect = rows[i].connect, .disconnect = tell_disconnect, .groups = "some"};
        snprintf(path, sizeof path, "r%zu/", i);
        app_route(&a, path, consumer);
        char head[512];
        snprintf(head, sizeof head, HANDSHAKE("/r%zu/") "\r\n", i);
        peer p;
        assert_int_equal(app_ask(&a, &p, head), rows[i].status);
        assert_true(fr_str_starts(fr_str_c(p.head), fr_str_c(rows[i].line)));
        expect_end(&p);
        peer_end(&p);
        expect_told(""); /* disconnect is for those that were accepted */
    }
}

static void accepting_twice_is_told(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.connect = connect_twice};
    app_route(&a, "c/", &consumer);
    peer p;
    app_open(&a, &p, "/c/");
    expect_text(&p, "once");
    peer_end(&p);
}

static void an_error_after_accept_closes_with_its_code_and_text(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.connect = connect_then_fails,
                                         .disconnect = tell_disconnect};
    app_route(&a, "c/", &consumer);
    peer p;
    app_open(&a, &p, "/c/");
    fr_str payload;
    assert_int_equal(peer_next(&p, &payload), CLOSE);
    assert_int_equal(peer_code(payload), 4403);
    assert_str(fr_str_from(payload, 2), "only members");
    peer_close(&p, 4403, "");
    expect_told("gone 4403;");
    peer_end(&p);
}

static fr_err connect_shows_scope(fr_sock *sock)
{
    const fr_scope *s = sock->scope;
    FR_TRY(fr_accept_header(sock, FR_STR("X-Room"), fr_sock_arg(sock, FR_STR("room"))));
    assert_int_equal(fr_accept_header(sock, FR_STR("Upgrade"), FR_STR("x")), FR_EINVAL);
    assert_int_equal(fr_accept_header(sock, FR_STR("sec-websocket-accept"), FR_STR("x")),
                     FR_EINVAL);
    assert_int_equal(fr_accept_header(sock, FR_STR("X-Bad"), FR_STR("a\r\nb")), FR_EINVAL);
    FR_TRY(fr_accept(sock));
    assert_int_equal(fr_accept_header(sock, FR_STR("X-Late"), FR_STR("x")), FR_EINVAL);
    fr_str text = fr_arena_printf(
        sock->ctx->arena, "%.*s|%.*s|%.*s|%.*s|%zu|%d", FR_FMT(s->path), FR_FMT(s->query),
        FR_FMT(fr_sock_header(sock, FR_STR("x-custom"))), FR_FMT(fr_sock_cookie(sock, FR_STR("b"))),
        s->subprotocol_count, fr_sock_arg(sock, FR_STR("other")).p == NULL);
    return fr_send(sock, text);
}
static fr_err receive_shows_scope(fr_sock *sock, fr_str text)
{
    (void)text;
    const fr_scope *s = sock->scope;
    return fr_send(sock, fr_arena_printf(sock->ctx->arena, "%.*s|%.*s|%zu|%.*s",
                                         FR_FMT(fr_sock_arg(sock, FR_STR("room"))), FR_FMT(s->path),
                                         s->header_count,
                                         FR_FMT(fr_sock_header(sock, FR_STR("x-custom")))));
}

static void the_scope_is_whole_in_connect_and_arguments_stay(void **state)
{
    (void)state;
    static const fr_consumer plain = {
        .connect = connect_shows_scope, .receive = receive_shows_scope, .state_bytes = 3};
    static const fr_consumer keeping = {
        .connect = connect_shows_scope, .receive = receive_shows_scope, .keep_headers = true};
    app_route(&a, "plain/<slug:room>/", &plain);
    app_route(&a, "keeping/<slug:room>/", &keeping);
    peer p;
    assert_int_equal(
        app_ask(&a, &p,
                HANDSHAKE("/plain/t%65a/?x=%20") "X-Custom: yes\r\nCookie: a=1; b=2\r\n"
                                                 "Sec-WebSocket-Protocol: a, b\r\n\r\n"),
        101);
    assert_non_null(strstr(p.head, "\r\nX-Room: tea"));
    expect_text(&p, "/plain/tea/|x=%20|yes|2|2|1");
    peer_text(&p, "");
    expect_text(&p, "tea||0|");
    peer_end(&p);
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/keeping/tea/") "X-Custom: yes\r\n\r\n"), 101);
    expect_text(&p, "/keeping/tea/||yes||0|1");
    peer_text(&p, "");
    expect_text(&p, "tea|/keeping/tea/|6|yes");
    peer_end(&p);
}

static void the_preferred_of_the_offered_subprotocols_is_chosen(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.subprotocols = "v2.chat, v1.chat"};
    static const struct {
        const char *offer, *chosen;
    } rows[] = {{"v1.chat, v2.chat", "v2.chat"}, {"v1.chat", "v1.chat"}, {"v3.chat", NULL}};
    app_route(&a, "s/", &consumer);
    for (size_t i = 0; i < 3; i++) {
        char head[512], line[64];
        snprintf(head, sizeof head, HANDSHAKE("/s/") "Sec-WebSocket-Protocol: %s\r\n\r\n",
                 rows[i].offer);
        peer p;
        assert_int_equal(app_ask(&a, &p, head), 101);
        snprintf(line, sizeof line, "\r\nSec-WebSocket-Protocol: %s",
                 rows[i].chosen ? rows[i].chosen : "");
        if (rows[i].chosen)
            assert_non_null(strstr(p.head, line));
        else
            assert_null(strstr(p.head, "Sec-WebSocket-Protocol"));
        peer_end(&p);
    }
}

static fr_err connect_as_unoffered(fr_sock *sock)
{
    assert_int_equal(fr_accept_as(sock, FR_STR("other")), FR_EINVAL);
    return fr_accept_as(sock, FR_STR("mine"));
}

static void a_subprotocol_that_was_not_offered_is_refused(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.connect = connect_as_unoffered};
    app_route(&a, "s/", &consumer);
    peer p;
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/s/") "Sec-WebSocket-Protocol: mine\r\n\r\n"), 101);
    assert_non_null(strstr(p.head, "\r\nSec-WebSocket-Protocol: mine"));
    peer_end(&p);
}

/* ---- origin ---- */

static void a_foreign_origin_is_403_before_connect(void **state)
{
    (void)state;
    static const fr_consumer open = {.receive = echo_text, .any_origin = true};
    app_route(&a, "e/", &echo);
    app_route(&a, "open/", &open);
    static const struct {
        const char *head;
        int status;
    } rows[] = {
        {HANDSHAKE("/e/") "\r\n", 101},
        {HANDSHAKE("/e/") "Origin: http://a.example:3000\r\n\r\n", 101},
        {HANDSHAKE("/e/") "Origin: http://b.example\r\n\r\n", 403},
        {HANDSHAKE("/e/") "Origin: null\r\n\r\n", 403},
        {HANDSHAKE("/open/") "Origin: http://b.example\r\n\r\n", 101},
        {HANDSHAKE("/open/") "Origin: null\r\n\r\n", 101},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer p;
        assert_int_equal(app_ask(&a, &p, rows[i].head), rows[i].status);
        peer_end(&p);
    }
}

static void further_origins_may_be_allowed(void **state)
{
    (void)state;
    app_stop(&a);
    app_start(&a, "https://b.example, .c.example");
    app_route(&a, "e/", &echo);
    peer p;
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/e/") "Origin: https://b.example\r\n\r\n"), 101);
    peer_end(&p);
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/e/") "Origin: http://x.c.example\r\n\r\n"), 101);
    peer_end(&p);
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/e/") "Origin: http://d.example\r\n\r\n"), 403);
    peer_end(&p);
}

static void a_consumer_may_say_whose_pages_open_it(void **state)
{
    (void)state;
    static const fr_consumer own = {
        .receive = echo_text, .origins = ".b.example,http://exact.test:8080,https://safe.test"};
    static const fr_consumer all = {.receive = echo_text, .origins = "*"};
    static const struct {
        const char *origin;
        int status;
    } ROWS[] = {
        {"Origin: http://b.example\r\n", 101},
        {"Origin: https://sub.B.Example:99\r\n", 101},
        {"Origin: http://notb.example\r\n", 403},
        {"Origin: http://exact.test:8080\r\n", 101},
        {"Origin: http://exact.test\r\n", 403},
        {"Origin: https://exact.test:8080\r\n", 403},
        {"Origin: https://safe.test:443\r\n", 101},
        {"Origin: http://safe.test\r\n", 403},
        {"Origin: wss://safe.test\r\n", 403},
        {"Origin: b.example\r\n", 403},
        {"Origin: \r\n", 403},
        {"Origin: http://[bad\r\n", 403},
        {"Origin: null\r\n", 403},
        {"Origin: http://a.example\r\n", 403}, /* this host, and one that the server trusts */
        {"Origin: https://trusted.example\r\n", 403},
        {"", 403},
    };
    app_stop(&a);
    app_start(&a, "https://trusted.example");
    char error[256];
    fr_ws_target target = {.consumer = &own, .any_origin = true}, open = {.consumer = &all};
    assert_int_equal(fr_consumer_origins(&own, a.arena, &target.origins, error), FR_OK);
    assert_int_equal(fr_consumer_origins(&all, a.arena, &open.origins, error), FR_OK);
    app_target(&a, "own/", target);
    app_target(&a, "all/", open);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        peer p;
        char head[1024];
        snprintf(head, sizeof head, "%s%s\r\n", HANDSHAKE("/own/"), ROWS[i].origin);
        if (app_ask(&a, &p, head) != ROWS[i].status)
            fail_msg("%s is not %d", ROWS[i].origin, ROWS[i].status);
        peer_end(&p);
        snprintf(head, sizeof head, "%s%s\r\n", HANDSHAKE("/all/"), ROWS[i].origin);
        assert_int_equal(app_ask(&a, &p, head), 101);
        peer_end(&p);
    }
}

static void origins_of_a_consumer_that_no_page_has_are_told(void **state)
{
    (void)state;
    char error[256];
    const fr_origins *origins;
    assert_int_equal(fr_consumer_origins(&(fr_consumer){0}, a.arena, &origins, error), FR_OK);
    assert_null(origins);
    assert_int_equal(fr_consumer_origins(&(fr_consumer){.origins = "https://a.example/"}, a.arena,
                                         &origins, error),
                     FR_EINVAL);
    assert_string_equal(error,
                        "the consumer's .origins: \"https://a.example/\" has more than a "
                        "page's origin, which ends with its host or port: no slash, no path");
    assert_int_equal(
        fr_consumer_origins(&(fr_consumer){.origins = "https://a.example", .any_origin = true},
                            a.arena, &origins, error),
        FR_EINVAL);
    assert_string_equal(error, "the consumer has .any_origin and .origins: one of them is meant");
    FR_TEST_EACH_ALLOC_FAILS()
    {
        static const fr_consumer own = {.origins = "https://a.example,.b.example"};
        fr_arena *arena = fr_arena_new(0);
        origins = NULL;
        fr_err err = arena ? fr_consumer_origins(&own, arena, &origins, error) : FR_ENOMEM;
        assert_int_equal(err, origins ? FR_OK : FR_ENOMEM);
        fr_arena_free(arena);
    }
    assert_non_null(origins);
}

static fr_err hook(fr_req *req, const fr_route_match *match, void *arg)
{
    return fr_reply_text(
        req, 418, fr_arena_printf(req->ctx->arena, "%s %zu", (const char *)arg, match->arg_count));
}

static void a_target_without_consumer_is_opened_by_its_hook(void **state)
{
    (void)state;
    app_target(&a, "h/<int:id>/", (fr_ws_target){.open = hook, .arg = (void *)(uintptr_t) "hook"});
    peer p;
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/h/7/") "\r\n"), 418);
    assert_str(peer_rest(&p), "hook 1");
    peer_end(&p);
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/h/7/") "Origin: http://b.example\r\n\r\n"), 403);
    peer_end(&p);
}

/* ---- receive ---- */

static fr_err receive_commands(fr_sock *sock, fr_str text)
{
    int *count = sock->state;
    TELL("%.*s %d;", FR_FMT(text), ++*count);
    if (fr_str_eq(text, FR_STR("fail")))
        return fr_fail(sock, FR_EINTERNAL, "secret");
    if (fr_str_eq(text, FR_STR("bad")))
        return fr_fail(sock, FR_EINVAL, "Say it again.");
    if (fr_str_eq(text, FR_STR("close")))
        return fr_close(sock, 4100, FR_STR("because"));
    if (fr_str_eq(text, FR_STR("plain close")))
        return fr_close(sock, 0, (fr_str){0});
    if (fr_str_eq(text, FR_STR("latin")))
        return fr_send(sock, FR_STR("\xe9"));
    if (fr_str_eq(text, FR_STR("half \xc3\xa9"))) /* the whole has been checked, not any part */
        return fr_send(sock, fr_str_sub(text, 0, text.n - 1));
    if (fr_str_eq(text, FR_STR("sleep"))) {
        fr_err err = fr_sleep(sock, 5000);
        TELL("awake %s;", fr_err_name(err));
        if (err)
            return err;
        return fr_send(sock, FR_STR("slept"));
    }
    return fr_send(sock, text);
}
static const fr_consumer commands = {
    .receive = receive_commands, .disconnect = tell_disconnect, .state_bytes = sizeof(int)};

/* More than may wait for a client: what is sent is tried at once then. */
static fr_err send_much(fr_sock *sock, fr_str text)
{
    static char piece[64 * 1024];
    fr_err err = FR_OK;
    (void)text;
    memset(piece, 'a', sizeof piece);
    for (int i = 0; i < 64 && err == FR_OK; i++)
        err = fr_send(sock, (fr_str){piece, sizeof piece});
    TELL("%s;", fr_err_name(err));
    return err;
}

static void a_client_that_goes_while_it_is_sent_to_is_no_fault_of_ours(void **state)
{
    (void)state;
    static const fr_consumer sending = {.receive = send_much, .disconnect = tell_disconnect};
    app_route(&a, "s/", &sending);
    log_begin();
    for (int i = 0; i < 3; i++) {
        peer p;
        fr_buf frame;
        app_open(&a, &p, "/s/");
        fr_buf_init(&frame);
        peer_frame_into(&frame, TEXT, FR_STR("go"));
        assert_int_equal(send(p.fd, frame.p, frame.n, 0), frame.n);
        fr_buf_deinit(&frame);
        peer_end(&p); /* it has gone when the message is read */
        expect_told("FR_ECANCELED;gone 1006;");
    }
    assert_int_equal(log_count("ERROR"), 0);
    log_end();
}

static void check_command(const char *text, int code, const char *reason)
{
    peer p;
    app_open(&a, &p, "/c/");
    peer_text(&p, text);
    fr_str payload;
    assert_int_equal(peer_next(&p, &payload), CLOSE);
    assert_int_equal(peer_code(payload), code);
    assert_str(fr_str_from(payload, 2), reason);
    peer_end(&p);
}

static void errors_of_receive_close_with_the_code_of_the_map(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    check_command("fail", 1011, ""); /* the text of our own fault is for the log */
    check_command("bad", 4400, "Say it again.");
    check_command("close", 4100, "because");
    check_command("plain close", 1000, "");
    check_command("latin", 4400, "A text message is UTF-8; fr_send_bytes sends anything.");
    check_command("half \xc3\xa9", 4400, "A text message is UTF-8; fr_send_bytes sends anything.");
}

static void state_belongs_to_one_socket(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    peer p, q;
    app_open(&a, &p, "/c/");
    app_open(&a, &q, "/c/");
    peer_text(&p, "a");
    peer_text(&p, "b");
    peer_text(&q, "c");
    expect_told("a 1;b 2;c 1;");
    peer_end(&p);
    peer_end(&q);
}

static void send_frames(peer *p, const char *first, int count)
{
    fr_buf all;
    fr_buf_init(&all);
    peer_frame_into(&all, TEXT, fr_str_c(first));
    for (int i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        peer_frame_into(&all, TEXT, fr_str_c(text));
    }
    peer_write(p, all.p, all.n);
    peer_run(p);
    fr_buf_deinit(&all);
}

static void what_comes_while_a_handler_waits_is_handled_after_it_in_order(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    peer p, q;
    app_open(&a, &p, "/c/");
    app_open(&a, &q, "/c/");
    send_frames(&p, "sleep", 3);
    expect_nothing(&p);
    expect_told("sleep 1;");
    peer_text(&q, "other");
    expect_text(&q, "other"); /* it suspends this handler only */
    fr_buf_clear(&told);
    fr_test_advance_clock(5100);
    expect_text(&p, "slept");
    expect_text(&p, "0");
    expect_text(&p, "1");
    expect_text(&p, "2");
    expect_told("awake FR_OK;0 2;1 3;2 4;");
    peer_end(&p);
    peer_end(&q);
}

static void past_a_hundred_waiting_messages_reading_pauses(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    peer p;
    app_open(&a, &p, "/c/");
    send_frames(&p, "sleep", 300);
    assert_true(p.conn->flags & FR_CONN_PAUSED);
    fr_test_advance_clock(5100);
    expect_text(&p, "slept");
    for (int i = 0; i < 300; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        expect_text(&p, text);
    }
    assert_false(p.conn->flags & FR_CONN_PAUSED);
    peer_end(&p);
}

static void
a_handler_that_waits_is_told_when_the_client_goes_and_disconnect_comes_after_it(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    peer p;
    app_open(&a, &p, "/c/");
    peer_text(&p, "sleep");
    peer_end(&p);
    expect_told("sleep 1;awake FR_ECANCELED;gone 1006;");
}

static void what_the_client_sent_before_it_closed_is_handled_before_disconnect(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    peer p;
    app_open(&a, &p, "/c/");
    send_frames(&p, "sleep", 2);
    peer_close(&p, 1000, "");
    expect_told("sleep 1;awake FR_ECANCELED;0 2;1 3;gone 1000;");
    peer_end(&p);
}

static fr_err connect_slowly(fr_sock *sock)
{
    TELL("connect;");
    FR_TRY(fr_accept(sock));
    fr_err err = fr_sleep(sock, 5000);
    TELL("connected %s;", fr_err_name(err));
    return err;
}
static const fr_consumer slow = {.connect = connect_slowly,
                                 .receive = receive_commands,
                                 .disconnect = tell_disconnect,
                                 .state_bytes = sizeof(int)};

static void messages_wait_until_connect_has_returned(void **state)
{
    (void)state;
    app_route(&a, "s/", &slow);
    peer p;
    app_open(&a, &p, "/s/");
    peer_text(&p, "early");
    expect_told("connect;");
    fr_test_advance_clock(5100);
    expect_text(&p, "early");
    expect_told("connected FR_OK;early 1;");
    peer_end(&p);
    expect_told("gone 1006;");
    app_open(&a, &p, "/s/");
    peer_end(&p);
    expect_told("connect;connected FR_ECANCELED;gone 1006;");
}

static fr_err connect_waits_long(fr_sock *sock)
{
    fr_err err = fr_sleep(sock, 1000000);
    TELL("%s;", fr_err_name(err));
    return err;
}

static void a_connect_that_waits_too_long_is_500(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.connect = connect_waits_long,
                                         .disconnect = tell_disconnect};
    app_route(&a, "w/", &consumer);
    peer p;
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/w/") "\r\n"), NOTHING);
    fr_test_advance_clock(20100);
    peer_run(&p);
    expect_told("FR_ETIMEOUT;");
    assert_int_equal(peer_request(&p, ""), 500);
    peer_end(&p);
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/w/") "\r\n"), NOTHING);
    peer_end(&p); /* gone before accept */
    expect_told("FR_ECANCELED;");
}

static void disconnect_sleeps(fr_sock *sock, uint16_t code)
{
    assert_int_equal(fr_send(sock, FR_STR("hello?")), FR_ECANCELED);
    assert_int_equal(fr_close(sock, 1000, (fr_str){0}), FR_OK);
    TELL("gone %u;", code);
    fr_err err = fr_sleep(sock, 3000);
    TELL("%s;", fr_err_name(err));
    err = fr_sleep(sock, 100000);
    TELL("%s;", fr_err_name(err));
}

static void disconnect_may_wait_but_not_for_ever(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.disconnect = disconnect_sleeps};
    app_route(&a, "d/", &consumer);
    peer p;
    app_open(&a, &p, "/d/");
    peer_close(&p, 1000, "");
    expect_told("gone 1000;");
    fr_test_advance_clock(3100);
    peer_run(&p);
    expect_told("FR_OK;");
    fr_test_advance_clock(7100);
    peer_run(&p);
    expect_told("FR_ETIMEOUT;");
    peer_end(&p);
}

static fr_err receive_floods(fr_sock *sock, fr_str text)
{
    (void)text;
    char *piece = fr_arena_zalloc(sock->ctx->arena, 100000);
    fr_err err = FR_OK;
    for (int i = 0; i < 100 && !err; i++)
        err = fr_send_bytes(sock, (fr_str){piece, 100000});
    TELL("%s;", fr_err_name(err));
    return err;
}

static void a_client_that_does_not_read_is_closed_with_1013(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.receive = receive_floods, .disconnect = tell_disconnect};
    app_route(&a, "f/", &consumer);
    peer p;
    app_open(&a, &p, "/f/");
    peer_text(&p, "go");
    expect_told("FR_ETOOBIG;");
    fr_str payload;
    int opcode;
    while ((opcode = peer_next(&p, &payload)) == BINARY)
        ;
    assert_int_equal(opcode, CLOSE);
    assert_int_equal(peer_code(payload), 1013);
    peer_end(&p);
}

static fr_err receive_sends_too_much(fr_sock *sock, fr_str text)
{
    (void)text;
    static char bytes[2 << 20];
    return fr_send_bytes(sock, (fr_str){bytes, sizeof bytes});
}

static void a_message_that_can_never_be_sent_is_1009(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.receive = receive_sends_too_much};
    app_route(&a, "f/", &consumer);
    peer p;
    app_open(&a, &p, "/f/");
    peer_text(&p, "go");
    expect_close(&p, 1009);
    peer_end(&p);
}

static void a_consumer_may_have_its_own_limit(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.receive = echo_text, .message_bytes = 10};
    app_route(&a, "l/", &consumer);
    peer p;
    app_open(&a, &p, "/l/");
    peer_text(&p, "0123456789");
    expect_text(&p, "0123456789");
    peer_text(&p, "0123456789a");
    expect_close(&p, 1009);
    peer_end(&p);
}

/* ---- fibers are all in use ---- */

static fr_fiber *parked[FR_FIBERS_MAX];
static int parked_count;

static void park(void *arg)
{
    (void)arg;
    parked[parked_count++] = fr_fiber_current();
    fr_fiber_suspend();
}

static void without_a_fiber_messages_wait_and_are_not_lost(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    peer p;
    app_open(&a, &p, "/c/");
    fr_loop *loop = a.loop;
    parked_count = 0;
    while (fr_fiber_start(loop, park, NULL) == FR_OK)
        ;
    peer_text(&p, "one");
    peer_text(&p, "two");
    expect_told("");
    while (parked_count)
        fr_fiber_resume(parked[--parked_count]);
    fr_test_advance_clock(20);
    expect_text(&p, "one");
    expect_text(&p, "two");
    peer_end(&p);
}

/* ---- memory ---- */

static void each_allocation_may_fail(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.connect = connect_shows_scope,
                                         .receive = receive_commands,
                                         .keep_headers = true,
                                         .groups = "one,two",
                                         .state_bytes = sizeof(int),
                                         .disconnect = tell_disconnect};
    app_route(&a, "m/<slug:room>/", &consumer);
    int served = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        peer p;
        size_t left = fr_test_fail_alloc(0);
        peer_connect(&p, a.loop, &a.http);
        fr_buf_clear(&told);
        fr_buf_reserve(&p.in, 65536);
        fr_test_fail_alloc(left);
        peer_request(&p, HANDSHAKE("/m/tea/") "X-Custom: 1\r\n\r\n");
        static const char frames[] = "\x81\x83\0\0\0\0one\x81\x85\0\0\0\0sleep\x81\x83\0\0\0\0two";
        peer_write(&p, frames, sizeof frames - 1);
        peer_run(&p);
        fr_test_advance_clock(5100);
        peer_run(&p);
        served += p.status == 101 && fr_str_find(fr_buf_str(&p.in), FR_STR("slept")) != SIZE_MAX;
        left = fr_test_fail_alloc(0);
        peer_end(&p);
        fr_test_fail_alloc(left);
    }
    assert_true(served > 0);
}

/* What a plain socket costs besides its connection (docs/performance.md): one object of a slab, in a group or not. */
static void an_idle_socket_is_one_small_object(void **state)
{
    (void)state;
    static const fr_consumer plain = {.receive = echo_text, .groups = "all"};
    static const fr_consumer more = {
        .receive = echo_text, .groups = "all,a,b", .keep_headers = true};
    enum { SOCKETS = 300 };
    static peer peers[SOCKETS];
    app_route(&a, "plain/", &plain);
    app_route(&a, "more/", &more);
    const fr_slabs *slabs = &fr_channels_loop_get_(a.loop)->slabs;
    for (int i = 0; i < SOCKETS; i++) {
        app_open(&a, &peers[i], "/plain/");
        peer_text(&peers[i], "x");
        expect_text(&peers[i], "x");
    }
    assert_int_equal(slabs->items, SOCKETS);
    assert_in_range(slabs->bytes, 1, SOCKETS * 120 + 16384);
    peer p;
    app_open(&a, &p, "/more/");
    assert_int_equal(slabs->items, SOCKETS + 4); /* two groups more, and what is kept */
    peer_end(&p);
    for (int i = 0; i < SOCKETS; i++)
        peer_end(&peers[i]);
    fr_loop_run_once(a.loop, 0);
    assert_int_equal(slabs->items, 0);
}

/* ---- the client's address ---- */

static fr_err connect_keeps_client(fr_sock *sock)
{
    fr_str client = sock->scope->client_host;
    assert_true(client.n < 64);
    memcpy(sock->state, client.p, client.n);
    return fr_accept(sock);
}

static fr_err receive_shows_client(fr_sock *sock, fr_str text)
{
    (void)text;
    fr_str now = sock->scope->client_host;
    assert_str(now, sock->state); /* as it was in connect */
    return fr_send(sock, fr_arena_printf(sock->ctx->arena, "<%.*s>", FR_FMT(now)));
}

static void the_clients_address_stays_as_it_was_in_connect(void **state)
{
    (void)state;
    static const fr_consumer consumer = {
        .connect = connect_keeps_client, .receive = receive_shows_client, .state_bytes = 64};
    static const char *const clients[] = {"192.0.2.1", "255.255.255.255", "0.0.0.0", "2001:db8::17",
                                          "::1",       "unknown",         "_hidden"};
    enum { CLIENTS = sizeof clients / sizeof *clients };
    char error[256], request[512];
    peer peers[CLIENTS + 1];
    app_route(&a, "c/<slug:room>/", &consumer);
    assert_int_equal(fr_trust_parse(a.arena, "unix", &a.http.trust, error), FR_OK);
    app_open(&a, &peers[CLIENTS], "/c/none/");
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(request, sizeof request, HANDSHAKE("/c/room/") "Forwarded: for=\"%s%s%s\"\r\n\r\n",
                 strchr(clients[i], ':') ? "[" : "", clients[i],
                 strchr(clients[i], ':') ? "]" : "");
        assert_int_equal(app_ask(&a, &peers[i], request), 101);
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < CLIENTS; i++) {
            char expected[80];
            snprintf(expected, sizeof expected, "<%s>", clients[i]);
            peer_text(&peers[i], "");
            expect_text(&peers[i], expected);
        }
    peer_text(&peers[CLIENTS], "");
    expect_text(&peers[CLIENTS], "<>");
    for (int i = 0; i <= CLIENTS; i++)
        peer_end(&peers[i]);
}

#define C(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
FR_TESTS(consumer, C(a_consumer_without_connect_accepts_by_itself),
         C(a_client_that_goes_while_it_is_sent_to_is_no_fault_of_ours),
         C(disconnect_gets_the_code_once),
         C(routes_may_be_written_with_and_without_a_leading_slash), C(an_unknown_path_is_404),
         C(messages_without_a_handler_are_ignored), C(what_connect_decides_is_answered_at_once),
         C(accepting_twice_is_told), C(an_error_after_accept_closes_with_its_code_and_text),
         C(the_scope_is_whole_in_connect_and_arguments_stay),
         C(the_preferred_of_the_offered_subprotocols_is_chosen),
         C(a_subprotocol_that_was_not_offered_is_refused),
         C(a_foreign_origin_is_403_before_connect), C(further_origins_may_be_allowed),
         C(a_consumer_may_say_whose_pages_open_it),
         C(origins_of_a_consumer_that_no_page_has_are_told),
         C(a_target_without_consumer_is_opened_by_its_hook),
         C(errors_of_receive_close_with_the_code_of_the_map), C(state_belongs_to_one_socket),
         C(what_comes_while_a_handler_waits_is_handled_after_it_in_order),
         C(past_a_hundred_waiting_messages_reading_pauses),
         C(a_handler_that_waits_is_told_when_the_client_goes_and_disconnect_comes_after_it),
         C(what_the_client_sent_before_it_closed_is_handled_before_disconnect),
         C(messages_wait_until_connect_has_returned), C(a_connect_that_waits_too_long_is_500),
         C(disconnect_may_wait_but_not_for_ever),
         C(a_client_that_does_not_read_is_closed_with_1013),
         C(a_message_that_can_never_be_sent_is_1009), C(a_consumer_may_have_its_own_limit),
         C(without_a_fiber_messages_wait_and_are_not_lost), C(each_allocation_may_fail),
         C(an_idle_socket_is_one_small_object), C(the_clients_address_stays_as_it_was_in_connect))
