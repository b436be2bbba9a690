/* The answer to OPTIONS: name, description, and what a body may hold. */
#ifndef FR_REST_OPTIONS_H
#define FR_REST_OPTIONS_H
#include "base/buf.h"
#include "rest/viewset.h"

/* Append the metadata object. action: "POST", "PUT", or p NULL: none may be sent here. */
void fr_options_put(const fr_viewset_rt *rt, bool is_detail, fr_str action, fr_buf *out);
/* The same without fields: of an extra action. */
void fr_options_put_named(fr_str name, const char *description, fr_buf *out);
#endif
