/*
 * The keys of this process: of a file that is read again when it changes, or the secrets. Whoever checks a token holds the keys for as
 * long as that takes. Any thread.
 */
#ifndef FR_AUTH_JWT_KEYS_H
#define FR_AUTH_JWT_KEYS_H
#include "auth/jwt.h"
#include "auth/secret.h"

typedef struct fr_jwt_key_source {
    const char *file; /* PEM or JWKS; NULL: the secrets */
    fr_jwt_alg alg;   /* of the secrets */
    const fr_secrets *secrets;
} fr_jwt_key_source;

/* Errors: FR_EINVAL with one line in error, FR_ENOMEM. */
fr_err fr_jwt_keys_open(const fr_jwt_key_source *from, char error[512]);
void fr_jwt_keys_close(void);
/* Never NULL once open. A file is looked at once a second; one that cannot be read leaves the keys as they are, with a warning. */
const fr_jwt_keys *fr_jwt_keys_hold(void);
/* Another number when the keys are others: what the old ones have let in is to be checked anew. The file is looked at as above. */
uint64_t fr_jwt_keys_number(void);
void fr_jwt_keys_let_go(const fr_jwt_keys *keys);
#endif
