/*
 * URL patterns as Django's path() writes them: "rooms/<slug:room>/", read into tokens; and the matching of tokens in
 * time linear in the path, whatever stands in it. Used by router.c.
 */
#ifndef FR_HTTP_PATTERN_H
#define FR_HTTP_PATTERN_H
#include "http/router.h"

typedef enum fr_pattern_kind {
    FR_PATTERN_LITERAL,
    FR_PATTERN_STR,  /* [^/]+ */
    FR_PATTERN_INT,  /* [0-9]+, of 64 bits */
    FR_PATTERN_SLUG, /* [-a-zA-Z0-9_]+ */
    FR_PATTERN_UUID, /* 8-4-4-4-12 lower-case hexadecimal digits */
    FR_PATTERN_KEY,  /* [^/.]+ */
    FR_PATTERN_PATH, /* .+: more than a segment */
    FR_PATTERN_SET,  /* [a-z0-9]+: of the token's own set */
    FR_PATTERN_KINDS_
} fr_pattern_kind;

typedef struct fr_pattern_token {
    fr_pattern_kind kind;
    fr_str text;        /* of a literal; else the argument's name */
    bool is_determined; /* takes all it can: what follows cannot begin with a byte of its own */
    uint64_t set[4];    /* of FR_PATTERN_SET: a bit for each byte that it takes */
} fr_pattern_token;

enum { FR_PATTERN_TOKENS_MAX = 2 * FR_ROUTE_ARGS_MAX + 1 };

/* Read a pattern, or a part of one. tokens has room for FR_PATTERN_TOKENS_MAX. Errors: FR_EINVAL with the reason in error. */
fr_err fr_pattern_read(fr_str pattern, bool is_prefix, fr_pattern_token *tokens, size_t *count,
                       char error[256]);
/* Whether a whole segment is what the converter takes, which is no path and no set. */
bool fr_pattern_takes(fr_pattern_kind kind, fr_str segment);
/* Whether both match the same paths, whatever their arguments are called. */
bool fr_pattern_is_same(const fr_pattern_token *a, size_t a_count, const fr_pattern_token *b,
                        size_t b_count);
/* Match path from its start. values: one for each token that is no literal, in order. *used: how much was matched. From
 * the first token on that is not determined at most 2047 bytes can match: see the marks in pattern.c. */
bool fr_pattern_match(const fr_pattern_token *tokens, size_t count, bool is_prefix, fr_str path,
                      fr_str *values, size_t *used);
#endif
