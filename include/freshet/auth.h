/*
 * freshet/auth.h: who asks, what he may do, and how often. An application, a route, a viewset and an action declare it; the
 * nearest declaration stands: the action's, else the viewset's, the route's, that of the include around it, the application's.
 *
 *     static const fr_viewset notes = {.model = &note_model, .permissions = FR_PERMISSIONS(&fr_authenticated_or_read_only)};
 *
 * Requests, live URLs and consumers' sockets are asked alike.
 */
#ifndef FRESHET_AUTH_H
#define FRESHET_AUTH_H

#include <freshet/http.h>
#include <freshet/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- users ---- */

/* Here so that the struct and the model, which the library defines, have the same fields in the same order. */
#define FR_USER_FIELDS_                                                                            \
    (ID, id, .narrow = true), (CHAR, password, .max_length = 128, .secret = true),                 \
        (DATETIME, last_login, .null = true, .blank = true, .secret = true),                       \
        (BOOLEAN, is_superuser, .default_ = "false", .secret = true),                              \
        (CHAR, username, .max_length = 150, .unique = true),                                       \
        (CHAR, last_name, .max_length = 150, .blank = true, .default_ = ""),                       \
        (EMAIL, email, .blank = true, .default_ = ""), (BOOLEAN, is_staff, .default_ = "false"),   \
        (BOOLEAN, is_active, .default_ = "true", .secret = true),                                  \
        (DATETIME, date_joined, .default_ = "now", .secret = true),                                \
        (CHAR, first_name, .max_length = 150, .blank = true, .default_ = "")

/** The model of fr_user: for .user of an application, and for viewsets and serializers of users. */
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
    /* By which of Django's back ends users are logged in; sessions of others are nobody's. NULL: ModelBackend */
    const char *backend;
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
    bool
        is_in_session; /* the secret is a value of the session, and there is no cookie: CSRF_USE_SESSIONS */
    void *reserved_[3];
} fr_csrf;

/**
 * A value of the session of who asks.
 *
 * @param p     fr_req, fr_sock or fr_ctx of a handler
 * @param name  of the value
 * @param json  out: JSON; p NULL: there is none of that name
 *
 * Errors:   FR_EINTERNAL (nobody asks here), those of a read
 * Owner:    the event's arena
 * Thread:   the caller's loop
 * Suspends: at the first call of an event whose session was not read yet
 * Cost:     a look through its values
 * Source:   Django's request.session, Channels' scope["session"]
 */
#define fr_session_get(p, name, json) fr_session_get_((p)->ctx, (name), (json))
FR_API fr_err fr_session_get_(fr_ctx *ctx, fr_str name, fr_str *json);
/**
 * Set a value of the session of who asks; who has none gets one.
 *
 * @param p     fr_req, not answered yet, or fr_sock
 * @param name  of the value; those of Django begin with an underscore
 * @param json  JSON; p NULL: the value is removed. All values together are 1 MiB at most, in a signed cookie 4 KiB
 *
 * Errors:   FR_EINVAL (no JSON; the session was ended meanwhile), FR_ETOOBIG, FR_EINTERNAL, those of a write
 * Owner:    copied
 * Thread:   the caller's loop
 * Suspends: until it is on disk
 * Cost:     a write for each call
 */
#define fr_session_set(p, name, json) fr_session_set_((p)->ctx, (name), (json))
FR_API fr_err fr_session_set_(fr_ctx *ctx, fr_str name, fr_str json);
/**
 * Say how long the session of who asks lasts.
 *
 * @param p        fr_req, not answered yet, or fr_sock
 * @param seconds  from each change on, 1,000 years at most; 0: until the browser ends; below 0: as fr_app.sessions says
 *
 * Errors:   as fr_session_set
 * Owner:    nothing is kept
 * Thread:   the caller's loop
 * Suspends: until it is on disk
 * Cost:     a write
 * Source:   Django's set_expiry
 */
