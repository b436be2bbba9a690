/*
 * The pull reader. What it accepts and what it says are Python's json module (3.13), measured:
 * positions count characters, not bytes; "01" is the number 0 and then extra data. Differences, on
 * purpose: NaN and Infinity are refused as DRF does, nesting is bounded, a text cut within a
 * character is an error (Python's stream reader drops it).
 */
#include "base/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/json_int.h"
#include "base/str.h"

/* What may come next. */
enum {
    WANT_VALUE,      /* at the start, after ':' and after an array's ',' */
    WANT_FIRST_ITEM, /* after '[': a value or ']' */
    WANT_FIRST_KEY,  /* after '{': a key or '}' */
    WANT_COLON,      /* after a key */
    WANT_REST,       /* after a value: ',' or the end of what it stands in */
    DONE,
    FAILED,
    FAILED_MEMORY,
    FAILED_AT_INIT, /* the text is no UTF-8; error says it */
};

/* ---- errors ---- */

static fr_json_event fail(fr_json_reader *r, const char *message, size_t pos)
{
    size_t lines = 0, line_start = 0;
    for (size_t i = 0; i < pos; i++) {
        if (r->text.p[i] == '\n') {
            lines++;
            line_start = i + 1;
        }
    }
    size_t column = fr_utf8_count(fr_str_sub(r->text, line_start, pos - line_start)) + 1;
    size_t chars = fr_utf8_count(fr_str_sub(r->text, 0, pos));
    (void)snprintf(r->error, sizeof r->error, "%s: line %zu column %zu (char %zu)", message,
                   lines + 1, column, chars);
    r->pos = pos;
    r->state = FAILED;
    return FR_JSON_ERROR;
}

static fr_json_event fail_memory(fr_json_reader *r)
{
    (void)snprintf(r->error, sizeof r->error, "Out of memory");
    r->state = FAILED_MEMORY;
    return FR_JSON_ERROR;
}

enum { INTEGER_DIGITS = 4300 }; /* sys.get_int_max_str_digits() */

static fr_json_event fail_digits(fr_json_reader *r, size_t digits)
{
    (void)snprintf(r->error, sizeof r->error,
                   "Exceeds the limit (%d digits) for integer string conversion: value has %zu "
                   "digits; use sys.set_int_max_str_digits() to increase the limit",
                   INTEGER_DIGITS, digits);
    r->state = FAILED;
    return FR_JSON_ERROR;
}

static fr_json_event fail_constant(fr_json_reader *r, const char *name)
{
    (void)snprintf(r->error, sizeof r->error,
                   "Out of range float values are not JSON compliant: '%s'", name);
    r->state = FAILED;
    return FR_JSON_ERROR;
}

/* Where and why a text is no UTF-8, in the words of Python's codec. */
static void explain_utf8(fr_json_reader *r)
{
    const unsigned char *p = (const unsigned char *)r->text.p;
    /* Of the sequence at fault: what of it was good, at least its first byte. */
    size_t start = 0, length = 0;
    uint32_t state = 0;
    const char *why = "unexpected end of data";
    for (size_t i = 0; i < r->text.n; i++) {
        uint32_t before = state;
        if (!fr_utf8_step(&state, fr_str_sub(r->text, i, 1))) {
            why = before ? "invalid continuation byte" : "invalid start byte";
            start = before ? start : i;
            length = before ? i - start : 1;
            break;
        }
        if (!before)
            start = i;
        length = i - start + 1;
    }
    if (length == 1)
        (void)snprintf(r->error, sizeof r->error,
                       "'utf-8' codec can't decode byte 0x%02x in position %zu: %s", p[start],
                       start, why);
    else
        (void)snprintf(r->error, sizeof r->error,
                       "'utf-8' codec can't decode bytes in position %zu-%zu: %s", start,
                       start + length - 1, why);
    r->state = FAILED_AT_INIT;
}

