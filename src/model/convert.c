/*
 * Stored values from text (URLs, defaults) and from and to the members of C structs. Stored forms: as Django's SQLite back end stores them.
 */
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
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
    if (!fr_decimal_quantise(v, places, text, &n))
        return FR_EINVAL;
    return text_value(arena, text, n, out);
}

static bool parse_bool(fr_str s, bool *out)
{
    *out = fr_str_eq_nocase(s, FR_STR("true")) || fr_str_eq(s, FR_STR("1"));
    return *out || fr_str_eq_nocase(s, FR_STR("false")) || fr_str_eq(s, FR_STR("0"));
}

fr_err fr_value_from_text(const fr_field *field, fr_str s, fr_arena *arena, fr_value *out)
{
    char text[FR_TIME_TEXT];
    switch (field->kind) {
    case FR_KIND_ID:
    case FR_KIND_INTEGER:
    case FR_KIND_BIGINT: {
        int64_t i;
        if (!fr_str_i64(s, &i))
            return FR_EINVAL;
        *out = FR_VALUE_I(i);
        return FR_OK;
    }
    case FR_KIND_BOOLEAN: {
        bool is_true;
        if (!parse_bool(s, &is_true))
            return FR_EINVAL;
        *out = FR_VALUE_I(is_true);
        return FR_OK;
    }
    case FR_KIND_FLOAT: {
        double r;
        if (!fr_str_double(s, &r))
            return FR_EINVAL;
        *out = FR_VALUE_R(r);
        return FR_OK;
    }
    case FR_KIND_DECIMAL: return decimal_value(arena, FR_VALUE_S(s), field->decimal_places, out);
    case FR_KIND_DATE: {
        fr_date date;
        return fr_date_parse(s, &date) ? text_value(arena, text, fr_date_iso(date, text), out)
                                       : FR_EINVAL;
    }
    case FR_KIND_TIME: {
        fr_span clock;
        return fr_span_parse_time(s, &clock)
                   ? text_value(arena, text, fr_span_clock(clock, text), out)
                   : FR_EINVAL;
    }
    case FR_KIND_DATETIME: {
        fr_time time;
        return fr_time_parse(s, &time) ? text_value(arena, text, fr_time_sql(time, text), out)
                                       : FR_EINVAL;
    }
    case FR_KIND_DURATION: {
        fr_span span;
        if (!fr_span_parse(s, &span))
            return FR_EINVAL;
        *out = FR_VALUE_I(span);
        return FR_OK;
    }
    case FR_KIND_UUID: {
        fr_uuid uuid;
        return fr_uuid_parse(s, &uuid) ? text_value(arena, text, fr_uuid_hex(uuid, text), out)
                                       : FR_EINVAL;
    }
    case FR_KIND_JSON: return json_value(arena, s, out);
    case FR_KIND_FOREIGN_KEY: {
        const fr_field *origin = fr_field_origin(field);
        return origin ? fr_value_from_text(origin, s, arena, out) : FR_EINVAL;
    }
    case FR_KIND_CHAR:
    case FR_KIND_TEXT:
    case FR_KIND_EMAIL:
    case FR_KIND_URL:
    case FR_KIND_SLUG:
    case FR_KIND_IP: return text_value(arena, s.p, s.n, out);
    case FR_KIND_COUNT_: break;
    }
    return FR_EINVAL;
}

