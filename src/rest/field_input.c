/*
 * See field_input.h. Each kind of field has a row in KINDS: how it converts JSON to a stored value, what it says when it
 * cannot, and what is checked afterwards. The order is DRF's: absent, null, conversion (the first fault ends the field),
 * then all checks, the unique one first.
 */
#include "rest/field_input.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "db/db.h"
#include "rest/key.h"
#include "rest/python.h"
#include "rest/validators.h"

enum { STRING_CHARACTERS = 1000 }; /* of a number sent as text */

/* One field of one body. */
typedef struct reading {
    fr_ctx *ctx;
    const fr_model *model;
    const fr_field *field;
    uint16_t index;
    fr_str name;
    const fr_json *data;
    const fr_rest_input *input;
    fr_errors *errors;
    fr_err err;            /* why FAILED */
} reading;

typedef enum outcome {
    TAKEN,   /* *out is the value, to be checked */
    FINAL,   /* *out is the value; no checks: null, and an allowed blank */
    REFUSED, /* a message was added */
    FAILED   /* the server's fault: reading.err */
} outcome;

typedef struct kind_rule {
    outcome (*convert)(reading *r, fr_value *out);
    const char *invalid;   /* when it cannot */
    void (*check)(reading *r, fr_value value);
} kind_rule;

static const kind_rule *rule_of(const fr_field *field);

static outcome refuse(reading *r, const char *message)
{
    fr_errors_add(r->errors, r->name, fr_str_c(message));
    return REFUSED;
}

static outcome refuse_invalid(reading *r)
{
    return refuse(r, rule_of(r->field)->invalid);
}

static outcome failed(reading *r, fr_err err)
{
    r->err = err;
    return FAILED;
}

static outcome take_copy(reading *r, const char *text, size_t n, fr_value *out)
{
    return fr_value_dup(r->ctx->arena, FR_VALUE_S(((fr_str){text, n})), out) ? TAKEN : failed(r, FR_ENOMEM);
}

/* str(data); false: memory is out, and r->err says so. */
static bool text_of(reading *r, fr_str *out)
{
    *out = fr_py_str_dup(r->ctx->arena, r->data);
    r->err = out->p ? FR_OK : FR_ENOMEM;
    return out->p != NULL;
}

/* A message with str(data) in it; the text may hold anything, NUL too. */
static outcome refuse_with_text(reading *r, const char *before, const char *after)
{
    fr_buf message;
    fr_buf_init(&message);
    fr_buf_put(&message, fr_str_c(before));
    fr_py_str(&message, r->data);
    fr_buf_put(&message, fr_str_c(after));
    bool has_failed = message.has_failed;
    fr_errors_add(r->errors, r->name, fr_buf_str(&message));
    fr_buf_deinit(&message);
    return has_failed ? failed(r, FR_ENOMEM) : REFUSED;
}

static bool is_string(const fr_json *data)
{
    return data->type == FR_JSON_STRING;
}

static bool is_bool(const fr_json *data)
{
    return data->type == FR_JSON_TRUE || data->type == FR_JSON_FALSE;
}

static bool is_too_long(const fr_json *data)
{
    return is_string(data) && fr_utf8_count(data->text) > STRING_CHARACTERS;
}

/* ---- text ---- */

static outcome convert_text(reading *r, fr_value *out)
{
    fr_str s;
    if (is_string(r->data) && !fr_py_strip(r->data->text).n) {
        if (!r->field->blank || r->field->kind == FR_KIND_IP) /* DRF hands .blank on to character fields only */
            return refuse(r, "This field may not be blank.");
        *out = FR_VALUE_S(FR_STR(""));
        return FINAL;
    }
    if (!is_string(r->data) && r->data->type != FR_JSON_NUMBER)
        return refuse_invalid(r);
    if (!text_of(r, &s))
        return FAILED;
    *out = FR_VALUE_S(fr_py_strip(s));
    return TAKEN;
}

