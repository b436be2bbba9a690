/* See python.h. */
#include "rest/python.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* The code point at s.p[i] of UTF-8 with surrogates; *n bytes. Sound on any bytes: what is cut counts as one. */
static uint32_t code_point_at(fr_str s, size_t i, size_t *n)
{
    uint8_t first = (uint8_t)s.p[i];
    size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (length == 1 || i + length > s.n) {
        *n = 1;
        return first;
    }
    uint32_t c = first & (0xffu >> (length + 1));
    for (size_t k = 1; k < length; k++)
        c = c << 6 | ((uint8_t)s.p[i + k] & 0x3fu);
    *n = length;
    return c;
}

/* ---- numbers ---- */

bool fr_py_plain_digits(fr_str text, char *out, size_t room, size_t *n)
{
    size_t length;
    *n = 0;
    for (size_t i = 0; i < text.n; i += length) {
        int digit = fr_utf8_digit(code_point_at(text, i, &length));
        size_t put = digit < 0 ? length : 1;
        if (*n + put > room)
            return false;
        if (digit < 0)
            memcpy(out + *n, text.p + i, length);
        else
            out[*n] = (char)('0' + digit);
        *n += put;
    }
    return true;
}

fr_py_int_result fr_py_int(fr_str text, int64_t *out)
{
    fr_str s = fr_utf8_strip(text);
    uint64_t value = 0;
    size_t i = 0, n;
    bool is_negative = s.n && s.p[0] == '-', is_huge = false, may_end = false;
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        i = 1;
    for (; i < s.n; i += n) {
        uint32_t c = code_point_at(s, i, &n);
        int digit = fr_utf8_digit(c);
        if (c == '_' && may_end) { /* between two digits only */
            may_end = false;
            continue;
        }
        if (digit < 0)
            return FR_PY_INT_BAD;
        may_end = true;
        is_huge |= value > (UINT64_MAX - 9) / 10;
        if (!is_huge)
            value = value * 10 + (uint64_t)digit;
    }
    if (!may_end)
        return FR_PY_INT_BAD;
    if (is_huge || value > (uint64_t)INT64_MAX + is_negative)
        return is_negative ? FR_PY_INT_BELOW : FR_PY_INT_ABOVE;
    *out = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return FR_PY_INT_OK;
}

/* "inf", "infinity", "nan" with their sign, in any case. */
static bool word_of(fr_str s, double *out)
{
    double sign = s.n && s.p[0] == '-' ? -1 : 1;
    fr_str word = fr_str_from(s, s.n && (s.p[0] == '-' || s.p[0] == '+'));
    if (fr_str_eq_nocase(word, FR_STR("nan")))
        *out = (double)NAN;
    else if (fr_str_eq_nocase(word, FR_STR("inf")) || fr_str_eq_nocase(word, FR_STR("infinity")))
        *out = sign * (double)INFINITY;
    else
        return false;
    return true;
}

/* As JSON spells it: nothing needs to be translated, however long it is. */
static bool is_spelled_plainly(fr_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-')
            return false;
    }
    return s.n > 0;
}

