/*
 * A pass that comes late: the process was stopped, or a handler has computed for long. Many have something to say then, more than
 * a wait tells and a pass delivers; and a deadline that passed meanwhile is judged when that was read.
 */
#include "pair.h"

#include "net/net_int.h"

/* Each of the talkers is heard before the pair, and takes as long as a pass may: when they have had their turn, the pass delivers
 * no more. */
enum { TALKERS = 70, LONG_MS = 60000 };
typedef struct late {
    pair pair;
    int peers[TALKERS];
    void (*at_talk)(struct late *late);
} late;

static size_t talk_long(fr_conn *conn, uint8_t *bytes, size_t n)
{
    late *l = conn->user;
    (void)bytes;
    fr_test_advance_clock(FR_PASS_MS + 1);
    if (l->at_talk)
        l->at_talk(l);
    return n;
}

static void forget(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
}

static const fr_proto talker = {.name = "talker", .on_data = talk_long, .on_close = forget};

static void give_a_second(pair *p)
{
    fr_conn_set_deadline(p->conn, 1000);
}

/* The pair has a second from now. */
static void late_open(late *l)
{
    *l = (late){0};
    pair_open(&l->pair, &pair_proto);
    for (int i = 0; i < TALKERS; i++) {
        int fds[2];
        fr_conn *conn;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        assert_int_equal(fr_loop_adopt(l->pair.loop, fds[0], &talker, l, &conn), FR_OK);
        l->peers[i] = fds[1];
    }
    pair_pass(&l->pair);
    give_a_second(&l->pair);
}

static void late_close(late *l)
{
    pair_close(&l->pair);
    for (int i = 0; i < TALKERS; i++)
        close(l->peers[i]);
}

static void all_talk(late *l)
{
    for (int i = 0; i < TALKERS; i++)
        assert_int_equal(write(l->peers[i], "x", 1), 1);
}

static void tell(late *l, const char *text)
{
    assert_int_equal(write(l->pair.peer, text, strlen(text)), strlen(text));
}

static void the_late_pass(late *l)
{
    fr_test_advance_clock(LONG_MS);
    pair_pass(&l->pair);
}

static void what_has_come_is_read_before_a_deadline_is_over(void **state)
{
    (void)state;
    late l;
    late_open(&l);
    all_talk(&l);
    tell(&l, "in time");
    l.pair.then = give_a_second;
    the_late_pass(&l);
    assert_str(pair_saw(&l.pair), "in time");
    assert_int_equal(l.pair.deadlines, 0);
    fr_test_advance_clock(900);
    pair_pass(&l.pair);
    assert_int_equal(l.pair.deadlines, 0);
    fr_test_advance_clock(200);
    pair_pass(&l.pair);
    assert_int_equal(l.pair.deadlines, 1);
    late_close(&l);
}

static void what_has_come_and_changes_nothing_ends_no_deadline(void **state)
{
    (void)state;
    late l;
    late_open(&l);
    all_talk(&l);
    tell(&l, "half a line");
    the_late_pass(&l);
    assert_int_equal(l.pair.calls, 1);
    assert_int_equal(l.pair.deadlines, 1);
    tell(&l, "and more");
    pair_pass(&l.pair);
    assert_int_equal(l.pair.deadlines, 1); /* told once */
    late_close(&l);
}

static void read_on(late *l)
{
    fr_conn_resume_read(l->pair.conn);
}

static void what_was_kept_is_delivered_before_a_deadline_is_over(void **state)
{
    (void)state;
    late l;
    late_open(&l);
    l.pair.consume = 0;
    tell(&l, "kept");
    pair_pass(&l.pair);
    fr_conn_pause_read(l.pair.conn);
    l.pair.consume = SIZE_MAX;
    l.pair.then = give_a_second;
    l.at_talk = read_on; /* what it kept is delivered behind the timers */
    all_talk(&l);
    the_late_pass(&l);
    assert_int_equal(l.pair.calls, 2);
    assert_int_equal(l.pair.deadlines, 0);
    late_close(&l);
}

