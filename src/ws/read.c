/*
 * Reading frames: RFC 6455 5.4 (fragments), 5.5 (control frames), 8.1 (UTF-8, told as early as it shows).
 *
 * A message of one frame that lies whole in the receive buffer is unmasked there and handed over: nothing is copied or
 * allocated. All others are gathered in a buffer of their own, which is freed with the message. One that is deflated is
 * inflated when it has come whole, into a buffer of the loop: what has come of it so far takes its own length, and no
 * stream is held by a peer that does not go on.
 */
#include "ws/ws_int.h"

#include <string.h>

#include "net/limit.h"

enum { IN_BYTES_MIN = 512 };

static bool is_reading(const fr_ws *ws)
{
    return ws->state != FR_WS_OVER && !ws->is_paused && !ws->is_choked;
}

void fr_ws_in_free_(fr_ws *ws)
{
    if (!ws->in)
        return;
    fr_free(ws->in->bytes);
    fr_free(ws->in);
    ws->in = NULL;
}

/* ---- a peer that asks and does not read fills its own memory, not ours ---- */

static bool is_full(const fr_ws *ws)
{
    return fr_conn_pending(ws->conn) > FR_WS_CHOKE_BYTES;
}

static void choke(fr_ws *ws)
{
    fr_conn_flush(ws->conn); /* much in one pass is not yet a peer that does not read */
    if (ws->state != FR_WS_OPEN || !is_full(ws) || !fr_conn_is_blocked(ws->conn))
        return;
    ws->is_choked = true;
    fr_conn_pause_read(ws->conn);
    fr_ws_watch_output_(ws);
}

void fr_ws_unchoke_(fr_ws *ws)
{
    if (!ws->is_choked)
        return;
    ws->is_choked = false;
    ws->heard_ms = (uint32_t)fr_loop_now_ms(ws->conn->loop);
    if (!ws->is_paused)
        fr_conn_resume_read(ws->conn);
}

/* ---- handing over ---- */

/* Apart, so that reading without a bound has a short way. */
static __attribute__((noinline)) bool count_message(fr_ws *ws)
{
    if (!fr_ws_is_flooding_(ws))
        return false;
    fr_limit_hit_by(ws->conn, FR_LIMIT_WS_MESSAGES);
    fr_ws_fail_(ws, 1008, "too many messages");
    return true;
}

/* One more than may come in a second? */
static inline bool is_flood(fr_ws *ws)
{
    return ws->opts->messages && count_message(ws);
}

static void deliver(fr_ws *ws, uint8_t opcode, fr_str data)
{
    fr_ws_handler_(ws)->on_message(ws, opcode == FR_WS_TEXT, data);
    if (fr_conn_is_closing(ws->conn))
        ws->state = FR_WS_OVER; /* told by on_close of the connection, which comes next */
    else if (is_full(ws))
        choke(ws);
}

/* ---- a message in parts ---- */

static fr_ws_in *begin_message(fr_ws *ws, const fr_ws_head *head)
{
    fr_ws_in *in = fr_zalloc(sizeof *in);
    if (in) {
        in->opcode = head->opcode;
        in->is_deflated = head->is_deflated;
        in->is_skipped = ws->state == FR_WS_CLOSING;
        ws->in = in;
    }
    return in;
}

/* The message that was gathered, as the handler gets it. Returns false if it broke the rules. */
static bool unpack(fr_ws *ws, const fr_ws_in *in, fr_str *data)
{
    const char *why = "text is not UTF-8";
    *data = (fr_str){(const char *)in->bytes, in->n};
    uint16_t code = in->opcode == FR_WS_TEXT && in->utf8 ? 1007 : 0;
    if (in->is_deflated)
        code = fr_inflate_(ws, *data, in->opcode == FR_WS_TEXT, data, &why);
    if (code)
        fr_ws_fail_(ws, code, why);
    return !code;
}

