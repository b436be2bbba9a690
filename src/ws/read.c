/*
 * Reading frames: RFC 6455 5.4 (fragments), 5.5 (control frames), 8.1 (UTF-8, told as early as it shows).
 *
 * A message of one frame that lies whole in the receive buffer is unmasked there and handed over: nothing is copied or
 * allocated. All others are gathered in a buffer of their own, which is freed with the message.
 */
#include "ws/ws_int.h"

#include <string.h>

enum { IN_BYTES_MIN = 512 };

static bool is_reading(const fr_ws *ws)
{
    return ws->state != FR_WS_OVER && !ws->is_paused;
}

void fr_ws_in_free_(fr_ws *ws)
{
    if (!ws->in)
        return;
    fr_free(ws->in->bytes);
    fr_free(ws->in);
    ws->in = NULL;
}

static void deliver(fr_ws *ws, uint8_t opcode, const uint8_t *bytes, size_t n)
{
    ws->handler->on_message(ws, opcode == FR_WS_TEXT, (fr_str){(const char *)bytes, n});
    if (fr_conn_is_closing(ws->conn))
        ws->state = FR_WS_OVER; /* told by on_close of the connection, which comes next */
}

/* ---- a message in parts ---- */

static fr_ws_in *begin_message(fr_ws *ws, uint8_t opcode)
{
    fr_ws_in *in = fr_zalloc(sizeof *in);
    if (in) {
        in->opcode = opcode;
        in->is_skipped = ws->state == FR_WS_CLOSING;
        ws->in = in;
    }
    return in;
}

static void end_message(fr_ws *ws)
{
    fr_ws_in *in = ws->in;
    if (in->opcode == FR_WS_TEXT && in->utf8 && !in->is_skipped) {
        fr_ws_fail_(ws, 1007, "text ends within a character");
        return;
    }
    ws->in = NULL; /* the handler may close */
    if (!in->is_skipped)
        deliver(ws, in->opcode, in->bytes, in->n);
    fr_free(in->bytes);
    fr_free(in);
}

/* Room for n more bytes: doubled, but not beyond what the present frame can still need if it is the last. */
static bool grow(fr_ws_in *in, size_t n)
{
    size_t need = in->n + n;
    if (need <= in->cap)
        return true;
    size_t cap = in->cap * 2 > IN_BYTES_MIN ? in->cap * 2 : IN_BYTES_MIN;
    if (cap < need)
        cap = need;
    if (in->is_final && cap - in->n > in->left)
        cap = in->n + (size_t)in->left;
    uint8_t *bytes = fr_realloc(in->bytes, cap);
    if (!bytes)
        return false;
    in->bytes = bytes;
    in->cap = cap;
    return true;
}

static bool keep(fr_ws *ws, const uint8_t *bytes, size_t n)
{
    fr_ws_in *in = ws->in;
    if (!grow(in, n)) {
        fr_ws_fail_(ws, 1013, "memory is out");
        return false;
    }
    uint8_t *at = in->bytes + in->n;
    bool is_ascii = fr_ws_unmask_(at, bytes, n, in->mask);
    in->mask = fr_ws_mask_after_(in->mask, n);
    in->n += n;
    bool is_valid = in->opcode != FR_WS_TEXT || (is_ascii && !in->utf8) ||
                    fr_utf8_step(&in->utf8, (fr_str){(const char *)at, n});
    if (!is_valid)
        fr_ws_fail_(ws, 1007, "text is not UTF-8");
    return is_valid;
}

/* The next bytes of a frame that has begun. */
static size_t read_payload(fr_ws *ws, const uint8_t *bytes, size_t n)
{
    fr_ws_in *in = ws->in;
    size_t take = n < in->left ? n : (size_t)in->left;
    if (take && !in->is_skipped && !keep(ws, bytes, take))
        return n;
    in->left -= take;
    if (in->left == 0 && in->is_final)
        end_message(ws);
    return take;
}

