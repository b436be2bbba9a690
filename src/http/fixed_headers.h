/* Headers of every answer, as Django's SecurityMiddleware gives them: what a handler has set itself stays. */
#ifndef FR_HTTP_FIXED_HEADERS_H
#define FR_HTTP_FIXED_HEADERS_H
#include <freshet/http.h>

typedef struct fr_fixed_headers {
    fr_pair *at; /* in the arena */
    size_t count;
} fr_fixed_headers;

/* lines: "Name: value", with '\n' between them; NULL: none, and *out is NULL. Errors: FR_EINVAL with one line for the user,
 * FR_ENOMEM. */
fr_err fr_fixed_headers_parse(fr_arena *arena, const char *lines, const fr_fixed_headers **out,
                              char error[256]);
#endif
