/*
 * Any bytes from a client that compression was agreed on with. The first byte of the input says on which terms, the second
 * what the rest is: frames as they would come; or messages, each of which is deflated here, by bits of the second byte, so
 * that what is inflated varies and not only what is not. Whole and in pieces must end the same; what the server sends must
 * inflate, with a window as small as was agreed on, to what the handler saw.
 */
#include "ws/takeover.h"
#include "ws_peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 14, MESSAGE_MAX = 1 << 16 };

/* ---- the server: an echo ---- */

static void record(fr_ws *ws, bool is_text, fr_str data)
{
    outcome *o = outcome_of(ws);
    check(o->closed == 0);
    check(data.n <= MESSAGE_MAX);
    check(!is_text || fr_utf8_valid(data));
    fr_buf_put_char(&o->messages, is_text ? 1 : 2);
    fr_buf_put(&o->messages, (fr_str){(const char *)&data.n, sizeof data.n});
    fr_buf_put(&o->messages, data);
    (void)fr_ws_send(ws, is_text, data);
}

static void on_message(fr_ws *ws, bool is_text, fr_str data)
{
    outcome *o = outcome_of(ws);
    record(ws, is_text, data);
    while (o->is_pulling && fr_ws_next(ws, &is_text, &data))
        record(ws, is_text, data);
}

static const fr_ws_handler handler = {
    .on_message = on_message, .on_close = note_close, .on_end = free_one};

static fr_ws_opts opts_of(uint8_t byte)
{
    return (fr_ws_opts){.message_bytes = MESSAGE_MAX,
                        .frame_bytes = MESSAGE_MAX,
                        .fragments = 64,
                        .pings = 1 << 30,
                        .ping_ms = 20000,
                        .pong_ms = 30000,
                        .close_ms = 10000,
                        .deflate = {.is_on = true,
                                    .window_bits = 15,
                                    .level = byte & 1 ? 1 : 6,
                                    .from_bytes = 1,
                                    .kept_bytes = byte & 0x80 ? 20000 : 1 << 30},
                        .terms = {.our_bits = (uint8_t)(8 + (byte >> 1 & 7)),
                                  .their_bits = (uint8_t)(15 - (byte >> 1 & 7)),
                                  .has_our_takeover = byte & 0x10,
                                  .has_their_takeover = byte & 0x20}};
}

/* ---- the client ---- */

static void put_frame(fr_buf *out, uint8_t first, fr_str payload)
{
    char bytes[FR_WS_HEAD_BYTES];
    size_t n = fr_ws_head_write_(bytes, FR_WS_TEXT, payload.n);
    bytes[0] = (char)first;
    bytes[1] = (char)((uint8_t)bytes[1] | 0x80);
    fr_buf_put(out, (fr_str){bytes, n});
    fr_buf_lit(out, "\0\0\0\0");
    fr_buf_put(out, payload);
}

/* The rest of the input as messages of up to 1,000 times what a byte says, deflated. */
static void put_messages(fr_buf *out, const fr_ws_opts *opts, fr_str rest, uint8_t how)
{
    z_stream z = {0};
    int bits = opts->terms.their_bits < 9 ? 9 : opts->terms.their_bits;
    check(deflateInit2(&z, how & 15 ? 6 : 0, Z_DEFLATED, -bits, 8, how >> 4 & 3) == Z_OK);
    while (rest.n > 1) {
        size_t n = (uint8_t)rest.p[0], times = how & 0x80 ? 1 + (uint8_t)rest.p[1] : 1;
        fr_str part = fr_str_sub(rest, 1, n);
        rest = fr_str_from(rest, 1 + part.n);
        if (!opts->terms.has_their_takeover)
            deflateReset(&z);
        size_t room = deflateBound(&z, (uLong)(part.n * times)) + 64;
        fr_buf packed;
        fr_buf_init(&packed);
        check(fr_buf_reserve(&packed, room));
        z.next_out = (Bytef *)packed.p;
        z.avail_out = (uInt)room;
        for (size_t i = 0; i < times; i++) {
            z.next_in = (Bytef *)(uintptr_t)part.p;
            z.avail_in = (uInt)part.n;
            check(deflate(&z, Z_NO_FLUSH) == Z_OK || !part.n);
        }
        int result = deflate(&z, Z_SYNC_FLUSH);
        packed.n = room - z.avail_out;
        size_t cut = n & 2 ? 4 : 0; /* some leave the tail in place */
        if (result == Z_OK && packed.n > 4)
            put_frame(out, n & 1 ? 0xc1 : 0xc2, fr_str_sub(fr_buf_str(&packed), 0, packed.n - cut));
        else
            put_frame(out, 0xc2, FR_STR("\0"));
        fr_buf_deinit(&packed);
    }
    deflateEnd(&z);
}

