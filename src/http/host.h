/* What may stand in a Host field, and between "http://" and the path of a target: RFC 9112 section 3.2. */
#ifndef FR_HTTP_HOST_H
#define FR_HTTP_HOST_H
#include <freshet/base.h>

/* host[:port], host being a name, an IPv4 address or [IPv6]. Bytes up to `end` may be read. */
bool fr_is_host(fr_str s, const uint8_t *end);
#endif
