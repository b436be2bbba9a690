/*
 * ETag and the conditions of viewsets with .etag. The tag of a GET is that of Django's ConditionalGetMiddleware, an MD5 of the
 * content in quotes. Conditions of a write are judged in its transaction, by the same GET (serve.c).
 */
#ifndef FR_REST_ETAG_H
#define FR_REST_ETAG_H
#include "rest/rest.h"

/* A GET that was served, its content being body from `start` on: its tag goes into the answer, which becomes 304 without a body
 * when the client has it (412 when If-Match asks for another). Errors: FR_ENOMEM. */
fr_err fr_etag_answer(fr_ctx *ctx, const fr_rest_request *request, fr_buf *body, size_t start,
                      fr_rest_answer *answer);

/* Whether If-Match or If-None-Match has to be looked at before this write. */
bool fr_etag_is_asked(const fr_viewset_rt *rt, const fr_rest_request *request);
/* Whether the conditions of a write hold. answer: to a GET of the same object, its content being `content`. Errors: FR_ENOMEM. */
fr_err fr_etag_holds(fr_ctx *ctx, const fr_rest_request *request, const fr_rest_answer *answer,
                     fr_str content, bool *out);
#endif
