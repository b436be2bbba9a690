/*
 * Connections: their life, reading, pausing, closing. Output is in out.c, their memory in conn_slab.c.
 *
 * A closed connection keeps its memory until the pass ends, so that events of this pass, lists and
 * callers that still hold its pointer find a slot that says "closed" and not another connection.
 */
#include "net/conn.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/net_int.h"

enum {
    /* Kept bytes up to CARRY_COPY_BYTES are copied before new ones into the loop's buffer; beyond, the socket
     * is read behind them, in steps of at least CARRY_ROOM_BYTES. */
    CARRY_COPY_BYTES = 16 * 1024,
    CARRY_ROOM_BYTES = 64 * 1024,
    LINGER_MS = 2000,
};

static void ignore_close(fr_conn *conn, fr_err why)
{
    (void)conn, (void)why;
}

static size_t ignore_data(fr_conn *conn, uint8_t *bytes, size_t n)
{
    (void)conn, (void)bytes;
    return n;
}

/* The protocol of a connection until one is set. */
static const fr_proto no_proto = {.name = "none", .on_data = ignore_data, .on_close = ignore_close};

fr_err fr_conns_init_(fr_loop *loop)
{
    loop->received = fr_malloc(FR_RECEIVE_BYTES + FR_CONN_PAD);
    return loop->received ? FR_OK : FR_ENOMEM;
}

void fr_conns_deinit_(fr_loop *loop)
{
    fr_free(loop->received);
}

fr_conn *fr_conn_new_(fr_loop *loop, int fd)
{
    fr_conn *conn = fr_conn_slot_take_(loop);
    if (!conn)
        return NULL;
    *conn = (fr_conn){
        .fd = fd,
        .flags = FR_CONN_OPEN | FR_CONN_ARMED_IN | FR_CONN_ARMED_HUP,
        .proto = &no_proto,
        .loop = loop,
        .out_bound = (uint32_t)loop->out_bytes,
    };
    if (loop->backend->arm(loop, conn) != FR_OK) {
        fr_conn_slot_give_back_(conn);
        return NULL;
    }
    loop->conn_lists.open_count++;
    if (loop->server)
        atomic_fetch_add_explicit(&loop->server->open, 1, memory_order_relaxed);
    return conn;
}

fr_err fr_loop_adopt(fr_loop *loop, int fd, const fr_proto *proto, void *user, fr_conn **out)
{
    fr_conn *conn = fr_conn_new_(loop, fd);
    if (!conn)
        return FR_ENOMEM;
    conn->proto = proto;
    conn->user = user;
    *out = conn;
    return FR_OK;
}

/* ---- what the back end watches ---- */

void fr_conn_rearm_(fr_conn *conn)
{
    uint32_t flags = conn->flags;
    if (flags & FR_CONN_CLOSED)
        return;
    uint32_t want = (flags & (FR_CONN_PAUSED | FR_CONN_EOF) ? 0u : FR_CONN_ARMED_IN) |
                    (flags & FR_CONN_BLOCKED ? FR_CONN_ARMED_OUT : 0u) |
                    (flags & (FR_CONN_EOF | FR_CONN_HUNG) ? 0u : FR_CONN_ARMED_HUP);
    uint32_t armed = FR_CONN_ARMED_IN | FR_CONN_ARMED_OUT | FR_CONN_ARMED_HUP;
    if ((flags & armed) == want)
        return;
    conn->flags = (flags & ~armed) | want;
    conn->loop->backend->rearm(conn->loop, conn, want & FR_CONN_ARMED_IN, want & FR_CONN_ARMED_OUT);
}

/* ---- closing ---- */

static void set_why(fr_conn *conn, fr_err why)
{
    uint32_t flags = conn->flags & ((1u << FR_CONN_WHY_SHIFT) - 1);
    conn->flags = flags | ((uint32_t)why << FR_CONN_WHY_SHIFT);
}

static void put_among_zombies(fr_conn *conn)
{
    conn->next = conn->loop->conn_lists.zombies;
    conn->loop->conn_lists.zombies = conn;
}

