/*
 * The client of the WebSocket targets: it sends an input whole, or in pieces whose sizes a seed gives, and keeps what came of it.
 */
#ifndef FR_TESTS_FUZZ_WS_PEER_H
#define FR_TESTS_FUZZ_WS_PEER_H
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/server.h"
#include "ws/ws_int.h"

/* What became of one input: everything that the handler and the client saw. */
typedef struct outcome {
    fr_buf messages; /* as the handler wrote them down */
    fr_buf answers;  /* bytes of the server */
    int closed;
    uint16_t code;
    bool is_pulling; /* messages are asked for, and put where the handler says */
} outcome;

/* A socket of the server, with its kind of its own. */
typedef struct one {
    fr_ws ws;
    fr_ws_kind kind;
    outcome *what;
} one;

static inline one *one_of(fr_ws *ws)
{
    return (one *)(void *)((char *)ws - offsetof(one, ws));
}

static inline outcome *outcome_of(fr_ws *ws)
{
    return one_of(ws)->what;
}

static inline void check(bool fact)
{
    if (!fact)
        abort();
}

static inline void outcome_deinit(outcome *o)
{
    fr_buf_deinit(&o->messages);
    fr_buf_deinit(&o->answers);
}

/* For handlers. */
static inline void free_one(fr_ws *ws)
{
    fr_free(one_of(ws));
}

static inline void note_close(fr_ws *ws, uint16_t code)
{
    outcome *o = outcome_of(ws);
    o->closed++;
    o->code = code;
}

static inline void take_answers(int fd, outcome *o)
{
    char bytes[4096];
    for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        fr_buf_put(&o->answers, (fr_str){bytes, (size_t)n});
}

/* The next piece, of at most so many bytes; seed 0: all that is left. */
static inline size_t next_piece(uint32_t *seed, size_t left, size_t most)
{
    if (!*seed)
        return left;
    *seed = *seed * 1664525 + 1013904223;
    size_t n = 1 + (*seed >> 16) % (*seed & 0x8000 ? 7 : most);
    return n < left ? n : left;
}

/* A socket that has been accepted on these terms: ws->conn is not set yet. fds[0] is the client's end. */
static inline fr_ws *open_ws(const fr_ws_handler *handler, const fr_ws_opts *opts, outcome *o,
                             int fds[2])
{
    one *it = fr_zalloc(sizeof *it);
    check(it && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
    it->kind = (fr_ws_kind){.handler = handler, .opts = *opts};
    it->what = o;
    it->ws.opts = &it->kind.opts;
    return &it->ws;
}

/* Send it all, hang up, and see the end. */
static inline void converse(fr_loop *loop, fr_ws *ws, const int fds[2], fr_str data, uint32_t seed,
                            size_t most, outcome *o)
{
    check(fr_loop_adopt(loop, fds[1], &fr_ws_proto_, ws, &ws->conn) == FR_OK);
    for (size_t at = 0; at < data.n;) {
        size_t n = next_piece(&seed, data.n - at, most);
        ssize_t sent = send(fds[0], data.p + at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0)
            at += (size_t)sent;
        else if (o->closed)
            break;
        fr_loop_run_once(loop, 0);
        take_answers(fds[0], o);
    }
    shutdown(fds[0], SHUT_WR);
    for (int i = 0; i < 4; i++) {
        fr_loop_run_once(loop, 0);
        take_answers(fds[0], o);
    }
    check(o->closed == 1);
    close(fds[0]);
    fr_loop_run_once(loop, 0);
}
#endif
