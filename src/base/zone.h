/*
 * Time zones by their names in the system's tzdata: what a clock there shows. A zone is read once and then asked by any
 * thread. Gaps and folds are Python's zoneinfo's with fold 0. NULL stands for UTC in all but fr_zone_open.
 */
#ifndef FR_BASE_ZONE_H
#define FR_BASE_ZONE_H
#include <freshet/base.h>

typedef struct fr_zone fr_zone;

/* "Europe/Berlin", "UTC". Errors: FR_EINVAL (there is no such zone, or its file is none), FR_EIO, FR_ENOMEM, with one line for
 * the user. */
fr_err fr_zone_open(const char *name, fr_zone **out, char error[256]);
/* From the bytes of a TZif file. Errors: FR_EINVAL, FR_ENOMEM. */
fr_err fr_zone_parse(fr_str bytes, fr_zone **out);
void fr_zone_free(fr_zone *zone); /* NULL is fine */

/* How far the clock is ahead of UTC at a moment, in seconds. */
int32_t fr_zone_offset(const fr_zone *zone, fr_time utc);
/* The moment when the clock shows `local`, which counts as an fr_time does. Shown twice: the first. Never, as the clock was
 * put forward: as if it had not been. */
fr_time fr_zone_utc(const fr_zone *zone, fr_time local);

/* The zone that moments are shown and understood in: the program's, unless another is used here. */
const fr_zone *fr_zone_here(void);
/* The program's: NULL, UTC, until it is set, before anything else runs. The zone stays the caller's. */
void fr_zone_set(const fr_zone *zone);
/* From now on on this thread, or in the fiber that runs on it (net/fiber.h keeps it). NULL: the program's. */
void fr_zone_use(const fr_zone *zone);
/* A zone by its name, opened once a process and never freed. Errors: as of fr_zone_open. Any thread. */
fr_err fr_zone_named(fr_str name, const fr_zone **out, char error[256]);

/* A moment as the API shows it: by the zone that is used here, but for one that has no year there. out: FR_TIME_TEXT bytes.
 * Returns the length. */
size_t fr_zone_iso(fr_time t, char *out);
static inline fr_time fr_zone_local(const fr_zone *zone, fr_time utc)
{
    return utc + fr_zone_offset(zone, utc) * INT64_C(1000000);
}
#endif
