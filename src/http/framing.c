/*
 * The few fields that the connection itself must know: where the message ends, whether the connection stays, which host
 * is meant. What two servers could read in two ways is refused: RFC 9112 sections 6.1, 6.3 and 3.2.
 */
#include "http/parser_int.h"

#include <string.h>

#include "base/str.h"
#include "http/host.h"
#include "http/token.h"

/* Looking through a host costs 15 ns, finding that it is the last one again 3. */
static inline bool is_known_host(const fr_head *head, fr_str value)
{
    return value.n == head->known_host_n && memcmp(value.p, head->known_host, value.n) == 0;
}

static bool is_good_host(fr_head *head, fr_str value, const uint8_t *end)
{
    if (value.n && is_known_host(head, value))
        return true;
    if (!fr_is_host(value, end))
        return false;
    if (value.n <= FR_KNOWN_HOST_BYTES) {
        memcpy(head->known_host, value.p, value.n);
        head->known_host_n = (uint32_t)value.n;
    }
    return true;
}

static fr_head_result read_host(fr_head *head, fr_str value, const uint8_t *end)
{
    if (head->host >= 0)
        return fr_head_refuse(head, 400, "More than one Host.");
    if (!is_good_host(head, value, end))
        return fr_head_refuse(head, 400, "Bad Host.");
    head->host = (int32_t)head->field_count;
    return FR_HEAD_DONE;
}

/* A second line of a field that stands once: which of the two is meant would be told by whoever asks first. */
static fr_head_result read_single(fr_head *head, unsigned flag, const char *why)
{
    if (head->flags & flag)
        return fr_head_refuse(head, 400, why);
    head->flags |= (uint16_t)flag;
    return FR_HEAD_DONE;
}

/* Digits only: no sign, no blank, no list. */
static fr_head_result read_content_length(fr_head *head, fr_str value)
{
    if (head->has_length)
        return fr_head_refuse(head, 400, "More than one Content-Length.");
    if (value.n > 19 || !fr_str_u64(value, &head->length))
        return fr_head_refuse(head, 400, "Bad Content-Length.");
    head->has_length = true;
    return FR_HEAD_DONE;
}

static fr_head_result read_transfer_encoding(fr_head *head, fr_str value)
{
    if (head->flags & FR_HEAD_HAS_CODING)
        return fr_head_refuse(head, 400, "More than one Transfer-Encoding.");
    head->flags |= FR_HEAD_HAS_CODING;
    for (bool is_last = false; !is_last;) {
        fr_str coding;
        is_last = fr_str_find_char(value, ',') == SIZE_MAX;
        value = fr_str_cut(value, ',', &coding);
        coding = fr_str_trim(coding);
        if (head->flags & FR_HEAD_CHUNKED_LAST) /* something stands behind "chunked" */
            return fr_head_refuse(head, 400, "Bad Transfer-Encoding.");
        if (fr_str_eq_nocase(coding, FR_STR("chunked")))
            head->flags |= FR_HEAD_CHUNKED_LAST;
        else if (fr_is_token(coding))
            head->flags |= FR_HEAD_UNKNOWN_CODING;
        else
            return fr_head_refuse(head, 400, "Bad Transfer-Encoding.");
    }
    return FR_HEAD_DONE;
}

static fr_head_result read_connection(fr_head *head, fr_str value)
{
    if (fr_list_has(value, FR_STR("close")))
        head->flags |= FR_HEAD_ASKS_CLOSE;
    if (fr_list_has(value, FR_STR("keep-alive")))
        head->flags |= FR_HEAD_ASKS_KEEP_ALIVE;
    if (fr_list_has(value, FR_STR("upgrade")))
        head->flags |= FR_HEAD_ASKS_UPGRADE;
    return FR_HEAD_DONE;
}

static fr_head_result read_expect(fr_head *head, fr_str value)
{
    if (head->minor == 0)
        return FR_HEAD_DONE;
    if (!fr_str_eq_nocase(value, FR_STR("100-continue")))
        return fr_head_refuse(head, 417, "The expectation cannot be met.");
    head->expects_100 = true;
    return FR_HEAD_DONE;
}

static fr_head_result read_upgrade(fr_head *head, fr_str value)
{
    if (fr_list_has(value, FR_STR("websocket")))
        head->flags |= FR_HEAD_NAMES_WEBSOCKET;
    return FR_HEAD_DONE;
}

/* The few fields that the connection itself must know, told by the length of their names first. */
fr_head_result fr_head_read_framing(fr_head *head, const uint8_t *bytes, const uint8_t *end,
                                    const fr_head_field *field)
{
    const uint8_t *name = bytes + field->name.at;
    fr_str value = fr_head_text(bytes, field->value);
    switch (field->name.n) {
    case 4: return memcmp(name, "host", 4) ? FR_HEAD_DONE : read_host(head, value, end);
    case 6:
        if (memcmp(name, "origin", 6) == 0)
            return read_single(head, FR_HEAD_HAS_ORIGIN, "More than one Origin.");
        return memcmp(name, "expect", 6) ? FR_HEAD_DONE : read_expect(head, value);
    case 7: return memcmp(name, "upgrade", 7) ? FR_HEAD_DONE : read_upgrade(head, value);
    case 10: return memcmp(name, "connection", 10) ? FR_HEAD_DONE : read_connection(head, value);
    case 12:
        return memcmp(name, "content-type", 12)
                   ? FR_HEAD_DONE
                   : read_single(head, FR_HEAD_HAS_TYPE, "More than one Content-Type.");
    case 14:
        return memcmp(name, "content-length", 14) ? FR_HEAD_DONE : read_content_length(head, value);
    case 17:
        return memcmp(name, "transfer-encoding", 17) ? FR_HEAD_DONE
                                                     : read_transfer_encoding(head, value);
    default: return FR_HEAD_DONE;
    }
}

fr_head_result fr_head_judge(fr_head *head)
{
    unsigned flags = head->flags;
    if (flags & FR_HEAD_HAS_CODING) {
        if (head->minor == 0)
            return fr_head_refuse(head, 400, "Transfer-Encoding in HTTP/1.0.");
        if (head->has_length)
            return fr_head_refuse(head, 400, "Transfer-Encoding and Content-Length.");
        if (flags & FR_HEAD_UNKNOWN_CODING)
            return fr_head_refuse(head, 501, "This server does not know the transfer coding.");
        head->is_chunked = true;
    }
    if (head->host < 0 && head->minor != 0)
        return fr_head_refuse(head, 400, "No Host.");
    if (head->host >= 0 &&
        head->authority.n) /* section 3.2.2: the target's host stands for the one in Host */
        head->fields[head->host].value = head->authority;
    head->is_keep_alive =
        head->minor == 0 && (flags & FR_HEAD_ASKS_KEEP_ALIVE) && !(flags & FR_HEAD_ASKS_CLOSE);
    head->is_close = (flags & FR_HEAD_ASKS_CLOSE) || (head->minor == 0 && !head->is_keep_alive);
    head->is_upgrade =
        (flags & FR_HEAD_ASKS_UPGRADE) && (flags & FR_HEAD_NAMES_WEBSOCKET) && head->minor != 0;
    head->bytes = head->line_at;
    return FR_HEAD_DONE;
}
