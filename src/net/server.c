/*
 * Workers and their end. The thread that calls fr_server_run is worker 0.
 *
 * The drain of a worker: take what waits at the listener and close it; deliver what clients have
 * sent already, so that no request is cut; tell every protocol; run until the last connection has
 * gone, or cut at drain_ms; then let handlers that still wait (for the writer) come to their end.
 *
 * No loop ends before all workers have drained and on_served has ended the threads that complete
 * waits of loops: what they post to a loop, and the memory of handlers that they use, is still there.
 */
#include "net/server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/errand.h"
#include "net/net_int.h"
#include "net/open_files.h"
#include "net/signal.h"
#include "net/threads.h"

enum {
    DRAIN_MS = 8000,        /* with STRAGGLERS_MS 10 s, as long as `docker stop` waits */
    QUIET_PASSES_MAX = 64,  /* of the drain, to read what has arrived */
    REST_PASSES_MAX = 1024, /* and if so many are sent something that they do not get it in one */
    STRAGGLERS_MS = 2000,   /* for handlers without a connection, and functions of fr_blocking */
    LAST_PASSES_MAX =
        256, /* for handlers that the end of others' threads has let go; each may wait a few times more */
    OTHERS_MS =
        10, /* of a drain, until it is looked whether the others, threads or fibers are through */
    BLOCKING_THREADS = 64,   /* they sleep most of the time; each has a page or two of stack */
    BLOCKING_WAITING = 1024, /* 16 turns of that many threads; one more is refused */
};

typedef struct fr_server_worker {
    fr_server *server;
    fr_loop *loop;
    pthread_t thread;
    bool is_started;
    enum { STARTING, SERVING, READING, DRAINING, STRAGGLING } phase;
    int quiet_passes;
    uint64_t until_ms;
} fr_server_worker;

/* ---- set-up ---- */

static void set_defaults(fr_server *server)
{
    fr_server_opts *opts = &server->opts;
    if (opts->workers <= 0)
        opts->workers = fr_workers_usual();
    if (opts->workers > FR_WORKERS_MAX)
        opts->workers = FR_WORKERS_MAX;
    if (!opts->drain_ms)
        opts->drain_ms = DRAIN_MS;
    if (opts->connections_max <= 0)
        opts->connections_max = fr_open_files_for_connections(opts->workers);
    if (opts->blocking_threads <= 0)
        opts->blocking_threads = BLOCKING_THREADS;
    if (!opts->out_bytes)
        opts->out_bytes = FR_CONN_OUT_BYTES;
    if (opts->out_bytes > INT32_MAX)
        opts->out_bytes = INT32_MAX;
    server->count = opts->workers;
}

static fr_err choose_backend(fr_server *server, char error[256])
{
    server->backend = fr_backend_for_(server->opts.io, &server->why_not_uring);
    if (server->backend)
        return FR_OK;
    snprintf(error, 256,
             "%s: allow it, or choose another way to send (--io auto takes what there is)",
             server->why_not_uring);
    return FR_EUNSUPPORTED;
}

static void say_backend(const fr_server *server)
{
    if (server->why_not_uring)
        FR_INFO("net.io", FR_KV_C("send", server->backend->name),
                FR_KV_C("why", server->why_not_uring));
    else
        FR_INFO("net.io", FR_KV_C("send", server->backend->name));
}

static fr_err make_loops(fr_server *server)
{
    for (int i = 0; i < server->count; i++) {
        fr_loop *loop = fr_loop_new_(i, server->opts.io, server->backend);
        if (!loop)
            return FR_ENOMEM;
        loop->server = server;
        loop->out_bytes = server->opts.out_bytes;
        loop->blocking = server->blocking;
        server->loops[i] = loop;
        server->workers[i] = (fr_server_worker){
            .server = server, .loop = loop, .phase = server->opts.on_start ? STARTING : SERVING};
        FR_TRY(fr_gate_init_(loop, server->endpoint_count));
    }
    return FR_OK;
}