#define fr_session_expire(p, seconds) fr_session_expire_((p)->ctx, (seconds))
FR_API fr_err fr_session_expire_(fr_ctx *ctx, int64_t seconds);
/**
 * Whether the session of who asks ends with the browser.
 *
 * @param p       as in fr_session_get
 * @param closes  out
 *
 * Errors:   as fr_session_get
 * Thread:   the caller's loop
 * Suspends: as fr_session_get
 * Cost:     a look through its values
 * Source:   Django's get_expire_at_browser_close
 */
#define fr_session_closes(p, closes) fr_session_closes_((p)->ctx, (closes))
FR_API fr_err fr_session_closes_(fr_ctx *ctx, bool *closes);

/**
 * A CSRF token for a page: for a form's field csrfmiddlewaretoken, or for scripts to send as X-CSRFToken. The answer sets the cookie
 * that it is held against.
 *
 * @param req  not answered yet
 *
 * Errors:   p NULL: memory is out, or the request is answered
 * Owner:    the request's arena
 * Thread:   the request's loop
 * Cost:     a header; it is masked anew each time, so that compressed pages do not tell it
 * Source:   django.middleware.csrf.get_token
 */
FR_API fr_str fr_csrf_token(fr_req *req);
/**
 * Let a request through that a page of ours has sent: Django's csrf_protect, for handlers that change something and are not guarded by
 * fr_session_auth, such as a login. GET, HEAD, OPTIONS and TRACE pass.
 *
 * @param req  not answered yet
 *
 * Errors:   FR_EDENIED with the reason: return it; FR_ENOMEM
 * Owner:    nothing is kept
 * Thread:   the request's loop
 * Cost:     some headers; of POST the form
 */
FR_API fr_err fr_csrf_protect(fr_req *req);

/**
 * Who asks.
 *
 * @param p  fr_req, fr_sock, fr_ctx or fr_asker, of a handler or a function that it calls
 *
 * @return NULL: nobody
 *
 * Owner:    the event's arena
 * Thread:   the caller's
 * Suspends: at the first call of a handler that is asked for nothing (a page): then the database may be asked
 * Cost:     a read
 */
#define fr_user_of(p) fr_user_of_((p)->ctx)
FR_API const fr_user *fr_user_of_(fr_ctx *ctx);
/** The name of the authenticator that knew the user: "TokenAuthentication"; n = 0: nobody is known. Otherwise as fr_user_of. */
#define fr_authenticated_by(p) fr_authenticated_by_((p)->ctx)
FR_API fr_str fr_authenticated_by_(fr_ctx *ctx);

/* ---- the asker ---- */

/** Whoever asks, as authenticators, permissions and throttles see him: of a request, or of the handshake of a socket. */
typedef struct fr_asker {
    fr_ctx *ctx;           /* first, so that fr_user_of and its kin take it */
    fr_str method;         /* "GET"; of sockets too */
    const fr_model *model; /* of the viewset that is asked; NULL: of none */
    bool is_socket;
    struct fr_asking *private_;
} fr_asker;

/** Whether nothing is changed by this method: GET, HEAD and OPTIONS. p: fr_req or fr_asker. */
#define fr_is_safe(p) fr_method_is_safe((p)->method)
FR_API bool fr_method_is_safe(fr_str method);
/** A header (name in lower case), as fr_req_header; p NULL: absent. Borrowed until the handler returns. */
FR_API fr_str fr_asker_header(const fr_asker *who, fr_str name);
/** A cookie, as fr_req_cookie. */
FR_API fr_str fr_asker_cookie(const fr_asker *who, fr_str name);
/** A parameter of the query, as fr_req_query. Query strings are logged, kept in histories and handed on: what stands there is no secret. */
FR_API fr_str fr_asker_query(const fr_asker *who, fr_str name);
/** An argument of the path, as fr_req_arg. */
FR_API fr_str fr_asker_argument(const fr_asker *who, fr_str name);
/** The client of "Who asks" in docs/reference.md: its address, as fr_req_client. */
FR_API fr_str fr_asker_client(const fr_asker *who);

