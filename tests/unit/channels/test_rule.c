/* Rules of groups: messages that wait for others, and the newest of each key. */
#include "channels/app.h"

#include "channels/channels_int.h"
#include "net/net_int.h"

/* So long that they do not end by themselves. */
enum { FIRST_MS = 3000, SECOND_MS = 6000 };

static app a;

static const fr_group_rule rules[] = {
    {.names = "prices.*", .newest_per_key = true},
    {.names = "slow", .flush_ms = FIRST_MS},
    {.names = "slow*", .flush_ms = SECOND_MS, .newest_per_key = true},
    {0},
};

/* "group key text", or "group - text" without a key; "join group -"; "close - -". */
static fr_err publish(fr_sock *sock, fr_str words)
{
    fr_str group, key, text = fr_str_cut(fr_str_cut(words, ' ', &group), ' ', &key);
    if (fr_str_eq(group, FR_STR("join")))
        return fr_group_add(sock, key);
    if (fr_str_eq(group, FR_STR("close")))
        return fr_close(sock, 4000, (fr_str){0});
    return fr_str_eq(key, FR_STR("-")) ? fr_group_send(sock, group, text)
                                       : fr_group_send_keyed(sock, group, key, text);
}
static fr_err hear(fr_sock *sock, fr_str group, fr_str text)
{
    (void)group;
    if (fr_str_eq(text, FR_STR("sleep")))
        return fr_sleep(sock, 5000);
    return fr_send(sock, text);
}
static const fr_consumer plain = {.receive = publish, .groups = "prices.gold,slow,slower"};
static const fr_consumer listening = {
    .receive = publish, .group_message = hear, .groups = "prices.gold,slow,slower"};
static const fr_consumer outside = {.receive = publish};

static int set_up(void **state)
{
    (void)state;
    app_start(&a, NULL);
    a.channels->groups = rules;
    app_route(&a, "plain/", &plain);
    app_route(&a, "listening/", &listening);
    app_route(&a, "outside/", &outside);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    app_stop(&a);
    return 0;
}

static void pass_after(uint64_t ms)
{
    fr_test_advance_clock(ms);
    fr_loop_run_once(a.loop, 0);
}

static void the_first_rule_that_fits_counts(void **state)
{
    (void)state;
    assert_ptr_equal(fr_group_rule_(rules, FR_STR("prices.gold")), &rules[0]);
    assert_ptr_equal(fr_group_rule_(rules, FR_STR("prices.")), &rules[0]);
    assert_null(fr_group_rule_(rules, FR_STR("prices")));
    assert_ptr_equal(fr_group_rule_(rules, FR_STR("slow")), &rules[1]);
    assert_ptr_equal(fr_group_rule_(rules, FR_STR("slower")), &rules[2]);
    assert_null(fr_group_rule_(rules, FR_STR("slo")));
    assert_null(fr_group_rule_(NULL, FR_STR("slow")));
}