/* Each endpoint gives a listener to each loop. */
static fr_err open_endpoints(fr_server *server, char error[256])
{
    int fds[FR_WORKERS_MAX];
    for (int at = 0; at < server->endpoint_count; at++) {
        fr_endpoint *endpoint = &server->endpoints[at];
        FR_TRY(fr_endpoint_open_(endpoint, server->count, fds, error));
        bool is_shared = server->count > 1 && (endpoint->is_unix || endpoint->fd > 0);
        for (int i = 0; i < server->count; i++)
            fr_gate_add_(
                server->loops[i],
                (fr_listener){.fd = fds[i], .is_unix = endpoint->is_unix, .is_shared = is_shared});
    }
    for (int i = 0; i < server->count && !server->opts.on_start; i++)
        fr_gate_open_(server->loops[i]);
    return FR_OK;
}

static fr_err copy_endpoints(fr_server *server)
{
    const fr_server_opts *opts = &server->opts;
    server->endpoint_count = opts->endpoints ? opts->endpoint_count : 1;
    server->endpoints = fr_zalloc((size_t)server->endpoint_count * sizeof *server->endpoints);
    if (!server->endpoints)
        return FR_ENOMEM;
    if (opts->endpoints)
        memcpy(server->endpoints, opts->endpoints,
               (size_t)server->endpoint_count * sizeof *server->endpoints);
    return FR_OK;
}

static fr_err set_up(fr_server *server, char error[256])
{
    FR_TRY(fr_open_files_check(server->opts.workers, error));
    set_defaults(server);
    server->loops = fr_zalloc((size_t)server->count * sizeof *server->loops);
    server->workers = fr_zalloc((size_t)server->count * sizeof *server->workers);
    if (!server->loops || !server->workers)
        return FR_ENOMEM;
    if (server->opts.address_max > 0 && !(server->peers = fr_peers_new_(server->opts.address_max)))
        return FR_ENOMEM;
    FR_TRY(copy_endpoints(server));
    FR_TRY(fr_threads_open(&(fr_threads_opts){.most = (uint32_t)server->opts.blocking_threads,
                                              .waiting = BLOCKING_WAITING,
                                              .name = "freshet-block"},
                           &server->blocking));
    FR_TRY(choose_backend(server, error));
    FR_TRY(make_loops(server));
    return open_endpoints(server, error);
}

fr_err fr_server_open(const fr_server_opts *opts, fr_server **out, char error[256])
{
    error[0] = 0;
    fr_signals_survive_writes();
    fr_server *server = fr_zalloc(sizeof *server);
    if (!server)
        return FR_ENOMEM;
    server->opts = *opts;
    pthread_mutex_init(&server->end.lock, NULL);
    pthread_cond_init(&server->end.wake, NULL);
    fr_err err = set_up(server, error);
    if (err != FR_OK) {
        fr_server_close(server);
        return err;
    }
    say_backend(server);
    *out = server;
    return FR_OK;
}

uint16_t fr_server_port(const fr_server *server)
{
    for (int i = 0; i < server->endpoint_count; i++)
        if (!server->endpoints[i].is_unix)
            return server->endpoints[i].port;
    return 0;
}

const fr_endpoint *fr_server_endpoints(const fr_server *server, int *count)
{
    *count = server->endpoint_count;
    return server->endpoints;
}

int fr_server_workers(const fr_server *server)
{
    return server->count;
}

fr_loop *fr_server_loop(fr_server *server, int index)
{
    return server->loops[index];
}

void fr_server_order_(fr_server *server, unsigned order)
{
    for (int i = 0; i < server->count; i++) {
        atomic_fetch_or(&server->loops[i]->orders, order);
        server->loops[i]->backend->wake(server->loops[i]);
    }
}

void fr_server_stop(fr_server *server)
{
    fr_server_order_(server, FR_ORDER_STOP);
}

/* While we still listen: nobody else takes the place of a Unix socket that is in use. */
static void forget_endpoints(fr_server *server)
{
    for (int i = 0; i < server->endpoint_count && server->endpoints; i++)
        fr_endpoint_forget_(&server->endpoints[i]);
}

bool fr_server_is_stuck(const fr_server *server)
{
    return server->is_stuck;
}

