/*
 * The words of ?search=, as DRF's SearchFilter splits them: at white space and commas, phrases in quotes are one.
 */
#ifndef FR_REST_SEARCH_TERMS_H
#define FR_REST_SEARCH_TERMS_H
#include <freshet/base.h>

/* Of one search. A term is a condition on each field of the viewset's .search, and SQLite's statements have an end. */
enum { FR_SEARCH_TERMS_MAX = 100 };

/* text: valid UTF-8. Terms may be empty (""), and are in arena or borrowed from text.
 * Errors: FR_ETOOBIG (more than FR_SEARCH_TERMS_MAX), FR_ENOMEM. */
fr_err fr_search_terms(fr_arena *arena, fr_str text, fr_str out[FR_SEARCH_TERMS_MAX],
                       size_t *count);
#endif