static void rules_that_cannot_be_kept_are_told(void **state)
{
    (void)state;
    static const struct {
        fr_group_rule rule;
        const char *error;
    } cases[] = {
        {{.names = "*", .flush_ms = 100}, NULL},
        {{.names = "a.b-c_D9*"}, NULL},
        {{.names = ""}, "group rule \"\": "},
        {{.names = "a*b"}, "group rule \"a*b\": "},
        {{.names = "a b"}, "group rule \"a b\": "},
        {{.names = "a", .flush_ms = 101}, "group rule \"a\": .flush_ms is 100 at most"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const fr_group_rule table[] = {{.names = "fine"}, cases[i].rule, {0}};
        char error[256] = "";
        assert_int_equal(fr_group_rules_ok(table, error), !cases[i].error);
        if (cases[i].error)
            assert_memory_equal(error, cases[i].error, strlen(cases[i].error));
    }
    assert_true(fr_group_rules_ok(NULL, NULL));
}

static void a_message_waits_for_others(void **state)
{
    (void)state;
    peer sender, member;
    app_open(&a, &sender, "/outside/");
    app_open(&a, &member, "/plain/");
    peer_text(&sender, "slow - one");
    peer_text(&sender, "slow x two");
    peer_text(&sender, "slow x three");
    peer_text(&sender, "slower - much later");
    expect_nothing(&member);
    pass_after(FIRST_MS + FR_TICK_MS);
    expect_text(&member, "one");
    expect_text(&member, "two"); /* this group asks for all */
    expect_text(&member, "three");
    expect_nothing(&member);
    pass_after(SECOND_MS);
    expect_text(&member, "much later");
    peer_end(&sender);
    peer_end(&member);
}

static void of_a_window_the_newest_of_each_key_is_sent(void **state)
{
    (void)state;
    peer sender, member;
    app_open(&a, &sender, "/outside/");
    app_open(&a, &member, "/plain/");
    peer_text(&sender, "slower x 1");
    peer_text(&sender, "slower y 2");
    peer_text(&sender, "slower - 3");
    peer_text(&sender, "slower x 4");
    pass_after(SECOND_MS + FR_TICK_MS);
    expect_text(&member, "2");
    expect_text(&member, "3");
    expect_text(&member, "4");
    expect_nothing(&member);
    peer_end(&sender);
    peer_end(&member);
}

static void own_messages_come_behind_what_was_sent_to_the_group(void **state)
{
    (void)state;
    peer member;
    app_open(&a, &member, "/plain/");
    peer_text(&member, "slow - waits");
    fr_conn_shutdown_(member.conn); /* the server drains */
    expect_text(&member, "waits");
    expect_close(&member, 1001);
    peer_end(&member);
}

static void keys_are_checked(void **state)
{
    (void)state;
    fr_ctx ctx = {.ctx = &ctx};
    char key[100] = "k";
    assert_int_equal(fr_group_send_keyed_(&ctx, FR_STR("g"), (fr_str){key, 0}, FR_STR("t")),
                     FR_EINVAL);
    assert_int_equal(fr_group_send_keyed_(&ctx, FR_STR("g"), (fr_str){key, 100}, FR_STR("t")),
                     FR_EINVAL);
    assert_int_equal(fr_group_send_keyed_(&ctx, FR_STR("g"), (fr_str){key, 99}, FR_STR("t")),
                     FR_OK);
    assert_int_equal(fr_group_send_keyed_(&ctx, FR_STR("!"), FR_STR("k"), FR_STR("t")), FR_EINVAL);
}

/* So much that what a socket takes and its bound would be full many times over. */
enum { MESSAGES = 400, BYTES = 20000, KEYS = 3 };

/* Message i, under its key. */
static void publish_long(peer *sender, int i)
{
    char *text = fr_malloc(BYTES);
    memset(text, '.', BYTES);
    int n = snprintf(text, BYTES, "prices.gold key%d %d", i % KEYS, i);
    text[n] = ' ';
    peer_send(sender, TEXT, (fr_str){text, BYTES});
    fr_free(text);
}

static void who_does_not_read_ends_with_the_newest(void **state)
{
    (void)state;
    peer sender, reader, sleeper;
    app_open(&a, &sender, "/outside/");
    app_open(&a, &reader, "/plain/");
    app_open(&a, &sleeper, "/plain/");
    for (int i = 0; i < MESSAGES; i++) {
        publish_long(&sender, i);
        fr_str payload;
        assert_int_equal(peer_next(&reader, &payload), TEXT);
        assert_int_equal(atoi(payload.p), i);
        assert_true(fr_conn_pending(sleeper.conn) < (1 << 20));
    }
    int last = -1;
    fr_str payload;
    for (int opcode, newest = 0; newest < KEYS;) {
        opcode = peer_next(&sleeper, &payload);
        assert_int_equal(opcode, TEXT); /* it was not closed */
        assert_true(atoi(payload.p) > last);
        last = atoi(payload.p);
        newest = last >= MESSAGES - KEYS ? newest + 1 : 0;
    }
    assert_int_equal(last, MESSAGES - 1);
    expect_nothing(&sleeper);
    peer_end(&sender);
    peer_end(&reader);
    peer_end(&sleeper);
}

static void who_is_closed_gets_the_newest_first(void **state)
{
    (void)state;
    peer sender, sleeper;
    app_open(&a, &sender, "/outside/");
    app_open(&a, &sleeper, "/plain/");
    for (int i = 0; i < MESSAGES; i++) {
        publish_long(&sender, i);
        peer_run(&sender);
    }
    assert_true(fr_conn_is_blocked(sleeper.conn));
    peer_text(&sleeper, "close - -");
    int last = -1, newest = 0, opcode;
    fr_str payload;
    while ((opcode = peer_next(&sleeper, &payload)) == TEXT) {
        assert_true(atoi(payload.p) > last);
        last = atoi(payload.p);
        newest += last >= MESSAGES - KEYS;
    }
    assert_int_equal(opcode, CLOSE);
    assert_int_equal(peer_code(payload), 4000);
    assert_int_equal(newest, KEYS);
    peer_end(&sender);
    peer_end(&sleeper);
}

static void a_busy_handler_ends_with_the_newest(void **state)
{
    (void)state;
    peer sender, busy;
    app_open(&a, &sender, "/outside/");
    app_open(&a, &busy, "/listening/");
    peer_text(&sender, "prices.gold - sleep");
    char text[64];
    for (int i = 0; i < 300; i++) { /* a mailbox has room for a hundred */
        snprintf(text, sizeof text, "prices.gold key%d %d", i % 3, i);
        peer_text(&sender, text);
        if (i % 100 == 0)
            peer_text(&sender, "prices.gold - no key");
        if (i % 100 == 50)
            peer_text(&sender, "slow key0 of another group");
    }
    expect_nothing(&busy);
    pass_after(6000);
    for (int i = 0; i < 3; i++) {
        expect_text(&busy, "no key");
        expect_text(&busy, "of another group");
    }
    expect_text(&busy, "297");
    expect_text(&busy, "298");
    expect_text(&busy, "299");
    expect_nothing(&busy);
    peer_text(&sender, "prices.gold - sleep");
    for (int i = 0; i < 101; i++)
        peer_text(&sender, "prices.gold - no key");
    expect_close(&busy, 1013);
    peer_end(&sender);
    peer_end(&busy);
}

static void without_memory_a_group_has_its_rule_or_no_member(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        size_t left = fr_test_fail_alloc(0);
        peer p;
        app_open(&a, &p, "/outside/");
        fr_buf_reserve(&p.in, 65536);
        fr_test_fail_alloc(left);
        static const char frame[] = "\x81\x94\0\0\0\0join prices.silver -";
        peer_write(&p, frame, sizeof frame - 1);
        peer_run(&p);
        left = fr_test_fail_alloc(0);
        fr_ctx ctx = {.ctx = &ctx, .loop = a.loop};
        assert_int_equal(
            fr_group_send_keyed(&ctx, FR_STR("prices.silver"), FR_STR("k"), FR_STR("old")), FR_OK);
        assert_int_equal(
            fr_group_send_keyed(&ctx, FR_STR("prices.silver"), FR_STR("k"), FR_STR("new")), FR_OK);
        fr_str payload;
        int opcode = peer_next(&p, &payload);
        if (opcode == TEXT)
            assert_str(payload, "new"); /* else it was told that it is no member */
        else
            assert_int_equal(opcode, CLOSE);
        peer_end(&p);
        fr_test_fail_alloc(left);
    }
}

