/*
 * JSON: a writer that spells as DRF does, and an iterative pull reader that
 * keeps numbers as text (traps C7), so that 400-digit integers, 1e400, lone surrogates and NUL can
 * be judged per field.
 */
#ifndef FR_BASE_JSON_H
#define FR_BASE_JSON_H
#include <stdarg.h>

#include "base/buf.h"

/* ---- writer: appends to a buf; commas and brackets are the caller's ---- */

/* Quoted; U+2028 and U+2029 escaped, other non-ASCII kept; lone surrogates (as WTF-8) as \uXXXX;
 * bytes that are no UTF-8 become U+FFFD. */
void fr_json_put_str(fr_buf *buf, fr_str s);
/* The same of what should be UTF-8, as the texts of a database: lone surrogates are none. */
void fr_json_put_utf8(fr_buf *buf, fr_str s);
/* As Python's json.dumps by default: all that is not printable ASCII as \uXXXX. */
void fr_json_put_str_ascii(fr_buf *buf, fr_str s);
/* Python's repr: shortest round trip, 1.0, 1e+16, 1e-05. NaN and infinities: null. */
void fr_json_put_double(fr_buf *buf, double v);
void fr_json_put_bool(fr_buf *buf, bool v);
/* JSON from a template: freshet/channels.h (fr_json_object) says of what. false: there is a conversion in it that is none of them. */
bool fr_json_put_template(fr_buf *buf, const char *fmt, va_list args);

/* ---- reader: pull events ---- */

typedef enum fr_json_event {
    FR_JSON_ERROR,
    FR_JSON_END,
    FR_JSON_OBJECT,
    FR_JSON_OBJECT_END,
    FR_JSON_ARRAY,
    FR_JSON_ARRAY_END,
    FR_JSON_KEY,
    FR_JSON_STRING,
    FR_JSON_NUMBER,
    FR_JSON_TRUE,
    FR_JSON_FALSE,
    FR_JSON_NULL
} fr_json_event;

enum { FR_JSON_DEPTH = 128 };

typedef struct fr_json_reader {
    fr_str text;        /* borrowed */
    fr_arena *arena;    /* unescaped strings go here; borrowed */
    size_t pos;         /* after the event just returned */
    fr_str value;       /* KEY, STRING: unescaped (lone surrogates as WTF-8); NUMBER: its text */
    size_t value_start; /* where the event's value began in text */
    int depth;
    uint8_t stack[FR_JSON_DEPTH / 8]; /* one bit a level: object or array */
    uint8_t state;
    char error[160]; /* Python's words: "Expecting value: line 1 column 2 (char 1)" */
} fr_json_reader;

/* text must be UTF-8 (checked by init: on failure the first event is FR_JSON_ERROR with the words
 * of Python's codec). Python's json module is the truth for what is accepted, except NaN and
 * Infinity: errors with DRF's words. Strings without escapes are borrowed from text; it must live
 * as long. */
void fr_json_reader_init(fr_json_reader *reader, fr_arena *arena, fr_str text);
fr_json_event fr_json_next(fr_json_reader *reader);
/* After OBJECT or ARRAY: read to its end. After any other event: nothing. False on error. */
bool fr_json_skip(fr_json_reader *reader, fr_json_event event);
/* After FR_JSON_ERROR: FR_EINVAL (reader->error says why) or FR_ENOMEM. */
fr_err fr_json_reader_err(const fr_json_reader *reader);

/* ---- tree, for code that wants random access ---- */

/* Items and members keep their order; a key that comes twice stands once, at its first place with
 * its last value, as in Python. */
typedef struct fr_json fr_json;
struct fr_json {
    fr_json_event type; /* OBJECT, ARRAY, STRING, NUMBER, TRUE, FALSE, NULL */
    fr_str text;        /* STRING, NUMBER */
    fr_str raw;         /* the value's source text, borrowed from the input */
    size_t count;
    fr_json *items; /* values of array or object, in order */
    fr_str *keys;   /* object only */
};

/* Parse all of text into arena; no recursion. Errors: FR_EINVAL, with *error (may be NULL) set to
 * the text of the fault, in arena; FR_ENOMEM. */
fr_err fr_json_parse(fr_arena *arena, fr_str text, fr_json *out, fr_str *error);
/* The member of that name, or NULL, also if object is none. O(members). */
const fr_json *fr_json_get(const fr_json *object, fr_str key);
/* Spell a tree: python = Python's json.dumps default (", " ": ", ASCII escapes), else compact as
 * DRF. Numbers are spelled as Python would after reading them (1.10 is 1.1, 1e5 is 100000.0). */
void fr_json_put(fr_buf *buf, const fr_json *value, bool python);
#endif