static void end_message(fr_ws *ws)
{
    fr_ws_in *in = ws->in;
    fr_str data;
    ws->in = NULL; /* the handler may close */
    if (!in->is_skipped && !is_flood(ws) && unpack(ws, in, &data))
        deliver(ws, in->opcode, data);
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
    bool is_valid = in->opcode != FR_WS_TEXT || in->is_deflated || (is_ascii && !in->utf8) ||
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

/* What does not get smaller by deflating gets a little longer. */
static uint64_t deflated_most(uint64_t bytes)
{
    return bytes + bytes / 8 + 64;
}

static bool is_large(const fr_ws *ws, const fr_ws_head *head)
{
    const fr_ws_in *in = ws->in;
    uint64_t before = in ? in->n : 0, frame = ws->opts->frame_bytes, all = ws->opts->message_bytes;
    if (in ? in->is_deflated : head->is_deflated) {
        frame = deflated_most(frame);
        all = deflated_most(all);
    }
    return head->n > frame || head->n > all - before;
}

/* 0, or the close code for a data frame that must not come now. */
static uint16_t refuse(const fr_ws *ws, const fr_ws_head *head, const char **why)
{
    const fr_ws_in *in = ws->in;
    bool continues = head->opcode == FR_WS_CONTINUATION;
    if (continues != (in != NULL)) {
        *why = continues ? "continuation of nothing" : "a message within a message";
        return 1002;
    }
    if (head->is_deflated && !ws->opts->terms.our_bits) {
        *why = "malformed frame"; /* no extension gives that bit a meaning */
        return 1002;
    }
    if (ws->state == FR_WS_CLOSING)
        return 0; /* skipped, however large */
    bool is_long = is_large(ws, head);
    if (is_long || (in && in->fragments >= ws->opts->fragments)) {
        *why = is_long ? "message too large" : "too many fragments";
        return 1009;
    }
    return 0;
}

/* Apart, so that the others stay short. */
static __attribute__((noinline)) bool take_deflated(fr_ws *ws, const fr_ws_head *head,
                                                    uint8_t *bytes, fr_str *out)
{
    const char *why;
    fr_ws_unmask_(bytes, bytes, (size_t)head->n, head->mask);
    fr_str packed = {(const char *)bytes, (size_t)head->n};
    uint16_t code = fr_inflate_(ws, packed, head->opcode == FR_WS_TEXT, out, &why);
    if (code)
        fr_ws_fail_(ws, code, why);
    return !code;
}

/* The whole message lies in the receive buffer: unmask it there or to where the handler wants it. Returns false if it
 * broke the rules. */
static bool take_whole(fr_ws *ws, const fr_ws_head *head, uint8_t *bytes, fr_str *out)
{
    size_t n = (size_t)head->n;
    if (head->is_deflated)
        return take_deflated(ws, head, bytes, out);
    const fr_ws_handler *handler = fr_ws_handler_(ws);
    uint8_t *to = handler->on_room ? (uint8_t *)handler->on_room(ws, n) : NULL;
    if (!to)
        to = bytes;
    bool is_ascii = fr_ws_unmask_(to, bytes, n, head->mask);
    *out = (fr_str){(const char *)to, n};
    if (head->opcode != FR_WS_TEXT || is_ascii || fr_utf8_valid(*out))
        return true;
    fr_ws_fail_(ws, 1007, "text is not UTF-8");
    return false;
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

/* The first frame of a message that has not arrived whole, or one that continues it. */
static size_t begin_frame(fr_ws *ws, const fr_ws_head *head, const uint8_t *bytes, size_t used,
                          size_t n)
{
    if (!ws->in && !begin_message(ws, head)) {
        fr_ws_fail_(ws, 1013, "memory is out");
        return n;
    }
    fr_ws_in *in = ws->in;
    in->fragments++;
    in->left = head->n;
    in->mask = head->mask;
    in->is_final = head->is_final;
    if (head->n == 0)
        read_payload(ws, bytes + used, 0);
    return used;
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
    if (!code)
        return begin_frame(ws, &head, bytes, used, n);
    fr_ws_fail_(ws, code, why);
    return n;
}

/* ---- reading what has come ---- */

/* Does a whole message of one frame come next? All others go the long way. */
static bool is_whole_next(const fr_ws *ws, const fr_ws_head *head, size_t used, size_t n)
{
    if (used == 0 || (head->opcode != FR_WS_TEXT && head->opcode != FR_WS_BINARY))
        return false;
    const fr_ws_opts *opts = ws->opts;
    return head->is_final && head->n <= n - used && head->n <= opts->frame_bytes &&
           (!head->is_deflated || opts->terms.our_bits);
}

static bool next_whole(fr_ws *ws, fr_ws_reading *reading, bool *is_text, fr_str *data)
{
    fr_ws_head head;
    uint8_t *at = reading->bytes + reading->pos;
    size_t left = reading->n - reading->pos;
    if (ws->state != FR_WS_OPEN || ws->in)
        return false;
    size_t used = fr_ws_head_read_(&head, at, left);
    if (!is_whole_next(ws, &head, used, left))
        return false;
    reading->pos += used + (size_t)head.n;
    *is_text = head.opcode == FR_WS_TEXT;
    return !is_flood(ws) && take_whole(ws, &head, at + used, data);
}

static fr_ws_reading *reading_of(const fr_ws *ws)
{
    return &fr_ws_loop_get_(ws->conn->loop)->reading;
}

bool fr_ws_next(fr_ws *ws, bool *is_text, fr_str *data)
{
    fr_ws_reading *reading = reading_of(ws);
    if (reading->ws != ws || reading->pos == reading->n || ws->is_paused ||
        fr_conn_is_closing(ws->conn))
        return false;
    return next_whole(ws, reading, is_text, data);
}

size_t fr_ws_read_(fr_ws *ws, uint8_t *bytes, size_t n)
{
    fr_ws_reading *reading = reading_of(ws);
    *reading = (fr_ws_reading){ws, bytes, n, 0};
    while (reading->pos < n && is_reading(ws)) {
        bool is_text;
        fr_str data;
        if (next_whole(ws, reading, &is_text, &data)) {
            deliver(ws, is_text ? FR_WS_TEXT : FR_WS_BINARY, data);
            continue;
        }
        if (ws->state == FR_WS_OVER)
            break;
        uint8_t *at = bytes + reading->pos;
        size_t left = n - reading->pos;
        reading->ws = NULL; /* a message that ends here is handed over before its place is passed */
        size_t used =
            ws->in && ws->in->left ? read_payload(ws, at, left) : read_frame(ws, at, left);
        reading->ws = ws;
        if (used == 0)
            break;
        reading->pos += used;
    }
    reading->ws = NULL;
    return ws->state == FR_WS_OVER ? n : reading->pos;
}