static void lists_of_a_consumer_that_are_none_are_told(void **state)
{
    (void)state;
    char error[256];
    assert_true(fr_consumer_ok(&(fr_consumer){0}, error));
    assert_true(fr_consumer_ok(
        &(fr_consumer){.groups = "a, b.c", .subprotocols = "v2.chat, v1.chat,"}, error));
    assert_false(fr_consumer_ok(&(fr_consumer){.groups = "news weather"}, error));
    assert_string_equal(
        error, "the consumer's .groups = \"news weather\" is no list such as \"news,weather\"");
    assert_false(fr_consumer_ok(&(fr_consumer){.groups = "news,,weather"}, error));
    assert_false(fr_consumer_ok(&(fr_consumer){.subprotocols = "v2 chat"}, error));
    assert_string_equal(
        error, "the consumer's .subprotocols = \"v2 chat\" is no list such as \"v2.chat,v1.chat\"");
}

#define R(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
FR_TESTS(rule, R(the_first_rule_that_fits_counts), R(rules_that_cannot_be_kept_are_told),
         R(a_message_waits_for_others), R(of_a_window_the_newest_of_each_key_is_sent),
         R(own_messages_come_behind_what_was_sent_to_the_group), R(keys_are_checked),
         FR_TEST(lists_of_a_consumer_that_are_none_are_told),
         R(who_does_not_read_ends_with_the_newest), R(who_is_closed_gets_the_newest_first),
         R(a_busy_handler_ends_with_the_newest),
         R(without_memory_a_group_has_its_rule_or_no_member))