/* ---- authenticators ---- */

/** A way in which an asker may tell who he is. An application names those that it takes; one of its own is such a struct. */
typedef struct fr_authenticator fr_authenticator;
struct fr_authenticator {
    const char *name; /* as its class in Django REST framework: "TokenAuthentication" */
    /*
     * DRF's authenticate(). It calls fr_asker_is if it knows the user. FR_OK without that: it has nothing to say, the next
     * one is asked.
     *
     * Errors:   FR_EAUTH by fr_fail (what was shown is wrong: 401, or 403 where there is no challenge), FR_EDENIED (403
     *           whatever there is); others are the answer as they are
     * Thread:   the request's loop
     * Suspends: if it asks the database
     */
    fr_err (*find)(fr_asker *who, const fr_authenticator *self);
    /* The scheme of Authorization: "Token", "Bearer"; WWW-Authenticate is made of it and of the realm. NULL: there is no
     * challenge, and where this authenticator is the first one 401 becomes 403. */
    const char *keyword;
    const char *realm; /* NULL: none is told */
    void *reserved_[4];
};

/* Authorization: Token <key>; the session cookie, with Django's CSRF check; user name and password (realm "api"); a signed
 * token. */
FR_API extern const fr_authenticator fr_token_auth, fr_session_auth, fr_basic_auth, fr_jwt_auth;

/* The header Remote-User, of a proxy that --trust-proxy names; of others it is not looked at. */
FR_API extern const fr_authenticator fr_remote_user_auth;
/**
 * The .find of fr_token_auth, for one with another keyword:
 * {.name = "BearerAuthentication", .find = fr_find_token, .keyword = "Bearer"}
 *
 * Errors:   FR_EAUTH (with DRF's words), those of a read of the database
 * Thread:   the request's loop
 * Suspends: if the database is slow
 * Cost:     one statement, if a token is shown
 */
FR_API fr_err fr_find_token(fr_asker *who, const fr_authenticator *self);

/** Ways in, with the NULL that ends them, the first one first: .authentication = FR_AUTHENTICATORS(&fr_token_auth).
 *  FR_NOBODY: none, so that everybody is nobody. */
#define FR_AUTHENTICATORS(...) ((const fr_authenticator *const[]){__VA_ARGS__, NULL})
#define FR_NOBODY ((const fr_authenticator *const[]){NULL})

/**
 * Say who asks; in an authenticator's .find.
 *
 * @param who    as given
 * @param user   borrowed; lives as long as the event's arena. Where permissions are asked for, the user of that name has them
 *
 * Thread:   the request's loop
 * Cost:     a write
 */
FR_API void fr_asker_is(fr_asker *who, const fr_user *user);

/**
 * A handler that gives who asks a ticket for a socket: {"api/ws-ticket/", .handler = fr_ws_ticket, .methods = "POST"} answers
 * {"ticket":"…","expires_in":30}, and the handshake shows it as ?ticket=…, once. For pages that can give a handshake no header.
 *
 * @param req  of a route; who asks has to be known
 *
 * Errors:   FR_EAUTH (nobody is known), FR_EBUSY (100,000 tickets are good now), FR_ENOMEM, those of fr_reply_json
 * Thread:   the request's loop
 * Suspends: as fr_user_of
 * Cost:     16 random bytes, and a lock that all workers share
 */
FR_API fr_err fr_ws_ticket(fr_req *req);

/* ---- permissions ---- */

typedef struct fr_permission fr_permission;
/**
 * Who may do it. .view is asked of every request before its object is looked for, .object of the object when it has been
 * found, and of writes again within their transaction, of the row that is changed. A list asks .view alone: which rows it has
 * is for .visible. NULL permits.
 */
