/* Where viewsets stand, for links to their rows. Known once the routes are made; links are printed afterwards. */
#ifndef FR_REST_URL_H
#define FR_REST_URL_H
#include <freshet/rest.h>

#include "base/buf.h"
#include "model/value.h"
#include "rest/version.h"

/* A route that leads to a viewset. */
typedef struct fr_url_spot {
    fr_str path; /* "/api/<version>/notes/" */
    fr_version_rule versions;
    struct fr_pattern_token *tokens; /* of the path */
    size_t token_count;
    struct fr_url_spot *next;
} fr_url_spot;

typedef struct fr_url {
    const fr_viewset *viewset;
    fr_url_spot *spots; /* in the order of the routes; NULL: no route leads there */
    bool is_linked;     /* a serializer has asked for it */
} fr_url;

/* The place of a viewset, which may be filled later; the same for all who ask. Lasts for ever. NULL: memory is out. Any
 * thread. */
const fr_url *fr_url_get(const fr_viewset *viewset);
/* A route leads there. pattern: "api/notes/". versions: of the route; NULL: none. Errors: FR_EINVAL (of the pattern),
 * FR_ENOMEM. Before any request. */
fr_err fr_url_place(const fr_viewset *viewset, fr_str pattern, const fr_version_rule *versions);

/* Whether links can be made to each viewset that a serializer links to: a route leads there, without arguments but that of a
 * version; else which has none. Once all routes are made. */
bool fr_url_are_placed(char error[256]);

/* What a path, percent-decoded, leads to. */
typedef enum fr_url_found {
    FR_URL_NONE,
    FR_URL_OTHER, /* a list, or a row of another viewset */
    FR_URL_ROW    /* a row of this one: *key is what names it */
} fr_url_found;
/* versions, version: of the request, as in fr_link_style. */
fr_url_found fr_url_match(const fr_viewset *viewset, const fr_version_rule *versions,
                          fr_str version, fr_str path, fr_str *key);

/* What links take over of the request that they answer. */
typedef struct fr_link_style {
    fr_str origin;            /* "http://host" */
    fr_str format;            /* of its URL's suffix; n = 0: none */
    fr_version_rule versions; /* of its route */
    fr_str version;           /* of the API; p NULL: none */
} fr_link_style;

/* Append http://host/api/notes/7/, or with a format …/7.json, as the version has it. Nothing in it needs an escape in JSON.
 * value: of the field by which the viewset looks its rows up. */
void fr_url_put(const fr_url *url, const fr_link_style *style, const fr_field *field,
                fr_value value, fr_buf *out);
#endif
