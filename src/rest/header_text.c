/* See header_text.h. */
#include "rest/header_text.h"

#include <string.h>

#include "base/digits.h"
#include "base/str.h"

static const char HEX[] = "0123456789ABCDEF";

static bool is_control(uint32_t c)
{
    return c < ' ' || c == 0x7f;
}

static bool is_latin1(fr_str text)
{
    for (size_t i = 0; i < text.n;)
        if (fr_utf8_next(text, &i) > 0xff)
            return false;
    return true;
}

static fr_str latin1(fr_arena *arena, fr_str text)
{
    char *out = fr_arena_alloc(arena, 3 * text.n + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < text.n;) {
        uint32_t c = fr_utf8_next(text, &i);
        if (!is_control(c)) {
            out[n++] = (char)c;
            continue;
        }
        out[n++] = '%';
        out[n++] = HEX[c >> 4];
        out[n++] = HEX[c & 15];
    }
    return (fr_str){out, n};
}

/* ---- encoded words ---- */

#define WORD_BEGIN "=?utf-8?b?"
enum { WORD_CHROME = sizeof WORD_BEGIN - 1 + 2 };

/* What stands for itself in the "q" encoding of Python. */
static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-!*+/", c));
}

static size_t q_bytes(fr_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += is_plain((uint8_t)text.p[i]) || text.p[i] == ' ' ? 1 : 3;
    return n;
}

static size_t put_q(char *out, fr_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = (uint8_t)text.p[i];
        if (is_plain(c) || c == ' ') {
            out[n++] = c == ' ' ? '_' : (char)c;
            continue;
        }
        out[n++] = '=';
        out[n++] = HEX[c >> 4];
        out[n++] = HEX[c & 15];
    }
    return n;
}

/* In the shorter of the two encodings. */
static fr_str encoded_word(fr_arena *arena, fr_str text)
{
    size_t as_q = q_bytes(text), as_b = (text.n + 2) / 3 * 4, start = sizeof WORD_BEGIN - 1;
    bool is_b = as_b < as_q;
    char *out = fr_arena_alloc(arena, WORD_CHROME + (is_b ? as_b : as_q) + 1);
    if (!out)
        return (fr_str){0};
    memcpy(out, is_b ? WORD_BEGIN : "=?utf-8?q?", start);
    size_t n = start + (is_b ? fr_base64(out + start, text.p, text.n) : put_q(out + start, text));
    out[n++] = '?';
    out[n++] = '=';
    return (fr_str){out, n};
}

fr_str fr_header_text(fr_arena *arena, fr_str text)
{
    return is_latin1(text) ? latin1(arena, text) : encoded_word(arena, text);
}
