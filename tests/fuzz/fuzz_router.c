/*
 * Any pattern and any path. The input is lines: all but the last are patterns, the last one is the path. What a route
 * matches is what a router with that route alone matches, and the first of those wins.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "http/router.h"

enum { PATTERNS_MAX = 8, INPUT_MAX = 2048 };

static bool is_within(fr_str inner, fr_str outer)
{
    return !inner.n || (inner.p >= outer.p && inner.p + inner.n <= outer.p + outer.n);
}

static void check_match(const fr_route_match *match, fr_str path)
{
    check(match->arg_count <= FR_ROUTE_ARGS_MAX);
    for (size_t i = 0; i < match->arg_count; i++)
        check(match->args[i].name.n > 0 && is_within(match->args[i].value, path));
    check(is_within(match->rest, path));
}

static bool is_same(const fr_route_match *a, const fr_route_match *b)
{
    bool same = a->data == b->data && a->arg_count == b->arg_count && fr_str_eq(a->rest, b->rest);
    for (size_t i = 0; same && i < a->arg_count; i++)
        same = fr_str_eq(a->args[i].name, b->args[i].name) &&
               fr_str_eq(a->args[i].value, b->args[i].value);
    return same;
}

/* A pattern that begins with '+' is that of a prefix route. */
static bool add(fr_router *router, fr_str pattern, uintptr_t number)
{
    char error[256] = "";
    bool is_prefix = pattern.n && pattern.p[0] == '+';
    fr_err err = fr_router_add(router, is_prefix ? fr_str_from(pattern, 1) : pattern, is_prefix,
                               (void *)number, error);
    check(err == FR_OK || ((err == FR_EINVAL || err == FR_ECONFLICT) && error[0]));
    return err == FR_OK;
}

static void match_all(fr_arena *arena, const fr_str *patterns, size_t count, fr_str path)
{
    fr_router *together = fr_router_new(arena);
    fr_route_match expected = {0}, found = {0};
    bool is_expected = false;
    for (size_t i = 0; i < count; i++) {
        fr_router *alone = fr_router_new(arena);
        if (!add(alone, patterns[i], i + 1))
            continue;
        add(together, patterns[i], i + 1); /* not if an earlier one takes the same paths */
        is_expected = is_expected || fr_router_match(alone, path, &expected);
    }
    check(fr_router_match(together, path, &found) == is_expected);
    if (!is_expected)
        return;
    check_match(&found, path);
    check(is_same(&found, &expected));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX)
        return 0;
    fr_arena *arena = fr_arena_new(0);
    check(arena != NULL);
    fr_str patterns[PATTERNS_MAX], rest = {(const char *)data, size};
    size_t count = 0;
    while (count < PATTERNS_MAX && fr_str_find_char(rest, '\n') != SIZE_MAX)
        rest = fr_str_cut(rest, '\n', &patterns[count++]);
    fr_str path = fr_arena_printf(arena, "/%.*s", FR_FMT(rest));
    check(path.p != NULL);
    match_all(arena, patterns, count, path);
    fr_arena_free(arena);
    return 0;
}
