/* Which bodies are understood: DRF's parser_classes. */
#ifndef FR_REST_PARSERS_H
#define FR_REST_PARSERS_H
#include <freshet/rest.h>

typedef struct fr_parsers {
    unsigned takes; /* bits, known to parsers.c */
    fr_str listed;  /* as OPTIONS tells them: "application/json","multipart/form-data" */
} fr_parsers;

/* JSON, and both kinds of forms. */
extern const fr_parsers fr_parsers_usual;
/* Anything, as one file. */
extern const fr_parsers fr_parsers_raw;

/* "multipart/form-data,application/json". text: NULL: others stay as they are in out. Errors: FR_EINVAL with one line for the
 * developer in error, FR_ENOMEM. */
fr_err fr_parsers_init(fr_parsers *out, const char *text, fr_arena *arena, char error[256]);
bool fr_parsers_take(const fr_parsers *parsers, fr_str content_type);
#endif
