/*
 * The names under which the server may be asked, as Django's ALLOWED_HOSTS: "example.com, .example.org" has that host, and
 * example.org with all beneath it. Links are made of the Host that a client sends, so one that anybody can choose is a way to
 * lead others elsewhere.
 */
#ifndef FR_HTTP_HOSTS_H
#define FR_HTTP_HOSTS_H
#include <freshet/base.h>

typedef struct fr_hosts {
    fr_str *names; /* lower case; in the arena */
    size_t count;
} fr_hosts;

/* list: NULL, empty or with "*" in it: *out is NULL, and any will do. Errors: FR_EINVAL with one line for the user, FR_ENOMEM. */
fr_err fr_hosts_parse(fr_arena *arena, const char *list, const fr_hosts **out, char error[256]);
/* host: as in the header, with or without a port; empty (HTTP/1.0 may come without) counts as allowed. Any thread. */
bool fr_hosts_have(const fr_hosts *hosts, fr_str host);
#endif
