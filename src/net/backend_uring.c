/*
 * The io_uring back end: it waits and receives by epoll, and sends to many connections by one system call.
 *
 *   dirty connections   c1 c2 c3 … c256 | c257 …        a batch: one request each, submitted together
 *   what each sends     its one stretch, or its few small ones copied side by side into the loop's gather buffer
 *
 * A request never waits in the kernel: MSG_DONTWAIT makes it complete while it is submitted, with the bytes that the
 * socket took or with EAGAIN, as send() would. So when send_all returns none is under way, and what was sent may be freed.
 *
 * The ring is made on the loop's thread, by the first batch: a loop that never sends to many has none. A loop whose ring
 * fails goes on without.
 */
#include "net/backend_epoll.h"

#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"

enum {
    /* Requests of a system call, and a chunk of output: 2 ms of sending if all are cold. Fan-out to 1,000 and 10,000, of
     * the epoll back end's cost: 64 requests 0.92 and 0.97, 256 0.87 and 0.91, 512 0.78 and 0.87, 1,024 0.80 and 0.85. */
    BATCH = 512,
    /* More output than this is sent by itself: a system call is little then, and what was written a moment ago is
     * still in the cache. */
    PIECE_BYTES = FR_GATHER_BYTES,
};

struct fr_uring {
    struct io_uring ring;
    bool is_open;
    bool is_broken; /* this loop sends without */
    uint32_t count;
    size_t gathered;       /* of the loop's room for it */
    fr_conn *batch[BATCH]; /* in the order of the requests */
};

/* ---- is it to be had? ---- */

/* liburing maps memory behind ThreadSanitizer's back: where one thread had its ring, another one's may come to stand. So
 * that a ring was given back before the next was made has to be said. */
#if FR_ON_TSAN_
void __tsan_acquire(void *at);
void __tsan_release(void *at);
static char given_back;
#define FR_RING_MADE_() __tsan_acquire(&given_back)
#define FR_RING_GOES_() __tsan_release(&given_back)
#else
#define FR_RING_MADE_() ((void)0)
#define FR_RING_GOES_() ((void)0)
#endif

/* SUBMIT_ALL: a request that fails does not hold up those behind it. */
static int open_ring(unsigned entries, struct io_uring *ring)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE,
        .cq_entries = entries,
    };
    int result = io_uring_queue_init_params(entries, ring, &params);
    FR_RING_MADE_();
    return result;
}

static void close_ring(struct io_uring *ring)
{
    FR_RING_GOES_();
    io_uring_queue_exit(ring);
}

static void prepare(struct io_uring *ring, int fd, fr_str piece, void *data)
{
    struct io_uring_sqe *request = io_uring_get_sqe(ring);
    io_uring_prep_send(request, fd, piece.p, piece.n, FR_SEND_FLAGS);
    io_uring_sqe_set_data(request, data);
}

/* Send one byte as a batch does. Returns 0 or a negative errno: a filter may allow a ring to be made and forbid its use. */
static int try_send(struct io_uring *ring)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
        return -errno;
    prepare(ring, fds[0], FR_STR("x"), NULL);
    int result = io_uring_submit_and_get_events(ring);
    struct io_uring_cqe *done;
    if (result >= 0)
        result = io_uring_peek_cqe(ring, &done) ? -EOPNOTSUPP : done->res;
    close(fds[0]);
    close(fds[1]);
    return result < 0 ? result : 0;
}

static const char *reason(int error)
{
    switch (error) {
    case ENOSYS: return "this system has no io_uring";
    case EPERM:
    case EACCES: return "io_uring is forbidden here (seccomp, or kernel.io_uring_disabled)";
    case EINVAL:
    case EOPNOTSUPP: return "io_uring of this kernel is too old; it takes Linux 6.1";
    case ENOMEM: return "no memory for io_uring (ulimit -l)";
    default: return strerrordesc_np(error);
    }
}

/* NULL: io_uring is to be had. */
static const char *why_not(void)
{
    struct io_uring ring;
    int result = open_ring(1, &ring);
    if (result == 0) {
        result = try_send(&ring);
        close_ring(&ring);
    }
    return result == 0 ? NULL : reason(-result);
}

const fr_backend *fr_backend_for_(fr_io io, const char **why)
{
    *why = io == FR_IO_EPOLL ? NULL : why_not();
    if (io == FR_IO_URING && *why)
        return NULL;
    return io == FR_IO_EPOLL || *why ? &fr_backend_epoll : &fr_backend_uring;
}

/* ---- the ring of a loop ---- */

static void give_up(fr_loop *loop, int error)
{
    loop->batching.uring->is_broken = true;
    FR_WARN("net.io", FR_KV_I("worker", loop->index), FR_KV_C("send", "epoll"),
            FR_KV_C("why", reason(error)));
}

/* Files that have run out are no reason to give up: a connection that closes makes room for the ring. */
static bool make_ring(fr_loop *loop, fr_uring *uring)
{
    int result = open_ring(BATCH, &uring->ring);
    uring->is_open = result == 0;
    if (result < 0 && result != -EMFILE && result != -ENFILE)
        give_up(loop, -result);
    return uring->is_open;
}