static void check_length(reading *r, fr_str s)
{
    uint32_t max = fr_field_max_length(r->field), min = r->field->min_length;
    size_t n = max || min ? fr_utf8_count(s) : 0;
    if (max && n > max)
        fr_errors_addf(r->errors, r->name, "Ensure this field has no more than %u characters.", max);
    if (min && n < min)
        fr_errors_addf(r->errors, r->name, "Ensure this field has at least %u characters.", min);
}

static void check_text(reading *r, fr_value value)
{
    fr_str s = value.as.s;
    uint32_t surrogate = fr_py_surrogate(s);
    check_length(r, s);
    if (fr_str_find_char(s, '\0') != SIZE_MAX)
        refuse(r, "Null characters are not allowed.");
    if (surrogate)
        fr_errors_addf(r->errors, r->name, "Surrogate characters are not allowed: U+%X.", (unsigned)surrogate);
}

static void check_email(reading *r, fr_value value)
{
    check_text(r, value);
    if (!fr_valid_email(value.as.s))
        refuse_invalid(r);
}

static void check_url(reading *r, fr_value value)
{
    check_text(r, value);
    if (!fr_valid_url(value.as.s))
        refuse_invalid(r);
}

static void check_slug(reading *r, fr_value value)
{
    check_text(r, value);
    if (!fr_valid_slug(value.as.s))
        refuse_invalid(r);
}

static outcome convert_ip(reading *r, fr_value *out)
{
    char text[FR_IP_TEXT];
    size_t n;
    outcome o = convert_text(r, out);
    if (o != TAKEN)
        return o;
    if (!is_string(r->data))
        return refuse_invalid(r);
    if (fr_str_find_char(out->as.s, ':') == SIZE_MAX)
        return TAKEN;
    return fr_ipv6_canonical(out->as.s, text, &n) ? take_copy(r, text, n, out) : refuse_invalid(r);
}

static void check_ip(reading *r, fr_value value)
{
    check_text(r, value);
    if (!fr_valid_ipv4(value.as.s) && !fr_valid_ipv6(value.as.s))
        refuse_invalid(r);
}

/* ---- numbers ---- */

static bool has_max(const fr_field *f)
{
    return f->has_max || f->max_value;
}

static bool has_min(const fr_field *f)
{
    return f->has_min || f->min_value;
}

static void refuse_above(reading *r, int64_t limit)
{
    fr_errors_addf(r->errors, r->name, "Ensure this value is less than or equal to %lld.", (long long)limit);
}

static void refuse_below(reading *r, int64_t limit)
{
    fr_errors_addf(r->errors, r->name, "Ensure this value is greater than or equal to %lld.", (long long)limit);
}

/* A 32-bit column keeps its range; in a table of Django's on SQLite the column has 64 bits and no range is checked. */
static int64_t highest(const reading *r)
{
    if (has_max(r->field))
        return r->field->max_value;
    return r->field->kind == FR_KIND_INTEGER && !r->model->is_foreign ? INT32_MAX : INT64_MAX;
}

static int64_t lowest(const reading *r)
{
    if (has_min(r->field))
        return r->field->min_value;
    return r->field->kind == FR_KIND_INTEGER && !r->model->is_foreign ? INT32_MIN : INT64_MIN;
}

/* "7.00 " is 7: a fraction of zeros, and blanks behind it, are cut. */
static fr_str without_zero_fraction(fr_str s)
{
    fr_str bare = fr_py_strip(s);
    size_t end = (size_t)(bare.p - s.p) + bare.n;
    while (end > 0 && s.p[end - 1] == '0')
        end--;
    return end > 0 && s.p[end - 1] == '.' ? (fr_str){s.p, end - 1} : s;
}

static outcome convert_integer(reading *r, fr_value *out)
{
    fr_str s;
    int64_t i;
    if (is_too_long(r->data))
        return refuse(r, "String value too large.");
    if (!is_string(r->data) && r->data->type != FR_JSON_NUMBER)
        return refuse_invalid(r);
    if (!text_of(r, &s))
        return FAILED;
    switch (fr_py_int(without_zero_fraction(s), &i)) {
    case FR_PY_INT_OK: *out = FR_VALUE_I(i); return TAKEN;
    case FR_PY_INT_ABOVE: refuse_above(r, highest(r)); return REFUSED;
    case FR_PY_INT_BELOW: refuse_below(r, lowest(r)); return REFUSED;
    default: return refuse_invalid(r);
    }
}

