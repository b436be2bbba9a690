/*
 * Output of a connection: a queue of stretches (fr_seg), each in a chunk that small writes are
 * copied into, in a shared block, or in memory taken over. Chunks come from those the loop has to
 * spare, last in first out, and go back right after a full send: the same few stay in the cache,
 * and an idle connection holds nothing.
 *
 * One send a pass: a single stretch by send(), several small ones gathered into one buffer
 * (cheaper than a vector), others by sendmsg().
 */
#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/alloc.h"
#include "net/net_int.h"

enum {
    VECTOR_MAX = 64, /* 1 KiB of stack; what is beyond leaves by the next send */
    UNITS_MAX = UINT16_MAX,
};

fr_err fr_sending_init_(fr_loop *loop)
{
    loop->sending.gather = fr_malloc(FR_GATHER_BYTES);
    return loop->sending.gather ? FR_OK : FR_ENOMEM;
}

void fr_sending_deinit_(fr_loop *loop)
{
    fr_free(loop->sending.gather);
}

/* ---- chunks and queues ---- */

/* What a chunk is allocated with. */
static size_t chunk_bytes(int size_class)
{
    return fr_spare_kinds_[FR_SPARE_CHUNKS + size_class].bytes;
}

static fr_chunk *chunk_new(fr_loop *loop, size_t n, size_t pending)
{
    /* Grows with what is pending: a blocked connection that has little holds little, one that has
     * much few chunks. Who sent much at once gets one chunk, and so one send, for the answers. */
    int size_class = pending < (size_t)4 << 10 && loop->sending.delivered_bytes < (size_t)4 << 10
                         ? FR_CHUNK_SMALL
                     : pending < (size_t)16 << 10 ? FR_CHUNK_MEDIUM
                                                  : FR_CHUNK_LARGE;
    size_t need = n + sizeof(fr_chunk) + FR_CHUNK_ALLOCATOR_BYTES;
    while (size_class < FR_CHUNK_CLASSES && chunk_bytes(size_class) < need)
        size_class++;
    fr_chunk *chunk;
    if (size_class < FR_CHUNK_CLASSES &&
        (chunk = fr_spare_take_(loop, FR_SPARE_CHUNKS + size_class))) {
        chunk->units = 0;
        return chunk;
    }
    size_t bytes = size_class < FR_CHUNK_CLASSES ? chunk_bytes(size_class) : need;
    chunk = fr_malloc(bytes - FR_CHUNK_ALLOCATOR_BYTES);
    if (!chunk)
        return NULL;
    chunk->cap = (uint32_t)(bytes - FR_CHUNK_ALLOCATOR_BYTES - sizeof *chunk);
    chunk->units = 0;
    chunk->size_class = (uint16_t)size_class;
    return chunk;
}

static void chunk_free(fr_loop *loop, fr_chunk *chunk)
{
    if (chunk->size_class == FR_CHUNK_OWN)
        fr_free(chunk);
    else
        fr_spare_put_(loop, FR_SPARE_CHUNKS + chunk->size_class, chunk);
}

/* The connection's queue, made if it has none; NULL: out of memory. */
static fr_out *out_of(fr_conn *conn)
{
    if (conn->out)
        return conn->out;
    fr_loop *loop = conn->loop;
    fr_out *out = fr_spare_take_(loop, FR_SPARE_OUTS);
    if (!out && !(out = fr_malloc(sizeof *out)))
        return NULL;
    out->segs = out->few;
    out->first = out->count = 0;
    out->cap = FR_SEGS_INLINE;
    out->pending = out->counted = 0;
    return conn->out = out;
}

static fr_chunk *chunk_of(const fr_seg *seg)
{
    return FR_CONTAINER_(seg->bytes, fr_chunk, bytes);
}

