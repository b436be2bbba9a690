/* See filter_value.h. */
#include "rest/filter_value.h"

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "base/zone.h"
#include "db/db.h"
#include "model/regex.h"
#include "model/validate.h"
#include "rest/cursor.h"
#include "rest/key.h"
#include "rest/python.h"
#include "rest/python_time.h"
#include "rest/sight.h"
#include "rest/strptime.h"

fr_filter_outcome fr_filter_refuse(fr_filter_text *t, const char *code, const char *message)
{
    t->code = code;
    t->message = fr_str_c(message);
    return FR_FILTER_REFUSED;
}

static fr_filter_outcome invalid(fr_filter_text *t, const char *message)
{
    return fr_filter_refuse(t, "invalid", message);
}

static fr_filter_outcome broken(fr_filter_text *t, fr_err err)
{
    t->err = err;
    return FR_FILTER_BROKEN;
}

static fr_filter_outcome taken(fr_filter_text *t, fr_value value)
{
    t->value = value;
    return FR_FILTER_TAKEN;
}

static fr_filter_outcome text_taken(fr_filter_text *t, const char *text, size_t n)
{
    return fr_value_dup(t->ctx->arena, FR_VALUE_S(((fr_str){text, n})), &t->value)
               ? FR_FILTER_TAKEN
               : broken(t, FR_ENOMEM);
}

/* ---- numbers ---- */

static fr_filter_outcome take_integer(fr_filter_text *t, const fr_py_decimal *d)
{
    int64_t i;
    switch (fr_py_decimal_int(d, &i)) {
    case FR_PY_INT_ABOVE: return FR_FILTER_ABOVE;
    case FR_PY_INT_BELOW: return FR_FILTER_BELOW;
    default: return taken(t, FR_VALUE_I(i));
    }
}

/* As many places as the column has, if that loses nothing, since text columns compare equal only then. Else all the places
 * there are: SQLite reads it as a number, also with an exponent. */
static fr_filter_outcome take_decimal(fr_filter_text *t, const fr_py_decimal *d)
{
    char text[FR_DECIMAL_TEXT];
    size_t n;
    fr_str whole = fr_py_decimal_text(d, t->ctx->arena);
    if (!whole.p)
        return broken(t, FR_ENOMEM);
    bool is_exact = d->exponent >= -(int64_t)t->field->decimal_places;
    int places = is_exact ? t->field->decimal_places : (int)-d->exponent;
    if (d->exponent < -40 ||
        !fr_decimal_quantise(FR_VALUE_S(whole), places, FR_ROUND_HALF_EVEN, text, &n))
        return taken(t, FR_VALUE_S(whole));
    return text_taken(t, text, n);
}

/* Beyond what a double can hold it is infinite, which SQLite compares as such. */
static fr_filter_outcome take_float(fr_filter_text *t, const fr_py_decimal *d)
{
    fr_str text = fr_py_decimal_text(d, t->ctx->arena);
    double real;
    if (!text.p)
        return broken(t, FR_ENOMEM);
    return fr_str_double(text, &real) ? taken(t, FR_VALUE_R(real)) : invalid(t, "Enter a number.");
}

static bool is_power_of_ten(fr_str digits)
{
    size_t i = 1;
    while (i < digits.n && digits.p[i] == '0')
        i++;
    return digits.p[0] == '1' && i == digits.n;
}

/* NumberFilter's validator, against forms that run out of memory. */
static bool is_over_limit(const fr_py_decimal *d)
{
    int64_t magnitude = (int64_t)d->digits.n + d->exponent;
    bool is_limit = magnitude == 51 && is_power_of_ten(d->digits);
    return !d->is_negative && !fr_str_eq(d->digits, FR_STR("0")) && magnitude > 50 && !is_limit;
}