struct fr_permission {
    const char *name;
    /*
     * Errors:   FR_EDENIED refuses: 401 if nobody is known (403 where there is no challenge), else 403, with .message or the
     *           text of fr_fail; FR_ENOTFOUND: 404. Others are the answer as they are
     * Thread:   the request's loop; of .object the writer's thread too: what it asks the database there is the transaction's
     * Suspends: if it asks the database
     */
    fr_err (*view)(fr_asker *who);
    fr_err (*object)(fr_asker *who, const void *row); /* row: a struct of who->model */
    const char *message; /* NULL: "You do not have permission to perform this action." */
    const char *json;    /* the whole body in place of a message: "{\"reason\":\"…\"}" */
    /* An object that may not be read is 404, and one that may be read but not changed 403: as DjangoObjectPermissions. */
    bool hides;
    bool needs_model; /* it asks for who->model, so that it cannot stand where there is none */
    /* Of others: fr_any_of, fr_all_of and fr_not make these. */
    int8_t how; /* 0: of none; '|', '&', '!' */
    const fr_permission *const *of;
    void *reserved_[3];
};

/** Permissions, with the NULL that ends them; each has to permit: .permissions = FR_PERMISSIONS(&fr_is_authenticated). */
#define FR_PERMISSIONS(...) ((const fr_permission *const[]){__VA_ARGS__, NULL})
/* As DRF composes them with |, & and ~: what is refused so has DRF's words, as a composition has no message. fr_not of an object is
 * refused where what it negates has no .object, as there. */
#define fr_any_of(...)                                                                             \
    (&(const fr_permission){.name = "any", .how = '|', .of = FR_PERMISSIONS(__VA_ARGS__)})
#define fr_all_of(...)                                                                             \
    (&(const fr_permission){.name = "all", .how = '&', .of = FR_PERMISSIONS(__VA_ARGS__)})
#define fr_not(one) (&(const fr_permission){.name = "not", .how = '!', .of = FR_PERMISSIONS(one)})

/* Everybody; who is known; who is staff; who is known, and others may read. */
FR_API extern const fr_permission fr_allow_any, fr_is_authenticated, fr_is_admin,
    fr_authenticated_or_read_only;

/* Django's model permissions: add_, change_ and delete_ of the viewset's model for POST, for PUT and PATCH, and for DELETE; the
 * second lets anybody read; the third asks view_ of who reads. */
FR_API extern const fr_permission fr_model_permissions, fr_model_permissions_or_read_only,
    fr_model_permissions_with_view;

/* ---- throttles ---- */

typedef struct fr_throttle fr_throttle;
/** How often. As DRF's: who was let in is remembered for the period, who was refused is not. */
struct fr_throttle {
    /* Throttles of one scope count together. Its rate stands in fr_app.rates, unless there is one here. */
    const char *scope;
    const char *rate; /* "5/min", "2/day"; the period may have a number: "2/3s" */
    bool
        of_anonymous; /* users are not counted; else they are, by their key, and others by their address */
    bool of_addresses; /* users too are counted by their address */
    /* Your own: *key is what is counted, n = 0: this asker is not. Errors end the request. */
    fr_err (*key)(fr_asker *who, fr_str *key);
    void *reserved_[3];
};

/* Of nobody known, with the scope "anon"; of everybody, with the scope "user". A scope of your own: {.scope = "burst"}. */
FR_API extern const fr_throttle fr_anon_throttle, fr_user_throttle;
/** Throttles, with the NULL that ends them; each counts: .throttles = FR_THROTTLES(&fr_anon_throttle, &fr_user_throttle). */
#define FR_THROTTLES(...) ((const fr_throttle *const[]){__VA_ARGS__, NULL})

/* ---- login, logout, tokens ---- */