static void seg_free(fr_loop *loop, fr_seg *seg)
{
    switch (seg->kind) {
    case FR_SEG_CHUNK: chunk_free(loop, chunk_of(seg)); break;
    case FR_SEG_BLOCK: fr_block_unref(FR_CONTAINER_(seg->bytes, fr_block, bytes)); break;
    default: fr_free(seg->bytes);
    }
}

/* Give the queue back: everything has left, or is dropped. */
void fr_out_free_(fr_conn *conn)
{
    fr_loop *loop = conn->loop;
    fr_out *out = conn->out;
    if (!out)
        return;
    conn->out = NULL;
    for (uint32_t i = 0; i < out->count; i++)
        seg_free(loop, &out->segs[out->first + i]);
    if (out->segs != out->few)
        fr_free(out->segs);
    fr_spare_put_(loop, FR_SPARE_OUTS, out);
}

/* ---- queueing ---- */

/* Room for one more stretch after the last; false: out of memory. */
static bool seg_room(fr_out *out)
{
    if (FR_LIKELY(out->first + out->count < out->cap))
        return true;
    if (out->first > out->cap / 2) { /* half of it is sent */
        memmove(out->segs, out->segs + out->first, out->count * sizeof *out->segs);
        out->first = 0;
        return true;
    }
    uint32_t cap = out->cap * 4;
    fr_seg *segs = out->segs == out->few ? fr_malloc(cap * sizeof *segs)
                                         : fr_realloc(out->segs, cap * sizeof *segs);
    if (!segs)
        return false;
    if (out->segs == out->few)
        memcpy(segs, out->few, sizeof out->few);
    out->segs = segs;
    out->cap = cap;
    return true;
}

static fr_seg *last_seg(fr_out *out)
{
    return &out->segs[out->first + out->count - 1];
}

/* May n bytes be queued? */
static fr_err admit(const fr_conn *conn, size_t n)
{
    if (FR_UNLIKELY(fr_conn_is_closing(conn)))
        return FR_ECANCELED;
    size_t counted = conn->out ? conn->out->counted : 0;
    if (FR_UNLIKELY(n > conn->out_bound || counted > conn->out_bound - n))
        return FR_ETOOBIG;
    return FR_OK;
}

static size_t unit_notes(const fr_chunk *chunk)
{
    return chunk->units * sizeof(uint32_t);
}

/* Bytes of the chunk free after `used`, when one more unit is noted. */
static size_t chunk_room(const fr_chunk *chunk, uint32_t used)
{
    size_t taken = used + unit_notes(chunk) + 2 * sizeof(uint32_t); /* one for alignment */
    return chunk->units < UNITS_MAX && taken < chunk->cap ? chunk->cap - taken : 0;
}

/* Of units 1 … units-1: the first starts at 0. */
static uint32_t *unit_start(fr_chunk *chunk, unsigned unit)
{
    uintptr_t end = (uintptr_t)(chunk->bytes + chunk->cap) & ~(uintptr_t)3;
    return (uint32_t *)end - unit;
}

/* Room for a unit of n bytes in one piece; the connection is marked. Nothing is queued until
 * commit(). */
static fr_err make_room(fr_conn *conn, size_t n, char **at)
{
    FR_TRY(admit(conn, n));
    fr_out *out = out_of(conn);
    if (FR_UNLIKELY(!out))
        return FR_ENOMEM;
    fr_conn_mark_dirty_(conn); /* also gives the queue back if nothing is written into it */
    if (out->count) {
        fr_seg *seg = last_seg(out);
        if (seg->kind == FR_SEG_CHUNK && chunk_room(chunk_of(seg), seg->end) >= n) {
            *at = seg->bytes + seg->end;
            return FR_OK;
        }
    }
    fr_chunk *chunk = seg_room(out) ? chunk_new(conn->loop, n, out->pending) : NULL;
    if (FR_UNLIKELY(!chunk))
        return FR_ENOMEM;
    out->count++;
    *last_seg(out) = (fr_seg){.bytes = chunk->bytes, .kind = FR_SEG_CHUNK, .is_counted = true};
    *at = chunk->bytes;
    return FR_OK;
}

