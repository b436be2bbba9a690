/* Connections over a socketpair, driven pass by pass: reading, keeping, pausing, closing. */
#include "pair.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "net/net_int.h"

static void bytes_arrive_and_answers_leave_once_a_pass(void **state)
{
    (void)state;
    pair p;
    char room[64];
    pair_open(&p, &pair_proto);
    pair_say(&p, "hello");
    assert_str(pair_saw(&p), "hello");
    assert_int_equal(fr_conn_write(p.conn, "abc", 3), FR_OK);
    assert_int_equal(fr_conn_write(p.conn, "def", 3), FR_OK);
    assert_int_equal(fr_conn_pending(p.conn), 6);
    assert_int_equal(pair_hear(&p, room, sizeof room, NULL).n, 0);
    pair_pass(&p);
    assert_str(pair_hear(&p, room, sizeof room, NULL), "abcdef");
    assert_int_equal(fr_conn_pending(p.conn), 0);
    assert_null(p.conn->out); /* an idle connection holds nothing */
    assert_null(p.conn->carry);
    pair_close(&p);
    assert_int_equal(p.closes, 1);
}

static void what_is_not_consumed_comes_again_with_more(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.consume = 2;
    pair_say(&p, "abcde");
    pair_pass(&p);
    assert_int_equal(p.calls, 1); /* not again before there is more */
    p.consume = 0;
    pair_say(&p, "fg");
    assert_str(pair_saw(&p), "cdefg");
    p.consume = SIZE_MAX;
    pair_say(&p, "h");
    assert_str(pair_saw(&p), "cdefgh");
    assert_null(p.conn->carry);
    pair_close(&p);
}

static void a_message_of_a_megabyte_is_gathered_in_place(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    pair p;
    pair_open(&p, &pair_proto);
    char *sent = malloc(BYTES);
    assert_non_null(sent);
    for (size_t i = 0; i < BYTES; i++)
        sent[i] = (char)(i * 7 % 251);
    p.consume = 0;
    for (size_t at = 0; at < BYTES;) {
        ssize_t n = write(p.peer, sent + at, BYTES - at < 50000 ? BYTES - at : 50000);
        at += n > 0 ? (size_t)n : 0;
        pair_pass(&p);
    }
    while (p.n < BYTES)
        pair_pass(&p);
    assert_int_equal(p.n, BYTES);
    assert_int_equal(p.conn->carry->n, BYTES);
    assert_memory_equal(p.conn->carry->bytes, sent, BYTES);
    p.consume = BYTES - 3;
    pair_say(&p, "xyz");
    assert_int_equal(p.conn->carry->n, 6);
    assert_memory_equal(p.conn->carry->bytes + 3, "xyz", 3);
    free(sent);
    pair_close(&p);
}

static void paused_reading_delivers_nothing_and_resuming_all(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.consume = 1;
    pair_say(&p, "abc");
    fr_conn_pause_read(p.conn);
    pair_say(&p, "def");
    pair_pass(&p);
    assert_int_equal(p.calls, 1);
    assert_false(p.conn->flags & FR_CONN_ARMED_IN);
    p.consume = SIZE_MAX;
    fr_conn_resume_read(p.conn);
    pair_pass(&p);
    assert_int_equal(p.calls, 2);
    assert_str(pair_saw(&p), "bcdef");
    pair_close(&p);
}

/* The kernel refuses the watch: as when its memory is out. */
static void resuming_one_that_cannot_be_watched_closes_it_once(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.consume = 1;
    pair_say(&p, "abc");
    fr_conn_pause_read(p.conn);
    pair_say(&p, "def");
    close(p.conn->fd);
    fr_conn_resume_read(p.conn);
    pair_pass(&p);
    assert_int_equal(p.closes, 1);
    assert_int_equal(p.why, FR_EIO);
    pair_close(&p);
}

static void hold(pair *p)
{
    fr_conn_pause_read(p->conn);
}