/**
 * Whose name and password these are, as Django's ModelBackend judges.
 *
 * @param p         fr_req, fr_sock or fr_ctx
 * @param name      what users log in with, as it was typed
 * @param password  the same; over 4,096 bytes it is wrong
 * @param user      out; NULL: an unknown name, a wrong password, an inactive user. Which of them is not told, nor by the time
 *
 * Errors:   FR_EBUSY (too many passwords are being checked), those of a read
 * Owner:    the event's arena
 * Thread:   the caller's loop
 * Suspends: while the password is hashed, some 100 ms, on a thread of its own
 * Cost:     a statement and a hash
 * Source:   django.contrib.auth.authenticate
 */
#define fr_authenticate(p, name, password, user)                                                   \
    fr_authenticate_((p)->ctx, (name), (password), (user))
FR_API fr_err fr_authenticate_(fr_ctx *ctx, fr_str name, fr_str password, const fr_user **user);

/**
 * Log a user in: from now on whoever asks is known by the session. Its key is a new one; what an anonymous one held stays in it,
 * another user's is left behind. The CSRF secret is a new one, too.
 *
 * On a socket it is the socket that the user stays with, until it is closed: a browser is told another cookie by an answer alone, so
 * by a login within connect, before fr_accept. The consumer has fr_session_auth among its .authentication.
 *
 * @param p     fr_req, not answered yet, or fr_sock
 * @param user  of fr_authenticate, or of whoever else you trust to know who asks
 *
 * Errors:   FR_EINTERNAL (nobody asks here), FR_ENOTFOUND (the user has gone), FR_EINVAL (user is NULL), those of a write
 * Owner:    nothing is kept
 * Thread:   the caller's loop
 * Suspends: until the session is on disk
 * Cost:     a statement and a write; that of last_login is not waited for
 * Source:   django.contrib.auth.login
 */
#define fr_login(p, user) fr_login_((p)->ctx, (user))
FR_API fr_err fr_login_(fr_ctx *ctx, const fr_user *user);
/**
 * Log out: the session of who asks is ended, with all that it held, and nobody asks from now on. His other sockets that came with it
 * are closed with 4401 within a second; the one that it is called on stays open, as nobody's.
 *
 * @param p  fr_req, not answered yet, or fr_sock
 *
 * Errors:   FR_EINTERNAL (nobody asks here), those of a write
 * Thread:   the caller's loop
 * Suspends: until it is on disk; who has no session has nothing written
 * Cost:     a write
 * Source:   django.contrib.auth.logout
 */
#define fr_logout(p) fr_logout_((p)->ctx)
FR_API fr_err fr_logout_(fr_ctx *ctx);

/**
 * A handler: a page with a form for name and password, and the login that it asks for:
 * {"api-auth/login/", .handler = fr_login_page, .methods = "GET,POST"}. It leads on to ?next=, if that is on this host, else to "/".
 *
 * @param req  as given
 *
 * Errors:   FR_EDENIED (CSRF), those of fr_authenticate and fr_login
 * Thread:   the request's loop
 * Suspends: as fr_authenticate and fr_login
 * Cost:     a page, or a login
 * Source:   rest_framework.urls
 */
FR_API fr_err fr_login_page(fr_req *req);
/**
 * A handler of POST: the logout behind it leads on as that of fr_login_page.
 *
 * @param req  as given
 *
 * Errors:   FR_EDENIED (CSRF), FR_EMETHOD, those of fr_logout
 * Thread:   the request's loop
 * Suspends: as fr_logout
 * Cost:     a logout
 * Source:   rest_framework.urls
 */
FR_API fr_err fr_logout_page(fr_req *req);

/* ---- JSON Web Tokens ---- */

