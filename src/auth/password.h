/*
 * Passwords, stored as Django stores them: ALGORITHM$…, by all its hashers of today and with their older parameters. A hash takes
 * some 100 ms of a core, so it is made on a pool of its own: half the cores, 64 waiting, then FR_EBUSY. What is made of a password
 * on the way is cleared.
 */
#ifndef FR_AUTH_PASSWORD_H
#define FR_AUTH_PASSWORD_H
#include "net/wait.h"

enum {
    FR_PASSWORD_TEXT =
        129, /* of an encoded one, with the 0 that ends it: the column's varchar(128) */
    FR_PASSWORD_BYTES = 4096, /* of a password; a longer one is never right (CVE-2013-1443) */
    FR_PASSWORD_WAITING = 64, /* for a thread of the pool */
    FR_PASSWORD_RETRY_S =
        5 /* Retry-After of who is refused then: 64 hashes of 150 ms by two threads */
};

/* All of these suspend for as long as a hash takes. Errors: FR_EBUSY (64 wait already), FR_ECANCELED, FR_ETIMEOUT, FR_ENOMEM. */

/* Is it the password? *outdated: it is, and its hash was not made as new ones are. A password over FR_PASSWORD_BYTES, or an
 * encoded one that is unusable or unknown, is wrong, without an error and after the time of a hash. */
fr_err fr_password_check(fr_ctx *ctx, fr_str encoded, fr_str password, bool *ok, bool *outdated);
/* The encoded form of a new password. Errors: FR_ETOOBIG too. */
fr_err fr_password_make(fr_ctx *ctx, fr_str password, char out[FR_PASSWORD_TEXT]);
/* The time of a check, for a user that is not there. */
fr_err fr_password_waste(fr_ctx *ctx, fr_str password);

/* One that no password opens: "!" and 40 letters at random. false: the system gives no random bytes. */
bool fr_password_unusable(char out[FR_PASSWORD_TEXT]);
bool fr_password_is_usable(fr_str encoded);

/* ---- how they are hashed in this process ---- */

typedef struct fr_hashing {
    const char *
        algorithm; /* of new passwords: "pbkdf2_sha256" (NULL), "argon2", "scrypt", "bcrypt_sha256", … */
    bool takes_weak; /* md5 and sha1 are checked, too; else they are always wrong */
} fr_hashing;

/* Before the server listens. Errors: FR_EINVAL with one line for the user. */
fr_err fr_passwords_use(const fr_hashing *hashing, char error[256]);
/* Start the pool, once in a process; before that hashes are made on the caller's thread. Errors: FR_ENOMEM, FR_EIO. */
fr_err fr_passwords_open(uint32_t threads);
/* What waits is hashed first. Before the loops end, as its threads let their handlers go on. Again is fine. */
void fr_passwords_stop(void);
void fr_passwords_close(void); /* after stop */
#endif
