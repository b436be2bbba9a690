/* A query string as pairs, as Django's QueryDict reads it, and links with one parameter changed, as DRF spells them. */
#ifndef FR_REST_QUERY_STRING_H
#define FR_REST_QUERY_STRING_H
#include <freshet/http.h>

#include "base/buf.h"

typedef struct fr_params {
    fr_pair *at; /* decoded, in the order of the query string */
    size_t count;
} fr_params;

/* raw: without '?'. '+' is a space; a '%' that starts no byte stands for itself; bytes that are not UTF-8 become U+FFFD. */
fr_err fr_params_parse(fr_arena *arena, fr_str raw, fr_params *out);
/* Of several the last; p NULL: absent. */
fr_str fr_params_get(const fr_params *params, fr_str name);

/* Append a link: origin, path (escaped as Django does) and the parameters sorted by name, with `name` set to `value`, or
 * without it if value.p is NULL. */
void fr_params_link(fr_arena *arena, const fr_params *params, fr_str origin, fr_str path,
                    fr_str name, fr_str value, fr_buf *out);
#endif
