/* See spelling.h. Words and forms are those of DRF's serializer fields. */
#include "model/spelling.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "base/time_format.h"
#include "base/time_int.h"
#include "base/zone.h"
#include "model/kind.h"
#include "model/regex.h"

/* ---- what a field says ---- */

static bool has_numbers(const fr_choice *choices)
{
    for (; choices && choices->value; choices++)
        if (fr_choice_is_number(choices))
            return true;
    return false;
}

bool fr_field_is_spelled(const fr_field *field)
{
    bool is_decimal = field->kind == FR_KIND_DECIMAL;
    return field->format || field->zone || field->rounding ||
           (is_decimal && (field->as_number || field->normalized || !field->max_digits)) ||
           (fr_field_is_text(field) && has_numbers(field->choices));
}

bool fr_format_is_iso(fr_str format)
{
    return fr_str_eq_nocase(format, FR_STR("iso-8601"));
}

bool fr_input_format_next(fr_str *rest, fr_str *format)
{
    if (!rest->n)
        return false;
    *rest = fr_str_cut(*rest, ';', format);
    return true;
}

const fr_zone *fr_field_zone(const fr_field *field)
{
    char error[256];
    const fr_zone *zone = NULL;
    if (!field->zone)
        return fr_zone_here();
    /* It has been opened by fr_spelling_check: no file is read here. */
    (void)fr_zone_named(fr_str_c(field->zone), &zone, error);
    return zone;
}

static uint32_t mix(uint32_t hash, const char *text)
{
    fr_str s = fr_str_c(text);
    for (size_t i = 0; i < s.n; i++)
        hash = (hash ^ (uint8_t)s.p[i]) * 16777619u;
    return (hash ^ 0xffu) * 16777619u;
}

uint32_t fr_spelling_hash(uint32_t hash, const fr_field *field)
{
    uint8_t facts[] = {field->as_number, field->normalized, (uint8_t)field->rounding};
    for (size_t i = 0; i < sizeof facts; i++)
        hash = (hash ^ facts[i]) * 16777619u;
    hash = mix(mix(hash, field->format), field->zone);
    for (const fr_choice *c = field->choices; c && c->value; c++)
        hash = mix(hash, c->value);
    return hash;
}

/* ---- whether it makes sense ---- */

static bool is_clock_kind(fr_kind kind)
{
    return kind == FR_KIND_DATE || kind == FR_KIND_TIME || kind == FR_KIND_DATETIME;
}

static bool is_one_of(const char *text, const char *const *names)
{
    while (*names && strcmp(*names, text) != 0)
        names++;
    return *names != NULL;
}

static bool is_format(const fr_field *field)
{
    static const char *const UUIDS[] = {"hex_verbose", "hex", "int", "urn", NULL},
                             *const SPANS[] = {"iso-8601", "django", NULL};
    fr_str format = fr_str_c(field->format);
    if (field->kind == FR_KIND_UUID)
        return is_one_of(field->format, UUIDS);
    if (field->kind == FR_KIND_DURATION)
        return is_one_of(field->format, SPANS);
    return is_clock_kind(field->kind) &&
           (fr_format_is_iso(format) || fr_time_format_check(format, false));
}

static bool are_input_formats(const fr_field *field)
{
    fr_str rest = fr_str_c(field->input_formats), format;
    while (fr_input_format_next(&rest, &format))
        if (!fr_format_is_iso(format) && !fr_time_format_check(format, true))
            return false;
    return is_clock_kind(field->kind);
}

static fr_err check_match(const char *pattern, char error[256])
{
    fr_regex *regex = NULL;
    fr_err err = fr_regex_new(fr_str_c(pattern), 0, &regex, error);
    fr_regex_free(regex);
    return err;
}

