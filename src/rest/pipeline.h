/* The steps of every request; serve.c says what is around them. */
#ifndef FR_REST_PIPELINE_H
#define FR_REST_PIPELINE_H
#include "rest/call.h"

/* Walk the steps once: fr_rest_serve without what is asked of the transaction. ctx may be one of fr_atomic. */
fr_err fr_pipeline_serve(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                         fr_buf *body, fr_rest_answer *answer);
/* Its first steps alone, which ask who comes, before a transaction is begun for him. answer->status is 0 if he is let in. */
fr_err fr_pipeline_meet(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                        fr_buf *body, fr_rest_answer *answer);
/* In which forms the answer can be had. */
const fr_renderers *fr_rest_renderers(const fr_viewset_rt *rt, const fr_rest_request *request);
/* What has been written of the answer is to be JSON without blanks. */
bool fr_call_is_plain(const fr_call *call);
/* Indent or render what has been written of the answer, as the client wants it. Errors: FR_ENOMEM, those of the renderer. */
fr_err fr_call_render(fr_call *call);
#endif
