/*
 * Any bytes from a WebSocket client, in one piece and in pieces whose sizes the input gives: both must end the same, with
 * the same messages and the same answers. The first byte of the input seeds the sizes.
 */
#include "ws_peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 16, MESSAGE_MAX = 4096 };

static const fr_ws_opts opts = {.message_bytes = MESSAGE_MAX,
                                .frame_bytes = MESSAGE_MAX,
                                .fragments = 64,
                                .pings = 1 << 30,
                                .ping_ms = 20000,
                                .pong_ms = 30000,
                                .close_ms = 10000};

static void record(fr_ws *ws, bool is_text, fr_str data)
{
    outcome *o = outcome_of(ws);
    check(o->closed == 0);
    check(data.n <= MESSAGE_MAX);
    check(!is_text || fr_utf8_valid(data));
    fr_buf_put_char(&o->messages, is_text ? 't' : 'b');
    fr_buf_put_u64(&o->messages, data.n);
    fr_buf_put(&o->messages, data);
    if (fr_str_eq(data, FR_STR("c")))
        fr_ws_close(ws, 1000, FR_STR("bye"));
}

static void on_message(fr_ws *ws, bool is_text, fr_str data)
{
    outcome *o = outcome_of(ws);
    record(ws, is_text, data);
    while (o->is_pulling && fr_ws_next(ws, &is_text, &data))
        record(ws, is_text, data);
}

static char *on_room(fr_ws *ws, size_t n)
{
    static char room[MESSAGE_MAX];
    check(n <= MESSAGE_MAX);
    outcome *o = outcome_of(ws);
    return o->is_pulling ? room : NULL;
}

static const fr_ws_handler handler = {
    .on_room = on_room, .on_message = on_message, .on_close = note_close, .on_end = free_one};

static void play(fr_loop *loop, const uint8_t *data, size_t size, uint32_t seed, outcome *o)
{
    int fds[2];
    fr_ws *ws = open_ws(&handler, &opts, o, fds);
    converse(loop, ws, fds, (fr_str){(const char *)data, size}, seed, 200, o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fr_loop *loop;
    if (!loop)
        check((loop = fr_loop_new(0)) && fr_ws_start(loop) == FR_OK);
    if (size < 1 || size > INPUT_MAX)
        return 0;
    outcome whole = {.is_pulling = true}, split = {0};
    play(loop, data + 1, size - 1, 0, &whole);
    play(loop, data + 1, size - 1, data[0] + 1u, &split);
    check(fr_str_eq(fr_buf_str(&whole.messages), fr_buf_str(&split.messages)));
    check(fr_str_eq(fr_buf_str(&whole.answers), fr_buf_str(&split.answers)));
    check(whole.code == split.code);
    outcome_deinit(&whole);
    outcome_deinit(&split);
    return 0;
}
