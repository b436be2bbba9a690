/* What a loop keeps for the next time, and gives back when it is not needed. */
#include "pair.h"

#include "net/net_int.h"

enum { CONNS = 40 };

static void pass_after(fr_loop *loop, uint64_t ms)
{
    fr_test_advance_clock(ms);
    fr_loop_run_once(loop, 0);
}

/* All of them write in one pass, so as many queues and chunks are in use at a time. */
static void write_to_all(fr_loop *loop, fr_conn **conns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fr_conn_write(conns[i], "x", 1), FR_OK);
    fr_loop_run_once(loop, 0);
}

static void what_was_not_needed_for_a_second_is_freed(void **state)
{
    (void)state;
    pair p = {0};
    fr_loop *loop = fr_loop_new(0);
    fr_conn *conns[CONNS];
    int peers[CONNS];
    for (size_t i = 0; i < CONNS; i++) {
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        peers[i] = fds[1];
        assert_int_equal(fr_loop_adopt(loop, fds[0], &pair_bare, &p, &conns[i]), FR_OK);
    }
    const fr_spare *outs = &loop->spares.of[FR_SPARE_OUTS];
    const fr_spare *chunks = &loop->spares.of[FR_SPARE_CHUNKS + FR_CHUNK_SMALL];
    write_to_all(loop, conns, CONNS);
    assert_int_equal(outs->count, CONNS);
    assert_int_equal(chunks->count, CONNS);
    for (int i = 0; i < 5; i++) { /* as long as they are used, they stay */
        pass_after(loop, 1100);
        write_to_all(loop, conns, CONNS);
    }
    assert_int_equal(chunks->count, CONNS);
    for (int i = 0; i < 5; i++) {
        pass_after(loop, 1100);
        write_to_all(loop, conns, CONNS / 2);
    }
    assert_in_range(chunks->count, CONNS / 2, CONNS / 2 + FR_SPARE_LEAST);
    pass_after(loop, 1100);
    pass_after(loop, 1100);
    assert_int_equal(outs->count, FR_SPARE_LEAST);
    assert_int_equal(chunks->count, FR_SPARE_LEAST);
    for (size_t i = 0; i < CONNS; i++)
        close(peers[i]);
    fr_loop_free(loop);
}

static void what_was_freed_goes_back_to_the_system_once_the_loop_rests(void **state)
{
    (void)state;
    pair p;
    pair_open(&p, &pair_proto);
    for (uint32_t i = 0; i < 64; i++)
        fr_spare_put_(p.loop, FR_SPARE_CHUNKS + FR_CHUNK_MEDIUM, fr_malloc(16));
    pair_pass(&p);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write(p.peer, "x", 1), 1);
        pass_after(p.loop, 1100);
    }
    assert_true(p.loop->spares.freed > 0); /* there was something to do */
    pass_after(p.loop, 1100);
    assert_int_equal(p.loop->spares.freed, 0);
    pair_close(&p);
}

FR_TESTS(spare, FR_TEST(what_was_not_needed_for_a_second_is_freed),
         FR_TEST(what_was_freed_goes_back_to_the_system_once_the_loop_rests))
