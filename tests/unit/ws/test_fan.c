/* Fan-out: who gets what, in which order, and what happens to those that cannot keep up. */
#include "ws/peer.h"

#include "base/alloc.h"
#include "ws/fan.h"
#include "ws/ws_int.h"

enum { COUNT = 5 };

static struct {
    fr_loop *loop;
    fr_http http;
    fr_fan *fan;
    peer peers[COUNT];
    fr_ws *ws[COUNT];
    fr_member members[COUNT];
    int opened, behind;
    void (*when_behind)(fr_member *member);
} it;

static void on_message(fr_ws *ws, bool is_text, fr_str data)
{
    (void)ws, (void)is_text, (void)data;
}

static void on_close(fr_ws *ws, uint16_t code)
{
    (void)code;
    for (int i = 0; i < COUNT; i++)
        if (it.ws[i] == ws) {
            fr_fan_leave(&it.members[i]);
            it.ws[i] = NULL;
        }
}

static const fr_ws_handler handler = {.on_message = on_message, .on_close = on_close};

static fr_err upgrade(fr_req *req, void *arg)
{
    (void)arg;
    return fr_ws_accept(req, NULL, &handler, NULL, &it.ws[it.opened]);
}

static void on_behind(fr_member *member, void *arg)
{
    assert_ptr_equal(arg, &it);
    it.behind++;
    if (it.when_behind)
        it.when_behind(member);
}

static int set_up(void **state)
{
    (void)state;
    memset(&it, 0, sizeof it);
    it.loop = fr_loop_new(0);
    it.http = (fr_http){.upgrade = upgrade};
    it.fan = fr_fan_new(it.loop, on_behind, &it);
    for (; it.opened < COUNT; it.opened++) {
        peer *p = &it.peers[it.opened];
        peer_connect(p, it.loop, &it.http);
        assert_int_equal(peer_request(p, HANDSHAKE("/") "\r\n"), 101);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++)
        peer_end(&it.peers[i]);
    fr_fan_free(it.fan);
    fr_loop_free(it.loop);
    return 0;
}

static void join(int i, uint64_t after)
{
    assert_int_equal(fr_fan_join(it.fan, &it.members[i], it.ws[i], after), FR_OK);
}

static void join_all(void)
{
    for (int i = 0; i < COUNT; i++)
        join(i, 0);
}

static void publish(const char *text, uint64_t number)
{
    fr_block *block = fr_ws_frame(true, fr_str_c(text));
    assert_int_equal(fr_fan_publish(it.fan, block, number), FR_OK);
    fr_block_unref(block);
}

static void publish_bytes(char c, size_t n)
{
    char *text = fr_malloc(n);
    memset(text, c, n);
    fr_block *block = fr_ws_frame(false, (fr_str){text, n});
    assert_int_equal(fr_fan_publish(it.fan, block, 0), FR_OK);
    fr_block_unref(block);
    fr_free(text);
}

static void all_of_a_pass_reach_each_member_in_order(void **state)
{
    (void)state;
    join_all();
    publish("one", 0);
    publish("two", 0);
    publish("three", 0);
    for (int i = 0; i < COUNT; i++) {
        expect_text(&it.peers[i], "one");
        expect_text(&it.peers[i], "two");
        expect_text(&it.peers[i], "three");
    }
    publish("four", 0);
    for (int i = 0; i < COUNT; i++)
        expect_text(&it.peers[i], "four");
}

static void small_and_large_messages_keep_their_order(void **state)
{
    (void)state;
    join_all();
    publish("a", 0);
    publish("b", 0);
    publish_bytes('c', 100000);
    publish("d", 0);
    for (int i = 0; i < 10; i++)
        publish_bytes((char)('0' + i), 15000);
    publish("e", 0);
    for (int i = 0; i < COUNT; i++) {
        fr_str payload;
        expect_text(&it.peers[i], "a");
        expect_text(&it.peers[i], "b");
        assert_int_equal(peer_next(&it.peers[i], &payload), BINARY);
        assert_int_equal(payload.n, 100000);
        expect_text(&it.peers[i], "d");
        for (int k = 0; k < 10; k++) {
            assert_int_equal(peer_next(&it.peers[i], &payload), BINARY);
            assert_int_equal(payload.p[14999], '0' + k);
        }
        expect_text(&it.peers[i], "e");
    }
}