static fr_filter_outcome take_number(fr_filter_text *t)
{
    fr_py_decimal d;
    if (!fr_py_decimal_parse(t->text, t->ctx->arena, &d))
        return invalid(t, "Enter a number.");
    if (!t->is_end && is_over_limit(&d))
        return fr_filter_refuse(t, "max_value",
                                "Ensure this value is less than or equal to 1e+50.");
    switch (fr_class_of(t->field)) {
    case FR_CLASS_DECIMAL: return take_decimal(t, &d);
    case FR_CLASS_FLOAT: return take_float(t, &d);
    default: return take_integer(t, &d);
    }
}

/* ---- booleans ---- */

typedef struct boolean_word {
    const char *word;
    bool value;
} boolean_word;

/* BooleanWidget, whatever the case; and Django's NullBooleanSelect, as they stand. */
static const boolean_word WORDS[] = {{"true", true}, {"false", false}, {"1", true}, {"0", false}};
static const boolean_word PLAIN_WORDS[] = {{"true", true},   {"false", false}, {"True", true},
                                           {"False", false}, {"2", true},      {"3", false}};

fr_filter_outcome fr_filter_boolean(fr_filter_text *t)
{
    const boolean_word *words = t->is_plain ? PLAIN_WORDS : WORDS;
    size_t count =
        t->is_plain ? sizeof PLAIN_WORDS / sizeof *PLAIN_WORDS : sizeof WORDS / sizeof *WORDS;
    for (size_t i = 0; i < count; i++) {
        fr_str word = fr_str_c(words[i].word);
        if (t->is_plain ? fr_str_eq(t->text, word) : fr_str_eq_nocase(t->text, word))
            return taken(t, FR_VALUE_I(words[i].value));
    }
    return FR_FILTER_ABSENT;
}

/* ---- moments ---- */

static fr_filter_outcome take_date(fr_filter_text *t)
{
    char text[FR_TIME_TEXT];
    fr_date date;
    if (!fr_form_date(t->text, &date))
        return invalid(t, "Enter a valid date.");
    return text_taken(t, text, fr_date_iso(date, text));
}

/* As Python reads ISO 8601, also a date alone; the plain form has formats besides. Without an offset it is local. */
static fr_filter_outcome take_datetime(fr_filter_text *t)
{
    char text[FR_TIME_TEXT];
    fr_py_moment moment;
    fr_time time = 0;
    fr_str s = fr_utf8_strip(t->text);
    bool is_time = fr_py_moment_parse(s, &moment);
    if (is_time)
        time = moment.local_us;
    else if (!t->is_plain || !fr_form_datetime(s, &time))
        return invalid(t, "Enter a valid date/time.");
    time =
        is_time && moment.has_offset ? time - moment.offset_us : fr_zone_utc(fr_zone_here(), time);
    if (!fr_time_is_shown(time))
        return invalid(t, "Enter a valid date/time.");
    return text_taken(t, text, fr_time_sql(time, text));
}

static fr_filter_outcome take_time(fr_filter_text *t)
{
    char text[FR_TIME_TEXT];
    fr_span clock;
    if (!fr_form_time(t->text, &clock))
        return invalid(t, "Enter a valid time.");
    return text_taken(t, text, fr_span_clock(clock, text));
}

static fr_filter_outcome take_duration(fr_filter_text *t)
{
    fr_span span;
    switch (fr_py_duration_parse(t->text, &span)) {
    case FR_SPAN_OK: return taken(t, FR_VALUE_I(span));
    case FR_SPAN_OVERFLOW:
        return fr_filter_refuse(t, "overflow",
                                "The number of days must be between -999999999 and 999999999.");
    default: return invalid(t, "Enter a valid duration.");
    }
}

/* ---- the rest ---- */

static fr_filter_outcome take_uuid(fr_filter_text *t)
{
    char text[FR_TIME_TEXT];
    fr_uuid uuid;
    fr_str s = fr_utf8_strip(t->text);
    if (!s.n)
        return FR_FILTER_ABSENT;
    if (!fr_py_uuid(s, &uuid))
        return invalid(t, "Enter a valid UUID.");
    return text_taken(t, text, fr_uuid_hex(uuid, text));
}