static void commit(fr_conn *conn, size_t n)
{
    fr_out *out = conn->out;
    fr_seg *seg = last_seg(out);
    fr_chunk *chunk = chunk_of(seg);
    if (chunk->units)
        *unit_start(chunk, chunk->units) = seg->end;
    chunk->units++;
    seg->end += (uint32_t)n;
    out->pending += n;
    out->counted += n;
    conn->loop->sending.copied_bytes += n;
}

fr_err fr_conn_write(fr_conn *conn, const void *bytes, size_t n)
{
    char *at;
    FR_TRY(make_room(conn, n, &at));
    if (!n)
        return FR_OK;
    memcpy(at, bytes, n);
    commit(conn, n);
    return FR_OK;
}

fr_err fr_conn_write2(fr_conn *conn, fr_str head, fr_str body)
{
    char *at;
    if (head.n > SIZE_MAX - body.n)
        return FR_ETOOBIG;
    FR_TRY(make_room(conn, head.n + body.n, &at));
    if (head.n)
        memcpy(at, head.p, head.n);
    if (body.n)
        memcpy(at + head.n, body.p, body.n);
    if (head.n + body.n)
        commit(conn, head.n + body.n);
    return FR_OK;
}

char *fr_conn_reserve(fr_conn *conn, size_t n)
{
    assert(n <= FR_CONN_RESERVE_BYTES);
    char *at;
    return make_room(conn, n, &at) == FR_OK ? at : NULL;
}

void fr_conn_commit(fr_conn *conn, size_t n)
{
    if (n)
        commit(conn, n);
}

/* Queue a stretch that is not in a chunk of ours. The queue owns it on success. */
static fr_err push(fr_conn *conn, fr_seg seg)
{
    fr_out *out = out_of(conn);
    if (!out)
        return FR_ENOMEM;
    fr_conn_mark_dirty_(conn);
    if (!seg_room(out))
        return FR_ENOMEM;
    out->count++;
    *last_seg(out) = seg;
    out->pending += seg.end - seg.pos;
    if (seg.is_counted)
        out->counted += seg.end - seg.pos;
    return FR_OK;
}

fr_err fr_conn_write_block(fr_conn *conn, fr_block *block, size_t start, bool is_counted)
{
    assert(start <= block->size);
    FR_TRY(admit(conn, is_counted ? block->size - start : 0));
    FR_TRY(push(conn, (fr_seg){.bytes = block->bytes,
                               .start = (uint32_t)start,
                               .pos = (uint32_t)start,
                               .end = block->size,
                               .kind = FR_SEG_BLOCK,
                               .is_counted = is_counted}));
    fr_block_ref(block);
    return FR_OK;
}

fr_err fr_conn_write_take(fr_conn *conn, char *bytes, size_t n)
{
    fr_err err = admit(conn, n);
    if (err == FR_OK)
        err = push(
            conn,
            (fr_seg){.bytes = bytes, .end = (uint32_t)n, .kind = FR_SEG_TAKEN, .is_counted = true});
    if (err != FR_OK)
        fr_free(bytes);
    return err;
}

size_t fr_conn_pending(const fr_conn *conn)
{
    return conn->out ? conn->out->pending : 0;
}

void fr_conn_set_bound(fr_conn *conn, size_t bytes)
{
    /* Positions in a stretch have 32 bits. */
    conn->out_bound = bytes < INT32_MAX ? (uint32_t)bytes : INT32_MAX;
}

/* ---- dropping ---- */

/* Where the unit that has been begun ends; seg->pos if none has been begun. */
static uint32_t started_end(fr_seg *seg)
{
    if (seg->pos == seg->start)
        return seg->pos;
    if (seg->kind != FR_SEG_CHUNK)
        return seg->end;
    fr_chunk *chunk = chunk_of(seg);
    for (unsigned unit = 1; unit < chunk->units; unit++)
        if (*unit_start(chunk, unit) >= seg->pos)
            return *unit_start(chunk, unit);
    return seg->end;
}

