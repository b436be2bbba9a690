/* Named channels. The loops of a server are driven by the test; at the end its workers run. */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "channels/channels.h"
#include "channels/named.h"
#include "net/errand.h"
#include "net/net_int.h"

/* ---- what receives ---- */

static struct {
    char text[256]; /* all that was received, in brackets */
    size_t n;
    fr_err result;
    fr_ctx *ctx; /* of the last one */
} seen;

static void note(const char *before, fr_str text, const char *after)
{
    seen.n += (size_t)snprintf(seen.text + seen.n, sizeof seen.text - seen.n, "%s%.*s%s", before,
                               FR_FMT(text), after);
}

static fr_err take(fr_ctx *ctx, fr_str text)
{
    note("[", text, "]");
    seen.ctx = ctx;
    assert_ptr_equal(ctx->ctx, ctx);
    assert_non_null(fr_arena_alloc(ctx->arena, 100));
    return fr_str_eq(text, FR_STR("bad")) ? fr_fail(ctx, FR_EBACKEND, "it is bad") : FR_OK;
}

static fr_err take_time(fr_ctx *ctx, fr_str text)
{
    note("<", text, "");
    seen.result = fr_sleep(ctx, 1000);
    note(">", FR_STR(""), "");
    return seen.result;
}

static const fr_channel table[] = {{"quick", .receive = take},
                                   {"slow", .receive = take_time},
                                   {"small", .receive = take, .waiting = 2},
                                   {0}};

/* ---- a server of two loops that the test drives ---- */

typedef struct world {
    fr_server *server;
    fr_channels *channels;
    fr_ctx ctx; /* of a sender without a loop */
    fr_arena *arena;
} world;

static void set_up(world *w, const fr_channel *channels)
{
    char error[256];
    memset(&seen, 0, sizeof seen);
    fr_server_opts opts = {.workers = 2, .io = fr_test_io()};
    assert_int_equal(fr_server_open(&opts, &w->server, error), FR_OK);
    w->channels = fr_channels_new(&(fr_channels_opts){.tasks = channels});
    assert_non_null(w->channels);
    fr_channels_attach(w->channels, w->server);
    w->arena = fr_arena_new(0);
    fr_ctx_init(&w->ctx, w->arena, NULL);
}

static void tear_down(world *w)
{
    fr_server_close(w->server);
    fr_channels_free(w->channels);
    fr_arena_free(w->arena);
}

/* So many turns that what a loop had no time for in one has come in another, on a busy machine too. */
static void pass(const world *w)
{
    enum { TURNS = 30 };
    for (int i = 0; i < 2 * TURNS; i++)
        fr_loop_run_once(fr_server_loop(w->server, i % 2), 0);
}

static void put(world *w, const char *channel, const char *text)
{
    assert_int_equal(fr_channel_send(&w->ctx, fr_str_c(channel), fr_str_c(text)), FR_OK);
}

/* ---- the tests ---- */

static void messages_are_received_in_the_order_they_were_sent(void **state)
{
    (void)state;
    world w;
    set_up(&w, table);
    for (int i = 0; i < 20; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        put(&w, "quick", text);
    }
    assert_string_equal(seen.text, "");
    pass(&w);
    pass(&w);
    put(&w, "quick", "more");
    pass(&w);
    assert_string_equal(seen.text,
                        "[0][1][2][3][4][5][6][7][8][9][10][11][12][13][14][15][16][17][18]"
                        "[19][more]");
    tear_down(&w);
}

static void one_that_waits_holds_up_its_own_channel_only(void **state)
{
    (void)state;
    world w;
    set_up(&w, table);
    put(&w, "slow", "a");
    put(&w, "slow", "b");
    pass(&w);
    put(&w, "quick", "c");
    pass(&w);
    assert_string_equal(seen.text, "<a[c]");
    for (int i = 0; i < 2; i++) {
        fr_test_advance_clock(1100);
        pass(&w);
    }
    assert_string_equal(seen.text, "<a[c]><b>");
    tear_down(&w);
}

static void one_that_fails_does_not_stop_the_others(void **state)
{
    (void)state;
    world w;
    set_up(&w, table);
    put(&w, "quick", "bad");
    put(&w, "quick", "good");
    pass(&w);
    assert_string_equal(seen.text, "[bad][good]");
    tear_down(&w);
}

static void a_channel_is_bounded(void **state)
{
    (void)state;
    world w;
    set_up(&w, table);
    put(&w, "small", "1");
    put(&w, "small", "2");
    assert_int_equal(fr_channel_send(&w.ctx, FR_STR("small"), FR_STR("3")), FR_EBUSY);
    assert_str(w.ctx.detail, "The server is busy, try again.");
    pass(&w);
    put(&w, "small", "4");
    pass(&w);
    assert_string_equal(seen.text, "[1][2][4]");

    static char large[FR_CHANNEL_TEXT_BYTES + 1];
    assert_int_equal(fr_channel_send(&w.ctx, FR_STR("slow"), ((fr_str){large, sizeof large})),
                     FR_ETOOBIG);
    fr_str whole = {large, FR_CHANNEL_TEXT_BYTES};
    for (int i = 0; i < FR_CHANNEL_BYTES / FR_CHANNEL_TEXT_BYTES; i++)
        assert_int_equal(fr_channel_send(&w.ctx, FR_STR("slow"), whole), FR_OK);
    assert_int_equal(fr_channel_send(&w.ctx, FR_STR("slow"), FR_STR("x")), FR_EBUSY);
    tear_down(&w); /* what has not been received is freed */
}

