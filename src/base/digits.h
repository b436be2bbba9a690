/* Bytes and numbers as text, into a caller's few bytes: decimal digits two at a time from a table, 5 ns for a row id; base64. */
#ifndef FR_BASE_DIGITS_H
#define FR_BASE_DIGITS_H
#include <stddef.h>
#include <stdint.h>

#include <freshet/base.h>

enum { FR_DIGITS_MAX = 20 }; /* of 2^64 - 1, and of -2^63 with its sign */

size_t fr_digits_u64(char *out, uint64_t v); /* bytes written, at most FR_DIGITS_MAX */
size_t fr_digits_i64(char *out, int64_t v);
void fr_digits_pad(char *out, size_t width, uint64_t v); /* exactly width digits, zeros in front */

/* RFC 4648 section 4, with its filling. Returns how much was written: 4 bytes for each 3 that were begun. */
size_t fr_base64(char *out, const void *bytes, size_t n);
/* The way back, strictly: whole groups of four, and filling at the end alone. out: room for 3 bytes of each 4. */
bool fr_base64_decode(fr_str text, char *out, size_t *n);
#endif
