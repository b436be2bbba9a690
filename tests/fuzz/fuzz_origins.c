/*
 * A line with a list, one with an Origin and one with a Host, of any bytes. Each pattern that was taken is matched by an origin
 * made of it, which "*" and a list of itself have too; an origin that is this host's own is of this host; nothing but "*" has
 * what is no origin.
 */
#include <stdio.h>
#include <string.h>

#include "auth/origin.h"
#include "base/arena.h"
#include "base/str.h"
#include "check.h"

/* A page that the pattern is meant for. */
static fr_str page_of(fr_arena *arena, const fr_origin *pattern)
{
    fr_str scheme = pattern->scheme.n ? pattern->scheme : FR_STR("http");
    const char *beneath = pattern->host.p[0] == '.' ? "x" : "";
    return pattern->port ? fr_arena_printf(arena, "%.*s://%s%.*s:%u", FR_FMT(scheme), beneath,
                                           FR_FMT(pattern->host), pattern->port)
                         : fr_arena_printf(arena, "%.*s://%s%.*s", FR_FMT(scheme), beneath,
                                           FR_FMT(pattern->host));
}

static void read_list(fr_arena *arena, fr_str text, fr_str origin)
{
    char error[256] = "";
    fr_origins list;
    const char *given = fr_arena_printf(arena, "%.*s", FR_FMT(text)).p;
    if (fr_origins_read(&list, given, false, error) != FR_OK) {
        check(error[0] && strlen(error) < sizeof error);
        fr_origins_deinit(&list);
        return;
    }
    for (size_t i = 0; i < list.list.count; i++)
        check(fr_origins_have(&list, page_of(arena, &list.list.at[i])));
    bool is_origin = fr_str_find(origin, FR_STR("://")) != SIZE_MAX;
    check(list.has_all || is_origin || fr_str_eq(origin, FR_STR("null")) ||
          !fr_origins_have(&list, origin));
    fr_origins_deinit(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 2048)
        return 0;
    fr_arena *arena = fr_arena_new(0);
    fr_str list, origin, host = {(const char *)data, size};
    host = fr_str_cut(host, '\n', &list);
    host = fr_str_cut(host, '\n', &origin);
    read_list(arena, list, origin);
    if (fr_origin_is_own(origin, host))
        check(fr_origin_is_of_host(origin, host));
    fr_arena_free(arena);
    return 0;
}
