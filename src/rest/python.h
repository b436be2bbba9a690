/*
 * How Python reads and prints the values that clients of DRF see: str() of a JSON value in an error message, int("٣"),
 * float(" 1_0 "). Texts may hold lone surrogates (as WTF-8); NUL is a character like others.
 */
#ifndef FR_REST_PYTHON_H
#define FR_REST_PYTHON_H
#include "base/json.h"

/* "dict", "list", "str", "int", "float", "bool", "NoneType". */
const char *fr_py_type(const fr_json *value);
/* Whether a NUMBER is an int: no fraction and no exponent. */
bool fr_py_is_int(const fr_json *number);
/* Append str(value). */
void fr_py_str(fr_buf *out, const fr_json *value);
/* The same in an arena; strings are borrowed. p NULL: memory is out. */
fr_str fr_py_str_dup(fr_arena *arena, const fr_json *value);

typedef enum fr_py_int_result {
    FR_PY_INT_OK,
    FR_PY_INT_BAD,
    FR_PY_INT_ABOVE,
    FR_PY_INT_BELOW
} fr_py_int_result;
/* int(text). ABOVE and BELOW: an integer past the ends of int64_t. */
fr_py_int_result fr_py_int(fr_str text, int64_t *out);
/* Digits of all scripts as ASCII's, in out. false: more than room bytes. */
bool fr_py_plain_digits(fr_str text, char *out, size_t room, size_t *n);
/* float(text); the result may be infinite or not a number. */
bool fr_py_float(fr_str text, double *out);

/* UUID(text): hex with what int(…, 16) forgives, such as "+", "_" and digits of all scripts. */
bool fr_py_uuid(fr_str text, fr_uuid *out);

/* Decimal(text): ±digits × 10^exponent. digits are ASCII, without leading zeros, "0" for zero; in the arena. */
typedef struct fr_py_decimal {
    bool is_negative;
    fr_str digits;
    int64_t exponent;
} fr_py_decimal;
/* false: not a number, or not a finite one, or memory is out. */
bool fr_py_decimal_parse(fr_str text, fr_arena *arena, fr_py_decimal *out);
/* As text again, "-15e-1"; p NULL: memory is out. */
fr_str fr_py_decimal_text(const fr_py_decimal *d, fr_arena *arena);
/* int(d), towards zero. */
fr_py_int_result fr_py_decimal_int(const fr_py_decimal *d, int64_t *out);
#endif
