/* References in the bodies of a batch: {"$ref": "id/field"} stands for a value of an earlier answer, such as a key just made. */
#ifndef FR_REST_BATCH_REF_H
#define FR_REST_BATCH_REF_H
#include <freshet/net.h>

#include "base/json.h"

/* An answer that may be referred to. */
typedef struct fr_batch_answer {
    fr_str id; /* n = 0: nobody can */
    fr_str body;
} fr_batch_answer;

/* Append the text of a body, with the values that its references name. Errors: FR_EINVAL (with a detail), FR_ENOMEM. */
fr_err fr_batch_body(fr_ctx *ctx, const fr_json *body, const fr_batch_answer *earlier, size_t count,
                     fr_buf *out);
#endif