static void close_now(fr_conn *conn)
{
    fr_loop *loop = conn->loop;
    conn->flags |= FR_CONN_CLOSED;
    fr_conn_set_due_(conn, 0);
    fr_out_free_(conn);
    fr_dirty_forget_(conn);
    fr_free(conn->carry);
    conn->carry = NULL;
    close(conn->fd);
    conn->fd = -1;
    if (FR_UNLIKELY(fr_conn_slab_of_(conn)->peer_keys != NULL))
        fr_peers_forget_(conn);
    loop->conn_lists.open_count--;
    if (!(conn->flags & FR_CONN_REDELIVER)) /* else that list has it, and hands it on */
        put_among_zombies(conn);            /* before on_close: it may end in a pass of its own */
    conn->proto->on_close(conn, (fr_err)(conn->flags >> FR_CONN_WHY_SHIFT));
}

void fr_conn_close(fr_conn *conn, fr_err why)
{
    if (conn->flags & FR_CONN_DEAD_)
        return;
    set_why(conn, why);
    if (conn->flags & FR_CONN_IN_CALL)
        conn->flags |= FR_CONN_CLOSING; /* after_call does it */
    else
        close_now(conn);
}

void fr_conn_fail_(fr_conn *conn, fr_err why)
{
    if (conn->flags & FR_CONN_DEAD_)
        return;
    set_why(conn, why);
    conn->flags |= FR_CONN_CLOSING;
    if (conn->flags & (FR_CONN_IN_CALL | FR_CONN_REDELIVER))
        return; /* after_call does it, or fr_conns_redeliver_, whose list it is in */
    conn->next = conn->loop->conn_lists.failed;
    conn->loop->conn_lists.failed = conn;
}

void fr_conns_close_failed_(fr_loop *loop)
{
    while (loop->conn_lists.failed) {
        fr_conn *conn = loop->conn_lists.failed;
        loop->conn_lists.failed = conn->next;
        close_now(conn);
    }
}

void fr_conn_cut_(fr_conn *conn)
{
    if (conn->flags & FR_CONN_CLOSING)
        close_now(conn); /* conn failed while it waited for being redelivered */
    else
        fr_conn_close(conn, FR_OK);
}

bool fr_conn_is_closing(const fr_conn *conn)
{
    return conn->flags & (FR_CONN_DEAD_ | FR_CONN_FINISHING);
}

bool fr_conn_is_blocked(const fr_conn *conn)
{
    return (conn->flags & FR_CONN_BLOCKED) != 0;
}

/* The slots of connections closed in this pass may be used again. */
void fr_conns_reap_(fr_loop *loop)
{
    fr_conn *conn = loop->conn_lists.zombies, *next;
    if (!conn)
        return;
    uint32_t count = 0;
    for (; conn; conn = next, count++) {
        next = conn->next;
        fr_conn_slot_give_back_(conn);
    }
    loop->conn_lists.zombies = NULL;
    if (loop->server) {
        atomic_fetch_sub_explicit(&loop->server->open, (int)count, memory_order_relaxed);
        fr_gate_room_(loop);
    }
}

static void before_call(fr_conn *conn)
{
    conn->flags |= FR_CONN_IN_CALL;
}

/* Returns whether the connection still lives. */
static bool after_call(fr_conn *conn)
{
    conn->flags &= ~(uint32_t)FR_CONN_IN_CALL;
    if (FR_UNLIKELY(conn->flags & FR_CONN_CLOSING))
        close_now(conn);
    return !(conn->flags & FR_CONN_CLOSED);
}

/* Call an optional callback, or close with `why` if there is none. */
static void call_or_close(fr_conn *conn, void (*callback)(fr_conn *conn), fr_err why)
{
    if (conn->flags & FR_CONN_DEAD_)
        return;
    if (!callback) {
        fr_conn_close(conn, why);
        return;
    }
    before_call(conn);
    callback(conn);
    after_call(conn);
}

void fr_conn_shutdown_(fr_conn *conn)
{
    if (!(conn->flags & FR_CONN_FINISHING))
        call_or_close(conn, conn->proto->on_shutdown, FR_OK);
}

