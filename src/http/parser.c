/*
 * The head parser; see parser.h. A line is read only when its end has come (`seen` remembers how far that was looked
 * for), so a head that comes byte by byte costs no more than one that comes at once.
 *
 * Each line is looked at only as far as its limit goes: whether a bad byte or a limit is met first does not depend on
 * how the bytes were cut into packets.
 */
#include "http/parser.h"

#include <string.h>

#include "base/str.h"
#include "http/scan.h"

enum { STAGE_START, STAGE_REQUEST, STAGE_FIELDS };
enum { METHOD_BYTES = 32 }; /* longer than any method that there is */
enum {
    HAS_TRANSFER_ENCODING = 1 << 0,
    IS_CHUNKED_LAST = 1 << 1,
    HAS_UNKNOWN_CODING = 1 << 2,
    ASKS_UPGRADE = 1 << 3,
    NAMES_WEBSOCKET = 1 << 4,
    ASKS_CLOSE = 1 << 5,
    ASKS_KEEP_ALIVE = 1 << 6,
};

/* clang-format off */
#define ROW(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x

/* Token characters (RFC 9110 section 5.6.2), letters in lower case; 0 for all others. */
static const uint8_t TOKEN[256] = {
    ROW(0), ROW(0),
    0, '!', 0, '#', '$', '%', '&', '\'', 0, 0, '*', '+', 0, '-', '.', 0,
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 0, 0, 0, 0, 0, 0,
    0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, 0, 0, '^', '_',
    '`', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, '|', 0, '~', 0,
};

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

/* Bytes of host names and IPv4 addresses: letters, digits, '-', '.', as Django has it, and '_' as containers have it. */
static const uint8_t HOST[256] = {
    ROW(0), ROW(0),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
};
#undef ROW
/* clang-format on */

void fr_head_init(fr_head *head, fr_field *fields)
{
    const size_t cleared = offsetof(fr_head, authority);
    memset((char *)head + cleared, 0, sizeof *head - cleared);
    head->fields = fields;
    head->host = -1;
}

static fr_head_result refuse(fr_head *head, uint16_t status, const char *why)
{
    head->refusal = status;
    head->why = why;
    return FR_HEAD_REFUSED;
}

/* The first control byte but tab, or end: where a field value ends. */
static inline const uint8_t *find_value_end(const uint8_t *p, const uint8_t *end)
{
    for (;; p++) {
        p = fr_scan_below(p, end, 0x20);
        if (p == end || *p != '\t')
            return p;
    }
}

/* The first blank, control byte or DEL, or end: where a target ends. */
static inline const uint8_t *find_blank(const uint8_t *p, const uint8_t *end)
{
    return fr_scan_below(p, end, 0x21);
}

static fr_str text_of(const uint8_t *bytes, fr_span32 span)
{
    return (fr_str){(const char *)bytes + span.at, span.n};
}

/* ---- hosts ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_ipv6_byte(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') || c == ':' || c == '.';
}

/* How long "[…]" at the beginning of s is; 0: it is none. */
static size_t ipv6_bytes(fr_str s)
{
    size_t i = 1;
    while (i < s.n && is_ipv6_byte((uint8_t)s.p[i]))
        i++;
    return i > 2 && i < s.n && s.p[i] == ']' ? i + 1 : 0;
}

/* host[:port], host being a name, an IPv4 address or [IPv6]. Bytes up to `end` may be read. */
static bool is_host(fr_str s, const uint8_t *end)
{
    const uint8_t *start = (const uint8_t *)s.p;
    size_t i = (size_t)(fr_scan_name(start, end, '-', '.', '_') - start);
    if (i > s.n)
        i = s.n;
    while (i < s.n && HOST[(uint8_t)s.p[i]])
        i++;
    if (i == 0 && s.n && s.p[0] == '[')
        i = ipv6_bytes(s);
    if (i == 0 || i == s.n)
        return i > 0;
    if (s.p[i++] != ':' || s.n - i > 5)
        return false;
    uint32_t port = 0;
    for (; i < s.n && is_digit((uint8_t)s.p[i]); i++)
        port = port * 10 + (uint32_t)(s.p[i] - '0');
    return i == s.n && port <= 65535;
}

