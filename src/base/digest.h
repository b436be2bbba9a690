/* Digests of bytes: MD5 where Django names things by it (nothing secret rests on it), SHA-256 elsewhere. */
#ifndef FR_BASE_DIGEST_H
#define FR_BASE_DIGEST_H
#include <freshet/base.h>

enum { FR_MD5_BYTES = 16, FR_SHA256_BYTES = 32 };

/* false: memory is out, or the system's library forbids MD5. */
bool fr_md5(fr_str bytes, uint8_t out[FR_MD5_BYTES]);
/* Of all parts, one behind the other. false: memory is out. */
bool fr_sha256(const fr_str *parts, size_t count, uint8_t out[FR_SHA256_BYTES]);
#endif
