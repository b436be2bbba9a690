/*
 * Origins: which page a request comes from, as browsers say it (RFC 6454; Fetch 3.2), against this host and against lists.
 *
 * A list is "https://a.example, *.b.example, .c.example, d.example, *": an origin; all beneath a domain; a domain and all
 * beneath it; a host, with any scheme and port; all. Before each host a scheme may stand, behind it a port. "null" is what
 * pages in a sandbox and files say of themselves. Patterns are those of Channels' OriginValidator, and of
 * django-cors-headers with a "*" at the beginning of a host.
 */
#ifndef FR_AUTH_ORIGIN_H
#define FR_AUTH_ORIGIN_H
#include <freshet/base.h>

#include "base/vec.h"

typedef struct fr_origin {
    fr_str scheme; /* empty: any */
    fr_str
        host; /* without port; IPv6 with its brackets; of a pattern ".b.example" for what is beneath */
    uint32_t port; /* the usual one of the scheme, if none is named; 0: neither */
    bool has_self; /* of a pattern that begins with a dot: b.example itself too */
} fr_origin;

typedef struct fr_origins {
    FR_VEC(fr_origin) list;
    bool has_all, has_null;
    const char *text; /* as it was given, for the log; borrowed. NULL: nothing was */
} fr_origins;

/* Read a list. text: borrowed as long as `out`; NULL: an empty one. needs_scheme: a host alone is an error. What no page can
 * match is an error too, and told with what would.
 * Errors: FR_EINVAL, FR_ENOMEM; each with one line in error. */
fr_err fr_origins_read(fr_origins *out, const char *text, bool needs_scheme, char error[256]);
void fr_origins_deinit(fr_origins *origins);

/* Whether the list has this origin. A text that is no origin is only in a list with "*". Any thread. */
bool fr_origins_have(const fr_origins *origins, fr_str origin);
/* Whether the origin is of this Host, at any port, as Channels compares them. */
bool fr_origin_is_of_host(fr_str origin, fr_str host);
/* Whether origin is this host at this port. The scheme is not compared: a page that comes through a proxy may have https
 * where we are asked by http. */
bool fr_origin_is_own(fr_str origin, fr_str host);
#endif
