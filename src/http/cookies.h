/* The Cookie header, read as Django reads it: parts cut at ';', trimmed, of several with one name the last. */
#ifndef FR_HTTP_COOKIES_H
#define FR_HTTP_COOKIES_H
#include <freshet/base.h>

/* The value of one cookie in a Cookie header, without quotes around it; p is NULL if absent. */
fr_str fr_cookie_find(fr_str header, fr_str name);
#endif
