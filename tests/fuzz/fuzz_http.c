/*
 * Any bytes from an HTTP client, in one piece and in pieces whose sizes the input gives: the parser must come to the same
 * results, and the connection must give the same answers. The first byte of the input seeds the sizes.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "http/http.h"
#include "http/parser.h"

enum { INPUT_MAX = 1 << 15, FIELDS = 8, QUIET_PASSES = 4 };
static const fr_head_limits head_limits = {
    .line_bytes = 256, .head_bytes = 1024, .headers = FIELDS};

/* ---- the parser alone ---- */

static fr_head_result parse(fr_head *head, fr_head_field *fields, uint8_t *copy,
                            const uint8_t *data, size_t size, const uint32_t *pieces)
{
    memcpy(copy, data, size);
    fr_head_init(head, fields);
    if (!pieces)
        return fr_head_parse(head, &head_limits, copy, size);
    uint32_t seed = *pieces;
    fr_head_result result = FR_HEAD_MORE;
    for (size_t n = 0; n < size && result == FR_HEAD_MORE;) {
        n += piece(&seed, size - n);
        result = fr_head_parse(head, &head_limits, copy, n);
    }
    return result;
}

static void check_span(fr_span32 span, uint32_t bytes)
{
    check(span.at <= bytes && span.n <= bytes - span.at);
}

static void check_head(const fr_head *head, size_t size)
{
    check(head->bytes <= size && head->bytes <= head_limits.head_bytes);
    check(head->field_count <= FIELDS && head->host < (int32_t)head->field_count);
    check(!(head->has_length && head->is_chunked));
    check_span(head->method, head->bytes);
    check_span(head->target, head->bytes);
    check_span(head->path, head->bytes);
    check_span(head->query, head->bytes);
    for (uint32_t i = 0; i < head->field_count; i++) {
        check_span(head->fields[i].name, head->bytes);
        check_span(head->fields[i].value, head->bytes);
    }
}

static void parse_both_ways(const uint8_t *data, size_t size, uint32_t seed)
{
    static uint8_t whole_bytes[INPUT_MAX + 4], split_bytes[INPUT_MAX + 4];
    fr_head_field whole_fields[FIELDS], split_fields[FIELDS];
    fr_head whole, split;
    fr_head_result result = parse(&whole, whole_fields, whole_bytes, data, size, NULL);
    check(parse(&split, split_fields, split_bytes, data, size, &seed) == result);
    if (result == FR_HEAD_REFUSED)
        check(whole.refusal == split.refusal && whole.refusal >= 400 && whole.refusal < 600);
    if (result != FR_HEAD_DONE)
        return;
    check_head(&whole, size);
    check(whole.bytes == split.bytes && whole.length == split.length &&
          whole.is_chunked == split.is_chunked);
    check(whole.field_count == split.field_count && whole.host == split.host &&
          whole.is_close == split.is_close);
    check(memcmp(whole_bytes, split_bytes, whole.bytes) == 0);
}

/* ---- the connection ---- */

static fr_err echo(fr_req *req, void *arg)
{
    (void)arg;
    return fr_reply_bytes(req, 200, FR_STR("application/octet-stream"), req->body);
}

static fr_http *application(void)
{
    static fr_http_target target = {.handle = echo, .is_quick = true};
    static fr_http http = {
        .limits = {.line_bytes = 256, .head_bytes = 1024, .headers = FIELDS, .body_bytes = 2048},
        .append_slash = true};
    if (http.router)
        return &http;
    char error[256];
    fr_router *router = fr_router_new(fr_arena_new(0));
    check(fr_router_add(router, FR_STR("b/"), false, &target, error) == FR_OK);
    http.router = router;
    return &http;
}

static void pass(fr_loop *loop, int fd, fr_buf *answer)
{
    char bytes[16384];
    fr_loop_run_once(loop, 0);
    for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        fr_buf_put(answer, (fr_str){bytes, (size_t)n});
}

static void converse(fr_loop *loop, const uint8_t *data, size_t size, const uint32_t *pieces,
                     fr_buf *answer)
{
    int ends[2];
    fr_conn *conn;
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    check(fr_loop_adopt(loop, ends[1], NULL, NULL, &conn) == FR_OK);
    check(fr_http_accept(conn, application()) == FR_OK);
    uint32_t seed = pieces ? *pieces : 0;
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(ends[0], data + sent, pieces ? piece(&seed, size - sent) : size - sent,
                         MSG_NOSIGNAL);
        pass(loop, ends[0], answer);
        if (n <= 0)
            break; /* it has closed */
        sent += (size_t)n;
    }
    shutdown(ends[0], SHUT_WR);
    for (int i = 0; i < QUIET_PASSES; i++)
        pass(loop, ends[0], answer);
    close(ends[0]);
    for (int i = 0; i < QUIET_PASSES; i++)
        fr_loop_run_once(loop, 0);
}

/* Dates may differ by a second, and whether "100 Continue" is said depends on how much of the body had come. */
static void leave_out(fr_buf *answer, const char *start, const char *end)
{
    for (char *at = answer->p; answer->n && (at = memmem(at, answer->n - (size_t)(at - answer->p),
                                                         start, strlen(start)));) {
        char *last = memmem(at, answer->n - (size_t)(at - answer->p), end, strlen(end));
        if (!last)
            return;
        last += strlen(end);
        memmove(at, last, answer->n - (size_t)(last - answer->p));
        answer->n -= (size_t)(last - at);
    }
}

static void converse_both_ways(const uint8_t *data, size_t size, uint32_t seed)
{
    static fr_loop *loop;
    if (!loop)
        check((loop = fr_loop_new(0)) && fr_http_start(loop, application()) == FR_OK);
    fr_buf whole, split;
    fr_buf_init(&whole);
    fr_buf_init(&split);
    converse(loop, data, size, NULL, &whole);
    converse(loop, data, size, &seed, &split);
    leave_out(&whole, "Date: ", "\r\n");
    leave_out(&split, "Date: ", "\r\n");
    leave_out(&whole, "HTTP/1.1 100 Continue", "\r\n\r\n");
    leave_out(&split, "HTTP/1.1 100 Continue", "\r\n\r\n");
    check(fr_str_eq(fr_buf_str(&whole), fr_buf_str(&split)));
    check(!whole.n || memcmp(whole.p, "HTTP/1.1 ", 9) == 0);
    fr_buf_deinit(&whole);
    fr_buf_deinit(&split);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > INPUT_MAX)
        return 0;
    /* A fault in a line may be told at once or when the line has ended, so it is ended. */
    static uint8_t bytes[INPUT_MAX + 4];
    memcpy(bytes, data + 1, size - 1);
    memcpy(bytes + size - 1, "\r\n\r\n", 4);
    uint32_t seed = data[0] * 2654435761u + 1;
    parse_both_ways(bytes, size + 3, seed);
    converse_both_ways(bytes, size + 3, seed);
    return 0;
}
