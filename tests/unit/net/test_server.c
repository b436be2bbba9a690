/* Workers, listeners, drain, signals: real sockets on 127.0.0.1, port 0. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/net_int.h"

/* ---- the server under test: answers what it gets, each byte; 'F' by a fiber that waits, 'L' takes as long as a pass may, 'S'
 * stops the worker until it may go on ---- */

typedef struct app {
    fr_server *server;
    pthread_t thread;
    atomic_int started, stopped, freed, closed, shutdowns, handlers, served;
    bool ignores_shutdown;
    atomic_bool is_stalled, may_go_on;
    fr_err start_error, accept_error, result;
    bool handle_signals;
    _Atomic(fr_wait *) waiting;
} app;
static app the_app;

static void answers_later(void *arg)
{
    fr_ctx ctx;
    fr_wait wait;
    (void)arg;
    fr_ctx_init(&ctx, NULL, fr_loop_current());
    fr_wait_init(&wait, &ctx);
    atomic_store(&the_app.waiting, &wait);
    fr_wait_for(&wait);
    atomic_fetch_add(&the_app.handlers, 1);
}

static void stall(void)
{
    atomic_store(&the_app.is_stalled, true);
    while (!atomic_load(&the_app.may_go_on))
        sched_yield();
}

static size_t on_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    if (bytes[0] == 'F')
        fr_fiber_start(conn->loop, answers_later, NULL);
    if (bytes[0] == 'L')
        fr_test_advance_clock(FR_PASS_MS + 1);
    if (bytes[0] == 'S')
        stall();
    if (bytes[0] == 'Q') {
        fr_conn_write(conn, "bye", 3);
        fr_conn_finish(conn, 0);
        return n;
    }
    fr_conn_write(conn, bytes, n);
    return n;
}
static void on_shutdown(fr_conn *conn)
{
    atomic_fetch_add(&the_app.shutdowns, 1);
    assert_true(fr_loop_is_draining(conn->loop));
    if (the_app.ignores_shutdown)
        return;
    fr_conn_write(conn, "end", 3);
    fr_conn_finish(conn, 0);
}
static void on_close(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
    atomic_fetch_add(&the_app.closed, 1);
}
static const fr_proto echo = {
    .name = "echo", .on_data = on_data, .on_shutdown = on_shutdown, .on_close = on_close};

static fr_err on_accept(fr_conn *conn, void *arg)
{
    app *a = arg;
    fr_conn_set_proto(conn, &echo, NULL);
    return a->accept_error;
}
static void free_slot(void *value)
{
    (void)value;
    atomic_fetch_add(&the_app.freed, 1);
}
static fr_err on_worker_start(fr_loop *loop, void *arg)
{
    app *a = arg;
    assert_ptr_equal(fr_loop_current(), loop);
    fr_loop_slot_set(loop, FR_SLOT_TEST, a, free_slot);
    atomic_fetch_add(&a->started, 1);
    return fr_loop_index(loop) == 1 ? a->start_error : FR_OK;
}
static void on_worker_stop(fr_loop *loop, void *arg)
{
    app *a = arg;
    assert_ptr_equal(fr_loop_current(), loop);
    atomic_fetch_add(&a->stopped, 1);
}

/* As a database that ends its threads: what waits for them is told. */
static void on_served(void *arg)
{
    app *a = arg;
    assert_int_equal(atomic_load(&a->stopped) + atomic_load(&a->freed), 0);
    atomic_fetch_add(&a->served, 1);
    if (atomic_load(&a->waiting))
        fr_wait_done(atomic_load(&a->waiting), FR_ECANCELED);
}

static void app_open(fr_server_opts opts)
{
    char error[256];
    memset(&the_app, 0, sizeof the_app);
    opts.on_accept = on_accept;
    opts.on_worker_start = on_worker_start;
    opts.on_worker_stop = on_worker_stop;
    opts.arg = &the_app;
    opts.io = fr_test_io();
    fr_err err = fr_server_open(&opts, &the_app.server, error);
    if (err != FR_OK)
        fail_msg("%s", error);
}
static void *app_thread(void *arg)
{
    app *a = arg;
    a->result = fr_server_run(a->server, a->handle_signals);
    return NULL;
}
static void app_run(void)
{
    assert_int_equal(pthread_create(&the_app.thread, NULL, app_thread, &the_app), 0);
}
static void wait_until_started(void)
{
    while (atomic_load(&the_app.started) < fr_server_workers(the_app.server))
        sched_yield();
}
static fr_err app_join(void)
{
    pthread_join(the_app.thread, NULL);
    return the_app.result;
}
static void app_end(void)
{
    fr_server_stop(the_app.server);
    assert_int_equal(app_join(), FR_OK);
    fr_server_close(the_app.server);
}