void fr_json_reader_init(fr_json_reader *reader, fr_arena *arena, fr_str text)
{
    *reader = (fr_json_reader){.text = text, .arena = arena, .state = WANT_VALUE};
    if (!fr_utf8_valid(text))
        explain_utf8(reader);
    else if (fr_str_starts(text, FR_STR("\xef\xbb\xbf")))
        (void)fail(reader, "Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
}

fr_err fr_json_reader_err(const fr_json_reader *reader)
{
    switch (reader->state) {
    case FAILED_MEMORY: return FR_ENOMEM;
    case FAILED:
    case FAILED_AT_INIT: return FR_EINVAL;
    default: return FR_OK;
    }
}

/* ---- nesting ---- */

static bool in_object(const fr_json_reader *r)
{
    int top = r->depth - 1;
    return r->stack[top / 8] >> top % 8 & 1;
}

static fr_json_event open_container(fr_json_reader *r, bool is_object)
{
    if (r->depth == FR_JSON_DEPTH)
        return fail(r, "Nested too deeply", r->pos);
    r->value_start = r->pos++;
    uint8_t bit = (uint8_t)(1u << r->depth % 8);
    if (is_object)
        r->stack[r->depth / 8] |= bit;
    else
        r->stack[r->depth / 8] &= (uint8_t)~bit;
    r->depth++;
    r->state = is_object ? WANT_FIRST_KEY : WANT_FIRST_ITEM;
    return is_object ? FR_JSON_OBJECT : FR_JSON_ARRAY;
}

static fr_json_event close_container(fr_json_reader *r)
{
    fr_json_event event = in_object(r) ? FR_JSON_OBJECT_END : FR_JSON_ARRAY_END;
    r->pos++;
    r->depth--;
    r->state = WANT_REST;
    return event;
}

/* ---- scalars ---- */

/* The next byte. NUL is nowhere allowed, so it may stand for the end. */
static char peek(const fr_json_reader *r)
{
    return r->pos < r->text.n ? r->text.p[r->pos] : '\0';
}

static void skip_space(fr_json_reader *r)
{
    while (r->pos < r->text.n) {
        char c = r->text.p[r->pos];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        r->pos++;
    }
}

static size_t skip_digits(fr_str s, size_t i)
{
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    return i;
}

static fr_json_event read_number(fr_json_reader *r)
{
    fr_str s = r->text;
    size_t i = r->pos + (peek(r) == '-'), digits_from = i;
    bool is_integer = true;
    if (i < s.n && s.p[i] == '0')
        i++;
    else if (i < s.n && s.p[i] >= '1' && s.p[i] <= '9')
        i = skip_digits(s, i);
    else
        return fail(r, "Expecting value", r->pos);
    /* A fraction or exponent without digits is not part of the number: what is there is then found
     * to be too much. */
    if (i < s.n && s.p[i] == '.' && skip_digits(s, i + 1) > i + 1) {
        i = skip_digits(s, i + 1);
        is_integer = false;
    }
    if (i < s.n && (s.p[i] | 0x20) == 'e') {
        size_t digits = i + 1;
        if (digits < s.n && (s.p[digits] == '-' || s.p[digits] == '+'))
            digits++;
        if (skip_digits(s, digits) > digits) {
            i = skip_digits(s, digits);
            is_integer = false;
        }
    }
    if (is_integer && i - digits_from > INTEGER_DIGITS)
        return fail_digits(r, i - digits_from);
    r->value = fr_str_sub(s, r->pos, i - r->pos);
    r->pos = i;
    return FR_JSON_NUMBER;
}

/* Four hex digits, all of which and one more character must be there, as in Python. */
static bool read_hex4(fr_str s, size_t i, uint32_t *unit)
{
    if (s.n - i < 5)
        return false;
    *unit = 0;
    for (size_t end = i + 4; i < end; i++) {
        char c = s.p[i], letter = (char)(c | 0x20);
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (letter >= 'a' && letter <= 'f')
            digit = (uint32_t)(letter - 'a' + 10);
        else
            return false;
        *unit = *unit << 4 | digit;
    }
    return true;
}

static char simple_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return '\0';
    }
}

/* From 'u' on: one code point, of two escapes if they are a surrogate pair. Moves *i behind it. */
static bool read_unicode_escape(fr_json_reader *r, size_t *i, uint32_t *code_point)
{
    fr_str s = r->text;
    uint32_t low;
    if (!read_hex4(s, *i + 1, code_point)) {
        (void)fail(r, "Invalid \\uXXXX escape", *i);
        return false;
    }
    *i += 5;
    bool is_high = *code_point >= 0xd800 && *code_point < 0xdc00;
    if (!is_high || s.n - *i < 7 || s.p[*i] != '\\' || s.p[*i + 1] != 'u')
        return true;
    if (!read_hex4(s, *i + 2, &low)) {
        (void)fail(r, "Invalid \\uXXXX escape", *i + 1);
        return false;
    }
    if (low >= 0xdc00 && low < 0xe000) {
        *code_point = 0x10000 + ((*code_point - 0xd800) << 10) + (low - 0xdc00);
        *i += 6;
    }
    return true;
}

/* From the first backslash on: the rest of the string, unescaped, is appended to `to` (which has
 * room for the text as it stands: no escape is shorter than what it means). */
static fr_json_event unescape(fr_json_reader *r, size_t quote, size_t i, char *to, size_t n)
{
    fr_str s = r->text;
    for (;;) {
        size_t plain = fr_json_plain_(s.p + i, s.n - i, false);
        memcpy(to + n, s.p + i, plain);
        n += plain;
        i += plain;
        if (i == s.n)
            return fail(r, "Unterminated string starting at", quote);
        if (s.p[i] == '"')
            break;
        if (s.p[i] != '\\')
            return fail(r, "Invalid control character at", i);
        if (++i == s.n)
            return fail(r, "Unterminated string starting at", quote);
        if (s.p[i] == 'u') {
            uint32_t code_point;
            if (!read_unicode_escape(r, &i, &code_point))
                return FR_JSON_ERROR;
            n += fr_utf8_put(code_point, to + n);
        } else {
            char c = simple_escape(s.p[i]);
            if (!c)
                return fail(r, "Invalid \\escape", i - 1);
            to[n++] = c;
            i++;
        }
    }
    r->value = (fr_str){to, n};
    r->pos = i + 1;
    return FR_JSON_STRING;
}

