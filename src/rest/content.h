/* The body of a request as a tree of JSON, whatever it was sent as. */
#ifndef FR_REST_CONTENT_H
#define FR_REST_CONTENT_H
#include "rest/call.h"

/* Fills call->data; an empty body counts as {}. A body that cannot be read is answered: 400, 415. Errors: FR_ENOMEM. */
fr_err fr_content_read(fr_call *call);
#endif