/* ---- clients ---- */

static int client_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}
static bool client_connect(int fd, uint16_t port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
}
static int client(void)
{
    int fd = client_socket();
    assert_true(client_connect(fd, fr_server_port(the_app.server)));
    return fd;
}
static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}
static void hears(int fd, const char *text)
{
    char room[64] = {0};
    size_t n = 0;
    /* Not MSG_WAITALL: the end of the ring that was tried at the start may interrupt that. */
    for (ssize_t got; n < strlen(text) && (got = recv(fd, room + n, strlen(text) - n, 0)) > 0;)
        n += (size_t)got;
    assert_string_equal(room, text);
}
static void hears_the_end(int fd)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

/* ---- tests ---- */

static void both_workers_serve(void **state)
{
    (void)state;
    enum { CLIENTS = 64 };
    int fds[CLIENTS];
    app_open((fr_server_opts){.workers = 2});
    assert_int_equal(fr_server_workers(the_app.server), 2);
    assert_int_not_equal(fr_server_port(the_app.server), 0);
    app_run();
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client();
        say(fds[i], "hello");
        hears(fds[i], "hello");
    }
    fr_server_stats stats;
    fr_server_stats_get(the_app.server, &stats);
    assert_int_equal(stats.accepted, CLIENTS);
    assert_int_equal(stats.open, CLIENTS);
    assert_int_equal(stats.bytes_in, CLIENTS * 5);
    assert_true(atomic_load(&fr_server_loop(the_app.server, 0)->counts.accepted.n) > 0);
    assert_true(atomic_load(&fr_server_loop(the_app.server, 1)->counts.accepted.n) > 0);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    app_end();
    assert_int_equal(atomic_load(&the_app.stopped), 2);
    assert_int_equal(atomic_load(&the_app.freed), 2);
    assert_int_equal(atomic_load(&the_app.closed), CLIENTS);
}

static void a_port_in_use_is_said_in_one_line(void **state)
{
    (void)state;
    char error[256], expected[256];
    fr_server *other;
    app_open((fr_server_opts){.workers = 2});
    uint16_t port = fr_server_port(the_app.server);
    /* Sharing the port must not be mistaken for having it. */
    for (int workers = 1; workers <= 2; workers++) {
        assert_int_equal(fr_server_open(&(fr_server_opts){.endpoints = &(fr_endpoint){.port = port},
                                                          .endpoint_count = 1,
                                                          .workers = workers,
                                                          .on_accept = on_accept},
                                        &other, error),
                         FR_EIO);
        snprintf(expected, sizeof expected,
                 "cannot listen on 127.0.0.1:%u: address already in use; stop the other "
                 "program or choose another port (--listen 127.0.0.1:0 takes any)",
                 port);
        assert_string_equal(error, expected);
    }
    fr_server_close(the_app.server); /* never run */
    assert_int_equal(fr_server_open(&(fr_server_opts){.endpoints = &(fr_endpoint){.port = port},
                                                      .endpoint_count = 1,
                                                      .workers = 1,
                                                      .on_accept = on_accept},
                                    &other, error),
                     FR_OK);
    fr_server_close(other);
}

static void addresses_that_cannot_be_are_refused_with_a_hint(void **state)
{
    (void)state;
    char error[256];
    fr_server *other;
    assert_int_equal(
        fr_server_open(&(fr_server_opts){.endpoints = &(fr_endpoint){.name = "192.0.2.1"},
                                         .endpoint_count = 1,
                                         .on_accept = on_accept},
                       &other, error),
        FR_EIO);
    assert_non_null(
        strstr(error, "cannot listen on 192.0.2.1:0: this machine has no such address"));
    assert_int_equal(
        fr_server_open(&(fr_server_opts){.endpoints = &(fr_endpoint){.name = "256.1.2.3"},
                                         .endpoint_count = 1,
                                         .on_accept = on_accept},
                       &other, error),
        FR_EIO);
    assert_non_null(strstr(error, "cannot listen on 256.1.2.3:0: "));
}

static void ipv6_is_given_in_brackets(void **state)
{
    (void)state;
    char error[256];
    fr_server *other;
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool has_v6 = probe >= 0 && !bind(probe, (struct sockaddr *)&at, sizeof at);
    close(probe);
    if (!has_v6)
        skip();
    assert_int_equal(fr_server_open(&(fr_server_opts){.endpoints = &(fr_endpoint){.name = "::1"},
                                                      .endpoint_count = 1,
                                                      .workers = 2,
                                                      .on_accept = on_accept},
                                    &other, error),
                     FR_OK);
    fr_server *again;
    assert_int_equal(
        fr_server_open(&(fr_server_opts){.endpoints = &(fr_endpoint){.name = "::1",
                                                                     .port = fr_server_port(other)},
                                         .endpoint_count = 1,
                                         .on_accept = on_accept},
                       &again, error),
        FR_EIO);
    assert_non_null(strstr(error, "cannot listen on [::1]:"));
    fr_server_close(other);
}

