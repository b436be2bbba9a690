/* Digests of bytes: MD5 where Django names things by it (nothing secret rests on it), SHA-256 elsewhere. */
#ifndef FR_BASE_DIGEST_H
#define FR_BASE_DIGEST_H
#include <freshet/base.h>

enum { FR_MD5_BYTES = 16, FR_SHA256_BYTES = 32 };

/* false: memory is out, or the system's library forbids MD5. */
bool fr_md5(fr_str bytes, uint8_t out[FR_MD5_BYTES]);

/* false: memory is out. */
bool fr_sha256(fr_str bytes, uint8_t out[FR_SHA256_BYTES]);

/* The same of what comes in pieces. A piece counts with its length, so that none can be taken for its neighbour's end. */
typedef struct fr_digest {
    void *inner; /* owned until the end; NULL: memory is out */
} fr_digest;

void fr_sha256_begin(fr_digest *digest);
void fr_sha256_put(fr_digest *digest, fr_str piece);
/* false: memory was out. */
bool fr_sha256_end(fr_digest *digest, uint8_t out[FR_SHA256_BYTES]);
#endif
