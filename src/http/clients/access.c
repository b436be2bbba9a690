/*
 * See access.h.
 *
 *   203.0.113.9 - - [25/Nov/2026:13:18:39 +0000] "GET /api/notes/?done=true HTTP/1.1" 200 1234
 *   … "https://example.org/" "Mozilla/5.0"                                                   combined: the same, and these
 *   {"time":"2026-11-25T13:18:39.123456Z","client":"203.0.113.9","method":"GET",…}            JSON
 *
 * What a client wrote cannot end a line, a field or a string, nor move a terminal's cursor.
 */
#include "http/clients/access.h"

#include <string.h>

#include "base/bytes.h"
#include "base/digits.h"
#include "base/str.h"
#include "base/time.h"
#include "http/clients/forwarded.h"
#include "http/http_int.h"

enum { CLIENT_HAD_GONE = 499 }; /* nginx's number: no answer was made */
/* The most of each text, escaped: together with all that stands between them they fit a line. */
enum { TARGET_BYTES = 1900, FIELD_BYTES = 640, HOST_BYTES = 255, NAME_BYTES = 64, CUT_BYTES = 3 };

static char *put(char *p, fr_str s)
{
    if (s.n)
        memcpy(p, s.p, s.n);
    return p + s.n;
}
#define PUT_LITERAL(p, literal) put((p), FR_STR(literal))

/* ---- escaping ---- */

static size_t put_hex(char *out, fr_str start, uint8_t c)
{
    static const char HEX[] = "0123456789abcdef";
    char *p = put(out, start);
    *p++ = HEX[c >> 4];
    *p++ = HEX[c & 15];
    return (size_t)(p - out);
}

static bool is_plain(uint8_t c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Whether all eight bytes of word are: most of a line is. */
static bool are_plain(uint64_t word)
{
    uint64_t low = (word - FR_EACH_BYTE(' ')) & ~word & FR_HIGH_BITS;
    return !(low | (word & FR_HIGH_BITS) | fr_zero_bytes(word ^ FR_EACH_BYTE('"')) |
             fr_zero_bytes(word ^ FR_EACH_BYTE('\\')) | fr_zero_bytes(word ^ FR_EACH_BYTE(0x7f)));
}

/* One character of s from i on, escaped into out (at most 6 bytes); returns how many bytes of s it is. */
static size_t escape(fr_str s, size_t i, bool is_json, bool is_utf8, char *out, size_t *n)
{
    uint8_t c = (uint8_t)s.p[i];
    size_t bytes = 1;
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = (char)c;
        *n = 2;
    } else if (!is_json) {
        *n = put_hex(out, FR_STR("\\x"), c);
    } else if (c < 0x80 || !is_utf8) { /* no UTF-8: told as Latin-1, as Django takes it */
        *n = put_hex(out, FR_STR("\\u00"), c);
    } else if (c == 0xc2 && (uint8_t)s.p[i + 1] < 0xa0) { /* a control byte of Latin-1 */
        *n = put_hex(out, FR_STR("\\u00"), (uint8_t)s.p[i + 1]);
        bytes = 2;
    } else {
        size_t next = i;
        (void)fr_utf8_next(s, &next);
        bytes = next - i;
        memcpy(out, s.p + i, bytes);
        *n = bytes;
    }
    return bytes;
}

/* At most `most` bytes. */
static char *put_text(char *p, fr_str s, bool is_json, size_t most)
{
    const char *end = p + most - CUT_BYTES;
    char escaped[8];
    bool is_utf8 = is_json && fr_utf8_valid(s);
    for (size_t i = 0;;) {
        for (; s.n - i >= 8 && end - p >= 8 && are_plain(fr_load64(s.p + i)); i += 8, p += 8)
            memcpy(p, s.p + i, 8);
        for (; i < s.n && p < end && is_plain((uint8_t)s.p[i]); i++)
            *p++ = s.p[i];
        if (i == s.n)
            return p;
        size_t n, bytes = escape(s, i, is_json, is_utf8, escaped, &n);
        if (n > (size_t)(end - p))
            return PUT_LITERAL(p, "...");
        p = put(p, (fr_str){escaped, n});
        i += bytes;
    }
}

static char *put_number(char *p, uint64_t n)
{
    return p + fr_digits_u64(p, n);
}

/* ---- common and combined ---- */

static char *put_time(char *p, fr_time time)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char clock[FR_TIME_TEXT];
    const fr_span day = (fr_span)86400 * 1000000;
    int year, month, date;
    fr_date_split((fr_date)(time / day), &year, &month, &date);
    fr_span_clock(time % day, clock);
    fr_digits_pad(p, 2, (uint64_t)date);
    p[2] = '/';
    memcpy(p + 3, MONTHS + 3 * (size_t)(month - 1), 3);
    p[6] = '/';
    fr_digits_pad(p + 7, 4, (uint64_t)year);
    p[11] = ':';
    memcpy(p + 12, clock, 8);
    return PUT_LITERAL(p + 20, " +0000");
}

static char *put_quoted(char *p, fr_str s, size_t most)
{
    *p++ = '"';
    p = s.n ? put_text(p, s, false, most) : PUT_LITERAL(p, "-");
    *p++ = '"';
    return p;
}

/* "-": the head never came, or was none. */
static char *put_request(char *p, const fr_access_entry *e)
{
    if (!e->method.n)
        return PUT_LITERAL(p, "\"-\"");
    *p++ = '"';
    p = put_text(p, e->method, false, NAME_BYTES);
    *p++ = ' ';
    p = put_text(p, e->target, false, TARGET_BYTES);
    p = PUT_LITERAL(p, " HTTP/1.");
    p = put_number(p, e->minor);
    *p++ = '"';
    return p;
}

