/* CSRF: Origin, Referer under https, then the token; reasons in the words of Django 6.1. */
#include "auth/csrf.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
enum { LETTER_COUNT = 62 };

/* ---- secrets and masks ---- */

static int index_of(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return 26 + c - 'A';
    return c >= '0' && c <= '9' ? 52 + c - '0' : -1;
}

void fr_csrf_secret_new(char out[FR_CSRF_SECRET])
{
    uint8_t random[64];
    for (size_t n = 0; n < FR_CSRF_SECRET;) {
        fr_random_bytes(random, sizeof random);
        for (size_t i = 0; i < sizeof random && n < FR_CSRF_SECRET; i++)
            if (random[i] < 4 * LETTER_COUNT) /* 248..255 would favour the first eight letters */
                out[n++] = LETTERS[random[i] % LETTER_COUNT];
    }
    OPENSSL_cleanse(random, sizeof random);
}

/* secret: of letters. */
static char masked(char secret, char mask)
{
    return LETTERS[(unsigned)(index_of(secret) + index_of(mask)) % LETTER_COUNT];
}

void fr_csrf_mask(const char secret[FR_CSRF_SECRET], char out[FR_CSRF_TOKEN])
{
    fr_csrf_secret_new(out);
    for (size_t i = 0; i < FR_CSRF_SECRET; i++)
        out[FR_CSRF_SECRET + i] = masked(secret[i], out[i]);
}

/* What is wrong with a token, as Django ends its sentence; NULL: nothing. length: of a header in bytes, else in characters. */
static const char *fault_of(fr_str token, size_t length)
{
    if (length != FR_CSRF_SECRET && length != FR_CSRF_TOKEN)
        return "has incorrect length";
    for (size_t i = 0; i < token.n; i++)
        if (index_of(token.p[i]) < 0)
            return "has invalid characters";
    return NULL;
}

bool fr_csrf_unmask(fr_str token, char out[FR_CSRF_SECRET])
{
    if (fault_of(token, token.n))
        return false;
    if (token.n == FR_CSRF_SECRET) {
        memcpy(out, token.p, FR_CSRF_SECRET);
        return true;
    }
    for (size_t i = 0; i < FR_CSRF_SECRET; i++) {
        int masked = index_of(token.p[FR_CSRF_SECRET + i]), mask = index_of(token.p[i]);
        out[i] = LETTERS[(masked + LETTER_COUNT - mask) % LETTER_COUNT];
    }
    return true;
}

/* ---- trusted origins ---- */

static fr_str after_scheme(fr_str origin)
{
    size_t at = fr_str_find(origin, FR_STR("://"));
    return at == SIZE_MAX ? (fr_str){0} : fr_str_from(origin, at + 3);
}

fr_err fr_csrf_origins_read(fr_csrf_origins *out, fr_arena *arena, const char *text,
                            char error[256])
{
    *out = (fr_csrf_origins){0};
    fr_str rest = fr_str_c(text), one;
    if (!rest.n)
        return FR_OK;
    size_t room = 1;
    for (size_t i = 0; i < rest.n; i++)
        room += rest.p[i] == ',';
    fr_str *list = fr_arena_alloc(arena, room * sizeof *list);
    if (!list)
        return FR_ENOMEM;
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        one = fr_str_trim(one);
        if (!one.n)
            continue;
        if (!after_scheme(one).n) {
            snprintf(error, 256, "csrf.trusted_origins: '%.*s' needs its scheme: https://%.*s",
                     FR_FMT(one), FR_FMT(one));
            return FR_EINVAL;
        }
        list[out->count++] = one;
    }
    out->list = list;
    return FR_OK;
}

static bool has_capitals(fr_str host)
{
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] >= 'A' && host.p[i] <= 'Z')
            return true;
    return false;
}

/* ".b.example" is b.example and all beneath it; another text is itself. As in Django the host of a page is in small letters, as
 * browsers send it. */
