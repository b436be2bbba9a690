/*
 * Workers: one thread, one loop, one descriptor of each listening socket. Signals: SIGTERM and
 * SIGINT drain, a second one ends at once; SIGHUP calls on_hangup; SIGPIPE and SIGXFSZ
 * end nobody (signal.h).
 */
#ifndef FR_NET_SERVER_H
#define FR_NET_SERVER_H
#include "base/address.h"
#include "net/endpoint.h"
#include "net/limit.h"

typedef struct fr_server fr_server;

/* How output leaves; input comes by epoll. AUTO: to many connections at once by io_uring, to few by a call each, which
 * is all there is where the system has no io_uring. EPOLL: a call each. URING: all by io_uring, or not at all. */
typedef enum fr_io { FR_IO_AUTO, FR_IO_EPOLL, FR_IO_URING } fr_io;

typedef struct fr_server_opts {
    const fr_endpoint *endpoints; /* copied; where to listen. NULL: at 127.0.0.1, any port */
    int endpoint_count;
    int workers;         /* 0 = one a core */
    uint32_t drain_ms;   /* 0 = 8,000: past it connections are cut */
    int connections_max; /* 0 = from RLIMIT_NOFILE; above it accept pauses */
    int address_max; /* connections of one address; 0 = any number. Unix sockets are not counted */
    int blocking_threads; /* for fr_blocking, at once; 0 = 64 */
    int accepts_a_second; /* 0 = any number; above it accept pauses */
    /* Addresses whose connections are not counted: proxies. May be NULL. Any thread. */
    bool (*is_exempt)(const fr_address *address, void *arg);
    /* What a refused client is told, if the socket takes the text at once; borrowed. */
    fr_str refusal;
    size_t out_bytes; /* 0 = FR_CONN_OUT_BYTES */
    /* A new connection: set proto, user, deadline. Worker's thread. An error closes it; on_close
     * of the protocol is called if one was set. */
    fr_err (*on_accept)(fr_conn *conn, void *arg);
    /* On each worker's thread before its first pass and after its last. May be NULL. */
    fr_err (*on_worker_start)(fr_loop *loop, void *arg);
    void (*on_worker_stop)(fr_loop *loop, void *arg);
    /* Once, on a fiber of worker 0, before anybody is let in. An error ends the server. May be NULL. */
    fr_err (*on_start)(fr_ctx *ctx, void *arg);
    /* Once, on the thread of worker 0: from now on all are let in. May be NULL. */
    void (*on_ready)(void *arg);
    /* Once, when the drain begins; on the thread of some worker. May be NULL. */
    void (*on_drain)(void *arg);
    /* Once, on a fiber of worker 0, when its drain begins, if on_start has not failed; no connection is told of the end before it has
     * returned, or drain_ms are over: then its waits fail. May be NULL. */
    fr_err (*on_stop)(fr_ctx *ctx, void *arg);
    /* Once, when all workers have drained and before the first loop ends; on the thread of the last. The threads that
     * complete waits of the loops end here; handlers that this lets go run to their end afterwards. May be NULL. */
    void (*on_served)(void *arg);
    /* SIGHUP, on each worker's thread: files may have been moved. NULL: the signal is not taken. */
    void (*on_hangup)(fr_loop *loop, void *arg);
    void *arg;
    fr_io io;
} fr_server_opts;

/* Bind and listen (so that the port is known) and make the loops; no threads yet.
 * Errors: FR_EIO with one line for the user in error (port in use: says so, and what to do);
 * FR_EUNSUPPORTED with one (FR_IO_URING, and there is none); FR_ENOMEM. */
fr_err fr_server_open(const fr_server_opts *opts, fr_server **out, char error[256]);
uint16_t fr_server_port(const fr_server *server); /* of the first TCP endpoint, or 0 */
const fr_endpoint *fr_server_endpoints(const fr_server *server, int *count); /* as opened */
int fr_server_workers(const fr_server *server);
fr_loop *fr_server_loop(fr_server *server, int index);
/* Run the workers, worker 0 on this thread; returns when drained or stopped. handle_signals:
 * SIGTERM/SIGINT are taken over meanwhile (by one server of the process; else FR_EBUSY). Other
 * errors: what on_worker_start or on_start returned; FR_ENOMEM (no thread, or no memory). */
fr_err fr_server_run(fr_server *server, bool handle_signals);
/* Any thread, any time: begin the drain. */
void fr_server_stop(fr_server *server);
/* After run has returned: a function of fr_blocking does not return. What it uses cannot be freed: do not close, but end the
 * process. */
bool fr_server_is_stuck(const fr_server *server);
/* After run has returned, or without it. Tasks posted after the end of a loop are not run. */
void fr_server_close(fr_server *server);

/* Any thread. refused and accept_pauses are sums of limits; longest_us: the longest time since the start that a worker was
 * at work between two waits. */
typedef struct fr_server_stats {
    uint64_t accepted, open, bytes_in, bytes_out, refused, accept_pauses;
    uint64_t limits[FR_LIMIT_COUNT_]; /* how often each was run into */
    uint64_t longest_us;
} fr_server_stats;
void fr_server_stats_get(const fr_server *server, fr_server_stats *out);

/* A loop without listener or thread for tests: fr_loop_run_once drives it; connections from
 * socketpair via fr_loop_adopt. Its output leaves as fr_test_io says. */
fr_loop *fr_loop_new(int index);
void fr_loop_free(fr_loop *loop);
void fr_loop_run_once(fr_loop *loop, int wait_ms);
/* What the environment's FRESHET_IO names: epoll, io_uring; AUTO without it. */
fr_io fr_test_io(void);
fr_err fr_loop_adopt(fr_loop *loop, int fd, const fr_proto *proto, void *user, fr_conn **out);
/* Tests move the clock: milliseconds added to fr_clock_ms and the loops' timers. A loop that sleeps
 * in another thread notices when it wakes. */
void fr_test_advance_clock(uint64_t ms);
#endif
