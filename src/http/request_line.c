/*
 * The request line: method, target in its three forms ("/path", "http://host/path", "*"), version. RFC 9112 section 3.
 */
#include "http/parser_int.h"

#include <string.h>

#include "base/str.h"
#include "http/host.h"
#include "http/token.h"

enum { METHOD_BYTES = 32 }; /* longer than any method that there is */

/* clang-format off */
#define ROW(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
/* How a byte stands in a target. */
enum { PLAIN, ODD, QUERY, FRAGMENT, ENDS };
static const uint8_t TARGET[256] = {
    ROW(ENDS), ROW(ENDS),
    /*      !         "         #         $         %         &         '         (   … */
    ENDS, PLAIN, PLAIN, FRAGMENT, PLAIN, ODD, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN,
    /* 0 … 9 : ; < = > ? */
    PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, QUERY,
    ROW(PLAIN), ROW(PLAIN), ROW(PLAIN),
    /* p … DEL */
    PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, ENDS,
    ROW(ODD), ROW(ODD), ROW(ODD), ROW(ODD), ROW(ODD), ROW(ODD), ROW(ODD), ROW(ODD),
};
#undef ROW
/* clang-format on */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* The first blank, control byte or DEL, or end: where a target ends. */
static inline const uint8_t *find_blank(const uint8_t *p, const uint8_t *end)
{
    return fr_scan_below(p, end, 0x21);
}

/*
 * Path and query from p on, up to where the target ends: *after. Bytes that want a second look (escapes, UTF-8) are only
 * noted. false: a fragment, which clients keep to themselves.
 */
static inline bool read_path(fr_head *head, const uint8_t *bytes, const uint8_t *p,
                             const uint8_t *end, const uint8_t **after)
{
    const uint8_t *start = p;
    bool is_odd = false;
    for (; p < end && TARGET[*p] <= ODD; p++)
        is_odd |= TARGET[*p];
    head->is_plain = !is_odd;
    head->path = (fr_span32){(uint32_t)(start - bytes), (uint32_t)(p - start)};
    head->query = (fr_span32){(uint32_t)(p - bytes), 0};
    *after = p;
    if (p == end || TARGET[*p] == ENDS)
        return true;
    if (*p == '#')
        return false;
    start = p + 1;
    *after = p = find_blank(start, end);
    head->query = (fr_span32){(uint32_t)(start - bytes), (uint32_t)(p - start)};
    return !memchr(start, '#', (size_t)(p - start));
}

/* "http://host/path?query", as clients send it to proxies. */
static fr_head_result read_absolute(fr_head *head, const uint8_t *bytes)
{
    fr_str target = fr_head_text(bytes, head->target);
    size_t scheme = fr_str_eq_nocase(fr_str_sub(target, 0, 7), FR_STR("http://"))    ? 7
                    : fr_str_eq_nocase(fr_str_sub(target, 0, 8), FR_STR("https://")) ? 8
                                                                                     : 0;
    if (!scheme)
        return fr_head_refuse(head, 400, "Bad request target.");
    size_t end = scheme;
    while (end < target.n && target.p[end] != '/' && target.p[end] != '?')
        end++;
    if (!fr_is_host(fr_str_sub(target, scheme, end - scheme), (const uint8_t *)target.p + target.n))
        return fr_head_refuse(head, 400, "Bad host in the request target.");
    head->authority = (fr_span32){head->target.at + (uint32_t)scheme, (uint32_t)(end - scheme)};
    const uint8_t *start = bytes + head->target.at, *ignored;
    if (!read_path(head, bytes, start + end, start + target.n, &ignored))
        return fr_head_refuse(head, 400, "Bad request target.");
    return FR_HEAD_DONE;
}

/* A target that does not begin with a slash. */
static fr_head_result read_other_target(fr_head *head, const uint8_t *bytes)
{
    if (head->target.n == 1 && bytes[head->target.at] == '*' &&
        fr_str_eq_nocase(fr_head_text(bytes, head->method), FR_STR("OPTIONS"))) {
        head->path = head->query = (fr_span32){head->target.at, 0};
        head->is_asterisk = true;
        return FR_HEAD_DONE;
    }
    return read_absolute(head, bytes);
}

/* "HTTP/1.1" and its line end at p. Another length than usual is judged when the line's end is there. */
static fr_head_result read_other_version(fr_head *head, const uint8_t *p, const uint8_t *end,
                                         const uint8_t **after)
{
    const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));
    if (!lf)
        return FR_HEAD_MORE;
    if (lf - p != 9 || p[8] != '\r' || memcmp(p, "HTTP/", 5) != 0 || !is_digit(p[5]) ||
        p[6] != '.' || !is_digit(p[7]))
        return fr_head_refuse(head, 400, "Bad request line.");
    if (p[5] != '1')
        return fr_head_refuse(head, 505, "This server speaks HTTP/1.1.");
    head->minor = p[7] != '0';
    *after = lf + 1;
    return FR_HEAD_DONE;
}

static inline fr_head_result read_version(fr_head *head, const uint8_t *p, const uint8_t *end,
                                          const uint8_t **after)
{
    static const char USUAL[] = "HTTP/1.1";
    if (end - p < 10 || fr_load64((const char *)p) != fr_load64(USUAL) || p[8] != '\r' ||
        p[9] != '\n')
        return read_other_version(head, p, end, after);
    head->minor = 1;
    *after = p + 10;
    return FR_HEAD_DONE;
}

static fr_head_result judge_request_line(fr_head *head, const uint8_t *bytes)
{
    fr_str method = fr_head_text(bytes, head->method);
    if (method.n > METHOD_BYTES || fr_str_eq_nocase(method, FR_STR("CONNECT")))
        return fr_head_refuse(head, 501, "This server does not know the method.");
    return bytes[head->target.at] == '/' ? FR_HEAD_DONE : read_other_target(head, bytes);
}

fr_head_result fr_head_read_request_line(fr_head *head, const uint8_t *bytes, const uint8_t *end)
{
    const uint8_t *start = bytes + head->line_at, *p = start;
    while (p < end && fr_tchars[*p])
        p++;
    if (p == end)
        return FR_HEAD_MORE;
    if (*p != ' ' || p == start)
        return fr_head_refuse(head, 400, "Bad request line.");
    head->method = (fr_span32){head->line_at, (uint32_t)(p - start)};
    const uint8_t *target = ++p;
    if (p == end)
        return FR_HEAD_MORE;
    if (*p != '/')
        p = find_blank(p, end);
    else if (!read_path(head, bytes, p, end, &p))
        return fr_head_refuse(head, 400, "Bad request target.");
    if (p == end)
        return FR_HEAD_MORE;
    if (*p != ' ' || p == target)
        return fr_head_refuse(head, 400, "Bad request line.");
    head->target = (fr_span32){(uint32_t)(target - bytes), (uint32_t)(p - target)};
    fr_head_result result = read_version(head, p + 1, end, &p);
    if (result != FR_HEAD_DONE)
        return result;
    head->line_at = (uint32_t)(p - bytes);
    return judge_request_line(head, bytes);
}