static void check_integer(reading *r, fr_value value)
{
    if (value.as.i > highest(r))
        refuse_above(r, highest(r));
    if (value.as.i < lowest(r))
        refuse_below(r, lowest(r));
}

static outcome convert_float(reading *r, fr_value *out)
{
    double real = r->data->type == FR_JSON_TRUE;
    if (is_too_long(r->data))
        return refuse(r, "String value too large.");
    bool is_number = is_bool(r->data);
    if (is_string(r->data) || r->data->type == FR_JSON_NUMBER)
        is_number = fr_py_float(r->data->text, &real);
    if (!is_number || isnan(real) || isinf(real)) /* DRF stores these two and fails when it prints them */
        return refuse_invalid(r);
    *out = FR_VALUE_R(real);
    return TAKEN;
}

static void check_float(reading *r, fr_value value)
{
    if (has_max(r->field) && value.as.r > (double)r->field->max_value)
        refuse_above(r, r->field->max_value);
    if (has_min(r->field) && value.as.r < (double)r->field->min_value)
        refuse_below(r, r->field->min_value);
}

/* Digits in all, behind and before the point, as Python's as_tuple counts them. */
static const char *precision_fault(const fr_field *f, const fr_py_decimal *d, unsigned *limit)
{
    int64_t digits = (int64_t)d->digits.n, places = d->exponent < 0 ? -d->exponent : 0;
    int64_t total = d->exponent >= 0 ? digits + d->exponent : digits > places ? digits : places;
    int64_t whole = total - places;
    if (total > (*limit = f->max_digits))
        return "Ensure that there are no more than %u digits in total.";
    if (places > (*limit = f->decimal_places))
        return "Ensure that there are no more than %u decimal places.";
    if (whole > (*limit = (unsigned)f->max_digits - f->decimal_places))
        return "Ensure that there are no more than %u digits before the decimal point.";
    return NULL;
}

static outcome refuse_precision(reading *r, const char *format, unsigned limit)
{
    char text[96];
    const char *mark = strstr(format, "%u");
    int n = snprintf(text, sizeof text, "%.*s%u%s", (int)(mark - format), format, limit, mark + 2);
    fr_errors_add(r->errors, r->name, (fr_str){text, (size_t)n});
    return REFUSED;
}

static outcome convert_decimal(reading *r, fr_value *out)
{
    char text[FR_DECIMAL_TEXT];
    fr_py_decimal d;
    unsigned limit;
    size_t n;
    fr_str s;
    if (!text_of(r, &s))
        return FAILED;
    if (is_string(r->data) && !fr_py_strip(s).n && r->field->null) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        return FINAL;
    }
    if (fr_utf8_count(fr_py_strip(s)) > STRING_CHARACTERS)
        return refuse(r, "String value too large.");
    if (!fr_py_decimal_parse(s, r->ctx->arena, &d))
        return refuse_invalid(r);
    const char *fault = precision_fault(r->field, &d, &limit);
    if (fault)
        return refuse_precision(r, fault, limit);
    fr_str spelled = fr_py_decimal_text(&d, r->ctx->arena);
    if (!spelled.p)
        return failed(r, FR_ENOMEM);
    if (!fr_decimal_quantise(FR_VALUE_S(spelled), r->field->decimal_places, text, &n))
        return refuse_invalid(r);
    return take_copy(r, text, n, out);
}

/* -1, 0 or 1: a decimal text against a limit, exactly. */
static int decimal_cmp(fr_value value, int64_t limit)
{
    int64_t whole;
    fr_str head, fraction = fr_str_cut(value.as.s, '.', &head);
    bool is_negative = head.p[0] == '-', has_fraction = false;
    for (size_t i = 0; i < fraction.n; i++)
        has_fraction |= fraction.p[i] != '0';
    switch (fr_py_int(head, &whole)) {
    case FR_PY_INT_ABOVE: return 1;
    case FR_PY_INT_BELOW: return -1;
    default: break;
    }
    if (whole != limit)
        return whole < limit ? -1 : 1;
    return !has_fraction ? 0 : is_negative ? -1 : 1;
}

