/*
 * The change log read back: all that happened to one model's rows after a place, folded by key. A place is good only if
 * the log has that number with that mark, in the schema of today (traps A8, D1); across a flood there is no fold (B4).
 * The back end reads the rows of the log, in order.
 */
#ifndef FR_DB_HISTORY_H
#define FR_DB_HISTORY_H
#include "base/map.h"
#include "base/vec.h"
#include "db/backend.h"

typedef struct fr_history {
    fr_place since;
    size_t max, bytes;
    fr_span_changes *out;
    fr_map by_key;               /* encoded key → fr_change */
    FR_VEC(fr_change *) changes; /* by first touch */
} fr_history;

/* Forget what was taken: the read begins. */
void fr_history_begin(fr_history *history);
/* There is no answer; `reason` is a literal. */
fr_err fr_history_unknown(fr_history *history, const char *reason);
/* A changed row, with its images as blobs or NULL. *is_full: there were too many, no more are taken. */
fr_err fr_history_take(fr_read *read, fr_value key, fr_value new_, fr_value old, bool *is_full);
/* All were taken. */
fr_err fr_history_finish(fr_read *read);
#endif
