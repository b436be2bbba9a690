/*
 * See filters.h. A parameter's text becomes stored values by the rules of the form field that django-filter would use for
 * the model's field: numbers are decimals of Python, text is stripped, booleans that are none are ignored.
 */
#include "rest/filters.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "db/db.h"
#include "rest/key.h"
#include "rest/kinds.h"
#include "rest/python.h"

/* ---- declarations ---- */

static const struct {
    fr_str suffix;
    fr_lookup lookup;
    bool is_range;
} LOOKUPS[] = {
    {{"exact", 5}, FR_LOOKUP_EXACT, false},
    {{"lt", 2}, FR_LOOKUP_LT, false},
    {{"lte", 3}, FR_LOOKUP_LTE, false},
    {{"gt", 2}, FR_LOOKUP_GT, false},
    {{"gte", 3}, FR_LOOKUP_GTE, false},
    {{"in", 2}, FR_LOOKUP_IN, false},
    {{"range", 5}, FR_LOOKUP_GTE, true},
    {{"isnull", 6}, FR_LOOKUP_ISNULL, false},
    {{"contains", 8}, FR_LOOKUP_CONTAINS, false},
    {{"icontains", 9}, FR_LOOKUP_ICONTAINS, false},
    {{"startswith", 10}, FR_LOOKUP_STARTSWITH, false},
    {{"istartswith", 11}, FR_LOOKUP_ISTARTSWITH, false},
};

static bool is_text_lookup(fr_lookup lookup)
{
    return lookup >= FR_LOOKUP_CONTAINS;
}

static const char *item_fault(const fr_model *model, const fr_filter_item *item)
{
    const fr_field *field = &model->fields[item->field];
    if (field->secret)
        return "names a secret field";
    if (fr_class_of(field) == FR_CLASS_JSON && item->lookup != FR_LOOKUP_ISNULL)
        return "filters a JSON field, which only isnull can";
    if (is_text_lookup(item->lookup) && !fr_field_is_text(field))
        return "is a text lookup on a field that is not text";
    return NULL;
}

fr_err fr_filter_item_parse(const fr_model *model, fr_str name, fr_filter_item *out,
                            char error[256])
{
    const char *fault = "names a field that the model does not have";
    size_t cut = fr_str_find(name, FR_STR("__"));
    int field = fr_model_field_index(model, cut == SIZE_MAX ? name : fr_str_sub(name, 0, cut));
    fr_str suffix = cut == SIZE_MAX ? FR_STR("exact") : fr_str_from(name, cut + 2);
    if (field >= 0) {
        fault = "has a lookup that does not exist";
        for (size_t i = 0; i < sizeof LOOKUPS / sizeof *LOOKUPS; i++)
            if (fr_str_eq(LOOKUPS[i].suffix, suffix)) {
                *out =
                    (fr_filter_item){name, (uint16_t)field, LOOKUPS[i].lookup, LOOKUPS[i].is_range};
                fault = item_fault(model, out);
                break;
            }
    }
    if (!fault)
        return FR_OK;
    snprintf(error, 256, "filter: \"%.*s\" %s", (int)(name.n < 80 ? name.n : 80), name.p, fault);
    return FR_EINVAL;
}

/* ---- one value ---- */

typedef struct reading {
    fr_ctx *ctx;
    fr_errors *errors;
    const fr_filter_item *item;
    const fr_field *field;
    fr_str text;
} reading;

/* What a text means for one field. SKIP: as if the parameter were absent. */
typedef enum outcome { TAKEN, SKIP, REFUSED, FAILED } outcome;

static outcome refuse(const reading *r, const char *message)
{
    fr_errors_add(r->errors, r->item->name, "invalid", fr_str_c(message));
    return REFUSED;
}

static outcome text_taken(const reading *r, const char *text, size_t n, fr_value *out)
{
    return fr_value_dup(r->ctx->arena, FR_VALUE_S(((fr_str){text, n})), out) ? TAKEN : FAILED;
}

