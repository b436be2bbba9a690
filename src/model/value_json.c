/*
 * A stored value as JSON, spelled as the to_representation of DRF's serializer fields spells it. fr_value_json runs once for
 * each column of each row served, so the common forms are rewritten text to text: a DATETIME is checked for its shape and
 * gets a T and a Z, without a calendar. What another program stored in another form takes the slow way, through the
 * parsers; what they do not know either is printed as the number or the string that it is.
 */
#include "model/value.h"

#include <string.h>

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/digits.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "base/zone.h"
#include "model/kind.h"
#include "model/kind_int.h"
#include "model/model.h"

static void put_base64(fr_buf *out, fr_str s)
{
    fr_buf_put_char(out, '"');
    if (fr_buf_reserve(out, (s.n + 2) / 3 * 4))
        out->n += fr_base64(out->p + out->n, s.p, s.n);
    fr_buf_put_char(out, '"');
}

/* What the value is, whatever the field. */
static void put_plain(fr_buf *out, fr_value v)
{
    switch (v.type) {
    case FR_VALUE_NULL: fr_buf_lit(out, "null"); break;
    case FR_VALUE_INT: fr_buf_put_i64(out, v.as.i); break;
    case FR_VALUE_REAL: fr_json_put_double(out, v.as.r); break;
    case FR_VALUE_TEXT: fr_json_put_utf8(out, v.as.s); break;
    case FR_VALUE_BLOB: put_base64(out, v.as.s); break;
    }
}

static void put_quoted(fr_buf *out, const char *text, size_t n)
{
    fr_buf_put_char(out, '"');
    fr_buf_put(out, (fr_str){text, n});
    fr_buf_put_char(out, '"');
}

/* ---- shapes ---- */

/* Eight bytes at once: none below that of `low` in its place, none above that of `high`. */
static bool is_within8(const char *s, const char *low, const char *high)
{
    uint64_t word = fr_load64(s);
    return (((word - fr_load64(low)) | (fr_load64(high) - word) | word) & FR_HIGH_BITS) == 0;
}

static bool is_clock8(const char *s)
{
    return is_within8(s, "00:00:00", "99:99:99");
}

/* The ten bytes of "2020-01-02", in two words. */
static bool is_date10(const char *s)
{
    return is_within8(s, "0000-00-", "9999-99-") && is_within8(s + 2, "00-00-00", "99-99-99");
}

/* The length of the fraction behind a clock of n bytes in all, "HH:MM:SS[.ffffff]", that is printed: 0 or 7; -1 if it has
 * another form. */
static int fraction_of(const char *clock, size_t n)
{
    if (n == 8)
        return 0;
    if (n != 15 || !is_within8(clock + 7, "0.000000", "9.999999"))
        return -1;
    return memcmp(clock + 8, ".000000", 7) == 0 ? 0 : 7;
}

/* "2020-01-02 01:04:05[.678000]" → "2020-01-02T01:04:05[.678000]Z". */
static bool put_datetime_shape(fr_buf *out, fr_str s)
{
    enum { DATE = 11, SECONDS = 19, WHOLE = 26 };
    if (s.n < SECONDS || !is_date10(s.p) || s.p[DATE - 1] != ' ' || !is_clock8(s.p + DATE))
        return false;
    int fraction = fraction_of(s.p + DATE, s.n - DATE);
    if (fraction < 0)
        return false;
    if (!fr_buf_reserve(out, WHOLE + 3))
        return true;
    char *text = out->p + out->n; /* lengths that the compiler knows: moves, no calls of memcpy */
    text[0] = '"';
    memcpy(text + 1, s.p, SECONDS);
    if (fraction)
        memcpy(text + 1 + SECONDS, s.p + SECONDS, WHOLE - SECONDS);
    text[DATE] = 'T';
    size_t n = 1 + SECONDS + (size_t)fraction;
    text[n++] = 'Z';
    text[n++] = '"';
    out->n += n;
    return true;
}

/* Out of line, or each of the common ones would save the registers that this needs. */
static __attribute__((noinline)) void put_moment(fr_buf *out, fr_str s)
{
    char text[FR_TIME_TEXT];
    fr_time t;
    if (fr_time_parse(s, &t))
        put_quoted(out, text, fr_zone_iso(t, text));
    else
        fr_json_put_utf8(out, s);
}

