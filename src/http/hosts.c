/* See hosts.h. */
#include "http/hosts.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/host.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* A port is for --listen: here stand names. */
static bool is_name(fr_str name)
{
    fr_str bare = fr_str_starts(name, FR_STR(".")) ? fr_str_from(name, 1) : name;
    bool has_port = bare.n && bare.p[0] != '[' && fr_str_find_char(bare, ':') != SIZE_MAX;
    return bare.n && !has_port && fr_is_host(bare, (const uint8_t *)bare.p + bare.n);
}

static fr_err add(fr_arena *arena, fr_hosts *hosts, fr_str name, char error[256])
{
    if (!is_name(name)) {
        snprintf(error, 256, "\"%.*s\" is no host: write example.com, .example.com or *",
                 FR_FMT(fr_str_sub(name, 0, 80)));
        return FR_EINVAL;
    }
    char *text = fr_arena_alloc(arena, name.n);
    for (size_t i = 0; i < name.n && text; i++)
        text[i] = lower(name.p[i]);
    hosts->names[hosts->count++] = (fr_str){text, name.n};
    return text ? FR_OK : FR_ENOMEM;
}

fr_err fr_hosts_parse(fr_arena *arena, const char *list, const fr_hosts **out, char error[256])
{
    fr_str rest = fr_str_c(list), name;
    size_t most = 1;
    for (size_t i = 0; i < rest.n; i++)
        most += rest.p[i] == ',';
    fr_hosts *hosts = fr_arena_zalloc(arena, sizeof *hosts);
    if (hosts)
        hosts->names = fr_arena_alloc(arena, most * sizeof *hosts->names);
    if (!hosts || !hosts->names)
        return FR_ENOMEM;
    *out = NULL;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &name);
        name = fr_str_trim(name);
        if (fr_str_eq(name, FR_STR("*")))
            return FR_OK;
        FR_TRY(add(arena, hosts, name, error));
    }
    *out = hosts->count ? hosts : NULL;
    return FR_OK;
}

/* Without its port, and the dot of the root. */
static fr_str bare(fr_str host)
{
    size_t end = host.n;
    while (end > 0 && host.p[end - 1] >= '0' && host.p[end - 1] <= '9')
        end--;
    if (end > 0 && host.p[end - 1] == ':' && (host.p[0] != '[' || host.p[end - 2] == ']'))
        host.n = end - 1;
    host.n -= fr_str_ends(host, FR_STR("."));
    return host;
}

static bool ends_with(fr_str host, fr_str name)
{
    if (host.n < name.n)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (lower(host.p[host.n - name.n + i]) != name.p[i])
            return false;
    return true;
}

bool fr_hosts_have(const fr_hosts *hosts, fr_str host)
{
    host = bare(host);
    bool is_there = !host.n;
    for (size_t i = 0; i < hosts->count && !is_there; i++) {
        fr_str name = hosts->names[i];
        bool is_domain = name.p[0] == '.';
        fr_str own = fr_str_from(name, is_domain);
        is_there =
            (host.n == own.n && ends_with(host, own)) || (is_domain && ends_with(host, name));
    }
    return is_there;
}
