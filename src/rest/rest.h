/*
 * What the layers above ask of rest, and its core: requests to a viewset as data in, answers as data out. handler.c puts
 * it behind http; the unit tests call it as it is.
 */
#ifndef FR_REST_REST_H
#define FR_REST_REST_H
#include <freshet/rest.h>

#include "auth/guard.h"
#include "base/buf.h"
#include "db/db.h"
#include "http/forms/form.h"
#include "http/router.h"
#include "rest/list.h"
#include "rest/print.h"
#include "rest/version.h"
#include "rest/viewset.h"

/* Where a viewset stands among the routes. */
typedef struct fr_viewset_place {
    fr_str pattern; /* "api/notes/" */
    const fr_viewset *viewset;
    bool any_origin; /* pages of other sites may write, and open sockets */
    fr_version_rule versions;
    uint64_t list_bytes;     /* of a list at most; 0: 1 GiB */
    const char *list_folder; /* as in fr_rest_request; lives as long as the app */
    fr_guard_rule guard;     /* of the route and around it */
    bool accept_then_close;  /* of its sockets */
} fr_viewset_place;

/* What the list and the details at a place are asked by, their sockets too. */
static inline fr_guard_rule fr_rest_guard_rule(const fr_viewset_place *place)
{
    const fr_viewset *v = place->viewset;
    fr_guard_rule own = {v->authentication, v->permissions, v->throttles};
    return fr_guard_within(&place->guard, &own);
}

/* The list at the place's pattern, the details at pattern<str:pk>/, the extra actions, each also with DRF's suffix of a format.
 * Errors: FR_EINVAL with one line for the developer in error, FR_ENOMEM. */
fr_err fr_rest_routes(fr_arena *arena, fr_router *router, const fr_viewset_place *place,
                      char error[256]);
/* The root of a table of viewsets, at the pattern and with a format at its end: "api/", "api/.json". */
typedef struct fr_root_place {
    fr_str pattern;      /* "api/" */
    const fr_str *paths; /* of the viewsets behind it, which live as long as the app */
    size_t count;
    bool any_origin;
    fr_version_rule versions;
    fr_guard_rule guard;
} fr_root_place;
/* Errors: as above. */
fr_err fr_rest_root(fr_arena *arena, fr_router *router, const fr_root_place *place,
                    char error[256]);

/* A plain handler that goes the way of all requests. */
typedef struct fr_handler_place {
    fr_str pattern;
    fr_action action; /* its path is what OPTIONS makes the name of */
    bool any_origin, takes_uploads, takes_raw;
    fr_version_rule versions;
    fr_guard_rule guard;
} fr_handler_place;
/* Errors: as above. */
fr_err fr_rest_handler(fr_arena *arena, fr_router *router, const fr_handler_place *place,
                       char error[256]);

/* Several writes as one. */
typedef struct fr_batch_place {
    fr_str pattern;
    bool any_origin;
    uint32_t requests_max;
    fr_guard_rule guard;
} fr_batch_place;
/* Errors: as above. */
fr_err fr_rest_batch(fr_arena *arena, fr_router *router, const fr_batch_place *place,
                     char error[256]);

struct fr_extra;
struct fr_batch_route;

typedef struct fr_rest_request {
    fr_str method;       /* "GET"; HEAD is answered as GET, http leaves the body out */
    fr_str key;          /* of a detail URL, percent-decoded; p NULL: the list */
    fr_str origin, path; /* "http://host", "/api/notes/": for links */
    fr_str query;        /* raw */
    fr_str accept;       /* p NULL: absent */
    fr_str content_type;
    fr_str if_match, if_none_match, idempotency_key; /* as headers; p NULL: absent */
    fr_str format;                                   /* of the suffix; p NULL: none */
    fr_str host;                                     /* which may name a version */
    fr_version_rule versions;
    const fr_pair *args; /* of the path */
    size_t arg_count;
    bool is_inner; /* the answer becomes a part of another: JSON */
    bool is_held;  /* what a handler answers is not sent, but becomes the answer */
    fr_str body;
    const fr_form_limits *form_limits; /* of a body that is a form; NULL: the usual ones */
    const fr_form *form; /* a form that was read as it came, in place of the body; NULL: none */
    struct fr_uploads *uploads;   /* files that were saved on the way; NULL: none can be */
    const struct fr_extra *extra; /* an extra action, or a plain handler; NULL: the viewset's own */
    const struct fr_batch_route *batch; /* several requests in one; NULL: it is none */
    uint64_t list_bytes;                /* of a list at most; 0: 1 GiB */
    const char *list_folder; /* where long ones lie until they are sent; NULL or "": /tmp */
    fr_req *req;             /* whose handler runs; NULL without extra */
    const fr_guard *guard;   /* NULL: nothing is asked of who asks; else ctx->asker is there */
    bool is_let_in;          /* he has passed the throttles */
} fr_rest_request;

/* The content of an answer that is too large for memory: a file without a name. Who sends it takes fd, and leaves -1. */
typedef struct fr_rest_file {
    int fd;
    uint64_t bytes;
} fr_rest_file;

typedef struct fr_rest_answer {
    int status;
    bool has_content;    /* a Content-Type goes with body; else neither */
    fr_str content_type; /* p NULL: application/json */
    bool has_place;      /* Freshet-At */
    fr_place place;
    fr_str allow;
    fr_str location;    /* p NULL: none */
    fr_str etag;        /* p NULL: none */
    fr_str challenge;   /* WWW-Authenticate; p NULL: none */
    fr_str retry_after; /* in seconds; p NULL: none */
    fr_str
        headers; /* lines that a handler has given, to be there again in a repeat; p NULL: none */
    fr_rest_file *file; /* in the arena of ctx: the content, in place of body; NULL: body it is */
    bool is_replied;    /* a handler ran and answered by itself, or err is what it returned */
    fr_err err;
} fr_rest_answer;

/* Serve one request; body is appended to. What goes wrong is in the answer, but for:
 * Errors: FR_ECANCELED (answer nothing). Suspends. rt is NULL for a plain handler. */
fr_err fr_rest_serve(fr_ctx *ctx, const fr_viewset_rt *rt, const fr_rest_request *request,
                     fr_buf *body, fr_rest_answer *answer);
#endif
