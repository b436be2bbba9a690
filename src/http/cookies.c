/*
 * Cookies: those that a request brings, and those that an answer sets (RFC 6265).
 */
#include "http/cookies.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"
#include "http/http_int.h"

/* ---- reading ---- */

fr_str fr_cookie_find(fr_str header, fr_str name)
{
    fr_str found = {0};
    while (header.n) {
        fr_str part, key;
        header = fr_str_cut(header, ';', &part);
        if (fr_str_find_char(part, '=') == SIZE_MAX)
            continue; /* a value without a name is nobody's */
        fr_str value = fr_str_cut(part, '=', &key);
        if (fr_str_eq(fr_str_trim(key), name))
            found = fr_str_trim(value);
    }
    return found;
}

static bool is_octal(fr_str s, size_t at)
{
    return s.n - at >= 4 && s.p[at + 1] >= '0' && s.p[at + 1] <= '3' && s.p[at + 2] >= '0' &&
           s.p[at + 2] <= '7' && s.p[at + 3] >= '0' && s.p[at + 3] <= '7';
}

/* What follows a backslash: three octal digits are a code point, anything else stands for itself. A code point of 128
 * and more takes two bytes, and never more than its four. */
static size_t unescape(fr_str s, size_t *at, char *out)
{
    if (is_octal(s, *at)) {
        const char *digits = s.p + *at + 1;
        *at += 4;
        return fr_utf8_put(
            (uint32_t)((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + digits[2] - '0'), out);
    }
    *out = s.p[*at + (*at + 1 < s.n)];
    *at += *at + 1 < s.n ? 2 : 1;
    return 1;
}

fr_str fr_cookie_unquote(fr_arena *arena, fr_str value)
{
    if (value.n < 2 || value.p[0] != '"' || value.p[value.n - 1] != '"')
        return value;
    value = fr_str_sub(value, 1, value.n - 2);
    if (fr_str_find_char(value, '\\') == SIZE_MAX)
        return value;
    char *text = fr_arena_alloc(arena, value.n + 1);
    size_t n = 0;
    for (size_t at = 0; text && at < value.n;)
        if (value.p[at] == '\\')
            n += unescape(value, &at, text + n);
        else
            text[n++] = value.p[at++];
    return (fr_str){text, n};
}

/* ---- setting ---- */

enum {
    COOKIE_BYTES_MAX = 4096,    /* name and value: browsers drop longer ones */
    ATTRIBUTE_BYTES_MAX = 1024, /* browsers drop longer attributes too */
};
static const int64_t AGE_S_MAX =
    (int64_t)100 * 366 * 24 * 60 * 60; /* a date has four digits for the year */

/* cookie-octet of section 4.1.1: neither blank, control byte, quote, comma, semicolon nor backslash. */
static bool is_value(fr_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\')
            return false;
    }
    return true;
}

static bool is_path(fr_str s)
{
    return s.n && s.n <= ATTRIBUTE_BYTES_MAX && s.p[0] == '/' && fr_is_field_value(s) &&
           fr_str_find_char(s, ';') == SIZE_MAX;
}

static bool is_domain(fr_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '.' && c != '-')
            return false;
    }
    return s.n > 0 && s.n <= ATTRIBUTE_BYTES_MAX;
}

static bool begins_with(fr_str name, fr_str prefix)
{
    return fr_str_eq_nocase(fr_str_sub(name, 0, prefix.n), prefix);
}

const char *fr_cookie_fault(const fr_cookie *cookie, bool is_secure)
{
    bool is_host = begins_with(cookie->name, FR_STR("__Host-"));
    bool is_of_host =
        !cookie->domain.n && (!cookie->path.n || fr_str_eq(cookie->path, FR_STR("/")));
    if (cookie->same_site == FR_SAME_SITE_NONE && !is_secure)
        return "browsers take SameSite=None of secure cookies only: .is_secure = true";
    if ((is_host || begins_with(cookie->name, FR_STR("__Secure-"))) && !is_secure)
        return "browsers take __Host-… and __Secure-… of secure cookies only: .is_secure = true";
    return is_host && !is_of_host
               ? "browsers take __Host-… without a domain and for the path / only"
               : NULL;
}

