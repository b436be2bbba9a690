/* The start and the end of a server, as the application sees them: on_start, on_ready, on_stop, and errands in between. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/errand.h"
#include "net/net_int.h"

/* ---- an echo server whose hooks wait until they are let go ---- */

enum { WORKERS = 2 };

static struct {
    fr_server *server;
    pthread_t thread;
    fr_err result, start_error;
    atomic_int starts, readies, stops, goodbyes, errands, canceled;
    _Atomic(fr_wait *) waiting; /* the hook that waits */
} app;

static bool withdraw(fr_wait *wait)
{
    (void)wait;
    return atomic_exchange(&app.waiting, NULL) != NULL; /* else it is being let go */
}

static fr_err wait_to_be_let_go(fr_ctx *ctx)
{
    fr_wait wait;
    fr_wait_init(&wait, ctx);
    atomic_store(&app.waiting, &wait);
    return fr_wait_until_canceled(&wait, withdraw);
}

static void let_go(void)
{
    fr_wait *wait;
    while (!(wait = atomic_exchange(&app.waiting, NULL)))
        sched_yield();
    fr_wait_done(wait, FR_OK);
}

static fr_err on_start(fr_ctx *ctx, void *arg)
{
    (void)arg;
    atomic_fetch_add(&app.starts, 1);
    fr_err err = wait_to_be_let_go(ctx);
    atomic_fetch_add(&app.canceled, err == FR_ECANCELED);
    return err == FR_OK ? app.start_error : err;
}

static void on_ready(void *arg)
{
    (void)arg;
    atomic_fetch_add(&app.readies, 1);
}

static fr_err on_stop(fr_ctx *ctx, void *arg)
{
    (void)arg;
    atomic_fetch_add(&app.stops, 1);
    fr_err err = wait_to_be_let_go(ctx);
    atomic_fetch_add(&app.canceled, err == FR_ECANCELED);
    return err;
}

static fr_err works(fr_ctx *ctx, void *argument)
{
    (void)argument;
    fr_err err = wait_to_be_let_go(ctx);
    atomic_fetch_add(&app.canceled, err == FR_ECANCELED);
    atomic_fetch_add(&app.errands, 1);
    return err;
}

/* 'E' starts an errand. */
static size_t on_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    if (bytes[0] == 'E')
        assert_int_equal(fr_errand_start(conn->loop, NULL, "works", works, NULL), FR_OK);
    fr_conn_write(conn, bytes, n);
    return n;
}

static void on_shutdown(fr_conn *conn)
{
    atomic_fetch_add(&app.goodbyes, 1);
    fr_conn_finish(conn, 0);
}

static void on_close(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
}

static fr_err on_accept(fr_conn *conn, void *arg)
{
    static const fr_proto echo = {
        .name = "echo", .on_data = on_data, .on_shutdown = on_shutdown, .on_close = on_close};
    (void)arg;
    fr_conn_set_proto(conn, &echo, NULL);
    return FR_OK;
}

static void *serve(void *arg)
{
    (void)arg;
    app.result = fr_server_run(app.server, false);
    return NULL;
}

static void begin(fr_server_opts opts)
{
    char error[256];
    memset(&app, 0, sizeof app);
    opts.workers = WORKERS;
    opts.on_accept = on_accept;
    opts.on_ready = on_ready;
    opts.io = fr_test_io();
    assert_int_equal(fr_server_open(&opts, &app.server, error), FR_OK);
    assert_int_equal(pthread_create(&app.thread, NULL, serve, NULL), 0);
}

static void end(fr_err expected)
{
    pthread_join(app.thread, NULL);
    assert_int_equal(app.result, expected);
    fr_server_close(app.server);
}