static void kept_bytes_come_at_once_after_resuming(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.then = hold;
    p.consume = 3;
    pair_say(&p, "onetwo");
    assert_int_equal(p.calls, 1);
    fr_conn_resume_read(p.conn);
    pair_pass(&p);
    assert_int_equal(p.calls, 2);
    assert_str(pair_saw(&p), "two");
    pair_close(&p);
}

static void upgrade(pair *p)
{
    static const fr_proto upgraded = {
        .name = "upgraded", .on_data = pair_on_data, .on_close = pair_on_close};
    p->then = NULL;
    p->consume = SIZE_MAX;
    fr_conn_set_proto(p->conn, &upgraded, p);
}

static size_t first_three(fr_conn *conn, uint8_t *bytes, size_t n)
{
    (void)bytes, (void)n;
    upgrade(conn->user);
    return 3;
}

static void the_rest_goes_to_the_protocol_that_took_over(void **state)
{
    (void)state;
    static const fr_proto first = {
        .name = "first", .on_data = first_three, .on_close = pair_on_close};
    pair p;
    pair_open(&p, &first);
    pair_say(&p, "onetwo");
    assert_int_equal(p.calls, 1);
    assert_str(pair_saw(&p), "two");
    assert_null(p.conn->carry);
    pair_close(&p);
}

static void a_later_exchange_of_protocol_gets_what_was_kept(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.consume = 3;
    pair_say(&p, "onetwo");
    upgrade(&p);
    pair_pass(&p);
    assert_str(pair_saw(&p), "two");
    pair_close(&p);
}

static void half_close_is_told_and_the_answer_still_leaves(void **state)
{
    (void)state;
    pair p;
    char room[64];
    bool is_over;
    pair_open(&p, &pair_proto);
    assert_int_equal(write(p.peer, "last", 4), 4);
    shutdown(p.peer, SHUT_WR);
    pair_pass(&p);
    pair_pass(&p);
    assert_str(pair_saw(&p), "last");
    assert_int_equal(p.eofs, 1);
    pair_pass(&p);
    assert_int_equal(p.eofs, 1);
    assert_int_equal(fr_conn_write(p.conn, "answer", 6), FR_OK);
    fr_conn_finish(p.conn, 0);
    assert_int_equal(fr_conn_write(p.conn, "x", 1), FR_ECANCELED);
    pair_pass(&p);
    assert_str(pair_hear(&p, room, sizeof room, NULL), "answer");
    pair_hear(&p, room, sizeof room, &is_over);
    assert_true(is_over);
    assert_int_equal(p.closes, 1);
    assert_int_equal(p.why, FR_OK);
    pair_close(&p);
}

static void without_on_eof_the_end_of_the_peer_closes(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_bare);
    shutdown(p.peer, SHUT_WR);
    pair_pass(&p);
    assert_int_equal(p.closes, 1);
    assert_int_equal(p.why, FR_ECANCELED);
    pair_close(&p);
}

static void a_peer_that_goes_while_we_do_not_read_is_noticed(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.then = hold;
    pair_say(&p, "request");
    shutdown(p.peer, SHUT_WR);
    pair_pass(&p);
    assert_int_equal(p.eofs, 1); /* told although paused: nothing waits before it */
    pair_hang_up(&p);
    pair_pass(&p);
    assert_int_equal(p.why, FR_ECANCELED);
    assert_int_equal(p.closes, 1);
    pair_close(&p);
}

static void an_end_behind_unread_bytes_is_told_after_them(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    fr_conn_pause_read(p.conn);
    assert_int_equal(write(p.peer, "more", 4), 4);
    shutdown(p.peer, SHUT_WR);
    for (int i = 0; i < 3; i++)
        pair_pass(&p);
    assert_int_equal(p.eofs, 0);
    fr_conn_resume_read(p.conn);
    for (int i = 0; i < 3; i++)
        pair_pass(&p);
    assert_str(pair_saw(&p), "more");
    assert_int_equal(p.eofs, 1);
    pair_close(&p);
}