/* What browsers would throw away without a word is told to the developer. */
static fr_err check(const fr_cookie *cookie, bool is_secure)
{
    if (!fr_is_token(cookie->name) || !is_value(cookie->value) ||
        (cookie->path.n && !is_path(cookie->path)) ||
        (cookie->domain.n && !is_domain(cookie->domain)) || cookie->max_age_s > AGE_S_MAX)
        return FR_EINVAL;
    if (cookie->same_site > FR_SAME_SITE_NONE || fr_cookie_fault(cookie, is_secure))
        return FR_EINVAL;
    return cookie->name.n + cookie->value.n > COOKIE_BYTES_MAX ? FR_ETOOBIG : FR_OK;
}

/* The date is for clients that do not know Max-Age. */
static void put_expires(fr_buf *text, int64_t max_age_s)
{
    char date[FR_TIME_TEXT];
    if (!max_age_s)
        return;
    fr_time until = max_age_s < 0 ? 0 : fr_time_now() + max_age_s * 1000000;
    fr_buf_lit(text, "; expires=");
    fr_buf_put(text, (fr_str){date, fr_time_http(until, date)});
}

/* The attributes in Django's order. */
static fr_str attributes(const fr_cookie *cookie, bool is_secure, fr_buf *text)
{
    static const char *const SAME_SITE[] = {"Lax", "Strict", "None"};
    fr_buf_put(text, cookie->name);
    fr_buf_put_char(text, '=');
    fr_buf_put(text, cookie->value);
    if (cookie->domain.n) {
        fr_buf_lit(text, "; Domain=");
        fr_buf_put(text, cookie->domain);
    }
    put_expires(text, cookie->max_age_s);
    if (!cookie->is_for_scripts)
        fr_buf_lit(text, "; HttpOnly");
    if (cookie->max_age_s) {
        fr_buf_lit(text, "; Max-Age=");
        fr_buf_put_i64(text, cookie->max_age_s < 0 ? 0 : cookie->max_age_s);
    }
    fr_buf_lit(text, "; Path=");
    fr_buf_put(text, cookie->path.n ? cookie->path : FR_STR("/"));
    fr_buf_lit(text, "; SameSite=");
    fr_buf_put(text, fr_str_c(SAME_SITE[cookie->same_site]));
    if (is_secure)
        fr_buf_lit(text, "; Secure");
    return fr_buf_str(text);
}

/* What an attribute of a Set-Cookie line says: "; Path=". */
static fr_str attribute(fr_str line, fr_str name)
{
    fr_str value;
    size_t at = fr_str_find(line, name);
    if (at == SIZE_MAX)
        return (fr_str){0};
    fr_str_cut(fr_str_from(line, at + name.n), ';', &value);
    return value;
}

/* Whether two lines set one cookie: a browser that got both would keep the last. */
static bool is_same_cookie(fr_str line, const void *other)
{
    fr_str a, b;
    const fr_str *with = other;
    fr_str_cut(line, '=', &a);
    fr_str_cut(*with, '=', &b);
    return fr_str_eq(a, b) &&
           fr_str_eq(attribute(line, FR_STR("; Path=")), attribute(*with, FR_STR("; Path="))) &&
           fr_str_eq(attribute(line, FR_STR("; Domain=")), attribute(*with, FR_STR("; Domain=")));
}

fr_err fr_reply_cookie(fr_req *req, const fr_cookie *cookie)
{
    bool is_secure = cookie->is_secure || req->is_secure;
    FR_TRY(check(cookie, is_secure));
    fr_buf text;
    fr_buf_init(&text);
    fr_str value = attributes(cookie, is_secure, &text);
    fr_err err = fr_buf_check(&text);
    if (err == FR_OK && fr_exchange_of(req) && !fr_req_is_answered(req))
        fr_reply_header_drop_if(fr_exchange_of(req), FR_STR("set-cookie"), is_same_cookie, &value);
    if (err == FR_OK)
        err = fr_reply_header(req, FR_STR("Set-Cookie"), value);
    fr_buf_deinit(&text);
    return err;
}
