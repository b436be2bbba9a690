/*
 * The Cookie header, read as Django reads it: parts cut at ';', trimmed, of several with one name the last; quoted values
 * as Python's http.cookies has them.
 */
#ifndef FR_HTTP_COOKIES_H
#define FR_HTTP_COOKIES_H
#include <freshet/http.h>

/* The value of one cookie in a Cookie header, as it was sent; p is NULL if absent. */
fr_str fr_cookie_find(fr_str header, fr_str name);
/* Without quotes around it and the escapes that stand in them ("\073", "\""); in the arena if there are any. p is NULL
 * when memory is out, or value.p is. */
fr_str fr_cookie_unquote(fr_arena *arena, fr_str value);
/* Why browsers would throw away a cookie without a word: what its name promises, or SameSite, is not so. NULL: they keep it. is_secure: of
 * the cookie, or of the request. */
const char *fr_cookie_fault(const fr_cookie *cookie, bool is_secure);
#endif
