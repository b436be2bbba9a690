/* Groups on one loop: who hears what, in which order, and what becomes of those that cannot keep up. */
#include "channels/app.h"

#include <sys/wait.h>

#include "net/net_int.h"

static app a;
static fr_buf told;

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

/* ---- consumers ---- */

static fr_err to_all(fr_sock *sock, fr_str text)
{
    return fr_group_send(sock, FR_STR("all"), text);
}
static const fr_consumer plain = {.receive = to_all, .groups = "all"};

static fr_err hear(fr_sock *sock, fr_str group, fr_str text)
{
    if (fr_str_eq(text, FR_STR("sleep")))
        FR_TRY(fr_sleep(sock, 5000));
    if (fr_str_eq(text, FR_STR("fail")))
        return fr_fail(sock, FR_EDENIED, "no more");
    return fr_send(sock,
                   fr_arena_printf(sock->ctx->arena, "%.*s: %.*s", FR_FMT(group), FR_FMT(text)));
}
static void tell_disconnect(fr_sock *sock, uint16_t code)
{
    (void)sock;
    TELL("gone %u;", code);
}
static const fr_consumer listening = {
    .receive = to_all, .group_message = hear, .groups = "all", .disconnect = tell_disconnect};

static fr_err receive_command(fr_sock *sock, fr_str text)
{
    fr_str rest, verb;
    rest = fr_str_cut(text, ' ', &verb);
    fr_err err = FR_OK;
    if (fr_str_eq(verb, FR_STR("join")))
        err = fr_group_add(sock, rest);
    else if (fr_str_eq(verb, FR_STR("leave")))
        err = fr_group_discard(sock, rest);
    else if (fr_str_eq(verb, FR_STR("own")))
        err = fr_send(sock, text);
    else if (fr_str_eq(verb, FR_STR("own-after"))) {
        FR_TRY(to_all(sock, FR_STR("before")));
        FR_TRY(fr_send(sock, FR_STR("own")));
        return to_all(sock, FR_STR("after"));
    } else if (fr_str_eq(verb, FR_STR("bye"))) {
        FR_TRY(to_all(sock, FR_STR("I leave")));
        return fr_close(sock, 4000, (fr_str){0});
    } else
        err = fr_group_send(sock, verb, rest);
    return err ? fr_send(sock, fr_str_c(fr_err_name(err))) : FR_OK;
}
static const fr_consumer commands = {.receive = receive_command};

static void open_all(peer *peers, int count, const char *head)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(app_ask(&a, &peers[i], head), 101);
}

static void end_all(peer *peers, int count)
{
    for (int i = 0; i < count; i++)
        peer_end(&peers[i]);
}

/* ---- tests ---- */

static void names_are_checked(void **state)
{
    (void)state;
    char longest[101];
    memset(longest, 'a', 100);
    assert_true(fr_group_name_ok(FR_STR("a")));
    assert_true(fr_group_name_ok(FR_STR("A-Z.a_z-0.9")));
    assert_true(fr_group_name_ok((fr_str){longest, 99}));
    assert_false(fr_group_name_ok((fr_str){longest, 100}));
    assert_false(fr_group_name_ok(FR_STR("")));
    assert_false(fr_group_name_ok(FR_STR("a b")));
    assert_false(fr_group_name_ok(FR_STR("a!b")));
    assert_false(fr_group_name_ok(FR_STR("gr\xc3\xbcn")));
    assert_false(fr_group_name_ok((fr_str){"a\0b", 3}));
}

static void all_members_hear_it_the_sender_too(void **state)
{
    (void)state;
    app_route(&a, "p/", &plain);
    app_route(&a, "l/", &listening);
    peer peers[6];
    open_all(peers, 3, HANDSHAKE("/p/") "\r\n");
    open_all(peers + 3, 3, HANDSHAKE("/l/") "\r\n");
    peer_text(&peers[0], "hello");
    peer_text(&peers[4], "again");
    for (int i = 0; i < 6; i++) {
        expect_text(&peers[i], i < 3 ? "hello" : "all: hello");
        expect_text(&peers[i], i < 3 ? "again" : "all: again");
    }
    end_all(peers, 6);
}