static int client(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(fr_server_port(app.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void ask(int fd, char question)
{
    assert_int_equal(send(fd, &question, 1, MSG_NOSIGNAL), 1);
}

static bool is_answered(int fd, char question)
{
    char answer;
    return recv(fd, &answer, 1, 0) == 1 && answer == question;
}

static void wait_for(atomic_int *count, int n)
{
    while (atomic_load(count) < n)
        sched_yield();
}

/* ---- the tests ---- */

static void nobody_is_let_in_before_on_start_has_returned(void **state)
{
    (void)state;
    char none;
    begin((fr_server_opts){.on_start = on_start});
    wait_for(&app.starts, 1);
    int fds[8];
    for (int i = 0; i < 8; i++)
        ask(fds[i] = client(), 'a'); /* the kernel has them */
    assert_int_equal(recv(fds[0], &none, 1, MSG_DONTWAIT), -1);
    assert_int_equal(atomic_load(&app.readies), 0);
    let_go();
    for (int i = 0; i < 8; i++) {
        assert_true(is_answered(fds[i], 'a'));
        close(fds[i]);
    }
    assert_int_equal(atomic_load(&app.readies), 1);
    assert_int_equal(atomic_load(&app.starts), 1); /* of two workers */
    fr_server_stop(app.server);
    end(FR_OK);
}

static void an_on_start_that_fails_ends_the_server_and_is_not_stopped(void **state)
{
    (void)state;
    begin((fr_server_opts){.on_start = on_start, .on_stop = on_stop});
    app.start_error = FR_EBACKEND;
    let_go();
    end(FR_EBACKEND);
    assert_int_equal(atomic_load(&app.readies) + atomic_load(&app.stops), 0);
}

static void a_stop_while_it_starts_cancels_on_start(void **state)
{
    (void)state;
    begin((fr_server_opts){.on_start = on_start, .on_stop = on_stop});
    wait_for(&app.starts, 1);
    while (!atomic_load(&app.waiting))
        sched_yield();
    fr_server_stop(app.server);
    end(FR_OK);
    assert_int_equal(atomic_load(&app.canceled), 1);
    assert_int_equal(atomic_load(&app.readies) + atomic_load(&app.stops), 0);
}

static void nobody_is_told_of_the_end_before_on_stop_has_returned(void **state)
{
    (void)state;
    begin((fr_server_opts){.on_stop = on_stop});
    int fds[8];
    for (int i = 0; i < 8; i++) {
        ask(fds[i] = client(), 'a');
        assert_true(is_answered(fds[i], 'a'));
    }
    fr_server_stop(app.server);
    wait_for(&app.stops, 1);
    for (int i = 0; i < 8; i++) { /* they are served meanwhile */
        ask(fds[i], 'b');
        assert_true(is_answered(fds[i], 'b'));
    }
    assert_int_equal(atomic_load(&app.goodbyes), 0);
    let_go();
    for (int i = 0; i < 8; i++) {
        assert_false(is_answered(fds[i], 'c'));
        close(fds[i]);
    }
    end(FR_OK);
    assert_int_equal(atomic_load(&app.goodbyes), 8);
    assert_int_equal(atomic_load(&app.stops), 1);
}

static void an_on_stop_that_takes_too_long_is_told_so(void **state)
{
    (void)state;
    begin((fr_server_opts){.on_stop = on_stop, .drain_ms = 50});
    fr_server_stop(app.server);
    end(FR_OK);
    assert_int_equal(atomic_load(&app.stops), 1);
    assert_int_equal(atomic_load(&app.canceled), 1);
}

static void a_drain_waits_for_errands(void **state)
{
    (void)state;
    begin((fr_server_opts){0});
    int fd = client();
    ask(fd, 'E');
    assert_true(is_answered(fd, 'E'));
    close(fd);
    fr_server_stop(app.server);
    wait_for(&app.readies, 1);
    assert_int_equal(atomic_load(&app.errands), 0);
    let_go();
    end(FR_OK);
    assert_int_equal(atomic_load(&app.errands), 1);
    assert_int_equal(atomic_load(&app.canceled), 0);
}

static void errands_that_outlast_the_drain_are_told_so(void **state)
{
    (void)state;
    begin((fr_server_opts){.drain_ms = 50});
    int fd = client();
    for (int i = 0; i < 3; i++) {
        ask(fd, i ? 'a' : 'E');
        assert_true(is_answered(fd, i ? 'a' : 'E'));
    }
    close(fd);
    fr_server_stop(app.server);
    end(FR_OK);
    assert_int_equal(atomic_load(&app.errands), 1);
    assert_int_equal(atomic_load(&app.canceled), 1);
}

FR_TESTS(life, FR_TEST(nobody_is_let_in_before_on_start_has_returned),
         FR_TEST(an_on_start_that_fails_ends_the_server_and_is_not_stopped),
         FR_TEST(a_stop_while_it_starts_cancels_on_start),
         FR_TEST(nobody_is_told_of_the_end_before_on_stop_has_returned),
         FR_TEST(an_on_stop_that_takes_too_long_is_told_so), FR_TEST(a_drain_waits_for_errands),
         FR_TEST(errands_that_outlast_the_drain_are_told_so))
