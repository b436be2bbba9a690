/* Which representation a request gets (DRF's content negotiation with the one renderer we have, JSON), and whether its
 * body is one that we parse. */
#ifndef FR_REST_NEGOTIATION_H
#define FR_REST_NEGOTIATION_H
#include "base/buf.h"

typedef struct fr_representation {
    int indent; /* of "application/json; indent=4"; 0: compact */
} fr_representation;

/* accept: p NULL: absent. format: of ?format= or of the suffix; p NULL or empty: none.
 * Errors: FR_ENOTFOUND (no such format), FR_EACCEPTABLE. */
fr_err fr_negotiate(fr_str accept, fr_str format, fr_representation *out);

/* Whether a Content-Type is JSON; its parameters do not matter. As in DRF a wildcard in it is taken too. */
bool fr_media_is_json(fr_str content_type);

/* Append compact JSON with line breaks and this indentation, as Python's json.dumps does. */
void fr_json_indent(fr_str compact, int indent, fr_buf *out);
#endif
