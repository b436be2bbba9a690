/*
 * Content codings, and which of them a client takes: Accept-Encoding (RFC 9110 section 12.5.3).
 */
#ifndef FR_HTTP_CODING_H
#define FR_HTTP_CODING_H
#include <freshet/http.h>

/* The order is ours: of codings that a client likes alike, the last one is sent. */
typedef enum fr_coding {
    FR_CODING_IDENTITY,
    FR_CODING_GZIP,
    FR_CODING_ZSTD,
    FR_CODING_BR,
    FR_CODINGS
} fr_coding;

/* How much a client wants each, in thousandths; 0: not at all. */
typedef struct fr_codings {
    uint16_t weight[FR_CODINGS];
} fr_codings;

/* Of all Accept-Encoding fields. Without one, or with one that is not well-formed, a client takes what is not coded. */
fr_codings fr_codings_read(const fr_pair *headers, size_t count);
/* The best of those that there are (bits 1 << coding; identity is always there). A client
 * that refuses them all and identity too gets identity. */
fr_coding fr_codings_choose(const fr_codings *codings, unsigned there);
/* "gzip"; of identity empty. */
fr_str fr_coding_name(fr_coding coding);
#endif