static void joining_and_leaving_take_effect_at_once(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    peer p, q;
    app_open(&a, &p, "/c/");
    app_open(&a, &q, "/c/");
    peer_text(&p, "join x");
    peer_text(&p, "join x"); /* twice is once */
    peer_text(&q, "x one");
    expect_text(&p, "one");
    expect_nothing(&p);
    expect_nothing(&q);
    peer_text(&q, "join x");
    peer_text(&p, "leave x");
    peer_text(&p, "leave x");
    peer_text(&p, "x two");
    expect_text(&q, "two");
    expect_nothing(&p);
    peer_text(&p, "nobody three"); /* no such group: fine */
    peer_text(&p, "join bad name");
    expect_text(&p, "FR_EINVAL");
    peer_text(&p, "leave bad!name");
    expect_text(&p, "FR_EINVAL");
    peer_text(&p, "bad!name text");
    expect_text(&p, "FR_EINVAL");
    peer_end(&p);
    peer_end(&q);
}

static void what_was_sent_to_the_group_comes_before_what_is_sent_after_it(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    peer p;
    app_open(&a, &p, "/c/");
    peer_text(&p, "join all");
    peer_text(&p, "own-after");
    expect_text(&p, "before");
    expect_text(&p, "own");
    expect_text(&p, "after");
    peer_text(&p, "bye");
    expect_text(&p, "I leave");
    expect_close(&p, 4000);
    peer_end(&p);
}

static void client_and_group_messages_are_handled_in_the_order_they_came(void **state)
{
    (void)state;
    app_route(&a, "l/", &listening);
    app_route(&a, "c/", &commands);
    peer p, q;
    app_open(&a, &p, "/l/");
    app_open(&a, &q, "/c/");
    peer_text(&q, "all sleep");
    peer_text(&q, "all one");
    peer_text(&p, "two"); /* waits in the mailbox; its group message comes back last */
    peer_text(&q, "all three");
    expect_nothing(&p);
    fr_test_advance_clock(5100);
    expect_text(&p, "all: sleep");
    expect_text(&p, "all: one");
    expect_text(&p, "all: three");
    expect_text(&p, "all: two");
    peer_end(&p);
    peer_end(&q);
}

static void a_group_message_past_a_hundred_closes_with_1013(void **state)
{
    (void)state;
    app_route(&a, "l/", &listening);
    app_route(&a, "c/", &commands);
    peer p, q, r;
    app_open(&a, &p, "/l/");
    app_open(&a, &r, "/c/");
    app_open(&a, &q, "/c/");
    peer_text(&r, "join all");
    peer_text(&q, "all sleep");
    expect_text(&r, "sleep");
    for (int i = 0; i < 100; i++) {
        peer_text(&q, "all more");
        expect_text(&r, "more");
    }
    expect_nothing(&p);
    peer_text(&q, "all one too many");
    expect_close(&p, 1013);
    expect_text(&r, "one too many"); /* others are not affected */
    peer_close(&p, 1013, "");
    expect_told("gone 1013;");
    end_all(&p, 1);
    end_all(&q, 1);
    end_all(&r, 1);
}

static void a_member_that_does_not_read_is_closed_with_1013_and_the_others_are_served(void **state)
{
    (void)state;
    app_route(&a, "p/", &plain);
    peer slow, good;
    app_open(&a, &slow, "/p/");
    app_open(&a, &good, "/p/");
    char *text = fr_malloc(50001);
    memset(text, 'x', 50000);
    text[50000] = '\0';
    for (int i = 0; i < 60; i++) {
        fr_buf frame;
        fr_buf_init(&frame);
        peer_frame_into(&frame, TEXT, fr_str_c(text));
        peer_write(&good, frame.p, frame.n);
        peer_run(&good); /* reads its own only */
        fr_buf_deinit(&frame);
        expect_text(&good, text);
    }
    fr_str payload;
    int opcode, count = 0;
    while ((opcode = peer_next(&slow, &payload)) == TEXT)
        count++;
    assert_int_equal(opcode, CLOSE);
    assert_int_equal(peer_code(payload), 1013);
    assert_true(count < 60);
    fr_free(text);
    peer_end(&slow);
    peer_end(&good);
}

