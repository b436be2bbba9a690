/* Civil time, its ISO 8601 / Django texts, and the clocks. Grammar: that of Django's
 * dateparse and of DRF's field formats. */
#ifndef FR_BASE_TIME_H
#define FR_BASE_TIME_H
#include <freshet/base.h>

/* The monotonic clock. */
uint64_t fr_mono_ns(void);
/* The same as it stood at the kernel's last tick (1 to 10 ms ago at most): 5 ns instead of 37. */
uint64_t fr_mono_tick_ns(void);

/* False: there is no such day, or the year is not one of 1..9999. */
bool fr_date_civil(int year, int month, int day, fr_date *out);
void fr_date_split(fr_date date, int *year, int *month, int *day);

/* ---- parsers: the whole text must match; false = wrong format or impossible value ---- */

/* Y-M-D; month and day of one or two digits. */
bool fr_date_parse(fr_str s, fr_date *out);
/* H:M[:S[.f]] of a day. */
bool fr_span_parse_time(fr_str s, fr_span *out);
/* Date, T or a space, time, [Z|offset]: since 1970-01-01 of a zone, and that zone's offset east of UTC if there is one. */
bool fr_moment_parse(fr_str s, int64_t *local_us, bool *has_offset, int64_t *offset_us);
/* Whether a moment is one of the years 1..9999 in UTC, or it could not be shown again. */
bool fr_time_is_shown(fr_time t);
/* Both; without an offset it is UTC. */
bool fr_time_parse(fr_str s, fr_time *out);
/* A duration in the Django, ISO 8601 or PostgreSQL form. */
bool fr_span_parse(fr_str s, fr_span *out);
typedef enum fr_span_result {
    FR_SPAN_OK,
    FR_SPAN_BAD,
    FR_SPAN_OVERFLOW, /* more than 999,999,999 days, Python's most */
    FR_SPAN_TOO_LARGE /* more microseconds than 64 bits hold: 106,751,991 days */
} fr_span_result;
/* The same, with the reason. */
fr_span_result fr_span_read(fr_str s, fr_span *out);
/* Sun, 06 Nov 1994 08:49:37 GMT, and the two older forms of RFC 9110 5.6.7. */
bool fr_time_parse_http(fr_str s, fr_time *out);

/* ---- formats: return the length written, no NUL ---- */

enum { FR_TIME_TEXT = 40 };                  /* bytes that out needs */
size_t fr_date_iso(fr_date date, char *out); /* 2020-01-02 */
size_t fr_time_iso(fr_time t, char *out);    /* 2020-01-02T03:04:05[.678000]Z: DRF, UTC */
size_t fr_time_iso_at(fr_time t, int32_t offset, char *out); /* …T05:04:05+02:00, seconds east */
size_t fr_time_sql(fr_time t, char *out);   /* 2020-01-02 03:04:05[.678000]: Django's column */
size_t fr_span_clock(fr_span t, char *out); /* 03:04:05[.000100] */
size_t fr_span_text(fr_span t, char *out);  /* [D ]HH:MM:SS[.ffffff]; -1 s is "-1 23:59:59" */
size_t fr_time_http(fr_time t, char *out);  /* Sun, 06 Nov 1994 08:49:37 GMT */

/* ---- UUIDs and random bytes ---- */

bool fr_uuid_parse(fr_str s, fr_uuid *out);   /* hex with or without dashes, urn:uuid:, braces */
size_t fr_uuid_text(fr_uuid uuid, char *out); /* 8-4-4-4-12 lower case, 36 bytes */
size_t fr_uuid_hex(fr_uuid uuid, char *out);  /* 32 lower-case hex: Django's SQLite column */
void fr_random_bytes(void *out, size_t n);    /* getrandom; aborts if the kernel has none */
#endif
