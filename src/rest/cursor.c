/* See cursor.h. */
#include "rest/cursor.h"

#include <math.h>

#include "base/digits.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "model/kind.h"
#include "model/model.h"
#include "rest/python.h"
#include "rest/query_string.h"

/* Rows of equal positions that a cursor can name. DRF stops at 1,000, and its clients then get one page again and again. */
enum { OFFSET_MAX = INT32_MAX };

/* ---- base64, as Python's b64decode reads it: what is not of the alphabet is passed over ---- */

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* out: room for text.n bytes. false: its filling is wrong. */
static bool decode_base64(fr_str text, char *out, size_t *n)
{
    unsigned quad = 0, pads = 0, left = 0;
    *n = 0;
    for (size_t i = 0; i < text.n; i++) {
        int six = sextet(text.p[i]);
        if (text.p[i] == '=' && quad >= 2 && quad + ++pads >= 4)
            return true;
        if (six < 0)
            continue;
        pads = 0;
        if (quad)
            out[(*n)++] = (char)(uint8_t)(left << 2 * quad | (unsigned)six >> (6 - 2 * quad));
        left = (unsigned)six;
        quad = (quad + 1) % 4;
    }
    return quad == 0;
}

/* ---- its parts ---- */

/* The first of this name, as parse_qs()[name][0]. */
static fr_str part_of(const fr_params *parts, fr_str name, fr_str absent)
{
    for (size_t i = 0; i < parts->count; i++)
        if (fr_str_eq(parts->at[i].name, name))
            return parts->at[i].value;
    return absent;
}

static bool read_offset(fr_str text, int64_t *out)
{
    fr_py_int_result result = fr_py_int(text, out);
    if (result == FR_PY_INT_ABOVE || (result == FR_PY_INT_OK && *out > OFFSET_MAX))
        *out = OFFSET_MAX;
    return result == FR_PY_INT_ABOVE || (result == FR_PY_INT_OK && *out >= 0);
}

static bool read_reverse(fr_str text, bool *out)
{
    int64_t i = 1;
    bool is_int = fr_py_int(text, &i) != FR_PY_INT_BAD;
    *out = i != 0;
    return is_int;
}

fr_err fr_cursor_decode(fr_arena *arena, fr_str text, fr_cursor *out)
{
    fr_params parts;
    fr_str decoded = {fr_arena_alloc(arena, text.n + 1), 0};
    if (!decoded.p)
        return FR_ENOMEM;
    if (!fr_str_is_ascii(text) || !decode_base64(text, (char *)(uintptr_t)decoded.p, &decoded.n) ||
        !fr_str_is_ascii(decoded))
        return FR_EINVAL;
    FR_TRY(fr_params_parse(arena, decoded, &parts));
    if (!read_offset(part_of(&parts, FR_STR("o"), FR_STR("0")), &out->offset) ||
        !read_reverse(part_of(&parts, FR_STR("r"), FR_STR("0")), &out->is_reverse))
        return FR_EINVAL;
    out->position = part_of(&parts, FR_STR("p"), (fr_str){0});
    return FR_OK;
}

void fr_cursor_put(fr_arena *arena, const fr_cursor *cursor, fr_buf *out)
{
    fr_buf parts;
    fr_buf_init(&parts);
    if (cursor->offset) {
        fr_buf_lit(&parts, "o=");
        fr_buf_put_i64(&parts, cursor->offset);
    }
    if (cursor->is_reverse)
        fr_buf_put(&parts, parts.n ? FR_STR("&r=1") : FR_STR("r=1"));
    if (cursor->position.p) {
        fr_buf_put(&parts, parts.n ? FR_STR("&p=") : FR_STR("p="));
        fr_query_quote(&parts, cursor->position);
    }
    char *encoded = fr_arena_alloc(arena, (parts.n + 2) / 3 * 4 + 1);
    if (encoded && !parts.has_failed)
        fr_buf_put(out, (fr_str){encoded, fr_base64(encoded, parts.p, parts.n)});
    else
        out->has_failed = true;
    fr_buf_deinit(&parts);
}

/* ---- positions ---- */

/* "2024-03-01T12:25:00Z" → "2024-03-01 12:25:00+00:00". */
static void put_time(fr_time time, fr_buf *out)
{
    char text[FR_TIME_TEXT];
    size_t n = fr_time_iso(time, text);
    text[10] = ' ';
    fr_buf_put(out, (fr_str){text, n - 1});
    fr_buf_lit(out, "+00:00");
}

/* str(timedelta): "1 day, 2:03:04.500000", "-2 days, 23:59:59". */
static void put_span(fr_span span, fr_buf *out)
{
    const fr_span day_us = 86400 * (fr_span)1000000;
    char text[FR_TIME_TEXT];
    int64_t days = span / day_us - (span % day_us < 0);
    size_t n = fr_span_clock(span - days * day_us, text), zero = text[0] == '0';
    if (days)
        fr_buf_printf(out, "%lld day%s, ", (long long)days, days == 1 || days == -1 ? "" : "s");
    fr_buf_put(out, (fr_str){text + zero, n - zero});
}

static void put_plain(const fr_field *field, fr_value v, fr_buf *out)
{
    fr_buf json;
    fr_buf_init(&json);
    fr_value_json(field, v, &json);
    fr_str text = fr_buf_str(&json);
    bool is_quoted = text.n >= 2 && text.p[0] == '"';
    fr_buf_put(out, is_quoted ? fr_str_sub(text, 1, text.n - 2) : text);
    out->has_failed |= json.has_failed;
    fr_buf_deinit(&json);
}

/* The field whose values these are: of a reference the key that it leads to. */
static const fr_field *origin_of(const fr_field *field)
{
    const fr_field *origin = fr_field_origin(field);
    return origin ? origin : field;
}

void fr_position_put(const fr_field *field, fr_value v, fr_buf *out)
{
    fr_time time;
    field = origin_of(field);
    fr_class kind_class = fr_class_of(field);
    bool is_text =
        kind_class == FR_CLASS_TEXT || kind_class == FR_CLASS_JSON || kind_class == FR_CLASS_FILE;
    if (v.type == FR_VALUE_TEXT && is_text)
        fr_buf_put(out, v.as.s);
    else if (v.type == FR_VALUE_REAL && isinf(v.as.r)) /* what both sides read as such */
        fr_buf_put(out, v.as.r < 0 ? FR_STR("-1e999") : FR_STR("1e999"));
    else if (v.type == FR_VALUE_INT && kind_class == FR_CLASS_BOOLEAN)
        fr_buf_put(out, v.as.i ? FR_STR("True") : FR_STR("False"));
    else if (v.type == FR_VALUE_INT && kind_class == FR_CLASS_DURATION)
        put_span(v.as.i, out);
    else if (v.type == FR_VALUE_TEXT && field->kind == FR_KIND_DATETIME &&
             fr_time_parse(v.as.s, &time))
        put_time(time, out);
    else
        put_plain(field, v, out);
}

fr_err fr_position_read(const fr_field *field, fr_str text, fr_arena *arena, fr_value *out)
{
    if (fr_class_of(origin_of(field)) != FR_CLASS_JSON)
        return fr_value_from_text(field, text, arena, out);
    return fr_value_dup(arena, FR_VALUE_S(text), out) ? FR_OK : FR_ENOMEM;
}