static outcome take_integer(const reading *r, const fr_py_decimal *d, fr_value *out)
{
    int64_t i;
    switch (fr_py_decimal_int(d, &i)) {
    case FR_PY_INT_ABOVE:
        return refuse(r, "Ensure this value is less than or equal to 9223372036854775807.");
    case FR_PY_INT_BELOW:
        return refuse(r, "Ensure this value is greater than or equal to -9223372036854775808.");
    default: *out = FR_VALUE_I(i); return TAKEN;
    }
}

/* As many places as the column has, if that loses nothing: text columns compare equal only then. */
static outcome take_decimal(const reading *r, const fr_py_decimal *d, fr_value *out)
{
    char text[FR_DECIMAL_TEXT];
    size_t n;
    fr_str whole = fr_py_decimal_text(d, r->ctx->arena);
    if (!whole.p)
        return FAILED;
    bool is_exact = d->exponent >= -(int64_t)r->field->decimal_places;
    int places = is_exact ? r->field->decimal_places : d->exponent > -40 ? (int)-d->exponent : 40;
    if (!fr_decimal_quantise(FR_VALUE_S(whole), places, text, &n))
        return refuse(r, "Enter a number.");
    return text_taken(r, text, n, out);
}

static outcome take_number(const reading *r, fr_value *out)
{
    fr_py_decimal d;
    if (!fr_py_decimal_parse(r->text, r->ctx->arena, &d))
        return refuse(r, "Enter a number.");
    int64_t magnitude = (int64_t)d.digits.n + d.exponent;
    bool is_limit =
        magnitude == 51 && d.digits.p[0] == '1' && strspn(d.digits.p + 1, "0") >= d.digits.n - 1;
    if (!d.is_negative && !fr_str_eq(d.digits, FR_STR("0")) && magnitude > 50 && !is_limit)
        return refuse(r, "Ensure this value is less than or equal to 1e+50.");
    switch (fr_class_of(r->field)) {
    case FR_CLASS_DECIMAL: return take_decimal(r, &d, out);
    case FR_CLASS_FLOAT: {
        fr_str text = fr_py_decimal_text(&d, r->ctx->arena);
        double real;
        if (!text.p)
            return FAILED;
        if (!fr_str_double(text, &real) || isinf(real))
            return refuse(r, "Enter a number.");
        *out = FR_VALUE_R(real);
        return TAKEN;
    }
    default: return take_integer(r, &d, out);
    }
}

static outcome take_boolean(const reading *r, fr_value *out)
{
    if (fr_str_eq_nocase(r->text, FR_STR("true")))
        *out = FR_VALUE_I(1);
    else if (fr_str_eq_nocase(r->text, FR_STR("false")))
        *out = FR_VALUE_I(0);
    else
        return SKIP;
    return TAKEN;
}

/* 1 or 2 digits, "/", 1 or 2 digits, "/", 2 or 4 digits: the American form, which Django's English locale takes. */
static bool parse_american_date(fr_str s, fr_date *out)
{
    fr_str month, day;
    uint64_t m, d, y;
    fr_str year = fr_str_cut(fr_str_cut(s, '/', &month), '/', &day);
    bool is_form = month.n && month.n <= 2 && day.n && day.n <= 2 && (year.n == 4 || year.n == 2);
    if (!is_form || !fr_str_u64(month, &m) || !fr_str_u64(day, &d) || !fr_str_u64(year, &y))
        return false;
    if (year.n == 2)
        y += y < 69 ? 2000 : 1900;
    return fr_date_civil((int)y, (int)m, (int)d, out);
}

static outcome take_date(const reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_date date;
    fr_str s = fr_utf8_strip(r->text);
    if (!fr_date_parse(s, &date) && !parse_american_date(s, &date))
        return refuse(r, "Enter a valid date.");
    return text_taken(r, text, fr_date_iso(date, text), out);
}