static void no_eof_yet(pair *p)
{
    assert_int_equal(p->eofs, 0);
}

static void kept_bytes_come_before_the_end(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.then = hold;
    p.consume = 3;
    pair_say(&p, "onetwoend");
    fr_conn_resume_read(p.conn);
    shutdown(p.peer, SHUT_WR);
    pair_pass(&p); /* the end is seen before the rest is delivered; the protocol pauses again */
    assert_int_equal(p.calls, 2);
    assert_int_equal(p.eofs, 0);
    fr_conn_resume_read(p.conn);
    p.then = no_eof_yet;
    pair_pass(&p);
    pair_pass(&p);
    assert_int_equal(p.calls, 3);
    assert_str(pair_saw(&p), "end");
    assert_int_equal(p.eofs, 1);
    pair_close(&p);
}

static void close_inside(pair *p)
{
    fr_conn_close(p->conn, FR_EINVAL);
    assert_int_equal(p->closes, 0);
    assert_true(fr_conn_is_closing(p->conn));
    assert_int_equal(fr_conn_write(p->conn, "x", 1), FR_ECANCELED);
    assert_null(fr_conn_reserve(p->conn, 1));
}

static void closing_inside_on_data_waits_until_it_returns(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.then = close_inside;
    p.consume = 1;
    pair_say(&p, "abc");
    assert_int_equal(p.closes, 1);
    assert_int_equal(p.why, FR_EINVAL);
    pair_close(&p);
    assert_int_equal(p.closes, 1);
}

static void closing_elsewhere_is_at_once_and_slots_are_used_again(void **state)
{
    (void)state;
    pair p, q;
    pair_open(&p, &pair_proto);
    fr_conn *first = p.conn;
    fr_conn_close(p.conn, FR_OK);
    assert_int_equal(p.closes, 1);
    fr_conn_close(p.conn, FR_OK);
    assert_int_equal(p.closes, 1);
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    q = (pair){.consume = SIZE_MAX, .peer = fds[1]};
    assert_int_equal(fr_loop_adopt(p.loop, fds[0], &pair_proto, &q, &q.conn), FR_OK);
    fr_conn *second = q.conn;
    assert_ptr_not_equal(second, first); /* an event of this pass may still name the old one */
    pair_pass(&p);
    fr_conn_close(q.conn, FR_OK);
    pair_pass(&p);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    close(q.peer);
    q.peer = fds[1];
    assert_int_equal(fr_loop_adopt(p.loop, fds[0], &pair_proto, &q, &q.conn), FR_OK);
    assert_true(q.conn == first || q.conn == second);
    pair_close(&p);
    close(q.peer);
}

static pair *victim;
static void close_the_other(pair *p)
{
    (void)p;
    if (victim->closes == 0)
        fr_conn_close(victim->conn, FR_OK);
}

static void an_event_of_a_connection_closed_in_the_same_pass_is_ignored(void **state)
{
    (void)state;
    pair p, q;
    int fds[2];
    pair_open(&p, &pair_proto);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    q = (pair){.consume = SIZE_MAX, .peer = fds[1], .then = close_the_other};
    assert_int_equal(fr_loop_adopt(p.loop, fds[0], &pair_proto, &q, &q.conn), FR_OK);
    p.then = close_the_other;
    victim = &q; /* whichever event comes first: q is told once or never, and p always */
    assert_int_equal(write(q.peer, "q", 1), 1);
    pair_say(&p, "p");
    assert_int_equal(p.calls, 1);
    assert_in_range(q.calls, 0, 1);
    assert_int_equal(q.closes, 1);
    pair_close(&p);
    close(q.peer);
}