static fr_err connect_slowly(fr_sock *sock)
{
    FR_TRY(fr_group_add(sock, FR_STR("all")));
    FR_TRY(fr_sleep(sock, 5000));
    return fr_accept(sock);
}

static void what_a_group_says_before_accept_is_sent_after_it(void **state)
{
    (void)state;
    static const fr_consumer late = {.connect = connect_slowly};
    static const fr_consumer late_listener = {.connect = connect_slowly, .group_message = hear};
    app_route(&a, "late/", &late);
    app_route(&a, "listener/", &late_listener);
    app_route(&a, "c/", &commands);
    peer p, q, r;
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/late/") "\r\n"), NOTHING);
    assert_int_equal(app_ask(&a, &q, HANDSHAKE("/listener/") "\r\n"), NOTHING);
    app_open(&a, &r, "/c/");
    peer_text(&r, "all one");
    peer_text(&r, "all two");
    fr_test_advance_clock(5100);
    assert_int_equal(peer_request(&p, ""), 101);
    expect_text(&p, "one");
    expect_text(&p, "two");
    assert_int_equal(peer_request(&q, ""), 101);
    expect_text(&q, "all: one");
    expect_text(&q, "all: two");
    peer_text(&r, "all three");
    expect_text(&p, "three");
    expect_text(&q, "all: three");
    peer_end(&p);
    peer_end(&q);
    peer_end(&r);
}

static void too_many_group_messages_before_accept_refuse_the_handshake(void **state)
{
    (void)state;
    static const fr_consumer late = {.connect = connect_slowly};
    app_route(&a, "late/", &late);
    app_route(&a, "c/", &commands);
    peer p, q;
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/late/") "\r\n"), NOTHING);
    app_open(&a, &q, "/c/");
    for (int i = 0; i < 101; i++)
        peer_text(&q, "all news");
    fr_test_advance_clock(5100);
    assert_int_equal(peer_request(&p, ""), 503);
    peer_end(&p);
    peer_end(&q);
}

static void an_error_in_group_message_closes_its_socket_only(void **state)
{
    (void)state;
    app_route(&a, "l/", &listening);
    app_route(&a, "p/", &plain);
    peer p, q;
    app_open(&a, &p, "/l/");
    app_open(&a, &q, "/p/");
    peer_text(&q, "fail");
    expect_text(&q, "fail");
    expect_close(&p, 4403);
    peer_end(&p);
    peer_end(&q);
}

static void disconnect_tells_group(fr_sock *sock, uint16_t code)
{
    (void)code;
    assert_int_equal(fr_group_send(sock, FR_STR("all"), FR_STR("one has left")), FR_OK);
    assert_int_equal(fr_group_add(sock, FR_STR("other")), FR_ECANCELED);
}

static void who_leaves_may_tell_the_others_and_its_groups_are_left(void **state)
{
    (void)state;
    static const fr_consumer leaving = {
        .receive = to_all, .groups = "all", .disconnect = disconnect_tells_group};
    app_route(&a, "p/", &leaving);
    peer peers[3];
    open_all(peers, 3, HANDSHAKE("/p/") "\r\n");
    peer_close(&peers[0], 1000, "");
    expect_close(&peers[0], 1000);
    expect_end(&peers[0]);
    for (int i = 1; i < 3; i++)
        expect_text(&peers[i], "one has left");
    peer_end(&peers[1]); /* lost */
    expect_text(&peers[2], "one has left");
    end_all(peers, 1);
    end_all(peers + 2, 1);
}

