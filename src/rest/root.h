/* The root of a table of viewsets, as DRF's DefaultRouter has it: an object of links to their lists, in the table's order. */
#ifndef FR_REST_ROOT_H
#define FR_REST_ROOT_H
#include "http/router.h"
#include "rest/extra.h"

typedef struct fr_root {
    fr_extra extra;          /* first: the root is served as one */
    const fr_router *router; /* where the lists are; one without a route is left out */
    fr_str pattern;          /* "api/" */
    const fr_str *paths;     /* of viewsets behind it: "notes/" */
    size_t path_count;
} fr_root;

/* Errors: FR_ENOMEM. Everything that root points to lives as long as the app. */
fr_err fr_root_init(fr_root *root, const fr_router *router, const fr_root_place *place,
                    fr_arena *arena);
#endif