static void finishing_waits_for_the_peer_and_throws_its_bytes_away(void **state)
{
    (void)state;
    pair p;
    char room[64];
    bool is_over;
    pair_open(&p, &pair_proto);
    assert_int_equal(fr_conn_write(p.conn, "bye", 3), FR_OK);
    fr_conn_finish(p.conn, 1000);
    assert_true(fr_conn_is_closing(p.conn));
    pair_pass(&p);
    assert_str(pair_hear(&p, room, sizeof room, NULL), "bye");
    pair_hear(&p, room, sizeof room, &is_over);
    assert_true(is_over); /* our half is closed */
    assert_int_equal(p.closes, 0);
    pair_say(&p, "late");
    assert_int_equal(p.calls, 0);
    pair_hang_up(&p);
    pair_pass(&p);
    assert_int_equal(p.closes, 1);
    assert_int_equal(p.why, FR_OK);
    pair_close(&p);
}

static void finishing_ends_when_its_time_is_over(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    fr_conn_finish(p.conn, 1000);
    fr_conn_set_deadline(p.conn, 0); /* the protocol has no say any more */
    pair_pass(&p);
    fr_test_advance_clock(990);
    pair_pass(&p);
    assert_int_equal(p.closes, 0);
    fr_test_advance_clock(30);
    pair_pass(&p);
    assert_int_equal(p.closes, 1);
    pair_close(&p);
}

static void finish_inside(pair *p)
{
    fr_conn_write(p->conn, "no", 2);
    fr_conn_finish(p->conn, 0);
}

static void finishing_inside_on_data_keeps_nothing(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.consume = 0;
    pair_say(&p, "abc");
    p.then = finish_inside;
    pair_say(&p, "def");
    assert_null(p.conn->carry);
    pair_hang_up(&p);
    pair_pass(&p);
    assert_int_equal(p.closes, 1);
    pair_close(&p);
}

static void a_deadline_is_told_or_closes(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    fr_conn_set_deadline(p.conn, 1000);
    fr_conn_set_deadline(p.conn, 2000); /* moved */
    fr_test_advance_clock(1500);
    pair_pass(&p);
    assert_int_equal(p.deadlines, 0);
    fr_test_advance_clock(1000);
    pair_pass(&p);
    assert_int_equal(p.deadlines, 1);
    fr_conn_set_deadline(p.conn, 10);
    fr_conn_set_deadline(p.conn, 0);
    fr_test_advance_clock(5000);
    pair_pass(&p);
    assert_int_equal(p.deadlines, 1);
    fr_conn_set_proto(p.conn, &pair_bare, &p);
    fr_conn_set_deadline(p.conn, 10);
    fr_test_advance_clock(100);
    pair_pass(&p);
    assert_int_equal(p.closes, 1);
    assert_int_equal(p.why, FR_ETIMEOUT);
    pair_close(&p);
}

/* Against a plain list: those of several slabs, set, moved and taken back at random. */
enum { MANY = 2 * FR_SLAB_CONNS + 7 };
static struct {
    fr_conn *conn;
    int peer;
    uint64_t want_ms; /* 0: none */
} many[MANY];
static fr_loop *loop_of_many;
static size_t passed;

static void give_many(size_t i, uint32_t ms)
{
    many[i].want_ms = ms ? fr_loop_in_ms(loop_of_many, ms) : 0;
    fr_conn_set_deadline(many[i].conn, ms);
}

static void many_on_deadline(fr_conn *conn)
{
    size_t i = (size_t)(uintptr_t)conn->user;
    assert_true(many[i].want_ms && many[i].want_ms <= fr_loop_now_ms(loop_of_many));
    many[i].want_ms = 0;
    passed++;
    if (i % 3 == 0) { /* most protocols set the next one */
        give_many(i, 1 + (uint32_t)random() % 4000);
    }
}

static void set_some_deadlines(void)
{
    for (int k = 0; k < 50; k++) {
        size_t i = (size_t)random() % MANY;
        uint32_t away = (uint32_t)random() % 5000;
        give_many(i, random() % 4 ? 1 + away : 0);
    }
}

static bool is_one_late(void)
{
    for (size_t i = 0; i < MANY; i++)
        if (many[i].want_ms && many[i].want_ms + FR_TICK_MS <= fr_loop_now_ms(loop_of_many))
            return true;
    return false;
}

