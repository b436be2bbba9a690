/*
 * freshet/app.h: an application: its routes, and the main function that serves it.
 */
#ifndef FRESHET_APP_H
#define FRESHET_APP_H

#include <freshet/auth.h>
#include <freshet/channels.h>
#include <freshet/http.h>
#include <freshet/live.h>
#include <freshet/rest.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fr_route fr_route;

/**
 * What a URL leads to. Arrays end with {0}. Exactly one of the targets is set.
 *
 * Patterns are Django's: "api/notes/", "rooms/<slug:room>/" with the converters str (default), int, slug, uuid, path, and sets
 * of characters as in a regular expression, "people/<[a-z]+:who>/"; a leading slash makes no difference. The first route that
 * matches wins.
 */
struct fr_route {
    const char *path;
    const fr_viewset
        *viewset; /* http: the REST API at path and path<pk>/, and live sockets there */
    const fr_consumer *consumer; /* websocket */
    fr_handler handler;          /* http */
    const char *methods;         /* of handler: "GET,POST"; NULL: any. GET serves HEAD too */
    const char *folder;          /* http: static files beneath this folder, at path… */
    const char *page;            /* http: this HTML text, for a page that is part of the program */
    const fr_route *include;     /* routes beneath path */
    const fr_route *router; /* http: the same, and at path itself links to the viewsets in it */
    const char *cache;      /* Cache-Control of folder and page: "max-age=31536000, immutable" */
    bool uploads; /* of handler: forms with files may be larger than --body, up to --upload */
    bool raw; /* of handler: the body, whatever it is, is one file, up to --upload: fr_req_upload */
    bool
        any_origin; /* pages of other sites may write here, and open sockets; of include: beneath it */
    /* A handler that answers as the REST API does: Accept, ?format=, OPTIONS, and 405 with DRF's words. Without .methods it
     * takes GET. */
    bool api;
    bool atomic; /* of such a handler: one transaction with its answer, as fr_action.atomic */
    const fr_serializer *serializer; /* of such a handler: what fr_read and fr_read_data read */
    const char *name, *description;  /* of such a handler, in OPTIONS; name NULL: from the path */
    bool
        batch; /* http: several writes to viewsets of this application as one: all of them or none */
    const fr_renderer *const *renderers; /* of such a handler; NULL: JSON alone */
    const fr_versioning *versioning;     /* of such a handler or viewset; of include: beneath it */
    const char *version;                 /* the same, with FR_VERSION_NAMESPACE: "v1" */
    /* Who may ask, what, and how often (freshet/auth.h); of include: beneath it. NULL: as around it. What a viewset, an action or
     * a consumer says itself is nearer. */
    const fr_authenticator *const *authentication;
    const fr_permission *const *permissions;
    const fr_throttle *const *throttles;
    /* Of sockets: who may not come in gets an error frame and the code 4401, 4403 or 4429, which pages can read. Without it the
     * handshake is answered by 401, 403 or 429, of which they see 1006 alone. */
    bool accept_then_close;
    const char *
        parsers; /* of such a handler: which bodies it takes, as a viewset's; NULL: the usual ones */
    void *reserved_[1];
};

/** A table of routes, with the {0} that ends it: .http = FR_ROUTES({"api/notes/", .viewset = &notes}). In C; at file scope it
 *  lasts for ever, in a function as long as the block that it stands in. The other tables have such a macro, too. */
#define FR_ROUTES(...) FR_TABLE_(fr_route, __VA_ARGS__)

/** Routes of ready handlers (rest.h): a token for a name and a password; another password. */
#define FR_OBTAIN_TOKEN(path_)                                                                     \
    {                                                                                              \
        .path = (path_), .handler = fr_obtain_token, .methods = "POST", .api = true,               \
        .serializer = &fr_credentials_, .name = "Obtain Auth Token",                               \
        .parsers = "application/x-www-form-urlencoded,multipart/form-data,application/json"        \
    }
#define FR_CHANGE_PASSWORD(path_)                                                                  \
    {                                                                                              \
        .path = (path_), .handler = fr_change_password, .methods = "POST", .api = true,            \
        .serializer = &fr_new_password_, .name = "Change Password"                                 \
    }

/* Of a view of Simple JWT; further members behind the path: .description = "…". */
#define FR_JWT_ROUTE_(handler_, serializer_, name_, ...)                                           \
    {                                                                                              \
        .handler = (handler_), .serializer = &(serializer_), .name = (name_), .methods = "POST",   \
        .api = true, .authentication = FR_NOBODY, .permissions = FR_PERMISSIONS(&fr_allow_any),    \
        .path = __VA_ARGS__                                                                        \
    }
/** JSON Web Tokens: FR_ROUTES(FR_JWT_PAIR("jwt/token/"), FR_JWT_REFRESH("jwt/refresh/"), …). */
#define FR_JWT_PAIR(...)                                                                           \
    FR_JWT_ROUTE_(fr_jwt_pair_view, fr_jwt_credentials_, "Token Obtain Pair", __VA_ARGS__)
#define FR_JWT_REFRESH(...)                                                                        \
    FR_JWT_ROUTE_(fr_jwt_refresh_view, fr_jwt_access_, "Token Refresh", __VA_ARGS__)
#define FR_JWT_VERIFY(...)                                                                         \
    FR_JWT_ROUTE_(fr_jwt_verify_view, fr_jwt_token_, "Token Verify", __VA_ARGS__)
#define FR_JWT_BLACKLIST(...)                                                                      \
    FR_JWT_ROUTE_(fr_jwt_blacklist_view, fr_jwt_refresh_, "Token Blacklist", __VA_ARGS__)
