/*
 * freshet/auth.h: who asks. An application declares by which ways its users tell who they are; what they may do stands with
 * the viewsets.
 */
#ifndef FRESHET_AUTH_H
#define FRESHET_AUTH_H

#include <freshet/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A way in which a request says whose it is. Made by the library; an application names those that it takes. */
typedef struct fr_authenticator {
    const char *name; /* as its class in Django REST framework: "TokenAuthentication" */
    void *reserved_[4];
} fr_authenticator;

/* Authorization: Token <key>; the session cookie; user name and password; a signed token. */
FR_API extern const fr_authenticator fr_token_auth, fr_session_auth, fr_basic_auth, fr_jwt_auth;

/** Ways in, with the NULL that ends them, the first one first: .authentication = FR_AUTHENTICATORS(&fr_token_auth). */
#define FR_AUTHENTICATORS(...) ((const fr_authenticator *const[]){__VA_ARGS__, NULL})

#ifdef __cplusplus
}
#endif
#endif