static void what_is_kept_of_one_that_pauses_waits_on(void **state)
{
    (void)state;
    late l;
    late_open(&l);
    l.pair.consume = 0;
    tell(&l, "kept");
    pair_pass(&l.pair);
    fr_conn_pause_read(l.pair.conn);
    tell(&l, " and more");
    all_talk(&l);
    the_late_pass(&l);
    assert_int_equal(l.pair.calls, 1);
    assert_int_equal(l.pair.deadlines, 1);
    late_close(&l);
}

static void a_peer_that_has_made_room_gets_its_output_before_a_deadline_is_over(void **state)
{
    (void)state;
    static char big[900 * 1024];
    late l;
    late_open(&l);
    assert_int_equal(fr_conn_write(l.pair.conn, big, sizeof big), FR_OK);
    pair_pass(&l.pair);
    size_t before = fr_conn_pending(l.pair.conn);
    assert_true(before);
    all_talk(&l);
    while (read(l.pair.peer, big, sizeof big) > 0)
        ;
    the_late_pass(&l);
    assert_true(fr_conn_pending(l.pair.conn) < before);
    assert_int_equal(l.pair.deadlines, 1); /* to judge by what has left */
    late_close(&l);
}

static void a_peer_that_has_gone_was_not_late(void **state)
{
    (void)state;
    late l;
    late_open(&l);
    fr_conn_set_proto(l.pair.conn, &pair_bare, &l.pair);
    all_talk(&l);
    pair_hang_up(&l.pair);
    the_late_pass(&l);
    assert_int_equal(l.pair.closes, 1);
    assert_int_equal(l.pair.why, FR_ECANCELED);
    late_close(&l);
}

static void compute_and_give_a_second(pair *p)
{
    fr_test_advance_clock(LONG_MS);
    give_a_second(p);
}

static void a_deadline_counts_from_when_it_is_set(void **state)
{
    (void)state;
    late l;
    late_open(&l);
    l.pair.then = compute_and_give_a_second;
    tell(&l, "compute");
    pair_pass(&l.pair);
    pair_pass(&l.pair);
    assert_int_equal(l.pair.deadlines, 0);
    fr_test_advance_clock(1100);
    pair_pass(&l.pair);
    assert_int_equal(l.pair.deadlines, 1);
    late_close(&l);
}

static void compute(late *l)
{
    (void)l;
    fr_test_advance_clock(LONG_MS);
}

static uint64_t told_ms;
static void ask_for_life(fr_conn *conn)
{
    told_ms = fr_loop_now_ms(conn->loop);
    pair_on_deadline(conn);
}

static void one_who_is_told_late_sees_the_time_as_it_is(void **state)
{
    (void)state;
    static const fr_proto proto = {.name = "life",
                                   .on_data = pair_on_data,
                                   .on_deadline = ask_for_life,
                                   .on_close = pair_on_close};
    late l;
    late_open(&l);
    fr_conn_set_proto(l.pair.conn, &proto, &l.pair);
    l.at_talk = compute;
    assert_int_equal(write(l.peers[0], "x", 1), 1);
    fr_test_advance_clock(1100);
    uint64_t began_ms = fr_clock_ms();
    pair_pass(&l.pair);
    assert_int_equal(l.pair.deadlines, 1);
    assert_true(told_ms >=
                began_ms + LONG_MS); /* what it sets now, a pong's time, counts from then */
    late_close(&l);
}

FR_TESTS(late, FR_TEST(what_has_come_is_read_before_a_deadline_is_over),
         FR_TEST(what_has_come_and_changes_nothing_ends_no_deadline),
         FR_TEST(what_was_kept_is_delivered_before_a_deadline_is_over),
         FR_TEST(what_is_kept_of_one_that_pauses_waits_on),
         FR_TEST(a_peer_that_has_made_room_gets_its_output_before_a_deadline_is_over),
         FR_TEST(a_peer_that_has_gone_was_not_late), FR_TEST(a_deadline_counts_from_when_it_is_set),
         FR_TEST(one_who_is_told_late_sees_the_time_as_it_is))
