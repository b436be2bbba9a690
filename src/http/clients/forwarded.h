/*
 * What trusted proxies say of a request: Forwarded (RFC 7239), or X-Forwarded-For, -Proto, -Host, -Port.
 *
 *     Forwarded: for=192.0.2.60;proto=https;host=example.org, for="[2001:db8::17]:4711"
 *     X-Forwarded-For: 192.0.2.60, 2001:db8::17
 *
 * Each proxy adds at the end whom it has heard. So the list is read from there, as long as the one who added an entry is
 * trusted: the first that is not is the client, and what stands before it is the client's own word, which nobody reads.
 */
#ifndef FR_HTTP_CLIENTS_FORWARDED_H
#define FR_HTTP_CLIENTS_FORWARDED_H
#include <freshet/http.h>

#include "http/clients/trust.h"

enum {
    FR_FORWARDED_HOPS = 32
}; /* trusted proxies behind each other; beyond, nothing is believed */

typedef enum fr_scheme { FR_SCHEME_UNSAID, FR_SCHEME_HTTP, FR_SCHEME_HTTPS } fr_scheme;

typedef struct fr_forwarded {
    fr_str client;      /* an address, in `text`; "unknown", "_hidden"; p NULL: not said */
    fr_str host;        /* as a Host field; p NULL: not said */
    uint16_t port;      /* of the client; 0: not said */
    uint16_t host_port; /* of the server, to be added to a host that has none; 0: none is to be */
    uint8_t scheme;     /* fr_scheme */
    char text[FR_ADDRESS_TEXT];
} fr_forwarded;

typedef enum fr_forwarded_result {
    FR_FORWARDED_NONE, /* nothing is said */
    FR_FORWARDED_GIVEN,
    FR_FORWARDED_IGNORED /* what is said is malformed, contradicts itself, or has too many hops: *why (literal) */
} fr_forwarded_result;

/* The peer is trusted. Both kinds together must say the same, since one of them may be the client's. *out, which must not
 * be moved, borrows from headers. */
fr_forwarded_result fr_forwarded_read(const fr_trust *trust, const fr_pair *headers, size_t count,
                                      fr_forwarded *out, const char **why);
#endif
