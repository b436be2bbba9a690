/* What people call a row: str(row) of Django, by .display of its model. */
#ifndef FR_MODEL_DISPLAY_H
#define FR_MODEL_DISPLAY_H
#include "model/model.h"

/* Append it. Without .display it is "Note object (7)". values: field_count of them, the key among them. */
void fr_display_put(const fr_model *model, const fr_value *values, fr_buf *out);
/* The fields that it is made of, the key if there is no .display: *pos starts at 0. -1: the end. */
int fr_display_next(const fr_model *model, size_t *pos);
/* Whether all that .display names is a field with a column, and no secret. */
bool fr_display_is_right(const fr_model *model);
#endif
