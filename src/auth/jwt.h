/*
 * JSON Web Tokens (RFC 7515, 7519), signed: what a token says is believed if one of our keys has signed it with the algorithm of that
 * key. The algorithm is fixed by the key and never by the token: "none" is no key's, and a public key is no HMAC secret.
 *
 * All of it on plain inputs. A token is three texts of base64url, each with one spelling; over 8 KiB it is not read at all.
 */
#ifndef FR_AUTH_JWT_H
#define FR_AUTH_JWT_H
#include <freshet/base.h>
#include "base/json.h"

enum { FR_JWT_BYTES_MAX = 8192, FR_JWT_KEYS_MAX = 32 };

/* The names stand in jwt_key.c. */
typedef enum fr_jwt_alg {
    FR_JWT_NONE, /* of no key */
    FR_JWT_HS256,
    FR_JWT_HS384,
    FR_JWT_HS512,
    FR_JWT_RS256,
    FR_JWT_ES256,
    FR_JWT_EDDSA
} fr_jwt_alg;

typedef struct fr_jwt_key {
    fr_jwt_alg alg;
    fr_str id;       /* kid; n = 0: none */
    fr_str secret;   /* of HS…; owned, cleared with the key */
    void *pair;      /* of the others: an EVP_PKEY, owned */
    bool is_private; /* it can sign */
} fr_jwt_key;

/* What tokens are held against; the first that can sign does. */
typedef struct fr_jwt_keys {
    fr_jwt_key at[FR_JWT_KEYS_MAX];
    size_t count;
} fr_jwt_keys;

/* ---- keys: jwt_key.c ---- */

/* "HS256" … "EdDSA"; FR_JWT_NONE: not one of them. */
fr_jwt_alg fr_jwt_alg_of(fr_str name);
const char *fr_jwt_alg_name(fr_jwt_alg alg);

/* Add a secret for HMAC. id: n = 0: none. Errors: FR_EINVAL (another kind of algorithm, too many keys), FR_ENOMEM. */
fr_err fr_jwt_add_secret(fr_jwt_keys *keys, fr_jwt_alg alg, fr_str id, fr_str secret);
/* Add the keys of a text: PEM (one or several), or a JWKS (RFC 7517). An RSA key has 2,048 bits at least, an EC key is of P-256, an OKP key of
 * Ed25519; their algorithm follows from that. Keys of a JWKS that are of another kind or use are passed over, as RFC 7517 says.
 * Errors: FR_EINVAL with one line in error, which never holds the key; FR_ENOMEM. */
fr_err fr_jwt_add_text(fr_jwt_keys *keys, fr_str text, char error[256]);
void fr_jwt_keys_deinit(fr_jwt_keys *keys);

/* Sign, and check a signature, of any bytes. *n: of out, which has room for FR_JWT_SIGNATURE_MAX. */
enum { FR_JWT_SIGNATURE_MAX = 1024 }; /* RSA of 8,192 bits */
fr_err fr_jwt_key_sign(const fr_jwt_key *key, fr_str text, uint8_t *out, size_t *n);
fr_err fr_jwt_key_check(const fr_jwt_key *key, fr_str text, fr_str signature, bool *is_good);

/* ---- tokens: jwt.c ---- */

typedef struct fr_jwt_rules {
    int64_t now_s, leeway_s;
    const char *issuer, *audience; /* NULL: any */
} fr_jwt_rules;

typedef enum fr_jwt_fault {
    FR_JWT_GOOD,
    FR_JWT_INVALID, /* not one of ours, not yet, or not for us */
    FR_JWT_EXPIRED,
} fr_jwt_fault;

/* Judge a token; claims (an object) are there if it is good. Errors: FR_ENOMEM. */
fr_err fr_jwt_read(const fr_jwt_keys *keys, const fr_jwt_rules *rules, fr_arena *arena,
                   fr_str token, fr_json *claims, fr_jwt_fault *fault);
/* A token of these claims, by the first key that can sign. Errors: FR_EINTERNAL (none can), FR_ENOMEM. */
fr_err fr_jwt_make(const fr_jwt_keys *keys, fr_arena *arena, fr_str claims, fr_str *out);

/* A number of a claim in whole seconds; false: it is absent or no number. */
bool fr_jwt_seconds(const fr_json *claims, const char *name, int64_t *out);
#endif
