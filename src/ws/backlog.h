/*
 * What a member that takes nothing at the moment has missed of a topic that asks for the newest of each key: there while
 * its socket is blocked. Messages wait in the order of their last update; a newer one takes the place of an older one
 * with its key. Those without a key stay.
 */
#ifndef FR_WS_BACKLOG_H
#define FR_WS_BACKLOG_H
#include "base/block.h"

enum { FR_BACKLOG_KEYS_MAX = 1000 };

typedef struct fr_backlog fr_backlog;

fr_backlog *fr_backlog_new_(void); /* NULL when memory is out */
void fr_backlog_free_(fr_backlog *backlog);
/* Takes a reference. Errors: FR_ETOOBIG (more than bytes_max with what a message takes besides, or too many keys),
 * FR_ENOMEM; the backlog is then as it was. */
fr_err fr_backlog_add_(fr_backlog *backlog, fr_block *frame, size_t bytes_max);
fr_block *fr_backlog_first_(const fr_backlog *backlog); /* borrowed; NULL: empty */
void fr_backlog_drop_first_(fr_backlog *backlog);
#endif