/* Where the string that begins at i (behind its quote) ends at the latest: at its closing quote or
 * the text's end. */
static size_t string_end(fr_str s, size_t i)
{
    while (i < s.n && s.p[i] != '"')
        i += s.p[i] == '\\' ? 2 : 1;
    return i < s.n ? i : s.n;
}

static fr_json_event read_string(fr_json_reader *r)
{
    fr_str s = r->text;
    size_t quote = r->pos, start = quote + 1;
    size_t end = start + fr_json_plain_(s.p + start, s.n - start, false);
    if (end < s.n && s.p[end] == '"') { /* no escapes: borrowed as it stands */
        r->value = fr_str_sub(s, start, end - start);
        r->pos = end + 1;
        return FR_JSON_STRING;
    }
    char *to = fr_arena_alloc(r->arena, string_end(s, end) - start);
    if (!to)
        return fail_memory(r);
    memcpy(to, s.p + start, end - start);
    return unescape(r, quote, end, to, end - start);
}

static bool take_word(fr_json_reader *r, fr_str word)
{
    if (!fr_str_starts(fr_str_from(r->text, r->pos), word))
        return false;
    r->pos += word.n;
    return true;
}

static fr_json_event read_value(fr_json_reader *r)
{
    r->value_start = r->pos;
    r->state = r->depth ? WANT_REST : DONE;
    switch (peek(r)) {
    case '"': return read_string(r);
    case '{': return open_container(r, true);
    case '[': return open_container(r, false);
    case 't':
        if (take_word(r, FR_STR("true")))
            return FR_JSON_TRUE;
        break;
    case 'f':
        if (take_word(r, FR_STR("false")))
            return FR_JSON_FALSE;
        break;
    case 'n':
        if (take_word(r, FR_STR("null")))
            return FR_JSON_NULL;
        break;
    case 'N':
        if (take_word(r, FR_STR("NaN")))
            return fail_constant(r, "NaN");
        break;
    case 'I':
        if (take_word(r, FR_STR("Infinity")))
            return fail_constant(r, "Infinity");
        break;
    case '-':
        if (take_word(r, FR_STR("-Infinity")))
            return fail_constant(r, "-Infinity");
        return read_number(r);
    default:
        if (peek(r) >= '0' && peek(r) <= '9')
            return read_number(r);
        break;
    }
    return fail(r, "Expecting value", r->pos);
}

/* ---- the steps ---- */

static fr_json_event read_key(fr_json_reader *r)
{
    if (peek(r) != '"')
        return fail(r, "Expecting property name enclosed in double quotes", r->pos);
    r->value_start = r->pos;
    r->state = WANT_COLON;
    return read_string(r) == FR_JSON_STRING ? FR_JSON_KEY : FR_JSON_ERROR;
}

static fr_json_event read_after_value(fr_json_reader *r)
{
    bool is_object = in_object(r);
    if (peek(r) == (is_object ? '}' : ']'))
        return close_container(r);
    if (peek(r) != ',')
        return fail(r, "Expecting ',' delimiter", r->pos);
    size_t comma = r->pos++;
    skip_space(r);
    if (peek(r) == (is_object ? '}' : ']'))
        return fail(r,
                    is_object ? "Illegal trailing comma before end of object"
                              : "Illegal trailing comma before end of array",
                    comma);
    return is_object ? read_key(r) : read_value(r);
}

fr_json_event fr_json_next(fr_json_reader *reader)
{
    fr_json_reader *r = reader;
    if (r->state >= FAILED)
        return FR_JSON_ERROR;
    skip_space(r);
    switch (r->state) {
    case WANT_FIRST_ITEM: return peek(r) == ']' ? close_container(r) : read_value(r);
    case WANT_FIRST_KEY: return peek(r) == '}' ? close_container(r) : read_key(r);
    case WANT_COLON:
        if (peek(r) != ':')
            return fail(r, "Expecting ':' delimiter", r->pos);
        r->pos++;
        skip_space(r);
        return read_value(r);
    case WANT_REST:
        if (r->depth)
            return read_after_value(r);
        /* fallthrough */
    case DONE: return r->pos == r->text.n ? FR_JSON_END : fail(r, "Extra data", r->pos);
    default: return read_value(r);
    }
}

bool fr_json_skip(fr_json_reader *reader, fr_json_event event)
{
    if (event != FR_JSON_OBJECT && event != FR_JSON_ARRAY)
        return event != FR_JSON_ERROR;
    int outside = reader->depth - 1;
    while (reader->depth > outside)
        if (fr_json_next(reader) == FR_JSON_ERROR)
            return false;
    return true;
}
