/*
 * Stored values: what a database column holds (SQLite's five types), and their ways to and from C structs, JSON text
 * and Django's storage formats (its SQLite back end's).
 */
#ifndef FR_MODEL_VALUE_H
#define FR_MODEL_VALUE_H
#include <freshet/model.h>
#include "base/buf.h"

typedef enum fr_value_type {
    FR_VALUE_NULL,
    FR_VALUE_INT,
    FR_VALUE_REAL,
    FR_VALUE_TEXT,
    FR_VALUE_BLOB
} fr_value_type;

typedef struct fr_value {
    fr_value_type type;
    union {
        int64_t i;
        double r;
        fr_str s;
    } as; /* s borrowed */
} fr_value;

#define FR_VALUE_I(v) ((fr_value){.type = FR_VALUE_INT, .as.i = (v)})
#define FR_VALUE_R(v) ((fr_value){.type = FR_VALUE_REAL, .as.r = (v)})
#define FR_VALUE_S(v) ((fr_value){.type = FR_VALUE_TEXT, .as.s = (v)})

bool fr_value_eq(fr_value a, fr_value b); /* same type and same value; no conversions */
/* SQLite's order: NULL < numbers < text < blob; numbers compared exactly (int64 against double), text by bytes. */
int fr_value_cmp(fr_value a, fr_value b);
uint64_t fr_value_hash(fr_value v);
bool fr_value_dup(fr_arena *arena, fr_value v, fr_value *out); /* false when memory is out */

/* Append one stored value of this field as DRF prints it: 1 → true for BOOLEAN, "1.50" for DECIMAL, "2020-…Z" … A value
 * that is not of the field's stored form (another program wrote it) is printed as what it is: the output is always JSON. */
void fr_value_json(const fr_field *field, fr_value v, fr_buf *out);
/* The same without the quotes of a string: 7, 1.50, a UUID with its dashes. What is escaped in it stays so. */
void fr_value_bare(const fr_field *field, fr_value v, fr_buf *out);
/* The same in arena; p NULL: memory is out. */
fr_str fr_value_bare_dup(fr_arena *arena, const fr_field *field, fr_value v);

/* The stored form of what a person or a URL wrote for this field: "true", "1.50", "2020-01-02T03:04:05+02:00", a UUID with
 * or without dashes. No range, length or choice checks. Errors: FR_EINVAL (not of this kind), FR_ENOMEM. */
fr_err fr_value_from_text(const fr_field *field, fr_str text, fr_arena *arena, fr_value *out);

/* Between the member of a C struct and the stored form; text is copied into arena. Neither looks at row.null or row.set:
 * fr_row_value and fr_row_store (model.h) do. Errors: FR_EINVAL (text that is not of this kind), FR_ENOMEM. */
fr_err fr_value_from_member(const fr_field *field, const void *row, fr_arena *arena, fr_value *out);
fr_err fr_value_to_member(const fr_field *field, fr_value v, fr_arena *arena, void *row);

/* Exact decimal text from a stored number or text, with this many places ("1.5", 2 → "1.50"). A REAL or INTEGER
 * counts with its first 15 digits, as Django reads SQLite's NUMERIC columns. false: not a number, or
 * out is too short for its digits. */
enum { FR_DECIMAL_TEXT = 96 };
/* Two stored numbers, exactly: below 0, 0, above 0. What is no number counts as 0. */
int fr_decimal_cmp(fr_value a, fr_value b);
bool fr_decimal_quantise(fr_value v, int places, fr_rounding rounding, char out[FR_DECIMAL_TEXT],
                         size_t *n);
#endif
