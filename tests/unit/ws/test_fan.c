/* Fan-out: who gets what, in which order, and what happens to those that cannot keep up. */
#include "ws/peer.h"

#include "base/alloc.h"
#include "ws/fan.h"
#include "ws/ws_int.h"

enum { COUNT = 5, MANY = 400 * COUNT };

/* A member apart from its socket. */
typedef struct one {
    fr_ws *ws; /* right before it: where fr_member_ws looks */
    fr_numbered in;
} one;

static fr_err join_as(fr_fan *fan, one *who, fr_ws *ws, uint64_t after)
{
    who->ws = ws;
    fr_member_init(&who->in.member, ws);
    return fr_fan_join_numbered(fan, &who->in, after);
}

static struct {
    fr_loop *loop;
    fr_http http;
    fr_fan *fan;
    peer peers[COUNT];
    fr_ws *ws[COUNT];
    one members[COUNT];
    one many[MANY]; /* of the sockets by turns */
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
            fr_fan_leave(&it.members[i].in.member);
            it.ws[i] = NULL;
        }
    for (int k = 0; k < MANY; k++)
        if (it.many[k].ws == ws)
            fr_fan_leave(&it.many[k].in.member);
}

/* As an owner would. */
static void on_drain(fr_ws *ws)
{
    for (int i = 0; i < COUNT; i++)
        if (it.ws[i] == ws)
            fr_fan_drained(&it.members[i].in.member);
}

static const fr_ws_handler handler = {
    .on_drain = on_drain, .on_message = on_message, .on_close = on_close, .on_end = peer_free_ws};

static fr_err upgrade(fr_req *req, void *arg)
{
    (void)arg;
    return peer_accept(req, NULL, &handler, &it.ws[it.opened]);
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
    it.loop = peer_loop(&it.http);
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
    assert_int_equal(join_as(it.fan, &it.members[i], it.ws[i], after), FR_OK);
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
    fr_fan_leave(&it.members[1].in.member);
    fr_fan_leave(&it.members[1].in.member); /* again: nothing */
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
    fr_fan_send_now(&it.members[0].in.member);
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
    assert_true(it.members[2].in.member.is_behind);
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < 3 && i != 2; k++)
            expect_text(&it.peers[i], "news");
    fr_str payload;
    while (peer_next(&it.peers[2], &payload) == BINARY)
        ;
    it.members[2].in.member.is_behind = false;
    publish("again", 0);
    expect_text(&it.peers[2], "again");
}

static void close_slow(fr_member *member)
{
    fr_conn_drop_pending(fr_ws_conn(fr_member_ws(member)));
    fr_ws_close(fr_member_ws(member), 1013, FR_STR("slow"));
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
    one member;
    assert_int_equal(join_as(other, &member, it.ws[1], 0), FR_OK);
    publish("first", 0);
    fr_block *block = fr_ws_frame(true, FR_STR("never"));
    assert_int_equal(fr_fan_publish(other, block, 0), FR_OK);
    fr_block_unref(block);
    fr_fan_leave(&member.in.member);
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
            missed += it.members[i].in.member.is_behind;
            for (int k = 0; k < 2; k++)
                if (errors[k] == FR_OK && !it.members[i].in.member.is_behind)
                    expect_text(&it.peers[i], k ? "two" : "one");
            fr_str payload;
            while (peer_next(&it.peers[i], &payload) == TEXT)
                ;
            it.members[i].in.member.is_behind = false;
        }
        assert_int_equal(missed, it.behind);
        fr_block_unref(blocks[0]);
        fr_block_unref(blocks[1]);
        fr_test_fail_alloc(left);
    }
}

/* ---- in slices ---- */

static void join_many(void)
{
    for (int k = 0; k < MANY; k++)
        assert_int_equal(join_as(it.fan, &it.many[k], it.ws[k % COUNT], 0), FR_OK);
}

static void pass_slowly(fr_pass_hook *hook)
{
    (void)hook;
    fr_test_advance_clock(FR_PASS_MS + 1);
}

/* A pass that has no time but for one slice. */
static void run_a_slice(void)
{
    fr_pass_hook slow = {.run = pass_slowly};
    fr_loop_at_pass_end(it.loop, &slow);
    fr_loop_run_once(it.loop, 0);
}

