/*
 * Any Forwarded and X-Forwarded-… headers: the input is header lines. What is believed must be well-formed, must not depend
 * on anything before the client's entry, and must say the same when it is written as a proxy would write it.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "check.h"
#include "http/clients/forwarded.h"
#include "http/host.h"

enum { HEADERS = 16, INPUT_MAX = 4096 };

static const fr_trust *trust_of(fr_arena *arena)
{
    char error[256];
    const fr_trust *trust = NULL;
    check(fr_trust_parse(arena, "10.0.0.0/8, loopback, 2001:db8::/32", &trust, error) == FR_OK);
    return trust;
}

static bool is_hidden(fr_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] <= ' ' || strchr("\"<>,;:[]\\", s.p[i]))
            return false;
    return fr_str_eq_nocase(s, FR_STR("unknown")) || (s.n > 1 && s.p[0] == '_');
}

static void check_said(const fr_forwarded *said)
{
    fr_address address;
    char text[FR_ADDRESS_TEXT];
    if (said->client.p && fr_address_parse(said->client, &address))
        check(fr_str_eq(said->client, (fr_str){text, fr_address_text(&address, text)}));
    else
        check(!said->client.p || is_hidden(said->client));
    check(!said->host.p || fr_is_host(said->host, (const uint8_t *)said->host.p + said->host.n));
    check(said->scheme <= FR_SCHEME_HTTPS);
    check(said->host_port != 80 && said->host_port != 443);
}

static bool is_same(const fr_forwarded *a, const fr_forwarded *b)
{
    return fr_str_eq(a->client, b->client) && fr_str_eq(a->host, b->host) && a->port == b->port &&
           a->scheme == b->scheme && a->host_port == b->host_port;
}

/* The list with the client's own word before it. */
static void read_with_lies(const fr_trust *trust, const fr_pair *headers, size_t count,
                           const fr_forwarded *said)
{
    fr_pair more[HEADERS + 1];
    fr_forwarded again;
    fr_address address;
    const char *why;
    if (!said->client.p ||
        (fr_address_parse(said->client, &address) && fr_trust_has(trust, &address)))
        return;
    more[0] = (fr_pair){FR_STR("x-forwarded-for"), FR_STR("<evil>, 6.6.6.6, 10.0.0.1")};
    memcpy(more + 1, headers, count * sizeof *headers);
    fr_forwarded_result result = fr_forwarded_read(trust, more, count + 1, &again, &why);
    bool has_usual = false;
    for (size_t i = 0; i < count; i++)
        has_usual |=
            fr_str_eq(headers[i].name, FR_STR("x-forwarded-for")) && headers[i].value.n > 0;
    if (has_usual && result == FR_FORWARDED_GIVEN)
        check(fr_str_eq(again.client, said->client) && again.port == said->port);
}

/* What was believed, said by one proxy that we trust. */
static void say_again(fr_arena *arena, const fr_trust *trust, const fr_forwarded *said)
{
    fr_forwarded again;
    const char *why, *scheme = said->scheme == FR_SCHEME_HTTPS ? "https" : "http";
    bool is_v6 = fr_str_find_char(said->client, ':') != SIZE_MAX;
    if (!said->client.p || !said->host.p || said->scheme == FR_SCHEME_UNSAID)
        return;
    fr_str value = fr_arena_printf(arena, "for=\"%s%.*s%s:%u\";host=\"%.*s\";proto=%s",
                                   is_v6 ? "[" : "", FR_FMT(said->client), is_v6 ? "]" : "",
                                   said->port, FR_FMT(said->host), scheme);
    fr_pair header = {FR_STR("forwarded"), value};
    check(fr_forwarded_read(trust, &header, 1, &again, &why) == FR_FORWARDED_GIVEN);
    again.host_port = said->host_port;
    check(is_same(said, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX)
        return 0;
    fr_arena *arena = fr_arena_new(0);
    const fr_trust *trust = trust_of(arena);
    fr_pair headers[HEADERS];
    fr_str rest = {(const char *)data, size}, line;
    size_t count = 0;
    while (rest.n && count < HEADERS) {
        rest = fr_str_cut(rest, '\n', &line);
        headers[count].value = fr_str_trim(fr_str_cut(line, ':', &headers[count].name));
        count++;
    }
    fr_forwarded said;
    const char *why = NULL;
    fr_forwarded_result result = fr_forwarded_read(trust, headers, count, &said, &why);
    check(result != FR_FORWARDED_IGNORED || why);
    if (result == FR_FORWARDED_GIVEN) {
        check_said(&said);
        read_with_lies(trust, headers, count, &said);
        say_again(arena, trust, &said);
    }
    fr_arena_free(arena);
    return 0;
}
