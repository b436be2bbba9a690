/* Bodies of refusals: {"field":["message",…],…} collected field by field, and {"detail":"…"}. */
#ifndef FR_REST_ERRORS_H
#define FR_REST_ERRORS_H
#include <freshet/net.h>

#include "base/buf.h"

typedef struct fr_errors {
    fr_buf *out;     /* borrowed; the object is appended to what it holds */
    fr_str field;    /* of the last message; its list is open */
    size_t count;    /* messages so far */
    char first[160]; /* the first one, for logs and live frames: "title: This field is required." */
} fr_errors;

void fr_errors_init(fr_errors *errors, fr_buf *out);
/* Messages of one field come one after the other. field is borrowed until the end. */
void fr_errors_add(fr_errors *errors, fr_str field, fr_str message);
void fr_errors_addf(fr_errors *errors, fr_str field, const char *fmt, ...) FR_PRINTF_(3, 4);
/* Close the object. Whether there was any error; if not, out is as it was. */
bool fr_errors_end(fr_errors *errors);

/* {"detail":"…"} of an error: the detail of ctx, or what the error map says of the code. */
void fr_errors_detail(const fr_ctx *ctx, fr_err err, fr_buf *out);
void fr_errors_text(fr_str detail, fr_buf *out);
#endif