/* ---- frames ---- */

/* 0, or the close code for a data frame that must not come now. */
static uint16_t refuse(const fr_ws *ws, const fr_ws_head *head, const char **why)
{
    const fr_ws_in *in = ws->in;
    bool continues = head->opcode == FR_WS_CONTINUATION;
    if (continues != (in != NULL)) {
        *why = continues ? "continuation of nothing" : "a message within a message";
        return 1002;
    }
    if (ws->state == FR_WS_CLOSING)
        return 0; /* skipped, however large */
    uint64_t before = in ? in->n : 0;
    bool is_large = head->n > ws->opts->frame_bytes || head->n > ws->opts->message_bytes - before;
    if (is_large || (in && in->fragments >= ws->opts->fragments)) {
        *why = is_large ? "message too large" : "too many fragments";
        return 1009;
    }
    return 0;
}

/* The whole message lies in the receive buffer. Returns false if it broke the rules. */
static bool read_whole(fr_ws *ws, const fr_ws_head *head, uint8_t *bytes)
{
    size_t n = (size_t)head->n;
    bool is_ascii = fr_ws_unmask_(bytes, bytes, n, head->mask);
    if (head->opcode == FR_WS_TEXT && !is_ascii &&
        !fr_utf8_valid((fr_str){(const char *)bytes, n})) {
        fr_ws_fail_(ws, 1007, "text is not UTF-8");
        return false;
    }
    deliver(ws, head->opcode, bytes, n);
    return true;
}

static size_t read_control(fr_ws *ws, const fr_ws_head *head, uint8_t *bytes, size_t used, size_t n)
{
    if (n - used < head->n)
        return 0; /* short: the connection keeps it until it is whole */
    fr_ws_unmask_(bytes + used, bytes + used, (size_t)head->n, head->mask);
    fr_str payload = {(const char *)bytes + used, (size_t)head->n};
    if (head->opcode == FR_WS_PING)
        fr_ws_on_ping_(ws, payload);
    else if (head->opcode == FR_WS_CLOSE)
        fr_ws_on_close_frame_(ws, payload);
    return used + (size_t)head->n;
}

static size_t read_frame(fr_ws *ws, uint8_t *bytes, size_t n)
{
    fr_ws_head head;
    size_t used = fr_ws_head_read_(&head, bytes, n);
    if (used == 0)
        return 0;
    const char *why = "malformed frame";
    if (head.opcode >= FR_WS_CLOSE && head.opcode != FR_WS_HEAD_BAD)
        return read_control(ws, &head, bytes, used, n);
    uint16_t code = head.opcode == FR_WS_HEAD_BAD ? 1002 : refuse(ws, &head, &why);
    if (code) {
        fr_ws_fail_(ws, code, why);
        return n;
    }
    if (head.is_final && !ws->in && head.n <= n - used && ws->state == FR_WS_OPEN)
        return read_whole(ws, &head, bytes + used) ? used + (size_t)head.n : n;
    if (!ws->in && !begin_message(ws, head.opcode)) {
        fr_ws_fail_(ws, 1013, "memory is out");
        return n;
    }
    fr_ws_in *in = ws->in;
    in->fragments++;
    in->left = head.n;
    in->mask = head.mask;
    in->is_final = head.is_final;
    if (head.n == 0)
        read_payload(ws, bytes + used, 0);
    return used;
}

size_t fr_ws_read_(fr_ws *ws, uint8_t *bytes, size_t n)
{
    size_t pos = 0;
    while (pos < n && is_reading(ws)) {
        bool is_within = ws->in && ws->in->left;
        size_t used = is_within ? read_payload(ws, bytes + pos, n - pos)
                                : read_frame(ws, bytes + pos, n - pos);
        if (used == 0)
            break;
        pos += used;
    }
    return ws->state == FR_WS_OVER ? n : pos;
}
