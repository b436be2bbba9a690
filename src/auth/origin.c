/* See origin.h. */
#include "auth/origin.h"

#include <stdio.h>

#include "base/str.h"
#include "http/host.h"

/* ---- reading one ---- */

static uint32_t usual_port(fr_str scheme)
{
    if (fr_str_eq_nocase(scheme, FR_STR("https")))
        return 443;
    return fr_str_eq_nocase(scheme, FR_STR("http")) ? 80 : 0;
}

/* "host", "host:8000", "[::1]:8000" */
static bool read_authority(fr_str text, fr_origin *out)
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

/* "https://host:port", or without scheme. "null" has none and is no host of ours. */
static bool read_origin(fr_str text, fr_origin *out)
{
    *out = (fr_origin){0};
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

static bool read_page(fr_str text, fr_origin *out)
{
    return read_origin(text, out) && out->scheme.n;
}

/* ---- reading a list ---- */

static bool has_any(fr_str s, const char *bytes)
{
    for (; *bytes; bytes++)
        if (fr_str_find_char(s, *bytes) != SIZE_MAX)
            return true;
    return false;
}

/* Why no page can ever match the pattern; NULL: one can. */
static const char *find_fault(fr_str text, bool needs_scheme, fr_origin *out)
{
    if (has_any(text, " \t\r\n"))
        return "has a blank within: separate origins by commas";
    size_t at = fr_str_find(text, FR_STR("://"));
    fr_str rest = at == SIZE_MAX ? text : fr_str_from(text, at + 3);
    if (has_any(rest, "/?#@\\"))
        return "has more than a page's origin, which ends with its host or port: no slash, no path";
    if (at == SIZE_MAX && needs_scheme)
        return "lacks its scheme: begin with http:// or https://";
    bool is_ws = at != SIZE_MAX && (fr_str_eq_nocase(fr_str_sub(text, 0, at), FR_STR("ws")) ||
                                    fr_str_eq_nocase(fr_str_sub(text, 0, at), FR_STR("wss")));
    if (is_ws)
        return "names a socket: the origin of its page begins with http:// or https://";
    if (!read_origin(text, out) || at == 0)
        return "is no origin, such as https://a.example or http://localhost:5173";
    if (fr_str_starts(out->host, FR_STR("*.")))
        out->host = fr_str_from(out->host, 1);
    else
        out->has_self = fr_str_starts(out->host, FR_STR("."));
    if (has_any(out->host, "*"))
        return "has a star that stands for nothing: * alone is all, https://*.a.example what is "
               "beneath a domain";
    if (out->host.n < 2 && out->host.p[0] == '.')
        return "names no domain";
    if (!fr_is_host(out->host, (const uint8_t *)out->host.p + out->host.n))
        return "has bytes that no host has: names are ASCII, as browsers send them (xn--…)";
    return NULL;
}

static fr_err add(fr_origins *out, fr_str text, bool needs_scheme, char error[256])
{
    fr_origin one;
    if (fr_str_eq(text, FR_STR("*")) || fr_str_eq_nocase(text, FR_STR("null"))) {
        out->has_all |= text.n == 1;
        out->has_null |= text.n != 1;
        return FR_OK;
    }
    const char *fault = find_fault(text, needs_scheme, &one);
    if (fault) {
        snprintf(error, 256, "\"%.*s\" %s", (int)(text.n < 100 ? text.n : 100), text.p, fault);
        return FR_EINVAL;
    }
    if (fr_vec_push(&out->list, one))
        return FR_OK;
    snprintf(error, 256, "out of memory");
    return FR_ENOMEM;
}

fr_err fr_origins_read(fr_origins *out, const char *text, bool needs_scheme, char error[256])
{
    fr_str rest = fr_str_c(text), one;
    *out = (fr_origins){.text = text};
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        one = fr_str_trim(one);
        if (one.n)
            FR_TRY(add(out, one, needs_scheme, error));
    }
    return FR_OK;
}

void fr_origins_deinit(fr_origins *origins)
{
    fr_vec_deinit(&origins->list);
}

/* ---- asking ---- */

/* ".example.org" is what is beneath example.org, and itself if it has_self. */
static bool host_matches(const fr_origin *pattern, fr_str host)
{
    fr_str of = pattern->host;
    if (of.p[0] != '.')
        return fr_str_eq_nocase(of, host);
    if (host.n < of.n)
        return pattern->has_self && fr_str_eq_nocase(fr_str_from(of, 1), host);
    return host.n > of.n && fr_str_eq_nocase(fr_str_from(host, host.n - of.n), of);
}

static bool matches(const fr_origin *pattern, const fr_origin *page)
{
    if (!host_matches(pattern, page->host))
        return false;
    if (pattern->scheme.n)
        return fr_str_eq_nocase(pattern->scheme, page->scheme) && pattern->port == page->port;
    return !pattern->port || pattern->port == page->port; /* as Django's ALLOWED_HOSTS */
}

bool fr_origins_have(const fr_origins *origins, fr_str origin)
{
    fr_origin page;
    if (origins->has_all)
        return true;
    if (fr_str_eq(origin, FR_STR("null")))
        return origins->has_null;
    if (!read_page(origin, &page))
        return false;
    for (size_t i = 0; i < origins->list.count; i++)
        if (matches(&origins->list.at[i], &page))
            return true;
    return false;
}

static bool is_of_host(fr_str origin, fr_str host, fr_origin *page, fr_origin *own)
{
    return read_page(origin, page) && read_origin(host, own) &&
           fr_str_eq_nocase(own->host, page->host);
}

bool fr_origin_is_of_host(fr_str origin, fr_str host)
{
    fr_origin page, own;
    return is_of_host(origin, host, &page, &own);
}

bool fr_origin_is_own(fr_str origin, fr_str host)
{
    fr_origin page, own;
    return is_of_host(origin, host, &page, &own) &&
           page.port == (own.port ? own.port : usual_port(page.scheme));
}