void fr_server_close(fr_server *server)
{
    if (!server)
        return;
    assert(!server->is_stuck);
    fr_threads_free(server->blocking);
    forget_endpoints(server);
    for (int i = 0; server->loops && i < server->count; i++)
        fr_loop_free(server->loops[i]);
    fr_peers_free_(server->peers);
    pthread_mutex_destroy(&server->end.lock);
    pthread_cond_destroy(&server->end.wake);
    fr_free(server->endpoints);
    fr_free(server->loops);
    fr_free(server->workers);
    fr_free(server);
}

static uint64_t count_of(const fr_counter *counter)
{
    return atomic_load_explicit(&counter->n, memory_order_relaxed);
}

uint64_t fr_limit_total_(const fr_loop *loop, fr_limit limit)
{
    const fr_server *server = loop->server;
    if (!server)
        return count_of(&loop->counts.limits[limit]);
    uint64_t total = 0;
    for (int i = 0; i < server->count; i++)
        total += count_of(&server->loops[i]->counts.limits[limit]);
    return total;
}

void fr_server_stats_get(const fr_server *server, fr_server_stats *out)
{
    int open = atomic_load_explicit(&server->open, memory_order_relaxed);
    *out = (fr_server_stats){.open = open > 0 ? (uint64_t)open : 0};
    for (int i = 0; i < server->count; i++) {
        const fr_loop *loop = server->loops[i];
        out->accepted += count_of(&loop->counts.accepted);
        out->bytes_in += count_of(&loop->counts.bytes_in);
        out->bytes_out += count_of(&loop->counts.bytes_out);
        if (count_of(&loop->counts.longest_us) > out->longest_us)
            out->longest_us = count_of(&loop->counts.longest_us);
    }
    const uint64_t *limits = out->limits;
    for (int limit = 0; limit < FR_LIMIT_COUNT_; limit++)
        out->limits[limit] = fr_limit_total_(server->loops[0], (fr_limit)limit);
    out->refused = limits[FR_LIMIT_ADDRESS] + limits[FR_LIMIT_MEMORY];
    out->accept_pauses =
        limits[FR_LIMIT_FILES] + limits[FR_LIMIT_CONNECTIONS] + limits[FR_LIMIT_ACCEPTS];
}

/* At the end, what was refused in all. */
static void log_limits(const fr_server *server)
{
    fr_server_stats stats;
    fr_server_stats_get(server, &stats);
    for (int limit = 0; limit < FR_LIMIT_COUNT_; limit++)
        if (stats.limits[limit])
            FR_INFO("limit.total", FR_KV_C("limit", fr_limit_name((fr_limit)limit)),
                    FR_KV_U("count", stats.limits[limit]));
}

/* ---- a worker's life ---- */

static void cut(fr_conn *conn)
{
    fr_conn_close(conn, FR_OK);
}

/* The first worker that drains takes leave for all. */
static void take_leave(fr_server *server)
{
    if (atomic_flag_test_and_set(&server->has_left))
        return;
    forget_endpoints(server);
    if (server->opts.on_drain)
        server->opts.on_drain(server->opts.arg);
}

/* Workers that wait for the end of on_stop look again. */
static void end_stop(fr_server *server)
{
    atomic_store(&server->is_stopping, false);
    fr_server_order_(server, FR_ORDER_STOP);
}

static fr_err run_stop(fr_ctx *ctx, void *arg)
{
    fr_server *server = arg;
    fr_err err = server->opts.on_stop(ctx, server->opts.arg);
    end_stop(server);
    return err;
}

/* What was not started is not stopped. */
static void begin_stop(fr_server_worker *worker)
{
    fr_server *server = worker->server;
    if (!atomic_load(&server->is_stopping))
        return;
    if (worker->phase == STARTING)
        end_stop(server);
    else if (fr_errand_start(worker->loop, NULL, "stopping", run_stop, server) != FR_OK) {
        FR_ERROR("net.stop", FR_KV_C("why", "no memory for it is left"));
        end_stop(server);
    }
}

