/*
 * Stored values from text (URLs, defaults) and from and to the members of C structs. Stored forms: as Django's SQLite back end stores them.
 */
#include "base/digits.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "base/zone.h"
#include "model/kind.h"
#include "model/kind_int.h"
#include "model/model.h"

/* `n` bytes of text as a stored value, copied. */
static fr_err text_value(fr_arena *arena, const char *text, size_t n, fr_value *out)
{
    fr_str copy = fr_str_dup(arena, (fr_str){text, n});
    if (!copy.p)
        return FR_ENOMEM;
    *out = FR_VALUE_S(copy);
    return FR_OK;
}

static fr_err json_value(fr_arena *arena, fr_str text, fr_value *out)
{
    fr_json tree;
    fr_str error;
    fr_buf spelled;
    FR_TRY(fr_json_parse(arena, text, &tree, &error));
    fr_buf_init(&spelled);
    fr_json_put(&spelled, &tree, true);
    fr_err err = spelled.has_failed ? FR_ENOMEM : text_value(arena, spelled.p, spelled.n, out);
    fr_buf_deinit(&spelled);
    return err;
}

static fr_err decimal_value(fr_arena *arena, fr_value v, int places, fr_value *out)
{
    char text[FR_DECIMAL_TEXT];
    size_t n;
    if (!fr_decimal_quantise(v, places, FR_ROUND_HALF_EVEN, text, &n))
        return FR_EINVAL;
    return text_value(arena, text, n, out);
}

static bool parse_bool(fr_str s, bool *out)
{
    *out = fr_str_eq_nocase(s, FR_STR("true")) || fr_str_eq(s, FR_STR("1"));
    return *out || fr_str_eq_nocase(s, FR_STR("false")) || fr_str_eq(s, FR_STR("0"));
}

/* ---- to members ---- */

static fr_str text_of(fr_value v)
{
    return v.type == FR_VALUE_TEXT || v.type == FR_VALUE_BLOB ? v.as.s : (fr_str){"", 0};
}

static int64_t int_of(fr_value v)
{
    int64_t i = 0;
    switch (v.type) {
    case FR_VALUE_INT: return v.as.i;
    case FR_VALUE_REAL:
        return v.as.r >= -9223372036854775808.0 && v.as.r < 9223372036854775808.0 ? (int64_t)v.as.r
                                                                                  : 0;
    case FR_VALUE_TEXT: return fr_str_i64(v.as.s, &i) ? i : 0;
    default: return 0;
    }
}

static double real_of(fr_value v)
{
    double r = 0;
    switch (v.type) {
    case FR_VALUE_INT: return (double)v.as.i;
    case FR_VALUE_REAL: return v.as.r;
    case FR_VALUE_TEXT: return fr_str_double(v.as.s, &r) ? r : 0;
    default: return 0;
    }
}

static fr_err store_text(fr_arena *arena, fr_str s, void *member)
{
    fr_str copy = fr_str_dup(arena, s);
    if (!copy.p)
        return FR_ENOMEM;
    *(fr_str *)member = copy;
    return FR_OK;
}

static fr_err store_decimal(const fr_field *field, fr_value v, fr_arena *arena, void *member)
{
    char text[FR_DECIMAL_TEXT];
    size_t n;
    if (!fr_decimal_quantise(v, field->decimal_places, FR_ROUND_HALF_EVEN, text, &n))
        return v.type == FR_VALUE_TEXT ? store_text(arena, v.as.s, member) : FR_EINVAL;
    return store_text(arena, (fr_str){text, n}, member);
}

/* ---- of each class ---- */

/* What the ways of a class are called with; most need a part of that. */
#define UNUSED (void)field, (void)arena

FR_FROM_TEXT_(integer)
{
    int64_t i;
    UNUSED;
    if (!fr_str_i64(text, &i))
        return FR_EINVAL;
    *out = FR_VALUE_I(i);
    return FR_OK;
}

FR_FROM_MEMBER_(integer)
{
    UNUSED;
    *out = FR_VALUE_I(*(const int64_t *)member);
    return FR_OK;
}

FR_TO_MEMBER_(integer)
{
    UNUSED;
    *(int64_t *)member = int_of(v);
    return FR_OK;
}

FR_FROM_TEXT_(boolean)
{
    bool is_true;
    UNUSED;
    if (!parse_bool(text, &is_true))
        return FR_EINVAL;
    *out = FR_VALUE_I(is_true);
    return FR_OK;
}