bool fr_py_float(fr_str text, double *out)
{
    enum { LONGEST = 1100 }; /* DRF takes 1000 characters of text */
    fr_str s = fr_utf8_strip(text);
    if (is_spelled_plainly(s))
        return fr_str_double(s, out);
    char ascii[LONGEST];
    size_t length = 0, n;
    bool was_digit = false;
    if (word_of(s, out))
        return true;
    for (size_t i = 0; i < s.n; i += n) {
        uint32_t c = code_point_at(s, i, &n);
        size_t next_n;
        int digit = fr_utf8_digit(c);
        if (c == '_') {
            if (!was_digit || i + n >= s.n || fr_utf8_digit(code_point_at(s, i + n, &next_n)) < 0)
                return false;
            continue;
        }
        if (length == LONGEST ||
            (digit < 0 && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-'))
            return false;
        was_digit = digit >= 0;
        ascii[length++] = was_digit ? (char)('0' + digit) : (char)c;
    }
    return fr_str_double((fr_str){ascii, length}, out);
}

/* ---- UUID ---- */

/* s without each occurrence of word, in place. */
static fr_str without_word(char *p, size_t n, fr_str word)
{
    size_t kept = 0;
    for (size_t i = 0; i < n;) {
        if (n - i >= word.n && memcmp(p + i, word.p, word.n) == 0)
            i += word.n;
        else
            p[kept++] = p[i++];
    }
    return (fr_str){p, kept};
}

/* int(s, 16) of what is no more than 32 characters, behind a sign. */
static bool hex_number(fr_str s, fr_uuid *out)
{
    size_t n;
    bool may_end = false;
    *out = (fr_uuid){{0}};
    if (s.n > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x') {
        s = fr_str_from(s, 2);
        may_end = s.p[0] == '_';
    }
    for (size_t i = 0; i < s.n; i += n) {
        uint32_t c = code_point_at(s, i, &n);
        int digit = fr_utf8_digit(c);
        if (c == '_' && may_end) {
            may_end = false;
            continue;
        }
        if (digit < 0 && ((c | 0x20) < 'a' || (c | 0x20) > 'f'))
            return false;
        may_end = true;
        unsigned carry = digit >= 0 ? (unsigned)digit : (unsigned)(c | 0x20) - 'a' + 10;
        for (int k = 15; k >= 0; k--) {
            carry |= out->bytes[k] * 16u;
            out->bytes[k] = (uint8_t)carry;
            carry >>= 8;
        }
    }
    return may_end;
}

bool fr_py_uuid(fr_str text, fr_uuid *out)
{
    enum {
        LONGEST = 512
    }; /* dashes and braces are cut, and more than this is no number that anybody means */
    char buf[LONGEST];
    fr_uuid uuid;
    if (text.n > sizeof buf)
        return false;
    if (text.n)
        memcpy(buf, text.p, text.n);
    fr_str s = without_word(buf, text.n, FR_STR("urn:"));
    s = without_word(buf, s.n, FR_STR("uuid:"));
    while (s.n && (s.p[0] == '{' || s.p[0] == '}'))
        s = fr_str_from(s, 1);
    while (s.n && (s.p[s.n - 1] == '{' || s.p[s.n - 1] == '}'))
        s.n--;
    s = without_word((char *)(uintptr_t)s.p, s.n, FR_STR("-"));
    if (fr_utf8_count(s) != 32)
        return false;
    s = fr_utf8_strip(s);
    if (!hex_number(fr_str_from(s, s.n && s.p[0] == '+'), &uuid))
        return false;
    *out = uuid;
    return true;
}

/* ---- Decimal ---- */

/* Digits of any script as ASCII; underscores are left out, wherever they stand. false: something else is in it. */
static bool plain_decimal(fr_str s, char *out, size_t *length)
{
    size_t n;
    *length = 0;
    for (size_t i = 0; i < s.n; i += n) {
        uint32_t c = code_point_at(s, i, &n);
        int digit = fr_utf8_digit(c);
        if (c == '_')
            continue;
        if (digit < 0 && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-')
            return false;
        out[(*length)++] = digit >= 0 ? (char)('0' + digit) : (char)c;
    }
    return true;
}

static bool is_all_digits(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

/* The exponent of "e-12"; beyond what libmpdec has of them Decimal() fails. */
static bool parse_exponent(fr_str s, int64_t *out)
{
    bool is_negative = s.n && s.p[0] == '-';
    fr_str digits = fr_str_from(s, s.n && (s.p[0] == '-' || s.p[0] == '+'));
    uint64_t value;
    if (!digits.n || !is_all_digits(digits))
        return false;
    if (!fr_str_u64(digits, &value) ||
        value > (is_negative ? 1999999999999999997u : 999999999999999999u))
        return false;
    *out = is_negative ? -(int64_t)value : (int64_t)value;
    return true;
}

bool fr_py_decimal_parse(fr_str text, fr_arena *arena, fr_py_decimal *out)
{
    fr_str s = fr_utf8_strip(text), number, whole;
    char *plain = fr_arena_alloc(arena, s.n + 1);
    size_t length;
    if (!plain || !plain_decimal(s, plain, &length))
        return false;
    s = (fr_str){plain, length};
    *out = (fr_py_decimal){.is_negative = s.n && s.p[0] == '-'};
    s = fr_str_from(s, s.n && (s.p[0] == '-' || s.p[0] == '+'));
    size_t e =
        fr_str_find_char(s, 'e') != SIZE_MAX ? fr_str_find_char(s, 'e') : fr_str_find_char(s, 'E');
    if (e != SIZE_MAX && !parse_exponent(fr_str_from(s, e + 1), &out->exponent))
        return false;
    number = e == SIZE_MAX ? s : fr_str_sub(s, 0, e);
    fr_str fraction = fr_str_cut(number, '.', &whole);
    if (!is_all_digits(whole) || !is_all_digits(fraction) || whole.n + fraction.n == 0)
        return false;
    /* The digits of both parts as one number, which the point in between is moved out of. */
    char *digits = plain + (whole.p - plain);
    memmove(digits + whole.n, fraction.p, fraction.n);
    out->exponent -= (int64_t)fraction.n;
    out->digits = (fr_str){digits, whole.n + fraction.n};
    while (out->digits.n > 1 && out->digits.p[0] == '0')
        out->digits = fr_str_from(out->digits, 1);
    return true;
}

fr_str fr_py_decimal_text(const fr_py_decimal *d, fr_arena *arena)
{
    return fr_arena_printf(arena, "%s%.*se%lld", d->is_negative ? "-" : "", FR_FMT(d->digits),
                           (long long)d->exponent);
}

fr_py_int_result fr_py_decimal_int(const fr_py_decimal *d, int64_t *out)
{
    char text[24];
    int64_t length = (int64_t)d->digits.n + d->exponent; /* of the whole part */
    bool is_zero = fr_str_eq(d->digits, FR_STR("0"));
    if (is_zero || length <= 0) {
        *out = 0;
        return FR_PY_INT_OK;
    }
    if (length > 19)
        return d->is_negative ? FR_PY_INT_BELOW : FR_PY_INT_ABOVE;
    size_t n = 0;
    if (d->is_negative)
        text[n++] = '-';
    for (size_t i = 0; i < (size_t)length; i++)
        text[n++] = i < d->digits.n ? d->digits.p[i] : '0';
    return fr_py_int((fr_str){text, n}, out);
}

bool fr_py_is_int(const fr_json *number)
{
    for (size_t i = 0; i < number->text.n; i++)
        if (number->text.p[i] == '.' || number->text.p[i] == 'e' || number->text.p[i] == 'E')
            return false;
    return true;
}

static void put_number(fr_buf *out, const fr_json *number)
{
    double r;
    if (fr_py_is_int(number)) {
        fr_buf_put(out, fr_str_eq(number->text, FR_STR("-0")) ? FR_STR("0") : number->text);
    } else if (!fr_py_float(number->text, &r)) {
        fr_buf_put(out, number->text);
    } else if (isinf(r)) {
        fr_buf_put(out, r < 0 ? FR_STR("-inf") : FR_STR("inf"));
    } else {
        fr_json_put_double(out, r);
    }
}

/* ---- str() and repr() ---- */

const char *fr_py_type(const fr_json *value)
{
    switch (value->type) {
    case FR_JSON_OBJECT: return "dict";
    case FR_JSON_ARRAY: return "list";
    case FR_JSON_STRING: return "str";
    case FR_JSON_NUMBER: return fr_py_is_int(value) ? "int" : "float";
    case FR_JSON_TRUE:
    case FR_JSON_FALSE: return "bool";
    case FR_JSON_END: return "InMemoryUploadedFile";
    default: return "NoneType";
    }
}

/* Characters that repr() escapes; of the unassigned ones only those that text holds by mistake. */
static bool is_printable(uint32_t c)
{
    if (c < 0x7f)
        return c >= 0x20;
    if (c < 0xa1 || c == 0xad || (fr_utf8_is_space(c) && c != ' '))
        return false;
    if ((c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
        (c >= 0x2060 && c <= 0x206f) || c == 0xfeff)
        return false;
    return !(c >= 0xd800 && c <= 0xf8ff) && (c & 0xfffe) != 0xfffe && c < 0xe0000;
}

static void put_escaped(fr_buf *out, uint32_t c)
{
    switch (c) {
    case '\n': fr_buf_lit(out, "\\n"); return;
    case '\r': fr_buf_lit(out, "\\r"); return;
    case '\t': fr_buf_lit(out, "\\t"); return;
    default: break;
    }
    if (c < 0x100)
        fr_buf_printf(out, "\\x%02x", (unsigned)c);
    else if (c < 0x10000)
        fr_buf_printf(out, "\\u%04x", (unsigned)c);
    else
        fr_buf_printf(out, "\\U%08x", (unsigned)c);
}

static void put_repr(fr_buf *out, fr_str s)
{
    bool has_single = fr_str_find_char(s, '\'') != SIZE_MAX,
         has_double = fr_str_find_char(s, '"') != SIZE_MAX;
    char quote = has_single && !has_double ? '"' : '\'';
    size_t n;
    fr_buf_put_char(out, quote);
    for (size_t i = 0; i < s.n; i += n) {
        uint32_t c = code_point_at(s, i, &n);
        if (c == '\\' || c == (uint32_t)quote)
            fr_buf_put_char(out, '\\');
        if (is_printable(c))
            fr_buf_put(out, (fr_str){s.p + i, n});
        else
            put_escaped(out, c);
    }
    fr_buf_put_char(out, quote);
}

/* Recursion is bounded by the reader's depth (FR_JSON_DEPTH). */
static void put_value(fr_buf *out, const fr_json *value, bool is_inside)
{
    switch (value->type) {
    case FR_JSON_OBJECT:
    case FR_JSON_ARRAY: {
        bool is_object = value->type == FR_JSON_OBJECT;
        fr_buf_put_char(out, is_object ? '{' : '[');
        for (size_t i = 0; i < value->count; i++) {
            if (i)
                fr_buf_lit(out, ", ");
            if (is_object) {
                put_repr(out, value->keys[i]);
                fr_buf_lit(out, ": ");
            }
            put_value(out, &value->items[i], true);
        }
        fr_buf_put_char(out, is_object ? '}' : ']');
        break;
    }
    case FR_JSON_STRING:
        if (is_inside)
            put_repr(out, value->text);
        else
            fr_buf_put(out, value->text);
        break;
    case FR_JSON_NUMBER: put_number(out, value); break;
    case FR_JSON_TRUE: fr_buf_lit(out, "True"); break;
    case FR_JSON_FALSE: fr_buf_lit(out, "False"); break;
    case FR_JSON_END: fr_buf_put(out, value->text); break; /* a file of a form: str() is its name */
    default: fr_buf_lit(out, "None"); break;
    }
}

void fr_py_str(fr_buf *out, const fr_json *value)
{
    put_value(out, value, false);
}

fr_str fr_py_str_dup(fr_arena *arena, const fr_json *value)
{
    if (value->type == FR_JSON_STRING)
        return value->text.p ? value->text : FR_STR("");
    fr_buf text;
    fr_buf_init(&text);
    fr_py_str(&text, value);
    fr_str copy = text.has_failed ? (fr_str){0} : fr_str_dup(arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return copy;
}
