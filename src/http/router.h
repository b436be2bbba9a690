/*
 * URL routing with Django's path converters: str (default), int, slug, uuid, path. Both spellings of a pattern, with
 * and without leading slash, are the same. Routes are tried in order of registration; the first that matches wins
 * (literal segments are looked up in a trie, which keeps that order).
 */
#ifndef FR_HTTP_ROUTER_H
#define FR_HTTP_ROUTER_H
#include <freshet/http.h>

typedef struct fr_router fr_router;
enum { FR_ROUTE_ARGS_MAX = 8 };

typedef struct fr_route_match {
    void *data;
    const fr_str *pattern; /* of the route, without leading slash; lives as long as the router */
    fr_pair args[FR_ROUTE_ARGS_MAX]; /* values borrowed from path; names from the pattern */
    size_t arg_count;
    fr_str rest; /* what a prefix route left over */
} fr_route_match;

fr_router *fr_router_new(fr_arena *arena);
/* is_prefix: the pattern matches the start of a path only (nested routers, static folders). Errors: FR_EINVAL with the
 * reason in error (unknown converter, unclosed '<', name twice), FR_ECONFLICT (an earlier route takes the same paths),
 * FR_ENOMEM. */
fr_err fr_router_add(fr_router *router, fr_str pattern, bool is_prefix, void *data,
                     char error[256]);
/* The route that was added behind `at`; NULL: the first one. pattern: without leading slash. NULL at the end. */
typedef struct fr_route_entry fr_route_entry;
const fr_route_entry *fr_router_next(const fr_router *router, const fr_route_entry *at,
                                     fr_str *pattern, const void **data);
/* path starts with '/'. Thread: any, once built. Cost: O(path) for each branch of the trie that fits, mostly one. */
bool fr_router_match(const fr_router *router, fr_str path, fr_route_match *out);
#endif
