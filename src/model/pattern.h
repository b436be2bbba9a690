/* The .pattern of fields: compiled once in a process, and the same for all fields that have it. */
#ifndef FR_MODEL_PATTERN_H
#define FR_MODEL_PATTERN_H
#include "model/regex.h"

/* pattern: lives as long as the process, as the models do. Any thread.
 * Errors: FR_EINVAL with what is wrong with it, FR_ENOMEM. */
fr_err fr_pattern_get(const char *pattern, const fr_regex **out, char error[256]);
#endif
