/* What is asked of the pipeline besides fr_rest_serve (rest.h). */
#ifndef FR_REST_PIPELINE_H
#define FR_REST_PIPELINE_H
#include "rest/call.h"

/* Indent what has been written of the answer, if the client asked for that. Errors: FR_ENOMEM. */
fr_err fr_call_indent(fr_call *call);
#endif