static void an_inherited_socket_is_shared_by_the_workers(void **state)
{
    (void)state;
    char error[256];
    fr_server *other;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(fr_server_open(&(fr_server_opts){.endpoints = &(fr_endpoint){.fd = fd},
                                                      .endpoint_count = 1,
                                                      .on_accept = on_accept},
                                    &other, error),
                     FR_EIO);
    assert_non_null(strstr(error, "not a listening socket; check LISTEN_FDS"));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 16), 0);
    app_open(
        (fr_server_opts){.endpoints = &(fr_endpoint){.fd = fd}, .endpoint_count = 1, .workers = 2});
    app_run();
    int a = client(), b = client();
    say(a, "a");
    hears(a, "a");
    say(b, "b");
    hears(b, "b");
    fr_server_stop(the_app.server);
    hears(a, "end");
    hears_the_end(a);
    hears(b, "end");
    hears_the_end(b);
    assert_int_equal(app_join(), FR_OK);
    int late = client(); /* it waits for the next server: the socket is still open */
    close(late);
    fr_server_close(the_app.server);
    close(fd);
}

/* ---- Unix sockets ---- */

/* A path of our own, where nothing is. */
static void new_path(fr_endpoint *at)
{
    char folder[] = "/tmp/freshet-net-XXXXXX";
    assert_non_null(mkdtemp(folder));
    memset(at, 0, sizeof *at);
    at->is_unix = true;
    snprintf(at->name, sizeof at->name, "%s/app.sock", folder);
}
static void remove_folder(const fr_endpoint *at)
{
    char folder[FR_ENDPOINT_NAME];
    memcpy(folder, at->name, sizeof folder);
    *strrchr(folder, '/') = 0;
    assert_int_equal(rmdir(folder), 0); /* it is empty: the socket has gone */
}
static int unix_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}
static struct sockaddr_un unix_address(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path));
    return at;
}
static int unix_client(const char *path)
{
    int fd = unix_socket();
    struct sockaddr_un at = unix_address(path);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void several_addresses_are_served_at_once(void **state)
{
    (void)state;
    fr_endpoint at[3] = {{.name = "127.0.0.1"}, {.is_unix = true}, {.name = "127.0.0.2"}};
    struct stat file;
    char text[FR_ENDPOINT_TEXT];
    new_path(&at[1]);
    mode_t mask = umask(077);
    app_open((fr_server_opts){.endpoints = at, .endpoint_count = 3, .workers = 2});
    umask(mask);
    assert_int_equal(stat(at[1].name, &file), 0);
    assert_int_equal(file.st_mode & 0777, FR_UNIX_MODE);
    int count;
    const fr_endpoint *opened = fr_server_endpoints(the_app.server, &count);
    assert_int_equal(count, 3);
    assert_int_equal(opened[0].port, fr_server_port(the_app.server));
    assert_int_not_equal(opened[2].port, opened[0].port);
    fr_endpoint_text(&opened[1], text);
    assert_memory_equal(text, "unix:/tmp/", 10);
    app_run();
    enum { ROUNDS = 20 };
    int fds[2 * ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        fds[2 * i] = client();
        fds[2 * i + 1] = unix_client(at[1].name);
    }
    for (int i = 0; i < 2 * ROUNDS; i++) {
        say(fds[i], "hello");
        hears(fds[i], "hello");
    }
    fr_server_stop(the_app.server);
    for (int i = 0; i < 2 * ROUNDS; i++) {
        hears(fds[i], "end");
        hears_the_end(fds[i]);
    }
    assert_int_equal(app_join(), FR_OK);
    assert_int_equal(stat(at[1].name, &file), -1); /* before the server is closed */
    fr_server_close(the_app.server);
    remove_folder(&at[1]);
}

/* Who comes one by one finds both asleep, and it is not always the same that is woken. */
static void workers_take_turns_at_a_shared_socket(void **state)
{
    (void)state;
    enum { CLIENTS = 40 };
    fr_endpoint at;
    int fds[CLIENTS];
    new_path(&at);
    app_open((fr_server_opts){.endpoints = &at, .endpoint_count = 1, .workers = 2});
    app_run();
    wait_until_started();
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = unix_client(at.name);
        say(fds[i], "x");
        hears(fds[i], "x");
    }
    for (int i = 0; i < 2; i++)
        assert_true(atomic_load(&fr_server_loop(the_app.server, i)->counts.accepted.n) >=
                    CLIENTS / 5);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    app_end();
    remove_folder(&at);
}

