/* Groups over several loops: in one thread, where every step is seen; and over the workers of a server. */
#include "channels/app.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>

#include "channels/channels_int.h"
#include "net/net_int.h"
#include "net/server.h"

static fr_err to_all(fr_sock *sock, fr_str text)
{
    return fr_group_send(sock, FR_STR("all"), text);
}
static fr_err hear(fr_sock *sock, fr_str group, fr_str text)
{
    (void)group;
    return fr_send(sock, text);
}
static const fr_consumer plain = {.receive = to_all, .groups = "all"};
static const fr_consumer listening = {.receive = to_all, .group_message = hear, .groups = "all"};
static const fr_consumer outside = {.receive = to_all};

/* ---- two loops in one thread ---- */

static app a, b;

static int set_up(void **state)
{
    (void)state;
    app_start(&a, NULL);
    app_start(&b, NULL);
    app *const both[] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        app_route(both[i], "plain/", &plain);
        app_route(both[i], "listening/", &listening);
        app_route(both[i], "outside/", &outside);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    app_stop(&a);
    app_stop(&b);
    return 0;
}

static void members_on_all_loops_hear_it(void **state)
{
    (void)state;
    peer on_a, on_b, listener, sender;
    app_open(&a, &on_a, "/plain/");
    app_open(&b, &on_b, "/plain/");
    app_open(&b, &listener, "/listening/");
    app_open(&a, &sender, "/outside/");
    for (int i = 0; i < 20; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        peer_text(i % 2 ? &on_a : &sender, text);
    }
    for (int i = 0; i < 20; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        expect_text(&on_a, text);
        expect_text(&on_b, text);
        expect_text(&listener, text);
    }
    expect_nothing(&sender);
    peer_end(&on_a);
    peer_end(&on_b);
    peer_end(&listener);
    peer_text(&sender, "nobody is left");
    peer_end(&sender);
}

static void a_loop_without_members_any_more_is_not_told(void **state)
{
    (void)state;
    peer on_b, sender;
    app_open(&b, &on_b, "/plain/");
    app_open(&a, &sender, "/outside/");
    peer_end(&on_b);
    peer_text(&sender, "hello?");
    assert_int_equal(b.loop->tasks.count, 0);
    app_open(&b, &on_b, "/plain/");
    peer_text(&sender, "hello");
    assert_int_equal(b.loop->tasks.count, 1);
    expect_text(&on_b, "hello");
    peer_end(&on_b);
    peer_end(&sender);
}

static void a_message_under_way_to_a_group_that_ends_is_dropped(void **state)
{
    (void)state;
    peer on_b, sender;
    app_open(&b, &on_b, "/plain/");
    app_open(&a, &sender, "/outside/");
    peer_text(&sender, "too late");
    peer_end(&on_b);
    peer_end(&sender);
}

static void run_nothing(fr_task *task)
{
    (void)task;
}

static void members_on_a_loop_that_is_full_are_closed_with_1013(void **state)
{
    (void)state;
    peer on_a, on_b, listener, sender;
    app_open(&a, &on_a, "/plain/");
    app_open(&b, &on_b, "/plain/");
    app_open(&b, &listener, "/listening/");
    app_open(&a, &sender, "/outside/");
    static fr_task tasks[FR_LOOP_TASKS_MAX];
    size_t count = 0;
    do
        tasks[count].run = run_nothing;
    while (fr_loop_try_post(b.loop, &tasks[count]) && ++count < FR_LOOP_TASKS_MAX);
    peer_text(&sender, "one");
    peer_text(&sender, "two");
    expect_text(&on_a, "one");
    expect_text(&on_a, "two");
    while (b.loop->tasks.count) /* it gets round to them in some passes */
        fr_loop_run_once(b.loop, 0);
    expect_close(&on_b, 1013);
    expect_close(&listener, 1013);
    peer_end(&on_b);
    peer_end(&listener);
    app_open(&b, &on_b, "/plain/"); /* and come back */
    peer_text(&sender, "three");
    expect_text(&on_b, "three");
    peer_end(&on_a);
    peer_end(&on_b);
    peer_end(&sender);
}

static void a_loop_that_ends_takes_no_messages(void **state)
{
    (void)state;
    peer on_a, sender;
    app_open(&a, &on_a, "/plain/");
    fr_post *post = fr_post_open_(b.loop);
    fr_audience *audience;
    assert_int_equal(fr_audience_enter_(FR_STR("all"), post, &audience), FR_OK);
    fr_post_close_(post);
    app_open(&a, &sender, "/outside/");
    peer_text(&sender, "hello");
    expect_text(&on_a, "hello");
    fr_audience_leave_(audience, post);
    peer_end(&on_a);
    peer_end(&sender);
}

/* The key of a message is first looked at when its frame is made. It stands in a page that may not be read: then another thread,
 * with a group of its own, has to get through. */
static struct {
    char *page;
    size_t bytes;
    sem_t is_encoding, others_got_through;
} trap;