/* NULL: send without. */
static fr_uring *uring_of(fr_loop *loop)
{
    if (FR_UNLIKELY(!loop->batching.uring))
        loop->batching.uring = fr_zalloc(sizeof *loop->batching.uring);
    fr_uring *uring = loop->batching.uring;
    if (FR_UNLIKELY(!uring || uring->is_broken))
        return NULL;
    return FR_LIKELY(uring->is_open) || make_ring(loop, uring) ? uring : NULL;
}

static void uring_close(fr_loop *loop)
{
    if (loop->batching.uring && loop->batching.uring->is_open)
        close_ring(&loop->batching.uring->ring);
    fr_free(loop->batching.uring);
    loop->batching.uring = NULL;
    fr_epoll_close_(loop);
}

/* ---- sending a batch ---- */

/* Returns how many the kernel took: all, unless the ring fails. */
static uint32_t submit(fr_loop *loop, fr_uring *uring)
{
    uint32_t taken = 0;
    while (taken < uring->count) {
        int result = io_uring_submit_and_get_events(&uring->ring);
        if (result > 0)
            taken += (uint32_t)result;
        else if (result != -EINTR) {
            give_up(loop, result ? -result : EIO);
            break;
        }
    }
    return taken;
}

/* All `count` completions are there already, since nothing sent here waits: so the kernel promises. They make
 * the buffers ours again, so they are waited for and not believed in. */
static void wait_for_completions(fr_uring *uring, uint32_t count)
{
    struct io_uring_cqe *first;
    while (io_uring_cq_ready(&uring->ring) < count)
        (void)io_uring_wait_cqe_nr(&uring->ring, &first, count);
}

static void settle(fr_uring *uring, uint32_t count)
{
    unsigned head;
    struct io_uring_cqe *done;
    io_uring_for_each_cqe(&uring->ring, head, done)
    {
        fr_conn *conn = io_uring_cqe_get_data(done);
        if (FR_UNLIKELY(fr_out_sent_(conn, conn->out->pending, done->res)))
            fr_out_flush_(conn);
    }
    io_uring_cq_advance(&uring->ring, count);
}

static void send_batch(fr_loop *loop, fr_uring *uring)
{
    uint32_t taken = submit(loop, uring);
    wait_for_completions(uring, taken);
    settle(uring, taken);
    for (uint32_t i = taken; i < uring->count; i++)
        fr_out_flush_(uring->batch[i]);
    uring->count = 0;
    uring->gathered = 0;
}

/* The whole output of a connection as one piece; false: the batch has no room for it. */
static bool take_piece(const fr_conn *conn, fr_uring *uring, fr_str *piece)
{
    char *room = fr_sending_room_(conn->loop) + uring->gathered;
    if (uring->count == BATCH ||
        !fr_out_piece_(conn, room, FR_GATHER_BYTES - uring->gathered, piece))
        return false;
    if (piece->p == room)
        uring->gathered += piece->n;
    return true;
}

static void send_alone(fr_conn *conn, fr_uring *uring)
{
    if (uring->gathered) /* the gather buffer is wanted */
        send_batch(conn->loop, uring);
    fr_out_flush_(conn);
}

static void queue(fr_conn *conn, fr_uring *uring)
{
    fr_str piece;
    if (!fr_out_begin_(conn))
        return;
    if (FR_UNLIKELY(conn->out->pending > PIECE_BYTES)) {
        send_alone(conn, uring);
        return;
    }
    if (FR_UNLIKELY(!take_piece(conn, uring, &piece))) {
        send_batch(conn->loop, uring);
        (void)take_piece(conn, uring, &piece); /* an empty batch has room */
    }
    if (FR_UNLIKELY(uring->is_broken)) {
        fr_out_flush_(conn);
        return;
    }
    prepare(&uring->ring, conn->fd, piece, conn);
    uring->batch[uring->count++] = conn;
}

static void uring_send_all(fr_loop *loop, fr_conn **conns, size_t count)
{
    fr_uring *uring = count >= loop->batching.from ? uring_of(loop) : NULL;
    if (!uring) {
        fr_epoll_send_all_(loop, conns, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        fr_conns_look_ahead_(conns, i, count, 4);
        queue(conns[i], uring);
    }
    send_batch(loop, uring);
}

void fr_batching_init_(fr_loop *loop, fr_io io)
{
    loop->batching.from = io == FR_IO_URING ? 1 : FR_BATCH_FROM;
}

const fr_backend fr_backend_uring = {
    .name = "io_uring",
    .open = fr_epoll_open_,
    .close = uring_close,
    .arm = fr_epoll_arm_,
    .rearm = fr_epoll_rearm_,
    .disarm = fr_epoll_disarm_,
    .listen = fr_epoll_listen_,
    .send_all = uring_send_all,
    .chunk = BATCH,
    .wait = fr_epoll_wait_,
    .wake = fr_epoll_wake_,
};
