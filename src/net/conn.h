/*
 * A connection: bytes in, bytes out, on one loop for its whole life. The protocol above it is a
 * state machine behind fr_proto. The struct is one cache line; what is large or rare hangs off it
 * and is freed when idle.
 */
#ifndef FR_NET_CONN_H
#define FR_NET_CONN_H
#include "base/address.h"
#include "base/block.h"
#include "net/loop.h"

typedef struct fr_conn fr_conn;

typedef struct fr_proto {
    const char *name;
    /*
     * n bytes arrived (after what was not consumed before). The buffer is the loop's, writable
     * (unmask in place), valid during the call. Returns how many were consumed; the rest is kept
     * and comes again with more (also at once after fr_conn_resume_read or fr_conn_set_proto).
     * What was changed in bytes not consumed stays changed. A protocol must consume or close once
     * more than it accepts is pending.
     */
    size_t (*on_data)(fr_conn *conn, uint8_t *bytes, size_t n);
    /* All queued output has left after on_data or others queued more than the socket took. May be
     * NULL. */
    void (*on_drain)(fr_conn *conn);
    /* The peer finished sending (half close), and all before it was delivered. Also told while
     * reading is paused if no bytes wait. NULL: the connection is closed. */
    void (*on_eof)(fr_conn *conn);
    /* fr_conn_set_deadline passed, and all that had come by then was delivered before. NULL: closed. */
    void (*on_deadline)(fr_conn *conn);
    /* The server drains (SIGTERM): finish and close. NULL: closed at once. */
    void (*on_shutdown)(fr_conn *conn);
    /* The connection is over; last call, user state is freed here. `why`: FR_OK (we closed),
     * FR_ECANCELED (the peer went), FR_ETIMEOUT, FR_EIO, FR_ENOMEM, or what fr_conn_close was given. */
    void (*on_close)(fr_conn *conn, fr_err why);
} fr_proto;

/* So many bytes behind those given to on_data may be read and overwritten (wide unmasking). */
enum { FR_CONN_PAD = 64 };

struct fr_conn {
    _Alignas(64) int fd;
    uint32_t flags;        /* private to net */
    const fr_proto *proto; /* may be exchanged by an upgrade: fr_conn_set_proto */
    void *user;            /* the protocol's state */
    fr_loop *loop;
    struct fr_out *out;     /* pending output; NULL when none */
    struct fr_carry *carry; /* bytes received and not consumed; NULL when none */
    struct fr_conn *next;   /* private to net; of the list it is in */
    uint32_t dirty_slot;    /* private to net */
    uint32_t out_bound;     /* fr_conn_set_bound */
};
_Static_assert(sizeof(fr_conn) == 64, "a connection is a cache line");

/* Output is queued in units, whole or not at all: what one of these calls queues is one unit.
 *
 * Queue bytes; copied. They leave at the end of the pass. Errors: FR_ETOOBIG past the output bound
 * (nothing queued; the caller decides, and usually closes), FR_ENOMEM, FR_ECANCELED when closing or
 * closed. Loop thread. */
fr_err fr_conn_write(fr_conn *conn, const void *bytes, size_t n);
/* The same for a head and a body that belong together (frame header and payload): one unit. */
fr_err fr_conn_write2(fr_conn *conn, fr_str head, fr_str body);
/* Room for n bytes (n <= FR_CONN_RESERVE_BYTES) of output written in place by the caller before
 * anything else is called; then commit with how many were used. NULL as the errors above. */
enum { FR_CONN_RESERVE_BYTES = 16 * 1024 + 64 }; /* 16 KiB and a frame header */
char *fr_conn_reserve(fr_conn *conn, size_t n);
void fr_conn_commit(fr_conn *conn, size_t n);
/* Queue a shared block from byte `start`; takes a reference of its own. `is_counted` false: not
 * counted in the bound (snapshots). */
fr_err fr_conn_write_block(fr_conn *conn, fr_block *block, size_t start, bool is_counted);
/* Take over malloc'ed bytes (fr_malloc): no copy. Freed also on error. */
fr_err fr_conn_write_take(fr_conn *conn, char *bytes, size_t n);
/* Send what is queued and then n bytes of a file from `at` on, now, as far as the socket takes it: *sent of these. Without a
 * copy through us; reading the file may wait for the disk. If the socket took less, on_drain will come. Errors: FR_EIO (the
 * file cannot be read, or ends before that), FR_ECANCELED. Calls nobody back. */
fr_err fr_conn_send_file(fr_conn *conn, int file, uint64_t at, size_t n, size_t *sent);
size_t fr_conn_pending(const fr_conn *conn); /* bytes queued and not sent */
/* Default: the server's out_bytes; at most 2 GiB. */
void fr_conn_set_bound(fr_conn *conn, size_t bytes);
enum { FR_CONN_OUT_BYTES = 1 << 20 };
/* Drop queued output that has not been started (whole fr_conn_write* units stay whole: a started
 * one is finished). */
void fr_conn_drop_pending(fr_conn *conn);

void fr_conn_pause_read(fr_conn *conn);
/* Kept bytes are delivered in this or the next pass. */
void fr_conn_resume_read(fr_conn *conn);
/* ms from now, also if what ran before in this pass took long; 0 = none. */
void fr_conn_set_deadline(fr_conn *conn, uint32_t ms);
void fr_conn_set_proto(fr_conn *conn, const fr_proto *proto, void *user);
/* Close after what is queued has left (at most linger_ms, 0 = 2,000 in all), then half-close and
 * read until the peer's end: no reset eats the answer. Data that still arrives is thrown away.
 * on_close comes at the end. */
void fr_conn_finish(fr_conn *conn, uint32_t linger_ms);
/* Close now, what is queued is dropped; on_close is called before this returns, unless inside
 * on_data or another callback of the same conn: then right after it. */
void fr_conn_close(fr_conn *conn, fr_err why);
bool fr_conn_is_closing(const fr_conn *conn);
/* Send what is queued now and not at the end of the pass: for a unit that has no room behind it, since only the kernel
 * knows whether the peer reads. Calls nobody back. */
void fr_conn_flush(fr_conn *conn);
/* The socket took less than there was: on_drain will come, also if what is left is dropped. */
bool fr_conn_is_blocked(const fr_conn *conn);
/* Who is at the other end: over IP, with address and port; over a Unix socket; or nobody any more. Looked up when asked
 * (getpeername). */
typedef enum fr_peer_kind { FR_PEER_UNKNOWN, FR_PEER_UNIX, FR_PEER_IP } fr_peer_kind;
fr_peer_kind fr_conn_peer_address(const fr_conn *conn, fr_address *address, uint16_t *port);
/* Peer and own address as text "127.0.0.1" and port, looked up as above; false: there is none. */
bool fr_conn_peer(const fr_conn *conn, char host[64], uint16_t *port);
bool fr_conn_local(const fr_conn *conn, char host[64], uint16_t *port);
#endif