FR_FROM_MEMBER_(boolean)
{
    UNUSED;
    *out = FR_VALUE_I(*(const bool *)member);
    return FR_OK;
}

FR_TO_MEMBER_(boolean)
{
    UNUSED;
    *(bool *)member = int_of(v) != 0;
    return FR_OK;
}

FR_FROM_TEXT_(float)
{
    double r;
    UNUSED;
    if (!fr_str_double(text, &r))
        return FR_EINVAL;
    *out = FR_VALUE_R(r);
    return FR_OK;
}

FR_FROM_MEMBER_(float)
{
    UNUSED;
    *out = FR_VALUE_R(*(const double *)member);
    return FR_OK;
}

FR_TO_MEMBER_(float)
{
    UNUSED;
    *(double *)member = real_of(v);
    return FR_OK;
}

FR_FROM_TEXT_(decimal)
{
    return decimal_value(arena, FR_VALUE_S(text), field->decimal_places, out);
}

FR_FROM_MEMBER_(decimal)
{
    fr_str s = *(const fr_str *)member;
    return decimal_value(arena, FR_VALUE_S(s.n ? s : FR_STR("0")), field->decimal_places, out);
}

FR_TO_MEMBER_(decimal)
{
    if (v.type != FR_VALUE_NULL)
        return store_decimal(field, v, arena, member);
    *(fr_str *)member = (fr_str){"", 0};
    return FR_OK;
}

FR_FROM_TEXT_(text)
{
    UNUSED;
    return text_value(arena, text.p, text.n, out);
}

FR_FROM_MEMBER_(text)
{
    fr_str s = *(const fr_str *)member;
    UNUSED;
    return text_value(arena, s.p, s.n, out);
}

FR_TO_MEMBER_(text)
{
    UNUSED;
    return store_text(arena, text_of(v), member);
}

FR_FROM_TEXT_(date)
{
    char iso[FR_TIME_TEXT];
    fr_date date;
    UNUSED;
    return fr_date_parse(text, &date) ? text_value(arena, iso, fr_date_iso(date, iso), out)
                                      : FR_EINVAL;
}

FR_FROM_MEMBER_(date)
{
    char iso[FR_TIME_TEXT];
    UNUSED;
    return text_value(arena, iso, fr_date_iso(*(const fr_date *)member, iso), out);
}

FR_TO_MEMBER_(date)
{
    fr_date date = 0;
    bool is_date = v.type == FR_VALUE_NULL || fr_date_parse(text_of(v), &date);
    UNUSED;
    *(fr_date *)member = date;
    return is_date ? FR_OK : FR_EINVAL;
}

FR_FROM_TEXT_(time)
{
    char iso[FR_TIME_TEXT];
    fr_span clock;
    UNUSED;
    return fr_span_parse_time(text, &clock) ? text_value(arena, iso, fr_span_clock(clock, iso), out)
                                            : FR_EINVAL;
}

FR_FROM_MEMBER_(time)
{
    char iso[FR_TIME_TEXT];
    UNUSED;
    return text_value(arena, iso, fr_span_clock(*(const fr_span *)member, iso), out);
}

FR_TO_MEMBER_(time)
{
    fr_span clock = 0;
    bool is_clock = v.type == FR_VALUE_NULL || fr_span_parse_time(text_of(v), &clock);
    UNUSED;
    *(fr_span *)member = clock;
    return is_clock ? FR_OK : FR_EINVAL;
}

FR_FROM_TEXT_(datetime)
{
    char sql[FR_TIME_TEXT];
    int64_t local_us, offset_us;
    bool has_offset;
    UNUSED;
    if (!fr_moment_parse(text, &local_us, &has_offset, &offset_us))
        return FR_EINVAL;
    fr_time time = has_offset ? local_us - offset_us : fr_zone_utc(fr_zone_here(), local_us);
    return fr_time_is_shown(time) ? text_value(arena, sql, fr_time_sql(time, sql), out) : FR_EINVAL;
}

FR_FROM_MEMBER_(datetime)
{
    char sql[FR_TIME_TEXT];
    UNUSED;
    return text_value(arena, sql, fr_time_sql(*(const fr_time *)member, sql), out);
}

