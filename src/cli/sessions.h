/* Sessions and CSRF of an application that has users: its secret, its settings, and the broom that goes about at night. */
#ifndef FR_CLI_SESSIONS_H
#define FR_CLI_SESSIONS_H
#include "cli/assembly.h"

/* When the database is open: a secret may have to be made beside it. Returns an exit code; a->error says why. */
int fr_sessions_open(fr_assembly *a);
/* On one worker, when it has started: rows of sessions that have ended go at night. Errors: those of fr_after. */
fr_err fr_sessions_sweep(fr_ctx *ctx);
void fr_sessions_shut(void);
#endif