static void cannot_open(fr_endpoint *at, const char *because)
{
    char error[256];
    fr_server *other;
    assert_int_equal(
        fr_server_open(
            &(fr_server_opts){.endpoints = at, .endpoint_count = 1, .on_accept = on_accept}, &other,
            error),
        FR_EIO);
    if (!strstr(error, because))
        fail_msg("%s", error);
}

static void a_live_socket_is_left_alone_and_a_dead_one_replaced(void **state)
{
    (void)state;
    fr_endpoint at;
    new_path(&at);
    struct sockaddr_un address = unix_address(at.name);
    int dead = unix_socket();
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(dead, 0), 0);
    cannot_open(&at, "another server listens there; stop it or choose another path");
    cannot_open(&at, "another server listens there"); /* its queue is full of the first look */
    close(dead); /* and leaves its file, as one that was killed */
    app_open((fr_server_opts){.endpoints = &at, .endpoint_count = 1, .workers = 1});
    app_run();
    int fd = unix_client(at.name);
    say(fd, "new");
    hears(fd, "new");
    close(fd);
    app_end();
    remove_folder(&at);
}

static void what_is_no_socket_is_not_removed(void **state)
{
    (void)state;
    fr_endpoint at;
    new_path(&at);
    FILE *file = fopen(at.name, "w");
    assert_non_null(file);
    fclose(file);
    cannot_open(&at, "a file that is no socket is there; choose another path");
    assert_int_equal(unlink(at.name), 0);
    remove_folder(&at);
    cannot_open(&at, "there is no such folder; make it first");
}

static void a_file_that_somebody_else_has_put_there_stays(void **state)
{
    (void)state;
    fr_endpoint at;
    new_path(&at);
    app_open((fr_server_opts){.endpoints = &at, .endpoint_count = 1, .workers = 1});
    assert_int_equal(unlink(at.name), 0);
    int other = unix_socket();
    struct sockaddr_un address = unix_address(at.name);
    assert_int_equal(bind(other, (struct sockaddr *)&address, sizeof address), 0);
    fr_server_close(the_app.server);
    assert_int_equal(unlink(at.name), 0);
    close(other);
    remove_folder(&at);
}

/* A socket that is shared is still watched by whoever has closed his descriptor of it. */
static void who_has_left_is_not_woken_by_those_who_come(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 16), 0);
    app_open(
        (fr_server_opts){.endpoints = &(fr_endpoint){.fd = fd}, .endpoint_count = 1, .workers = 1});
    fr_loop *loop = fr_server_loop(the_app.server, 0);
    int early = client();
    fr_loop_run_once(loop, -1);
    assert_true(loop->polling.had_events);
    fr_gate_drain_(loop);
    int late = client();
    fr_loop_run_once(loop, 0); /* of the early one: nothing has come */
    assert_false(loop->polling.had_events);
    close(early);
    close(late);
    fr_server_close(the_app.server);
    close(fd);
}

static void the_peers_address_is_known(void **state)
{
    (void)state;
    fr_loop *loop = fr_loop_new(0);
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = client_socket();
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    assert_true(client_connect(fd, ntohs(at.sin_port)));
    fr_conn *conn = NULL;
    assert_int_equal(fr_loop_adopt(loop, accept(listener, NULL, NULL), &echo, NULL, &conn), FR_OK);
    char host[64];
    uint16_t port;
    assert_true(fr_conn_local(conn, host, &port));
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, ntohs(at.sin_port));
    assert_true(fr_conn_peer(conn, host, &port));
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(port, ntohs(at.sin_port));
    close(fd);
    close(listener);
    fr_loop_free(loop);
}

static void a_refused_connection_is_closed(void **state)
{
    (void)state;
    app_open((fr_server_opts){.workers = 1});
    the_app.accept_error = FR_EBUSY;
    app_run();
    hears_the_end(client());
    fr_server_stats stats;
    fr_server_stats_get(the_app.server, &stats);
    assert_int_equal(stats.refused, 1);
    assert_int_equal(stats.limits[FR_LIMIT_MEMORY], 1);
    app_end();
}

static void above_the_maximum_accepting_waits(void **state)
{
    (void)state;
    app_open((fr_server_opts){.workers = 1, .connections_max = 2});
    app_run();
    int a = client(), b = client();
    say(a, "a");
    hears(a, "a");
    say(b, "b");
    hears(b, "b");
    int c = client(); /* the kernel takes it; we do not */
    say(c, "c");
    say(a, "a");
    hears(a, "a");
    char byte;
    assert_int_equal(recv(c, &byte, 1, MSG_DONTWAIT), -1);
    close(a);
    hears(c, "c");
    close(b);
    close(c);
    app_end();
}