static bool has_nul(fr_filter_text *t)
{
    bool has_nul = fr_str_find_char(t->text, '\0') != SIZE_MAX;
    if (has_nul)
        fr_filter_refuse(t, "null_characters_not_allowed", "Null characters are not allowed.");
    return has_nul;
}

fr_filter_outcome fr_filter_plain_text(fr_filter_text *t)
{
    fr_str s = fr_utf8_strip(t->text);
    if (has_nul(t))
        return FR_FILTER_REFUSED;
    return taken(t, FR_VALUE_S(s.n ? s : FR_STR("")));
}

fr_filter_outcome fr_filter_pattern(fr_filter_text *t)
{
    fr_regex *regex;
    char error[256];
    fr_filter_outcome outcome = fr_filter_plain_text(t);
    if (outcome != FR_FILTER_TAKEN)
        return outcome;
    fr_err err = fr_regex_new(t->value.as.s, 0, &regex, error);
    if (err == FR_OK)
        fr_regex_free(regex);
    return err == FR_EINVAL ? invalid(t, "Enter a valid regular expression.")
           : err            ? broken(t, err)
                            : FR_FILTER_TAKEN;
}

/* The text may hold anything, NUL too. */
static fr_filter_outcome refuse_with_text(fr_filter_text *t, const char *code, const char *before,
                                          const char *behind)
{
    fr_buf message;
    fr_buf_init(&message);
    fr_buf_put(&message, fr_str_c(before));
    fr_buf_put(&message, t->text);
    fr_buf_put(&message, fr_str_c(behind));
    t->message = fr_str_dup(t->ctx->arena, fr_buf_str(&message));
    t->code = code;
    bool has_failed = message.has_failed || !t->message.p;
    fr_buf_deinit(&message);
    return has_failed ? broken(t, FR_ENOMEM) : FR_FILTER_REFUSED;
}

fr_filter_outcome fr_filter_no_choice(fr_filter_text *t)
{
    return refuse_with_text(t, "invalid_choice", "Select a valid choice. ",
                            " is not one of the available choices.");
}

fr_filter_outcome fr_filter_choice(fr_filter_text *t, const fr_choice *choices)
{
    if (fr_choice_find(choices, t->text)) {
        fr_err err = fr_value_from_text(t->field, t->text, t->ctx->arena, &t->value);
        return err ? broken(t, err) : FR_FILTER_TAKEN;
    }
    return fr_filter_no_choice(t);
}

/* ---- rows ---- */

static fr_err find_row(fr_filter_text *t, const fr_model *rows, bool *is_there)
{
    fr_err err =
        fr_sight_exists(t->ctx, rows, (uint16_t)fr_model_key_index(rows), t->value, is_there);
    if (err == FR_OK && *is_there)
        err = fr_db_stored_key(t->ctx, rows, t->value, &t->value);
    *is_there = *is_there && err == FR_OK;
    return err == FR_ENOTFOUND ? FR_OK : err;
}

fr_filter_outcome fr_filter_row(fr_filter_text *t, const fr_model *rows)
{
    bool is_there = false;
    if (has_nul(t))
        return FR_FILTER_REFUSED;
    if (fr_key_from_text(rows, t->text, t->ctx->arena, &t->value)) {
        fr_err err = find_row(t, rows, &is_there);
        if (err)
            return broken(t, err);
    }
    if (is_there)
        return FR_FILTER_TAKEN;
    return fr_filter_refuse(
        t, "invalid_choice",
        "Select a valid choice. That choice is not one of the available choices.");
}

/* Python compares str(key) with what was sent: "01" is not the row 1. */
static fr_err is_spelled_so(fr_filter_text *t, const fr_model *rows, bool *out)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_position_put(&rows->fields[fr_model_key_index(rows)], t->value, &text);
    fr_err err = fr_buf_check(&text);
    *out = fr_str_eq(fr_buf_str(&text), t->text);
    fr_buf_deinit(&text);
    return err;
}