static void on_page_fault(int number)
{
    (void)number;
    sem_post(&trap.is_encoding);
    while (sem_wait(&trap.others_got_through))
        ;
    mprotect(trap.page, trap.bytes, PROT_READ);
}

static void *join_another_group(void *post)
{
    fr_audience *audience;
    while (sem_wait(&trap.is_encoding))
        ;
    fr_err err = fr_audience_enter_(FR_STR("another"), post, &audience);
    if (err == FR_OK)
        fr_audience_leave_(audience, post);
    sem_post(&trap.others_got_through);
    return err == FR_OK ? NULL : post;
}

static void a_frame_is_made_before_the_lock_is_taken(void **state)
{
    (void)state;
    peer on_b;
    app_open(&b, &on_b, "/plain/");
    trap.bytes = (size_t)sysconf(_SC_PAGESIZE);
    trap.page = mmap(NULL, trap.bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(trap.page, MAP_FAILED);
    sem_init(&trap.is_encoding, 0, 0);
    sem_init(&trap.others_got_through, 0, 0);
    struct sigaction before, fault = {.sa_handler = on_page_fault};
    assert_int_equal(sigaction(SIGSEGV, &fault, &before), 0);
    fr_post *post = fr_post_open_(a.loop);
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, join_another_group, post), 0);
    fr_ctx ctx;
    fr_ctx_init(&ctx, a.arena, a.loop);
    assert_int_equal(
        fr_group_send_keyed(&ctx, FR_STR("all"), ((fr_str){trap.page, 10}), FR_STR("hello")),
        FR_OK);
    void *failed;
    pthread_join(other, &failed);
    assert_null(failed);
    assert_int_equal(sigaction(SIGSEGV, &before, NULL), 0);
    expect_text(&on_b, "hello");
    fr_post_close_(post);
    munmap(trap.page, trap.bytes);
    sem_destroy(&trap.is_encoding);
    sem_destroy(&trap.others_got_through);
    peer_end(&on_b);
}

static int wakes;
static void count_wake(fr_loop *loop)
{
    (void)loop;
    wakes++;
}

static void a_burst_wakes_a_sleeping_loop_once(void **state)
{
    (void)state;
    enum { BURST = 50 };
    peer on_b, sender;
    app_open(&b, &on_b, "/plain/");
    app_open(&a, &sender, "/outside/");
    fr_backend backend = *b.loop->backend;
    backend.wake = count_wake;
    b.loop->backend = &backend;
    wakes = 0;
    for (int times = 1; times <= 2; times++) {
        assert_true(fr_loop_may_sleep_(b.loop)); /* it is about to wait */
        for (int i = 0; i < BURST; i++)
            peer_text(&sender, "hello");
        assert_int_equal(wakes, times);
        fr_loop_woke_(b.loop);
        for (int i = 0; i < BURST; i++)
            peer_text(&sender, "hello");
        assert_int_equal(wakes, times); /* it is awake: it looks by itself */
        for (int i = 0; i < 2 * BURST; i++)
            expect_text(&on_b, "hello");
    }
    peer_end(&on_b);
    peer_end(&sender);
}

static void block(fr_conn *conn)
{
    static const char bytes[4096];
    while (!fr_conn_is_blocked(conn)) {
        assert_int_equal(fr_conn_write(conn, bytes, sizeof bytes), FR_OK);
        fr_conn_flush(conn);
    }
}

static const char *last_queued(const fr_conn *conn)
{
    const fr_out *out = conn->out;
    const fr_seg *seg = &out->segs[out->first + out->count - 1];
    assert_int_equal(seg->kind, FR_SEG_BLOCK);
    return seg->bytes;
}

static void all_members_of_all_loops_are_sent_the_same_memory(void **state)
{
    (void)state;
    peer on_a, on_b, second_on_b, sender;
    app_open(&a, &on_a, "/plain/");
    app_open(&b, &on_b, "/plain/");
    app_open(&b, &second_on_b, "/plain/");
    app_open(&a, &sender, "/outside/");
    block(on_a.conn);
    block(on_b.conn);
    block(second_on_b.conn);
    peer_text(&sender, "hello");
    fr_loop_run_once(b.loop, 0);
    const char *bytes = last_queued(on_a.conn);
    assert_memory_equal(bytes, "\x81\5hello", 7);
    assert_ptr_equal(last_queued(on_b.conn), bytes);
    assert_ptr_equal(last_queued(second_on_b.conn), bytes);
    peer_end(&on_a);
    peer_end(&on_b);
    peer_end(&second_on_b);
    peer_end(&sender);
}

/* ---- the workers of a server ---- */

enum { WORKERS = 4, CLIENTS = 24, ROUNDS = 40 };

typedef struct client {
    int fd;
    char bytes[4096];
    size_t n;
} client;

static void write_all(int fd, const char *bytes, size_t n)
{
    for (ssize_t sent; n; bytes += sent, n -= (size_t)sent) {
        sent = send(fd, bytes, n, MSG_NOSIGNAL);
        assert_true(sent > 0);
    }
}

