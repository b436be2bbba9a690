/*
 * The secret that what this server gives out is signed with: Django's SECRET_KEY, and older ones that what was signed before is
 * still checked with (SECRET_KEY_FALLBACKS). With the same secret as a Django beside it, sessions of one are good at the other.
 *
 * A secret is never an argument of the command line, where every user of the machine reads it. Where it comes from, the first
 * that there is: the file of --secret-key-file, the variable FRESHET_SECRET_KEY, the systemd credential "secret-key", a file
 * beside the database that is made at the first start. Each holds one secret a line, the one that signs first.
 */
#ifndef FR_AUTH_SECRET_H
#define FR_AUTH_SECRET_H
#include <freshet/base.h>

enum {
    FR_SECRETS_MAX = 16, /* the one that signs, and older ones */
    FR_SECRET_BYTES_MAX = 4096
};

typedef struct fr_secrets {
    fr_str keys
        [FR_SECRETS_MAX]; /* the first one signs; owned by the arena, and cleared when that ends */
    size_t count;
    const char *source; /* for the log: which of the places; never the secret */
} fr_secrets;

typedef struct fr_secret_places {
    const char *file;   /* of --secret-key-file; NULL: none */
    const char *beside; /* the path of the file that is made and kept; NULL: none can be */
} fr_secret_places;

/* Read the secrets, or make one. One that cannot be kept is for this run only, and warned of. Forget nothing of the environment.
 * Errors: FR_EINVAL (a file that others can write, or that is not there, empty or too long), FR_EIO, FR_ENOMEM; each with one
 * line in error, which names the place and never what stands there. */
fr_err fr_secrets_read(fr_secrets *out, const fr_secret_places *places, fr_arena *arena,
                       char error[512]);
#endif
