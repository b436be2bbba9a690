/*
 * Django's signed texts: payload:time:signature. The payload is JSON in base64 for URLs, compressed by zlib with a dot before it
 * where that makes it shorter; the time is seconds in base 62; the signature is HMAC-SHA256 with a key that is made of the
 * secret and a salt, so that what was signed for one use is none for another. Unchanged from Django 3.1 to 6.1.
 */
#ifndef FR_AUTH_SIGNING_H
#define FR_AUTH_SIGNING_H
#include "auth/secret.h"

enum {
    FR_SIGNING_KEY_BYTES = 32,
    FR_SIGNING_SALT_MAX = 128,
    FR_SIGNED_BYTES_MAX = 1 << 20 /* of a payload when it is JSON again: zlib's bombs end there */
};

/* The keys of one use, the first one signs. Cleared by fr_signer_deinit. */
typedef struct fr_signer {
    uint8_t keys[FR_SECRETS_MAX][FR_SIGNING_KEY_BYTES];
    size_t count;
} fr_signer;

/* SHA-256(salt, secret) of each secret: Django's salted_hmac key. Errors: FR_ENOMEM. */
fr_err fr_signer_init(fr_signer *signer, const fr_secrets *secrets, fr_str salt);
void fr_signer_deinit(fr_signer *signer);

/* HMAC-SHA256 of a text with one of the keys. false: memory is out. */
bool fr_signer_mac(const fr_signer *signer, size_t key, fr_str text,
                   uint8_t out[FR_SIGNING_KEY_BYTES]);

/* payload:time:signature of JSON text. Errors: FR_ENOMEM. */
fr_err fr_sign(const fr_signer *signer, fr_arena *arena, fr_str json, fr_time now, fr_str *out);
/* The JSON of a signed text, and when it was signed, in seconds. Errors: FR_EAUTH (not signed with any of the keys, or no such
 * text), FR_ENOMEM. */
fr_err fr_unsign(const fr_signer *signer, fr_arena *arena, fr_str text, fr_str *json,
                 int64_t *time_s);

/* base64 for URLs without filling (RFC 4648 section 5); p is NULL when memory is out. */
fr_str fr_base64url(fr_arena *arena, fr_str bytes);
/* The way back, strictly: what is not of the alphabet, filling, a length that none has and bits that stand for nothing are
 * refused, so that each text has one spelling. Errors: FR_EINVAL, FR_ENOMEM. */
fr_err fr_base64url_decode(fr_arena *arena, fr_str text, fr_str *out);
#endif