void fr_conn_finish(fr_conn *conn, uint32_t linger_ms)
{
    if (fr_conn_is_closing(conn))
        return;
    conn->flags |= FR_CONN_FINISHING;
    conn->flags &= ~(uint32_t)FR_CONN_PAUSED;
    fr_conn_set_due_(conn, fr_loop_in_ms(conn->loop, linger_ms ? linger_ms : LINGER_MS));
    if (!(conn->flags & FR_CONN_IN_CALL)) {
        fr_free(conn->carry);
        conn->carry = NULL;
    }
    fr_conn_rearm_(conn);
    fr_conn_mark_dirty_(conn); /* the flush at the end of the pass closes our half */
}

/* ---- deadlines ---- */

void fr_conn_deadline_passed_(fr_conn *conn)
{
    if (!(conn->flags & FR_CONN_FINISHING)) {
        call_or_close(conn, conn->proto->on_deadline, FR_ETIMEOUT);
        return;
    }
    bool has_all_left = conn->flags & FR_CONN_SHUT;
    if (!has_all_left)
        fr_limit_hit_by(conn, FR_LIMIT_SEND_TIME);
    fr_conn_close(conn, has_all_left ? FR_OK : FR_ETIMEOUT);
}

void fr_conn_set_deadline(fr_conn *conn, uint32_t ms)
{
    if (!fr_conn_is_closing(conn))
        fr_conn_set_due_(conn, ms ? fr_loop_in_ms(conn->loop, ms) : 0);
}

/* ---- reading ---- */

/* Room for `cap` bytes in the carry, which keeps what it has. */
static bool grow_carry(fr_conn *conn, size_t cap)
{
    fr_carry *carry = conn->carry;
    if (carry && carry->cap >= cap)
        return true;
    if (cap > UINT32_MAX / 2)
        return false;
    fr_carry *grown = fr_realloc(carry, sizeof *carry + cap + FR_CONN_PAD);
    if (!grown)
        return false;
    if (!carry)
        grown->n = 0;
    grown->cap = (uint32_t)cap;
    conn->carry = grown;
    return true;
}

/* Keep n bytes that were not consumed. They lie in the loop's buffer or in the carry itself. */
static void keep(fr_conn *conn, const uint8_t *bytes, size_t n)
{
    if (!n) {
        fr_free(conn->carry);
        conn->carry = NULL;
        return;
    }
    fr_carry *carry = conn->carry;
    bool is_own = carry && (uintptr_t)bytes - (uintptr_t)carry->bytes <= carry->cap;
    if (!is_own) {
        /* A message that comes in many pieces doubles its carry; a first rest gets what it
         * needs. */
        size_t cap = carry && n > carry->cap ? n * 2 : n;
        if (!grow_carry(conn, cap)) {
            fr_conn_close(conn, FR_ENOMEM);
            return;
        }
        carry = conn->carry;
    }
    memmove(carry->bytes, bytes, n);
    carry->n = (uint32_t)n;
}

/* Hand bytes to the protocol; what it leaves is kept. A protocol that was exchanged meanwhile
 * (upgrade) gets the rest at once. */
static void deliver(fr_conn *conn, uint8_t *bytes, size_t n)
{
    const fr_proto *proto;
    size_t used = 0;
    fr_sending_hint_(conn->loop, n);
    do {
        proto = conn->proto;
        before_call(conn);
        size_t consumed = proto->on_data(conn, bytes + used, n - used);
        assert(consumed <= n - used);
        used += consumed;
        if (FR_UNLIKELY(!after_call(conn)))
            return; /* the carry is gone with conn */
    } while (used < n && conn->proto != proto &&
             !(conn->flags & (FR_CONN_PAUSED | FR_CONN_FINISHING)));
    if (FR_UNLIKELY(conn->flags & FR_CONN_FINISHING))
        used = n;
    if (FR_UNLIKELY(used < n || conn->carry))
        keep(conn, bytes + used, n - used);
}