/* The texts that have come, each as its first byte. */
static fr_str hear(int i, char *room, size_t n)
{
    fr_str payload;
    size_t count = 0;
    while (peer_next(&it.peers[i], &payload) == TEXT && count < n)
        room[count++] = payload.p[0];
    return (fr_str){room, count};
}

static int heard_at_once(int i)
{
    peer_take(&it.peers[i]);
    return (int)(it.peers[i].in.n - it.peers[i].at);
}

static void many_members_are_served_in_slices_and_others_in_between(void **state)
{
    (void)state;
    for (int k = 0; k < MANY; k++)
        if (k % COUNT)
            assert_int_equal(join_as(it.fan, &it.many[k], it.ws[k % COUNT], 0), FR_OK);
    publish("m", 0);
    run_a_slice();
    assert_true(fr_fan_is_any_pending(it.loop));
    static const uint8_t ping[] = {0x89, 0x80, 1, 2, 3, 4};
    assert_int_equal(write(it.peers[0].fd, ping, sizeof ping), sizeof ping);
    run_a_slice();
    assert_true(fr_fan_is_any_pending(it.loop));
    assert_int_equal(heard_at_once(0), 2); /* its answer is here before the last has been served */
    int slices = 2;
    for (; fr_fan_is_any_pending(it.loop); slices++)
        run_a_slice();
    assert_int_equal(slices, (MANY / COUNT * (COUNT - 1) - 1) / fr_loop_chunk(it.loop) + 1);
    fr_str payload;
    assert_int_equal(peer_next(&it.peers[0], &payload), PONG);
    char room[MANY];
    for (int i = 1; i < COUNT; i++)
        assert_int_equal(hear(i, room, sizeof room).n, MANY / COUNT);
}

static void what_is_published_meanwhile_comes_next(void **state)
{
    (void)state;
    join_many();
    publish("a", 0);
    run_a_slice();
    publish("b", 0);
    run_a_slice();
    publish("c", 0);
    char room[MANY];
    for (int i = 0; i < COUNT; i++) {
        fr_str got = hear(i, room, sizeof room);
        assert_int_equal(got.n, 3 * MANY / COUNT);
        for (size_t k = 0; k < got.n; k++) /* for each member b and c in one */
            assert_int_equal(got.p[k], k < MANY / COUNT ? 'a' : "bc"[k % 2]);
    }
}

static void who_joins_and_leaves_meanwhile_gets_what_is_its_own(void **state)
{
    (void)state;
    char room[MANY * 4];
    for (int k = 0; k < MANY; k++)
        if (k % COUNT < 3)
            assert_int_equal(join_as(it.fan, &it.many[k], it.ws[k % COUNT], 0), FR_OK);
    publish("a", 0);
    run_a_slice();
    join(3, 0);
    publish("b", 0);
    join(4, 0);
    /* One that has not been served, and one that has, and one that has joined since; each once more. */
    fr_fan_leave(&it.many[0].in.member);
    fr_fan_leave(&it.many[MANY - 3].in.member);
    fr_fan_leave(&it.members[4].in.member);
    assert_int_equal(join_as(it.fan, &it.many[0], it.ws[4], 0), FR_OK);
    run_a_slice();
    publish("c", 0);
    for (int i = 0; i < 3; i++) {
        fr_str got = hear(i, room, sizeof room);
        size_t a = 0, b = 0, c = 0;
        for (size_t k = 0; k < got.n; k++)
            a += got.p[k] == 'a', b += got.p[k] == 'b', c += got.p[k] == 'c';
        assert_int_equal(a, MANY / COUNT - (i == 0)); /* many[0] had its turn still before it */
        assert_int_equal(b, MANY / COUNT - (i == 0 || i == 2));
        assert_int_equal(c, b);
    }
    assert_str(hear(3, room, sizeof room), "bc");
    assert_str(hear(4, room, sizeof room), "c");
}

