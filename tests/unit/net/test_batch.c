/* Sending to many connections at the end of a pass: each ends as if it had been sent to alone, whatever happens to its
 * neighbours. Runs on each back end (FRESHET_IO). */
#include "pair.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "net/net_int.h"

enum { MANY = 2500, PEER_BYTES = 1 << 20 }; /* MANY: several batches */

typedef struct member {
    fr_conn *conn;
    int peer; /* non-blocking */
    int drains, closes;
    fr_err why;
} member;

typedef struct crowd {
    fr_loop *loop;
    size_t count;
    member *members;
    char *heard; /* PEER_BYTES */
} crowd;

static size_t member_on_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    (void)conn, (void)bytes;
    return n;
}
static void member_on_drain(fr_conn *conn)
{
    ((member *)conn->user)->drains++;
}
static void member_on_close(fr_conn *conn, fr_err why)
{
    member *m = conn->user;
    m->closes++;
    m->why = why;
}
static const fr_proto member_proto = {.name = "member",
                                      .on_data = member_on_data,
                                      .on_drain = member_on_drain,
                                      .on_close = member_on_close};

static void crowd_open(crowd *c, size_t count)
{
    *c = (crowd){.loop = fr_loop_new(0), .count = count};
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max; /* two each */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    c->members = calloc(count, sizeof *c->members);
    c->heard = malloc(PEER_BYTES);
    assert_non_null(c->loop);
    assert_non_null(c->members);
    assert_non_null(c->heard);
    for (size_t i = 0; i < count; i++) {
        int fds[2];
        member *m = &c->members[i];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
        m->peer = fds[1];
        assert_int_equal(fr_loop_adopt(c->loop, fds[0], &member_proto, m, &m->conn), FR_OK);
    }
}

static void crowd_close(crowd *c)
{
    for (size_t i = 0; i < c->count; i++)
        close(c->members[i].peer);
    fr_loop_free(c->loop);
    free(c->members);
    free(c->heard);
}

/* One, and those that it left something for. */
static void pass(crowd *c)
{
    do
        fr_loop_run_once(c->loop, 0);
    while (fr_loop_has_rest_(c->loop));
}

/* What the member's peer gets now; it lies in c->heard. */
static size_t hear(crowd *c, size_t i)
{
    size_t n = 0;
    for (ssize_t got; (got = read(c->members[i].peer, c->heard + n, PEER_BYTES - n)) > 0;)
        n += (size_t)got;
    return n;
}

static bool is_over(crowd *c, size_t i)
{
    return read(c->members[i].peer, c->heard, 1) == 0;
}

/* A text that only this member gets. */
static void greet(crowd *c, size_t i)
{
    char text[32];
    snprintf(text, sizeof text, "hello %zu", i);
    assert_int_equal(fr_conn_write(c->members[i].conn, text, strlen(text)), FR_OK);
}

static void hears_greeting(crowd *c, size_t i)
{
    char text[32];
    snprintf(text, sizeof text, "hello %zu", i);
    assert_str(((fr_str){c->heard, hear(c, i)}), text);
}

static void each_gets_its_own(void **state)
{
    (void)state;
    crowd c;
    crowd_open(&c, MANY);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < c.count; i++)
            greet(&c, i);
        pass(&c);
        for (size_t i = 0; i < c.count; i++) {
            assert_null(c.members[i].conn->out);
            hears_greeting(&c, i);
        }
    }
    crowd_close(&c);
}

/* Three stretches each; all together many times the gather buffer. */
static void stretches_of_each_are_joined(void **state)
{
    (void)state;
    crowd c;
    crowd_open(&c, 200);
    fr_block *block = fr_block_new(1000);
    memset(block->bytes, 'b', 1000);
    for (size_t i = 0; i < c.count; i++) {
        greet(&c, i);
        assert_int_equal(fr_conn_write_block(c.members[i].conn, block, i, true), FR_OK);
        greet(&c, i);
    }
    pass(&c);
    for (size_t i = 0; i < c.count; i++) {
        char text[32];
        size_t n = (size_t)snprintf(text, sizeof text, "hello %zu", i);
        assert_int_equal(hear(&c, i), 2 * n + 1000 - i);
        assert_memory_equal(c.heard, text, n);
        assert_memory_equal(c.heard + n, block->bytes, 1000 - i);
        assert_memory_equal(c.heard + n + 1000 - i, text, n);
    }
    assert_int_equal(atomic_load(&block->refs), 1);
    fr_block_unref(block);
    crowd_close(&c);
}