/* Reading was resumed, and what is kept has not been delivered yet: that comes before the end. */
static void deliver_before_eof(fr_conn *conn)
{
    if (!conn->carry || !(conn->flags & FR_CONN_REDELIVER) || conn->flags & FR_CONN_FINISHING)
        return;
    deliver(conn, conn->carry->bytes, conn->carry->n);
    if (conn->flags & FR_CONN_PAUSED)
        conn->flags |= FR_CONN_HUNG; /* found again when conn reads on */
}

static void tell_eof(fr_conn *conn)
{
    conn->flags |= FR_CONN_EOF;
    if (conn->flags & FR_CONN_SHUT) {
        fr_conn_close(conn, FR_OK);
        return;
    }
    fr_conn_rearm_(conn);
    if (!(conn->flags & FR_CONN_FINISHING)) /* else the flush closes it */
        call_or_close(conn, conn->proto->on_eof, FR_ECANCELED);
}

static void reached_eof(fr_conn *conn)
{
    deliver_before_eof(conn);
    if (FR_LIKELY(!(conn->flags & (FR_CONN_DEAD_ | FR_CONN_PAUSED))))
        tell_eof(conn);
    else
        fr_conn_rearm_(conn);
}

static void receive_failed(fr_conn *conn, int error)
{
    if (error != EAGAIN && error != EINTR)
        fr_conn_close(conn, conn->flags & FR_CONN_SHUT ? FR_OK : FR_ECANCELED);
}

/*
 * One recv an event: level-triggered epoll tells again if there is more. Few kept bytes are put
 * before the new ones in the loop's buffer; many stay where they are, and the socket is read
 * behind them, so that a message of n bytes is not copied n / 512 KiB times over.
 */
static void read_some(fr_conn *conn)
{
    fr_loop *loop = conn->loop;
    size_t kept = conn->carry ? conn->carry->n : 0, room = FR_RECEIVE_BYTES;
    uint8_t *bytes = loop->received;
    if (FR_UNLIKELY(kept > CARRY_COPY_BYTES)) {
        bool is_tight = conn->carry->cap - kept < CARRY_ROOM_BYTES;
        if (is_tight && !grow_carry(conn, kept * 2 + CARRY_ROOM_BYTES)) {
            fr_conn_close(conn, FR_ENOMEM);
            return;
        }
        bytes = conn->carry->bytes;
        room = conn->carry->cap;
    }
    ssize_t got = recv(conn->fd, bytes + kept, room - kept, MSG_DONTWAIT);
    if (FR_UNLIKELY(got <= 0)) {
        if (got == 0)
            reached_eof(conn);
        else
            receive_failed(conn, errno);
        return;
    }
    fr_count_(&loop->counts.bytes_in, (size_t)got);
    if (FR_UNLIKELY(conn->flags & FR_CONN_FINISHING))
        return; /* thrown away */
    if (FR_UNLIKELY(kept)) {
        if (bytes == loop->received)
            memcpy(bytes, conn->carry->bytes, kept);
        else
            conn->carry->n += (uint32_t)got;
    }
    deliver(conn, bytes, kept + (size_t)got);
}

/* The peer has closed its half while we do not read. If nothing waits before that, the protocol is
 * told now (a handler may be working for nobody); else when it reads again. */
static void hung_while_paused(fr_conn *conn)
{
    char byte;
    if (!conn->carry && recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) {
        tell_eof(conn);
    } else {
        conn->flags |= FR_CONN_HUNG;
        fr_conn_rearm_(conn);
    }
}

/* The socket has room again. */
static void write_more(fr_conn *conn)
{
    conn->flags &= ~(uint32_t)FR_CONN_BLOCKED;
    fr_dirty_forget_(conn); /* conn may stand among those for which there was no time */
    fr_out_flush_(conn);
    if (conn->flags & FR_CONN_BLOCKED)
        return;
    fr_conn_rearm_(conn);
    if (!(conn->flags & (FR_CONN_DEAD_ | FR_CONN_FINISHING)) && conn->proto->on_drain)
        call_or_close(conn, conn->proto->on_drain, FR_OK);
}