/* ---- the request line ---- */

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
    fr_str target = text_of(bytes, head->target);
    size_t scheme = fr_str_eq_nocase(fr_str_sub(target, 0, 7), FR_STR("http://"))    ? 7
                    : fr_str_eq_nocase(fr_str_sub(target, 0, 8), FR_STR("https://")) ? 8
                                                                                     : 0;
    if (!scheme)
        return refuse(head, 400, "Bad request target.");
    size_t end = scheme;
    while (end < target.n && target.p[end] != '/' && target.p[end] != '?')
        end++;
    if (!is_host(fr_str_sub(target, scheme, end - scheme), (const uint8_t *)target.p + target.n))
        return refuse(head, 400, "Bad host in the request target.");
    head->authority = (fr_span32){head->target.at + (uint32_t)scheme, (uint32_t)(end - scheme)};
    const uint8_t *start = bytes + head->target.at, *ignored;
    if (!read_path(head, bytes, start + end, start + target.n, &ignored))
        return refuse(head, 400, "Bad request target.");
    return FR_HEAD_DONE;
}

/* A target that does not begin with a slash. */
static fr_head_result read_other_target(fr_head *head, const uint8_t *bytes)
{
    if (head->target.n == 1 && bytes[head->target.at] == '*' &&
        fr_str_eq(text_of(bytes, head->method), FR_STR("OPTIONS"))) {
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
        return refuse(head, 400, "Bad request line.");
    if (p[5] != '1')
        return refuse(head, 505, "This server speaks HTTP/1.1.");
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
    fr_str method = text_of(bytes, head->method);
    if (method.n > METHOD_BYTES || fr_str_eq(method, FR_STR("CONNECT")))
        return refuse(head, 501, "This server does not know the method.");
    return bytes[head->target.at] == '/' ? FR_HEAD_DONE : read_other_target(head, bytes);
}

static inline fr_head_result read_request_line(fr_head *head, const uint8_t *bytes,
                                               const uint8_t *end)
{
    const uint8_t *start = bytes + head->line_at, *p = start;
    while (p < end && TOKEN[*p])
        p++;
    if (p == end)
        return FR_HEAD_MORE;
    if (*p != ' ' || p == start)
        return refuse(head, 400, "Bad request line.");
    head->method = (fr_span32){head->line_at, (uint32_t)(p - start)};
    const uint8_t *target = ++p;
    if (p == end)
        return FR_HEAD_MORE;
    if (*p != '/')
        p = find_blank(p, end);
    else if (!read_path(head, bytes, p, end, &p))
        return refuse(head, 400, "Bad request target.");
    if (p == end)
        return FR_HEAD_MORE;
    if (*p != ' ' || p == target)
        return refuse(head, 400, "Bad request line.");
    head->target = (fr_span32){(uint32_t)(target - bytes), (uint32_t)(p - target)};
    fr_head_result result = read_version(head, p + 1, end, &p);
    if (result != FR_HEAD_DONE)
        return result;
    head->line_at = (uint32_t)(p - bytes);
    return judge_request_line(head, bytes);
}

/* ---- fields that say how the message is framed ---- */

bool fr_list_has(fr_str list, fr_str token)
{
    while (list.n) {
        fr_str one;
        list = fr_str_cut(list, ',', &one);
        if (fr_str_eq_nocase(fr_str_trim(one), token))
            return true;
    }
    return false;
}

static fr_head_result read_host(fr_head *head, fr_str value, const uint8_t *end)
{
    if (head->host >= 0)
        return refuse(head, 400, "More than one Host.");
    if (!is_host(value, end))
        return refuse(head, 400, "Bad Host.");
    head->host = (int32_t)head->field_count;
    return FR_HEAD_DONE;
}

/* Digits only: no sign, no blank, no list. */
static fr_head_result read_content_length(fr_head *head, fr_str value)
{
    if (head->has_length)
        return refuse(head, 400, "More than one Content-Length.");
    if (value.n > 19 || !fr_str_u64(value, &head->length))
        return refuse(head, 400, "Bad Content-Length.");
    head->has_length = true;
    return FR_HEAD_DONE;
}

static fr_head_result read_transfer_encoding(fr_head *head, fr_str value)
{
    if (head->flags & HAS_TRANSFER_ENCODING)
        return refuse(head, 400, "More than one Transfer-Encoding.");
    head->flags |= HAS_TRANSFER_ENCODING;
    for (bool is_last = false; !is_last;) {
        fr_str coding;
        is_last = fr_str_find_char(value, ',') == SIZE_MAX;
        value = fr_str_cut(value, ',', &coding);
        coding = fr_str_trim(coding);
        if (head->flags & IS_CHUNKED_LAST) /* something stands behind "chunked" */
            return refuse(head, 400, "Bad Transfer-Encoding.");
        if (fr_str_eq_nocase(coding, FR_STR("chunked")))
            head->flags |= IS_CHUNKED_LAST;
        else if (fr_is_token(coding))
            head->flags |= HAS_UNKNOWN_CODING;
        else
            return refuse(head, 400, "Bad Transfer-Encoding.");
    }
    return FR_HEAD_DONE;
}

static fr_head_result read_connection(fr_head *head, fr_str value)
{
    if (fr_list_has(value, FR_STR("close")))
        head->flags |= ASKS_CLOSE;
    if (fr_list_has(value, FR_STR("keep-alive")))
        head->flags |= ASKS_KEEP_ALIVE;
    if (fr_list_has(value, FR_STR("upgrade")))
        head->flags |= ASKS_UPGRADE;
    return FR_HEAD_DONE;
}

static fr_head_result read_expect(fr_head *head, fr_str value)
{
    if (head->minor == 0)
        return FR_HEAD_DONE;
    if (!fr_str_eq_nocase(value, FR_STR("100-continue")))
        return refuse(head, 417, "The expectation cannot be met.");
    head->expects_100 = true;
    return FR_HEAD_DONE;
}

static fr_head_result read_upgrade(fr_head *head, fr_str value)
{
    if (fr_list_has(value, FR_STR("websocket")))
        head->flags |= NAMES_WEBSOCKET;
    return FR_HEAD_DONE;
}

/* The few fields that the connection itself must know, told by the length of their names first. */
static inline fr_head_result read_known(fr_head *head, const uint8_t *bytes, const uint8_t *end,
                                        const fr_field *field)
{
    const uint8_t *name = bytes + field->name.at;
    fr_str value = text_of(bytes, field->value);
    switch (field->name.n) {
    case 4: return memcmp(name, "host", 4) ? FR_HEAD_DONE : read_host(head, value, end);
    case 6: return memcmp(name, "expect", 6) ? FR_HEAD_DONE : read_expect(head, value);
    case 7: return memcmp(name, "upgrade", 7) ? FR_HEAD_DONE : read_upgrade(head, value);
    case 10: return memcmp(name, "connection", 10) ? FR_HEAD_DONE : read_connection(head, value);
    case 14:
        return memcmp(name, "content-length", 14) ? FR_HEAD_DONE : read_content_length(head, value);
    case 17:
        return memcmp(name, "transfer-encoding", 17) ? FR_HEAD_DONE
                                                     : read_transfer_encoding(head, value);
    default: return FR_HEAD_DONE;
    }
}

/* ---- field lines ---- */

/* The value of a field whose colon stands before p, and the end of its line. */
static inline fr_head_result read_value(fr_head *head, const uint8_t *bytes, const uint8_t *p,
                                        const uint8_t *end, fr_span32 *value)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    const uint8_t *start = p;
    p = find_value_end(p, end);
    if (end - p < 2 && (p == end || *p == '\r'))
        return FR_HEAD_MORE;
    if (p[0] != '\r' || p[1] != '\n')
        return refuse(head, 400, "Bad byte in a header.");
    head->line_at = (uint32_t)(p + 2 - bytes);
    while (p > start && (p[-1] == ' ' || p[-1] == '\t'))
        p--;
    *value = (fr_span32){(uint32_t)(start - bytes), (uint32_t)(p - start)};
    return FR_HEAD_DONE;
}

