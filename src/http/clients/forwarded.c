/* See forwarded.h. Nothing is allocated; the work is one walk over each header. */
#include "http/clients/forwarded.h"

#include <string.h>

#include "base/str.h"
#include "http/host.h"
#include "http/token.h"

/* One entry: what a proxy says of the peer that it has heard. p NULL: not said. */
typedef struct hop {
    fr_str node, scheme, host;
} hop;

/* The last entries of a list; those before them are the client's, or of no use. */
typedef struct hops {
    hop at[FR_FORWARDED_HOPS];
    size_t count; /* of all */
} hops;

static hop *add(hops *h)
{
    hop *one = &h->at[h->count++ % FR_FORWARDED_HOPS];
    *one = (hop){0};
    return one;
}

/* i: 0 is the last entry. */
static const hop *from_end(const hops *h, size_t i)
{
    return &h->at[(h->count - 1 - i) % FR_FORWARDED_HOPS];
}

/* ---- nodes ---- */

typedef struct node {
    fr_address address;
    fr_str name; /* "unknown" or "_name" in the address' place; p NULL: none */
    uint16_t port;
} node;

/* "_" and letters, digits, '.', '_', '-': a name that a proxy made up. */
static bool is_hidden(fr_str s)
{
    if (s.n < 2 || s.p[0] != '_')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], letter = (char)(c | 0x20);
        if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') &&
            !(c && strchr("._-", c)))
            return false;
    }
    return true;
}

static bool read_port(fr_str s, uint16_t *out)
{
    uint64_t port;
    *out = 0;
    if (is_hidden(s))
        return true;
    if (s.n > 5 || !fr_str_u64(s, &port) || port > UINT16_MAX)
        return false;
    *out = (uint16_t)port;
    return true;
}

/* "192.0.2.1", "[2001:db8::1]", both with or without ":port"; "2001:db8::1"; "unknown"; "_name". */
static bool read_node(fr_str s, node *out)
{
    *out = (node){0};
    size_t colon = fr_str_find_char(s, ':');
    bool is_bracketed = s.n && s.p[0] == '[';
    fr_str name = s, rest = {0};
    if (is_bracketed) {
        rest = fr_str_cut(fr_str_from(s, 1), ']', &name);
        if (name.n + 2 > s.n || fr_str_find_char(name, ':') == SIZE_MAX)
            return false;
    } else if (colon != SIZE_MAX && fr_str_find_char(fr_str_from(s, colon + 1), ':') == SIZE_MAX) {
        name = fr_str_sub(s, 0, colon);
        rest = fr_str_from(s, colon);
    }
    if (rest.n && (rest.p[0] != ':' || !read_port(fr_str_from(rest, 1), &out->port)))
        return false;
    if (fr_address_parse(name, &out->address))
        return true;
    if (is_bracketed || (!is_hidden(name) && !fr_str_eq_nocase(name, FR_STR("unknown"))))
        return false;
    out->name = name;
    return true;
}

/* ---- from the end to the client ---- */

static void set_client(const node *from, fr_forwarded *out)
{
    out->port = from->port;
    out->client = from->name;
    if (!from->name.p)
        out->client = (fr_str){out->text, fr_address_text(&from->address, out->text)};
}

/* *depth: of the entry that speaks of the client, from the end. NULL, or why nothing is believed. */
static const char *find_client(const fr_trust *trust, const hops *h, fr_forwarded *out,
                               size_t *depth)
{
    *depth = 0;
    for (size_t i = 0; i < h->count; i++) {
        node from;
        if (i == FR_FORWARDED_HOPS)
            return "too many hops";
        fr_str text = from_end(h, i)->node;
        if (text.p && !read_node(text, &from))
            return "bad address";
        *depth = i;
        if (!text.p)
            return NULL;
        set_client(&from, out);
        if (from.name.p || !fr_trust_has(trust, &from.address))
            return NULL;
    }
    return NULL;
}

