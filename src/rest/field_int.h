/*
 * What the files of field input share: one field of one body on its way, and the converters of the kinds.
 * Nothing outside of field_*.c, input_*.c and kinds.h includes this.
 */
#ifndef FR_REST_FIELD_INT_H
#define FR_REST_FIELD_INT_H
#include "model/validate.h"
#include "rest/field_input.h"

enum { FR_NUMBER_CHARACTERS = 1000 }; /* of a number sent as text, as DRF allows */

/* One field of one body. */
typedef struct fr_reading {
    fr_faults faults; /* first; they go to errors */
    fr_ctx *ctx;
    const fr_model *model;
    const fr_field *field;
    uint16_t index; /* FR_NO_SLOT: it has no column */
    bool is_required;
    bool
        has_default; /* of the serializer itself: what a form does not send, a checkbox too, is that */
    fr_str name;
    const fr_json *data;
    const fr_rest_input *input;
    fr_errors *errors;
    fr_err err; /* why FR_FAILED */
    int32_t
        ahead; /* of a moment that was taken: how far the clock was ahead of UTC that showed it, in seconds */
} fr_reading;

typedef enum fr_outcome {
    FR_TAKEN,   /* *out is the value, to be checked */
    FR_FINAL,   /* *out is the value; no checks: null, and an allowed blank */
    FR_REFUSED, /* a message was added */
    FR_FAILED   /* the server's fault: reading.err */
} fr_outcome;

/* How a kind of field is read. */
typedef fr_outcome (*fr_converter)(fr_reading *r, fr_value *out);

/* What the field says for a code of error; NULL: nothing. field may be NULL. */
const char *fr_message_of(const fr_field *field, const char *code);
/* Add a message: the one of the field for that code, else `usual`. Errors: FR_ENOMEM. */
void fr_reading_say(fr_reading *r, const char *code, fr_str usual);
/* code: DRF's, "invalid". */
fr_outcome fr_refuse(fr_reading *r, const char *code, const char *message);
fr_outcome fr_refuse_invalid(fr_reading *r);
/* A message with str(data) in it. */
fr_outcome fr_refuse_with_text(fr_reading *r, const char *code, const char *before,
                               const char *after);
fr_outcome fr_failed(fr_reading *r, fr_err err);
fr_outcome fr_take_copy(fr_reading *r, const char *text, size_t n, fr_value *out);
/* str(data); false: memory is out, and r->err says so. */
bool fr_text_of(fr_reading *r, fr_str *out);
bool fr_is_too_long(const fr_json *data); /* a number as text */

static inline bool fr_is_string(const fr_json *data)
{
    return data->type == FR_JSON_STRING;
}

static inline bool fr_is_bool(const fr_json *data)
{
    return data->type == FR_JSON_TRUE || data->type == FR_JSON_FALSE;
}

/* Convert r->data and check the value, which is added to r->errors if it is wrong. Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_field_read(fr_reading *r, fr_value *out);
/* A form's value of the field; NULL: there is none. */
const fr_json *fr_field_form_value(const fr_reading *r, const fr_json *data);
void fr_reading_add_fault(fr_faults *faults, const char *code, fr_str message); /* r->faults.add */
/* A value that is a key, whether there is such a row or not; and one that names a row. */
fr_outcome fr_convert_key_alone(fr_reading *r, const fr_model *to, fr_value *out);
fr_outcome fr_refuse_missing_key(fr_reading *r);
fr_outcome fr_convert_key_of(fr_reading *r, const fr_model *to, fr_value *out);

fr_outcome fr_convert_text(fr_reading *r, fr_value *out);
fr_outcome fr_convert_ip(fr_reading *r, fr_value *out);
fr_outcome fr_convert_integer(fr_reading *r, fr_value *out);
fr_outcome fr_convert_float(fr_reading *r, fr_value *out);
fr_outcome fr_convert_decimal(fr_reading *r, fr_value *out);
fr_outcome fr_convert_boolean(fr_reading *r, fr_value *out);
fr_outcome fr_convert_date(fr_reading *r, fr_value *out);
fr_outcome fr_convert_time(fr_reading *r, fr_value *out);
fr_outcome fr_convert_datetime(fr_reading *r, fr_value *out);
fr_outcome fr_convert_duration(fr_reading *r, fr_value *out);
fr_outcome fr_convert_uuid(fr_reading *r, fr_value *out);
fr_outcome fr_convert_json(fr_reading *r, fr_value *out);
fr_outcome fr_convert_choice(fr_reading *r, fr_value *out);
fr_outcome fr_convert_reference(fr_reading *r, fr_value *out);
#endif
