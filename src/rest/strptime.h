/*
 * Dates and times as the form fields of Django's English locale take them: Python's strptime with one of a list of formats.
 * (Fields of serializers take ISO 8601 alone: base/time.h.)
 */
#ifndef FR_REST_STRPTIME_H
#define FR_REST_STRPTIME_H
#include <freshet/base.h>

bool fr_form_date(fr_str text,
                  fr_date *out); /* "2020-01-02", "01/02/2020", "Jan 2, 2020", "2 January 2020" */
bool fr_form_time(fr_str text, fr_span *out); /* "3:04", "03:04:05.5" */
bool fr_form_datetime(fr_str text,
                      fr_time *out); /* "2020-01-02 03:04", "01/02/20 03:04:05", or a date; UTC */
#endif