static void check_decimal(reading *r, fr_value value)
{
    if (has_max(r->field) && decimal_cmp(value, r->field->max_value) > 0)
        refuse_above(r, r->field->max_value);
    if (has_min(r->field) && decimal_cmp(value, r->field->min_value) < 0)
        refuse_below(r, r->field->min_value);
}

/* ---- booleans ---- */

/* "yes", "Yes" or "YES", but not "yEs". */
static bool is_spelled(fr_str s, fr_str word)
{
    bool has_upper = false, has_lower = false;
    for (size_t i = 1; i < s.n; i++) {
        has_upper |= s.p[i] >= 'A' && s.p[i] <= 'Z';
        has_lower |= s.p[i] >= 'a' && s.p[i] <= 'z';
    }
    bool starts_lower = s.n && s.p[0] >= 'a' && s.p[0] <= 'z';
    return fr_str_eq_nocase(s, word) && !(has_upper && (has_lower || starts_lower));
}

static bool is_word(fr_str s, const char *const *words)
{
    for (; *words; words++)
        if (is_spelled(s, fr_str_c(*words)))
            return true;
    return false;
}

static outcome convert_boolean(reading *r, fr_value *out)
{
    static const char *const YES[] = {"t", "y", "yes", "true", "on", "1", NULL}, *const NO[] = {"f", "n", "no", "false", "off", "0", NULL};
    double real;
    fr_str s = r->data->text;
    bool is_number = r->data->type == FR_JSON_NUMBER && fr_py_float(s, &real);
    if (r->data->type == FR_JSON_TRUE || (is_number && real == 1) || (is_string(r->data) && is_word(s, YES)))
        *out = FR_VALUE_I(1);
    else if (r->data->type == FR_JSON_FALSE || (is_number && real == 0) || (is_string(r->data) && is_word(s, NO)))
        *out = FR_VALUE_I(0);
    else if (is_string(r->data) && r->field->null && (!s.n || is_spelled(s, FR_STR("null"))))
        *out = (fr_value){.type = FR_VALUE_NULL};
    else
        return refuse_invalid(r);
    return out->type == FR_VALUE_NULL ? FINAL : TAKEN;
}

/* ---- time ---- */

static outcome convert_date(reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_date date;
    bool is_date = is_string(r->data) && fr_date_parse(r->data->text, &date);
    return is_date ? take_copy(r, text, fr_date_iso(date, text), out) : refuse_invalid(r);
}

/* The index behind at most `max` digits at s.p[i]. */
static size_t skip_digits(fr_str s, size_t i, size_t max)
{
    size_t end = i;
    while (end < s.n && end - i < max && s.p[end] >= '0' && s.p[end] <= '9')
        end++;
    return end;
}

/* The part of a text that looks like a time of day. Django 3.2 does not look at what follows: "10:11:12Z" is 10:11:12. */
static fr_str clock_part(fr_str s)
{
    size_t end = skip_digits(s, 0, 2), next;
    for (int part = 0; part < 2 && end < s.n && s.p[end] == ':'; part++, end = next)
        if ((next = skip_digits(s, end + 1, 2)) == end + 1)
            return fr_str_sub(s, 0, end);
    if (end < s.n && (s.p[end] == '.' || s.p[end] == ',') && (next = skip_digits(s, end + 1, 12)) > end + 1)
        end = next;
    return fr_str_sub(s, 0, end);
}

static outcome convert_time(reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_span clock;
    bool is_clock = is_string(r->data) && fr_span_parse_time(clock_part(r->data->text), &clock);
    return is_clock ? take_copy(r, text, fr_span_clock(clock, text), out) : refuse_invalid(r);
}

/* "+02", "+0200" or "+02:00", as behind any other moment. */
static bool is_offset(fr_str s)
{
    static const fr_str MOMENT = {"2000-01-01T00:00", 16};
    char text[24];
    fr_time time;
    if (s.n > sizeof text - 16)
        return false;
    memcpy(text, MOMENT.p, MOMENT.n);
    memcpy(text + MOMENT.n, s.p, s.n);
    return fr_time_parse((fr_str){text, MOMENT.n + s.n}, &time);
}

