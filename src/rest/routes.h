/* Which viewset a path leads to, for those that ask it in the middle of another request. */
#ifndef FR_REST_ROUTES_H
#define FR_REST_ROUTES_H
#include "rest/rest.h"

typedef struct fr_rest_target {
    const fr_viewset_rt *rt;
    fr_str key;    /* of a detail URL; p NULL: the list */
    fr_str format; /* of the suffix; p NULL: none */
    fr_version_rule versions;
    fr_pair args[FR_ROUTE_ARGS_MAX];
    size_t arg_count;
    const fr_guard *guard;
    bool is_extra; /* an action of its own */
} fr_rest_target;

/* path: decoded, from its first slash. false: nothing of a viewset is there. */
bool fr_rest_target_find(const fr_router *router, fr_str path, fr_rest_target *out);
#endif