static void need(client *c, size_t n)
{
    while (c->n < n) {
        ssize_t got = recv(c->fd, c->bytes + c->n, sizeof c->bytes - c->n, 0);
        assert_true(got > 0);
        c->n += (size_t)got;
    }
}

static void drop(client *c, size_t n)
{
    memmove(c->bytes, c->bytes + n, c->n - n);
    c->n -= n;
}

static void client_open(client *c, uint16_t port, const char *head)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *c = (client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(connect(c->fd, (struct sockaddr *)&at, sizeof at), 0);
    write_all(c->fd, head, strlen(head));
    size_t end;
    while ((end = fr_str_find((fr_str){c->bytes, c->n}, FR_STR("\r\n\r\n"))) == SIZE_MAX)
        need(c, c->n + 1);
    assert_memory_equal(c->bytes, "HTTP/1.1 101", 12);
    drop(c, end + 4);
}

static void client_say(client *c, int who, int round)
{
    char text[32];
    fr_buf frame;
    fr_buf_init(&frame);
    snprintf(text, sizeof text, "%d %d", who, round);
    peer_frame_into(&frame, TEXT, fr_str_c(text));
    write_all(c->fd, frame.p, frame.n);
    fr_buf_deinit(&frame);
}

/* From each sender in the order it sent. */
static void client_hear(client *c, int rounds[CLIENTS])
{
    need(c, 2);
    assert_int_equal((uint8_t)c->bytes[0], 0x81);
    size_t n = (uint8_t)c->bytes[1];
    need(c, 2 + n);
    fr_str who, round = fr_str_cut((fr_str){c->bytes + 2, n}, ' ', &who);
    uint64_t sender, number = 0;
    assert_true(fr_str_u64(who, &sender) && fr_str_u64(round, &number));
    assert_int_equal(number, rounds[sender]++);
    drop(c, 2 + n);
}

static fr_err start_worker(fr_loop *loop, void *http)
{
    FR_TRY(fr_http_start(loop, http));
    FR_TRY(fr_ws_start(loop));
    return fr_channels_start(loop, a.channels);
}

static void a_worker_that_gets_no_memory_does_not_start(void **state)
{
    (void)state;
    unsigned failed = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        size_t nth = fr_test_fail_alloc(0);
        fr_loop *loop = fr_loop_new(0);
        assert_non_null(loop);
        fr_test_fail_alloc(nth);
        fr_err err = start_worker(loop, &a.http);
        size_t left = fr_test_fail_alloc(0);
        assert_int_equal(err, left ? FR_OK : FR_ENOMEM);
        failed += err != FR_OK;
        fr_loop_free(loop);
        fr_test_fail_alloc(left);
    }
    assert_true(failed >= 3);
}

static void *run_server(void *arg)
{
    return fr_server_run(arg, false) == FR_OK ? NULL : arg;
}

static void all_workers_members_hear_every_message_in_its_senders_order(void **state)
{
    (void)state;
    char error[256];
    fr_server *server;
    fr_server_opts opts = {.workers = WORKERS,
                           .on_accept = fr_http_accept,
                           .on_worker_start = start_worker,
                           .arg = &a.http};
    assert_int_equal(fr_server_open(&opts, &server, error), FR_OK);
    fr_channels_attach(a.channels, server);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_server, server), 0);

    static client clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        client_open(&clients[i], fr_server_port(server),
                    i % 3 ? HANDSHAKE("/plain/") "\r\n" : HANDSHAKE("/listening/") "\r\n");
    static int heard[CLIENTS][CLIENTS];
    memset(heard, 0, sizeof heard);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++)
            client_say(&clients[i], i, round);
        for (int i = 0; i < CLIENTS; i++)
            for (int k = 0; k < CLIENTS; k++)
                client_hear(&clients[i], heard[i]);
    }
    fr_server_stop(server);
    for (int i = 0; i < CLIENTS; i++) { /* drained: 1001 to each, which it answers */
        need(&clients[i], 4);
        assert_memory_equal(clients[i].bytes, "\x88\x02\x03\xe9", 4);
        write_all(clients[i].fd, "\x88\x82\0\0\0\0\x03\xe9", 8);
        assert_int_equal(recv(clients[i].fd, clients[i].bytes, 1, 0), 0);
        close(clients[i].fd);
    }
    void *failed;
    pthread_join(thread, &failed);
    assert_null(failed);
    fr_server_close(server);
}

#define W(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
FR_TESTS(workers, W(members_on_all_loops_hear_it), W(a_loop_without_members_any_more_is_not_told),
         W(a_message_under_way_to_a_group_that_ends_is_dropped),
         W(members_on_a_loop_that_is_full_are_closed_with_1013),
         W(a_loop_that_ends_takes_no_messages), W(a_frame_is_made_before_the_lock_is_taken),
         W(a_burst_wakes_a_sleeping_loop_once),
         W(all_members_of_all_loops_are_sent_the_same_memory),
         W(a_worker_that_gets_no_memory_does_not_start),
         W(all_workers_members_hear_every_message_in_its_senders_order))
