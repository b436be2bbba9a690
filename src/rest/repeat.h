/*
 * Idempotency-Key: the answer to a write is kept in the transaction of the write, so that a repeat gets it again and nothing is
 * written twice, also when the first answer was lost with the connection or the server.
 */
#ifndef FR_REST_REPEAT_H
#define FR_REST_REPEAT_H
#include "base/digest.h"
#include "rest/rest.h"

typedef struct fr_repeat {
    fr_str key;
    uint8_t digest[FR_SHA256_BYTES]; /* of all that is asked */
} fr_repeat;

/* Whether the request asks for its answer to be kept: a write with the header. */
bool fr_repeat_is_asked(const fr_rest_request *request);
/* Errors: FR_EINVAL (the key, with a detail), FR_ENOMEM. */
fr_err fr_repeat_init(fr_ctx *ctx, fr_repeat *repeat, const fr_rest_request *request);

/* The rest is called within the write's transaction. */

/* The answer of the first one, its content appended to body; *found says whether there was one. A request that is not the first
 * one's is answered by 422. Errors: FR_EBACKEND, FR_ENOMEM. */
fr_err fr_repeat_find(fr_ctx *ctx, const fr_repeat *repeat, fr_buf *body, fr_rest_answer *answer,
                      bool *found);
/* Of a request that is no member as a whole: that it has begun. Until an answer is kept, or it is let go, a repeat is answered
 * by 409. Errors: as fr_repeat_keep. */
fr_err fr_repeat_begin(fr_ctx *ctx, const fr_repeat *repeat);
fr_err fr_repeat_let_go(fr_ctx *ctx, const fr_repeat *repeat);
/* Errors: FR_ETOOBIG, FR_ENOSPACE, FR_EBACKEND, FR_ENOMEM. */
fr_err fr_repeat_keep(fr_ctx *ctx, const fr_repeat *repeat, fr_str content,
                      const fr_rest_answer *answer);
#endif