/* One field line. A name begins with a token character and ends at its colon: this refuses folded lines, blanks before
 * the colon, and control bytes. */
static inline fr_head_result read_field(fr_head *head, const fr_head_limits *limits, uint8_t *bytes,
                                        const uint8_t *end)
{
    uint8_t *start = bytes + head->line_at;
    const uint8_t *p = fr_scan_name(start, end, '-', '-', '_');
    while (p < end && TOKEN[*p])
        p++;
    if (p == end)
        return FR_HEAD_MORE;
    if (*p != ':' || p == start)
        return refuse(head, 400, "Bad header name.");
    if (head->field_count >= limits->headers)
        return refuse(head, 431, "Too many headers.");
    fr_field *field = &head->fields[head->field_count];
    field->name = (fr_span32){head->line_at, (uint32_t)(p - start)};
    fr_head_result result = read_value(head, bytes, p + 1, end, &field->value);
    if (result != FR_HEAD_DONE)
        return result;
    fr_lower_name(start, field->name.n,
                  end); /* after the value was read: a wide store would hold up its loads */
    result = read_known(head, bytes, end, field);
    head->field_count++;
    return result;
}

/* All lines are there: what do they mean together? */
static fr_head_result judge(fr_head *head)
{
    unsigned flags = head->flags;
    if (flags & HAS_TRANSFER_ENCODING) {
        if (head->minor == 0)
            return refuse(head, 400, "Transfer-Encoding in HTTP/1.0.");
        if (head->has_length)
            return refuse(head, 400, "Transfer-Encoding and Content-Length.");
        if (flags & HAS_UNKNOWN_CODING)
            return refuse(head, 501, "This server does not know the transfer coding.");
        head->is_chunked = true;
    }
    if (head->host < 0 && head->minor != 0)
        return refuse(head, 400, "No Host.");
    if (head->host >= 0 &&
        head->authority.n) /* section 3.2.2: the target's host stands for the one in Host */
        head->fields[head->host].value = head->authority;
    head->is_keep_alive = head->minor == 0 && (flags & ASKS_KEEP_ALIVE) && !(flags & ASKS_CLOSE);
    head->is_close = (flags & ASKS_CLOSE) || (head->minor == 0 && !head->is_keep_alive);
    head->is_upgrade = (flags & ASKS_UPGRADE) && (flags & NAMES_WEBSOCKET) && head->minor != 0;
    head->bytes = head->line_at;
    return FR_HEAD_DONE;
}

