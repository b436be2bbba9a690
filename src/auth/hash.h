/*
 * What Django's password hashers do, one row each: a password against an encoded one, and an encoded one of a new password. No
 * state, no waiting: these run on the pool's threads (password.c).
 */
#ifndef FR_AUTH_HASH_H
#define FR_AUTH_HASH_H
#include <freshet/base.h>

typedef enum fr_hash_verdict {
    FR_HASH_WRONG,
    FR_HASH_RIGHT,
    FR_HASH_BROKEN, /* no encoded password of this algorithm: nothing was hashed */
    FR_HASH_NO_MEMORY
} fr_hash_verdict;

enum {
    FR_HASH_TEXT = 129, /* of an encoded one, with the 0 that ends it */
    FR_SALT_CHARS = 22  /* of 62 letters: 131 bits */
};

typedef struct fr_hash {
    const char *name; /* in front of the first $ */
    bool is_weak;     /* so quick that who has the table has the passwords */
    /* encoded: behind the name and its $. *is_outdated: new ones are made with other parameters. */
    fr_hash_verdict (*check)(fr_str encoded, fr_str password, bool *is_outdated);
    /* With its name in front. false: memory is out. NULL: new ones are not made. */
    bool (*make)(fr_str password, char out[FR_HASH_TEXT]);
    /* After a wrong password, the work that today's parameters would have been more than those of `encoded`; NULL: none */
    void (*harden)(fr_str encoded, fr_str password);
} fr_hash;

/* By its name; NULL: there is none. */
const fr_hash *fr_hash_find(fr_str name);
/* The hasher of an encoded password, and what is behind its name; NULL: nobody's, or unusable. */
const fr_hash *fr_hash_of(fr_str encoded, fr_str *rest);
/* The hashers, by name; NULL ends them. For messages. */
const fr_hash *fr_hash_at(size_t i);

/* ---- parts of hashers ---- */

/* Letters and digits at random. false: the system gives no random bytes. */
bool fr_salt_make(char *out, size_t chars);
bool fr_salt_is_short(fr_str salt);
/* The piece in front of the next $. false: there is no $. */
bool fr_hash_cut(fr_str *rest, fr_str *piece);
/* Whether a piece is a number from 1 to max. */
bool fr_hash_number(fr_str piece, uint64_t max, uint64_t *out);
/* Base64 of `bytes` and a text, in constant time. */
bool fr_hash_is(const uint8_t *bytes, size_t n, fr_str base64);

extern const fr_hash fr_hash_pbkdf2_sha256, fr_hash_pbkdf2_sha1, fr_hash_argon2, fr_hash_scrypt,
    fr_hash_bcrypt_sha256, fr_hash_bcrypt, fr_hash_md5, fr_hash_sha1, fr_hash_unsalted_md5,
    fr_hash_unsalted_sha1;
#endif
