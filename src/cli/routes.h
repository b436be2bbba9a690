/* From the app's route tables to the routers of http and channels. */
#ifndef FR_CLI_ROUTES_H
#define FR_CLI_ROUTES_H
#include <freshet/app.h>

#include "auth/guard.h"
#include "base/vec.h"
#include "http/http.h"
#include "rest/version.h"

/* One route with its whole pattern, after `include` was followed. */
typedef struct fr_flat_route {
    fr_str pattern;
    const fr_route *route;
    bool is_websocket;
    /* Its own, or of a route that includes it. */
    bool any_origin;
    fr_version_rule versions;
    fr_guard_rule guard;  /* its own, or what is around it, the application's at last */
    fr_guard_rule nearer; /* the same without the application's */
    const fr_str *paths;  /* of a router: of its viewsets */
    size_t path_count;
} fr_flat_route;

typedef struct fr_flat_routes {
    FR_VEC(fr_flat_route) list;
} fr_flat_routes;

/* Follow the includes and check that each route has one target, of the right protocol.
 * Errors: FR_EINVAL with one line for the developer in error. */
fr_err fr_routes_flatten(fr_arena *arena, const fr_app *app, size_t route_bytes,
                         fr_flat_routes *out, char error[256]);
/* Add a handler, folder, page or batch (of so many requests at most) to the router. */
fr_err fr_routes_add_http(fr_arena *arena, fr_router *router, const fr_flat_route *flat,
                          uint32_t batch_requests, char error[256]);
#endif