fr_filter_outcome fr_filter_key_of_many(fr_filter_text *t, const fr_model *rows)
{
    const fr_field *key = &rows->fields[fr_model_key_index(rows)];
    bool is_uuid = fr_class_of(fr_field_origin(key)) == FR_CLASS_UUID;
    if (has_nul(t))
        return FR_FILTER_REFUSED;
    if (fr_key_from_text(rows, t->text, t->ctx->arena, &t->value))
        return FR_FILTER_TAKEN;
    return refuse_with_text(t, "invalid_pk_value", "\xe2\x80\x9c",
                            is_uuid ? "\xe2\x80\x9d is not a valid UUID."
                                    : "\xe2\x80\x9d is not a valid value.");
}

fr_filter_outcome fr_filter_row_of_many(fr_filter_text *t, const fr_model *rows)
{
    bool is_there = false, is_same = false;
    fr_filter_outcome outcome = fr_filter_key_of_many(t, rows);
    if (outcome != FR_FILTER_TAKEN)
        return outcome;
    fr_err err = find_row(t, rows, &is_there);
    if (err == FR_OK && is_there)
        err = is_spelled_so(t, rows, &is_same);
    if (err)
        return broken(t, err);
    return is_same ? FR_FILTER_TAKEN : fr_filter_no_choice(t);
}

fr_filter_outcome fr_filter_there(fr_filter_text *t, const fr_model *rows, const fr_field *field)
{
    bool is_there = false;
    fr_err err =
        fr_sight_exists(t->ctx, rows, (uint16_t)(field - rows->fields), t->value, &is_there);
    if (err)
        return broken(t, err);
    return is_there ? FR_FILTER_TAKEN : fr_filter_no_choice(t);
}

/* ---- JSON ---- */

bool fr_filter_quote(const fr_filter_text *t, fr_str text, fr_value *out)
{
    fr_buf quoted;
    fr_buf_init(&quoted);
    fr_json_put_str_ascii(&quoted, text);
    bool is_done =
        !quoted.has_failed && fr_value_dup(t->ctx->arena, FR_VALUE_S(fr_buf_str(&quoted)), out);
    fr_buf_deinit(&quoted);
    return is_done;
}

/* JSON; or a text that is none, as the string that it is. */
static fr_filter_outcome take_json(fr_filter_text *t)
{
    fr_json tree;
    fr_str fault, s = fr_utf8_strip(t->text);
    if (has_nul(t))
        return FR_FILTER_REFUSED;
    if (fr_json_parse(t->ctx->arena, s, &tree, &fault) != FR_OK)
        return fr_filter_quote(t, s, &t->value) ? FR_FILTER_TAKEN : broken(t, FR_ENOMEM);
    t->is_number = tree.type == FR_JSON_NUMBER;
    fr_err err = fr_value_from_text(t->field, s, t->ctx->arena, &t->value);
    return err ? broken(t, err) : FR_FILTER_TAKEN;
}

fr_filter_outcome fr_filter_value(fr_filter_text *t)
{
    switch (fr_rest_kind_of(t->field)->form) {
    case FR_FORM_BOOLEAN: return fr_filter_boolean(t);
    case FR_FORM_NUMBER: return take_number(t);
    case FR_FORM_DATE: return take_date(t);
    case FR_FORM_DATETIME: return take_datetime(t);
    case FR_FORM_TIME: return take_time(t);
    case FR_FORM_DURATION: return take_duration(t);
    case FR_FORM_UUID: return take_uuid(t);
    case FR_FORM_ROW: return fr_filter_row(t, t->field->to);
    case FR_FORM_TEXT: break;
    }
    if (fr_class_of(t->field) == FR_CLASS_JSON)
        return take_json(t);
    return fr_filter_plain_text(t);
}