/** djangorestframework-simplejwt's settings. Zero is its default of every member, but for the leeway. */
typedef struct fr_jwt {
    /* A file with the keys: PEM, or a JWKS; it is read again when it changes. The first private key in it signs, and the algorithm is that
     * of the key: RS256, ES256, EdDSA, of a JWKS HS256 too. NULL: the secret key signs. */
    const char *keys;
    const char *algorithm;  /* of the secret key: "HS256" (NULL), "HS384", "HS512" */
    int64_t access_s;       /* how long an access or sliding token is good; 0: 300 */
    int64_t refresh_s;      /* a refresh token; 0: 86,400, a day */
    bool rotates;           /* a refresh gives a new refresh token, too */
    bool gives_up;          /* and the old one is good no longer: BLACKLIST_AFTER_ROTATION */
    bool notes_login;       /* a token is a login: last_login */
    const char *user_claim; /* NULL: "user_id" */
    const char *issuer,
        *audience;    /* of new tokens, and asked of those that are shown; NULL: none */
    int64_t leeway_s; /* that clocks may differ; 0: 30 */
    void *reserved_[4];
} fr_jwt;

/** What the token of who asks says of a claim: a string's text, other JSON as it is spelled; p NULL: nothing, or there is no JWT. Borrowed until
 *  the handler returns. p: fr_req or fr_ctx. */
#define fr_claim_of(p, name) fr_claim_of_((p)->ctx, (name))
FR_API fr_str fr_claim_of_(fr_ctx *ctx, fr_str name);

/* ---- users from a program ---- */

/**
 * A user by what he logs in with.
 *
 * @param p     fr_req, fr_sock, fr_ctx or fr_asker
 * @param name  compared exactly
 * @param user  out; NULL: there is none of that name. One who is not active is found, too: ask user->is_active
 *
 * Errors:   FR_EINTERNAL (the application has no users), those of a read
 * Owner:    the event's arena
 * Thread:   the caller's loop
 * Suspends: as a read does
 * Cost:     a statement
 */
#define fr_user_named(p, name, user) fr_user_named_((p)->ctx, (name), (user))
FR_API fr_err fr_user_named_(fr_ctx *ctx, fr_str name, const fr_user **user);
/**
 * The user of a token, as it stands behind `Authorization: Token`. Where an authenticator goes on to say that it is him who asks
 * (fr_asker_is), sockets are closed when the token is taken away.
 *
 * @param p     as fr_user_named
 * @param key   as it was shown; n = 0: none
 * @param user  out; NULL: there is no such token. One who is not active is found, too
 *
 * Errors:   as fr_user_named
 * Owner:    the event's arena
 * Thread:   the caller's loop
 * Suspends: as a read does
 * Cost:     a statement
 */
#define fr_user_with_token(p, key, user) fr_user_with_token_((p)->ctx, (key), (user))
FR_API fr_err fr_user_with_token_(fr_ctx *ctx, fr_str key, const fr_user **user);

/**
 * Make a user.
 *
 * @param p         of the caller
 * @param user      what the struct gives, as in &(fr_user){.username = …, .is_staff = true}, or what FR_SET has set; all else has its
 *                  default (active, joined now). Filled with what was stored. The domain of .email is kept in small letters
 * @param password  p NULL: none, and no password opens the account. How good it is is not judged: fr_password_faults does that
 *
 * Errors:   FR_EINVAL (a field that a serializer would refuse), FR_ECONFLICT (there is one of this name), FR_ETOOBIG (a password
 *           over 4,096 bytes), FR_EBUSY (too many are being hashed), FR_EINTERNAL (the application has no users)
 * Owner:    texts in user are the event's arena's
 * Thread:   the caller's loop
 * Suspends: for as long as a hash and a write take; not within fr_atomic
 * Cost:     some 200 ms of a core, on the threads for passwords
 * Source:   UserManager.create_user; names are kept as they are given, not normalised
 */
#define fr_user_create(p, user, password) fr_user_create_((p)->ctx, (user), (password))
FR_API fr_err fr_user_create_(fr_ctx *ctx, fr_user *user, fr_str password);

