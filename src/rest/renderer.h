/* In which forms an answer can be had: renderers made ready, and what one of them makes of the answer's JSON. */
#ifndef FR_REST_RENDERER_H
#define FR_REST_RENDERER_H
#include <freshet/rest.h>

#include "base/buf.h"

/* A media type in its parts: type, subtype, and all that stands behind the first ';'. */
typedef struct fr_media {
    fr_str type, subtype, parameters;
} fr_media;

typedef struct fr_renderer_item {
    const fr_renderer *renderer; /* borrowed */
    fr_media media;
    fr_str format; /* n = 0: none */
} fr_renderer_item;

/* In the order of preference. */
typedef struct fr_renderers {
    const fr_renderer_item *items;
    uint32_t count;
    uint32_t
        first; /* whose media type has no parameters: who takes anything gets it. count: none */
} fr_renderers;

enum { FR_RENDERERS_MAX = 16 };

/* list: ends with NULL; NULL: JSON alone, for which nothing is allocated.
 * Errors: FR_EINVAL with one line for the developer in error, FR_ENOMEM. */
fr_err fr_renderers_init(fr_renderers *renderers, const fr_renderer *const *list, fr_arena *arena,
                         char error[256]);
/* JSON alone. */
extern const fr_renderers fr_renderers_json;

/* "text/csv; charset=iso-8859-1", in the arena; p NULL: memory is out. */
fr_str fr_renderer_content_type(const fr_renderer *renderer, fr_arena *arena);
/* What the renderer makes of JSON, encoded in its charset; what the charset lacks is "?". out: in the context's arena, or json.
 * Errors: FR_ENOMEM, and those of the renderer. */
fr_err fr_renderer_run(fr_ctx *ctx, const fr_renderer *renderer, fr_str json, fr_str *out);
#endif