fr_err fr_value_from_member(const fr_field *field, const void *row, fr_arena *arena, fr_value *out)
{
    const void *member = (const char *)row + field->offset;
    char text[FR_TIME_TEXT];
    switch (field->kind) {
    case FR_KIND_ID:
    case FR_KIND_INTEGER:
    case FR_KIND_BIGINT:
    case FR_KIND_DURATION:
    case FR_KIND_FOREIGN_KEY: *out = FR_VALUE_I(*(const int64_t *)member); return FR_OK;
    case FR_KIND_BOOLEAN: *out = FR_VALUE_I(*(const bool *)member); return FR_OK;
    case FR_KIND_FLOAT: *out = FR_VALUE_R(*(const double *)member); return FR_OK;
    case FR_KIND_DATE:
        return text_value(arena, text, fr_date_iso(*(const fr_date *)member, text), out);
    case FR_KIND_TIME:
        return text_value(arena, text, fr_span_clock(*(const fr_span *)member, text), out);
    case FR_KIND_DATETIME:
        return text_value(arena, text, fr_time_sql(*(const fr_time *)member, text), out);
    case FR_KIND_UUID:
        return text_value(arena, text, fr_uuid_hex(*(const fr_uuid *)member, text), out);
    case FR_KIND_DECIMAL: {
        fr_str s = *(const fr_str *)member;
        return decimal_value(arena, FR_VALUE_S(s.n ? s : FR_STR("0")), field->decimal_places, out);
    }
    case FR_KIND_JSON: {
        fr_str s = *(const fr_str *)member;
        return json_value(arena, s.n ? s : FR_STR("null"), out);
    }
    case FR_KIND_CHAR:
    case FR_KIND_TEXT:
    case FR_KIND_EMAIL:
    case FR_KIND_URL:
    case FR_KIND_SLUG:
    case FR_KIND_IP: {
        fr_str s = *(const fr_str *)member;
        return text_value(arena, s.p, s.n, out);
    }
    case FR_KIND_COUNT_: break;
    }
    return FR_EINVAL;
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
    if (!fr_decimal_quantise(v, field->decimal_places, text, &n))
        return v.type == FR_VALUE_TEXT ? store_text(arena, v.as.s, member) : FR_EINVAL;
    return store_text(arena, (fr_str){text, n}, member);
}

fr_err fr_value_to_member(const fr_field *field, fr_value v, fr_arena *arena, void *row)
{
    void *member = (char *)row + field->offset;
    switch (field->kind) {
    case FR_KIND_ID:
    case FR_KIND_INTEGER:
    case FR_KIND_BIGINT:
    case FR_KIND_FOREIGN_KEY:
    case FR_KIND_DURATION: *(int64_t *)member = int_of(v); return FR_OK;
    case FR_KIND_BOOLEAN: *(bool *)member = int_of(v) != 0; return FR_OK;
    case FR_KIND_FLOAT: *(double *)member = real_of(v); return FR_OK;
    case FR_KIND_DECIMAL:
        if (v.type != FR_VALUE_NULL)
            return store_decimal(field, v, arena, member);
        *(fr_str *)member = (fr_str){"", 0};
        return FR_OK;
    case FR_KIND_DATE: {
        fr_date date = 0;
        bool is_date = v.type == FR_VALUE_NULL || fr_date_parse(text_of(v), &date);
        *(fr_date *)member = date;
        return is_date ? FR_OK : FR_EINVAL;
    }
    case FR_KIND_TIME: {
        fr_span clock = 0;
        bool is_clock = v.type == FR_VALUE_NULL || fr_span_parse_time(text_of(v), &clock);
        *(fr_span *)member = clock;
        return is_clock ? FR_OK : FR_EINVAL;
    }
    case FR_KIND_DATETIME: {
        fr_time time = 0;
        bool is_time = v.type == FR_VALUE_NULL || fr_time_parse(text_of(v), &time);
        *(fr_time *)member = time;
        return is_time ? FR_OK : FR_EINVAL;
    }
    case FR_KIND_UUID: {
        fr_uuid uuid = {{0}};
        bool is_uuid = v.type == FR_VALUE_NULL || fr_uuid_parse(text_of(v), &uuid);
        *(fr_uuid *)member = uuid;
        return is_uuid ? FR_OK : FR_EINVAL;
    }
    case FR_KIND_CHAR:
    case FR_KIND_TEXT:
    case FR_KIND_JSON:
    case FR_KIND_EMAIL:
    case FR_KIND_URL:
    case FR_KIND_SLUG:
    case FR_KIND_IP: return store_text(arena, text_of(v), member);
    case FR_KIND_COUNT_: break;
    }
    return FR_EINVAL;
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
