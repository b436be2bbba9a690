/* What a body becomes: the statements of one member, so that all of it is stored or nothing. */
#ifndef FR_REST_STORE_H
#define FR_REST_STORE_H
#include "rest/call.h"

/* The checks of the whole object, before the write; what is wrong is answered. Errors: FR_ENOMEM, FR_EBACKEND. */
fr_err fr_store_check(fr_call *call);
/* Write call->input as a new row, or over the row of the URL, and answer with it. A row that somebody changed after it was
 * checked is checked anew, three times in all; then 409. Errors: FR_ENOTFOUND, FR_ENOMEM, FR_EBACKEND. */
fr_err fr_store_run(fr_call *call);
/* Append the object with this key as the answer. Errors: FR_ENOTFOUND and those of reads. */
fr_err fr_store_answer(fr_call *call, const fr_value *row, int status);
#endif