static void one_member_gets_at_once_what_it_has_not_had(void **state)
{
    (void)state;
    char room[MANY * 4];
    join_many();
    publish("a", 0);
    run_a_slice();
    publish("b", 0);
    fr_member *waits = fr_fan_at(it.fan, 0), *has_a = fr_fan_at(it.fan, MANY - 1);
    fr_ws *of_waits = fr_member_ws(waits);
    int at = heard_at_once(0);
    assert_ptr_equal(of_waits, it.ws[0]);
    fr_fan_send_now(waits);
    fr_fan_send_now(waits); /* again: nothing */
    fr_fan_send_now(has_a);
    fr_conn_flush(fr_ws_conn(of_waits));
    assert_int_equal(heard_at_once(0), at + 6);
    for (int i = 0; i < COUNT; i++) {
        fr_str got = hear(i, room, sizeof room);
        size_t a = 0, b = 0;
        for (size_t k = 0; k < got.n; k++)
            a += got.p[k] == 'a', b += got.p[k] == 'b';
        assert_int_equal(a, MANY / COUNT);
        assert_int_equal(b, MANY / COUNT);
    }
}

static void topics_take_turns(void **state)
{
    (void)state;
    fr_fan *other = fr_fan_new(it.loop, on_behind, &it);
    for (int k = 0; k < MANY; k++)
        if (k % COUNT)
            assert_int_equal(join_as(it.fan, &it.many[k], it.ws[1], 0), FR_OK);
    one member;
    assert_int_equal(join_as(other, &member, it.ws[0], 0), FR_OK);
    publish("a", 0);
    run_a_slice();
    fr_block *block = fr_ws_frame(true, FR_STR("b"));
    assert_int_equal(fr_fan_publish(other, block, 0), FR_OK);
    fr_block_unref(block);
    run_a_slice();
    run_a_slice();
    assert_true(fr_fan_is_any_pending(it.loop));
    assert_int_equal(heard_at_once(0), 3);
    fr_fan_leave(&member.in.member);
    fr_fan_free(other);
}

static void a_topic_may_be_freed_when_half_of_it_is_served(void **state)
{
    (void)state;
    join_many();
    publish("a", 0);
    run_a_slice();
    publish("b", 0);
    for (int k = 0; k < MANY; k++)
        fr_fan_leave(&it.many[k].in.member);
    fr_fan_free(it.fan);
    it.fan = NULL;
    assert_false(fr_fan_is_any_pending(it.loop));
    fr_loop_run_once(it.loop, 0);
}

static void numbers_count_also_within_what_is_being_sent(void **state)
{
    (void)state;
    char room[MANY * 4];
    join_many();
    publish("a", 1);
    publish("b", 2);
    run_a_slice();
    ((fr_numbered *)fr_fan_at(it.fan, 0))->after = 1; /* it got a snapshot meanwhile */
    int a = 0, b = 0;
    for (int i = 0; i < COUNT; i++) {
        fr_str got = hear(i, room, sizeof room);
        for (size_t k = 0; k < got.n; k++)
            a += got.p[k] == 'a', b += got.p[k] == 'b';
    }
    assert_int_equal(a, MANY - 1);
    assert_int_equal(b, MANY);
}

/* Publishers that are faster than the sending are held up: what waits stays bounded. */
static void a_crowd_of_messages_is_sent_without_a_pause(void **state)
{
    (void)state;
    for (int k = 0; k < MANY; k++)
        assert_int_equal(join_as(it.fan, &it.many[k], it.ws[0], 0), FR_OK);
    publish("a", 0);
    run_a_slice();
    for (int i = 0; i < 16; i++)
        publish_bytes('x', 64 * 1024);
    fr_ws_close(it.ws[0], 1000, (fr_str){0}); /* it need not really be sent that much */
    assert_true(fr_ws_loop_get_(it.loop)->crowded == 1);
    run_a_slice();
    assert_true(fr_ws_loop_get_(it.loop)->crowded == 0);
    publish("b", 0);
}

static void who_falls_behind_within_a_slice_is_told(void **state)
{
    (void)state;
    join_many();
    stall(2);
    publish("news", 0);
    run_a_slice();
    assert_in_range(it.behind, fr_loop_chunk(it.loop) / COUNT, fr_loop_chunk(it.loop) / COUNT + 1);
    fr_fan_send_now(fr_fan_at(it.fan, 2));
    while (fr_fan_is_any_pending(it.loop))
        run_a_slice();
    assert_int_equal(it.behind, MANY / COUNT);
}

