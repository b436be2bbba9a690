/*
 * The two directions, on zlib's raw streams.
 *
 * A message is deflated with the smallest window that reaches over all of it, and tables to match: a message of 1 KB takes
 * 5 µs so, where with a window of 32 KiB it takes 6, for its tables must be cleared first.
 */
#include "ws/deflate.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "ws/takeover.h"
#include "ws/ws_int.h"

enum {
    REACH_BYTES = 262,      /* zlib refers no farther back than its window without these */
    WINDOW_BYTES = 1 << 15, /* the largest that there is */
    PLAIN_BYTES_MIN = 16 * 1024,
    DEFLATED_BYTES_MAX = 4 << 20, /* the loop works on it for 16 ms; longer ones go as they are */
    ROOM_BYTES_MAX = 1 << 30,     /* zlib counts in 32 bits */
    FINAL_BLOCKS_MAX = 1000,      /* of a message; each copies a window */
    AT_BLOCK_END = 128,           /* z_stream.data_type: between two blocks, no bits left */
};

static const uint8_t TAIL[4] = {0x00, 0x00, 0xff, 0xff}; /* RFC 7692 7.2.1: cut off by the sender */

/* ---- memory ---- */

static bool reserve(fr_scratch *scratch, size_t bytes)
{
    if (bytes <= scratch->cap)
        return true;
    uint8_t *more = fr_realloc(scratch->bytes, bytes);
    if (!more)
        return false;
    *scratch = (fr_scratch){more, bytes};
    return true;
}

static void scratch_deinit(fr_scratch *scratch)
{
    fr_free(scratch->bytes);
    *scratch = (fr_scratch){0};
}

fr_packer *fr_packer_new_(unsigned bits, unsigned level)
{
    fr_packer *packer = fr_zalloc(sizeof *packer);
    if (!packer)
        return NULL;
    packer->z.zalloc = fr_zlib_malloc;
    packer->z.zfree = fr_zlib_free;
    packer->level = (uint8_t)level;
    if (deflateInit2(&packer->z, (int)level, Z_DEFLATED, -(int)bits, (int)bits - 7,
                     Z_DEFAULT_STRATEGY) == Z_OK)
        return packer;
    fr_free(packer);
    return NULL;
}

void fr_packer_free_(fr_packer *packer)
{
    if (packer)
        (void)deflateEnd(&packer->z); /* "busy" is said of one that is thrown away in the middle */
    fr_free(packer);
}

size_t fr_packer_bytes_(unsigned bits)
{
    return ((size_t)1 << (bits + 2)) + ((size_t)1 << (bits - 7 + 9)) + (size_t)6 * 1024;
}

static z_stream *unpacker_of(fr_deflate *d)
{
    if (d->unpacker)
        return inflateReset(d->unpacker) == Z_OK ? d->unpacker : NULL;
    z_stream *z = fr_zalloc(sizeof *z);
    if (!z)
        return NULL;
    z->zalloc = fr_zlib_malloc;
    z->zfree = fr_zlib_free;
    if (inflateInit2(z, -FR_DEFLATE_BITS_MAX) == Z_OK)
        return d->unpacker = z;
    fr_free(z);
    return NULL;
}

static void unpacker_free(fr_deflate *d)
{
    if (d->unpacker)
        (void)inflateEnd(d->unpacker);
    fr_free(d->unpacker);
    d->unpacker = NULL;
}

void fr_deflate_give_back_(fr_deflate *d)
{
    unpacker_free(d);
    for (size_t i = 0; i < FR_DEFLATE_SIZES; i++) {
        fr_packer_free_(d->packers[i]);
        d->packers[i] = NULL;
    }
    scratch_deinit(&d->plain);
    scratch_deinit(&d->packed);
}

static void on_idle(fr_timer *timer)
{
    fr_deflate *d = (fr_deflate *)(void *)((char *)timer - offsetof(fr_deflate, idle));
    bool is_left = fr_takeover_give_back_(d);
    if (!d->is_used)
        fr_deflate_give_back_(d);
    if (d->is_used || is_left)
        fr_timer_set(d->loop, timer, fr_loop_now_ms(d->loop) + FR_DEFLATE_IDLE_MS);
    d->is_used = false;
}

static fr_deflate *use(fr_loop *loop)
{
    fr_deflate *d = &fr_ws_loop_get_(loop)->deflate;
    d->is_used = true;
    if (!d->idle.prev_next)
        fr_timer_set(loop, &d->idle, fr_loop_now_ms(loop) + FR_DEFLATE_IDLE_MS);
    return d;
}

