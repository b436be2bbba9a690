/*
 * Regular expressions: PCRE2 with the meaning that Python's `re` has, and a limit on what a match may cost. Compiled ones
 * may be used by several threads.
 */
#ifndef FR_MODEL_REGEX_H
#define FR_MODEL_REGEX_H
#include <freshet/base.h>

typedef struct fr_regex fr_regex;

enum {
    FR_REGEX_WHOLE = 1,  /* it has to match all of a text, not a part of it */
    FR_REGEX_FOLDED = 2, /* case does not matter */
};
enum { FR_REGEX_BYTES = 1000 /* of a pattern */ };

/* Errors: FR_EINVAL with what is wrong with the pattern and where, FR_ENOMEM. */
fr_err fr_regex_new(fr_str pattern, unsigned flags, fr_regex **out, char error[256]);
void fr_regex_free(fr_regex *regex); /* NULL is fine */
/* Whether it matches. What is no UTF-8 in the text matches nothing. Errors: FR_ETIMEOUT (it takes too much), FR_ENOMEM. */
fr_err fr_regex_match(const fr_regex *regex, fr_str text, bool *out);
#endif
