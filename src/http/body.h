/*
 * The body of a request as it arrives: by Content-Length, or chunked with extensions (skipped) and trailers (checked and
 * dropped). RFC 9112 sections 6 and 7. What is kept is what has come: nothing is allocated by a declared length.
 */
#ifndef FR_HTTP_BODY_H
#define FR_HTTP_BODY_H
#include "base/buf.h"

typedef enum fr_body_result { FR_BODY_MORE, FR_BODY_DONE, FR_BODY_REFUSED } fr_body_result;

typedef struct fr_body {
    uint64_t left;    /* of the length, or of the chunk being read */
    uint64_t limit;   /* body_bytes, or upload_bytes */
    uint64_t taken;   /* until now */
    uint32_t spent;   /* on chunk extensions and trailers, in all */
    uint16_t refusal; /* 400, 413, 503 */
    uint8_t digits;   /* of the chunk size read now */
    const struct fr_body_step *step;
    const char *why; /* refused: for the client; literal */
} fr_body;

enum { FR_BODY_EXTRA_BYTES = 8 * 1024 }; /* extensions and trailers of one body */

void fr_body_init_length(fr_body *body, uint64_t length);
void fr_body_init_chunked(fr_body *body, uint64_t limit);
/* Take from bytes what belongs to the body, append its content to out. *used: how much was taken. */
fr_body_result fr_body_read(fr_body *body, const uint8_t *bytes, size_t n, size_t *used,
                            fr_buf *out);
#endif