static void a_socket_may_be_in_a_thousand_groups_at_most(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    peer p;
    app_open(&a, &p, "/c/");
    char text[32];
    for (int i = 0; i < 1001; i++) {
        snprintf(text, sizeof text, "join g%d", i);
        peer_send(&p, TEXT, fr_str_c(text));
    }
    expect_text(&p, "FR_EBUSY");
    peer_text(&p, "g999 hello");
    expect_text(&p, "hello");
    peer_text(&p, "leave g0");
    peer_text(&p, "join last");
    expect_nothing(&p);
    peer_end(&p);
}

static fr_err bad_groups(fr_sock *sock)
{
    return fr_accept(sock);
}

static void a_bad_group_name_in_groups_is_500_with_a_line(void **state)
{
    (void)state;
    static const fr_consumer consumer = {.connect = bad_groups, .groups = "good, bad name"};
    app_route(&a, "b/", &consumer);
    peer p;
    assert_int_equal(app_ask(&a, &p, HANDSHAKE("/b/") "\r\n"), 500);
    peer_end(&p);
}

static void text_that_is_not_utf8_or_too_long_is_refused(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx = {.ctx = &ctx, .arena = arena};
    char *text = fr_zalloc((1 << 20) + 1);
    assert_int_equal(fr_group_send(&ctx, FR_STR("all"), FR_STR("\xff")), FR_EINVAL);
    assert_int_equal(fr_group_send(&ctx, FR_STR("all"), ((fr_str){text, (1 << 20) + 1})),
                     FR_ETOOBIG);
    assert_int_equal(fr_group_send(&ctx, FR_STR("all"), FR_STR("nobody is there")), FR_OK);
    fr_free(text);
    fr_arena_free(arena);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    app_route(&a, "c/", &commands);
    app_route(&a, "l/", &listening);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        size_t left = fr_test_fail_alloc(0);
        peer p, q;
        app_open(&a, &p, "/c/");
        app_open(&a, &q, "/l/");
        fr_buf_reserve(&p.in, 65536);
        fr_buf_reserve(&q.in, 65536);
        fr_test_fail_alloc(left);
        static const char frames[] = "\x81\x88\0\0\0\0join all\x81\x87\0\0\0\0"
                                     "all one\x81\x89\0\0\0\0leave all";
        peer_write(&p, frames, sizeof frames - 1);
        peer_run(&p);
        peer_run(&q);
        left = fr_test_fail_alloc(0);
        fr_str seen = fr_buf_str(&q.in);
        /* Either it was heard, or the sender was told, or the one who missed it was closed. */
        assert_true(fr_str_find(seen, FR_STR("all: one")) != SIZE_MAX || seen.n > q.at ||
                    fr_buf_str(&p.in).n > p.at);
        peer_end(&p);
        peer_end(&q);
        fr_test_fail_alloc(left);
    }
}

/* In a process of its own, as the handler's memory is never freed. */
static void a_handler_that_is_left_does_not_end_the_process(void **state)
{
    (void)state;
    pid_t child = fork();
    if (!child) {
        app own;
        peer p;
        app_start(&own, NULL);
        app_route(&own, "l/", &listening);
        app_open(&own, &p, "/l/");
        peer_text(&p, "sleep");
        peer_run(&p);
        app_stop(&own);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define G(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
FR_TESTS(group, G(a_handler_that_is_left_does_not_end_the_process), G(names_are_checked),
         G(all_members_hear_it_the_sender_too), G(joining_and_leaving_take_effect_at_once),
         G(what_was_sent_to_the_group_comes_before_what_is_sent_after_it),
         G(client_and_group_messages_are_handled_in_the_order_they_came),
         G(a_group_message_past_a_hundred_closes_with_1013),
         G(a_member_that_does_not_read_is_closed_with_1013_and_the_others_are_served),
         G(what_a_group_says_before_accept_is_sent_after_it),
         G(too_many_group_messages_before_accept_refuse_the_handshake),
         G(an_error_in_group_message_closes_its_socket_only),
         G(who_leaves_may_tell_the_others_and_its_groups_are_left),
         G(a_socket_may_be_in_a_thousand_groups_at_most),
         G(a_bad_group_name_in_groups_is_500_with_a_line),
         G(text_that_is_not_utf8_or_too_long_is_refused), G(each_allocation_may_fail))
