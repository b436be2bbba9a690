/* The steps of every request; serve.c says what is around them. */
#ifndef FR_REST_PIPELINE_H
#define FR_REST_PIPELINE_H
#include "rest/call.h"

/* Walk the steps once: fr_rest_serve without what is asked of the transaction. ctx may be one of fr_atomic. */
fr_err fr_pipeline_serve(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                         fr_buf *body, fr_rest_answer *answer);
/* Indent what has been written of the answer, if the client asked for that. Errors: FR_ENOMEM. */
fr_err fr_call_indent(fr_call *call);
#endif