/* ---- caps ---- */

/* A loop that the test drives: what it does in a pass is known. */
static fr_loop *app_open_by_hand(fr_server_opts opts)
{
    opts.workers = 1;
    app_open(opts);
    return fr_server_loop(the_app.server, 0);
}
static uint64_t count_of(fr_limit limit)
{
    fr_server_stats stats;
    fr_server_stats_get(the_app.server, &stats);
    return stats.limits[limit];
}
static uint64_t open_count(void)
{
    fr_server_stats stats;
    fr_server_stats_get(the_app.server, &stats);
    return stats.open;
}
/* From another address of this machine. */
static int client_from(const char *address)
{
    int fd = client_socket();
    struct sockaddr_in at = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_true(client_connect(fd, fr_server_port(the_app.server)));
    return fd;
}
static void reset(int fd)
{
    struct linger now = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(fd);
}
static bool is_the_third(const fr_address *address, void *arg)
{
    assert_ptr_equal(arg, &the_app);
    return address->bytes[10] == 0xff && address->bytes[15] == 3;
}

static void an_address_has_its_share_and_no_more(void **state)
{
    (void)state;
    fr_endpoint at[2] = {{.name = "127.0.0.1"}, {.is_unix = true}};
    new_path(&at[1]);
    fr_loop *loop = app_open_by_hand((fr_server_opts){.endpoints = at,
                                                      .endpoint_count = 2,
                                                      .address_max = 2,
                                                      .is_exempt = is_the_third,
                                                      .refusal = FR_STR("no")});
    int a = client(), b = client(), c = client(), other = client_from("127.0.0.2");
    fr_loop_run_once(loop, -1);
    hears(c, "no");
    hears_the_end(c);
    assert_int_equal(open_count(), 3);
    assert_int_equal(count_of(FR_LIMIT_ADDRESS), 1);
    reset(a); /* a socket that was reset does not tell any more whose it was */
    while (open_count() > 2)
        fr_loop_run_once(loop, -1);
    c = client();
    int d = client();
    fr_loop_run_once(loop, -1);
    hears(d, "no");
    hears_the_end(d);
    assert_int_equal(open_count(), 3); /* the one that left has made room for c */
    int trusted[3], local[3];
    for (int i = 0; i < 3; i++) { /* these are not counted */
        trusted[i] = client_from("127.0.0.3");
        local[i] = unix_client(at[1].name);
    }
    while (open_count() < 9)
        fr_loop_run_once(loop, -1);
    assert_int_equal(count_of(FR_LIMIT_ADDRESS), 2);
    for (int i = 0; i < 3; i++)
        close(trusted[i]), close(local[i]);
    close(b), close(c), close(other);
    while (open_count())
        fr_loop_run_once(loop, -1);
    fr_server_close(the_app.server);
    remove_folder(&at[1]);
}

static void a_refusal_for_want_of_memory_is_not_counted_for_the_address(void **state)
{
    (void)state;
    fr_loop *loop = app_open_by_hand((fr_server_opts){.address_max = 1});
    size_t nth = 0;
    bool has_failed;
    do {
        int fd = client();
        fr_test_fail_alloc(++nth);
        fr_loop_run_once(loop, -1);
        has_failed = fr_test_fail_alloc(0) == 0;
        assert_int_equal(count_of(FR_LIMIT_MEMORY), has_failed ? nth : nth - 1);
        close(fd);
    } while (has_failed);
    assert_int_equal(open_count(), 1); /* the last one was let in: it is the first that counts */
    assert_int_equal(count_of(FR_LIMIT_ADDRESS), 0);
    assert_true(nth > 2);
    fr_server_close(the_app.server);
}

static fr_err enter(fr_peers *peers, const char *text, uint64_t *key)
{
    fr_address address;
    assert_true(fr_address_parse(fr_str_c(text), &address));
    return fr_peers_enter_(peers, &address, key);
}

static void a_network_of_ipv6_is_one_peer(void **state)
{
    (void)state;
    fr_peers *peers = fr_peers_new_(1);
    uint64_t a, b, c, d, refused;
    assert_int_equal(enter(peers, "2001:db8:0:7::1", &a), FR_OK);
    assert_int_equal(enter(peers, "2001:db8:0:7:ffff::2", &refused), FR_EBUSY);
    assert_int_equal(enter(peers, "2001:db8:0:8::1", &b), FR_OK);
    assert_int_equal(enter(peers, "192.0.2.1", &c), FR_OK);
    assert_int_equal(enter(peers, "::ffff:192.0.2.1", &refused), FR_EBUSY);
    assert_int_equal(enter(peers, "192.0.2.2", &d), FR_OK);
    fr_peers_leave_(peers, a);
    assert_int_equal(enter(peers, "2001:db8:0:7::3", &a), FR_OK);
    fr_peers_free_(peers);
}

