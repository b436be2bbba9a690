/* Units of fr_time and fr_span. */
#ifndef FR_BASE_TIME_INT_H
#define FR_BASE_TIME_INT_H
#include <stdint.h>

#define FR_SECOND_US INT64_C(1000000)
#define FR_DAY_US (INT64_C(86400) * FR_SECOND_US)
#endif
