/* Output: units, bound, blocks, blocked sockets, dropping. */
#include "pair.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "net/net_int.h"

/* The same random numbers each run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A unit: its number and its length, then bytes that follow from both. */
static void fill(char *at, uint32_t number, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        at[i] = (char)(number * 31 + i * 7);
    memcpy(at, &number, 4);
    memcpy(at + 4, &n, 4);
}

static fr_err queue(fr_conn *conn, uint32_t number, uint32_t n, unsigned how)
{
    char *bytes = fr_malloc(n);
    assert_non_null(bytes);
    fill(bytes, number, n);
    fr_err err;
    switch (how) {
    case 0: err = fr_conn_write(conn, bytes, n); break;
    case 1: err = fr_conn_write2(conn, (fr_str){bytes, 8}, (fr_str){bytes + 8, n - 8}); break;
    case 2: return fr_conn_write_take(conn, bytes, n);
    case 3: {
        char *at = fr_conn_reserve(conn, n < FR_CONN_RESERVE_BYTES ? n + 8 : n);
        err = at ? FR_OK : FR_ETOOBIG;
        if (at) {
            memcpy(at, bytes, n);
            fr_conn_commit(conn, n);
        }
        break;
    }
    default: {
        fr_block *block = fr_block_new(n + 5);
        assert_non_null(block);
        memcpy(block->bytes + 5, bytes, n);
        err = fr_conn_write_block(conn, block, 5, how == 4);
        fr_block_unref(block);
    }
    }
    fr_free(bytes);
    return err;
}

typedef struct reader {
    char bytes[1 << 17];
    size_t n;
    uint32_t last, units;
} reader;

/* Read all the peer gets and check that it is whole units, their numbers rising. */
static void read_units(pair *p, reader *r)
{
    for (ssize_t got; (got = read(p->peer, r->bytes + r->n, sizeof r->bytes - r->n)) > 0;) {
        r->n += (size_t)got;
        size_t at = 0;
        while (r->n - at >= 8) {
            uint32_t number, n;
            memcpy(&number, r->bytes + at, 4);
            memcpy(&n, r->bytes + at + 4, 4);
            assert_true(number > r->last);
            if (r->n - at < n)
                break;
            for (uint32_t i = 8; i < n; i++)
                assert_int_equal(r->bytes[at + i], (char)(number * 31 + i * 7));
            r->last = number;
            r->units++;
            at += n;
        }
        memmove(r->bytes, r->bytes + at, r->n - at);
        r->n -= at;
    }
}

static uint32_t random_size(uint32_t *seed)
{
    switch (next_random(seed) % 8) {
    case 0: return 8 + next_random(seed) % 70000; /* memory of its own */
    case 1:
    case 2: return 8 + next_random(seed) % 16000;
    default: return 8 + next_random(seed) % 300;
    }
}

static void units_of_every_kind_arrive_whole_and_in_order(void **state)
{
    (void)state;
    pair p;
    uint32_t seed = 1, queued = 0;
    reader *r = calloc(1, sizeof *r);
    assert_non_null(r);
    pair_open(&p, &pair_proto);
    for (uint32_t number = 1; number <= 3000; number++) {
        uint32_t n = random_size(&seed);
        unsigned how = next_random(&seed) % 6;
        if (how == 3 && n > FR_CONN_RESERVE_BYTES)
            how = 0;
        queued += queue(p.conn, number, n, how) == FR_OK;
        if (next_random(&seed) % 20 == 0)
            pair_pass(&p);
        if (next_random(&seed) % 50 == 0)
            read_units(&p, r);
    }
    while (fr_conn_pending(p.conn)) {
        pair_pass(&p);
        read_units(&p, r);
    }
    read_units(&p, r);
    assert_int_equal(r->units, queued);
    assert_int_equal(r->n, 0);
    assert_in_range(p.drains, 1, 3000);
    free(r);
    pair_close(&p);
}

static void dropping_keeps_units_whole(void **state)
{
    (void)state;
    pair p;
    uint32_t seed = 2;
    reader *r = calloc(1, sizeof *r);
    assert_non_null(r);
    pair_open(&p, &pair_proto);
    for (uint32_t number = 1; number <= 6000; number++) {
        uint32_t n = number % 3 ? 8 + next_random(&seed) % 300 : random_size(&seed);
        unsigned how = next_random(&seed) % 6;
        queue(p.conn, number, n, how == 3 ? 0 : how);
        if (next_random(&seed) % 10 == 0)
            pair_pass(&p);
        if (next_random(&seed) % 200 == 0) {
            fr_conn_drop_pending(p.conn);
            /* At most the unit that was begun. */
            assert_in_range(fr_conn_pending(p.conn), 0, 70008);
        }
        if (next_random(&seed) % 100 == 0)
            read_units(&p, r);
    }
    while (fr_conn_pending(p.conn)) {
        pair_pass(&p);
        read_units(&p, r);
    }
    read_units(&p, r);
    assert_int_equal(r->n, 0);
    assert_in_range(r->units, 100, 5999);
    free(r);
    pair_close(&p);
}