static void who_joins_in_the_middle_of_a_pass_gets_what_comes_after(void **state)
{
    (void)state;
    join(0, 0);
    publish("one", 0);
    join(1, 0);
    publish("two", 0);
    join(2, 0);
    expect_text(&it.peers[0], "one");
    expect_text(&it.peers[0], "two");
    expect_text(&it.peers[1], "two");
    publish("three", 0);
    expect_text(&it.peers[0], "three");
    expect_text(&it.peers[1], "three");
    expect_text(&it.peers[2], "three");
}

static void numbers_up_to_the_members_place_are_skipped(void **state)
{
    (void)state;
    join(0, 0);
    join(1, 6);
    join(2, 7);
    publish("five", 5);
    publish("six", 6);
    publish("seven", 7);
    publish("always", 0);
    expect_text(&it.peers[0], "five");
    expect_text(&it.peers[0], "six");
    expect_text(&it.peers[0], "seven");
    expect_text(&it.peers[0], "always");
    expect_text(&it.peers[1], "seven");
    expect_text(&it.peers[1], "always");
    expect_text(&it.peers[2], "always");
    expect_nothing(&it.peers[2]);
}

static void who_has_left_gets_nothing_more(void **state)
{
    (void)state;
    join_all();
    publish("one", 0);
    fr_fan_leave(&it.members[1]);
    fr_fan_leave(&it.members[1]); /* again: nothing */
    assert_int_equal(fr_fan_count(it.fan), COUNT - 1);
    for (int i = 0; i < COUNT; i++)
        if (i != 1)
            expect_text(&it.peers[i], "one");
    expect_nothing(&it.peers[1]);
    join(1, 0);
    publish("two", 0);
    expect_text(&it.peers[1], "two");
}

static void what_is_pending_can_be_sent_before_something_else(void **state)
{
    (void)state;
    join_all();
    assert_false(fr_fan_is_any_pending(it.loop));
    publish("one", 0);
    assert_true(fr_fan_is_any_pending(it.loop));
    fr_fan_send_now(&it.members[0]);
    fr_ws_send(it.ws[0], true, FR_STR("own"));
    fr_ws_send(it.ws[1], true, FR_STR("own"));
    publish("two", 0);
    expect_text(&it.peers[0], "one");
    expect_text(&it.peers[0], "own");
    expect_text(&it.peers[0], "two");
    expect_text(&it.peers[1], "own");
    expect_text(&it.peers[1], "one");
    expect_text(&it.peers[1], "two");
    assert_false(fr_fan_is_any_pending(it.loop));
}

static void nothing_is_sent_behind_a_close_frame(void **state)
{
    (void)state;
    join_all();
    fr_ws_close(it.ws[2], 1000, (fr_str){0});
    publish("one", 0);
    expect_close(&it.peers[2], 1000);
    expect_nothing(&it.peers[2]);
    expect_text(&it.peers[3], "one");
}

/* Fill the output of one member up to its bound. */
static void stall(int i)
{
    char *text = fr_zalloc(100000);
    while (fr_ws_send(it.ws[i], false, (fr_str){text, 100000}) == FR_OK)
        fr_loop_run_once(it.loop, 0);
    while (fr_ws_send(it.ws[i], false, (fr_str){text, 1}) == FR_OK)
        ;
    fr_free(text);
}

static void a_member_that_is_full_is_told_once_and_the_others_are_served(void **state)
{
    (void)state;
    join_all();
    stall(2);
    for (int i = 0; i < 3; i++) {
        publish("news", 0);
        fr_loop_run_once(it.loop, 0);
    }
    assert_int_equal(it.behind, 1);
    assert_true(it.members[2].is_behind);
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < 3 && i != 2; k++)
            expect_text(&it.peers[i], "news");
    fr_str payload;
    while (peer_next(&it.peers[2], &payload) == BINARY)
        ;
    it.members[2].is_behind = false;
    publish("again", 0);
    expect_text(&it.peers[2], "again");
}

static void close_slow(fr_member *member)
{
    fr_conn_drop_pending(fr_ws_conn(member->ws));
    fr_ws_close(member->ws, 1013, FR_STR("slow"));
    fr_fan_leave(member);
    publish("one is gone", 0);
}

