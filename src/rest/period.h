/* Words for spans of days, as django-filter's DateRangeFilter has them. */
#ifndef FR_REST_PERIOD_H
#define FR_REST_PERIOD_H
#include "model/value.h"

/* "today", "yesterday", "week" (the past seven days), "month", "year" (these): from ends[0] up to but without ends[1], as dates
 * or as their midnights in the zone of here; today is what it is in UTC. Errors: FR_EINVAL (another word), FR_ENOMEM. */
fr_err fr_period_find(fr_str word, bool is_moment, fr_time now, fr_arena *arena, fr_value ends[2]);
#endif