/* Whether it is a moment whose offset leads past the years 1 to 9999. */
static bool is_out_of_range(fr_str s)
{
    fr_time time;
    size_t end = s.n;
    while (end > 16 && s.p[end - 1] != '+' && s.p[end - 1] != '-')
        end--;
    return end > 16 && fr_time_parse(fr_str_sub(s, 0, end - 1), &time) && is_offset(fr_str_from(s, end - 1));
}

static outcome convert_datetime(reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_time time;
    if (!is_string(r->data))
        return refuse_invalid(r);
    if (fr_time_parse(r->data->text, &time))
        return take_copy(r, text, fr_time_sql(time, text), out);
    return is_out_of_range(r->data->text) ? refuse(r, "Datetime value out of range.") : refuse_invalid(r);
}

static outcome convert_duration(reading *r, fr_value *out)
{
    fr_str s;
    fr_span span;
    if (!text_of(r, &s))
        return FAILED;
    if (!fr_span_parse(s, &span))
        return refuse_invalid(r);
    *out = FR_VALUE_I(span);
    return TAKEN;
}

/* ---- others ---- */

/* A 128-bit number in decimal: sixteen digits of base 256, times ten and plus one digit at a time. */
static bool uuid_from_number(fr_str s, fr_uuid *out)
{
    *out = (fr_uuid){{0}};
    if (fr_str_eq(s, FR_STR("-0")))
        return true;
    for (size_t i = 0; i < s.n; i++) {
        unsigned carry = (unsigned)(s.p[i] - '0');
        if (carry > 9)
            return false;
        for (int k = 15; k >= 0; k--) {
            carry += out->bytes[k] * 10u;
            out->bytes[k] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry)
            return false;
    }
    return s.n > 0;
}

static outcome convert_uuid(reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_uuid uuid = {{0}};
    bool is_uuid = false;
    switch (r->data->type) {
    case FR_JSON_STRING: is_uuid = fr_uuid_parse(r->data->text, &uuid); break;
    case FR_JSON_NUMBER: is_uuid = fr_py_is_int(r->data) && uuid_from_number(r->data->text, &uuid); break;
    case FR_JSON_TRUE: uuid.bytes[15] = 1; is_uuid = true; break; /* in Python True is the integer 1 */
    case FR_JSON_FALSE: is_uuid = true; break;
    default: break;
    }
    return is_uuid ? take_copy(r, text, fr_uuid_hex(uuid, text), out) : refuse_invalid(r);
}

/* Whether a number in it is past the doubles: Python writes Infinity then, which is not JSON. Depth is bounded. */
static bool has_infinity(const fr_json *data)
{
    double real;
    if (data->type == FR_JSON_NUMBER)
        return !fr_py_is_int(data) && fr_py_float(data->text, &real) && isinf(real);
    for (size_t i = 0; i < data->count; i++)
        if (has_infinity(&data->items[i]))
            return true;
    return false;
}

static outcome convert_json(reading *r, fr_value *out)
{
    fr_buf text;
    if (has_infinity(r->data))
        return refuse_invalid(r);
    fr_buf_init(&text);
    fr_json_put(&text, r->data, true);
    outcome o = text.has_failed ? failed(r, FR_ENOMEM) : take_copy(r, text.p, text.n, out);
    fr_buf_deinit(&text);
    return o;
}

static outcome convert_choice(reading *r, fr_value *out)
{
    fr_str s;
    if (!text_of(r, &s))
        return FAILED;
    if (is_string(r->data) && !s.n && r->field->blank) {
        *out = FR_VALUE_S(FR_STR(""));
        return FINAL;
    }
    for (const fr_choice *choice = r->field->choices; choice->value; choice++)
        if (fr_str_eq(fr_str_c(choice->value), s)) {
            fr_err err = fr_value_from_text(r->field, s, r->ctx->arena, out);
            return err ? failed(r, err) : TAKEN;
        }
    return refuse_with_text(r, "\"", "\" is not a valid choice.");
}

/* ---- foreign keys ---- */