/* Among members that have small stretches to be joined: the large output must not overwrite what waits to be sent. */
static void large_output_goes_between(void **state)
{
    (void)state;
    enum { PIECES = 40, PIECE = 1000 };
    crowd c;
    crowd_open(&c, 60);
    fr_block *block = fr_block_new(PIECE);
    memset(block->bytes, 'b', PIECE);
    for (size_t i = 0; i < c.count; i++) {
        greet(&c, i);
        for (int k = 0; k < (i % 10 == 7 ? PIECES : 1); k++)
            assert_int_equal(fr_conn_write_block(c.members[i].conn, block, 0, true), FR_OK);
    }
    fr_block_unref(block);
    pass(&c);
    for (size_t i = 0; i < c.count; i++) {
        char text[32];
        size_t n = (size_t)snprintf(text, sizeof text, "hello %zu", i);
        assert_int_equal(hear(&c, i), n + PIECE * (i % 10 == 7 ? PIECES : 1));
        assert_memory_equal(c.heard, text, n);
        assert_int_equal(c.heard[n], 'b');
    }
    crowd_close(&c);
}

static void a_peer_that_has_gone_is_closed_and_no_other(void **state)
{
    (void)state;
    crowd c;
    crowd_open(&c, 100);
    for (size_t i = 0; i < c.count; i += 10)
        assert_int_equal(shutdown(c.members[i].peer, SHUT_RD), 0);
    for (size_t i = 0; i < c.count; i++)
        greet(&c, i);
    pass(&c); /* no SIGPIPE */
    for (size_t i = 0; i < c.count; i++) {
        assert_int_equal(c.members[i].closes, i % 10 == 0);
        if (i % 10 == 0)
            assert_int_equal(c.members[i].why, FR_ECANCELED);
        else
            hears_greeting(&c, i);
    }
    crowd_close(&c);
}

static void who_does_not_read_waits_and_no_other(void **state)
{
    (void)state;
    enum { SLOW = 13, PART = 8000, PARTS = 200 };
    crowd c;
    char part[PART];
    memset(part, 's', sizeof part);
    crowd_open(&c, 50);
    int queued = 0;
    for (; queued < PARTS && !fr_conn_is_blocked(c.members[SLOW].conn); queued++) {
        for (size_t i = 0; i < c.count; i++)
            if (i == SLOW)
                assert_int_equal(fr_conn_write(c.members[i].conn, part, PART), FR_OK);
            else
                greet(&c, i);
        pass(&c);
        for (size_t i = 0; i < c.count; i++)
            if (i != SLOW)
                hears_greeting(&c, i);
    }
    assert_in_range(queued, 2, PARTS - 1);
    assert_true(c.members[SLOW].conn->flags & FR_CONN_ARMED_OUT);
    /* Blocked it is left alone, and what is queued for it meanwhile comes behind. */
    greet(&c, SLOW);
    greet(&c, SLOW + 1);
    pass(&c);
    hears_greeting(&c, SLOW + 1);
    assert_int_equal(c.members[SLOW].drains, 0);
    size_t heard = hear(&c, SLOW);
    for (; fr_conn_pending(c.members[SLOW].conn); heard += hear(&c, SLOW))
        pass(&c);
    heard += hear(&c, SLOW);
    assert_int_equal(heard, (size_t)queued * PART + strlen("hello 13"));
    assert_int_equal(c.members[SLOW].drains, 1);
    assert_int_equal(c.members[SLOW].closes, 0);
    crowd_close(&c);
}