FR_TO_MEMBER_(datetime)
{
    fr_time time = 0;
    bool is_time = v.type == FR_VALUE_NULL || fr_time_parse(text_of(v), &time);
    UNUSED;
    *(fr_time *)member = time;
    return is_time ? FR_OK : FR_EINVAL;
}

FR_FROM_TEXT_(duration)
{
    fr_span span;
    UNUSED;
    if (!fr_span_parse(text, &span))
        return FR_EINVAL;
    *out = FR_VALUE_I(span);
    return FR_OK;
}

FR_FROM_MEMBER_(duration)
{
    return fr_integer_from_member_(field, member, arena, out);
}

FR_TO_MEMBER_(duration)
{
    return fr_integer_to_member_(field, v, arena, member);
}

FR_FROM_TEXT_(uuid)
{
    char hex[FR_TIME_TEXT];
    fr_uuid uuid;
    UNUSED;
    return fr_uuid_parse(text, &uuid) ? text_value(arena, hex, fr_uuid_hex(uuid, hex), out)
                                      : FR_EINVAL;
}

FR_FROM_MEMBER_(uuid)
{
    char hex[FR_TIME_TEXT];
    UNUSED;
    return text_value(arena, hex, fr_uuid_hex(*(const fr_uuid *)member, hex), out);
}

FR_TO_MEMBER_(uuid)
{
    fr_uuid uuid = {{0}};
    bool is_uuid = v.type == FR_VALUE_NULL || fr_uuid_parse(text_of(v), &uuid);
    UNUSED;
    *(fr_uuid *)member = uuid;
    return is_uuid ? FR_OK : FR_EINVAL;
}

FR_FROM_TEXT_(json)
{
    UNUSED;
    return json_value(arena, text, out);
}

FR_FROM_MEMBER_(json)
{
    fr_str s = *(const fr_str *)member;
    UNUSED;
    return json_value(arena, s.n ? s : FR_STR("null"), out);
}

FR_TO_MEMBER_(json)
{
    return fr_text_to_member_(field, v, arena, member);
}

/* ---- limits, which fr_model_check has seen to be of the kind ---- */

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

FR_COMPARE_(integer)
{
    int64_t i = 0;
    (void)fr_str_i64(limit, &i);
    return compare_numbers(int_of(v), i);
}

FR_COMPARE_(float)
{
    double r = 0, mine = real_of(v);
    (void)fr_str_double(limit, &r);
    return (mine > r) - (mine < r);
}

FR_COMPARE_(decimal)
{
    return fr_decimal_cmp(v, FR_VALUE_S(limit));
}

FR_COMPARE_(date)
{
    fr_date mine = 0, date = 0;
    (void)(fr_date_parse(text_of(v), &mine) && fr_date_parse(limit, &date));
    return compare_numbers(mine, date);
}

FR_COMPARE_(time)
{
    fr_span mine = 0, clock = 0;
    (void)(fr_span_parse_time(text_of(v), &mine) && fr_span_parse_time(limit, &clock));
    return compare_numbers(mine, clock);
}

FR_COMPARE_(datetime)
{
    fr_time mine = 0, time = 0;
    (void)(fr_time_parse(text_of(v), &mine) && fr_time_parse(limit, &time));
    return compare_numbers(mine, time);
}

FR_COMPARE_(duration)
{
    fr_span span = 0;
    (void)fr_span_parse(limit, &span);
    return compare_numbers(int_of(v), span);
}

/* ---- now ---- */

static bool moment_value(fr_arena *arena, const char *text, size_t n, fr_value *out)
{
    return text_value(arena, text, n, out) == FR_OK;
}

/* The time of the day of a local time. */
static fr_span clock_of(fr_time moment)
{
    const fr_span day_us = 86400 * (fr_span)1000000;
    return (moment % day_us + day_us) % day_us;
}

FR_NOW_(date)
{
    const fr_span day_us = 86400 * (fr_span)1000000;
    char text[FR_TIME_TEXT];
    int64_t local_us = fr_zone_local(fr_zone_here(), now);
    fr_date today = (fr_date)((local_us - clock_of(local_us)) / day_us);
    return moment_value(arena, text, fr_date_iso(today, text), out);
}

FR_NOW_(time)
{
    char text[FR_TIME_TEXT];
    return moment_value(arena, text,
                        fr_span_clock(clock_of(fr_zone_local(fr_zone_here(), now)), text), out);
}

FR_NOW_(datetime)
{
    char text[FR_TIME_TEXT];
    return moment_value(arena, text, fr_time_sql(now, text), out);
}

