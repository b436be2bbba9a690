/* In which form a request gets its answer (DRF's content negotiation), and whether its body is one that we parse. */
#ifndef FR_REST_NEGOTIATION_H
#define FR_REST_NEGOTIATION_H
#include "base/buf.h"
#include "rest/renderer.h"

enum { FR_MEDIA_TYPE_BYTES = 256 }; /* longer ones are none, as in DRF */

typedef struct fr_representation {
    const fr_renderer *renderer;
    fr_str media; /* what Accept says that led here; n = 0: nothing */
    bool
        is_vague; /* the renderer's own media type is more specific: of media only the parameters count */
    int indent; /* of "application/json; indent=4"; 0: compact */
} fr_representation;

/* "text/csv; header=present" in its parts, which are borrowed. */
fr_media fr_media_read(fr_str text);
/* Other ones than q. */
bool fr_media_has_parameters(const fr_media *media);
/* The value of a parameter, without quotes; of several the last; p NULL: absent. */
fr_str fr_media_parameter(fr_str parameters, fr_str name);

/* accept: p NULL: absent. format: of ?format= or of the suffix; p NULL or empty: none. out: on an error the first renderer.
 * Errors: FR_ENOTFOUND (no such format), FR_EACCEPTABLE. */
fr_err fr_negotiate(const fr_renderers *renderers, fr_str accept, fr_str format,
                    fr_representation *out);

/* Whether a Content-Type is JSON; its parameters do not matter. As in DRF a wildcard in it is taken too. */
bool fr_media_is_json(fr_str content_type);

/* Append compact JSON with line breaks and this indentation, as Python's json.dumps does. */
void fr_json_indent(fr_str compact, int indent, fr_buf *out);
/* The same of a piece that ends between two values; *depth, at first 0, is what it begins at, and then where it has ended. */
void fr_json_indent_part(fr_str compact, int indent, int *depth, fr_buf *out);
#endif