static void uncount(fr_out *out, const fr_seg *seg, size_t n)
{
    out->pending -= n;
    if (seg->is_counted)
        out->counted -= n;
}

void fr_conn_drop_pending(fr_conn *conn)
{
    fr_out *out = conn->out;
    if (!out || !out->count)
        return;
    fr_seg *seg = &out->segs[out->first];
    uint32_t end = started_end(seg);
    uint32_t kept = end > seg->pos;
    for (uint32_t i = kept; i < out->count; i++) {
        uncount(out, &seg[i], seg[i].end - seg[i].pos);
        seg_free(conn->loop, &seg[i]);
    }
    out->count = kept;
    if (kept) {
        uncount(out, seg, seg->end - end);
        seg->end = end;
        if (seg->kind == FR_SEG_CHUNK)
            while (chunk_of(seg)->units > 1 &&
                   *unit_start(chunk_of(seg), chunk_of(seg)->units - 1u) >= end)
                chunk_of(seg)->units--;
    }
}

/* ---- sending ---- */

/* n bytes have left: move on, free what is through. */
static void advance(fr_conn *conn, size_t n)
{
    fr_out *out = conn->out;
    while (out->count) {
        fr_seg *seg = &out->segs[out->first];
        size_t rest = seg->end - seg->pos;
        if (n < rest) {
            seg->pos += (uint32_t)n;
            uncount(out, seg, n);
            return;
        }
        uncount(out, seg, rest);
        n -= rest;
        seg_free(conn->loop, seg);
        out->first++;
        out->count--;
    }
    out->first = 0;
}

bool fr_out_piece_(const fr_conn *conn, char *room, size_t room_bytes, fr_str *piece)
{
    const fr_out *out = conn->out;
    const fr_seg *seg = &out->segs[out->first];
    if (FR_LIKELY(out->count == 1)) {
        *piece = (fr_str){seg->bytes + seg->pos, seg->end - seg->pos};
        return true;
    }
    if (out->pending > room_bytes)
        return false;
    char *at = room;
    for (uint32_t i = 0; i < out->count; i++) {
        memcpy(at, seg[i].bytes + seg[i].pos, seg[i].end - seg[i].pos);
        at += seg[i].end - seg[i].pos;
    }
    *piece = (fr_str){room, out->pending};
    return true;
}

static ssize_t send_vector(fr_conn *conn, size_t *asked)
{
    const fr_out *out = conn->out;
    struct iovec vector[VECTOR_MAX];
    uint32_t count = out->count < VECTOR_MAX ? out->count : VECTOR_MAX;
    *asked = 0;
    for (uint32_t i = 0; i < count; i++) {
        const fr_seg *seg = &out->segs[out->first + i];
        vector[i] = (struct iovec){seg->bytes + seg->pos, seg->end - seg->pos};
        *asked += vector[i].iov_len;
    }
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = count};
    return sendmsg(conn->fd, &message, FR_SEND_FLAGS | conn->loop->sending.more);
}

/* One send of what stands first. Returns bytes or a negative errno, as a completion of io_uring does. */
static ssize_t send_some(fr_conn *conn, size_t *asked)
{
    fr_loop *loop = conn->loop;
    fr_str piece;
    ssize_t sent;
    if (FR_LIKELY(fr_out_piece_(conn, loop->sending.gather, FR_GATHER_BYTES, &piece))) {
        *asked = piece.n;
        sent = send(conn->fd, piece.p, piece.n, FR_SEND_FLAGS | loop->sending.more);
    } else {
        sent = send_vector(conn, asked);
    }
    return FR_LIKELY(sent >= 0) ? sent : -errno;
}

