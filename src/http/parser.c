/*
 * The head parser; see parser.h. A line that has not come whole is read again only when its end has (`seen` remembers how
 * far that was looked for), so a head that comes byte by byte costs hardly more than one that comes at once.
 *
 * Each line is looked at only as far as its limit goes: whether a bad byte or a limit is met first does not depend on
 * how the bytes were cut into packets.
 */
#include "http/parser.h"

#include <string.h>

#include "base/str.h"
#include "http/parser_int.h"
#include "http/token.h"

void fr_head_init(fr_head *head, fr_head_field *fields)
{
    head->fields = fields;
    head->known_host_n = 0;
    fr_head_next(head);
}

void fr_head_next(fr_head *head)
{
    const size_t cleared = offsetof(fr_head, authority);
    memset((char *)head + cleared, 0, sizeof *head - cleared);
    head->host = -1;
}

/* ---- field lines ---- */

/* The value of a field whose colon stands before p, and the end of its line. */
static inline fr_head_result read_value(fr_head *head, const uint8_t *bytes, const uint8_t *p,
                                        const uint8_t *end, fr_span32 *value)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    const uint8_t *start = p;
    p = fr_value_end(p, end);
    if (end - p < 2 && (p == end || *p == '\r'))
        return FR_HEAD_MORE;
    if (p[0] != '\r' || p[1] != '\n')
        return fr_head_refuse(head, 400, "Bad byte in a header.");
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
    while (p < end && fr_tchars[*p])
        p++;
    if (p == end)
        return FR_HEAD_MORE;
    if (*p != ':' || p == start)
        return fr_head_refuse(head, 400, "Bad header name.");
    if (head->field_count >= limits->headers)
        return fr_head_refuse(head, 431, "Too many headers.");
    fr_head_field *field = &head->fields[head->field_count];
    field->name = (fr_span32){head->line_at, (uint32_t)(p - start)};
    fr_head_result result = read_value(head, bytes, p + 1, end, &field->value);
    if (result != FR_HEAD_DONE)
        return result;
    fr_lower_name(start, field->name.n,
                  end); /* after the value was read: a wide store would hold up its loads */
    result = fr_head_read_framing(head, bytes, end, field);
    head->field_count++;
    return result;
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
        if (head->stage != FR_HEAD_REQUEST && at < stop && *at == '\r') {
            if (stop - at < 2)
                return FR_HEAD_MORE;
            if (at[1] != '\n')
                return fr_head_refuse(head, 400, "Bad line end.");
            head->line_at += 2;
            if (head->stage == FR_HEAD_FIELDS)
                return fr_head_judge(head);
            head->stage =
                FR_HEAD_REQUEST; /* one empty line before a request is let pass: section 2.2 */
        } else if (head->stage != FR_HEAD_FIELDS) {
            result = fr_head_read_request_line(head, bytes, stop);
            if (result == FR_HEAD_DONE)
                head->stage = FR_HEAD_FIELDS;
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
        return head->stage == FR_HEAD_FIELDS
                   ? fr_head_refuse(head, 431, "A header is too long.")
                   : fr_head_refuse(head, 414, "The request line is too long.");
    if (n >= limits->head_bytes)
        return fr_head_refuse(head, 431, "The headers are too long.");
    return FR_HEAD_MORE;
}
