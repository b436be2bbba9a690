/* See validators.h. Each is a scanner in one pass: no regular expressions, so no input makes them slow. */
#include "model/validators.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/address.h"
#include "base/str.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool fr_valid_slug(fr_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_')
            return false;
    }
    return s.n > 0;
}

/* ---- IP addresses ---- */

bool fr_valid_ipv4(fr_str s)
{
    int parts = 0;
    while (parts < 4) {
        fr_str part;
        bool has_dot = fr_str_find_char(s, '.') != SIZE_MAX;
        uint64_t value;
        s = fr_str_cut(s, '.', &part);
        if (part.n < 1 || part.n > 3 || (part.n > 1 && part.p[0] == '0') ||
            !fr_str_u64(part, &value) || value > 255)
            return false;
        parts++;
        if (!has_dot)
            break;
        if (parts == 4)
            return false;
    }
    return parts == 4;
}

static bool parse_ipv6(fr_str s, fr_address *out)
{
    char text[FR_IP_TEXT];
    fr_str address, scope = fr_str_cut(s, '%', &address);
    bool has_scope = address.n < s.n;
    if (address.n >= sizeof text || memchr(address.p, '\0', address.n))
        return false;
    if (has_scope && (!scope.n || fr_str_find_char(scope, '%') != SIZE_MAX))
        return false;
    memcpy(text, address.p, address.n);
    text[address.n] = '\0';
    return inet_pton(AF_INET6, text, out->bytes) == 1;
}

bool fr_valid_ipv6(fr_str s)
{
    fr_address address;
    return s.n > 0 && parse_ipv6(s, &address);
}

static size_t put_hex(char *out, unsigned group)
{
    static const char HEX[] = "0123456789abcdef";
    size_t n = 0;
    for (int shift = 12; shift >= 0; shift -= 4)
        if (n || shift == 0 || group >> shift)
            out[n++] = HEX[group >> shift & 15];
    return n;
}

/* The longest run of zero groups, the first of equals, if it is two or more. */
static void find_zeros(const unsigned groups[8], int *start, int *length)
{
    *start = -1;
    *length = 1;
    for (int i = 0, run = 0; i < 8; i++) {
        run = groups[i] ? 0 : run + 1;
        if (run > *length) {
            *length = run;
            *start = i - run + 1;
        }
    }
}

bool fr_ipv6_canonical(fr_str s, char out[FR_IP_TEXT], size_t *n)
{
    fr_address address;
    unsigned groups[8];
    int zeros, zeros_length;
    if (!parse_ipv6(s, &address))
        return false;
    if (fr_address_as_v4(&address)) {
        *n = fr_address_text(&address, out);
        return true;
    }
    for (size_t i = 0; i < 8; i++)
        groups[i] = (unsigned)address.bytes[2 * i] << 8 | address.bytes[2 * i + 1];
    find_zeros(groups, &zeros, &zeros_length);
    *n = 0;
    for (int i = 0; i < 8;) {
        if (i == zeros) {
            out[(*n)++] = ':';
            out[(*n)++] = ':';
            i += zeros_length;
            continue;
        }
        if (i && (zeros < 0 || i != zeros + zeros_length))
            out[(*n)++] = ':';
        *n += put_hex(out + *n, groups[i++]);
    }
    return true;
}

/* ---- host names ---- */

enum { LABEL_CHARACTERS = 63, HOST_BYTES = 253 }; /* RFC 1034 section 3.1, as in Django */

/* The bytes of a character that a label may have past ASCII, U+00A1 to U+FFFF; 0: it is none. s is WTF-8. */
static size_t international(fr_str s)
{
    uint8_t a = (uint8_t)s.p[0], b = s.n > 1 ? (uint8_t)s.p[1] : 0;
    if (a >= 0xc2 && a < 0xe0)
        return s.n >= 2 && (a > 0xc2 || b > 0xa0) ? 2 : 0;
    return a >= 0xe0 && a < 0xf0 && s.n >= 3 ? 3 : 0;
}

/* min and LABEL_CHARACTERS count characters, not bytes. */
static bool is_label(fr_str label, bool has_digits, size_t min)
{
    size_t characters = fr_utf8_count(label), step;
    if (characters < min || characters > LABEL_CHARACTERS || label.p[0] == '-' ||
        label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i += step) {
        uint8_t c = (uint8_t)label.p[i];
        bool is_plain = is_letter(c) || c == '-' || (has_digits && is_digit(c));
        step = c < 0x80 ? 1 : international(fr_str_from(label, i));
        if (!step || (c < 0x80 && !is_plain))
            return false;
    }
    return true;
}

/* xn-- and 1 to 59 letters or digits: a top-level domain in punycode. */
static bool is_punycode_tld(fr_str label)
{
    fr_str rest = fr_str_from(label, 4);
    if (!fr_str_eq_nocase(fr_str_sub(label, 0, 4), FR_STR("xn--")) || rest.n < 1 || rest.n > 59)
        return false;
    for (size_t i = 0; i < rest.n; i++)
        if (!is_letter((uint8_t)rest.p[i]) && !is_digit((uint8_t)rest.p[i]))
            return false;
    return true;
}

/* Labels with dots between them, the last one of letters: Django's DomainNameValidator. */
static bool is_domain(fr_str s)
{
    fr_str label;
    for (int labels = 1;; labels++) {
        bool has_dot = fr_str_find_char(s, '.') != SIZE_MAX;
        s = fr_str_cut(s, '.', &label);
        if (!has_dot)
            return labels > 1 && label.n && (is_label(label, false, 2) || is_punycode_tld(label));
        if (!label.n || !is_label(label, true, 1))
            return false;
    }
}

/* ---- e-mail ---- */