static void begin_drain(fr_server_worker *worker)
{
    fr_loop *loop = worker->loop;
    loop->is_draining = true;
    loop->now_ms = fr_clock_ms();
    fr_loop *before = fr_loop_enter_(loop);
    take_leave(worker->server);
    if (worker->phase == STARTING)
        fr_gate_close_(loop);
    else
        fr_gate_drain_(loop);
    fr_errands_drain_(loop);
    if (worker->phase == STARTING)
        fr_errands_cancel_(loop); /* on_start */
    if (loop->index == 0)
        begin_stop(worker);
    fr_loop_enter_(before);
    worker->phase = READING;
    worker->until_ms = loop->now_ms + worker->server->opts.drain_ms;
}

static void visit_all(fr_loop *loop, void (*visit)(fr_conn *conn))
{
    fr_loop *before = fr_loop_enter_(loop);
    fr_loop_each_conn_(loop, visit);
    fr_loop_enter_(before);
}

/* All that had come is delivered, and what it set off: nothing happened in the last pass, or there were enough of them. */
static bool has_come_to_rest(fr_server_worker *worker)
{
    bool has_rest = fr_loop_has_rest_(worker->loop);
    bool is_quiet =
        !has_rest && !fr_polling_had_events_(worker->loop) && !fr_loop_has_tasks_(worker->loop);
    return is_quiet || ++worker->quiet_passes >= (has_rest ? REST_PASSES_MAX : QUIET_PASSES_MAX);
}

static bool waits_for_stop(const fr_server_worker *worker)
{
    return atomic_load(&worker->server->is_stopping);
}

/* What has been read by now was sent before we said goodbye. */
static void say_goodbye(fr_server_worker *worker, bool is_cut)
{
    bool is_late = is_cut || worker->loop->now_ms >= worker->until_ms;
    if (!has_come_to_rest(worker) || (waits_for_stop(worker) && !is_late))
        return;
    visit_all(worker->loop, fr_conn_shutdown_);
    worker->phase = DRAINING;
    worker->quiet_passes = 0;
}

/* As long as there are connections or errands anywhere, messages for errands of this worker may come. */
static bool is_wanted(const fr_server_worker *worker)
{
    const fr_loop *loop = worker->loop;
    const fr_server *server = worker->server;
    return fr_conns_open_(loop) || fr_errands_running_(loop) || atomic_load(&server->open) > 0 ||
           atomic_load(&server->at_work) > 0 || fr_loop_has_tasks_(worker->loop);
}

/* The process may have been stopped until long after the time was over: what came before is read first. */
static void end_connections(fr_server_worker *worker, bool is_cut)
{
    fr_loop *loop = worker->loop;
    bool is_over = is_cut || (loop->now_ms >= worker->until_ms && has_come_to_rest(worker));
    if (is_wanted(worker) && !is_over)
        return;
    if (fr_errands_running_(loop)) {
        FR_WARN("net.background_cut", FR_KV_I("worker", loop->index),
                FR_KV_U("count", fr_errands_running_(loop)));
        fr_errands_cancel_(loop);
    }
    if (fr_conns_open_(loop)) {
        FR_WARN("net.drain_cut", FR_KV_I("worker", loop->index),
                FR_KV_U("open", fr_conns_open_(loop)));
        visit_all(loop, cut);
    }
    worker->phase = STRAGGLING;
    worker->until_ms = fr_clock_ms() + STRAGGLERS_MS;
}

/* Returns false when the worker is through. */
static bool advance_drain(fr_server_worker *worker)
{
    fr_loop *loop = worker->loop;
    bool is_cut = atomic_load_explicit(&loop->orders, memory_order_relaxed) & FR_ORDER_CUT;
    switch (worker->phase) {
    case STARTING:
    case SERVING: begin_drain(worker); break;
    case READING: say_goodbye(worker, is_cut); break;
    case DRAINING: end_connections(worker, is_cut); break;
    case STRAGGLING:
        if (!fr_fibers_used_(loop) && !fr_loop_has_tasks_(loop) && !fr_conns_open_(loop))
            return false;
        return !is_cut && loop->now_ms < worker->until_ms;
    }
    return true;
}

