/* What the files of the head parser share; see parser.h. */
#ifndef FR_HTTP_PARSER_INT_H
#define FR_HTTP_PARSER_INT_H
#include "http/parser.h"

enum { FR_HEAD_START, FR_HEAD_REQUEST, FR_HEAD_FIELDS }; /* fr_head.stage */

/* fr_head.flags: what the fields said, until all are there. */
enum {
    FR_HEAD_HAS_CODING = 1 << 0, /* Transfer-Encoding */
    FR_HEAD_CHUNKED_LAST = 1 << 1,
    FR_HEAD_UNKNOWN_CODING = 1 << 2,
    FR_HEAD_ASKS_UPGRADE = 1 << 3,
    FR_HEAD_NAMES_WEBSOCKET = 1 << 4,
    FR_HEAD_ASKS_CLOSE = 1 << 5,
    FR_HEAD_ASKS_KEEP_ALIVE = 1 << 6,
    FR_HEAD_HAS_ORIGIN = 1 << 7,
    FR_HEAD_HAS_TYPE = 1 << 8,
};

static inline fr_head_result fr_head_refuse(fr_head *head, uint16_t status, const char *why)
{
    head->refusal = status;
    head->why = why;
    return FR_HEAD_REFUSED;
}

static inline fr_str fr_head_text(const uint8_t *bytes, fr_span32 span)
{
    return (fr_str){(const char *)bytes + span.at, span.n};
}

/* request_line.c: the line that begins at head->line_at; DONE: line_at is behind it. */
fr_head_result fr_head_read_request_line(fr_head *head, const uint8_t *bytes, const uint8_t *end);
/* framing.c: a field that may say how the message is framed. Bytes up to `end` may be read. */
fr_head_result fr_head_read_framing(fr_head *head, const uint8_t *bytes, const uint8_t *end,
                                    const fr_head_field *field);
/* framing.c: what the fields say together. */
fr_head_result fr_head_judge(fr_head *head);
#endif