static void deadlines_of_many_are_told_in_time(void **state)
{
    (void)state;
    static const fr_proto proto = {.name = "many",
                                   .on_data = pair_on_data,
                                   .on_deadline = many_on_deadline,
                                   .on_close = pair_on_close};
    pair p = {0};
    loop_of_many = fr_loop_new(0);
    for (size_t i = 0; i < MANY; i++) {
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        many[i].peer = fds[1];
        assert_int_equal(
            fr_loop_adopt(loop_of_many, fds[0], &proto, (void *)(uintptr_t)i, &many[i].conn),
            FR_OK);
    }
    passed = 0;
    for (int step = 0; step < 400; step++) {
        set_some_deadlines();
        fr_test_advance_clock((uint64_t)random() % 200);
        fr_loop_run_once(loop_of_many, 0);
        for (int more = 0; is_one_late(); more++) { /* the machine was busy: the next tick has it */
            assert_true(more < 50);
            fr_test_advance_clock(FR_TICK_MS);
            fr_loop_run_once(loop_of_many, 0);
        }
    }
    assert_true(passed > 1000);
    assert_int_equal(loop_of_many->slabs.count, 3);
    for (size_t i = 0; i < MANY; i++) {
        many[i].conn->user = &p;
        close(many[i].peer);
        if (i % 7)
            fr_conn_close(many[i].conn, FR_OK);
    }
    fr_loop_run_once(loop_of_many, 0);
    for (int i = 0; i < 100 && loop_of_many->conn_lists.open_count; i++)
        fr_loop_run_once(loop_of_many, 0);
    assert_int_equal(p.closes, MANY);
    assert_int_equal(loop_of_many->slabs.count, 1); /* who comes and goes finds it */
    fr_loop_free(loop_of_many);
}

/* Each takes longer than a pass may. */
static void work_long(fr_conn *conn)
{
    (*(int *)conn->user)++;
    fr_test_advance_clock(FR_PASS_MS + 1);
}
static void forget(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
}

static void a_crowd_whose_time_is_over_leaves_others_their_turn(void **state)
{
    (void)state;
    enum { CROWD = 10 };
    static const fr_proto proto = {.name = "crowd", .on_deadline = work_long, .on_close = forget};
    int told = 0, peers[CROWD];
    pair p;
    pair_open(&p, &pair_proto);
    for (int i = 0; i < CROWD; i++) {
        int fds[2];
        fr_conn *conn;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        assert_int_equal(fr_loop_adopt(p.loop, fds[0], &proto, &told, &conn), FR_OK);
        fr_conn_set_deadline(conn, 1000);
        peers[i] = fds[1];
    }
    fr_test_advance_clock(1100);
    for (int i = 1; i <= CROWD; i++) {
        assert_int_equal(send(p.peer, "x", 1, 0), 1);
        fr_loop_run_once(p.loop, 0);
        assert_int_equal(p.calls, i); /* heard in each of the passes */
        assert_int_equal(told, i);
        fr_test_advance_clock(FR_TICK_MS);
    }
    for (int i = 0; i < CROWD; i++)
        close(peers[i]);
    pair_close(&p);
}

static void the_furthest_deadline_is_weeks_away(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    fr_conn_set_deadline(p.conn, UINT32_MAX);
    pair_pass(&p);
    assert_int_equal(p.deadlines, 0);
    pair_close(&p);
}

static void one_that_fails_before_it_is_redelivered_is_closed(void **state)
{
    (void)state;
    for (int is_ended = 0; is_ended < 2; is_ended++) { /* by the loop's next pass; by its end */
        pair p;
        pair_open(&p, &pair_proto);
        p.consume = 0;
        pair_say(&p, "abc");
        pair_pass(&p);
        fr_conn_pause_read(p.conn);
        fr_conn_resume_read(p.conn);
        fr_conn_fail_(p.conn, FR_ECANCELED);
        assert_int_equal(p.closes, 0);
        if (!is_ended)
            pair_pass(&p);
        pair_close(&p);
        assert_int_equal(p.closes, 1);
        assert_int_equal(p.why, FR_ECANCELED);
    }
}