static char *put_common(char *p, const fr_access_entry *e)
{
    p = e->client.n ? put_text(p, e->client, false, NAME_BYTES) : PUT_LITERAL(p, "-");
    p = PUT_LITERAL(p, " - - [");
    p = put_time(p, e->time);
    p = PUT_LITERAL(p, "] ");
    p = put_request(p, e);
    *p++ = ' ';
    p = put_number(p, (uint64_t)e->status);
    *p++ = ' ';
    return e->bytes ? put_number(p, e->bytes) : PUT_LITERAL(p, "-");
}

static char *put_combined(char *p, const fr_access_entry *e)
{
    p = put_common(p, e);
    *p++ = ' ';
    p = put_quoted(p, e->referer, FIELD_BYTES);
    *p++ = ' ';
    return put_quoted(p, e->user_agent, FIELD_BYTES);
}

/* ---- JSON ---- */

static char *put_key(char *p, const char *key)
{
    *p++ = ',';
    *p++ = '"';
    p = put(p, fr_str_c(key));
    return PUT_LITERAL(p, "\":");
}

static char *put_string(char *p, const char *key, fr_str s, size_t most)
{
    if (!s.p)
        return p;
    p = put_key(p, key);
    *p++ = '"';
    p = put_text(p, s, true, most);
    *p++ = '"';
    return p;
}

static char *put_version(char *p, const fr_access_entry *e)
{
    if (!e->method.n)
        return p;
    p = put_key(p, "version");
    p = PUT_LITERAL(p, "\"1.");
    p = put_number(p, e->minor);
    *p++ = '"';
    return p;
}

static char *put_json(char *p, const fr_access_entry *e)
{
    p = PUT_LITERAL(p, "{\"time\":\"");
    p += fr_time_iso(e->time, p);
    *p++ = '"';
    p = put_string(p, "client", e->client, NAME_BYTES);
    p = put_string(p, "peer", e->peer, NAME_BYTES);
    p = put_string(p, "method", e->method, NAME_BYTES);
    p = put_string(p, "target", e->target, TARGET_BYTES);
    p = put_version(p, e);
    p = put_key(p, "status");
    p = put_number(p, (uint64_t)e->status);
    p = put_key(p, "bytes");
    p = put_number(p, e->bytes);
    p = put_key(p, "us");
    p = put_number(p, e->us);
    p = put_string(p, "host", e->host, HOST_BYTES);
    p = put_string(p, "referer", e->referer, FIELD_BYTES);
    p = put_string(p, "user_agent", e->user_agent, FIELD_BYTES);
    *p++ = '}';
    return p;
}

size_t fr_access_line(fr_access_format format, const fr_access_entry *entry,
                      char out[FR_LINE_BYTES])
{
    char *p = format == FR_ACCESS_JSON       ? put_json(out, entry)
              : format == FR_ACCESS_COMBINED ? put_combined(out, entry)
                                             : put_common(out, entry);
    *p++ = '\n';
    return (size_t)(p - out);
}

/* ---- requests ---- */

static fr_str peer_of(const fr_peer *peer)
{
    return peer->kind == FR_PEER_UNIX ? FR_STR("unix:")
           : peer->n                  ? (fr_str){peer->text, peer->n}
                                      : (fr_str){0};
}

static void put_line(const fr_exchange *exchange)
{
    const fr_req *req = &exchange->req;
    uint64_t began_ns = exchange->access_note.began_ns;
    const fr_peer *direct = fr_exchange_asked_peer(exchange);
    fr_str peer = peer_of(direct);
    const fr_forwarded *said = fr_exchange_forwarded(exchange);
    fr_access_entry entry = {
        .time = fr_time_now(),
        .client = said && said->client.p ? said->client : peer,
        .peer = said && said->client.p ? peer : (fr_str){0},
        .status = exchange->is_answered ? exchange->status : CLIENT_HAD_GONE,
        .bytes = exchange->body_bytes - fr_file_out_left(exchange),
    };
    if (began_ns) {
        entry.method = req->method;
        entry.target = req->target;
        entry.minor = exchange->head.minor;
        entry.us = (fr_mono_ns() - began_ns) / 1000;
        entry.host = fr_req_host(req);
        entry.referer = fr_req_header(req, FR_STR("referer"));
        entry.user_agent = fr_req_header(req, FR_STR("user-agent"));
    }
    char line[FR_LINE_BYTES];
    size_t n = fr_access_line((fr_access_format)exchange->http->access.format, &entry, line);
    fr_line_file_put(&exchange->of->access_file, (fr_str){line, n});
}

void fr_access_begin(fr_exchange *exchange)
{
    exchange->access_note.is_wanted = exchange->of->access_file.loop != NULL;
    if (exchange->access_note.is_wanted) /* while there is a connection to ask */
        (void)fr_exchange_peer(exchange);
}

void fr_access_note_head(fr_exchange *exchange)
{
    if (exchange->access_note.is_wanted)
        exchange->access_note.began_ns = fr_mono_ns();
}

void fr_access_note_end(fr_exchange *exchange)
{
    fr_access_note *note = &exchange->access_note;
    if (note->is_wanted && (exchange->is_answered || note->began_ns))
        put_line(exchange);
    note->began_ns = 0;
}

/* ---- the file ---- */

fr_err fr_access_open(fr_http_loop *of, const fr_http *http)
{
    const char *path = http->access.path;
    return path ? fr_line_file_open(&of->access_file, of->loop, path) : FR_OK;
}

void fr_access_close(fr_http_loop *of)
{
    fr_line_file_close(&of->access_file);
}

void fr_http_reopen(fr_loop *loop, void *http)
{
    (void)http;
    fr_line_file_reopen(&fr_http_loop_get(loop)->access_file);
}
