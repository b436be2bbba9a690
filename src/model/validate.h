/*
 * Whether a stored value may stand in its field, in the words of DRF's fields and validators: what a serializer checks once it
 * has converted its input, and what a write from C must keep to. Pure: what only the database knows (unique values, keys of
 * other rows) is asked elsewhere.
 */
#ifndef FR_MODEL_VALIDATE_H
#define FR_MODEL_VALIDATE_H
#include "model/value.h"

/* Takes the faults of one value, in order: the code is DRF's ("max_length") and lasts for ever, the text is borrowed. */
typedef struct fr_faults {
    void (*add)(struct fr_faults *faults, const char *code, fr_str message);
} fr_faults;

/* What is said of input that is no value of the field: "A valid integer is required." */
const char *fr_field_invalid_text(const fr_field *field);

/* Lengths, ranges and formats of a value that is of the field's kind, and neither null nor blank. */
void fr_value_check(const fr_model *model, const fr_field *field, fr_value value,
                    fr_faults *faults);
/* Whether there is a pattern to be matched: its own, or that of a slug in all scripts. */
bool fr_field_has_pattern(const fr_field *field);
/* Whether a text is what .pattern says; true without one. A match that takes too much is none. The stack that this runs on is
 * given to PCRE2 (20 KiB): not a fiber's. Errors: FR_ENOMEM. */
fr_err fr_value_check_pattern(const fr_field *field, fr_value value, fr_faults *faults);
/* The same behind null, blank, choices and UTF-8: all of it, for a value that nobody has converted. */
void fr_value_validate(const fr_model *model, const fr_field *field, fr_value value,
                       fr_faults *faults);

/* Of a decimal with so many digits, × 10^exponent, whether .max_digits and .decimal_places hold it. False: a fault was added. */
bool fr_decimal_fits(const fr_field *field, size_t digits, int64_t exponent, fr_faults *faults);
/* The ends of an integer's range: the field's, else those of its column. */
int64_t fr_field_highest(const fr_model *model, const fr_field *field);
int64_t fr_field_lowest(const fr_model *model, const fr_field *field);
/* The choice of this value, headings passed over; NULL: there is none. choices may be NULL. */
const fr_choice *fr_choice_find(const fr_choice *choices, fr_str value);
/* Whether it is a heading, FR_GROUP; or a number among texts, FR_NUMBER. */
bool fr_choice_is_heading(const fr_choice *choice);
bool fr_choice_is_number(const fr_choice *choice);
/* What is stored of a choice, as text. */
fr_str fr_choice_value(const fr_choice *choice);
/* A .minimum or .maximum as it is told: of a DURATION Python's str(timedelta), "1 day, 0:00:00"; all else as it stands there. */
enum { FR_LIMIT_TEXT = 64 };
fr_str fr_limit_text(const fr_field *field, const char *limit, char text[FR_LIMIT_TEXT]);
/* "Ensure this value is less than or equal to 7." */
void fr_faults_above(fr_faults *faults, int64_t limit);
void fr_faults_below(fr_faults *faults, int64_t limit);
#endif