void fr_conn_on_events_(fr_conn *conn, bool can_read, bool can_write, bool is_hung, bool is_broken)
{
    if (FR_UNLIKELY(conn->flags & FR_CONN_DEAD_))
        return; /* conn was closed in this pass; the event is from before */
    if (FR_UNLIKELY(can_write && conn->flags & FR_CONN_BLOCKED)) {
        write_more(conn);
        if (conn->flags & FR_CONN_DEAD_)
            return;
    }
    if (FR_UNLIKELY(conn->flags & (FR_CONN_PAUSED | FR_CONN_EOF))) {
        if (is_broken)
            fr_conn_close(conn, conn->flags & FR_CONN_FINISHING ? FR_OK : FR_ECANCELED);
        else if (is_hung && !(conn->flags & FR_CONN_EOF))
            hung_while_paused(conn);
        else /* pausing itself makes no system call: most pauses are over before more comes */
            fr_conn_rearm_(conn);
        return;
    }
    if (FR_LIKELY(can_read || is_broken || is_hung))
        read_some(conn);
}

/*
 * While the process was stopped, or a handler computed, more may have come than one wait tells and one pass delivers; a peer
 * is not late for that. So a connection whose deadline has passed is asked by itself: what was kept of it, what its socket
 * has, whether that has room again. Once, for what comes later is late.
 */
void fr_conn_catch_up_(fr_conn *conn)
{
    if (conn->carry && conn->flags & FR_CONN_REDELIVER &&
        !(conn->flags & (FR_CONN_DEAD_ | FR_CONN_PAUSED | FR_CONN_FINISHING)))
        deliver(conn, conn->carry->bytes, conn->carry->n);
    if (conn->flags & FR_CONN_DEAD_)
        return;
    uint32_t flags = conn->flags;
    struct pollfd look = {.fd = conn->fd,
                          .events = (short)((flags & FR_CONN_ARMED_IN ? POLLIN : 0) |
                                            (flags & FR_CONN_ARMED_OUT ? POLLOUT : 0) |
                                            (flags & FR_CONN_ARMED_HUP ? POLLRDHUP : 0))};
    if (poll(&look, 1, 0) > 0)
        fr_conn_on_events_(conn, look.revents & POLLIN, look.revents & POLLOUT,
                           look.revents & POLLRDHUP, look.revents & (POLLERR | POLLHUP));
}

/* ---- pausing ---- */

static void redeliver_soon(fr_conn *conn)
{
    if (conn->flags & FR_CONN_REDELIVER)
        return;
    conn->flags |= FR_CONN_REDELIVER;
    conn->next = conn->loop->conn_lists.redeliver;
    conn->loop->conn_lists.redeliver = conn;
}

void fr_conn_pause_read(fr_conn *conn)
{
    if (!fr_conn_is_closing(conn))
        conn->flags |= FR_CONN_PAUSED;
}

void fr_conn_resume_read(fr_conn *conn)
{
    if (!(conn->flags & FR_CONN_PAUSED) || fr_conn_is_closing(conn))
        return;
    conn->flags &= ~(uint32_t)FR_CONN_PAUSED;
    if (conn->carry || conn->flags & FR_CONN_IN_CALL)
        redeliver_soon(conn); /* first: one that fails is in one list alone */
    fr_conn_rearm_(conn);
}

void fr_conn_set_proto(fr_conn *conn, const fr_proto *proto, void *user)
{
    conn->proto = proto;
    conn->user = user;
    if (conn->carry && !(conn->flags & FR_CONN_IN_CALL))
        redeliver_soon(conn);
}

void fr_conns_redeliver_(fr_loop *loop)
{
    fr_conn *conn = loop->conn_lists.redeliver, *next;
    loop->conn_lists.redeliver = NULL; /* those that come anew wait for the next round */
    for (; conn; conn = next) {
        next = conn->next;
        conn->flags &= ~(uint32_t)FR_CONN_REDELIVER;
        if (conn->flags & FR_CONN_CLOSED)
            put_among_zombies(conn);
        else if (conn->flags & FR_CONN_CLOSING)
            close_now(conn);
        else if (conn->carry && !(conn->flags & (FR_CONN_PAUSED | FR_CONN_FINISHING)))
            deliver(conn, conn->carry->bytes, conn->carry->n);
    }
}