/* ---- at random, against what each should have heard ---- */

enum { STEPS = 3000 };

static struct {
    fr_backend backend; /* the loop's, but for the chunk */
    fr_buf due[COUNT];  /* what each should have heard: a letter a message */
    unsigned long seed;
} chance;

static unsigned pick(unsigned below)
{
    chance.seed = chance.seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(chance.seed >> 33) % below;
}

static bool is_in(int i)
{
    return it.members[i].in.member.is_in;
}

static void publish_letter(char letter)
{
    publish((char[]){letter, 0}, 0);
    for (int i = 0; i < COUNT; i++)
        if (is_in(i))
            fr_buf_put_char(&chance.due[i], letter);
}

static void send_own(int i)
{
    fr_fan_send_now(&it.members[i].in.member);
    assert_int_equal(fr_ws_send(it.ws[i], true, FR_STR("!")), FR_OK);
    fr_buf_put_char(&chance.due[i], '!');
}

static void come_or_go(int i)
{
    if (!is_in(i)) {
        join(i, 0);
        return;
    }
    fr_fan_send_now(&it.members[i].in.member); /* it was a member when that was sent */
    fr_fan_leave(&it.members[i].in.member);
}

static void step_at_random(void)
{
    int i = (int)pick(COUNT);
    switch (pick(5)) {
    case 0:
    case 1: publish_letter((char)('a' + pick(26))); break;
    case 2: run_a_slice(); break;
    case 3: send_own(i); break;
    default: come_or_go(i);
    }
}

/* Slices of two members. */
static void do_at_random(uint32_t window_ms)
{
    static char room[2 * STEPS];
    fr_fan_opts opts = {.window_ms = window_ms};
    assert_int_equal(fr_fan_set(it.fan, &opts), FR_OK);
    chance.backend = *it.loop->backend;
    chance.backend.chunk = 3;
    it.loop->backend = &chance.backend;
    chance.seed = 1 + window_ms;
    for (int i = 0; i < COUNT; i++) {
        fr_buf_init(&chance.due[i]);
        it.members[i].ws = it.ws[i];
        fr_member_init(&it.members[i].in.member, it.ws[i]);
    }
    for (int step = 0; step < STEPS; step++)
        step_at_random();
    for (int pass = 0; fr_fan_is_any_pending(it.loop) && pass < 100; pass++)
        run_a_slice();
    for (int i = 0; i < COUNT; i++) {
        fr_buf_put_char(&chance.due[i], '\0');
        assert_str(hear(i, room, sizeof room), chance.due[i].p);
        fr_buf_deinit(&chance.due[i]);
        fr_fan_leave(&it.members[i].in.member);
    }
}

static void whatever_happens_between_slices_each_hears_all_in_order(void **state)
{
    (void)state;
    do_at_random(0);
}

static void whatever_happens_within_windows_each_hears_all_in_order(void **state)
{
    (void)state;
    do_at_random(5);
}

/* ---- windows, and the newest of each key ---- */

enum { WINDOW_MS = 6000 }; /* it does not end by itself */

static void set(uint32_t window_ms, bool is_newest_per_key)
{
    fr_fan_opts opts = {.window_ms = window_ms, .is_newest_per_key = is_newest_per_key};
    assert_int_equal(fr_fan_set(it.fan, &opts), FR_OK);
}

static void publish_keyed(const char *key, const char *text)
{
    fr_block *block = fr_ws_frame_keyed(true, fr_str_c(text), fr_str_c(key));
    assert_int_equal(fr_fan_publish(it.fan, block, 0), FR_OK);
    fr_block_unref(block);
}

static void pass_after(uint64_t ms)
{
    fr_test_advance_clock(ms);
    fr_loop_run_once(it.loop, 0);
}