static void so_many_are_taken_in_a_second_and_nobody_is_lost(void **state)
{
    (void)state;
    enum { CLIENTS = 8 };
    fr_loop *loop = app_open_by_hand((fr_server_opts){.accepts_a_second = 10});
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = client();
    uint64_t began = fr_clock_ms(); /* the clock runs on while we look */
    fr_loop_run_once(loop, -1);
    assert_int_equal(open_count(), 2); /* what a burst may be */
    assert_int_equal(count_of(FR_LIMIT_ACCEPTS), 1);
    fr_loop_run_once(loop, 0);
    assert_int_equal(count_of(FR_LIMIT_ACCEPTS), 1); /* shut: nobody is asked */
    for (uint64_t open = open_count(); open < CLIENTS; open = open_count()) {
        fr_test_advance_clock(100);
        fr_loop_run_once(loop, 0); /* the gate opens */
        fr_loop_run_once(loop, 0);
        assert_true(open_count() <= 2 + (fr_clock_ms() - began) / 100);
    }
    assert_true(count_of(FR_LIMIT_ACCEPTS) < 2 * CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        say(fds[i], "x");
        fr_loop_run_once(loop, -1);
        hears(fds[i], "x");
        close(fds[i]);
    }
    fr_server_close(the_app.server);
}

static void who_waits_for_the_rate_is_let_in_by_the_drain(void **state)
{
    (void)state;
    enum { CLIENTS = 4 };
    fr_loop *loop = app_open_by_hand((fr_server_opts){.accepts_a_second = 1});
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = client();
    fr_loop_run_once(loop, -1);
    assert_int_equal(open_count(), 1);
    loop->is_draining = true;
    fr_gate_drain_(loop);
    assert_int_equal(open_count(), CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    fr_server_close(the_app.server);
}

/* Whoever shares a socket may shut it: it is told as ready then, for ever. */
static void a_socket_that_takes_nobody_any_more_does_not_keep_us_busy(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 16), 0);
    fr_loop *loop = app_open_by_hand(
        (fr_server_opts){.endpoints = &(fr_endpoint){.fd = fd}, .endpoint_count = 1});
    assert_int_equal(shutdown(fd, SHUT_RD), 0);
    fr_loop_run_once(loop, -1);
    assert_int_equal(count_of(FR_LIMIT_FILES), 1);
    fr_loop_run_once(loop, 0);
    assert_false(loop->polling.had_events);
    fr_server_close(the_app.server);
    close(fd);
}