static void members_may_leave_and_publish_when_they_fall_behind(void **state)
{
    (void)state;
    join_all();
    stall(1);
    stall(3);
    stall(4);
    it.when_behind = close_slow;
    publish("news", 0);
    fr_loop_run_once(it.loop, 0);
    assert_int_equal(it.behind, 3);
    assert_int_equal(fr_fan_count(it.fan), 2);
    expect_text(&it.peers[0], "news");
    for (int i = 0; i < 3; i++)
        expect_text(&it.peers[0], "one is gone");
    fr_str payload;
    int opcode;
    while ((opcode = peer_next(&it.peers[1], &payload)) == BINARY)
        ;
    assert_int_equal(opcode, CLOSE);
    assert_int_equal(peer_code(payload), 1013);
}

static void leave_and_free(fr_member *member)
{
    fr_fan_leave(member);
    fr_fan_free(it.fan);
    it.fan = NULL;
}

static void the_last_member_may_free_the_topic_when_it_falls_behind(void **state)
{
    (void)state;
    join(0, 0);
    stall(0);
    it.when_behind = leave_and_free;
    publish("news", 0);
    fr_loop_run_once(it.loop, 0);
    assert_null(it.fan);
}

static void a_topic_may_be_freed_while_something_is_pending(void **state)
{
    (void)state;
    fr_fan *other = fr_fan_new(it.loop, on_behind, &it);
    join(0, 0);
    fr_member member = {0};
    assert_int_equal(fr_fan_join(other, &member, it.ws[1], 0), FR_OK);
    publish("first", 0);
    fr_block *block = fr_ws_frame(true, FR_STR("never"));
    assert_int_equal(fr_fan_publish(other, block, 0), FR_OK);
    fr_block_unref(block);
    fr_fan_leave(&member);
    fr_fan_free(other);
    expect_text(&it.peers[0], "first");
    expect_nothing(&it.peers[1]);
}

static void without_memory_nobody_misses_a_message_silently(void **state)
{
    (void)state;
    join_all();
    FR_TEST_EACH_ALLOC_FAILS()
    {
        it.behind = 0;
        fr_block *blocks[2] = {fr_ws_frame(true, FR_STR("one")), fr_ws_frame(true, FR_STR("two"))};
        fr_err errors[2] = {FR_ENOMEM, FR_ENOMEM};
        for (int i = 0; i < 2; i++)
            if (blocks[i])
                errors[i] = fr_fan_publish(it.fan, blocks[i], 0);
        fr_loop_run_once(it.loop, 0);
        size_t left = fr_test_fail_alloc(0);
        int missed = 0;
        for (int i = 0; i < COUNT; i++) {
            missed += it.members[i].is_behind;
            for (int k = 0; k < 2; k++)
                if (errors[k] == FR_OK && !it.members[i].is_behind)
                    expect_text(&it.peers[i], k ? "two" : "one");
            fr_str payload;
            while (peer_next(&it.peers[i], &payload) == TEXT)
                ;
            it.members[i].is_behind = false;
        }
        assert_int_equal(missed, it.behind);
        fr_block_unref(blocks[0]);
        fr_block_unref(blocks[1]);
        fr_test_fail_alloc(left);
    }
}

#define FAN_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
FR_TESTS(fan, FAN_TEST(all_of_a_pass_reach_each_member_in_order),
         FAN_TEST(small_and_large_messages_keep_their_order),
         FAN_TEST(who_joins_in_the_middle_of_a_pass_gets_what_comes_after),
         FAN_TEST(numbers_up_to_the_members_place_are_skipped),
         FAN_TEST(who_has_left_gets_nothing_more),
         FAN_TEST(what_is_pending_can_be_sent_before_something_else),
         FAN_TEST(nothing_is_sent_behind_a_close_frame),
         FAN_TEST(a_member_that_is_full_is_told_once_and_the_others_are_served),
         FAN_TEST(members_may_leave_and_publish_when_they_fall_behind),
         FAN_TEST(the_last_member_may_free_the_topic_when_it_falls_behind),
         FAN_TEST(a_topic_may_be_freed_while_something_is_pending),
         FAN_TEST(without_memory_nobody_misses_a_message_silently))
