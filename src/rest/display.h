/* What a row is called in one line: its model's .display, as str() of Django's models. */
#ifndef FR_REST_DISPLAY_H
#define FR_REST_DISPLAY_H
#include "rest/plan.h"

/* Append it as a string of JSON. */
void fr_display_put(const fr_row_place *row, const fr_value *values, fr_buf *out);
#endif
