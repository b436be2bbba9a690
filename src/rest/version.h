/* Versions of an API: which one a request asks for, by DRF's five schemes, and links that carry it. */
#ifndef FR_REST_VERSION_H
#define FR_REST_VERSION_H
#include <freshet/rest.h>

#include "base/buf.h"

/* .versioning of a route, and the namespaces that lead to it. Zero: there are no versions. */
typedef struct fr_version_rule {
    const fr_versioning *versioning; /* borrowed; NULL: none */
    fr_str namespaces;               /* "v1", "v1:inner"; n = 0: none */
} fr_version_rule;

/* What of a request can name a version. */
typedef struct fr_version_source {
    fr_str path_argument; /* p NULL: absent */
    fr_str host;          /* with its port */
    fr_str query;         /* raw */
    fr_str parameters;    /* of the media type that was agreed on */
} fr_version_source;

/* Errors: FR_EINVAL with one line for the developer. */
fr_err fr_version_check(const fr_version_rule *rule, char error[256]);
/* The name of the parameter, or of the argument of the path. */
fr_str fr_version_param(const fr_versioning *versioning);
/* out: p NULL: none is asked for. Errors: FR_ENOTFOUND and FR_EACCEPTABLE with a detail, FR_ENOMEM. */
fr_err fr_version_find(fr_ctx *ctx, const fr_version_rule *rule, const fr_version_source *source,
                       fr_str *out);
/* Append a path, escaped already, as requests of that version have it. */
void fr_version_put_path(const fr_version_rule *rule, fr_str version, fr_str path, fr_buf *out);
#endif
