/*
 * freshet/auth.h: who asks. An application declares by which ways its users tell who they are; what they may do stands with
 * the viewsets.
 */
#ifndef FRESHET_AUTH_H
#define FRESHET_AUTH_H

#include <freshet/model.h>
#include <freshet/net.h>

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

/* ---- users ---- */

/* Here so that the struct and the model, which the library defines, have the same fields in the same order. */
#define FR_USER_FIELDS_                                                                            \
    (ID, id), (CHAR, password, .max_length = 128, .secret = true),                                 \
        (DATETIME, last_login, .null = true, .blank = true, .secret = true),                       \
        (BOOLEAN, is_superuser, .default_ = "false", .secret = true),                              \
        (CHAR, username, .max_length = 150, .unique = true),                                       \
        (CHAR, last_name, .max_length = 150, .blank = true, .default_ = ""),                       \
        (EMAIL, email, .blank = true, .default_ = ""), (BOOLEAN, is_staff, .default_ = "false"),   \
        (BOOLEAN, is_active, .default_ = "true", .secret = true),                                  \
        (DATETIME, date_joined, .default_ = "now", .secret = true),                                \
        (CHAR, first_name, .max_length = 150, .blank = true, .default_ = "")

FR_API extern const fr_model fr_user_model;

/**
 * A user, as Django's: a row of the table auth_user. Other models refer to it, (FOREIGN_KEY(fr_user), owner), and a serializer may
 * name its fields; those that are secret are in no answer, filter, ordering or live frame. Of a user model of one's own
 * (fr_app.user) the fields that it has are here, too, and zero what it has not.
 */
FR_MODEL_DECLARED(fr_user, FR_USER_FIELDS_);

#ifdef __cplusplus
}
#endif
#endif
