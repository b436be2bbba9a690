/* See method.h. The table is the registry of RFC 9110 section 16.1, and PURGE, which caches in front of us know. */
#include "http/method.h"

#include <stdio.h>

#include "base/slip.h"
#include "base/str.h"

static const char *const KNOWN[] = {
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "QUERY",
    "PURGE",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
};

static bool check(fr_str method, char why[128])
{
    fr_slip slip = fr_slip_of(method);
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        if (fr_str_eq(method, fr_str_c(KNOWN[i])))
            return true;
        fr_slip_try(&slip, KNOWN[i]);
    }
    snprintf(why, 128, "\"%.*s\" is no method%s%s%s", FR_FMT(fr_str_sub(method, 0, 40)),
             slip.nearest ? "; did you mean " : "", slip.nearest ? slip.nearest : "",
             slip.nearest ? "?" : "");
    return false;
}

bool fr_methods_ok(const char *list, char why[128])
{
    fr_str rest = fr_str_c(list), one;
    if (!rest.n) {
        snprintf(why, 128, "it names no method");
        return false;
    }
    while (rest.n) {
        rest = fr_str_cut(rest, ',', &one);
        if (!check(fr_str_trim(one), why))
            return false;
    }
    return true;
}
