/*
 * Lines of the log that clients bring about: one a minute for each cause, so that a flood costs a line and not a disk. Causes
 * that clients make up are bounded too: of an event 16 are told in a minute.
 */
#ifndef FR_BASE_DUE_H
#define FR_BASE_DUE_H
#include <freshet/base.h>

/* Whether a line of this event and cause is due, which is then the caller's to write. now_ms: of the caller's clock. times
 * (may be NULL): how often the cause has come since its last line, this time included. Any thread. */
bool fr_log_is_due(const char *event, fr_str cause, uint64_t now_ms, uint64_t *times);
/* For tests: nothing has been told yet. */
void fr_log_due_reset(void);
#endif