/* The lines, one by one, as far as `end`. */
static fr_head_result read_lines(fr_head *head, const fr_head_limits *limits, uint8_t *bytes,
                                 size_t n, size_t *end)
{
    for (;;) {
        size_t line_end = (size_t)head->line_at + limits->line_bytes;
        *end = n < limits->head_bytes ? n : limits->head_bytes;
        if (line_end < *end)
            *end = line_end;
        const uint8_t *at = bytes + head->line_at, *stop = bytes + *end;
        fr_head_result result = FR_HEAD_DONE;
        if (head->stage != STAGE_REQUEST && at < stop && *at == '\r') {
            if (stop - at < 2)
                return FR_HEAD_MORE;
            if (at[1] != '\n')
                return refuse(head, 400, "Bad line end.");
            head->line_at += 2;
            if (head->stage == STAGE_FIELDS)
                return judge(head);
            head->stage =
                STAGE_REQUEST; /* one empty line before a request is let pass: section 2.2 */
        } else if (head->stage != STAGE_FIELDS) {
            result = read_request_line(head, bytes, stop);
            if (result == FR_HEAD_DONE)
                head->stage = STAGE_FIELDS;
        } else {
            result = read_field(head, limits, bytes, stop);
        }
        if (result != FR_HEAD_DONE)
            return result;
    }
}

fr_head_result fr_head_parse(fr_head *head, const fr_head_limits *limits, uint8_t *bytes, size_t n)
{
    size_t end = n < limits->head_bytes ? n : limits->head_bytes;
    if (head->seen >= n || (head->seen && !memchr(bytes + head->seen, '\n', n - head->seen) &&
                            n - head->line_at < limits->line_bytes && n < limits->head_bytes)) {
        head->seen = (uint32_t)n;
        return FR_HEAD_MORE;
    }
    fr_head_result result = read_lines(head, limits, bytes, n, &end);
    if (result != FR_HEAD_MORE)
        return result;
    head->seen = (uint32_t)n;
    if (end - head->line_at >= limits->line_bytes)
        return head->stage == STAGE_FIELDS ? refuse(head, 431, "A header is too long.")
                                           : refuse(head, 414, "The request line is too long.");
    if (n >= limits->head_bytes)
        return refuse(head, 431, "The headers are too long.");
    return FR_HEAD_MORE;
}

/* ---- small questions ---- */

bool fr_is_token_byte(uint8_t byte)
{
    return TOKEN[byte] != 0;
}

bool fr_is_token(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!TOKEN[(uint8_t)s.p[i]])
            return false;
    return s.n > 0;
}

bool fr_is_field_value(fr_str s)
{
    const uint8_t *end = (const uint8_t *)s.p + s.n;
    return s.n == 0 || find_value_end((const uint8_t *)s.p, end) == end;
}