/**
 * Give a user another password. His sessions end with it, at Django too, as they are bound to the old one; tokens stay.
 *
 * @param p         of the caller
 * @param user      of fr_user_of, fr_user_create, or read by the program
 * @param password  p NULL: no password opens the account any more
 *
 * Errors:   FR_ENOTFOUND (the user has gone); others as fr_user_create
 * Thread:   the caller's loop
 * Suspends: as fr_user_create
 * Cost:     as fr_user_create
 */
#define fr_set_password(p, user, password) fr_set_password_((p)->ctx, (user), (password))
FR_API fr_err fr_set_password_(fr_ctx *ctx, const fr_user *user, fr_str password);

/**
 * Is it the user's password?
 *
 * @param p         of the caller
 * @param user      as fr_set_password
 * @param password  over 4,096 bytes it is wrong
 * @param is_right  filled
 *
 * Errors:   FR_EBUSY (too many are being checked)
 * Thread:   the caller's loop
 * Suspends: for as long as a hash takes; not within fr_atomic
 * Cost:     as the user's hash; the same for right and wrong
 */
#define fr_check_password(p, user, password, is_right)                                             \
    fr_check_password_((p)->ctx, (user), (password), (is_right))
FR_API fr_err fr_check_password_(fr_ctx *ctx, const fr_user *user, fr_str password, bool *is_right);

/**
 * What Django's validators say of a new password: too short (8 characters), like the user's name or email, one of 20,000 common
 * ones, all digits.
 *
 * @param p         of the caller
 * @param user      NULL: nobody's yet
 * @param password  as it was chosen
 * @param faults    filled: a JSON array of texts; "[]": it is good
 *
 * Errors:   FR_ENOMEM
 * Owner:    the event's arena
 * Thread:   any
 * Cost:     some 20 µs
 */
#define fr_password_faults(p, user, password, faults)                                              \
    fr_password_faults_((p)->ctx, (user), (password), (faults))
FR_API fr_err fr_password_faults_(fr_ctx *ctx, const fr_user *user, fr_str password,
                                  fr_str *faults);

/**
 * Whether who asks has a permission: his own, or that of one of his groups. A superuser has all, who is inactive none.
 *
 * @param p     as fr_user_of
 * @param code  "tracker.add_ticket": the application's label, what may be done, the model
 *
 * @return false also where the database does not answer
 *
 * Thread:   the caller's loop
 * Suspends: at the first call of a request, which reads them all
 * Cost:     three statements at the first call, then a search
 */
#define fr_has_perm(p, code) fr_has_perm_((p)->ctx, fr_str_c(code))
FR_API bool fr_has_perm_(fr_ctx *ctx, fr_str code);

/**
 * The user's token for `Authorization: Token …`: the one that there is, or a new one.
 *
 * @param p     of the caller
 * @param user  as fr_set_password
 * @param key   filled: 40 digits
 *
 * Errors:   FR_ECONFLICT (the user has gone), FR_EINTERNAL (the application has no users), those of a write
 * Owner:    key is the event's arena's
 * Thread:   the caller's loop
 * Suspends: until it is on disk
 * Cost:     a statement, or two and a write
 */
#define fr_token_create(p, user, key) fr_token_create_((p)->ctx, (user), (key))
FR_API fr_err fr_token_create_(fr_ctx *ctx, const fr_user *user, fr_str *key);
/**
 * Take the user's token away: who shows it from now on is refused. That there is none is fine.
 *
 * @param p     of the caller
 * @param user  as fr_set_password
 *
 * Errors:   FR_EINTERNAL (the application has no users), those of a write
 * Thread:   the caller's loop
 * Suspends: until it is on disk
 * Cost:     a write
 */
#define fr_token_revoke(p, user) fr_token_revoke_((p)->ctx, (user))
FR_API fr_err fr_token_revoke_(fr_ctx *ctx, const fr_user *user);

#ifdef __cplusplus
}
#endif
#endif