static void messages_wait_for_others_within_the_window(void **state)
{
    (void)state;
    set(WINDOW_MS, false);
    join_all();
    fr_loop_run_once(it.loop, 0);
    publish("a", 0);
    fr_loop_run_once(it.loop, 0);
    assert_true(fr_fan_is_any_pending(it.loop));
    publish("b", 0);
    fr_fan_send_now(&it.members[0].in.member);
    fr_loop_run_once(it.loop, 0);
    assert_int_equal(heard_at_once(0), 6);
    assert_int_equal(heard_at_once(1), 0);
    publish("c", 0);
    pass_after(WINDOW_MS + FR_TICK_MS);
    assert_false(fr_fan_is_any_pending(it.loop));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(heard_at_once(i), 9);
    publish("d", 0);
    fr_loop_run_once(it.loop, 0);
    assert_int_equal(heard_at_once(1), 9);
    publish_bytes('x', 1 << 20);    /* too much to wait with */
    for (int i = 0; i < COUNT; i++) /* a pass may have time for one only */
        fr_loop_run_once(it.loop, 0);
    assert_false(fr_fan_is_any_pending(it.loop));
    for (int i = 0; i < COUNT; i++) {
        expect_text(&it.peers[i], "a");
        expect_text(&it.peers[i], "b");
        expect_text(&it.peers[i], "c");
        expect_text(&it.peers[i], "d");
    }
}

static void too_much_to_wait_with_does_not_wait_after_what_is_being_sent(void **state)
{
    (void)state;
    join_many();
    set(WINDOW_MS, false);
    publish("a", 0);
    fr_test_advance_clock(WINDOW_MS + FR_TICK_MS);
    run_a_slice();
    assert_true(fr_fan_is_any_pending(it.loop));
    publish_bytes('x', 1 << 20);
    for (int k = 1; k < MANY; k++) /* they would get a megabyte each */
        fr_fan_leave(&it.many[k].in.member);
    for (int pass = 0; pass < COUNT; pass++)
        fr_loop_run_once(it.loop, 0);
    assert_false(fr_fan_is_any_pending(it.loop));
}

static void a_topic_may_be_freed_within_its_window(void **state)
{
    (void)state;
    set(WINDOW_MS, true);
    join(0, 0);
    publish_keyed("k", "never");
    fr_fan_leave(&it.members[0].in.member);
    fr_fan_free(it.fan);
    it.fan = NULL;
    assert_false(fr_fan_is_any_pending(it.loop));
    pass_after(WINDOW_MS + FR_TICK_MS);
    expect_nothing(&it.peers[0]);
}

static void of_each_key_the_newest_is_sent(void **state)
{
    (void)state;
    set(WINDOW_MS, true);
    join(0, 0);
    publish_keyed("x", "x1");
    publish_keyed("y", "y1");
    join(1, 0);
    publish("no key", 0);
    publish_keyed("x", "x2");
    join(2, 0);
    publish_keyed("z", "z1");
    publish_keyed("z", "z2");
    publish("none either", 0);
    pass_after(WINDOW_MS + FR_TICK_MS);
    expect_text(&it.peers[0], "y1");
    for (int i = 0; i < 3; i++) {
        if (i < 2) {
            expect_text(&it.peers[i], "no key");
            expect_text(&it.peers[i], "x2");
        }
        expect_text(&it.peers[i], "z2");
        expect_text(&it.peers[i], "none either");
        expect_nothing(&it.peers[i]);
    }
    publish_keyed("x", "x3"); /* keys are forgotten with what was sent */
    pass_after(WINDOW_MS + FR_TICK_MS);
    expect_text(&it.peers[0], "x3");
}

/* Its socket takes no more; what is queued is little. */
static void block(int i)
{
    char *text = fr_zalloc(4096);
    while (!fr_conn_is_blocked(fr_ws_conn(it.ws[i]))) {
        assert_int_equal(fr_ws_send(it.ws[i], false, (fr_str){text, 4096}), FR_OK);
        fr_loop_run_once(it.loop, 0);
    }
    fr_free(text);
}

/* It reads again: its first text. */
static void expect_after_drain(int i, const char *text)
{
    fr_str payload = {0};
    int opcode;
    while ((opcode = peer_next(&it.peers[i], &payload)) == BINARY)
        ;
    assert_int_equal(opcode, TEXT);
    assert_str(payload, text);
}