static void past_the_bound_nothing_is_queued(void **state)
{
    (void)state;
    pair p;
    char bytes[600] = {0};
    pair_open(&p, &pair_proto);
    fr_conn_set_bound(p.conn, 1000);
    assert_int_equal(fr_conn_write(p.conn, bytes, 600), FR_OK);
    assert_int_equal(fr_conn_write(p.conn, bytes, 401), FR_ETOOBIG);
    assert_int_equal(fr_conn_write2(p.conn, (fr_str){bytes, 1}, (fr_str){bytes, 400}), FR_ETOOBIG);
    assert_null(fr_conn_reserve(p.conn, 401));
    assert_int_equal(fr_conn_write_take(p.conn, fr_malloc(401), 401), FR_ETOOBIG);
    fr_block *block = fr_block_new(500);
    assert_int_equal(fr_conn_write_block(p.conn, block, 99, true), FR_ETOOBIG);
    assert_int_equal(atomic_load(&block->refs), 1);
    assert_int_equal(fr_conn_pending(p.conn), 600);
    /* A snapshot is not counted. */
    assert_int_equal(fr_conn_write_block(p.conn, block, 0, false), FR_OK);
    assert_int_equal(atomic_load(&block->refs), 2);
    assert_int_equal(fr_conn_pending(p.conn), 1100);
    assert_int_equal(fr_conn_write(p.conn, bytes, 400), FR_OK);
    assert_int_equal(fr_conn_write(p.conn, bytes, 1), FR_ETOOBIG);
    pair_pass(&p);
    assert_int_equal(fr_conn_pending(p.conn), 0);
    assert_int_equal(atomic_load(&block->refs), 1);
    assert_int_equal(fr_conn_write(p.conn, bytes, 600), FR_OK);
    fr_block_unref(block);
    pair_close(&p);
}

static void a_reservation_that_is_not_used_leaves_nothing(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    assert_non_null(fr_conn_reserve(p.conn, FR_CONN_RESERVE_BYTES));
    fr_conn_commit(p.conn, 0);
    assert_int_equal(fr_conn_write(p.conn, NULL, 0), FR_OK);
    pair_pass(&p);
    assert_null(p.conn->out);
    pair_close(&p);
}

static void drain_is_told_when_a_blocked_connection_is_empty(void **state)
{
    (void)state;
    pair p;
    char *bytes = calloc(1, 500000), *room = malloc(500000);
    assert_non_null(bytes);
    pair_open(&p, &pair_proto);
    assert_int_equal(fr_conn_write(p.conn, bytes, 500000), FR_OK);
    pair_pass(&p);
    assert_true(fr_conn_pending(p.conn) > 0);
    assert_true(p.conn->flags & FR_CONN_ARMED_OUT);
    pair_pass(&p);
    assert_int_equal(p.drains, 0);
    while (fr_conn_pending(p.conn)) {
        assert_int_equal(p.drains, 0);
        while (read(p.peer, room, 500000) > 0)
            ;
        pair_pass(&p);
    }
    assert_int_equal(p.drains, 1);
    assert_false(p.conn->flags & FR_CONN_ARMED_OUT);
    free(bytes);
    free(room);
    pair_close(&p);
}

static void closing_frees_what_is_queued(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    fr_block *block = fr_block_new(100);
    for (int i = 0; i < 20; i++)
        assert_int_equal(fr_conn_write_block(p.conn, block, 0, true), FR_OK);
    assert_int_equal(atomic_load(&block->refs), 21);
    fr_conn_close(p.conn, FR_OK);
    assert_int_equal(atomic_load(&block->refs), 1);
    fr_block_unref(block);
    pair_pass(&p);
    pair_close(&p);
}

static void a_peer_that_vanishes_is_found_in_sending(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_bare);
    pair_hang_up(&p);
    assert_int_equal(fr_conn_write(p.conn, "x", 1), FR_OK);
    pair_pass(&p); /* no SIGPIPE */
    assert_int_equal(p.closes, 1);
    assert_int_equal(p.why, FR_ECANCELED);
    pair_close(&p);
}

static void allocations_that_fail_queue_nothing(void **state)
{
    (void)state;
    pair p;
    char bytes[5000] = {1}, room[16];
    pair_open(&p, &pair_proto);
    fr_block *block = fr_block_new(10);
    for (size_t n = 1; n <= 2; n++) {
        fr_test_fail_alloc(n);
        assert_int_equal(fr_conn_write(p.conn, bytes, sizeof bytes), FR_ENOMEM);
        assert_int_equal(fr_test_fail_alloc(0), 0);
        assert_int_equal(fr_conn_pending(p.conn), 0);
    }
    for (int i = 0; i < FR_SEGS_INLINE; i++)
        assert_int_equal(fr_conn_write_block(p.conn, block, 0, true), FR_OK);
    fr_test_fail_alloc(1);
    assert_int_equal(fr_conn_write_block(p.conn, block, 0, true), FR_ENOMEM);
    fr_test_fail_alloc(1);
    char *taken = malloc(10);
    assert_int_equal(fr_conn_write_take(p.conn, taken, 10), FR_ENOMEM);
    assert_int_equal(fr_test_fail_alloc(0), 0);
    assert_int_equal(atomic_load(&block->refs), 1 + FR_SEGS_INLINE);
    pair_pass(&p);
    assert_int_equal(pair_hear(&p, room, sizeof room, NULL).n, 16);
    fr_block_unref(block);
    pair_close(&p);
}

FR_TESTS(out, FR_TEST(units_of_every_kind_arrive_whole_and_in_order),
         FR_TEST(dropping_keeps_units_whole), FR_TEST(past_the_bound_nothing_is_queued),
         FR_TEST(a_reservation_that_is_not_used_leaves_nothing),
         FR_TEST(drain_is_told_when_a_blocked_connection_is_empty),
         FR_TEST(closing_frees_what_is_queued), FR_TEST(a_peer_that_vanishes_is_found_in_sending),
         FR_TEST(allocations_that_fail_queue_nothing))