static bool is_same_domain(fr_str host, fr_str pattern)
{
    if (!pattern.n || has_capitals(host))
        return false;
    if (pattern.p[0] == '.')
        return (host.n >= pattern.n &&
                fr_str_eq_nocase(fr_str_from(host, host.n - pattern.n), pattern)) ||
               fr_str_eq_nocase(host, fr_str_from(pattern, 1));
    return fr_str_eq_nocase(host, pattern);
}

static fr_str without_star(fr_str netloc)
{
    return netloc.n && netloc.p[0] == '*' ? fr_str_from(netloc, 1) : netloc;
}

/* ---- Origin and Referer ---- */

/* Scheme and host with port of a URL; false: it is not one with both. */
static bool split(fr_str url, fr_str *scheme, fr_str *netloc)
{
    size_t at = fr_str_find(url, FR_STR("://"));
    if (at == SIZE_MAX || !at)
        return false;
    *scheme = (fr_str){url.p, at};
    fr_str rest = fr_str_from(url, at + 3);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#')
        end++;
    *netloc = (fr_str){rest.p, end};
    bool opens = memchr(rest.p, '[', end), closes = memchr(rest.p, ']', end);
    return end > 0 && opens == closes;
}

static bool is_own_origin(const fr_csrf_asked *asked)
{
    fr_str scheme = asked->is_secure ? FR_STR("https://") : FR_STR("http://");
    return asked->host.n && fr_str_starts(asked->origin, scheme) &&
           fr_str_eq(fr_str_from(asked->origin, scheme.n), asked->host);
}

/* Of one with a star: the origin has its scheme, and its host is the one behind the star or beneath it. */
static bool fits_star(fr_str trusted, fr_str scheme, fr_str netloc)
{
    fr_str host = after_scheme(trusted);
    return fr_str_eq_nocase(scheme, (fr_str){trusted.p, trusted.n - host.n - 3}) &&
           is_same_domain(netloc, without_star(host));
}

static bool is_trusted_origin(const fr_csrf_asked *asked)
{
    fr_str scheme, netloc;
    bool is_whole = split(asked->origin, &scheme, &netloc);
    for (size_t i = 0; asked->trusted && i < asked->trusted->count; i++) {
        fr_str trusted = asked->trusted->list[i];
        bool has_star = fr_str_starts(after_scheme(trusted), FR_STR("*"));
        if (has_star ? is_whole && fits_star(trusted, scheme, netloc)
                     : fr_str_eq(asked->origin, trusted))
            return true;
    }
    return false;
}

static bool is_trusted_referer(const fr_csrf_asked *asked, fr_str netloc)
{
    for (size_t i = 0; asked->trusted && i < asked->trusted->count; i++)
        if (is_same_domain(netloc, without_star(after_scheme(asked->trusted->list[i]))))
            return true;
    return false;
}

/* The port of a host; n = 0: it names none. */
static fr_str port_of(fr_str host)
{
    size_t at = host.n;
    while (at && host.p[at - 1] >= '0' && host.p[at - 1] <= '9')
        at--;
    return at && host.p[at - 1] == ':' ? fr_str_from(host, at) : (fr_str){0};
}

/* Whether a Referer is our own: of the host that was asked, or of the cookie's domain at the port that was asked. */
static bool is_own_referer(const fr_csrf_asked *asked, fr_str netloc)
{
    if (!asked->cookie_domain.n)
        return is_same_domain(netloc, asked->host);
    fr_str port = port_of(asked->host);
    if (!port.n || fr_str_eq(port, FR_STR("443")) || fr_str_eq(port, FR_STR("80")))
        return is_same_domain(netloc, asked->cookie_domain);
    fr_str theirs = port_of(netloc);
    return fr_str_eq(port, theirs) &&
           is_same_domain((fr_str){netloc.p, netloc.n - theirs.n - 1}, asked->cookie_domain);
}

/* ---- verdicts ---- */

/* The reason why a request is refused. */
static fr_err refuse(fr_csrf_verdict *out, fr_str reason)
{
    out->reason = reason;
    return reason.p ? FR_OK : FR_ENOMEM;
}

