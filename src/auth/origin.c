/* Whether a page of some origin may open a socket here. Patterns are those of Channels' OriginValidator. */
#include "auth/origin.h"

#include "base/str.h"

typedef struct origin {
    fr_str scheme; /* empty: any */
    fr_str host;   /* without port; IPv6 with its brackets */
    uint32_t port; /* 0: the usual one of the scheme */
} origin;

static uint32_t usual_port(fr_str scheme)
{
    bool is_secure =
        fr_str_eq_nocase(scheme, FR_STR("https")) || fr_str_eq_nocase(scheme, FR_STR("wss"));
    bool is_plain =
        fr_str_eq_nocase(scheme, FR_STR("http")) || fr_str_eq_nocase(scheme, FR_STR("ws"));
    return is_secure ? 443 : is_plain ? 80 : 0;
}

/* "host", "host:8000", "[::1]:8000" */
static bool read_authority(fr_str text, origin *out)
{
    size_t end =
        text.n && text.p[0] == '[' ? fr_str_find_char(text, ']') : fr_str_find_char(text, ':');
    if (text.n && text.p[0] == '[') {
        if (end == SIZE_MAX)
            return false;
        end++;
    }
    out->host = fr_str_sub(text, 0, end);
    fr_str rest = fr_str_from(text, out->host.n);
    if (rest.n == 0)
        return out->host.n > 0;
    uint64_t port;
    if (rest.p[0] != ':' || !fr_str_u64(fr_str_from(rest, 1), &port) || port == 0 || port > 65535)
        return false;
    out->port = (uint32_t)port;
    return out->host.n > 0;
}

/* "https://host:port", or without scheme. "null", as a sandboxed page sends it, has none and is no host of ours. */
static bool read_origin(fr_str text, origin *out)
{
    *out = (origin){0};
    size_t at = fr_str_find(text, FR_STR("://"));
    if (at != SIZE_MAX) {
        out->scheme = fr_str_sub(text, 0, at);
        text = fr_str_from(text, at + 3);
    }
    if (at == 0 || !read_authority(text, out))
        return false;
    if (!out->port)
        out->port = usual_port(out->scheme);
    return true;
}

/* ".example.org" is example.org and all beneath it. */
static bool host_matches(fr_str pattern, fr_str host)
{
    if (!pattern.n || pattern.p[0] != '.')
        return fr_str_eq_nocase(pattern, host);
    if (host.n < pattern.n)
        return fr_str_eq_nocase(fr_str_from(pattern, 1), host);
    return fr_str_eq_nocase(fr_str_from(host, host.n - pattern.n), pattern);
}

static bool matches(fr_str pattern, const origin *from)
{
    origin allowed;
    if (fr_str_eq(pattern, FR_STR("*")))
        return true;
    if (!read_origin(pattern, &allowed) || !host_matches(allowed.host, from->host))
        return false;
    if (!allowed.scheme.n)
        return true; /* a bare host: any scheme and port, as Django's ALLOWED_HOSTS */
    return fr_str_eq_nocase(allowed.scheme, from->scheme) && allowed.port == from->port;
}

static bool is_listed(const origin *from, const char *allowed)
{
    fr_str rest = fr_str_c(allowed), pattern;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &pattern);
        pattern = fr_str_trim(pattern);
        if (pattern.n && matches(pattern, from))
            return true;
    }
    return false;
}

bool fr_origin_ok(fr_str text, fr_str host, const char *allowed)
{
    origin from, own;
    if (!text.p || (allowed && fr_str_eq(fr_str_trim(fr_str_c(allowed)), FR_STR("*"))))
        return true;
    if (!read_origin(text, &from) || !from.scheme.n)
        return false;
    if (read_origin(host, &own) && fr_str_eq_nocase(own.host, from.host))
        return true;
    return is_listed(&from, allowed);
}