/* Returns false when the worker is through. */
static bool follow_orders(fr_server_worker *worker, unsigned orders)
{
    fr_loop *loop = worker->loop;
    const fr_server_opts *opts = &worker->server->opts;
    if (orders & FR_ORDER_HANGUP) {
        atomic_fetch_and(&loop->orders, ~(unsigned)FR_ORDER_HANGUP);
        fr_loop *before = fr_loop_enter_(loop);
        opts->on_hangup(loop, opts->arg);
        fr_loop_enter_(before);
    }
    if ((orders & FR_ORDER_OPEN) && worker->phase == STARTING) {
        fr_gate_open_(loop);
        worker->phase = SERVING;
    }
    atomic_fetch_and(&loop->orders, ~(unsigned)FR_ORDER_OPEN);
    return !(orders & (FR_ORDER_STOP | FR_ORDER_CUT)) || advance_drain(worker);
}

/* How long the next pass may wait. */
static int patience_ms(const fr_server_worker *worker)
{
    if (worker->phase == STARTING || worker->phase == SERVING)
        return -1;
    if (worker->phase == READING && !waits_for_stop(worker))
        return 0;
    uint64_t now_ms = fr_clock_ms();
    int ms = worker->until_ms > now_ms ? (int)(worker->until_ms - now_ms) : 0;
    return ms > OTHERS_MS ? OTHERS_MS : ms;
}

static void serve(fr_server_worker *worker)
{
    fr_loop *loop = worker->loop;
    for (;;) {
        fr_loop_run_once(loop, patience_ms(worker));
        unsigned orders = atomic_load_explicit(&loop->orders, memory_order_relaxed);
        if (FR_UNLIKELY(orders) && !follow_orders(worker, orders))
            return;
        loop->followed = orders;
    }
}

static void fail_with(fr_server *server, fr_err err)
{
    int none = FR_OK;
    atomic_compare_exchange_strong(&server->result, &none, (int)err);
    fr_server_stop(server);
}

static void tell_ready(fr_server *server)
{
    if (server->opts.on_ready)
        server->opts.on_ready(server->opts.arg);
}

static fr_err run_start(fr_ctx *ctx, void *arg)
{
    fr_server *server = arg;
    fr_err err = server->opts.on_start(ctx, server->opts.arg);
    if (ctx->loop->is_draining)
        return FR_OK; /* the drain has canceled ctx, and nobody is let in any more */
    if (err != FR_OK) {
        fail_with(server, err);
        return FR_OK;
    }
    tell_ready(server);
    fr_server_order_(server, FR_ORDER_OPEN);
    return FR_OK;
}

/* Whoever comes meanwhile waits in the kernel. */
static fr_err start_server(fr_server_worker *worker)
{
    if (worker->loop->index)
        return FR_OK;
    if (worker->server->opts.on_start)
        return fr_errand_start(worker->loop, NULL, "started", run_start, worker->server);
    tell_ready(worker->server);
    return FR_OK;
}

static fr_err start(fr_server_worker *worker)
{
    const fr_server_opts *opts = &worker->server->opts;
    fr_loop *before = fr_loop_enter_(worker->loop);
    fr_loop_woke_(worker->loop);
    fr_err err = opts->on_worker_start ? opts->on_worker_start(worker->loop, opts->arg) : FR_OK;
    if (err == FR_OK)
        err = start_server(worker);
    fr_loop_enter_(before);
    return err;
}

/* Functions of fr_blocking have STRAGGLERS_MS to end; then on_served ends what they wait for in the layers above, and they
 * have as long again. */
static void end_threads(fr_server *server)
{
    bool is_over = fr_threads_stop(server->blocking, STRAGGLERS_MS);
    if (server->opts.on_served)
        server->opts.on_served(server->opts.arg);
    server->is_stuck = !is_over && !fr_threads_stop(server->blocking, STRAGGLERS_MS);
    if (server->is_stuck)
        FR_ERROR("net.blocking_left",
                 FR_KV_C("do",
                         "a function of fr_blocking does not return: the process ends without it"));
}