static void mistakes_are_told(void **state)
{
    (void)state;
    world w;
    char error[256];
    set_up(&w, table);
    assert_int_equal(fr_channel_send(&w.ctx, FR_STR("quikc"), FR_STR("1")), FR_EINTERNAL);
    assert_str(w.ctx.detail, "fr_channel_send: the application's .tasks has no channel \"quikc\".");
    w.ctx.txn = (struct fr_db_txn *)(void *)&w;
    assert_int_equal(fr_channel_send(&w.ctx, FR_STR("quick"), FR_STR("1")), FR_EINVAL);
    tear_down(&w);

    assert_true(fr_channels_ok(table, error));
    assert_true(fr_channels_ok(NULL, error));
    assert_false(fr_channels_ok((fr_channel[]){{"a b", .receive = take}, {0}}, error));
    assert_string_equal(error, "channel \"a b\" of .tasks: its name is 1 to 99 of the characters "
                               "A-Z a-z 0-9 . _ and -");
    assert_false(fr_channels_ok((fr_channel[]){{"a", .receive = NULL}, {0}}, error));
    assert_string_equal(error, "channel \"a\" of .tasks: it has no .receive");
    assert_false(
        fr_channels_ok((fr_channel[]){{"a", .receive = take}, {"a", .receive = take}, {0}}, error));
    assert_string_equal(error, "channel \"a\" of .tasks: there are two of this name");
}

static void without_memory_a_message_is_refused_or_received_later(void **state)
{
    (void)state;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        size_t left = fr_test_fail_alloc(0);
        world w;
        set_up(&w, table);
        (void)fr_test_fail_alloc(left);
        fr_err err = fr_channel_send(&w.ctx, FR_STR("quick"), FR_STR("1"));
        pass(&w);
        fr_test_advance_clock(20);
        pass(&w);
        left = fr_test_fail_alloc(0);
        assert_true(err == FR_OK || err == FR_ENOMEM);
        if (left == 0 && err == FR_OK)
            assert_string_equal(seen.text, "[1]");
        tear_down(&w);
        (void)fr_test_fail_alloc(left);
    }
}

/* ---- workers that run, and senders on threads of their own ---- */

enum { SENDERS = 3, EACH = 300 };
static atomic_int received, out_of_order;
static int last[SENDERS];

static fr_err count(fr_ctx *ctx, fr_str text)
{
    int sender, number;
    (void)ctx;
    assert_int_equal(sscanf(text.p, "%d %d", &sender, &number), 2);
    atomic_fetch_add(&out_of_order, number != last[sender] + 1);
    last[sender] = number;
    atomic_fetch_add(&received, 1);
    return FR_OK;
}

static void *send_many(void *arg)
{
    int sender = *(int *)arg;
    fr_ctx ctx;
    fr_ctx_init(&ctx, NULL, NULL);
    for (int i = 1; i <= EACH; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "%d %d", sender, i);
        while (fr_channel_send(&ctx, FR_STR("count"), ((fr_str){text, (size_t)n + 1})) == FR_EBUSY)
            sched_yield();
    }
    return NULL;
}

static void *run_server(void *arg)
{
    assert_int_equal(fr_server_run(arg, false), FR_OK);
    return NULL;
}

static void what_threads_send_is_received_before_the_server_ends(void **state)
{
    (void)state;
    static const fr_channel counting[] = {
        {"none", .receive = take}, {"count", .receive = count, .waiting = 50}, {0}};
    world w;
    pthread_t server, senders[SENDERS];
    int numbers[SENDERS];
    set_up(&w, counting);
    pthread_create(&server, NULL, run_server, w.server);
    for (int i = 0; i < SENDERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&senders[i], NULL, send_many, &numbers[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++)
        pthread_join(senders[i], NULL);
    fr_server_stop(w.server);
    pthread_join(server, NULL);
    assert_int_equal(atomic_load(&received), SENDERS * EACH);
    assert_int_equal(atomic_load(&out_of_order), 0);
    tear_down(&w);
}

FR_TESTS(named, FR_TEST(messages_are_received_in_the_order_they_were_sent),
         FR_TEST(one_that_waits_holds_up_its_own_channel_only),
         FR_TEST(one_that_fails_does_not_stop_the_others), FR_TEST(a_channel_is_bounded),
         FR_TEST(mistakes_are_told), FR_TEST(without_memory_a_message_is_refused_or_received_later),
         FR_TEST(what_threads_send_is_received_before_the_server_ends))