static outcome take_datetime(const reading *r, fr_value *out)
{
    const fr_span day_us = 86400 * (fr_span)1000000;
    char text[FR_TIME_TEXT];
    fr_time time;
    fr_date date;
    fr_span clock = 0;
    fr_str s = fr_utf8_strip(r->text), day, rest;
    rest = fr_str_cut(s, ' ', &day);
    bool is_time = fr_time_parse(s, &time);
    if (!is_time && (fr_date_parse(day, &date) || parse_american_date(day, &date)) &&
        (!rest.n || fr_span_parse_time(rest, &clock))) {
        time = (fr_time)date * day_us + clock;
        is_time = true;
    }
    return is_time ? text_taken(r, text, fr_time_sql(time, text), out)
                   : refuse(r, "Enter a valid date/time.");
}

static outcome take_time(const reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_span clock;
    if (!fr_span_parse_time(fr_utf8_strip(r->text), &clock))
        return refuse(r, "Enter a valid time.");
    return text_taken(r, text, fr_span_clock(clock, text), out);
}

static outcome take_duration(const reading *r, fr_value *out)
{
    fr_span span;
    if (!fr_span_parse(r->text, &span))
        return refuse(r, "Enter a valid duration.");
    *out = FR_VALUE_I(span);
    return TAKEN;
}

static outcome take_uuid(const reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_uuid uuid;
    if (!fr_uuid_parse(fr_utf8_strip(r->text), &uuid))
        return refuse(r, "Enter a valid UUID.");
    return text_taken(r, text, fr_uuid_hex(uuid, text), out);
}

static outcome take_text(const reading *r, fr_value *out)
{
    fr_str s = fr_utf8_strip(r->text);
    if (fr_str_find_char(s, '\0') != SIZE_MAX)
        return refuse(r, "Null characters are not allowed.");
    if (!s.n && r->item->lookup != FR_LOOKUP_IN)
        return SKIP;
    *out = FR_VALUE_S(s.n ? s : FR_STR(""));
    return TAKEN;
}

static outcome take_choice(const reading *r, fr_value *out)
{
    for (const fr_choice *choice = r->field->choices; choice->value; choice++)
        if (fr_str_eq(fr_str_c(choice->value), r->text))
            return fr_value_from_text(r->field, r->text, r->ctx->arena, out) == FR_OK ? TAKEN
                                                                                      : FAILED;
    fr_buf message; /* the text may hold anything, NUL too */
    fr_buf_init(&message);
    fr_buf_lit(&message, "Select a valid choice. ");
    fr_buf_put(&message, r->text);
    fr_buf_lit(&message, " is not one of the available choices.");
    bool has_failed = message.has_failed;
    fr_errors_add(r->errors, r->item->name, "invalid_choice", fr_buf_str(&message));
    fr_buf_deinit(&message);
    return has_failed ? FAILED : REFUSED;
}

/* The key of a row that is there. */
static outcome take_reference(const reading *r, fr_value *out, fr_err *err)
{
    static const char REFUSAL[] =
        "Select a valid choice. That choice is not one of the available choices.";
    const fr_model *to = r->field->to;
    bool is_there = false;
    if (!fr_key_from_text(to, r->text, r->ctx->arena, out))
        return refuse(r, REFUSAL);
    *err = fr_db_exists(r->ctx, to, (uint16_t)fr_model_key_index(to), *out,
                        (fr_value){.type = FR_VALUE_NULL}, &is_there);
    if (*err == FR_OK && is_there)
        *err = fr_db_stored_key(r->ctx, to, *out, out);
    if (*err && *err != FR_ENOTFOUND)
        return FAILED;
    return is_there && *err == FR_OK ? TAKEN : refuse(r, REFUSAL);
}