static void who_takes_nothing_gets_the_newest_when_it_does(void **state)
{
    (void)state;
    set(0, true);
    join_all();
    block(2);
    fr_conn *conn = fr_ws_conn(it.ws[2]);
    size_t queued = fr_conn_pending(conn);
    char text[16];
    for (int i = 0; i < 5000; i++) {
        publish_keyed("y", "always the same");
        snprintf(text, sizeof text, "%d", i);
        publish_keyed("x", text);
        if (i % 1000 == 0)
            publish("no key", 0);
        fr_loop_run_once(it.loop, 0);
        for (int k = 0; k < COUNT && i % 100 == 0; k++)
            if (k != 2)
                peer_take(&it.peers[k]);
    }
    assert_true(it.members[2].in.member.has_backlog);
    assert_int_equal(fr_conn_pending(conn), queued);
    expect_after_drain(2, "no key");
    for (int i = 1; i < 5; i++)
        expect_text(&it.peers[2], "no key");
    expect_text(&it.peers[2], "always the same");
    expect_text(&it.peers[2], "4999");
    assert_false(it.members[2].in.member.has_backlog);
    expect_nothing(&it.peers[2]);
    publish_keyed("x", "after");
    expect_text(&it.peers[2], "after");
    assert_int_equal(it.behind, 0);
}

/* Backlogs larger than what the socket takes at once go out piece by piece, and conflate on. */
static void a_long_backlog_leaves_in_pieces(void **state)
{
    (void)state;
    enum { KEYS = 40, BYTES = 20000 };
    set(0, true);
    join(2, 0);
    block(2);
    char *text = fr_malloc(BYTES + 1), key[16];
    memset(text, '.', BYTES);
    text[BYTES] = '\0';
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < KEYS; i++) {
            snprintf(key, sizeof key, "%d", i);
            text[0] = (char)('a' + round);
            publish_keyed(key, text);
            fr_loop_run_once(it.loop, 0);
        }
    int rounds = 0, heard = 0;
    for (fr_str payload; heard < KEYS && rounds < 10000; rounds++) {
        char bytes[4096];
        ssize_t n = recv(it.peers[2].fd, bytes, sizeof bytes, 0);
        if (n > 0)
            fr_buf_put(&it.peers[2].in, (fr_str){bytes, (size_t)n});
        fr_loop_run_once(it.loop, 0);
        if (rounds == 100) {
            text[0] = 'd';
            publish_keyed("39", text);
        }
        if (rounds < 200)
            continue;
        int opcode = peer_next(&it.peers[2], &payload);
        if (opcode == TEXT)
            assert_int_equal(payload.p[0], ++heard == KEYS ? 'd' : 'c');
    }
    assert_int_equal(heard, KEYS);
    expect_nothing(&it.peers[2]);
    fr_free(text);
}

static void without_a_key_too_many_messages_are_too_many(void **state)
{
    (void)state;
    set(0, true);
    join_all();
    block(1);
    block(2);
    for (int i = 0; i < 11; i++) {
        publish_bytes('x', 100000);
        for (int k = 0; k < COUNT; k++)
            if (k != 1 && k != 2)
                peer_run(&it.peers[k]);
    }
    assert_int_equal(it.behind, 2);
    assert_true(it.members[1].in.member.is_behind && !it.members[1].in.member.has_backlog);
}

static void too_many_keys_are_too_many(void **state)
{
    (void)state;
    set(0, true);
    join(1, 0);
    block(1);
    char key[16];
    for (int i = 0; i <= 1000; i++) {
        assert_int_equal(it.behind, 0);
        snprintf(key, sizeof key, "%d", i);
        publish_keyed(key, "text");
        publish_keyed("0", "text");
        fr_loop_run_once(it.loop, 0);
    }
    assert_int_equal(it.behind, 1);
}

/* What it is sent before its turn waits too; its own messages do not. */
static void what_comes_early_for_a_blocked_member_waits(void **state)
{
    (void)state;
    set(0, true);
    join_all();
    block(2);
    publish_keyed("x", "1");
    fr_fan_send_now(&it.members[2].in.member);
    publish_keyed("x", "2");
    assert_int_equal(fr_ws_send(it.ws[2], true, FR_STR("own")), FR_OK);
    fr_loop_run_once(it.loop, 0);
    expect_after_drain(2, "own");
    expect_text(&it.peers[2], "2");
    expect_nothing(&it.peers[2]);
}

