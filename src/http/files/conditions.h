/*
 * Conditional requests (RFC 9110 section 13): what a client has or expects, held against what there is.
 */
#ifndef FR_HTTP_FILES_CONDITIONS_H
#define FR_HTTP_FILES_CONDITIONS_H
#include <freshet/http.h>

/* A file that was changed just now may be changed again within the same second, and so without a new time. */
enum { FR_SETTLED_S = 2 };

/* What there is. */
typedef struct fr_validators {
    fr_str etag;        /* as it stands in the header: W/"…" or "…"; n = 0: none */
    int64_t modified_s; /* seconds since 1970 */
    bool has_modified;
    bool is_missing; /* there is nothing yet: what PUT may create */
} fr_validators;

typedef enum fr_condition {
    FR_CONDITION_GO_ON,
    FR_CONDITION_UNCHANGED, /* 304 */
    FR_CONDITION_FAILED,    /* 412 */
} fr_condition;

#define FR_PRECONDITION_TEXT "Precondition failed."

/* How tags are compared. */
typedef enum fr_tags {
    FR_TAGS_WEAK,   /* If-None-Match */
    FR_TAGS_STRONG, /* If-Match */
    /* If-Match of a tag that is a digest of the content: weak ones count too, as we make them so by compressing (compress.c). */
    FR_TAGS_ENCODED
} fr_tags;
/* Whether a list, or "*", matches the tag of what there is (with its quotes; n = 0: there is nothing). */
bool fr_tags_match(fr_str list, fr_str etag, fr_tags how);

/* In the order of section 13.2.2. A date that cannot be read is no condition; a list of tags is good up to its fault. */
fr_condition fr_conditions_judge(const fr_req *req, const fr_validators *have);
/* May a part be sent? Without If-Range, yes. */
bool fr_if_range_holds(const fr_req *req, const fr_validators *have);
#endif