/* What cannot be said of a field of its kind; NULL: nothing. */
static const char *misplaced(const fr_field *field)
{
    bool is_decimal = field->kind == FR_KIND_DECIMAL;
    bool has_filter = field->folder_match || field->folder_is_deep || field->takes_folders ||
                      field->takes_no_files;
    if (field->format && !is_format(field))
        return ".format is none of its kind";
    if (field->input_formats && !are_input_formats(field))
        return ".input_formats are none of its kind, or have a directive twice";
    if (!is_decimal && (field->as_number || field->normalized || field->rounding))
        return "only DECIMAL has .as_number, .normalized and .rounding";
    if (field->unicode && field->kind != FR_KIND_SLUG)
        return "only SLUG has .unicode";
    if (field->untrimmed && !fr_field_is_text(field))
        return "only texts have .untrimmed";
    if (field->folder && field->kind != FR_KIND_CHAR)
        return "only CHAR has .folder";
    if (has_filter && !field->folder)
        return "without .folder there is nothing to be in it";
    return field->zone && field->kind != FR_KIND_DATETIME ? "only DATETIME has .zone" : NULL;
}

fr_err fr_spelling_check(const fr_field *field, char error[256])
{
    const fr_zone *zone;
    const char *wrong = misplaced(field);
    if (wrong) {
        snprintf(error, 256, "%.200s", wrong);
        return FR_EINVAL;
    }
    if (field->zone)
        FR_TRY(fr_zone_named(fr_str_c(field->zone), &zone, error));
    return field->folder_match ? check_match(field->folder_match, error) : FR_OK;
}

/* ---- moments ---- */

static void put_formatted(const fr_field *field, const fr_civil *civil, fr_buf *out)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_time_format_put(&text, fr_str_c(field->format), civil);
    fr_json_put_str(out, fr_buf_str(&text));
    out->has_failed |= text.has_failed;
    fr_buf_deinit(&text);
}

static bool has_format(const fr_field *field)
{
    return field->format && !fr_format_is_iso(fr_str_c(field->format));
}

void fr_moment_spell(const fr_field *field, fr_time t, int32_t offset, fr_buf *out)
{
    char text[FR_TIME_TEXT];
    if (!has_format(field)) {
        fr_buf_put_char(out, '"');
        fr_buf_put(out, (fr_str){text, fr_time_iso_at(t, offset, text)});
        fr_buf_put_char(out, '"');
        return;
    }
    fr_civil civil = fr_civil_of(t + offset * FR_SECOND_US);
    civil.has_offset = true;
    civil.offset_us = offset * FR_SECOND_US;
    put_formatted(field, &civil, out);
}

/* false: the text is no moment. A moment that has no year where the clock is shows UTC's. */
static bool spell_datetime(const fr_field *field, fr_str s, fr_buf *out)
{
    fr_time t;
    if (!fr_time_parse(s, &t))
        return false;
    int32_t offset = fr_zone_offset(fr_field_zone(field), t);
    fr_moment_spell(field, t, fr_time_is_shown(t + offset * FR_SECOND_US) ? offset : 0, out);
    return true;
}

static bool spell_date(const fr_field *field, fr_str s, fr_buf *out)
{
    fr_date date;
    if (!has_format(field) || !fr_date_parse(s, &date))
        return false;
    fr_civil civil = fr_civil_of(date * FR_DAY_US);
    put_formatted(field, &civil, out);
    return true;
}

/* A time of the day is one of 1 January 1900, for those formats that have a date in them. */
static bool spell_time(const fr_field *field, fr_str s, fr_buf *out)
{
    fr_span clock;
    if (!has_format(field) || !fr_span_parse_time(s, &clock))
        return false;
    fr_civil civil = fr_civil_of(clock);
    civil.year = 1900;
    put_formatted(field, &civil, out);
    return true;
}

/* 3 days and 1.5 s before: -P3DT00H00M01.500000S */
static void put_iso_span(fr_span span, fr_buf *out)
{
    uint64_t us = span < 0 ? -(uint64_t)span : (uint64_t)span;
    uint64_t days = us / (uint64_t)FR_DAY_US, s = us % (uint64_t)FR_DAY_US / 1000000;
    fr_buf_printf(out, "\"%sP%lluDT%02uH%02uM%02u", span < 0 ? "-" : "", (unsigned long long)days,
                  (unsigned)(s / 3600), (unsigned)(s / 60 % 60), (unsigned)(s % 60));
    if (us % 1000000)
        fr_buf_printf(out, ".%06u", (unsigned)(us % 1000000));
    fr_buf_lit(out, "S\"");
}