static outcome take(const reading *r, fr_value *out, fr_err *err)
{
    if (r->item->lookup == FR_LOOKUP_ISNULL)
        return take_boolean(r, out);
    if (r->field->choices)
        return take_choice(r, out);
    switch (fr_rest_kind_of(r->field)->form) {
    case FR_FORM_BOOLEAN: return take_boolean(r, out);
    case FR_FORM_NUMBER: return take_number(r, out);
    case FR_FORM_DATE: return take_date(r, out);
    case FR_FORM_DATETIME: return take_datetime(r, out);
    case FR_FORM_TIME: return take_time(r, out);
    case FR_FORM_DURATION: return take_duration(r, out);
    case FR_FORM_UUID: return take_uuid(r, out);
    case FR_FORM_ROW: return take_reference(r, out, err);
    case FR_FORM_TEXT: break;
    }
    return take_text(r, out);
}

/* ---- one parameter ---- */

/* Values separated by commas; empty ones count for text only. *wrong: a message was added. */
static fr_err take_list(reading *r, fr_value **values, size_t *count, bool *wrong)
{
    fr_str rest = r->text;
    size_t room = 1;
    for (size_t i = 0; i < rest.n; i++)
        room += rest.p[i] == ',';
    *count = 0;
    *values = fr_arena_alloc(r->ctx->arena, room * sizeof **values);
    if (!*values)
        return FR_ENOMEM;
    for (size_t i = 0; i < room && !*wrong; i++) {
        fr_err err = FR_ENOMEM;
        rest = fr_str_cut(rest, ',', &r->text);
        bool is_skipped = !r->text.n && !fr_field_is_text(r->field);
        switch (is_skipped ? SKIP : take(r, &(*values)[*count], &err)) {
        case TAKEN: ++*count; break;
        case SKIP: break;
        case REFUSED: *wrong = true; break;
        case FAILED: return err;
        }
    }
    return FR_OK;
}

static fr_err read_list(reading *r, fr_pred **out)
{
    bool is_range = r->item->is_range, is_wrong = false;
    size_t commas = 0, count;
    fr_value *values;
    fr_arena *arena = r->ctx->arena;
    for (size_t i = 0; i < r->text.n; i++)
        commas += r->text.p[i] == ',';
    FR_TRY(take_list(r, &values, &count, &is_wrong));
    if (is_wrong)
        return FR_OK;
    if (is_range && commas != 1) {
        refuse(r, "Range query expects two values.");
        return FR_OK;
    }
    if (!is_range) {
        *out = fr_pred_in(arena, r->item->field, values, count);
    } else if (count < 2) { /* between something and nothing is nothing */
        *out = fr_pred_in(arena, r->item->field, NULL, 0);
    } else {
        fr_pred *from = fr_pred_term(arena, r->item->field, FR_LOOKUP_GTE, values[0]);
        fr_pred *to = fr_pred_term(arena, r->item->field, FR_LOOKUP_LTE, values[1]);
        *out = from && to ? fr_pred_and(arena, from, to) : NULL;
    }
    return *out ? FR_OK : FR_ENOMEM;
}

static fr_err read_item(reading *r, fr_pred **out)
{
    fr_value value;
    fr_err err = FR_ENOMEM;
    *out = NULL;
    if (r->item->lookup == FR_LOOKUP_IN || r->item->is_range)
        return read_list(r, out);
    switch (take(r, &value, &err)) {
    case TAKEN: break;
    case FAILED: return err;
    default: return FR_OK;
    }
    *out = fr_pred_term(r->ctx->arena, r->item->field, r->item->lookup, value);
    return *out ? FR_OK : FR_ENOMEM;
}

fr_err fr_filters_read(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_params *params,
                       fr_errors *errors, const fr_pred **out)
{
    const fr_pred *parts[FR_FILTERS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < rt->filter_count; i++) {
        const fr_filter_item *item = &rt->filters[i];
        reading r = {ctx, errors, item, &rt->model->fields[item->field],
                     fr_params_get(params, item->name)};
        fr_pred *one;
        if (!r.text.n)
            continue;
        FR_TRY(read_item(&r, &one));
        if (one)
            parts[count++] = one;
    }
    *out = count > 1 ? fr_pred_all(ctx->arena, parts, count) : count ? parts[0] : NULL;
    return count > 1 && !*out ? FR_ENOMEM : FR_OK;
}