static void those_closed_since_they_wrote_are_left_out(void **state)
{
    (void)state;
    crowd c;
    crowd_open(&c, 100);
    for (size_t i = 0; i < c.count; i++)
        greet(&c, i);
    for (size_t i = 0; i < c.count; i += 3)
        fr_conn_close(c.members[i].conn, FR_OK);
    pass(&c);
    for (size_t i = 0; i < c.count; i++) {
        if (i % 3 == 0)
            assert_true(is_over(&c, i));
        else
            hears_greeting(&c, i);
    }
    crowd_close(&c);
}

static void who_finishes_is_half_closed_behind_its_output(void **state)
{
    (void)state;
    crowd c;
    crowd_open(&c, 100);
    for (size_t i = 0; i < c.count; i++) {
        greet(&c, i);
        if (i % 4 == 0)
            fr_conn_finish(c.members[i].conn, 0);
    }
    pass(&c);
    for (size_t i = 0; i < c.count; i++) {
        hears_greeting(&c, i);
        assert_int_equal(is_over(&c, i), i % 4 == 0);
        assert_int_equal(c.members[i].closes, 0);
    }
    crowd_close(&c);
}

static void *greet_all(void *arg)
{
    crowd *c = arg;
    for (size_t i = 0; i < c->count; i++)
        greet(c, i);
    pass(c);
    return NULL;
}

/* A ring is of the thread that made it, so on another one it fails: a way to see what a loop does whose ring fails. */
static void a_loop_whose_ring_fails_goes_on_without(void **state)
{
    (void)state;
    crowd c;
    pthread_t thread;
    crowd_open(&c, 100);
    assert_int_equal(pthread_create(&thread, NULL, greet_all, &c), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < c.count; i++)
            hears_greeting(&c, i);
        greet_all(&c);
    }
    for (size_t i = 0; i < c.count; i++)
        hears_greeting(&c, i);
    assert_int_equal(c.loop->batching.uring != NULL, c.loop->backend == &fr_backend_uring);
    crowd_close(&c);
}

static void without_memory_for_a_ring_all_is_sent(void **state)
{
    (void)state;
    crowd c;
    crowd_open(&c, 100);
    for (size_t i = 0; i < c.count; i++)
        greet(&c, i);
    fr_test_fail_alloc(1);
    pass(&c);
    fr_test_fail_alloc(0);
    assert_null(c.loop->batching.uring);
    for (size_t i = 0; i < c.count; i++)
        hears_greeting(&c, i);
    crowd_close(&c);
}

/* The number that the next file would have. */
static int next_file(void)
{
    int fd = dup(0);
    if (fd >= 0)
        close(fd);
    return fd;
}

static void without_a_file_for_a_ring_all_is_sent_and_later_it_is_made(void **state)
{
    (void)state;
    crowd c;
    struct rlimit files, none;
    crowd_open(&c, 100);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    int next = next_file();
    none = (struct rlimit){(rlim_t)next, files.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    greet_all(&c);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(next_file(), next);
    for (size_t i = 0; i < c.count; i++)
        hears_greeting(&c, i);
    greet_all(&c);
    assert_int_equal(next_file(), c.loop->backend == &fr_backend_uring ? next + 1 : next);
    for (size_t i = 0; i < c.count; i++)
        hears_greeting(&c, i);
    crowd_close(&c);
}

FR_TESTS(batch, FR_TEST(each_gets_its_own), FR_TEST(stretches_of_each_are_joined),
         FR_TEST(large_output_goes_between), FR_TEST(a_peer_that_has_gone_is_closed_and_no_other),
         FR_TEST(who_does_not_read_waits_and_no_other),
         FR_TEST(those_closed_since_they_wrote_are_left_out),
         FR_TEST(who_finishes_is_half_closed_behind_its_output),
         FR_TEST(a_loop_whose_ring_fails_goes_on_without),
         FR_TEST(without_memory_for_a_ring_all_is_sent),
         FR_TEST(without_a_file_for_a_ring_all_is_sent_and_later_it_is_made))