#define FR_JWT_SLIDING(...)                                                                        \
    FR_JWT_ROUTE_(fr_jwt_sliding_view, fr_jwt_credentials_, "Token Obtain Sliding", __VA_ARGS__)
#define FR_JWT_SLIDE(...)                                                                          \
    FR_JWT_ROUTE_(fr_jwt_slide_view, fr_jwt_token_, "Token Refresh Sliding", __VA_ARGS__)

/** Models for fr_app.models, with the NULL that ends them: FR_MODELS(&note_model, &author_model). */
#define FR_MODELS(...) ((const fr_model *const[]){__VA_ARGS__, NULL})

/** For fr_app.headers: what a new Django project sends with every page (SecurityMiddleware, XFrameOptionsMiddleware). */
#define FR_DJANGO_HEADERS                                                                          \
    "X-Frame-Options: DENY\nX-Content-Type-Options: nosniff\nReferrer-Policy: same-origin\n"       \
    "Cross-Origin-Opener-Policy: same-origin"

/** An application: what fr_main serves. Zero is the default of every member. */
typedef struct fr_app {
    const fr_route *http;
    const fr_route *websocket;
    const char *name;              /* NULL: of the program */
    const char *summary;           /* one line for --help */
    const char *version;           /* NULL: freshet's */
    const fr_model *const *models; /* further models, without a viewset; ends with NULL */
    const char
        *origins;   /* of other web pages that may open sockets; "*" = all; default of --origins */
    const char *db; /* default of --db; NULL: "sqlite:<name>.db" if there are models */
    const char *listen;          /* default of --listen; NULL: "127.0.0.1:8000" */
    uint64_t body_bytes;         /* largest request body; 0 = 2.5 MiB */
    const fr_group_rule *groups; /* how messages to some groups travel; ends with {0} */
    const fr_cors *cors; /* which other pages may read and write; NULL: those of --cors-origins */
    /* Runs once in the process, on one worker, before anybody is served: state is made, fr_every is called. An error ends
     * the start with code 1. */
    fr_err (*started)(fr_ctx *ctx);
    /* Runs once, when a stop begins: groups can be told before their sockets are closed. Requests that have begun still run
     * after it, so what they use is freed behind fr_main. It has the time of --drain. */
    void (*stopping)(fr_ctx *ctx);
    const fr_channel *tasks; /* named channels: work in the background; ends with {0} */
    /* How users tell who they are, what they may do, and how often: of all that has no declaration of its own. Ends with NULL. Pages
     * and folders are for everybody unless a route around them says otherwise. NULL: nobody is asked; everybody may. */
    const fr_authenticator *const *authentication;
    const fr_permission *const *permissions;
    const fr_throttle *const *throttles;
    const char *rates; /* of throttles, by their scope: "burst=5/min,anon=100/day" */
    /* How many logins of one name, or from one address, may fail; NULL: "10/min"; "": as many as they like. */
    const char *failed_logins;
    bool
        throttle_by_forwarded; /* throttles take X-Forwarded-For as it is for who comes, as DRF does: anyone can be anyone */
    /* Under which names it may be asked, as Django's ALLOWED_HOSTS: "example.com,.example.org"; NULL or "*": any. Others get 400.
     * Default of --hosts. */
    const char *hosts;
    /* Of every answer that has not set them itself: lines "Name: value" with '\n' between them, such as FR_DJANGO_HEADERS. */
    const char *headers;
    /* A user model of one's own, with the fields password, is_active, and username or email; NULL: fr_user_model. Users are
     * there if this, or .authentication, or a reference to that model says so. */
    const fr_model *user;
    const fr_hook *hooks;        /* functions that are told of commits; ends with {0} */
    const fr_sessions *sessions; /* how they are kept, and their cookie; NULL: as Django has them */
    const fr_csrf *csrf;         /* of writes with a session; NULL: as Django has it */
    const fr_jwt *jwt;           /* of fr_jwt_auth; NULL: as Simple JWT has it */
    /* What is wrong with a list of objects is told as a list, with {} for what is right, and not by places: [{},{"text":["…"]}]
     * in place of {"1":{"text":["…"]}}. DRF's LIST_SERIALIZER_ERRORS_AS_DICT = False. */
    bool errors_as_lists;
    /* Rules of the rows of models, wherever they are shown; those of viewsets are and-ed to them. Ends with {0}. */
    const fr_model_rule *rules;
    /* That a value is taken by a row that may not be seen is told as a conflict, 409, that names neither; else "already exists",
     * as of any row. */
    bool strict_rules;
} fr_app;

/* What fr_main calls: with the sizes that the program was compiled with, so that an older one still runs. */
FR_API int fr_main_(int argc, char **argv, const fr_app *app, size_t app_bytes, size_t route_bytes);

/**
 * Serve an application until SIGTERM or SIGINT: reads the command line (--help lists the options) and FRESHET_*
 * variables, opens the database, listens, prints where, and drains at the end.
 *
 * @param argc, argv  of main
 * @param app         borrowed until return
 *
 * @return the exit code: 0 done, 1 failed, 2 usage, 3 configuration (a wrong route or model), 4 cannot listen, 5 database
 *
 * Errors:   one line on standard error that says what to do
 * Thread:   the main thread; starts one worker a core, the writer and the matcher
 */
static inline int fr_main(int argc, char **argv, const fr_app *app)
{
    return fr_main_(argc, argv, app, sizeof(fr_app), sizeof(fr_route));
}

#ifdef __cplusplus
}
#endif
#endif
