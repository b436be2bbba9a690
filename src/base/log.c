/*
 * Log lines, as text or JSON:
 *
 *   2026-11-25T03:04:05.678Z INFO ws.close request_id=8f3a code=1000 age_ms=3
 *   {"time":"2026-11-25T03:04:05.678Z","level":"info","event":"ws.close","request_id":"8f3a","code":1000,"age_ms":3}
 *
 * A line is built on the stack and given to one write(2), so lines of several threads do not mix (a
 * pipe keeps up to PIPE_BUF, 4 KiB, together). What does not fit in a line is left out. Control
 * bytes never get through: a value cannot begin a new line or move a terminal's cursor.
 */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/str.h"
#include "base/time.h"

enum {
    LINE_BYTES = 4096,
    TAIL_BYTES = 4, /* closing quote, brace, newline */
};

static atomic_int level_now = FR_LEVEL_INFO;
static atomic_bool json_now;
static atomic_int fd_now = STDERR_FILENO;
static _Thread_local fr_str request_id;

static const struct {
    const char *text, *json;
} LEVELS[] = {
    {"ERROR", "error"}, {"WARN", "warn"}, {"INFO", "info"}, {"DEBUG", "debug"}, {"TRACE", "trace"}};

void fr_log_init(const fr_log_opts *opts)
{
    atomic_store(&level_now, (int)opts->level);
    atomic_store(&json_now, opts->is_json);
    atomic_store(&fd_now, opts->fd ? opts->fd : STDERR_FILENO);
}

bool fr_level_parse(fr_str s, fr_level *out)
{
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        if (fr_str_eq_nocase(s, fr_str_c(LEVELS[i].json))) {
            *out = (fr_level)i;
            return true;
        }
    }
    return false;
}

void fr_log_request_id(fr_str id)
{
    request_id = id;
}

bool fr_log_on(fr_level level)
{
    return (int)level <= atomic_load_explicit(&level_now, memory_order_relaxed);
}

/* ---- building a line ---- */

typedef struct line {
    size_t n;
    bool is_json;
    char at[LINE_BYTES];
} line;

/* What may still be written; the tail is kept for what ends a value and the line. */
static size_t room(const line *l)
{
    return l->n < LINE_BYTES - TAIL_BYTES ? LINE_BYTES - TAIL_BYTES - l->n : 0;
}

/* All n bytes or none. */
static bool put(line *l, const char *p, size_t n)
{
    if (n > room(l))
        return false;
    memcpy(l->at + l->n, p, n);
    l->n += n;
    return true;
}

static bool put_c(line *l, const char *text)
{
    return put(l, text, strlen(text));
}

/* The bytes of the character that s begins with, 0 if it is not valid UTF-8. */
static size_t char_bytes(fr_str s)
{
    for (size_t n = 1; n <= 4 && n <= s.n; n++)
        if (fr_utf8_valid(fr_str_sub(s, 0, n)))
            return n;
    return 0;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

static bool put_hex(line *l, const char *prefix, unsigned byte)
{
    static const char HEX[] = "0123456789abcdef";
    char digits[] = {HEX[byte >> 4 & 15], HEX[byte & 15]};
    return room(l) >= strlen(prefix) + sizeof digits && put_c(l, prefix) &&
           put(l, digits, sizeof digits);
}

/* A value's characters, escaped for between quotes; stops where the line is full. */
static void put_escaped(line *l, fr_str s)
{
    bool fits = true;
    while (s.n && fits) {
        size_t n = char_bytes(s), at = 0;
        uint32_t c = n ? fr_utf8_next(s, &at) : (unsigned char)*s.p;
        if (c == '"' || c == '\\')
            fits = put(l, c == '"' ? "\\\"" : "\\\\", 2);
        else if (c == '\n' || c == '\r' || c == '\t')
            fits = put_c(l, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (n && !is_control(c))
            fits = put(l, s.p, n);
        else if (l->is_json)
            fits = n ? put_hex(l, "\\u00", c) : put_c(l, "\\ufffd");
        else
            fits = put_hex(l, "\\x", (unsigned char)*s.p);
        s = fr_str_from(s, n && (l->is_json || !is_control(c)) ? n : 1);
    }
}

/* In text lines quotes stand only around what would be misread without. */
static bool is_plain(fr_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '=')
            return false;
    }
    return s.n != 0;
}

static void put_text(line *l, fr_str s)
{
    if (!l->is_json && is_plain(s)) {
        (void)put(l, s.p, s.n < room(l) ? s.n : room(l));
        return;
    }
    l->at[l->n++] = '"'; /* begin_pair made sure of room for this; the tail has the other */
    put_escaped(l, s);
    l->at[l->n++] = '"';
}

/* ",key": or key=, with room for a short value left after it; false if there is none. */
static bool begin_pair(line *l, const char *key)
{
    if (strlen(key) + FR_DIGITS_MAX + 8 > room(l))
        return false;
    if (!l->is_json)
        return put_c(l, " ") && put_c(l, key) && put_c(l, "=");
    return put_c(l, ",\"") && put_c(l, key) && put_c(l, "\":");
}

static void put_pair(line *l, const fr_kv *kv)
{
    char digits[FR_DIGITS_MAX];
    if (!begin_pair(l, kv->key))
        return;
    switch (kv->type) {
    case FR_KV_TYPE_INT: (void)put(l, digits, fr_digits_i64(digits, kv->as.i)); break;
    case FR_KV_TYPE_UINT:
    case FR_KV_TYPE_MS: (void)put(l, digits, fr_digits_u64(digits, kv->as.u)); break;
    case FR_KV_TYPE_TEXT: put_text(l, kv->as.s); break;
    }
}

/* Milliseconds are enough for a log. */
static void put_now(line *l)
{
    char text[FR_TIME_TEXT];
    fr_time now = fr_time_now();
    fr_time second = now - now % 1000000;
    size_t n = fr_time_iso(second, text) - 1; /* without Z */
    text[n] = '.';
    fr_digits_pad(text + n + 1, 3, (uint64_t)(now % 1000000 / 1000));
    text[n + 4] = 'Z';
    (void)put(l, text, n + 5);
}

static void put_head(line *l, fr_level level, const char *event)
{
    if (!l->is_json) {
        put_now(l);
        (void)(put_c(l, " ") && put_c(l, LEVELS[level].text) && put_c(l, " ") && put_c(l, event));
        return;
    }
    (void)put_c(l, "{\"time\":\"");
    put_now(l);
    (void)(put_c(l, "\",\"level\":\"") && put_c(l, LEVELS[level].json) && put_c(l, "\""));
    put_pair(l, &FR_KV_C("event", event));
}

static void send_line(int fd, const char *p, size_t n)
{
    int kept = errno; /* a log line must not change what the caller is about to report */
    while (n) {
        ssize_t written = write(fd, p, n);
        if (written < 0 && errno != EINTR)
            break; /* nowhere to tell */
        if (written > 0) {
            p += written;
            n -= (size_t)written;
        }
    }
    errno = kept;
}

void fr_log_write_(fr_level level, const char *event, const fr_kv *kv, size_t count)
{
    line l;
    l.n = 0;
    l.is_json = atomic_load_explicit(&json_now, memory_order_relaxed);
    put_head(&l, level, event);
    if (request_id.n)
        put_pair(&l, &FR_KV_S("request_id", request_id));
    for (size_t i = 0; i < count; i++)
        put_pair(&l, &kv[i]);
    if (l.is_json)
        l.at[l.n++] = '}';
    l.at[l.n++] = '\n';
    send_line(atomic_load_explicit(&fd_now, memory_order_relaxed), l.at, l.n);
}