static outcome refuse_type(reading *r)
{
    fr_errors_addf(r->errors, r->name, "Incorrect type. Expected pk value, received %s.", fr_py_type(r->data));
    return REFUSED;
}

static outcome refuse_missing(reading *r)
{
    return refuse_with_text(r, "Invalid pk \"", "\" - object does not exist.");
}

/* int(data) of a key: text by Python's rules, a float towards zero. */
static outcome integer_key(reading *r, fr_value *out)
{
    fr_py_int_result result = FR_PY_INT_BAD;
    fr_py_decimal d;
    int64_t i = 0;
    if (is_string(r->data))
        result = fr_py_int(r->data->text, &i);
    else if (r->data->type == FR_JSON_NUMBER && fr_py_decimal_parse(r->data->text, r->ctx->arena, &d))
        result = fr_py_decimal_int(&d, &i);
    if (result == FR_PY_INT_BAD)
        return refuse_type(r);
    if (result != FR_PY_INT_OK)
        return refuse_missing(r);
    *out = FR_VALUE_I(i);
    return TAKEN;
}

static outcome uuid_key(reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_uuid uuid;
    bool is_number = r->data->type == FR_JSON_NUMBER && fr_py_is_int(r->data);
    bool is_uuid = is_number ? uuid_from_number(r->data->text, &uuid) : is_string(r->data) && fr_uuid_parse(r->data->text, &uuid);
    if (!is_uuid)
        return refuse_with_text(r, "“", "” is not a valid UUID.");
    return take_copy(r, text, fr_uuid_hex(uuid, text), out);
}

static outcome key_of(reading *r, const fr_field *key, fr_value *out)
{
    fr_str s;
    switch (key->kind) {
    case FR_KIND_ID:
    case FR_KIND_INTEGER:
    case FR_KIND_BIGINT: return integer_key(r, out);
    case FR_KIND_UUID: return uuid_key(r, out);
    default:
        if (!text_of(r, &s))
            return FAILED;
        *out = FR_VALUE_S(s);
        return TAKEN;
    }
}

static outcome convert_reference(reading *r, fr_value *out)
{
    const fr_model *to = r->field->to;
    bool is_there;
    if (is_string(r->data) && !r->data->text.n) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        return r->field->null ? FINAL : refuse(r, "This field may not be null.");
    }
    if (is_bool(r->data))
        return refuse_type(r);
    outcome o = key_of(r, fr_model_key(to), out);
    if (o != TAKEN)
        return o;
    fr_err err = fr_db_exists(r->ctx, to, (uint16_t)fr_model_key_index(to), *out, (fr_value){.type = FR_VALUE_NULL}, &is_there);
    if (err)
        return failed(r, err);
    return is_there ? TAKEN : refuse_missing(r);
}

/* ---- the table ---- */

static const kind_rule KINDS[FR_KIND_COUNT_] = {
    [FR_KIND_ID] = {convert_integer, "A valid integer is required.", check_integer},
    [FR_KIND_BOOLEAN] = {convert_boolean, "Must be a valid boolean.", NULL},
    [FR_KIND_CHAR] = {convert_text, "Not a valid string.", check_text},
    [FR_KIND_TEXT] = {convert_text, "Not a valid string.", check_text},
    [FR_KIND_INTEGER] = {convert_integer, "A valid integer is required.", check_integer},
    [FR_KIND_BIGINT] = {convert_integer, "A valid integer is required.", check_integer},
    [FR_KIND_FLOAT] = {convert_float, "A valid number is required.", check_float},
    [FR_KIND_DECIMAL] = {convert_decimal, "A valid number is required.", check_decimal},
    [FR_KIND_DATE] = {convert_date, "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.", NULL},
    [FR_KIND_TIME] = {convert_time, "Time has wrong format. Use one of these formats instead: hh:mm[:ss[.uuuuuu]].", NULL},
    [FR_KIND_DATETIME] = {convert_datetime,
                          "Datetime has wrong format. Use one of these formats instead: "
                          "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
                          NULL},
    [FR_KIND_DURATION] = {convert_duration,
                          "Duration has wrong format. Use one of these formats instead: [DD] [HH:[MM:]]ss[.uuuuuu].", NULL},
    [FR_KIND_UUID] = {convert_uuid, "Must be a valid UUID.", NULL},
    [FR_KIND_JSON] = {convert_json, "Value must be valid JSON.", NULL},
    [FR_KIND_EMAIL] = {convert_text, "Enter a valid email address.", check_email},
    [FR_KIND_URL] = {convert_text, "Enter a valid URL.", check_url},
    [FR_KIND_SLUG] = {convert_text, "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens.", check_slug},
    [FR_KIND_IP] = {convert_ip, "Enter a valid IPv4 or IPv6 address.", check_ip},
    [FR_KIND_FOREIGN_KEY] = {convert_reference, "Invalid value.", NULL},
};

