/* Keys: UUIDs, and references to rows of another model. */
#include "rest/field_int.h"

#include <stdio.h>

#include "base/str.h"
#include "base/time.h"
#include "db/db.h"
#include "model/kind.h"
#include "rest/key.h"
#include "rest/python.h"
#include "rest/sight.h"

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

fr_outcome fr_convert_uuid(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_uuid uuid = {{0}};
    bool is_uuid = false;
    switch (r->data->type) {
    case FR_JSON_STRING: is_uuid = fr_py_uuid(r->data->text, &uuid); break;
    case FR_JSON_NUMBER:
        is_uuid = fr_py_is_int(r->data) && uuid_from_number(r->data->text, &uuid);
        break;
    case FR_JSON_TRUE:
        uuid.bytes[15] = 1;
        is_uuid = true;
        break; /* in Python True is the integer 1 */
    case FR_JSON_FALSE: is_uuid = true; break;
    default: break;
    }
    return is_uuid ? fr_take_copy(r, text, fr_uuid_hex(uuid, text), out) : fr_refuse_invalid(r);
}

static fr_outcome refuse_type(fr_reading *r)
{
    char text[80];
    snprintf(text, sizeof text, "Incorrect type. Expected pk value, received %s.",
             fr_py_type(r->data));
    return fr_refuse(r, "incorrect_type", text);
}

static fr_outcome refuse_missing(fr_reading *r)
{
    return fr_refuse_with_text(r, "does_not_exist", "Invalid pk \"", "\" - object does not exist.");
}

/* int() of a float: what is behind the point is cut. */
static fr_py_int_result int_of_double(double real, int64_t *out)
{
    const double above = 9223372036854775808.0; /* 2^63 */
    if (!(real >= -above && real < above))
        return real < 0 ? FR_PY_INT_BELOW : FR_PY_INT_ABOVE;
    *out = (int64_t)real;
    return FR_PY_INT_OK;
}

/* int(data) of a key: text by Python's rules, a float towards zero. */
static fr_outcome integer_key(fr_reading *r, fr_value *out)
{
    fr_py_int_result result = FR_PY_INT_BAD;
    double real;
    int64_t i = 0;
    bool is_number = r->data->type == FR_JSON_NUMBER;
    if (fr_is_string(r->data) || (is_number && fr_py_is_int(r->data)))
        result = fr_py_int(r->data->text, &i);
    else if (is_number && fr_py_float(r->data->text, &real))
        result = int_of_double(real, &i);
    if (result == FR_PY_INT_BAD)
        return refuse_type(r);
    if (result != FR_PY_INT_OK)
        return refuse_missing(r);
    *out = FR_VALUE_I(i);
    return FR_TAKEN;
}

static fr_outcome uuid_key(fr_reading *r, fr_value *out)
{
    char text[FR_TIME_TEXT];
    fr_uuid uuid;
    bool is_number = r->data->type == FR_JSON_NUMBER && fr_py_is_int(r->data);
    bool is_uuid = is_number ? uuid_from_number(r->data->text, &uuid)
                             : fr_is_string(r->data) && fr_py_uuid(r->data->text, &uuid);
    if (!is_uuid)
        return fr_refuse_with_text(r, "invalid", "“", "” is not a valid UUID.");
    return fr_take_copy(r, text, fr_uuid_hex(uuid, text), out);
}

static fr_outcome key_of(fr_reading *r, const fr_field *key, fr_value *out)
{
    fr_str s;
    switch (fr_class_of(fr_field_origin(key))) {
    case FR_CLASS_INTEGER: return integer_key(r, out);
    case FR_CLASS_UUID: return uuid_key(r, out);
    default:
        if (!fr_text_of(r, &s))
            return FR_FAILED;
        *out = FR_VALUE_S(s);
        return FR_TAKEN;
    }
}

fr_outcome fr_convert_key_alone(fr_reading *r, const fr_model *to, fr_value *out)
{
    return fr_is_bool(r->data) ? refuse_type(r) : key_of(r, fr_model_key(to), out);
}

fr_outcome fr_refuse_missing_key(fr_reading *r)
{
    return refuse_missing(r);
}

fr_outcome fr_convert_key_of(fr_reading *r, const fr_model *to, fr_value *out)
{
    bool is_there;
    fr_outcome o = fr_convert_key_alone(r, to, out);
    if (o != FR_TAKEN)
        return o;
    fr_err err = fr_sight_exists(r->ctx, to, (uint16_t)fr_model_key_index(to), *out, &is_there);
    if (err == FR_OK &&
        is_there) /* what is kept is the key as it is stored there, as Django keeps the object's */
        err = fr_db_stored_key(r->ctx, to, *out, out);
    if (err == FR_OK && is_there)
        err = fr_among_find(r->ctx, r->field, to, *out);
    if (err && err != FR_ENOTFOUND)
        return fr_failed(r, err);
    return is_there && err == FR_OK ? FR_TAKEN : refuse_missing(r);
}

fr_outcome fr_convert_reference(fr_reading *r, fr_value *out)
{
    if (fr_is_string(r->data) && !r->data->text.n) {
        *out = (fr_value){.type = FR_VALUE_NULL};
        return r->field->null ? FR_FINAL : fr_refuse(r, "null", "This field may not be null.");
    }
    return fr_convert_key_of(r, r->field->to, out);
}
