/* See nearest.h. */
#include "http/nearest.h"

#include <string.h>

#include "base/arena.h"
#include "base/slip.h"
#include "base/str.h"

enum { BYTES_MAX = FR_SLIP_BYTES + 1 /* of a path and of a pattern: what is compared */ };

static fr_str without_leading_slash(fr_str s)
{
    return s.n && s.p[0] == '/' ? fr_str_from(s, 1) : s;
}

/* The pattern as it is for this path: what stands at the place of a converter is taken for right. */
static fr_str fill(fr_str pattern, fr_str path, char out[BYTES_MAX])
{
    size_t n = 0;
    bool is_first = true;
    while (is_first || pattern.n) {
        fr_str segment, given;
        bool is_last = fr_str_find_char(pattern, '/') == SIZE_MAX;
        pattern = fr_str_cut(pattern, '/', &segment);
        path = fr_str_cut(path, '/', &given);
        if (segment.n && segment.p[0] == '<' && given.n)
            segment = given;
        if (segment.n > BYTES_MAX - 1 - n)
            segment.n = BYTES_MAX - 1 - n;
        if (segment.n)
            memcpy(out + n, segment.p, segment.n);
        n += segment.n;
        if (!is_last && n < BYTES_MAX - 1)
            out[n++] = '/';
        is_first = false;
    }
    return (fr_str){out, n};
}

fr_str fr_router_nearest(const fr_router *router, fr_str path, bool (*counts)(const void *data),
                         fr_arena *arena)
{
    char room[BYTES_MAX];
    fr_str nearest = {0}, pattern;
    size_t best = SIZE_MAX, longest = 0;
    const void *data;
    path = fr_str_sub(without_leading_slash(path), 0, BYTES_MAX - 1);
    for (const fr_route_entry *at = NULL; (at = fr_router_next(router, at, &pattern, &data));) {
        if (counts && !counts(data))
            continue;
        fr_str filled = fill(pattern, path, room);
        size_t bytes = fr_slip_distance(filled, path);
        if (bytes > best || (bytes == best && filled.n <= longest))
            continue; /* of two that are as near the longer one has more in common */
        best = bytes;
        longest = filled.n;
        nearest = pattern;
    }
    return best == SIZE_MAX ? (fr_str){0} : fr_arena_printf(arena, "/%.*s", FR_FMT(nearest));
}
