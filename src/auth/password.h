/*
 * Passwords, stored as Django stores them: ALGORITHM$…; all its hashers of today, and their older parameters. Hashing takes some
 * 100 ms of a core, so it runs on a pool of its own: half the cores, 64 waiting, then FR_EBUSY. Passwords are cleared from
 * memory that is ours when they have been used.
 */
#ifndef FR_AUTH_PASSWORD_H
#define FR_AUTH_PASSWORD_H
#include "net/wait.h"

enum {
    FR_PASSWORD_TEXT =
        129, /* of an encoded one, with the 0 that ends it: the column's varchar(128) */
    FR_PASSWORD_BYTES = 4096, /* of a password; a longer one is refused unhashed (CVE-2013-1443) */
    FR_PASSWORD_WAITING = 64, /* for a thread of the pool */
    FR_PASSWORD_RETRY_S = 5   /* Retry-After of who is refused then */
};

/* The algorithms, by the names that encoded passwords begin with. */
typedef struct fr_hashing {
    const char *algorithm; /* of new passwords: "pbkdf2_sha256" (NULL), "argon2", "scrypt", … */
    bool takes_weak;       /* md5 and sha1 are checked, too; else they always fail */
} fr_hashing;

/* Start the pool, once in a process; before that hashing runs on the caller's thread. Errors: FR_EINVAL (no such algorithm, or
 * this system's libraries lack it), FR_ENOMEM, FR_EIO. */
fr_err fr_passwords_open(const fr_hashing *hashing);
/* End its threads: what waits is run first. Before the loops end, as fr_db_stop. Again is fine. */
void fr_passwords_close(void);

/* All of these suspend, for as long as a hash takes. Errors: FR_EBUSY (64 wait already), FR_ECANCELED, FR_ETIMEOUT, FR_ENOMEM. */

/* Is it the password? *outdated: it is, and its hash was not made as new ones are. A password over FR_PASSWORD_BYTES, or an
 * encoded one that is unusable or unknown, is wrong, without an error and after the time of a hash. */
fr_err fr_password_check(fr_ctx *ctx, fr_str encoded, fr_str password, bool *ok, bool *outdated);
/* The encoded form of a new password. Errors: FR_ETOOBIG too. */
fr_err fr_password_make(fr_ctx *ctx, fr_str password, char out[FR_PASSWORD_TEXT]);
/* The time of a check, for a user that is not there. */
fr_err fr_password_waste(fr_ctx *ctx, fr_str password);

/* One that no password opens: "!" and 40 random letters. */
void fr_password_unusable(char out[FR_PASSWORD_TEXT]);
bool fr_password_is_usable(fr_str encoded);
#endif