/* ---- references: as the key they lead to ---- */

FR_FROM_TEXT_(reference)
{
    const fr_field *origin = fr_field_origin(field);
    return origin ? fr_kind_of(origin)->from_text(origin, text, arena, out) : FR_EINVAL;
}

FR_FROM_MEMBER_(reference)
{
    const fr_field *origin = fr_field_origin(field);
    return origin ? fr_kind_of(origin)->from_member(origin, member, arena, out) : FR_EINVAL;
}

FR_TO_MEMBER_(reference)
{
    const fr_field *origin = fr_field_origin(field);
    return origin ? fr_kind_of(origin)->to_member(origin, v, arena, member) : FR_EINVAL;
}

/* ---- many to many: nothing is stored in the row ---- */

FR_FROM_TEXT_(keys)
{
    UNUSED;
    (void)text, (void)out;
    return FR_EINVAL;
}

FR_FROM_MEMBER_(keys)
{
    UNUSED;
    (void)member;
    *out = (fr_value){.type = FR_VALUE_NULL};
    return FR_OK;
}

FR_TO_MEMBER_(keys)
{
    UNUSED;
    (void)v, (void)member;
    return FR_OK;
}

/* ---- bytes and files ---- */

FR_FROM_TEXT_(bytes)
{
    UNUSED;
    char *bytes = fr_arena_alloc(arena, text.n / 4 * 3 + 3);
    size_t n;
    if (!bytes)
        return FR_ENOMEM;
    if (!fr_base64_decode(text, bytes, &n))
        return FR_EINVAL;
    *out = (fr_value){.type = FR_VALUE_BLOB, .as.s = {bytes, n}};
    return FR_OK;
}

FR_FROM_MEMBER_(bytes)
{
    fr_str s = *(const fr_str *)member;
    UNUSED;
    FR_TRY(text_value(arena, s.p, s.n, out));
    out->type = FR_VALUE_BLOB;
    return FR_OK;
}

FR_TO_MEMBER_(bytes)
{
    return fr_text_to_member_(field, v, arena, member);
}

FR_FROM_TEXT_(file)
{
    return fr_text_from_text_(field, text, arena, out);
}

FR_FROM_MEMBER_(file)
{
    return fr_text_from_member_(field, member, arena, out);
}

FR_TO_MEMBER_(file)
{
    return fr_text_to_member_(field, v, arena, member);
}

/* ---- of any field ---- */

fr_err fr_value_from_text(const fr_field *field, fr_str s, fr_arena *arena, fr_value *out)
{
    return fr_kind_of(field)->from_text(field, s, arena, out);
}

fr_err fr_value_from_member(const fr_field *field, const void *row, fr_arena *arena, fr_value *out)
{
    return fr_kind_of(field)->from_member(field, (const char *)row + field->offset, arena, out);
}

fr_err fr_value_to_member(const fr_field *field, fr_value v, fr_arena *arena, void *row)
{
    return fr_kind_of(field)->to_member(field, v, arena, (char *)row + field->offset);
}

/* ---- rows ---- */

fr_err fr_row_value(const fr_model *model, int index, const void *row, fr_arena *arena,
                    fr_value *out)
{
    if (((const fr_row *)row)->null >> index & 1) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        return FR_OK;
    }
    return fr_value_from_member(&model->fields[index], row, arena, out);
}

fr_err fr_row_store(const fr_model *model, int index, fr_value v, fr_arena *arena, void *row)
{
    fr_row *head = row;
    uint64_t bit = (uint64_t)1 << index;
    FR_TRY(fr_value_to_member(&model->fields[index], v, arena, row));
    head->null = v.type == FR_VALUE_NULL ? head->null | bit : head->null & ~bit;
    head->set |= bit;
    return FR_OK;
}

fr_err fr_row_values(const fr_model *model, const void *row, fr_arena *arena, fr_value *values)
{
    for (uint32_t i = 0; i < model->field_count; i++)
        FR_TRY(fr_row_value(model, (int)i, row, arena, &values[i]));
    return FR_OK;
}

fr_err fr_row_store_all(const fr_model *model, const fr_value *values, fr_arena *arena, void *row)
{
    for (uint32_t i = 0; i < model->field_count; i++)
        FR_TRY(fr_row_store(model, (int)i, values[i], arena, row));
    return FR_OK;
}