static bool is_atom_byte(uint8_t c)
{
    return is_letter(c) || is_digit(c) || (c && c < 0x80 && strchr("-!#$%&'*+/=?^_`{}|~", c));
}

static bool is_dot_atom(fr_str s)
{
    fr_str atom;
    do {
        bool has_dot = fr_str_find_char(s, '.') != SIZE_MAX;
        s = fr_str_cut(s, '.', &atom);
        if (!atom.n || (has_dot && !s.n))
            return false;
        for (size_t i = 0; i < atom.n; i++)
            if (!is_atom_byte((uint8_t)atom.p[i]))
                return false;
    } while (s.n);
    return true;
}

/* What may stand between quotes by itself: ASCII but for NUL, tab, line feed, carriage return, space, '"' and '\'. */
static bool is_quoted_byte(uint8_t c)
{
    return c >= 1 && c <= 127 && c != '\t' && c != '\n' && c != '\r' && c != ' ' && c != '"' &&
           c != '\\';
}

static bool is_quoted_pair_byte(uint8_t c)
{
    return c >= 1 && c <= 127 && c != '\n' && c != '\r';
}

static bool is_quoted(fr_str s)
{
    if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < s.n; i++) {
        if (s.p[i] == '\\') {
            if (++i + 1 >= s.n || !is_quoted_pair_byte((uint8_t)s.p[i]))
                return false;
        } else if (!is_quoted_byte((uint8_t)s.p[i])) {
            return false;
        }
    }
    return true;
}

static bool is_email_domain(fr_str s)
{
    if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
        fr_str literal = fr_str_sub(s, 1, s.n - 2);
        return fr_str_find_char(literal, '%') == SIZE_MAX &&
               (fr_valid_ipv4(literal) || fr_valid_ipv6(literal));
    }
    return fr_str_eq(s, FR_STR("localhost")) || is_domain(s);
}

bool fr_valid_email(fr_str s)
{
    enum { EMAIL_CHARACTERS = 320 }; /* user 64, @, host 255: RFC 3696 section 3 */
    size_t at = s.n;
    while (at > 0 && s.p[at - 1] != '@')
        at--;
    if (at == 0 || fr_utf8_count(s) > EMAIL_CHARACTERS)
        return false;
    fr_str local = {s.p, at - 1};
    return (is_dot_atom(local) || is_quoted(local)) && is_email_domain(fr_str_from(s, at));
}

/* ---- URL ---- */

static bool has_blank(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (fr_utf8_space_at(fr_str_from(s, i)))
            return true;
    return false;
}

static bool has_scheme(fr_str s, size_t *n)
{
    static const fr_str SCHEMES[] = {
        {"http://", 7}, {"https://", 8}, {"ftp://", 6}, {"ftps://", 7}};
    for (size_t i = 0; i < sizeof SCHEMES / sizeof *SCHEMES; i++)
        if (fr_str_eq_nocase(fr_str_sub(s, 0, SCHEMES[i].n), SCHEMES[i])) {
            *n = SCHEMES[i].n;
            return true;
        }
    return false;
}

/* user[:password]@ at the start; neither holds ':', '@' or '/', a user has one character at least. Brackets are an address's. */
static size_t skip_user(fr_str s)
{
    size_t i = 0, colons = 0;
    if (s.n && (s.p[0] == '?' || s.p[0] == '#')) /* there is no host then, for urlsplit() */
        return 0;
    while (i < s.n && s.p[i] != '@' && s.p[i] != '/' && s.p[i] != '[' && s.p[i] != ']' &&
           (s.p[i] != ':' || (i > 0 && ++colons == 1)))
        i++;
    return i > 0 && i < s.n && s.p[i] == '@' && !has_blank(fr_str_sub(s, 0, i)) ? i + 1 : 0;
}

static bool is_url_host(fr_str host)
{
    if (fr_valid_ipv4(host) || fr_str_eq_nocase(host, FR_STR("localhost")))
        return true;
    if (host.n > 1 && host.p[host.n - 1] == '.')
        host.n--;
    return is_domain(host);
}

/* [:port] [/?# anything without white space] */
static bool is_url_rest(fr_str s)
{
    if (s.n && s.p[0] == ':') {
        size_t digits = 1;
        while (digits < s.n && is_digit((uint8_t)s.p[digits]))
            digits++;
        if (digits < 2 || digits > 6)
            return false;
        s = fr_str_from(s, digits);
    }
    return !s.n || ((s.p[0] == '/' || s.p[0] == '?' || s.p[0] == '#') && !has_blank(s));
}

static bool ends_host(char c)
{
    return c == ':' || c == '/' || c == '?' || c == '#';
}

/* A URL from its host on. */
static bool is_url_place(fr_str s)
{
    size_t end = 0;
    if (s.n && s.p[0] == '[') {
        end = fr_str_find_char(s, ']');
        if (end == SIZE_MAX)
            return false;
        fr_str address = fr_str_sub(s, 1, end - 1);
        return fr_str_find_char(address, '%') == SIZE_MAX && fr_valid_ipv6(address) &&
               is_url_rest(fr_str_from(s, end + 1));
    }
    while (end < s.n && !ends_host(s.p[end]))
        end++;
    fr_str host = {s.p, end};
    return host.n && host.n <= HOST_BYTES && is_url_host(host) && is_url_rest(fr_str_from(s, end));
}

bool fr_valid_url(fr_str s)
{
    enum { URL_CHARACTERS = 2048 }; /* Django's URLValidator.max_length */
    size_t n;
    if (fr_utf8_count(s) > URL_CHARACTERS || !has_scheme(s, &n))
        return false;
    fr_str rest = fr_str_from(s, n);
    size_t user = skip_user(rest); /* or a path that has an '@' in it */
    return is_url_place(fr_str_from(rest, user)) || (user && is_url_place(rest));
}