static void who_leaves_takes_its_backlog_along(void **state)
{
    (void)state;
    set(0, true);
    join_all();
    block(2);
    block(3);
    publish_keyed("x", "1");
    fr_loop_run_once(it.loop, 0);
    fr_fan_leave(&it.members[2].in.member);
    fr_ws_close(it.ws[3], 1000, (fr_str){0});
    fr_str payload;
    while (peer_next(&it.peers[2], &payload) == BINARY)
        ;
    expect_nothing(&it.peers[2]);
    int opcode;
    while ((opcode = peer_next(&it.peers[3], &payload)) == BINARY)
        ;
    assert_int_equal(opcode, CLOSE);
}

static void without_memory_a_backlog_is_a_place_behind(void **state)
{
    (void)state;
    set(0, true);
    join(1, 0);
    FR_TEST_EACH_ALLOC_FAILS()
    {
        size_t left = fr_test_fail_alloc(0);
        it.behind = 0;
        it.members[1].in.member.is_behind = false;
        block(1);
        fr_block *blocks[3] = {fr_ws_frame_keyed(true, FR_STR("x1"), FR_STR("x")),
                               fr_ws_frame_keyed(true, FR_STR("x2"), FR_STR("x")),
                               fr_ws_frame_keyed(true, FR_STR("y1"), FR_STR("y"))};
        fr_test_fail_alloc(left);
        fr_err errors[3];
        for (int i = 0; i < 3; i++) {
            errors[i] = fr_fan_publish(it.fan, blocks[i], 0);
            fr_loop_run_once(it.loop, 0);
        }
        left = fr_test_fail_alloc(0);
        for (int i = 0; i < 3; i++)
            fr_block_unref(blocks[i]);
        assert_int_equal(it.behind, it.members[1].in.member.is_behind);
        if (!errors[0] && !errors[1] && !errors[2] && !it.behind) {
            expect_after_drain(1, "x2");
            expect_text(&it.peers[1], "y1");
        }
        fr_str payload;
        for (int opcode = TEXT; opcode == TEXT || opcode == BINARY;)
            opcode = peer_next(&it.peers[1], &payload);
        assert_false(it.members[1].in.member.has_backlog);
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
         FAN_TEST(without_memory_nobody_misses_a_message_silently),
         FAN_TEST(many_members_are_served_in_slices_and_others_in_between),
         FAN_TEST(what_is_published_meanwhile_comes_next),
         FAN_TEST(who_joins_and_leaves_meanwhile_gets_what_is_its_own),
         FAN_TEST(one_member_gets_at_once_what_it_has_not_had), FAN_TEST(topics_take_turns),
         FAN_TEST(a_topic_may_be_freed_when_half_of_it_is_served),
         FAN_TEST(numbers_count_also_within_what_is_being_sent),
         FAN_TEST(a_crowd_of_messages_is_sent_without_a_pause),
         FAN_TEST(who_falls_behind_within_a_slice_is_told),
         FAN_TEST(whatever_happens_between_slices_each_hears_all_in_order),
         FAN_TEST(whatever_happens_within_windows_each_hears_all_in_order),
         FAN_TEST(messages_wait_for_others_within_the_window),
         FAN_TEST(too_much_to_wait_with_does_not_wait_after_what_is_being_sent),
         FAN_TEST(a_topic_may_be_freed_within_its_window), FAN_TEST(of_each_key_the_newest_is_sent),
         FAN_TEST(who_takes_nothing_gets_the_newest_when_it_does),
         FAN_TEST(a_long_backlog_leaves_in_pieces),
         FAN_TEST(without_a_key_too_many_messages_are_too_many),
         FAN_TEST(too_many_keys_are_too_many),
         FAN_TEST(what_comes_early_for_a_blocked_member_waits),
         FAN_TEST(who_leaves_takes_its_backlog_along),
         FAN_TEST(without_memory_a_backlog_is_a_place_behind))