/* `count` workers serve no more; the last one ends what works for the loops. */
static void leave_service(fr_server *server, int count)
{
    pthread_mutex_lock(&server->end.lock);
    server->end.serving -= count;
    if (!server->end.serving) {
        end_threads(server);
        server->end.is_served = true;
        pthread_cond_broadcast(&server->end.wake);
    }
    pthread_mutex_unlock(&server->end.lock);
}

static void await_end_of_service(fr_server *server)
{
    pthread_mutex_lock(&server->end.lock);
    while (!server->end.is_served)
        pthread_cond_wait(&server->end.wake, &server->end.lock);
    pthread_mutex_unlock(&server->end.lock);
}

/* Handlers whose waits on_served has ended come to their end. */
static void finish_handlers(const fr_server_worker *worker)
{
    fr_loop *loop = worker->loop;
    for (int i = 0; i < LAST_PASSES_MAX && (fr_fibers_used_(loop) || fr_loop_has_tasks_(loop)); i++)
        fr_loop_run_once(loop, 0);
    if (fr_fibers_used_(loop))
        FR_ERROR("net.handlers_left", FR_KV_I("worker", loop->index),
                 FR_KV_U("count", fr_fibers_used_(loop)));
}

static void stop(fr_server_worker *worker)
{
    const fr_server_opts *opts = &worker->server->opts;
    fr_loop *before = fr_loop_enter_(worker->loop);
    if (opts->on_worker_stop)
        opts->on_worker_stop(worker->loop, opts->arg);
    fr_loop_end_(worker->loop);
    fr_loop_enter_(before);
}

/* Without worker 0 there is no on_stop that others would have to wait for. */
static void give_up(const fr_server_worker *worker, fr_err err)
{
    if (!worker->loop->index)
        atomic_store(&worker->server->is_stopping, false);
    fail_with(worker->server, err);
}

static void *worker_main(void *arg)
{
    fr_server_worker *worker = arg;
    fr_server *server = worker->server;
    if (worker != server->workers) /* the first one is the program's own thread */
        fr_signals_as_the_program();
    fr_err err = start(worker);
    if (err == FR_OK)
        serve(worker);
    else
        give_up(worker, err);
    leave_service(server, 1);
    await_end_of_service(server);
    if (err == FR_OK && !server->is_stuck) {
        finish_handlers(worker);
        stop(worker);
    }
    return NULL;
}

static fr_err start_threads(fr_server *server)
{
    fr_err err = FR_OK;
    for (int i = 1; i < server->count && err == FR_OK; i++) {
        fr_server_worker *worker = &server->workers[i];
        err = fr_thread_start(&worker->thread, worker_main, worker, "freshet-worker");
        worker->is_started = err == FR_OK;
    }
    return err;
}

static void log_end(const fr_server *server)
{
    fr_server_stats stats;
    fr_server_stats_get(server, &stats);
    FR_INFO("net.served", FR_KV_U("connections", stats.accepted),
            FR_KV_U("longest_us", stats.longest_us));
}

static int count_started(const fr_server *server)
{
    int count = 0;
    for (int i = 1; i < server->count; i++)
        count += server->workers[i].is_started;
    return count;
}

static fr_err run(fr_server *server)
{
    server->end.serving = server->count;
    atomic_store(&server->is_stopping, server->opts.on_stop != NULL);
    fr_err err = start_threads(server);
    if (err == FR_OK) {
        worker_main(&server->workers[0]);
    } else {
        give_up(&server->workers[0], err);
        leave_service(server, server->count - count_started(server));
    }
    for (int i = 1; i < server->count; i++)
        if (server->workers[i].is_started)
            pthread_join(server->workers[i].thread, NULL);
    log_limits(server);
    log_end(server);
    return err != FR_OK ? err : (fr_err)atomic_load(&server->result);
}

fr_err fr_server_run(fr_server *server, bool handle_signals)
{
    if (!handle_signals)
        return run(server);
    FR_TRY(fr_signals_take_(server));
    fr_err err = run(server);
    fr_signals_give_back_();
    return err;
}