static void put_datetime(fr_buf *out, fr_str s)
{
    if (fr_zone_here() || !put_datetime_shape(out, s))
        put_moment(out, s);
}

static void put_date(fr_buf *out, fr_str s)
{
    char text[FR_TIME_TEXT];
    fr_date date;
    if (s.n == 10 && is_date10(s.p))
        put_quoted(out, s.p, s.n);
    else if (fr_date_parse(s, &date))
        put_quoted(out, text, fr_date_iso(date, text));
    else
        fr_json_put_utf8(out, s);
}

static void put_clock(fr_buf *out, fr_str s)
{
    char text[FR_TIME_TEXT];
    fr_span span;
    int fraction = s.n >= 8 && is_clock8(s.p) ? fraction_of(s.p, s.n) : -1;
    if (fraction >= 0)
        put_quoted(out, s.p, 8 + (size_t)fraction);
    else if (fr_span_parse_time(s, &span))
        put_quoted(out, text, fr_span_clock(span, text));
    else
        fr_json_put_utf8(out, s);
}

static bool is_lower_hex32(fr_str s)
{
    if (s.n != 32)
        return false;
    for (size_t i = 0; i < 32; i++)
        if ((unsigned char)(s.p[i] - '0') > 9 && (unsigned char)(s.p[i] - 'a') > 5)
            return false;
    return true;
}

static void put_uuid(fr_buf *out, fr_str s)
{
    fr_uuid uuid;
    char text[FR_TIME_TEXT];
    if (is_lower_hex32(s)) {
        const char *p = s.p;
        char with_dashes[38] = "\"........-....-....-....-............\"";
        memcpy(with_dashes + 1, p, 8);
        memcpy(with_dashes + 10, p + 8, 4);
        memcpy(with_dashes + 15, p + 12, 4);
        memcpy(with_dashes + 20, p + 16, 4);
        memcpy(with_dashes + 25, p + 20, 12);
        fr_buf_put(out, (fr_str){with_dashes, sizeof with_dashes});
    } else if (fr_uuid_parse(s, &uuid)) {
        put_quoted(out, text, fr_uuid_text(uuid, text));
    } else {
        fr_json_put_utf8(out, s);
    }
}

/* Stored as Python's dumps writes it; served compact. Text that is not JSON is a string. */
static void put_json(fr_buf *out, fr_str s)
{
    fr_arena *arena = fr_arena_new(512);
    fr_json tree;
    fr_str error;
    if (!arena) {
        out->has_failed = true;
        return;
    }
    if (fr_json_parse(arena, s, &tree, &error) == FR_OK)
        fr_json_put(out, &tree, false);
    else
        fr_json_put_utf8(out, s);
    fr_arena_free(arena);
}

static void put_decimal(fr_buf *out, const fr_field *field, fr_value v)
{
    char text[FR_DECIMAL_TEXT];
    size_t n;
    if (fr_decimal_quantise(v, field->decimal_places, FR_ROUND_HALF_EVEN, text, &n))
        put_quoted(out, text, n);
    else
        put_plain(out, v);
}

/*
 * A number as a string. An integer, for doubles, which are all the numbers that JavaScript's JSON.parse knows, tell integers
 * apart up to 2^53 only; any number in the column of a text kind, for DRF's CharField is str(value).
 */
static void put_number_text(fr_buf *out, fr_value v)
{
    fr_buf_put_char(out, '"');
    put_plain(out, v);
    fr_buf_put_char(out, '"');
}

/*
 * Whether the value is a whole number of 64 bits under another type: 7.0, "7". Not 7.9 and "07", which int() takes as well:
 * two rows whose keys are these would be one for a client.
 */
static bool is_whole(fr_value v, int64_t *i)
{
    char text[24];
    if (v.type == FR_VALUE_TEXT)
        return fr_str_i64(v.as.s, i) &&
               fr_str_eq(v.as.s,
                         (fr_str){text, (size_t)snprintf(text, sizeof text, "%" PRId64, *i)});
    if (v.type != FR_VALUE_REAL || !(v.as.r > -9.2e18 && v.as.r < 9.2e18))
        return false;
    *i = (int64_t)v.as.r;
    return (double)*i == v.as.r;
}

/* field: of an integer kind. v may be a real or a text all the same: DRF's IntegerField prints int(v), we do where v is
 * a whole number. */
