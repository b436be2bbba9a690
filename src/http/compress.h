/* Compressing answers: which ones, and what their headers say then. */
#ifndef FR_HTTP_COMPRESS_H
#define FR_HTTP_COMPRESS_H
#include "http/http_int.h"

enum {
    FR_COMPRESS_LEAST_BYTES = 150
}; /* whatever the setting: gzip's own head and tables would be longer */

/* Whether a type gets smaller: text, JSON, XML and the like. Never event streams. */
bool fr_compress_is_type(fr_str content_type);
/*
 * The body coded, in a context that is to be given back, with the headers set for it; or *out = NULL: the body is sent as
 * it is. On a fiber others get their turn between parts of 64 KiB; without one a longer body is not coded.
 *
 * Errors: FR_ECANCELED (the client has gone meanwhile)
 */
fr_err fr_compress_whole(fr_exchange *exchange, int status, fr_str content_type, fr_str body,
                         fr_gzip **out);
/* A context for a stream, with the headers set; NULL: the stream is sent as it is. */
fr_gzip *fr_compress_stream(fr_exchange *exchange, int status, fr_str content_type);
/* The validator of an answer without a body is that of the answer it stands for. */
void fr_compress_validator(fr_exchange *exchange);
enum { FR_COMPRESS_TURN_BYTES = 64 * 1024 }; /* 0.5 to 3 ms */
#endif