void fr_deflate_init_(fr_deflate *d, fr_loop *loop)
{
    d->loop = loop;
    d->idle.run = on_idle;
    fr_map_init(&d->takeovers);
}

void fr_deflate_deinit_(fr_deflate *d)
{
    fr_timer_cancel(d->loop, &d->idle);
    fr_deflate_give_back_(d);
    fr_map_deinit(&d->takeovers);
}

/* ---- inflating ---- */

typedef struct inflating {
    fr_scratch *room;
    z_stream *z;
    const fr_takeover *before; /* NULL: the message refers to nothing before it */
    uint64_t bound;            /* of the message, in bytes */
    size_t n;                  /* inflated so far */
    uint32_t utf8;
    unsigned final_blocks;
    bool is_text;
    const char *why;
} inflating;

static uint16_t refuse(inflating *in, uint16_t code, const char *why)
{
    in->why = why;
    return code;
}

/* The next stretch may refer to the last bytes of what was received. */
static bool look_back(inflating *in)
{
    size_t n = in->n < WINDOW_BYTES ? in->n : WINDOW_BYTES;
    const fr_takeover *t = in->before;
    if (t && t->n && inflateSetDictionary(in->z, t->window, (uInt)t->n) != Z_OK)
        return false;
    return !n || inflateSetDictionary(in->z, in->room->bytes + in->n - n, (uInt)n) == Z_OK;
}

/* Doubled, but one byte beyond the bound is enough to know. */
static bool grow(inflating *in)
{
    size_t cap = in->room->cap * 2 > PLAIN_BYTES_MIN ? in->room->cap * 2 : PLAIN_BYTES_MIN;
    if (cap > in->bound + 1)
        cap = (size_t)in->bound + 1;
    return reserve(in->room, cap);
}

/* As much as there is room for. */
static uint16_t inflate_some(inflating *in, int *result)
{
    z_stream *z = in->z;
    if (in->n == in->room->cap && !grow(in))
        return refuse(in, 1013, "memory is out");
    uint8_t *at = in->room->bytes + in->n;
    size_t room = in->room->cap - in->n;
    z->next_out = at;
    z->avail_out = room < ROOM_BYTES_MAX ? (uInt)room : ROOM_BYTES_MAX;
    size_t given = z->avail_out;
    *result = inflate(z, Z_SYNC_FLUSH);
    size_t made = given - z->avail_out;
    in->n += made;
    if (in->n > in->bound)
        return refuse(in, 1009, "message too large");
    if (in->is_text && !fr_utf8_step(&in->utf8, (fr_str){(const char *)at, made}))
        return refuse(in, 1007, "text is not UTF-8");
    return 0;
}

/* A block that says it is the last one ends zlib's stream, not the message (RFC 7692 7.2.3.4). */
static uint16_t begin_again(inflating *in)
{
    if (++in->final_blocks > FINAL_BLOCKS_MAX)
        return refuse(in, 1008, "too many final blocks");
    if (inflateReset(in->z) != Z_OK || !look_back(in))
        return refuse(in, 1013, "memory is out");
    return 0;
}

static uint16_t feed(inflating *in, const uint8_t *bytes, size_t n)
{
    z_stream *z = in->z;
    z->next_in = (Bytef *)(uintptr_t)bytes;
    z->avail_in = (uInt)n;
    for (;;) {
        int result;
        uint16_t code = inflate_some(in, &result);
        if (!code && result == Z_STREAM_END)
            code = begin_again(in);
        else if (!code && result == Z_MEM_ERROR)
            code = refuse(in, 1013, "memory is out");
        else if (!code && result != Z_OK && result != Z_BUF_ERROR)
            code = refuse(in, 1007, "not a deflated message");
        if (code)
            return code;
        if (z->avail_out > 0 && z->avail_in == 0)
            return 0;
    }
}

/* The sender has not cut the tail off: nothing is missing then. */
static bool has_tail(const inflating *in, fr_str packed)
{
    return in->z->data_type == AT_BLOCK_END && packed.n >= sizeof TAIL &&
           memcmp(packed.p + packed.n - sizeof TAIL, TAIL, sizeof TAIL) == 0;
}