static void play(fr_loop *loop, const fr_ws_opts *opts, fr_str data, uint32_t seed, outcome *o)
{
    int fds[2];
    fr_ws *ws = open_ws(&handler, opts, o, fds);
    fr_ws_opts *own = &one_of(ws)->kind.opts;
    fr_takeover_open_(&fr_ws_loop_get_(loop)->deflate, ws, &own->deflate, &own->terms);
    check(own->terms.has_their_takeover == opts->terms.has_their_takeover ||
          opts->deflate.kept_bytes == 20000);
    converse(loop, ws, fds, data, seed, 900, o);
    check(fr_takeover_bytes_() == 0);
}

/* ---- what the server sent ---- */

typedef struct frame {
    uint8_t first;
    fr_str payload;
} frame;

static bool next_frame(fr_str *rest, frame *out)
{
    if (rest->n < 2)
        return false;
    const uint8_t *b = (const uint8_t *)rest->p;
    size_t more = b[1] < 126 ? 0 : b[1] == 126 ? 2 : 8, n = more ? 0 : b[1];
    for (size_t i = 0; i < more; i++)
        n = n << 8 | b[2 + i];
    *out = (frame){b[0], fr_str_sub(*rest, 2 + more, n)};
    *rest = fr_str_from(*rest, 2 + more + n);
    return true;
}

static void inflate_like(z_stream *z, fr_str packed, fr_str expected)
{
    fr_buf all, out;
    fr_buf_init(&all);
    fr_buf_init(&out);
    fr_buf_put(&all, packed);
    fr_buf_lit(&all, "\0\0\xff\xff");
    check(fr_buf_reserve(&out, expected.n + 1));
    z->next_in = (Bytef *)all.p;
    z->avail_in = (uInt)all.n;
    z->next_out = (Bytef *)out.p;
    z->avail_out = (uInt)expected.n + 1;
    check(inflate(z, Z_SYNC_FLUSH) == Z_OK);
    check(z->avail_in == 0 && z->avail_out == 1);
    check(memcmp(out.p, expected.p, expected.n) == 0);
    fr_buf_deinit(&all);
    fr_buf_deinit(&out);
}

/* Each message came back; contexts as agreed on. */
static void check_answers(const outcome *o, const fr_ws_opts *opts)
{
    z_stream z = {0};
    fr_str seen = fr_buf_str(&o->messages), rest = fr_buf_str(&o->answers);
    frame f;
    check(inflateInit2(&z, -(int)opts->terms.our_bits) == Z_OK);
    while (next_frame(&rest, &f)) {
        if ((f.first & 15) > FR_WS_BINARY)
            continue;
        size_t n;
        check(seen.n >= 1 + sizeof n && seen.p[0] == (f.first & 15));
        memcpy(&n, seen.p + 1, sizeof n);
        fr_str expected = fr_str_sub(seen, 1 + sizeof n, n);
        seen = fr_str_from(seen, 1 + sizeof n + n);
        check(f.payload.n <= expected.n);
        if (f.first & FR_WS_DEFLATED) {
            if (!opts->terms.has_our_takeover)
                inflateReset(&z);
            inflate_like(&z, f.payload, expected);
        } else {
            check(fr_str_eq(f.payload, expected));
        }
    }
    inflateEnd(&z);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fr_loop *loop;
    if (!loop)
        check((loop = fr_loop_new(0)) && fr_ws_start(loop) == FR_OK);
    if (size < 2 || size > INPUT_MAX)
        return 0;
    fr_ws_opts opts = opts_of(data[0]);
    fr_str rest = {(const char *)data + 2, size - 2};
    fr_buf sent;
    fr_buf_init(&sent);
    if (data[0] & 0x40)
        fr_buf_put(&sent, rest);
    else
        put_messages(&sent, &opts, rest, data[1]);
    outcome whole = {.is_pulling = true}, split = {0};
    play(loop, &opts, fr_buf_str(&sent), 0, &whole);
    play(loop, &opts, fr_buf_str(&sent), data[1] + 1u, &split);
    check(fr_str_eq(fr_buf_str(&whole.messages), fr_buf_str(&split.messages)));
    check(fr_str_eq(fr_buf_str(&whole.answers), fr_buf_str(&split.answers)));
    check(whole.code == split.code);
    check_answers(&whole, &opts);
    outcome_deinit(&whole);
    outcome_deinit(&split);
    fr_buf_deinit(&sent);
    return 0;
}