static const char *set_scheme(fr_str scheme, fr_forwarded *out)
{
    if (!scheme.p)
        return NULL;
    if (fr_str_eq_nocase(scheme, FR_STR("https")) || fr_str_eq_nocase(scheme, FR_STR("wss")))
        out->scheme = FR_SCHEME_HTTPS;
    else if (fr_str_eq_nocase(scheme, FR_STR("http")) || fr_str_eq_nocase(scheme, FR_STR("ws")))
        out->scheme = FR_SCHEME_HTTP;
    else
        return "bad scheme";
    return NULL;
}

static const char *set_host(fr_str host, fr_forwarded *out)
{
    if (host.p && !fr_is_host(host, (const uint8_t *)host.p + host.n))
        return "bad host";
    out->host = host;
    return NULL;
}

/* ---- Forwarded ---- */

static fr_str skip_blanks(fr_str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = fr_str_from(s, 1);
    return s;
}

/* What needs quotes by the letter of the RFC, and often comes without. */
static bool is_value_byte(char c)
{
    return fr_is_token_byte((uint8_t)c) || c == ':' || c == '[' || c == ']';
}

/* A token, or a text in quotes. Nothing that may stand here needs an escape, so one is malformed. */
static bool take_value(fr_str *rest, fr_str *out)
{
    size_t n = 0;
    if (rest->n && rest->p[0] == '"') {
        size_t end = fr_str_find_char(fr_str_from(*rest, 1), '"');
        if (end == SIZE_MAX)
            return false;
        *out = fr_str_sub(*rest, 1, end);
        *rest = fr_str_from(*rest, end + 2);
        return fr_str_find_char(*out, '\\') == SIZE_MAX;
    }
    while (n < rest->n && is_value_byte(rest->p[n]))
        n++;
    *out = fr_str_sub(*rest, 0, n);
    *rest = fr_str_from(*rest, n);
    return n > 0;
}

/* "for=192.0.2.1": each name once. Those of extensions are passed over. */
static bool take_pair(fr_str *rest, hop *one)
{
    fr_str name, value;
    if (!take_value(rest, &name) || !rest->n || rest->p[0] != '=')
        return false;
    *rest = fr_str_from(*rest, 1);
    if (!take_value(rest, &value))
        return false;
    fr_str *to = fr_str_eq_nocase(name, FR_STR("for"))     ? &one->node
                 : fr_str_eq_nocase(name, FR_STR("proto")) ? &one->scheme
                 : fr_str_eq_nocase(name, FR_STR("host"))  ? &one->host
                                                           : NULL;
    if (to && to->p)
        return false;
    if (to)
        *to = value;
    return true;
}

/* All entries of one header line. */
static bool read_entries(fr_str rest, hops *h)
{
    hop *one = NULL; /* the entry being read; made by its first pair */
    for (rest = skip_blanks(rest); rest.n; rest = skip_blanks(rest)) {
        char c = rest.p[0];
        if (c == ',' || c == ';') {
            rest = fr_str_from(rest, 1);
            if (c == ',')
                one = NULL;
            continue;
        }
        if (!one)
            one = add(h);
        if (!take_pair(&rest, one))
            return false;
        rest = skip_blanks(rest);
        if (rest.n && rest.p[0] != ',' && rest.p[0] != ';')
            return false;
    }
    return true;
}

static fr_forwarded_result read_standard(const fr_trust *trust, const fr_pair *headers,
                                         size_t count, fr_forwarded *out, const char **why)
{
    hops h = {.count = 0};
    size_t depth;
    *out = (fr_forwarded){0};
    *why = NULL;
    for (size_t i = 0; i < count; i++)
        if (fr_str_eq(headers[i].name, FR_STR("forwarded")) && !read_entries(headers[i].value, &h))
            *why = "bad Forwarded";
    if (!*why && !h.count)
        return FR_FORWARDED_NONE;
    if (!*why)
        *why = find_client(trust, &h, out, &depth);
    if (!*why)
        *why = set_scheme(from_end(&h, depth)->scheme, out);
    if (!*why)
        *why = set_host(from_end(&h, depth)->host, out);
    return *why ? FR_FORWARDED_IGNORED : FR_FORWARDED_GIVEN;
}

