/* Methods of HTTP: those that are registered, and lists of them as routes have them: "GET,POST". */
#ifndef FR_HTTP_METHOD_H
#define FR_HTTP_METHOD_H
#include <freshet/base.h>

/* Whether all of a list are methods, and there is one; else why not, for the developer, without a full stop. */
bool fr_methods_ok(const char *list, char why[128]);
#endif