static fr_err refuse_site(fr_csrf_verdict *out, fr_arena *arena, const char *what, fr_str site)
{
    return refuse(
        out, fr_arena_printf(arena, "%s checking failed - %.*s does not match any trusted origins.",
                             what, FR_FMT(site)));
}

/* Each step below returns FR_OK with out->reason.p set where the request is refused, and else goes on to the next. */

static fr_err check_token(fr_arena *arena, const fr_csrf_asked *asked, fr_csrf_verdict *out,
                          const char secret[FR_CSRF_SECRET])
{
    char given[FR_CSRF_SECRET];
    fr_str token = {0};
    if (asked->form && fr_str_eq(asked->method, FR_STR("POST")))
        token = asked->form(asked->arg);
    bool is_form = token.n > 0;
    if (!is_form)
        token = asked->header;
    if (!token.p)
        return refuse(out, FR_STR("CSRF token missing."));
    const char *fault = fault_of(token, is_form ? fr_utf8_count(token) : token.n);
    if (!fault) {
        out->is_good =
            fr_csrf_unmask(token, given) && CRYPTO_memcmp(given, secret, FR_CSRF_SECRET) == 0;
        fault = "incorrect";
    }
    if (out->is_good)
        return FR_OK;
    if (is_form)
        return refuse(out, fr_arena_printf(arena, "CSRF token from POST %s.", fault));
    return refuse(out, fr_arena_printf(arena, "CSRF token from the '%s' HTTP header %s.",
                                       asked->header_name, fault));
}

static fr_err check_cookie(fr_arena *arena, const fr_csrf_asked *asked, fr_csrf_verdict *out)
{
    char secret[FR_CSRF_SECRET];
    if (!asked->cookie.p)
        return refuse(out, FR_STR("CSRF cookie not set."));
    const char *fault = fault_of(asked->cookie, fr_utf8_count(asked->cookie));
    if (fault)
        return refuse(out, fr_arena_printf(arena, "CSRF cookie %s.", fault));
    fr_csrf_unmask(asked->cookie, secret);
    fr_err err = check_token(arena, asked, out, secret);
    OPENSSL_cleanse(secret, sizeof secret);
    return err;
}

static fr_err check_referer(fr_arena *arena, const fr_csrf_asked *asked, fr_csrf_verdict *out)
{
    fr_str scheme, netloc;
    if (!asked->referer.p)
        return refuse(out, FR_STR("Referer checking failed - no Referer."));
    if (!split(asked->referer, &scheme, &netloc))
        return refuse(out, FR_STR("Referer checking failed - Referer is malformed."));
    if (!fr_str_eq_nocase(scheme, FR_STR("https")))
        return refuse(
            out, FR_STR("Referer checking failed - Referer is insecure while host is secure."));
    if (is_trusted_referer(asked, netloc) || is_own_referer(asked, netloc))
        return check_cookie(arena, asked, out);
    return refuse_site(out, arena, "Referer", asked->referer);
}

bool fr_csrf_is_exempt(fr_str method)
{
    return fr_str_eq(method, FR_STR("GET")) || fr_str_eq(method, FR_STR("HEAD")) ||
           fr_str_eq(method, FR_STR("OPTIONS")) || fr_str_eq(method, FR_STR("TRACE"));
}

fr_err fr_csrf_check(fr_arena *arena, const fr_csrf_asked *asked, fr_csrf_verdict *out)
{
    *out = (fr_csrf_verdict){.is_cookie_bad =
                                 asked->cookie.p && fault_of(asked->cookie, asked->cookie.n)};
    if (fr_csrf_is_exempt(asked->method)) {
        out->is_good = true;
        return FR_OK;
    }
    if (!asked->origin.p)
        return asked->is_secure ? check_referer(arena, asked, out)
                                : check_cookie(arena, asked, out);
    if (is_own_origin(asked) || is_trusted_origin(asked))
        return check_cookie(arena, asked, out);
    return refuse_site(out, arena, "Origin", asked->origin);
}