/* In a process of its own: the limit cannot be raised again. */
static void connections_leave_files_for_what_workers_open(void **state)
{
    (void)state;
    enum { FILES = 1000, WORKERS = 32, LATER = 4 }; /* a ring, and a reader's three */
    pid_t child = fork();
    if (!child) {
        struct rlimit low = {FILES, FILES};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        app_open((fr_server_opts){.workers = WORKERS});
        int opened = dup(0); /* the lowest that is free: so many are in use */
        _exit(opened + WORKERS * LATER + the_app.server->opts.connections_max > FILES);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void without_files_accepting_pauses_and_goes_on(void **state)
{
    (void)state;
    struct rlimit before, low;
    app_open((fr_server_opts){.workers = 1});
    int fds[2] = {client_socket(), client_socket()};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = (rlim_t)fds[1] + 1; /* all lower numbers are in use */
    app_run();
    wait_until_started();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (int i = 0; i < 2; i++)
        assert_true(client_connect(fds[i], fr_server_port(the_app.server)));
    fr_server_stats stats;
    do {
        sched_yield();
        fr_server_stats_get(the_app.server, &stats);
    } while (!stats.accept_pauses);
    assert_int_equal(stats.accepted, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (int i = 0; i < 2; i++) {
        say(fds[i], "x");
        hears(fds[i], "x");
        close(fds[i]);
    }
    app_end();
}

static void the_drain_answers_what_was_sent_and_says_goodbye(void **state)
{
    (void)state;
    enum { CLIENTS = 20 };
    int fds[CLIENTS];
    app_open((fr_server_opts){.workers = 2});
    uint16_t port = fr_server_port(the_app.server);
    for (int i = 0; i < CLIENTS; i++) { /* they wait at the listeners: nobody runs yet */
        fds[i] = client();
        say(fds[i], "request");
    }
    fr_server_stop(the_app.server);
    app_run();
    for (int i = 0; i < CLIENTS; i++) {
        hears(fds[i], "requestend");
        hears_the_end(fds[i]);
    }
    assert_int_equal(app_join(), FR_OK);
    assert_int_equal(atomic_load(&the_app.shutdowns), CLIENTS);
    int late = client_socket();
    assert_false(client_connect(late, port));
    close(late);
    fr_server_close(the_app.server);
}

static void what_does_not_end_is_cut_in_time(void **state)
{
    (void)state;
    app_open((fr_server_opts){.workers = 1, .drain_ms = 60000});
    the_app.ignores_shutdown = true;
    app_run();
    int fd = client();
    say(fd, "x");
    hears(fd, "x");
    fr_server_stop(the_app.server);
    while (!atomic_load(&the_app.shutdowns))
        sched_yield();
    say(fd, "y"); /* it still works */
    hears(fd, "y");
    fr_test_advance_clock(61000);
    say(fd, "z"); /* wakes it */
    assert_int_equal(app_join(), FR_OK);
    assert_int_equal(atomic_load(&the_app.closed), 1);
    close(fd);
    fr_server_close(the_app.server);
}

/* The worker stops with a minute left to drain; meanwhile more comes than one pass delivers, and the minute is over. */
static void a_drain_that_comes_late_answers_what_had_come_before_it_cuts(void **state)
{
    (void)state;
    enum { CLIENTS = 200 };
    int fds[CLIENTS];
    app_open((fr_server_opts){.workers = 1, .drain_ms = 60000});
    the_app.ignores_shutdown = true;
    app_run();
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client();
        say(fds[i], "x");
        hears(fds[i], "x");
    }
    fr_server_stop(the_app.server);
    while (atomic_load(&the_app.shutdowns) < CLIENTS)
        sched_yield();
    say(fds[0], "S");
    while (!atomic_load(&the_app.is_stalled))
        sched_yield();
    for (int i = 1; i < CLIENTS; i++)
        say(fds[i], "L");
    fr_test_advance_clock(61000);
    atomic_store(&the_app.may_go_on, true);
    hears(fds[0], "S");
    hears_the_end(fds[0]);
    for (int i = 1; i < CLIENTS; i++) {
        hears(fds[i], "L");
        hears_the_end(fds[i]);
    }
    assert_int_equal(app_join(), FR_OK);
    fr_server_close(the_app.server);
}

static void the_first_signal_drains_and_the_second_cuts(void **state)
{
    (void)state;
    struct sigaction before, now;
    assert_int_equal(sigaction(SIGTERM, NULL, &before), 0);
    app_open((fr_server_opts){.workers = 2, .drain_ms = 600000});
    the_app.ignores_shutdown = true;
    the_app.handle_signals = true;
    app_run();
    wait_until_started();
    int fd = client();
    say(fd, "x");
    hears(fd, "x");
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    while (!atomic_load(&the_app.shutdowns))
        sched_yield();
    assert_int_equal(atomic_load(&the_app.stopped) == 2, false);
    assert_int_equal(kill(getpid(), SIGINT), 0);
    assert_int_equal(app_join(), FR_OK);
    hears_the_end(fd);
    assert_int_equal(sigaction(SIGTERM, NULL, &now), 0);
    assert_ptr_equal(now.sa_handler, before.sa_handler);
    fr_server_close(the_app.server);
}

static void a_handler_that_waits_for_another_thread_comes_to_its_end(void **state)
{
    (void)state;
    app_open((fr_server_opts){.workers = 1});
    app_run();
    int fd = client();
    say(fd, "F");
    hears(fd, "F");
    close(fd);
    fr_server_stop(the_app.server);
    while (!atomic_load(&the_app.closed))
        sched_yield();
    assert_int_equal(atomic_load(&the_app.stopped), 0);
    fr_wait_done(atomic_load(&the_app.waiting), FR_OK);
    assert_int_equal(app_join(), FR_OK);
    assert_int_equal(atomic_load(&the_app.handlers), 1);
    fr_server_close(the_app.server);
}

static void handlers_that_outlast_the_drain_are_let_go_before_a_loop_ends(void **state)
{
    (void)state;
    app_open((fr_server_opts){.workers = 2, .on_served = on_served});
    app_run();
    int fd = client();
    say(fd, "F");
    hears(fd, "F");
    while (!atomic_load(&the_app.waiting))
        sched_yield();
    fr_server_order_(the_app.server,
                     FR_ORDER_STOP | FR_ORDER_CUT); /* does not wait for stragglers */
    assert_int_equal(app_join(), FR_OK);
    hears(fd, "end");
    hears_the_end(fd);
    assert_int_equal(atomic_load(&the_app.served), 1);
    assert_int_equal(atomic_load(&the_app.handlers), 1);
    assert_int_equal(atomic_load(&the_app.freed), 2);
    fr_server_close(the_app.server);
}

static void a_worker_that_cannot_start_ends_the_server(void **state)
{
    (void)state;
    app_open((fr_server_opts){.workers = 3, .on_served = on_served});
    the_app.start_error = FR_EBACKEND;
    app_run();
    assert_int_equal(app_join(), FR_EBACKEND);
    assert_int_equal(atomic_load(&the_app.stopped), 2);
    assert_int_equal(atomic_load(&the_app.served), 1);
    fr_server_close(the_app.server);
}

/* ---- clients that come, write and vanish, while the workers talk to each other ---- */

typedef struct rumour {
    fr_task task;
    atomic_int told;
} rumour;
static void pass_on(fr_task *task)
{
    rumour *r = FR_CONTAINER_(task, rumour, task);
    if (atomic_fetch_add(&r->told, 1) < 5000)
        fr_loop_post(fr_server_loop(the_app.server, 1 - fr_loop_index(fr_loop_current())), task);
}

static void *vanish(void *arg)
{
    (void)arg;
    char text[5000], room[5000];
    memset(text, 'v', sizeof text);
    for (int i = 0; i < 150; i++) {
        int fd = client();
        if (i % 3 == 0) { /* a reset, in the middle of the answer */
            struct linger at_once = {1, 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            for (int burst = 0; burst < 20; burst++)
                if (send(fd, text, sizeof text, MSG_NOSIGNAL) < 0)
                    break;
        } else if (i % 3 == 1) {
            say(fd, "hello");
            assert_true(recv(fd, room, sizeof room, 0) > 0);
        } else {
            say(fd, "Q");
            hears(fd, "bye");
        }
        close(fd);
    }
    return NULL;
}

static void clients_that_vanish_leave_nothing(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    rumour r = {.task.run = pass_on};
    app_open((fr_server_opts){.workers = 2});
    app_run();
    fr_loop_post(fr_server_loop(the_app.server, 0), &r.task);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, vanish, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    fr_server_stats stats;
    do {
        sched_yield();
        fr_server_stats_get(the_app.server, &stats);
    } while (stats.open || atomic_load(&r.told) <= 5000);
    app_end();
    assert_int_equal(stats.accepted, THREADS * 150);
    assert_int_equal(atomic_load(&the_app.closed), THREADS * 150);
}

FR_TESTS(server, FR_TEST(both_workers_serve), FR_TEST(a_port_in_use_is_said_in_one_line),
         FR_TEST(addresses_that_cannot_be_are_refused_with_a_hint),
         FR_TEST(ipv6_is_given_in_brackets), FR_TEST(an_inherited_socket_is_shared_by_the_workers),
         FR_TEST(several_addresses_are_served_at_once),
         FR_TEST(a_live_socket_is_left_alone_and_a_dead_one_replaced),
         FR_TEST(workers_take_turns_at_a_shared_socket), FR_TEST(what_is_no_socket_is_not_removed),
         FR_TEST(a_file_that_somebody_else_has_put_there_stays),
         FR_TEST(who_has_left_is_not_woken_by_those_who_come), FR_TEST(the_peers_address_is_known),
         FR_TEST(a_refused_connection_is_closed), FR_TEST(above_the_maximum_accepting_waits),
         FR_TEST(an_address_has_its_share_and_no_more),
         FR_TEST(a_refusal_for_want_of_memory_is_not_counted_for_the_address),
         FR_TEST(a_network_of_ipv6_is_one_peer),
         FR_TEST(so_many_are_taken_in_a_second_and_nobody_is_lost),
         FR_TEST(who_waits_for_the_rate_is_let_in_by_the_drain),
         FR_TEST(a_socket_that_takes_nobody_any_more_does_not_keep_us_busy),
         FR_TEST(connections_leave_files_for_what_workers_open),
         FR_TEST(without_files_accepting_pauses_and_goes_on),
         FR_TEST(the_drain_answers_what_was_sent_and_says_goodbye),
         FR_TEST(what_does_not_end_is_cut_in_time),
         FR_TEST(a_drain_that_comes_late_answers_what_had_come_before_it_cuts),
         FR_TEST(the_first_signal_drains_and_the_second_cuts),
         FR_TEST(a_handler_that_waits_for_another_thread_comes_to_its_end),
         FR_TEST(handlers_that_outlast_the_drain_are_let_go_before_a_loop_ends),
         FR_TEST(a_worker_that_cannot_start_ends_the_server),
         FR_TEST(clients_that_vanish_leave_nothing))