static uint16_t inflate_all(inflating *in, fr_str packed)
{
    if (!look_back(in))
        return refuse(in, 1013, "memory is out");
    uint16_t code = feed(in, (const uint8_t *)packed.p, packed.n);
    if (!code && !has_tail(in, packed))
        code = feed(in, TAIL, sizeof TAIL);
    if (code)
        return code;
    if (in->z->data_type != AT_BLOCK_END)
        return refuse(in, 1007, "the deflated message is cut off");
    return in->utf8 ? refuse(in, 1007, "text is not UTF-8") : 0;
}

uint16_t fr_inflate_(fr_ws *ws, fr_str packed, bool is_text, fr_str *out, const char **why)
{
    fr_deflate *d = use(ws->conn->loop);
    const fr_deflate_terms *terms = &ws->opts->terms;
    fr_takeover *kept = terms->has_their_takeover ? fr_takeover_get_(d, ws) : NULL;
    inflating in = {.room = &d->plain,
                    .z = unpacker_of(d),
                    .before = kept,
                    .bound = ws->opts->message_bytes,
                    .is_text = is_text};
    uint16_t code = in.z ? inflate_all(&in, packed) : refuse(&in, 1013, "memory is out");
    *out = (fr_str){(const char *)d->plain.bytes, in.n};
    if (!code && kept && !fr_takeover_remember_(kept, (size_t)1 << terms->their_bits, *out))
        code = refuse(&in, 1013, "memory is out");
    *why = in.why;
    return code;
}

/* ---- deflating ---- */

/* All of data, without the tail. */
static bool deflate_all(fr_deflate *d, fr_packer *packer, fr_str data, fr_str *out)
{
    z_stream *z = &packer->z;
    size_t room = deflateBound(z, (uLong)data.n) + sizeof TAIL +
                  8; /* the end of a former block, and the tail's own */
    if (!reserve(&d->packed, room))
        return false;
    z->next_in = (Bytef *)(uintptr_t)data.p;
    z->avail_in = (uInt)data.n;
    z->next_out = d->packed.bytes;
    z->avail_out = (uInt)d->packed.cap;
    int result = deflate(z, Z_SYNC_FLUSH);
    size_t n = d->packed.cap - z->avail_out;
    assert(result == Z_OK && z->avail_in == 0 && z->avail_out > 0 && n > sizeof TAIL);
    assert(memcmp(d->packed.bytes + n - sizeof TAIL, TAIL, sizeof TAIL) == 0);
    *out = (fr_str){(const char *)d->packed.bytes, n - sizeof TAIL};
    return result == Z_OK;
}

/* The loop's stream with that window, at its beginning. */
static fr_packer *packer_of(fr_deflate *d, unsigned bits, unsigned level)
{
    fr_packer **at = &d->packers[bits - FR_DEFLATE_BITS_MIN];
    if (*at && (*at)->level != level) {
        fr_packer_free_(*at);
        *at = NULL;
    }
    if (*at)
        return deflateReset(&(*at)->z) == Z_OK ? *at : NULL;
    return *at = fr_packer_new_(bits, level);
}

static unsigned bits_for(size_t n, unsigned most)
{
    unsigned bits = FR_DEFLATE_BITS_MIN;
    while (bits < most && ((size_t)1 << bits) < n + REACH_BYTES)
        bits++;
    return bits;
}

static bool deflate_alone(fr_deflate *d, const fr_deflate_opts *opts, unsigned most, fr_str data,
                          fr_str *out)
{
    fr_packer *packer = packer_of(d, bits_for(data.n, most), opts->level);
    return packer && deflate_all(d, packer, data, out) && out->n < data.n;
}

bool fr_deflate_(fr_ws *ws, fr_str data, fr_str *out)
{
    const fr_ws_opts *opts = ws->opts;
    if (data.n > DEFLATED_BYTES_MAX)
        return false;
    fr_deflate *d = use(ws->conn->loop);
    fr_packer *own = opts->terms.has_our_takeover ? fr_takeover_packer_(d, ws) : NULL;
    if (!own)
        return deflate_alone(d, &opts->deflate, opts->terms.our_bits, data, out);
    if (deflate_all(d, own, data, out) && out->n < data.n)
        return true;
    fr_takeover_forget_(d, ws);
    return false;
}

bool fr_deflate_shared_(fr_loop *loop, const fr_deflate_opts *opts, fr_str data, fr_str *out,
                        unsigned *bits)
{
    if (data.n > DEFLATED_BYTES_MAX)
        return false;
    *bits = bits_for(data.n, opts->window_bits);
    return deflate_alone(use(loop), opts, *bits, data, out);
}
