/*
 * An extra action of a viewset, or a plain handler that answers as the API does, made ready: what its route says is read once,
 * and then its requests go the way of all others (pipeline.c).
 */
#ifndef FR_REST_EXTRA_H
#define FR_REST_EXTRA_H
#include "rest/call.h"

typedef struct fr_extra {
    fr_handler handler;
    const char *methods;     /* "GET,POST" */
    const char *description; /* never NULL */
    fr_str allow, name;      /* its Allow header; "Set flag" */
    fr_renderers renderers;
    fr_parsers parsers;
    bool is_detail, is_atomic, no_search;
    const fr_serializer *shape; /* without a model; NULL: none */
    fr_plan *plan;              /* of its own serializer; NULL: the viewset's, if there is one */
} fr_extra;

/* An action, whose renderers, parsers and description are those in extra unless it has some. where: begins the error, "viewset at api/notes/".
 * Errors: FR_EINVAL with one line for the developer, FR_ENOMEM. */
fr_err fr_extra_init(fr_extra *extra, const fr_action *action, fr_arena *arena, const char *where,
                     char error[256]);
/* What a method does there: the handler, or OPTIONS. NULL: 405. */
const fr_call_action *fr_extra_find(const fr_extra *extra, fr_str method);
#endif
