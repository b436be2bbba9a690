#include "talk.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int talk_begun;
fr_err talk_slept;

/* ---- routes ---- */

static fr_err hello(fr_req *req, void *arg)
{
    (void)arg;
    talk_begun++;
    return fr_reply_json(req, 200, FR_STR("{\"message\":\"Hello, World!\"}"));
}

static fr_err body(fr_req *req, void *arg)
{
    (void)arg;
    talk_begun++;
    return fr_reply_bytes(req, 200, FR_STR("text/plain"), req->body);
}

static fr_err wait_a_while(fr_req *req, void *arg)
{
    (void)arg;
    talk_begun++;
    talk_slept = fr_sleep(req, (uint64_t)fr_req_arg_int(req, FR_STR("ms")));
    FR_TRY(talk_slept);
    return fr_reply_text(req, 200, req->path);
}

static fr_err big(fr_req *req, void *arg)
{
    (void)arg;
    talk_begun++;
    size_t bytes = (size_t)fr_req_arg_int(req, FR_STR("bytes"));
    char *text = fr_arena_alloc(req->ctx->arena, bytes);
    if (!text)
        return FR_ENOMEM;
    memset(text, 'x', bytes);
    return fr_reply_bytes(req, 200, FR_STR("text/plain"), (fr_str){text, bytes});
}

static fr_err taken(fr_req *req, void *arg)
{
    (void)arg;
    talk_begun++;
    fr_buf *text = fr_reply_body(req);
    for (int64_t left = fr_req_arg_int(req, FR_STR("bytes")); left > 0; left--)
        fr_buf_put_char(text, 'x');
    return fr_reply_buf(req, 200, FR_STR("text/plain"));
}

static fr_err headers(fr_req *req, void *arg)
{
    (void)arg;
    FR_TRY(fr_reply_header(req, FR_STR("X-Seen"), fr_req_header(req, FR_STR("x-asked"))));
    FR_TRY(fr_reply_header(req, FR_STR("Set-Cookie"), FR_STR("a=1")));
    FR_TRY(fr_reply_header(req, FR_STR("Set-Cookie"), FR_STR("b=2")));
    return fr_reply_bytes(req, 200, FR_STR(""), FR_STR(""));
}

static fr_err path(fr_req *req, void *arg)
{
    (void)arg;
    return fr_reply_bytes(req, 200, FR_STR("text/plain"), req->path);
}

static fr_http_target HELLO = {.handle = hello, .is_quick = true}, BODY = {.handle = body},
                      WAIT = {.handle = wait_a_while}, BIG = {.handle = big},
                      TAKEN = {.handle = taken}, HEADERS = {.handle = headers},
                      PATH = {.handle = path, .is_quick = true};

/* ---- talking ---- */

void talk_route(talk *t, const char *pattern, bool is_prefix, fr_http_target *target)
{
    char error[256];
    assert_int_equal(fr_router_add(t->router, fr_str_c(pattern), is_prefix, target, error), FR_OK);
}

void talk_open(talk *t, const fr_http_limits *limits)
{
    *t = (talk){.arena = fr_arena_new(0), .loop = fr_loop_new(0), .fd = -1};
    assert_non_null(t->loop);
    t->router = fr_router_new(t->arena);
    talk_route(t, "json", false, &HELLO);
    talk_route(t, "body", false, &BODY);
    talk_route(t, "wait/<int:ms>", false, &WAIT);
    talk_route(t, "big/<int:bytes>", false, &BIG);
    talk_route(t, "taken/<int:bytes>", false, &TAKEN);
    talk_route(t, "headers/", false, &HEADERS);
    talk_route(t, "slash/", false, &PATH);
    talk_route(t, "<path:name>/end/", false, &PATH);
    t->http = (fr_http){.router = t->router, .append_slash = true};
    if (limits)
        t->http.limits = *limits;
    assert_int_equal(fr_http_start(t->loop, &t->http), FR_OK);
    talk_begun = 0;
    talk_slept = FR_OK;
    talk_connect(t);
}

void talk_connect(talk *t)
{
    int ends[2];
    if (t->fd >= 0)
        talk_hang_up(t);
    fr_buf_clear(&t->heard);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    t->fd = ends[0];
    t->is_over = false;
    assert_int_equal(fr_loop_adopt(t->loop, ends[1], NULL, NULL, &t->conn), FR_OK);
    assert_int_equal(fr_http_accept(t->conn, &t->http), FR_OK);
}

void talk_close(talk *t)
{
    if (t->fd >= 0)
        talk_hang_up(t);
    fr_loop_free(t->loop);
    fr_buf_deinit(&t->heard);
    fr_arena_free(t->arena);
}

void talk_pass(talk *t)
{
    fr_loop_run_once(t->loop, 0);
}

static bool read_all(talk *t)
{
    char bytes[64 * 1024];
    ssize_t n;
    size_t before = t->heard.n;
    while ((n = recv(t->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        fr_buf_put(&t->heard, (fr_str){bytes, (size_t)n});
    if (n == 0 || errno == ECONNRESET)
        t->is_over = true;
    return t->heard.n > before;
}

void talk_settle(talk *t)
{
    for (int quiet = 0; quiet < 5; quiet++) {
        talk_pass(t);
        if (t->fd >= 0 && read_all(t))
            quiet = 0;
    }
}

void talk_say_bytes(talk *t, fr_str bytes)
{
    while (bytes.n) {
        ssize_t n = send(t->fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            break; /* it has closed */
        if (n > 0)
            bytes = fr_str_from(bytes, (size_t)n);
        else
            talk_pass(t);
    }
    talk_settle(t);
}

void talk_say(talk *t, const char *text)
{
    talk_say_bytes(t, fr_str_c(text));
}

void talk_later(talk *t, uint64_t ms)
{
    fr_test_advance_clock(ms);
    talk_settle(t);
}

void talk_end_half(talk *t)
{
    shutdown(t->fd, SHUT_WR);
    talk_settle(t);
}

void talk_hang_up(talk *t)
{
    close(t->fd);
    t->fd = -1;
    talk_settle(t);
}

const char *talk_hear(talk *t)
{
    static fr_buf told;
    fr_buf_clear(&told);
    fr_buf_put(&told, fr_buf_str(&t->heard));
    fr_buf_put_char(&told, '\0');
    fr_buf_clear(&t->heard);
    for (char *date; (date = strstr(told.p, "\r\nDate: ")) != NULL;) {
        char *after = strstr(date + 2, "\r\n");
        memmove(date, after, strlen(after) + 1);
    }
    return told.p;
}

const char *talk_ask(talk *t, const char *text)
{
    talk_say(t, text);
    return talk_hear(t);
}