static void block_until_writable(fr_conn *conn)
{
    conn->flags |= FR_CONN_BLOCKED;
    fr_conn_rearm_(conn);
}

/* All has left of a connection that finishes: close our half, then wait for the peer's. */
static void finish_output(fr_conn *conn)
{
    if (conn->flags & FR_CONN_SHUT)
        return;
    conn->flags |= FR_CONN_SHUT;
    if (conn->flags & FR_CONN_EOF || shutdown(conn->fd, SHUT_WR))
        fr_conn_fail_(conn, FR_OK);
}

/* Nothing is left to send. */
static void all_has_left(fr_conn *conn)
{
    fr_out_free_(conn);
    if (FR_UNLIKELY(conn->flags & FR_CONN_FINISHING))
        finish_output(conn);
}

bool fr_out_begin_(fr_conn *conn)
{
    conn->dirty_slot = 0;
    if (conn->flags & (FR_CONN_BLOCKED | FR_CONN_DEAD_))
        return false; /* the back end tells when there is room */
    if (FR_LIKELY(conn->out && conn->out->pending))
        return true;
    all_has_left(conn);
    return false;
}

static void send_failed(fr_conn *conn, int error)
{
    if (error == EAGAIN)
        block_until_writable(conn);
    else
        fr_conn_fail_(conn, FR_ECANCELED);
}

bool fr_out_sent_(fr_conn *conn, size_t asked, ssize_t sent)
{
    if (FR_UNLIKELY(sent < 0)) {
        if (sent != -EINTR)
            send_failed(conn, (int)-sent);
        return sent == -EINTR;
    }
    fr_count_(&conn->loop->counts.bytes_out, (size_t)sent);
    advance(conn, (size_t)sent);
    if (FR_UNLIKELY((size_t)sent < asked)) { /* full: another send would only say so */
        block_until_writable(conn);
        return false;
    }
    if (FR_UNLIKELY(conn->out->pending))
        return true;
    all_has_left(conn);
    return false;
}

void fr_out_flush_(fr_conn *conn)
{
    if (!fr_out_begin_(conn))
        return;
    size_t asked;
    ssize_t sent;
    do
        sent = send_some(conn, &asked);
    while (fr_out_sent_(conn, asked, sent));
}

void fr_conn_flush(fr_conn *conn)
{
    uint32_t slot = conn->dirty_slot; /* conn stays in the list of this pass */
    if (fr_conn_is_closing(conn))
        return;
    fr_out_flush_(conn);
    conn->dirty_slot = slot;
}

/* ---- files ---- */

/* The kernel keeps the end of what is queued, so that it leaves together with what follows. */
static void flush_with_more(fr_conn *conn)
{
    conn->loop->sending.more = MSG_MORE;
    fr_conn_flush(conn);
    conn->loop->sending.more = 0;
}

static fr_err send_file_failed(fr_conn *conn, int error)
{
    if (error == EAGAIN)
        block_until_writable(conn);
    if (error == EAGAIN || error == EINTR)
        return FR_OK;
    if (error != EPIPE && error != ECONNRESET)
        return FR_EIO;
    fr_conn_fail_(conn, FR_ECANCELED);
    return FR_ECANCELED;
}

fr_err fr_conn_send_file(fr_conn *conn, int file, uint64_t at, size_t n, size_t *sent)
{
    *sent = 0;
    flush_with_more(conn);
    if (fr_conn_is_closing(conn))
        return FR_ECANCELED;
    while (*sent < n && !fr_conn_pending(conn) && !fr_conn_is_blocked(conn)) {
        off_t offset = (off_t)(at + *sent);
        ssize_t got = sendfile(conn->fd, file, &offset, n - *sent);
        if (got == 0)
            return FR_EIO; /* the file ends before that */
        if (got < 0)
            return send_file_failed(conn, errno);
        fr_count_(&conn->loop->counts.bytes_out, (size_t)got);
        *sent += (size_t)got;
    }
    return FR_OK;
}
