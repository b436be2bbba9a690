/* Functions of the application that print a field, and the related rows that they walk. */
#ifndef FR_REST_RELATED_H
#define FR_REST_RELATED_H
#include "rest/print.h"

/* Run the function of a computed item for a row. Errors: what it returned, FR_ENOMEM. */
fr_err fr_related_compute(const fr_item *item, const fr_print *print, const fr_value *values,
                          fr_str *json);
#endif