static void put_integer(fr_buf *out, const fr_field *field, fr_value v)
{
    int64_t i = v.as.i;
    if (v.type != FR_VALUE_INT && !is_whole(v, &i))
        put_plain(out, v);
    else if (field->as_text)
        put_number_text(out, FR_VALUE_I(i));
    else
        fr_buf_put_i64(out, i);
}

/* ---- of each class; what is not of its stored form is printed as what it is ---- */

FR_TO_JSON_(integer)
{
    put_integer(out, field, v);
}

FR_TO_JSON_(boolean)
{
    (void)field;
    if (v.type == FR_VALUE_INT)
        fr_json_put_bool(out, v.as.i != 0);
    else
        put_plain(out, v);
}

FR_TO_JSON_(float)
{
    (void)field;
    if (v.type == FR_VALUE_INT) /* the hook tells 1.0 as the integer 1 (traps A4) */
        fr_json_put_double(out, (double)v.as.i);
    else
        put_plain(out, v);
}

FR_TO_JSON_(decimal)
{
    if (v.type != FR_VALUE_NULL)
        put_decimal(out, field, v);
    else
        put_plain(out, v);
}

FR_TO_JSON_(text)
{
    (void)field;
    if (v.type == FR_VALUE_INT || v.type == FR_VALUE_REAL)
        put_number_text(out, v);
    else
        put_plain(out, v);
}

FR_TO_JSON_(date)
{
    (void)field;
    if (v.type == FR_VALUE_TEXT)
        put_date(out, v.as.s);
    else
        put_plain(out, v);
}

FR_TO_JSON_(time)
{
    (void)field;
    if (v.type == FR_VALUE_TEXT)
        put_clock(out, v.as.s);
    else
        put_plain(out, v);
}

FR_TO_JSON_(datetime)
{
    (void)field;
    if (v.type == FR_VALUE_TEXT)
        put_datetime(out, v.as.s);
    else
        put_plain(out, v);
}

FR_TO_JSON_(duration)
{
    char text[FR_TIME_TEXT];
    (void)field;
    if (v.type == FR_VALUE_INT)
        put_quoted(out, text, fr_span_text(v.as.i, text));
    else
        put_plain(out, v);
}

FR_TO_JSON_(uuid)
{
    (void)field;
    if (v.type == FR_VALUE_TEXT)
        put_uuid(out, v.as.s);
    else
        put_plain(out, v);
}

FR_TO_JSON_(json)
{
    (void)field;
    if (v.type == FR_VALUE_TEXT)
        put_json(out, v.as.s);
    else
        put_plain(out, v);
}

/* A UUID or an .as_text number as its own model prints it; any other key as what it is, as DRF does. */
FR_TO_JSON_(reference)
{
    const fr_field *origin = v.type == FR_VALUE_TEXT ? fr_field_origin(field) : NULL;
    if (v.type == FR_VALUE_INT && fr_field_is_as_text(field))
        put_number_text(out, v);
    else if (origin && origin->kind == FR_KIND_UUID)
        put_uuid(out, v.as.s);
    else
        put_plain(out, v);
}

FR_TO_JSON_(keys)
{
    (void)field;
    put_plain(out, v);
}

FR_TO_JSON_(bytes)
{
    (void)field;
    if (v.type == FR_VALUE_TEXT) /* another program's: its bytes */
        put_base64(out, v.as.s);
    else
        put_plain(out, v);
}

FR_TO_JSON_(file)
{
    (void)field;
    if (v.type == FR_VALUE_TEXT && !v.as.s.n)
        fr_buf_lit(out, "null");
    else
        put_plain(out, v);
}

void fr_value_json(const fr_field *field, fr_value v, fr_buf *out)
{
    fr_kind_of(field)->json(field, v, out);
}

void fr_value_bare(const fr_field *field, fr_value v, fr_buf *out)
{
    size_t start = out->n;
    fr_value_json(field, v, out);
    size_t n = out->n - start;
    if (out->has_failed || n < 2 || out->p[start] != '"')
        return;
    memmove(out->p + start, out->p + start + 1, n - 2);
    out->n -= 2;
}

fr_str fr_value_bare_dup(fr_arena *arena, const fr_field *field, fr_value v)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_value_bare(field, v, &text);
    fr_str copy = text.has_failed ? (fr_str){0} : fr_str_dup(arena, fr_buf_str(&text));
    fr_buf_deinit(&text);
    return copy;
}
