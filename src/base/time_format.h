/*
 * Dates and times by a format of strftime, as Python's datetime writes and reads them: "%d.%m.%Y %H:%M". Names are those of
 * the C locale.
 */
#ifndef FR_BASE_TIME_FORMAT_H
#define FR_BASE_TIME_FORMAT_H
#include <freshet/base.h>

#include "base/buf.h"

typedef struct fr_civil {
    int year, month, day, hour, minute, second, micros;
    bool has_offset;
    int64_t offset_us; /* east of UTC */
} fr_civil;

/* What a clock shows that counts local_us since 1970-01-01. */
fr_civil fr_civil_of(int64_t local_us);
/* Back. False: there is no such day or time. */
bool fr_civil_us(const fr_civil *civil, int64_t *local_us);

/* Whether a format can be written, or with is_read read: all of its directives are known; in one that is read each stands once. */
bool fr_time_format_check(fr_str format, bool is_read);
/* Append. format: one that can be written. */
void fr_time_format_put(fr_buf *out, fr_str format, const fr_civil *civil);
/* What a text says by a format that can be read, of the year 1900 where it says no other; false: it has another form. ASCII's
 * digits and letters alone are known. */
bool fr_time_format_read(fr_str text, fr_str format, fr_civil *out);
#endif
