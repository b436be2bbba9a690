/* Civil time, its ISO 8601 / Django texts, and the clocks. Grammar: spec wire-django §1.9 (Django 3.2). */
#ifndef FR_BASE_TIME_H
#define FR_BASE_TIME_H
#include <freshet/base.h>

uint64_t fr_mono_ns(void);
bool fr_date_civil(int year, int month, int day, fr_date *out); /* false: no such day; years 1..9999 */
void fr_date_split(fr_date date, int *year, int *month, int *day);

/* Parsers: the whole text must match. false = wrong format or impossible value. */
bool fr_date_parse(fr_str s, fr_date *out);       /* Y-M-D, one or two digits */
bool fr_span_parse_time(fr_str s, fr_span *out);  /* H:M[:S[.f]] of a day */
bool fr_time_parse(fr_str s, fr_time *out);       /* DRF input: date (T or space) time [Z|offset]; naive = UTC */
bool fr_span_parse(fr_str s, fr_span *out);       /* duration: Django, ISO 8601 and PostgreSQL forms */

/* Formats: return the length written; out needs 40 bytes. */
enum { FR_TIME_TEXT = 40 };
size_t fr_date_iso(fr_date date, char *out);        /* 2020-01-02 */
size_t fr_time_iso(fr_time t, char *out);           /* 2020-01-02T03:04:05[.678000]Z  (DRF, UTC) */
size_t fr_time_sql(fr_time t, char *out);           /* 2020-01-02 03:04:05[.678000]   (Django's SQLite column) */
size_t fr_span_clock(fr_span t, char *out);         /* 03:04:05[.000100] */
size_t fr_span_text(fr_span t, char *out);          /* [D ]HH:MM:SS[.ffffff]; -1 s is "-1 23:59:59" */
size_t fr_time_http(fr_time t, char *out);          /* Sun, 06 Nov 1994 08:49:37 GMT */
bool fr_time_parse_http(fr_str s, fr_time *out);    /* IMF-fixdate only */

bool fr_uuid_parse(fr_str s, fr_uuid *out);         /* hex with or without dashes, urn:uuid:, braces */
size_t fr_uuid_text(fr_uuid uuid, char *out);       /* 8-4-4-4-12 lower case, 36 bytes */
size_t fr_uuid_hex(fr_uuid uuid, char *out);        /* 32 lower-case hex: Django's SQLite column */
void fr_random_bytes(void *out, size_t n);          /* getrandom; aborts if the kernel has none */
#endif
