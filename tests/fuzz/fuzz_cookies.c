/*
 * Any Cookie header, and any cookie that a handler sets. The first byte says how much of the input is the name. A value that is
 * found lies in the header; without its quotes it is no longer than before by more than its escapes; and whatever is
 * set stays one line of the answer, and comes back as it was set.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "check.h"
#include "http/cookies.h"
#include "http/http.h"

/* ---- reading ---- */

static void find(fr_str header, fr_str name)
{
    fr_arena *arena = fr_arena_new(0);
    fr_str value = fr_cookie_find(header, name);
    if (value.p && value.n)
        check(value.p >= header.p && value.p + value.n <= header.p + header.n);
    check(!value.p || fr_str_find_char(value, ';') == SIZE_MAX);
    fr_str plain = fr_cookie_unquote(arena, value);
    check(!value.p == !plain.p && plain.n <= value.n);
    fr_arena_free(arena);
}

/* ---- setting ---- */

static fr_cookie cookie;
static fr_err result;

static fr_err set(fr_req *req, void *arg)
{
    (void)arg;
    result = fr_reply_cookie(req, &cookie);
    return fr_reply_text(req, 200, FR_STR("done"));
}

static fr_http *application(void)
{
    static fr_http_target target = {.handle = set, .is_quick = true};
    static fr_http http;
    char error[256];
    if (http.router)
        return &http;
    fr_router *router = fr_router_new(fr_arena_new(0));
    check(fr_router_add(router, FR_STR("s"), false, &target, error) == FR_OK);
    http.router = router;
    return &http;
}

/* One connection for all inputs. */
static void ask(fr_buf *answer)
{
    static const char ASK[] = "GET /s HTTP/1.1\r\nHost: a\r\n\r\n";
    static fr_loop *loop;
    static int ends[2];
    if (!loop) {
        fr_conn *conn;
        check((loop = fr_loop_new(0)) && fr_http_start(loop, application()) == FR_OK);
        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
        check(fr_loop_adopt(loop, ends[1], NULL, NULL, &conn) == FR_OK);
        check(fr_http_accept(conn, application()) == FR_OK);
    }
    check(send(ends[0], ASK, sizeof ASK - 1, MSG_NOSIGNAL) == sizeof ASK - 1);
    fr_loop_run_once(loop, 0);
    check(fr_buf_reserve(answer, 64 * 1024));
    ssize_t n = recv(ends[0], answer->p, answer->cap, MSG_DONTWAIT);
    check(n > 0);
    answer->n = (size_t)n;
}

static size_t lines_of(fr_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == '\n';
    return count;
}

static void set_and_read(void)
{
    static fr_buf answer;
    ask(&answer);
    fr_str text = fr_buf_str(&answer);
    check(lines_of(text) ==
          (result == FR_OK ? 6u : 5u)); /* status, type, cookie, length, date, empty */
    size_t at = fr_str_find(text, FR_STR("Set-Cookie: "));
    check((at != SIZE_MAX) == (result == FR_OK));
    if (result == FR_OK) {
        fr_str line, pair;
        fr_str_cut(fr_str_from(text, at + 12), '\r', &line);
        fr_str_cut(line, ';', &pair); /* what a client sends back */
        check(fr_str_eq(fr_cookie_find(pair, cookie.name), cookie.value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 8192)
        return 0;
    fr_str text = {(const char *)data + 2, size - 2};
    fr_str name = fr_str_sub(text, 0, data[0]), rest = fr_str_from(text, data[0]);
    find(rest, name);
    size_t third = rest.n / 3;
    bool is_long = data[1] & 64; /* value alone, or value, path and domain */
    cookie = (fr_cookie){.name = name,
                         .value = is_long ? rest : fr_str_sub(rest, 0, third),
                         .path = is_long ? (fr_str){0} : fr_str_sub(rest, third, third),
                         .domain = is_long ? (fr_str){0} : fr_str_from(rest, 2 * third),
                         .max_age_s = data[1] & 1 ? (int64_t)data[1] - 60 : 0,
                         .same_site = (fr_same_site)(data[1] >> 1 & 3),
                         .is_secure = data[1] & 8,
                         .is_for_scripts = data[1] & 16};
    set_and_read();
    return 0;
}
