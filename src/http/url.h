/* Parts of URLs: query strings, decoded as Django decodes them. */
#ifndef FR_HTTP_URL_H
#define FR_HTTP_URL_H
#include <freshet/http.h>

/* Percent-decode as Python's unquote does: a '%' that begins no escape stands for itself. '+' is a blank if
 * plus_is_space. Borrowed from s if there is nothing to decode, else in arena; p is NULL when memory is out. */
fr_str fr_unquote(fr_arena *arena, fr_str s, bool plus_is_space);
/* The next name=value of a query string, decoded: *rest starts as req->query. false: no more, or out of memory (then
 * out->name.p is NULL). Empty parts ("&&") are left out, a part without '=' has an empty value. */
bool fr_query_next(fr_arena *arena, fr_str *rest, fr_pair *out);
/* So many pairs a query string has at most. */
size_t fr_query_count(fr_str text);
/* All of them, with U+FFFD for what is not UTF-8; out has room for fr_query_count(text). Errors: FR_ENOMEM. */
fr_err fr_query_read(fr_arena *arena, fr_str text, fr_pair *out, size_t *count);
#endif
