/*
 * How the newest Django reads dates and times: by fromisoformat() of Python's datetime first, in the C of CPython 3.13, and what
 * that refuses by a pattern of its own (base/time.h), in which digits of all scripts count and a line may end behind the text.
 */
#ifndef FR_REST_PYTHON_TIME_H
#define FR_REST_PYTHON_TIME_H
#include "base/time.h"

/* A moment as it was written: without an offset it is of a zone that the reader knows. */
typedef struct fr_py_moment {
    int64_t local_us; /* since 1970-01-01 of that zone */
    bool has_offset;
    int64_t offset_us; /* east of UTC */
} fr_py_moment;

bool fr_py_date_parse(fr_str s, fr_date *out);
/* An offset is read and dropped. */
bool fr_py_clock_parse(fr_str s, fr_span *out);
bool fr_py_moment_parse(fr_str s, fr_py_moment *out);
fr_span_result fr_py_duration_parse(fr_str s, fr_span *out);
#endif