/* ---- X-Forwarded-… ---- */

static void read_list(const fr_pair *headers, size_t count, fr_str name, hops *h)
{
    h->count = 0;
    for (size_t i = 0; i < count; i++) {
        fr_str rest = headers[i].value, one;
        if (!fr_str_eq(headers[i].name, name))
            continue;
        while (rest.n) {
            rest = fr_str_cut(rest, ',', &one);
            one = fr_str_trim(one);
            if (one.n)
                add(h)->node = one;
        }
    }
}

/* What this list says of the client: if each proxy has added to it, the entry beside the client's address; else the last
 * one, which is the nearest proxy's. p NULL: nothing. */
static fr_str beside(const fr_pair *headers, size_t count, fr_str name, size_t addresses,
                     size_t depth)
{
    hops h;
    read_list(headers, count, name, &h);
    if (!h.count)
        return (fr_str){0};
    return from_end(&h, h.count == addresses ? depth : 0)->node;
}

/* Browsers name a port that is not the usual one in Host already; proxies in front of containers often name theirs. */
static const char *set_host_port(fr_str port, fr_forwarded *out)
{
    uint64_t number;
    if (!port.p)
        return NULL;
    if (port.n > 5 || !fr_str_u64(port, &number) || number == 0 || number > UINT16_MAX)
        return "bad port";
    out->host_port = number == 80 || number == 443 ? 0 : (uint16_t)number;
    return NULL;
}

static fr_forwarded_result read_usual(const fr_trust *trust, const fr_pair *headers, size_t count,
                                      fr_forwarded *out, const char **why)
{
    hops h;
    size_t depth;
    *out = (fr_forwarded){0};
    read_list(headers, count, FR_STR("x-forwarded-for"), &h);
    *why = find_client(trust, &h, out, &depth);
    fr_str scheme = beside(headers, count, FR_STR("x-forwarded-proto"), h.count, depth);
    fr_str host = beside(headers, count, FR_STR("x-forwarded-host"), h.count, depth);
    fr_str port = beside(headers, count, FR_STR("x-forwarded-port"), h.count, depth);
    if (!h.count && !scheme.p && !host.p && !port.p)
        return FR_FORWARDED_NONE;
    if (!*why)
        *why = set_scheme(scheme, out);
    if (!*why)
        *why = set_host(host, out);
    if (!*why)
        *why = set_host_port(port, out);
    return *why ? FR_FORWARDED_IGNORED : FR_FORWARDED_GIVEN;
}

/* ---- both ---- */

static bool says_the_same(const fr_forwarded *a, const fr_forwarded *b)
{
    return fr_str_eq_nocase(a->client, b->client) && !a->client.p == !b->client.p &&
           fr_str_eq_nocase(a->host, b->host) && a->scheme == b->scheme;
}

fr_forwarded_result fr_forwarded_read(const fr_trust *trust, const fr_pair *headers, size_t count,
                                      fr_forwarded *out, const char **why)
{
    fr_forwarded usual;
    fr_forwarded_result is_usual = read_usual(trust, headers, count, &usual, why);
    if (is_usual == FR_FORWARDED_IGNORED)
        return is_usual;
    fr_forwarded_result is_standard = read_standard(trust, headers, count, out, why);
    if (is_standard == FR_FORWARDED_NONE && is_usual == FR_FORWARDED_GIVEN) {
        *out = usual;
        if (usual.client.p == usual.text)
            out->client.p = out->text;
        return is_usual;
    }
    if (is_standard == FR_FORWARDED_GIVEN && is_usual == FR_FORWARDED_GIVEN &&
        !says_the_same(&usual, out)) {
        *why = "Forwarded and X-Forwarded-... differ";
        return FR_FORWARDED_IGNORED;
    }
    return is_standard;
}
