/*
 * CSRF as Django's middleware does it: what changes something and comes with a session must show that it knows the secret in the
 * csrftoken cookie, which pages of other sites cannot read. The secret stands in a form or a header, as it is or masked: a
 * masked one is another text each time, so that compressed pages do not tell it (BREACH).
 *
 * All of it on plain inputs; neither suspends nor touches a socket.
 */
#ifndef FR_AUTH_CSRF_H
#define FR_AUTH_CSRF_H
#include <freshet/base.h>

enum { FR_CSRF_SECRET = 32, FR_CSRF_TOKEN = 64 };

/* Origins that are trusted, as CSRF_TRUSTED_ORIGINS: each with its scheme; a star that begins the host stands for the host behind
 * it and all beneath. */
typedef struct fr_csrf_origins {
    const fr_str *list;
    size_t count;
} fr_csrf_origins;

/* Read a list, separated by commas. Errors: FR_EINVAL (one without a scheme) with one line in error, FR_ENOMEM. */
fr_err fr_csrf_origins_read(fr_csrf_origins *out, fr_arena *arena, const char *text,
                            char error[256]);

/* A request as the check sees it. Texts with p NULL are not there; an empty one is. */
typedef struct fr_csrf_asked {
    fr_str method;
    fr_str host; /* with its port */
    bool is_secure;
    fr_str origin, referer;
    fr_str cookie;           /* csrftoken */
    fr_str header;           /* X-CSRFToken */
    const char *header_name; /* as it is told: "X-Csrftoken" */
    /* The field csrfmiddlewaretoken of the form; asked only of POST, and only if all else is good. NULL: there is none. */
    fr_str (*form)(void *arg);
    void *arg;
    const fr_csrf_origins *trusted;
    fr_str cookie_domain; /* n = 0: the host; what a Referer over https is held against */
} fr_csrf_asked;

typedef struct fr_csrf_verdict {
    bool is_good;
    bool is_cookie_bad; /* none that was ever given: the answer sets a new one */
    fr_str reason; /* of one that is not good: "CSRF token missing."; in the arena, or a literal */
} fr_csrf_verdict;

/* Errors: FR_ENOMEM (it is not good then). */
fr_err fr_csrf_check(fr_arena *arena, const fr_csrf_asked *asked, fr_csrf_verdict *out);

/* GET, HEAD, OPTIONS, TRACE. */
bool fr_csrf_is_exempt(fr_str method);

/* A new secret, of A-Z a-z 0-9. */
void fr_csrf_secret_new(char out[FR_CSRF_SECRET]);
/* The secret masked, another text each time. */
void fr_csrf_mask(const char secret[FR_CSRF_SECRET], char out[FR_CSRF_TOKEN]);
/* The secret of a cookie or token, which is as it is or masked; false: it is neither. */
bool fr_csrf_unmask(fr_str token, char out[FR_CSRF_SECRET]);
#endif
