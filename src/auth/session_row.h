/* A row of django_session: a key, a signed text, and when it ends. All of it suspends as reads and writes do. */
#ifndef FR_AUTH_SESSION_ROW_H
#define FR_AUTH_SESSION_ROW_H
#include "net/wait.h"

typedef struct fr_session_row {
    fr_str key, data;
    fr_time expires;
} fr_session_row;

/* The row of out->key, unless it has ended; what is read is in the ctx's arena. Errors: FR_ENOTFOUND, those of a read. */
fr_err fr_session_row_read(fr_ctx *ctx, fr_session_row *out);
/* A new row, and with it that of another key goes; n = 0: none. Errors: FR_ECONFLICT (the key is there), those of a write. */
fr_err fr_session_row_insert(fr_ctx *ctx, const fr_session_row *row, fr_str instead_of);
/* Errors: FR_ENOTFOUND, those of a write. */
fr_err fr_session_row_update(fr_ctx *ctx, const fr_session_row *row);
/* One that is not there is fine. */
fr_err fr_session_row_delete(fr_ctx *ctx, fr_str key);
/* Delete up to 1,000 rows that ended before `now`. Errors: those of a read and of a write. */
fr_err fr_session_rows_clear(fr_ctx *ctx, fr_time now, size_t *count);
#endif
