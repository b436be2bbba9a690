/*
 * A list without an end: what its answer has over a mebibyte goes into a file without a name as it is read, and is sent from
 * there in bounded memory. The answer begins when all of it has been read, so that what goes wrong has a status of its own.
 */
#ifndef FR_REST_SPILL_H
#define FR_REST_SPILL_H
#include "rest/call.h"

enum { FR_SPILL_BYTES = 1 << 20 /* of an answer that stay in memory */ };

fr_err fr_spill_out(fr_ctx *ctx, fr_call *call);
/* Between two rows: what has been written of the answer goes to disk if it is much. ctx: of
 * those reads, on their thread. Errors: FR_ETOOBIG
 * (over the setting, with a detail that asks for pages), FR_ENOSPACE, FR_EIO, FR_ENOMEM. */
static inline fr_err fr_spill(fr_ctx *ctx, fr_call *call)
{
    return call->body->n - call->start > FR_SPILL_BYTES ? fr_spill_out(ctx, call) : FR_OK;
}
/* The read begins anew, or has failed: nothing has been written. */
void fr_spill_reset(fr_call *call);
/* All rows have been written: if some are on disk the rest follows them, and answer->file is the whole. Errors: as above. */
fr_err fr_spill_end(fr_ctx *ctx, fr_call *call);
#endif
