/*
 * freshet/auth.h: who asks. An application declares by which ways its users tell who they are; what they may do stands with
 * the viewsets.
 */
#ifndef FRESHET_AUTH_H
#define FRESHET_AUTH_H

#include <freshet/http.h>
#include <freshet/model.h>

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

/* ---- sessions ---- */

/** Where what a session holds is kept. */
typedef enum fr_session_engine {
    FR_SESSIONS_DATABASE, /* rows of django_session; the cookie is a random key */
    FR_SESSIONS_COOKIE /* the cookie is all of it, signed: readable for who has it, and ended by its age alone */
} fr_session_engine;

/** Django's SESSION_… settings. Zero is Django's default of every member. */
typedef struct fr_sessions {
    fr_session_engine engine;
    const char *cookie; /* NULL: "sessionid" */
    const char *domain; /* NULL: the host that was asked, and none beneath it */
    const char *path;   /* NULL: "/" */
    int64_t age_s;      /* 0: 1,209,600, two weeks */
    bool ends_with_browser;
    bool is_sliding;     /* each request begins the age anew: SESSION_SAVE_EVERY_REQUEST */
    bool is_secure;      /* over https only; set by itself when the request came so */
    bool is_for_scripts; /* no HttpOnly */
    fr_same_site same_site;
    void *reserved_[4];
} fr_sessions;

/** Django's CSRF_… settings. Zero is Django's default of every member. */
typedef struct fr_csrf {
    const char *cookie; /* NULL: "csrftoken" */
    const char *domain, *path;
    int64_t age_s;     /* 0: 31,449,600, 52 weeks; below 0: until the browser ends */
    bool is_secure;    /* as above */
    bool is_http_only; /* scripts may not read it: then they need fr_csrf_token in the page */
    fr_same_site same_site;
    const char *header; /* NULL: "X-CSRFToken" */
    /* Pages of other origins that may write with a session: "https://a.example". A star
     * that begins the host stands for it and all beneath it. */
    const char *trusted_origins;
    void *reserved_[4];
} fr_csrf;

#ifdef __cplusplus
}
#endif
#endif
