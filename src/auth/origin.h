/* Origin check of WebSocket handshakes (RFC 6455 10.2). Default: same host as the Host header, any port, as Channels'
 * validator compares hosts; a request without Origin is not from a browser and passes (recipe row 12). */
#ifndef FR_AUTH_ORIGIN_H
#define FR_AUTH_ORIGIN_H
#include <freshet/base.h>
/* origin, host: header values, p NULL if absent. allowed: NULL, "*", or a list of patterns (host, .domain, scheme://host[:port]). */
bool fr_origin_ok(fr_str origin, fr_str host, const char *allowed);
#endif
