/* What a stored date, time or moment is made of, by the clock of a zone, and where a year begins and ends. */
#ifndef FR_MODEL_MOMENT_H
#define FR_MODEL_MOMENT_H
#include "base/time.h"
#include "base/zone.h"
#include "model/lookup.h"
#include "model/value.h"

/* The part of a stored DATE, TIME or DATETIME that a transform asks for: a number, or a text in room. NULL of what is no text or
 * none of these. */
fr_value fr_moment_part(fr_transform part, fr_value stored, const fr_zone *zone,
                        char room[FR_TIME_TEXT]);

/* Between these, both included, lie the stored texts of a year. */
typedef struct fr_bounds {
    char first[40], last[40];
} fr_bounds;

/* is_iso: the year of ISO 8601's weeks. is_moment: of a DATETIME, else of a DATE. A year that no date has is before all or
 * behind all. */
fr_bounds fr_bounds_of_year(fr_value year, bool is_iso, bool is_moment, const fr_zone *zone);
#endif