static void out_of_memory_for_the_rest_closes_that_connection(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    p.consume = 1;
    assert_int_equal(write(p.peer, "abc", 3), 3);
    fr_test_fail_alloc(1);
    pair_pass(&p);
    assert_int_equal(fr_test_fail_alloc(0), 0);
    assert_int_equal(p.closes, 1);
    assert_int_equal(p.why, FR_ENOMEM);
    pair_close(&p);
}

static void each_allocation_of_a_loop_may_fail(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        fr_test_fail_alloc(n);
        fr_loop *loop = fr_loop_new(0);
        if (fr_test_fail_alloc(0)) {
            fr_loop_free(loop);
            break;
        }
        assert_null(loop);
    }
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    fr_loop *loop = fr_loop_new(0);
    for (size_t n = 1;; n++) {
        fr_conn *conn = NULL;
        fr_test_fail_alloc(n);
        fr_err err = fr_loop_adopt(loop, fds[0], &pair_bare, &(pair){0}, &conn);
        if (fr_test_fail_alloc(0)) {
            assert_int_equal(err, FR_OK);
            conn->user = &(pair){0};
            fr_conn_close(conn, FR_OK);
            break;
        }
        assert_int_equal(err, FR_ENOMEM);
    }
    fr_loop_free(loop);
    close(fds[1]);
}

static void a_unix_socket_has_no_address(void **state)
{
    (void)state;
    pair p;
    char host[64];
    uint16_t port;
    pair_open(&p, &pair_proto);
    fr_address address;
    assert_int_equal(fr_conn_peer_address(p.conn, &address, &port), FR_PEER_UNIX);
    assert_false(fr_conn_peer(p.conn, host, &port));
    assert_false(fr_conn_local(p.conn, host, &port));
    pair_close(&p);
}

FR_TESTS(conn, FR_TEST(bytes_arrive_and_answers_leave_once_a_pass),
         FR_TEST(what_is_not_consumed_comes_again_with_more),
         FR_TEST(a_message_of_a_megabyte_is_gathered_in_place),
         FR_TEST(paused_reading_delivers_nothing_and_resuming_all),
         FR_TEST(resuming_one_that_cannot_be_watched_closes_it_once),
         FR_TEST(kept_bytes_come_at_once_after_resuming),
         FR_TEST(the_rest_goes_to_the_protocol_that_took_over),
         FR_TEST(a_later_exchange_of_protocol_gets_what_was_kept),
         FR_TEST(half_close_is_told_and_the_answer_still_leaves),
         FR_TEST(without_on_eof_the_end_of_the_peer_closes),
         FR_TEST(a_peer_that_goes_while_we_do_not_read_is_noticed),
         FR_TEST(an_end_behind_unread_bytes_is_told_after_them),
         FR_TEST(kept_bytes_come_before_the_end),
         FR_TEST(closing_inside_on_data_waits_until_it_returns),
         FR_TEST(closing_elsewhere_is_at_once_and_slots_are_used_again),
         FR_TEST(an_event_of_a_connection_closed_in_the_same_pass_is_ignored),
         FR_TEST(finishing_waits_for_the_peer_and_throws_its_bytes_away),
         FR_TEST(finishing_ends_when_its_time_is_over),
         FR_TEST(finishing_inside_on_data_keeps_nothing), FR_TEST(a_deadline_is_told_or_closes),
         FR_TEST(deadlines_of_many_are_told_in_time),
         FR_TEST(a_crowd_whose_time_is_over_leaves_others_their_turn),
         FR_TEST(the_furthest_deadline_is_weeks_away),
         FR_TEST(one_that_fails_before_it_is_redelivered_is_closed),
         FR_TEST(out_of_memory_for_the_rest_closes_that_connection),
         FR_TEST(each_allocation_of_a_loop_may_fail), FR_TEST(a_unix_socket_has_no_address))