static const kind_rule *rule_of(const fr_field *field)
{
    static const kind_rule CHOICE = {convert_choice, NULL, NULL};
    return field->choices && field->kind != FR_KIND_FOREIGN_KEY ? &CHOICE : &KINDS[field->kind];
}

/* ---- a field, and all of them ---- */

bool fr_field_is_read_only(const fr_field *field)
{
    return field->kind == FR_KIND_ID || field->read_only || field->auto_now || field->auto_now_add;
}

bool fr_field_is_required(const fr_field *field)
{
    return !field->default_ && !field->blank && !field->null;
}

void fr_rest_unique_error(const fr_model *model, const fr_field *field, fr_errors *errors)
{
    char model_buf[128], field_buf[128];
    fr_errors_addf(errors, fr_str_c(field->name), "%.*s with this %.*s already exists.", FR_FMT(fr_model_label(model, model_buf)),
                   FR_FMT(fr_field_label(field, field_buf)));
}

static fr_err check_unique(reading *r, fr_value value)
{
    bool exists;
    if (!r->field->unique && !r->field->primary_key)
        return FR_OK;
    FR_TRY(fr_db_exists(r->ctx, r->model, r->index, value, r->input->key, &exists));
    if (exists)
        fr_rest_unique_error(r->model, r->field, r->errors);
    return FR_OK;
}

static fr_err read_given(reading *r, fr_value *out)
{
    const kind_rule *rule = rule_of(r->field);
    if (r->data->type == FR_JSON_NULL) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        if (!r->field->null)
            refuse(r, "This field may not be null.");
        return FR_OK;
    }
    switch (rule->convert(r, out)) {
    case TAKEN: break;
    case FAILED: return r->err ? r->err : FR_ENOMEM;
    default: return FR_OK;
    }
    FR_TRY(check_unique(r, *out));
    if (rule->check)
        rule->check(r, *out);
    return FR_OK;
}

static bool check_shape(const fr_json *data, fr_errors *errors)
{
    if (data->type == FR_JSON_OBJECT)
        return true;
    if (data->type == FR_JSON_NULL)
        fr_errors_add(errors, FR_STR("non_field_errors"), FR_STR("No data provided"));
    else
        fr_errors_addf(errors, FR_STR("non_field_errors"), "Invalid data. Expected a dictionary, but got %s.", fr_py_type(data));
    return false;
}

fr_err fr_rest_input_read(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_json *data, fr_rest_input *input, fr_errors *errors)
{
    input->set = 0;
    input->values = fr_arena_zalloc(ctx->arena, rt->model->field_count * sizeof *input->values);
    if (!input->values)
        return FR_ENOMEM;
    if (!check_shape(data, errors))
        return FR_OK;
    for (uint32_t i = 0; i < rt->input_count; i++) {
        uint16_t index = rt->inputs[i];
        const fr_field *field = &rt->model->fields[index];
        reading r = {ctx, rt->model, field, index, fr_str_c(field->name), NULL, input, errors, FR_OK};
        if (input->is_update && field->primary_key)
            continue;
        r.data = fr_json_get(data, r.name);
        if (r.data) {
            FR_TRY(read_given(&r, &input->values[index]));
            input->set |= (uint64_t)1 << index;
        } else if (!input->is_partial && fr_field_is_required(field)) {
            refuse(&r, "This field is required.");
        }
    }
    return FR_OK;
}
