/* The route that is most like a path that none has: for a client that has mistyped it. */
#ifndef FR_HTTP_NEAREST_H
#define FR_HTTP_NEAREST_H
#include "http/router.h"

/* The pattern, with its leading slash, in the arena; p is NULL if there is none, or memory is out. counts: which routes are
 * meant, by their data; NULL: all. Cost: O(routes), some microseconds each: not for a hot path. */
fr_str fr_router_nearest(const fr_router *router, fr_str path, bool (*counts)(const void *data),
                         fr_arena *arena);
#endif
