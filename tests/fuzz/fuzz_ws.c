/*
 * Any bytes from a WebSocket client, in one piece and in pieces whose sizes the input gives: both must end the same, with
 * the same messages and the same answers. The first byte of the input seeds the sizes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/server.h"
#include "ws/ws_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 16, MESSAGE_MAX = 4096 };

/* What became of one input: everything that the handler and the client saw. */
typedef struct outcome {
    fr_buf messages, answers;
    int closed;
    uint16_t code;
    bool is_pulling; /* messages are asked for, and put where the handler says */
} outcome;

static const fr_ws_opts opts = {.message_bytes = MESSAGE_MAX,
                                .frame_bytes = MESSAGE_MAX,
                                .fragments = 64,
                                .pings = 1 << 30,
                                .ping_ms = 20000,
                                .pong_ms = 30000,
                                .close_ms = 10000};

static void check(bool fact)
{
    if (!fact)
        abort();
}

static void record(fr_ws *ws, bool is_text, fr_str data)
{
    outcome *o = fr_ws_user(ws);
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
    outcome *o = fr_ws_user(ws);
    record(ws, is_text, data);
    while (o->is_pulling && fr_ws_next(ws, &is_text, &data))
        record(ws, is_text, data);
}

static char *on_room(fr_ws *ws, size_t n)
{
    static char room[MESSAGE_MAX];
    check(n <= MESSAGE_MAX);
    outcome *o = fr_ws_user(ws);
    return o->is_pulling ? room : NULL;
}

static void on_close(fr_ws *ws, uint16_t code)
{
    outcome *o = fr_ws_user(ws);
    o->closed++;
    o->code = code;
}

static const fr_ws_handler handler = {
    .on_room = on_room, .on_message = on_message, .on_close = on_close};

static void take(int fd, outcome *o)
{
    char bytes[4096];
    for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        fr_buf_put(&o->answers, (fr_str){bytes, (size_t)n});
}

static size_t piece(uint32_t *seed, size_t left)
{
    if (!*seed)
        return left;
    *seed = *seed * 1664525 + 1013904223;
    size_t n = 1 + (*seed >> 16) % (*seed & 0x8000 ? 7 : 200);
    return n < left ? n : left;
}

static void play(fr_loop *loop, const uint8_t *data, size_t size, uint32_t seed, outcome *o)
{
    int fds[2];
    fr_ws *ws = fr_zalloc(sizeof *ws);
    check(ws && fr_ws_loop_get_(loop) && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
    *ws = (fr_ws){.handler = &handler, .user = o, .opts = &opts};
    check(fr_loop_adopt(loop, fds[1], &fr_ws_proto_, ws, &ws->conn) == FR_OK);
    for (size_t at = 0; at < size;) {
        size_t n = piece(&seed, size - at);
        ssize_t sent = send(fds[0], data + at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0)
            at += (size_t)sent;
        else if (o->closed)
            break;
        fr_loop_run_once(loop, 0);
        take(fds[0], o);
    }
    shutdown(fds[0], SHUT_WR);
    for (int i = 0; i < 4; i++) {
        fr_loop_run_once(loop, 0);
        take(fds[0], o);
    }
    check(o->closed == 1);
    close(fds[0]);
    fr_loop_run_once(loop, 0);
}

static void deinit(outcome *o)
{
    fr_buf_deinit(&o->messages);
    fr_buf_deinit(&o->answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fr_loop *loop;
    if (!loop)
        loop = fr_loop_new(0);
    if (size < 1 || size > INPUT_MAX)
        return 0;
    outcome whole = {.is_pulling = true}, split = {0};
    play(loop, data + 1, size - 1, 0, &whole);
    play(loop, data + 1, size - 1, data[0] + 1u, &split);
    check(fr_str_eq(fr_buf_str(&whole.messages), fr_buf_str(&split.messages)));
    check(fr_str_eq(fr_buf_str(&whole.answers), fr_buf_str(&split.answers)));
    check(whole.code == split.code);
    deinit(&whole);
    deinit(&split);
    return 0;
}
