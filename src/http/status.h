/* Status lines and reason phrases (RFC 9110 section 15). */
#ifndef FR_HTTP_STATUS_H
#define FR_HTTP_STATUS_H
#include <freshet/base.h>

/* "Not Found"; of a status that has no name, the one of its class: 499 is "Bad Request". */
fr_str fr_status_reason(int status);
/* "HTTP/1.1 404 Not Found\r\n", ready made; n == 0 for a status that has no name. */
fr_str fr_status_line(int status);
/* Whether an answer of this status never has a body: 1xx, 204, 205, 304 (RFC 9110 15.3.6, 6.4.1). */
static inline bool fr_status_is_bodyless(int status)
{
    return status < 200 || status == 204 || status == 205 || status == 304;
}
#endif