/* ---- keys, numbers, choices ---- */

/* Sixteen bytes as a decimal number: its digits from the last one on. */
static void put_uuid_number(fr_uuid uuid, fr_buf *out)
{
    char digits[40];
    size_t n = 0;
    bool is_zero;
    do {
        unsigned rest = 0;
        is_zero = true;
        for (int i = 0; i < 16; i++) {
            rest = rest << 8 | uuid.bytes[i];
            uuid.bytes[i] = (uint8_t)(rest / 10);
            rest %= 10;
            is_zero &= !uuid.bytes[i];
        }
        digits[sizeof digits - ++n] = (char)('0' + rest);
    } while (!is_zero);
    fr_buf_put(out, (fr_str){digits + sizeof digits - n, n});
}

static bool spell_uuid(const fr_field *field, fr_str s, fr_buf *out)
{
    char text[FR_TIME_TEXT];
    fr_uuid uuid;
    if (!field->format || strcmp(field->format, "hex_verbose") == 0 || !fr_uuid_parse(s, &uuid))
        return false;
    if (strcmp(field->format, "int") == 0) {
        put_uuid_number(uuid, out);
        return true;
    }
    bool is_urn = strcmp(field->format, "urn") == 0;
    size_t n = is_urn ? fr_uuid_text(uuid, text) : fr_uuid_hex(uuid, text);
    fr_buf_put(out, is_urn ? FR_STR("\"urn:uuid:") : FR_STR("\""));
    fr_buf_put(out, (fr_str){text, n});
    fr_buf_put_char(out, '"');
    return true;
}

/* Without zeros behind its point, and without the point if nothing else is there. */
static fr_str normal(fr_str s)
{
    if (fr_str_find_char(s, '.') == SIZE_MAX)
        return s;
    while (s.p[s.n - 1] == '0')
        s.n--;
    s.n -= s.p[s.n - 1] == '.';
    return s;
}

/* A decimal without limits is a text that has all of its digits already. */
static bool spell_decimal(const fr_field *field, fr_value v, fr_buf *out)
{
    char text[FR_DECIMAL_TEXT];
    double number;
    fr_str s = {text, 0};
    bool is_free = !field->max_digits && !field->decimal_places;
    if (is_free && v.type == FR_VALUE_TEXT)
        s = v.as.s;
    else if (!fr_decimal_quantise(v, field->decimal_places, field->rounding, text, &s.n))
        return false;
    if (field->normalized)
        s = normal(s);
    if (field->as_number && fr_str_double(s, &number))
        fr_json_put_double(out, number);
    else
        fr_json_put_str(out, s);
    return true;
}

static bool spell_choice(const fr_field *field, fr_str s, fr_buf *out)
{
    const fr_choice *choice = fr_choice_find(field->choices, s);
    if (!choice || !fr_choice_is_number(choice))
        return false;
    fr_buf_put(out, s);
    return true;
}

/* ---- any value ---- */

/* false: its kind says how it is printed. */
static bool spell_text(const fr_field *field, fr_str s, fr_buf *out)
{
    switch (field->kind) {
    case FR_KIND_DATETIME: return spell_datetime(field, s, out);
    case FR_KIND_DATE: return spell_date(field, s, out);
    case FR_KIND_TIME: return spell_time(field, s, out);
    case FR_KIND_UUID: return spell_uuid(field, s, out);
    default: return fr_field_is_text(field) && spell_choice(field, s, out);
    }
}

void fr_value_spell(const fr_field *field, fr_value v, fr_buf *out)
{
    bool is_spelled = false;
    if (field->kind == FR_KIND_DECIMAL && v.type != FR_VALUE_NULL)
        is_spelled = spell_decimal(field, v, out);
    else if (v.type == FR_VALUE_TEXT)
        is_spelled = spell_text(field, v.as.s, out);
    else if (v.type == FR_VALUE_INT && field->kind == FR_KIND_DURATION && field->format &&
             fr_format_is_iso(fr_str_c(field->format))) {
        put_iso_span(v.as.i, out);
        is_spelled = true;
    }
    if (!is_spelled)
        fr_value_json(field, v, out);
}
