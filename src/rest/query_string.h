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
/* As if none of that name had been sent. */
void fr_params_drop(fr_params *params, fr_str name);

/* Append a name or a value of a query string, as Python's quote_plus escapes it. */
void fr_query_quote(fr_buf *out, fr_str s);
/* Append the path of a file as Django's filepath_to_uri escapes it. */
void fr_file_path_quote(fr_buf *out, fr_str path);
/* Append a path as Django escapes the one that was asked for. */
void fr_path_quote(fr_buf *out, fr_str path);
/* Append a link: origin, path (escaped as Django does) and the parameters sorted by name, with those of `changes` instead of
 * what they were; one whose value.p is NULL is left out. */
void fr_params_link(fr_arena *arena, const fr_params *params, fr_str origin, fr_str path,
                    const fr_pair *changes, size_t change_count, fr_buf *out);
#endif
